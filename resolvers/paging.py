"""What every page of a list says of itself, in whichever subgraph the list is."""

from __future__ import annotations

import strawberry

__all__ = ["PageInfo"]


@strawberry.federation.type(shareable=True)
class PageInfo:
    """Is there more, and where does it begin: give `endCursor` as `after`."""

    has_next_page: bool
    end_cursor: str | None
