"""The list of all accounts, page by page."""

from __future__ import annotations

import base64
import binascii

import strawberry

from resolvers.access import Scope, asks
from resolvers.billing.entities import BillingAccount
from resolvers.errors import BadInput, limited
from resolvers.paging import PageInfo
from sources.billing import Billing
from sources.keys import is_storable

__all__ = ["BillingAccountConnection", "accounts_page"]


@strawberry.federation.type(requires_scopes=asks(Scope.ACCOUNTS_READ))
class BillingAccountEdge:
    cursor: str
    node: BillingAccount


@strawberry.federation.type(requires_scopes=asks(Scope.ACCOUNTS_READ))
class BillingAccountConnection:
    """A page of accounts in order of their numbers."""

    edges: list[BillingAccountEdge]
    page_info: PageInfo


async def accounts_page(source: Billing, *, first: int, after: str | None) -> BillingAccountConnection:
    """A page of `first` (1..100) accounts."""
    limited("first", first)
    position = None if after is None else number_of(after)
    # One more than asked tells whether there is a next page, without counting.
    found = await source.accounts_in_order(first=first + 1, after=position)
    edges = [
        BillingAccountEdge(cursor=cursor_of(account.number), node=BillingAccount.of(account))
        for account in found[:first]
    ]
    end = edges[-1].cursor if edges else None
    page_info = PageInfo(has_next_page=len(found) > first, end_cursor=end)
    return BillingAccountConnection(edges=edges, page_info=page_info)


def cursor_of(number: str) -> str:
    """Opaque to clients."""
    return base64.urlsafe_b64encode(f"account:{number}".encode()).decode()


def number_of(cursor: str) -> str:
    try:
        kind, _, number = base64.b64decode(cursor, altchars=b"-_", validate=True).decode().partition(":")
        if kind == "account" and number and is_storable(number):
            return number
    except (ValueError, binascii.Error):
        pass
    raise BadInput("after: this is no cursor of accounts; take `endCursor` of the page before")
