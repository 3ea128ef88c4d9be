"""The types of links: clients and accounts, each knowing the other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from enum import Enum
from typing import Self

import strawberry

from processes.rules.instants import is_valid_on, local_day
from processes.rules.rates import in_force
from resolvers.access import Scope, asks
from resolvers.batching import Entity, Representation, batched
from resolvers.context import Context
from resolvers.grouping import grouped
from resolvers.nodes import Key, Node
from sources.links import Links
from sources.records import links as records

__all__ = ["BillingAccount", "Client", "Info"]

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
    def of(cls, link: records.AccountLink) -> Self:
        return cls(client=Client(id=strawberry.ID(link.client)), valid_from=link.valid_from, valid_to=link.valid_to)


@strawberry.enum
class LinkChangeKind(Enum):
    """LINKED: a new link. ENDED: it holds to `validTo` now. WITHDRAWN: it never held, as it would end as it begins."""

    LINKED = "LINKED"
    ENDED = "ENDED"
    WITHDRAWN = "WITHDRAWN"


@strawberry.federation.type(requires_scopes=asks(Scope.LINKS_READ))
class LinkChange:
    """Somebody linked the account to `client` or ended that: since then the link holds in [validFrom, validTo).

    `validToBefore` is to when it held before; `reason` is what they gave, always where days that had begun changed.
    """

    kind: LinkChangeKind
    changed_at: datetime
    changed_by: str
    client: Client | None
    valid_from: date | None
    valid_to: date | None
    valid_to_before: date | None
    reason: str | None

    @classmethod
    def of(cls, record: records.LinkChange) -> Self:
        return cls(
            kind=LinkChangeKind(record.what),
            changed_at=record.changed_at,
            changed_by=record.changed_by,
            client=Client(id=strawberry.ID(record.client)),
            valid_from=record.valid_from,
            valid_to=record.valid_to,
            valid_to_before=record.valid_to_before,
            reason=record.reason,
        )


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

    @batched(description="Who linked the account and who ended that, in order of time; what was there first has none.")
    @staticmethod
    async def link_changes(
        parents: strawberry.Parent[list[BillingAccount]], info: Info
    ) -> list[list[LinkChange] | None]:
        found = await info.context.source.changes_of_accounts([account.number for account in parents])
        changes = grouped(found, lambda change: change.account)
        return [[LinkChange.of(change) for change in changes.get(account.number, [])] for account in parents]

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[Representation]) -> list[Self]:
        return [cls(number=strawberry.ID(str(key["number"]))) for key in keys]


async def links_of(accounts: list[BillingAccount], info: Info) -> dict[str, list[records.AccountLink]]:
    links = await info.context.source.of_accounts([account.number for account in accounts])
    return grouped(links, lambda link: link.account)


def accounts_in(links: Iterable[records.AccountLink]) -> list[str]:
    """Each account once, though it may have been the client's twice."""
    return list(dict.fromkeys(link.account for link in links))


def client_of(link: records.AccountLink) -> str:
    return link.client
