"""The schema of sales."""

from __future__ import annotations

import strawberry
from strawberry.federation import Schema

from resolvers.access import Scope, asks
from resolvers.sales.entities import Client, Contract, Info, RateVersion
from resolvers.sales.pages import ClientConnection, clients_page
from resolvers.sales.tariffs import BillingAccount
from resolvers.scalars import configuration

__all__ = ["make_schema", "schema"]

PAGE = 20


async def client(info: Info, id: strawberry.ID) -> Client | None:
    found = await info.context.source.clients([id])
    return Client.of(found[0]) if found else None


async def clients(
    info: Info,
    search: str | None = strawberry.UNSET,
    first: int | None = PAGE,
    after: str | None = strawberry.UNSET,
) -> ClientConnection | None:
    limit = PAGE if first is None else first
    return await clients_page(
        info.context.source, search=search or None, first=limit, after=None if after is strawberry.UNSET else after
    )


async def contract(info: Info, number: strawberry.ID) -> Contract | None:
    found = await info.context.source.contracts([number])
    return Contract.of(found[0]) if found else None


@strawberry.type
class Query:
    client: Client | None = strawberry.federation.field(
        resolver=client, requires_scopes=asks(Scope.CLIENTS_READ), description="The client with this id."
    )
    clients: ClientConnection | None = strawberry.federation.field(
        resolver=clients,
        requires_scopes=asks(Scope.CLIENTS_READ),
        description="Clients by name. `search` finds words of names without diacritics and case, and beginnings of "
        "company and VAT numbers; `first` is 1 to 100.",
    )
    contract: Contract | None = strawberry.federation.field(
        resolver=contract, requires_scopes=asks(Scope.CONTRACTS_READ), description="The contract with this number."
    )


def make_schema() -> Schema:
    return Schema(
        query=Query,
        types=[Client, Contract, RateVersion, BillingAccount],
        federation_version="2.9",
        config=configuration(),
    )


schema = make_schema()
