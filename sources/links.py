"""Links: the cross-reference between sales' clients and billing's accounts."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import fields
from typing import Any

from sqlalchemy import Column, Date, MetaData, Select, Table, select

from sources.columns import Text
from sources.database import Connection, Database, one_of
from sources.records.links import AccountLink
from sources.rows import insert_all, row_of

__all__ = ["METADATA", "Links"]

METADATA = MetaData()

ACCOUNT_LINKS = Table(
    "account_links",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("client", Text, nullable=False, index=True),
    Column("valid_from", Date, primary_key=True),
    Column("valid_to", Date),
)

COLUMNS = [ACCOUNT_LINKS.c[field.name] for field in fields(AccountLink)]
LINKS = select(*COLUMNS).order_by(ACCOUNT_LINKS.c.account, ACCOUNT_LINKS.c.valid_from)
OF_CLIENTS = LINKS.where(one_of(ACCOUNT_LINKS.c.client))
OF_ACCOUNTS = LINKS.where(one_of(ACCOUNT_LINKS.c.account))


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

    @staticmethod
    def fill(connection: Connection, *, links: Iterable[AccountLink]) -> None:
        insert_all(connection, ACCOUNT_LINKS, map(row_of, links))


def found(connection: Connection, statement: Select[*tuple[Any, ...]], keys: Collection[str]) -> list[AccountLink]:
    return [AccountLink(*row) for row in connection.execute(statement, {"keys": keys})]
