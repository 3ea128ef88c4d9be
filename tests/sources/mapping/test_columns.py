"""Columns of every type on every kind of database: read as the source speaks, found by what they were read as."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import CHAR, Date, DateTime, Double, Enum, Integer, Numeric, SmallInteger, String, bindparam, select
from sqlalchemy.dialects.mysql import BIT, TIMESTAMP, YEAR
from sqlalchemy.types import TypeEngine, Uuid

from sources.database import Database, one_of
from sources.errors import MappingRefused, ValueRefused
from tests.conftest import MakeUrl
from tests.sources.mapping.facts import FACTS, mapped_database

NOON = datetime(2026, 11, 24, 11, tzinfo=UTC)
UUID = "0b6a5f3e-9a53-4b8e-9f3c-8a7f4a1d2c3b"
SERVERS = ("postgresql", "mariadb")


@dataclass(frozen=True, slots=True)
class Case:
    """A column of `type_` that holds `stored`, mapped to `column` with these options, is `meant` to the source."""

    name: str
    column: str
    type_: TypeEngine[Any]
    stored: Any
    meant: Any
    options: Mapping[str, Any] = field(default_factory=dict)
    on: tuple[str, ...] = ("sqlite", *SERVERS)


CASES = [
    Case("text", "text", String(40), "Žluťoučký kůň", "Žluťoučký kůň"),
    Case("fixed", "text", CHAR(8), "CZK", "CZK"),
    Case("integer", "text", Integer(), 417, "417"),
    Case("small", "text", SmallInteger(), 7, "7"),
    Case("wide", "text", Numeric(15, 0), 123456789012345, "123456789012345"),
    Case("pattern", "text", Integer(), 417, "CL-00417", {"pattern": "CL-00000"}),
    Case("ico", "text", Integer(), 27604, "00027604", {"pattern": "00000000"}),
    Case("enumeration", "text", Enum("red", "green", name="colours"), "green", "green"),
    Case("uuid", "text", Uuid(as_uuid=False), UUID, UUID, on=("postgresql",)),
    Case("clock", "text", DateTime(), datetime(2026, 11, 24, 17, 30), "2026-11-24T17:30", on=SERVERS),
    Case("shown", "text", Integer(), 1795518000, "2026-11-24T12:00", {"format": "epoch", "zone": "Europe/Prague"}),
    Case("codes", "state", Integer(), 2, "CLOSED", {"codes": {"1": "OPEN", "2": "CLOSED"}}),
    Case("letters", "state", CHAR(2), "C", "CLOSED", {"codes": {"O": "OPEN", "C": "CLOSED"}}),
    Case("names", "state", Enum("o", "c", name="states"), "c", "CLOSED", {"codes": {"o": "OPEN", "c": "CLOSED"}}),
    Case("choices", "state", String(10), "OPEN", "OPEN"),
    Case("number", "number", Integer(), 42, 42),
    Case("minutes", "number", Integer(), 3, 180, {"unit": Decimal(60)}),
    Case("whole decimal", "number", Numeric(10, 2), Decimal("42.00"), 42),
    Case("cents", "money", Integer(), 12345, Decimal("123.4500"), {"unit": Decimal("0.01")}),
    Case("decimal", "money", Numeric(12, 2), Decimal("123.45"), Decimal("123.4500")),
    Case("float", "money", Double(), 0.1, Decimal("0.1000")),
    Case("coins", "money", Integer(), 5, Decimal("5.0000"), {"unit": Decimal(1)}),
    Case("zero or one", "flag", Integer(), 1, True),
    Case("bit", "flag", BIT(1), 1, True, on=("mariadb",)),
    Case("bits", "number", BIT(8), 200, 200, on=("mariadb",)),
    Case("year", "number", YEAR(), 2026, 2026, on=("mariadb",)),
    Case("stamp", "at", TIMESTAMP(), datetime(2026, 11, 24, 11), NOON, on=("mariadb",)),
    Case("yes or no", "flag", CHAR(1), "N", False, {"codes": {"A": True, "N": False}}),
    Case("date", "day", Date(), date(2026, 11, 24), date(2026, 11, 24)),
    Case("date as number", "day", Integer(), 20261124, date(2026, 11, 24), {"format": "YYYYMMDD"}),
    Case("date as text", "day", String(8), "20261124", date(2026, 11, 24), {"format": "YYYYMMDD"}),
    Case("midnight", "day", DateTime(), datetime(2026, 11, 24), date(2026, 11, 24), on=SERVERS),
    Case("local", "at", DateTime(), datetime(2026, 11, 24, 12), NOON, {"zone": "Europe/Prague"}, on=SERVERS),
    Case("zoned", "at", DateTime(timezone=True), NOON, NOON, on=("postgresql",)),
    Case("epoch", "at", Integer(), int(NOON.timestamp()), NOON, {"format": "epoch"}),
    Case("written", "at", String(19), "2026-11-24 12:00:00", NOON, {"zone": "Europe/Prague"}),
    Case("written in UTC", "at", String(20), "2026-11-24T11:00:00Z", NOON, {"format": "YYYY-MM-DDThh:mm:ssZ"}),
    Case(
        "SQLite's times",
        "at",
        DateTime(),
        datetime(2026, 11, 24, 12),
        NOON,
        {"zone": "Europe/Prague", "format": "YYYY-MM-DD hh:mm:ss.ffffff"},
        on=("sqlite",),
    ),
]


@contextmanager
def opened(case: Case, url: str, *stored: Any) -> Iterator[Database]:
    if url.partition(":")[0] not in case.on:
        pytest.skip(f"{case.name} is not for this kind of database")
    database, close = mapped_database(url, case.type_, stored, column=case.column, options=case.options)
    try:
        yield database
    finally:
        close()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
class TestColumn:
    async def test_it_is_read_as_the_source_speaks(self, case: Case, database_url: MakeUrl) -> None:
        """Also where there is nothing, and under the source's own name."""
        with opened(case, database_url("facts"), case.stored, None) as facts:
            statement = select(FACTS.c.id, FACTS.c[case.column]).order_by(FACTS.c.id)
            rows = await facts.read(lambda c: c.execute(statement).all())
        assert [tuple(row) for row in rows] == [("1", case.meant), ("2", None)]
        assert type(rows[0][1]) is type(case.meant)
        assert getattr(rows[0], case.column) == case.meant

    async def test_it_is_found_by_what_it_was_read_as(self, case: Case, database_url: MakeUrl) -> None:
        """The value is converted, in whatever way it is compared."""
        column = FACTS.c[case.column]
        value = bindparam("value", type_=column.type)
        conditions = [column == value, value == column, column.in_([case.meant])]
        if case.column != "flag":
            conditions += [column >= value, column <= value]
        with opened(case, database_url("facts"), case.stored, None) as facts:
            for condition in conditions:
                statement = select(FACTS.c.id).where(condition)
                assert await found(facts, statement, {"value": case.meant}) == ["1"], condition
            if case.column in ("text", "state"):
                statement = select(FACTS.c.id).where(one_of(column))
                assert await found(facts, statement, {"keys": [case.meant, "", "\0", "x", "1e3"]}) == ["1"]
                assert await found(facts, statement, {"keys": ["x", "9" * 30, "0417", " 417"]}) == []
                assert await found(facts, statement, {"keys": []}) == []


async def found(facts: Database, statement: Any, values: Mapping[str, Any]) -> list[str]:
    ids = await facts.read(lambda connection: connection.execute(statement, values).scalars().all())
    return list(ids)


REFUSED = [
    Case("unknown code", "state", Integer(), 9, "'9' is none of the codes 1", {"codes": {"1": "OPEN"}}),
    Case("unknown letter", "state", CHAR(2), "X", "'X' is none of the codes O", {"codes": {"O": "OPEN"}}),
    Case("unknown choice", "state", String(10), "HALF", "it is none of OPEN, CLOSED"),
    Case("no flag", "flag", Integer(), 2, "none of the codes 0, 1"),
    Case("no letter", "flag", CHAR(1), "X", "none of the codes A", {"codes": {"A": True}}),
    Case("too many places", "money", Numeric(12, 6), Decimal("1.000001"), "more than 4 decimal places"),
    Case("not a float's", "money", Double(), 0.1 + 0.2, "more than 4 decimal places"),
    Case("no whole number", "number", Numeric(10, 2), Decimal("1.50"), "no whole number"),
    Case("no day", "day", Integer(), 20261131, "day", {"format": "YYYYMMDD"}),
    Case("no midnight", "day", DateTime(), datetime(2026, 11, 24, 1), "time of day", on=SERVERS),
    Case("an hour twice", "at", String(19), "2026-10-25 02:30:00", "twice", {"zone": "Europe/Prague"}),
    Case("an hour never", "at", String(19), "2027-03-28 02:30:00", "leaves out", {"zone": "Europe/Prague"}),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
async def test_what_cannot_be_meant_is_refused(case: Case, database_url: MakeUrl) -> None:
    """Never passed on, never guessed: the error names system, table and column, and says why."""
    with opened(case, database_url("facts"), case.stored) as facts, pytest.raises(ValueRefused) as raised:
        await facts.read(lambda c: c.execute(select(FACTS.c[case.column])).all())
    assert raised.value.extensions == {
        "code": "MAPPED_VALUE_REFUSED",
        "system": "facts",
        "table": "FAKTA",
        "column": "X",
    }
    assert str(raised.value).startswith("facts: a value of FAKTA.X is refused: ")
    assert case.meant in str(raised.value)


UNFIT = [
    Case("cents or crowns", "money", Integer(), 1, 'of what? Say unit = "cents"'),
    Case("whose clock", "at", DateTime(), datetime(2026, 1, 1), "whose clock", on=SERVERS),
    Case("which format", "at", Integer(), 1, "of which format"),
    Case("which day", "day", Integer(), 1, "of which format"),
    Case("text for a number", "number", String(9), "1", "holds text, and a whole number is needed"),
    Case("text for money", "money", String(9), "1", "holds text, and a decimal is needed"),
    Case("day for an instant", "at", Date(), date(2026, 1, 1), "holds days, and an instant", on=SERVERS),
    Case("number for a state", "state", Integer(), 1, "say what its codes mean"),
    Case("letters for a flag", "flag", CHAR(1), "A", "say what its codes mean"),
    Case("wrong meaning", "state", Integer(), 1, "one of OPEN, CLOSED is needed", {"codes": {"1": "ACTIVE"}}),
    Case("wrong code", "state", Integer(), 1, "can't hold the codes A", {"codes": {"A": "OPEN"}}),
    Case("useless unit", "text", String(9), "1", "unit says nothing", {"unit": Decimal(1)}),
    Case("useless zone", "day", Date(), date(2026, 1, 1), "says nothing", {"zone": "UTC"}, on=SERVERS),
    Case("useless pattern", "text", String(9), "1", "pattern says nothing", {"pattern": "000"}),
    Case("wrong none", "number", Integer(), 1, "can't hold what none names", {"none": ("never",)}),
    Case("letters in a number", "text", Integer(), 1, "can't be read", {"format": "YYYY-MM-DD hh:mm:ss"}),
    Case("whose wall", "text", Integer(), 1, "say on whose clock", {"format": "epoch"}),
    Case("format of days", "at", Integer(), 1, "can't be read", {"format": "YYYYMMDD"}),
]


@pytest.mark.parametrize("case", UNFIT, ids=lambda case: case.name)
async def test_what_does_not_fit_is_refused_before_anything_is_read(case: Case, database_url: MakeUrl) -> None:
    """The column's type is known, so nobody has to meet a value first. The problem says what would help."""
    with opened(case, database_url("facts"), case.stored) as facts, pytest.raises(MappingRefused) as raised:
        facts.verify()
    assert raised.value.extensions == {"code": "MAPPING_REFUSED", "system": "facts"}
    [problem] = raised.value.problems
    assert str(problem).startswith(f"facts.facts.{case.column}: in FAKTA, ")
    assert "X (" in str(problem)
    assert case.meant in str(problem)
