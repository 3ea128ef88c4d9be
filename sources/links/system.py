"""The source of the system links."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import fields
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError

from sources.database import Connection, Database, one_of
from sources.errors import SystemReadOnly
from sources.links.linking import OF_ACCOUNTS, judge, link, unlink
from sources.links.tables import ACCOUNT_LINKS, CHANGES
from sources.records.links import AccountLink, LinkChange, Linked, LinkProblem, Note
from sources.records.refusal import Refusal
from sources.rows import insert_all, row_of

__all__ = ["Links"]

T = TypeVar("T")
ATTEMPTS = 5

COLUMNS = [ACCOUNT_LINKS.c[field.name] for field in fields(AccountLink)]
LINKS = select(*COLUMNS).order_by(ACCOUNT_LINKS.c.account, ACCOUNT_LINKS.c.valid_from)
OF_CLIENTS = LINKS.where(one_of(ACCOUNT_LINKS.c.client))
CHANGES_OF_ACCOUNTS = (
    select(*(CHANGES.c[field.name] for field in fields(LinkChange)))
    .where(one_of(CHANGES.c.account))
    .order_by(CHANGES.c.account, CHANGES.c.position)
)


class Links:
    """Links' database; past and future links are given too, in order of account and time."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def of_clients(self, clients: Collection[str]) -> list[AccountLink]:
        """Every link of these clients, whenever it is or was valid."""
        return await self.database.read(lambda connection: found(connection, OF_CLIENTS, clients))

    async def of_accounts(self, accounts: Collection[str]) -> list[AccountLink]:
        """Every link of these accounts, whenever it is or was valid."""
        return await self.database.read(lambda connection: found(connection, OF_ACCOUNTS, accounts))

    async def changes_of_accounts(self, accounts: Collection[str]) -> list[LinkChange]:
        """Who linked and unlinked these accounts, by account and in order of time."""
        return await self.database.read(
            lambda connection: [LinkChange(*row) for row in connection.execute(CHANGES_OF_ACCOUNTS, {"keys": accounts})]
        )

    async def link(self, wanted: Sequence[AccountLink], note: Note) -> Linked | tuple[LinkProblem, ...]:
        """Make all of the links, or none: a problem `overlapping-link` where an account would be two clients' at once.

        A link that is there already is known; so the same links can come again.
        """
        return await self._write(lambda connection: link(connection, wanted, note))

    async def try_to_link(self, wanted: Sequence[AccountLink]) -> Linked | tuple[LinkProblem, ...]:
        """What `link` would answer now, also that nothing may be written; nothing is."""
        if self.database.is_read_only:
            raise SystemReadOnly(self.database.system)
        there = await self.of_accounts({each.account for each in wanted})
        judgement = judge(there, wanted)
        return tuple(judgement.problems) if judgement.problems else Linked(tuple(wanted), len(judgement.new))

    async def unlink(
        self, account: str, client: str, *, valid_to: date, valid_from: date | None, note: Note
    ) -> AccountLink | Refusal:
        """End a link; one that ends on the day it begins was never valid, and is gone.

        Refused `no-such-link`, `already-ended`, `ends-before-it-begins`, `changes-the-past`.
        """
        return await self._write(
            lambda connection: unlink(connection, account, client, valid_to=valid_to, valid_from=valid_from, note=note)
        )

    async def _write(self, work: Callable[[Connection], T]) -> T:
        """`work`, begun again where another transaction was the first to change the same account."""
        for _ in range(ATTEMPTS - 1):
            try:
                return await self.database.write(work)
            except IntegrityError:
                continue
        return await self.database.write(work)

    @staticmethod
    def fill(connection: Connection, *, links: Iterable[AccountLink]) -> None:
        insert_all(connection, ACCOUNT_LINKS, map(row_of, links))


def found(connection: Connection, statement: Select[*tuple[Any, ...]], keys: Collection[str]) -> list[AccountLink]:
    return [AccountLink(*row) for row in connection.execute(statement, {"keys": keys})]
