"""An expected refusal is an answer, a member of the field's union, not an error."""

from __future__ import annotations

import strawberry

__all__ = ["Refused"]


@strawberry.federation.type(shareable=True)
class Refused:
    """Why something was not done: a kebab-case `code` for programs, a `message` for people."""

    code: str
    message: str
