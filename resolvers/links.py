"""The subgraph of links: whose is a billing account, which accounts has a client; and every entity's global id."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Self

import strawberry
from strawberry.federation import Schema

from processes.rules.instants import is_valid_on, local_day
from processes.rules.rates import in_force
from resolvers.access import Scope, asks
from resolvers.batching import Entity, Representation, batched
from resolvers.context import Context
from resolvers.errors import BadInput
from resolvers.grouping import grouped
from resolvers.nodes import Booking, Conference, Contract, Invoice, Key, Leg, Node, Process, RateVersion, parts_of
from resolvers.scalars import configuration
from sources.links import Links
from sources.records.links import AccountLink

__all__ = ["make_schema", "schema"]

Info = strawberry.Info[Context[Links], None]


@strawberry.federation.type(keys=["id"], requires_scopes=asks(Scope.CLIENTS_READ))
class Client(Node, Entity):
    """A client of sales, known here by its id alone."""

    id: strawberry.ID

    def node_key(self) -> Key:
        return (self.id,)

    @batched(
        requires_scopes=asks(Scope.LINKS_READ),
        description="The accounts that are this client's today.",
    )
    @staticmethod
    async def billing_accounts(
        parents: strawberry.Parent[list[Client]], info: Info
    ) -> list[list[BillingAccount] | None]:
        today = local_day(info.context.now)
        links = await info.context.source.of_clients([client.id for client in parents])
        owned = grouped((link for link in links if is_valid_on(today, link.valid_from, link.valid_to)), client_of)
        return [
            [BillingAccount(number=strawberry.ID(link.account)) for link in owned.get(client.id, [])]
            for client in parents
        ]

    @batched(
        requires_scopes=asks(Scope.LINKS_READ),
        description="Every account that was, is or will be this client's; its `owners` say when.",
    )
    @staticmethod
    async def account_history(
        parents: strawberry.Parent[list[Client]], info: Info
    ) -> list[list[BillingAccount] | None]:
        links = grouped(await info.context.source.of_clients([client.id for client in parents]), client_of)
        return [
            [BillingAccount(number=strawberry.ID(number)) for number in accounts_in(links.get(client.id, []))]
            for client in parents
        ]

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[Representation]) -> list[Self]:
        return [cls(id=strawberry.ID(str(key["id"]))) for key in keys]


@strawberry.federation.type(requires_scopes=asks(Scope.LINKS_READ))
class AccountOwner:
    """`client` owned the account in [validFrom, validTo), local midnights."""

    client: Client | None
    valid_from: date | None
    valid_to: date | None

    @classmethod
    def of(cls, link: AccountLink) -> Self:
        return cls(client=Client(id=strawberry.ID(link.client)), valid_from=link.valid_from, valid_to=link.valid_to)


@strawberry.federation.type(keys=["number"], requires_scopes=asks(Scope.ACCOUNTS_READ))
class BillingAccount(Node, Entity):
    """An account of billing, known here by its number alone."""

    number: strawberry.ID

    def node_key(self) -> Key:
        return (self.number,)

    @batched(
        requires_scopes=asks(Scope.LINKS_READ),
        description="The client whose account this is today.",
    )
    @staticmethod
    async def client(parents: strawberry.Parent[list[BillingAccount]], info: Info) -> list[Client | None]:
        links = await links_of(parents, info)
        owners = [in_force(links.get(account.number, []), info.context.now) for account in parents]
        return [Client(id=strawberry.ID(owner.client)) if owner else None for owner in owners]

    @batched(description="Every client that owns, owned or will own this account, in order of time.")
    @staticmethod
    async def owners(parents: strawberry.Parent[list[BillingAccount]], info: Info) -> list[list[AccountOwner] | None]:
        links = await links_of(parents, info)
        return [[AccountOwner.of(link) for link in links.get(account.number, [])] for account in parents]

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[Representation]) -> list[Self]:
        return [cls(number=strawberry.ID(str(key["number"]))) for key in keys]


async def links_of(accounts: list[BillingAccount], info: Info) -> dict[str, list[AccountLink]]:
    links = await info.context.source.of_accounts([account.number for account in accounts])
    return grouped(links, lambda link: link.account)


def accounts_in(links: Iterable[AccountLink]) -> list[str]:
    """Each account once, though it may have been the client's twice."""
    return list(dict.fromkeys(link.account for link in links))


def client_of(link: AccountLink) -> str:
    return link.client


NAMED_BY_ONE: Mapping[str, Callable[[strawberry.ID], Node]] = {
    "BillingAccount": lambda key: BillingAccount(number=key),
    "Booking": lambda key: Booking(ref=key),
    "Client": lambda key: Client(id=key),
    "Conference": lambda key: Conference(id=key),
    "Contract": lambda key: Contract(number=key),
    "Invoice": lambda key: Invoice(id=key),
    "Leg": lambda key: Leg(id=key),
    "Process": lambda key: Process(id=key),
}


def node(id: strawberry.ID) -> Node | None:
    match parts_of(id):
        case (str(name), (str(key),)) if name in NAMED_BY_ONE:
            return NAMED_BY_ONE[name](strawberry.ID(key))
        case ("RateVersion", (str(number), int(version))):
            return RateVersion(contract=Contract(number=strawberry.ID(number)), version=version)
        case (name, _):
            raise BadInput(f"id: there is no such {name}; take a nodeId that the graph gave")


@strawberry.type
class Query:
    node: Node | None = strawberry.federation.field(
        resolver=node,
        requires_scopes=asks(Scope.NODES_READ),
        description="What this `nodeId` names. Of what doesn't exist, all but the key is null.",
    )


def make_schema() -> Schema:
    return Schema(
        query=Query,
        types=[Client, BillingAccount, Booking, Conference, Contract, Invoice, Leg, Process, RateVersion],
        federation_version="2.9",
        config=configuration(),
    )


schema = make_schema()
