"""The list of all clients, page by page."""

from __future__ import annotations

import base64
import binascii
import json

import strawberry

from resolvers.access import Scope, asks
from resolvers.errors import BadInput, limited
from resolvers.paging import PageInfo
from resolvers.sales.entities import Client
from sources.keys import is_storable
from sources.sales import Position, Sales

__all__ = ["ClientConnection", "clients_page"]

LONGEST_SEARCH = 200


@strawberry.federation.type(requires_scopes=asks(Scope.CLIENTS_READ))
class ClientEdge:
    cursor: str
    node: Client


@strawberry.federation.type(requires_scopes=asks(Scope.CLIENTS_READ))
class ClientConnection:
    """A page of clients in order of their names, without diacritics and case."""

    edges: list[ClientEdge]
    page_info: PageInfo


async def clients_page(source: Sales, *, search: str | None, first: int, after: str | None) -> ClientConnection:
    """A page of `first` (1..100) clients. An empty search is none."""
    limited("first", first)
    if search is not None and len(search) > LONGEST_SEARCH:
        raise BadInput(f"search: {len(search)} characters; it may have {LONGEST_SEARCH}")
    position = position_of(after) if after is not None else None
    wanted = search if search and search.strip() else None
    # One more than asked tells whether there is a next page, without counting.
    found = await source.clients_in_order(search=wanted, first=first + 1, after=position)
    edges = [ClientEdge(cursor=cursor_of(place), node=Client.of(client)) for client, place in found[:first]]
    end = edges[-1].cursor if edges else None
    return ClientConnection(edges=edges, page_info=PageInfo(has_next_page=len(found) > first, end_cursor=end))


def cursor_of(position: Position) -> str:
    """Opaque to clients: ("novak konference sro", "CL-00417") as base64."""
    text = json.dumps(position, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode()


def position_of(cursor: str) -> Position:
    try:
        match json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True)):
            case [str(name), str(id_)] if is_storable(name) and is_storable(id_):
                return name, id_
            case _:
                pass
    except (ValueError, binascii.Error, RecursionError):
        pass
    raise BadInput("after: this is no cursor of clients; take `endCursor` of the page before")
