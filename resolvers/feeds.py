"""How far whoever feeds a bridge's call records has come: files that were received, positions in those that grow."""

from __future__ import annotations

import strawberry

from resolvers.context import Context
from resolvers.errors import BadInput
from resolvers.texts import storable
from sources.bridge import Bridges

__all__ = ["feed_position", "known_files", "note_feed_position"]

Info = strawberry.Info[Context[Bridges], None]

MOST_DIGESTS = 1_000
LONGEST_SOURCE = 200
LONGEST_POSITION = 10_000


async def known_files(info: Info, bridge: strawberry.ID, digests: list[str]) -> list[str] | None:
    if len(digests) > MOST_DIGESTS:
        raise BadInput(f"digests: there are {len(digests)}; ask for at most {MOST_DIGESTS} at once")
    of = storable("bridge", bridge)
    known = set(await info.context.source.known_files(of, [storable("digests", digest) for digest in digests]))
    return [digest for digest in digests if digest in known]


async def feed_position(info: Info, bridge: strawberry.ID, source: str) -> str | None:
    return await info.context.source.feed_position(storable("bridge", bridge), storable("source", source))


async def note_feed_position(info: Info, bridge: strawberry.ID, source: str, position: str) -> str:
    for name, value, most in (("source", source, LONGEST_SOURCE), ("position", position, LONGEST_POSITION)):
        if not 0 < len(value) <= most:
            raise BadInput(f"{name}: it has {len(value)} characters; it may have 1 to {most}")
    of, which, to = (storable(n, v) for n, v in (("bridge", bridge), ("source", source), ("position", position)))
    await info.context.source.note_feed_position(of, which, to)
    return position
