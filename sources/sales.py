"""Sales: clients, contacts, contracts and their rates."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    or_,
    select,
)

from sources.columns import Exact, Text
from sources.database import Connection, Database, one_of
from sources.folding import folded
from sources.mapping.requirements import absent_where_missing, folded_from, may_be_absent, one_of_these
from sources.records.sales import Client, Contact, Contract, ContractRate, Holiday, PostalAddress, RateVersion
from sources.rows import insert_all, row_of

__all__ = ["METADATA", "Position", "Sales"]

METADATA = MetaData()

CLIENTS = Table(
    "clients",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("salesperson", Text),
    Column("name", Text, nullable=False),
    Column("folded_name", Text, nullable=False, info=folded_from("name")),
    Column("company_number", Text, index=True),
    Column("vat_number", Text, index=True),
    Column("email", Text),
    Column("marketing_consent", Boolean, nullable=False),
    Column("street", Text),
    Column("city", Text),
    Column("postal_code", Text),
    Column("country", Text),
    Index("clients_in_order", "folded_name", "id"),
)

CONTACTS = Table(
    "contacts",
    METADATA,
    Column("client", ForeignKey(CLIENTS.c.id), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("email", Text),
    Column("phone", Text),
    info=may_be_absent("no client has contacts"),
)

CONTRACTS = Table(
    "contracts",
    METADATA,
    Column("number", Text, primary_key=True),
    Column("client", ForeignKey(CLIENTS.c.id), nullable=False, index=True),
    Column("status", Text, nullable=False, info=one_of_these("DRAFT", "SIGNED", "TERMINATED")),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    Column("currency", Text, nullable=False),
    Column("calendar", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("band_rule", Text, nullable=False, info=one_of_these("SPLIT", "AT_START")),
    Column("merge_gaps_under_seconds", Integer, nullable=False),
    Column("late_cancellation_hours", Integer, info=absent_where_missing()),
    Column("late_cancellation_fee", Exact(2), info=absent_where_missing()),
    Column("no_show_fee", Exact(2), info=absent_where_missing()),
)

RATE_VERSIONS = Table(
    "rate_versions",
    METADATA,
    Column("contract", ForeignKey(CONTRACTS.c.number), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
)

CONTRACT_RATES = Table(
    "contract_rates",
    METADATA,
    Column("contract", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("service", Text, nullable=False, info=one_of_these("dial-in", "dial-out", "toll-free")),
    Column("band", Text, nullable=False, info=one_of_these("peak", "off-peak")),
    Column("price_per_minute", Exact(4), nullable=False),
    Column("first_increment", Integer, nullable=False),
    Column("next_increment", Integer, nullable=False),
    Column("minimum_charge", Exact(2)),
    ForeignKeyConstraint(["contract", "version"], [RATE_VERSIONS.c.contract, RATE_VERSIONS.c.version]),
)

HOLIDAYS = Table(
    "holidays",
    METADATA,
    Column("calendar", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("name", Text, nullable=False),
    info=may_be_absent("no day is a public holiday"),
)

Position = tuple[str, str]
"""Where a client stands in the list of all: (folded name, id)."""

WORDS = ("word_1", "word_2", "word_3", "word_4")
ANYTHING = "%"
NOTHING = ""

CLIENT_COLUMNS = [column for column in CLIENTS.c if column is not CLIENTS.c.folded_name]
CONTACT_COLUMNS = [CONTACTS.c[field.name] for field in fields(Contact)]
CONTRACT_COLUMNS = [CONTRACTS.c[field.name] for field in fields(Contract)]
RATE_COLUMNS = [CONTRACT_RATES.c[field.name] for field in fields(ContractRate)]

CLIENTS_BY_ID = select(*CLIENT_COLUMNS).where(one_of(CLIENTS.c.id))
CLIENTS_NUMBERED = (
    select(*CLIENT_COLUMNS)
    .where(or_(one_of(CLIENTS.c.company_number, "company_numbers"), one_of(CLIENTS.c.vat_number, "vat_numbers")))
    .order_by(CLIENTS.c.id)
)
CLIENTS_IN_ORDER = (
    select(CLIENTS.c.folded_name, *CLIENT_COLUMNS)
    .where(
        or_(
            CLIENTS.c.folded_name > bindparam("after_name", type_=Text),
            and_(
                CLIENTS.c.folded_name == bindparam("after_name", type_=Text),
                CLIENTS.c.id > bindparam("after_id", type_=Text),
            ),
        )
    )
    .order_by(CLIENTS.c.folded_name, CLIENTS.c.id)
    .limit(bindparam("first", type_=Integer))
)
CLIENTS_FOUND = CLIENTS_IN_ORDER.where(
    or_(
        and_(*(CLIENTS.c.folded_name.like(bindparam(word, type_=Text)) for word in WORDS)),
        CLIENTS.c.company_number.like(bindparam("company_number", type_=Text)),
        CLIENTS.c.vat_number.like(bindparam("vat_number", type_=Text)),
    )
)
CONTACTS_OF_CLIENTS = (
    select(*CONTACT_COLUMNS).where(one_of(CONTACTS.c.client)).order_by(CONTACTS.c.client, CONTACTS.c.position)
)
CONTRACTS_BY_NUMBER = select(*CONTRACT_COLUMNS).where(one_of(CONTRACTS.c.number))
CONTRACTS_OF_CLIENTS = (
    select(*CONTRACT_COLUMNS)
    .where(one_of(CONTRACTS.c.client))
    .order_by(CONTRACTS.c.client, CONTRACTS.c.valid_from, CONTRACTS.c.number)
)
VERSIONS_OF_CONTRACTS = (
    select(*RATE_VERSIONS.c)
    .where(one_of(RATE_VERSIONS.c.contract))
    .order_by(RATE_VERSIONS.c.contract, RATE_VERSIONS.c.version)
)
RATES_OF_CONTRACTS = (
    select(CONTRACT_RATES.c.contract, CONTRACT_RATES.c.version, *RATE_COLUMNS)
    .where(one_of(CONTRACT_RATES.c.contract))
    .order_by(CONTRACT_RATES.c.contract, CONTRACT_RATES.c.version, CONTRACT_RATES.c.position)
)
HOLIDAYS_OF_CALENDARS = (
    select(*HOLIDAYS.c)
    .where(
        one_of(HOLIDAYS.c.calendar),
        HOLIDAYS.c.day >= bindparam("since", type_=Date),
        HOLIDAYS.c.day < bindparam("until", type_=Date),
    )
    .order_by(HOLIDAYS.c.calendar, HOLIDAYS.c.day)
)

R = TypeVar("R")


class Sales:
    """Sales' database. Batches come in any order of keys; what hangs on one key comes in the order documented."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def clients(self, ids: Collection[str]) -> list[Client]:
        """The clients with these ids, in any order."""
        return await self.database.read(
            lambda connection: [client_of(row) for row in connection.execute(CLIENTS_BY_ID, {"keys": ids})]
        )

    async def clients_in_order(
        self, *, search: str | None, first: int, after: Position | None
    ) -> list[tuple[Client, Position]]:
        """The `first` clients behind `after`, by folded name and id, each with where it stands.

        `search` finds clients whose name has each of its words (in any order, without diacritics and case), or whose
        IČO or DIČ begins with it.
        """
        statement = CLIENTS_IN_ORDER if search is None else CLIENTS_FOUND
        after_name, after_id = after or ("", "")
        values = {"first": first, "after_name": after_name, "after_id": after_id, **patterns(search)}
        return await self.database.read(
            lambda connection: [placed_client_of(row) for row in connection.execute(statement, values)]
        )

    async def clients_numbered(self, *, company_numbers: Collection[str], vat_numbers: Collection[str]) -> list[Client]:
        """The clients with one of these company numbers or one of these VAT numbers, letter by letter, by id."""
        values = {"company_numbers": company_numbers, "vat_numbers": vat_numbers}
        return await self.database.read(
            lambda connection: [client_of(row) for row in connection.execute(CLIENTS_NUMBERED, values)]
        )

    async def contacts_of_clients(self, clients: Collection[str]) -> list[Contact]:
        """Their contacts, each client's in its own order."""
        return await self._found(CONTACTS_OF_CLIENTS, Contact, clients)

    async def contracts(self, numbers: Collection[str]) -> list[Contract]:
        """The contracts with these numbers, in any order."""
        return await self._found(CONTRACTS_BY_NUMBER, Contract, numbers)

    async def contracts_of_clients(self, clients: Collection[str]) -> list[Contract]:
        """Their contracts whatever their status, each client's by validity."""
        return await self._found(CONTRACTS_OF_CLIENTS, Contract, clients)

    async def rate_versions_of_contracts(self, numbers: Collection[str]) -> list[RateVersion]:
        """Every version of these contracts with its rates, each contract's by version."""
        return await self.database.read(lambda connection: rate_versions(connection, numbers))

    async def holidays(self, calendars: Collection[str], *, since: date, until: date) -> list[Holiday]:
        """The holidays of these calendars in [since, until), in order of calendar and day."""
        values = {"keys": calendars, "since": since, "until": until}
        return await self.database.read(
            lambda connection: [Holiday(*row) for row in connection.execute(HOLIDAYS_OF_CALENDARS, values)]
        )

    async def _found(self, statement: Select[*tuple[Any, ...]], record: type[R], keys: Collection[str]) -> list[R]:
        return await self.database.read(
            lambda connection: [record(*row) for row in connection.execute(statement, {"keys": keys})]
        )

    @staticmethod
    def fill(
        connection: Connection,
        *,
        clients: Iterable[Client],
        contacts: Iterable[Contact],
        contracts: Iterable[Contract],
        rate_versions: Collection[RateVersion],
        holidays: Iterable[Holiday],
    ) -> None:
        insert_all(connection, CLIENTS, map(client_row, clients))
        insert_all(connection, CONTACTS, map(row_of, contacts))
        insert_all(connection, CONTRACTS, map(row_of, contracts))
        insert_all(connection, RATE_VERSIONS, map(version_row, rate_versions))
        insert_all(connection, CONTRACT_RATES, (row for version in rate_versions for row in rate_rows(version)))
        insert_all(connection, HOLIDAYS, map(row_of, holidays))


def patterns(search: str | None) -> dict[str, str]:
    """What the search looks for, as LIKE patterns: `27 60` -> a name with 27 and 60, or an IČO that begins with 2760.

    Folded text has only letters, digits and spaces, so nothing in it needs escaping.
    """
    if search is None:
        return {}
    words = folded(search).split()
    joined = "".join(words)
    last = len(WORDS) - 1
    wanted = [*words[:last], ANYTHING.join(words[last:])] if len(words) > last else words
    names = [f"%{word}%" for word in wanted] or [NOTHING]
    return {
        **dict(zip(WORDS, [*names, *[ANYTHING] * len(WORDS)], strict=False)),
        "company_number": f"{joined}%" if joined.isdecimal() else NOTHING,
        "vat_number": f"{joined.upper()}%" if joined[:2].isalpha() and joined[2:].isdecimal() else NOTHING,
    }


def client_of(row: Iterable[Any]) -> Client:
    *plain, street, city, postal_code, country = row
    address = None if street is None else PostalAddress(street, city, postal_code, country)
    return Client(*[*plain, address])


def placed_client_of(row: Row[*tuple[Any, ...]]) -> tuple[Client, Position]:
    """The place is what the database says: a foreign one folds names in a way of its own."""
    folded_name, *columns = row
    client = client_of(columns)
    return client, (folded_name, client.id)


def client_row(client: Client) -> Mapping[str, Any]:
    row = row_of(client)
    address = row.pop("postal_address")
    columns = [field.name for field in fields(PostalAddress)]
    parts = row_of(address) if address else dict.fromkeys(columns)
    return {**row, **parts, "folded_name": folded(client.name)}


def rate_versions(connection: Connection, numbers: Collection[str]) -> list[RateVersion]:
    rates: dict[tuple[str, int], list[ContractRate]] = {}
    for contract, version, *rate in connection.execute(RATES_OF_CONTRACTS, {"keys": numbers}):
        rates.setdefault((contract, version), []).append(ContractRate(*rate))
    return [
        RateVersion(*[*row, tuple(rates.get((row.contract, row.version), ()))])
        for row in connection.execute(VERSIONS_OF_CONTRACTS, {"keys": numbers})
    ]


def version_row(version: RateVersion) -> Mapping[str, Any]:
    row = row_of(version)
    del row["rates"]
    return row


def rate_rows(version: RateVersion) -> Iterable[Mapping[str, Any]]:
    for position, rate in enumerate(version.rates):
        yield {"contract": version.contract, "version": version.version, "position": position, **row_of(rate)}
