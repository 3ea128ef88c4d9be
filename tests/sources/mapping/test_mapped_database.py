"""A mapped database: asked by its own indexes, never written, and an unmapped one none the slower."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import (
    CHAR,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    event,
    func,
    insert,
    select,
    text,
    update,
)

from sources.columns import Instant, Text
from sources.database import Connection, Database, one_of
from sources.errors import SystemReadOnly
from sources.mapping.mapped import Mapped
from sources.mapping.requirements import requirements
from sources.mapping.settings import ColumnMapping, SystemMapping, TableMapping
from tests.conftest import MakeUrl
from tests.sources.mapping.facts import FACTS, KEYS, METADATA, REMARKS, REQUIREMENT, foreign_table, mapping_of

MANY = 3000

LOGICAL = MetaData()
CLIENTS = Table("clients", LOGICAL, Column("id", Text, primary_key=True), Column("name", Text, nullable=False))
ORDERS = Table(
    "orders",
    LOGICAL,
    Column("number", Text, primary_key=True),
    Column("client", Text, ForeignKey(CLIENTS.c.id), nullable=False),
    Column("placed_at", Instant, nullable=False),
)
SHOP = requirements("shop", LOGICAL)

NUMBERED = (
    select(
        ORDERS,
        func.row_number().over(partition_by=ORDERS.c.client, order_by=ORDERS.c.placed_at.desc()).label("place"),
    )
    .where(one_of(ORDERS.c.client))
    .subquery()
)
LATEST = select(NUMBERED.c.number, NUMBERED.c.client).where(NUMBERED.c.place <= bindparam("last"))
WITH_CLIENTS = (
    select(ORDERS.c.number, CLIENTS.c.name)
    .join_from(ORDERS, CLIENTS, ORDERS.c.client == CLIENTS.c.id)
    .where(one_of(ORDERS.c.number))
)
SINCE = select(ORDERS.c.number).where(
    ORDERS.c.client == bindparam("client", type_=Text), ORDERS.c.placed_at >= bindparam("since", type_=Instant)
)


def shop(connection: Connection, clients: Table, orders: Table) -> None:
    moment = datetime(2026, 1, 1)
    numbers = range(1, MANY + 1)
    connection.execute(insert(clients), [{"CL": n, "NAZEV": f"klient {n}"} for n in numbers])
    rows = [{"OBJ": f"O-{n}", "CL": n % 500 + 1, "CAS": moment.replace(hour=n % 24, minute=n % 60)} for n in numbers]
    connection.execute(insert(orders), rows)


def make_shop(url: str) -> None:
    theirs = MetaData()
    clients = Table(
        "KLIENTI",
        theirs,
        Column("CL", Integer, primary_key=True, autoincrement=False),
        Column("NAZEV", String(40)),
    )
    orders = Table(
        "OBJ",
        theirs,
        Column("OBJ", CHAR(10), primary_key=True),
        Column("CL", Integer),
        Column("CAS", DateTime),
        Index("OBJ_CL", "CL", "CAS"),
    )
    made = Database("made", url)
    assert made.create(theirs, lambda connection: shop(connection, clients, orders))
    if not url.startswith("sqlite"):
        with made.engines.write.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            quote = connection.dialect.identifier_preparer.quote
            word = "ANALYZE" if url.startswith("postgresql") else "ANALYZE TABLE"
            for table in (clients, orders):
                connection.exec_driver_sql(f"{word} {quote(table.name)}")
    made.engines.dispose()


@pytest.fixture
async def their_shop(database_url: MakeUrl) -> AsyncIterator[Database]:
    """A shop of three thousand orders in another program's tables."""
    url = database_url("shop")
    make_shop(url)
    column = ColumnMapping
    times = {"format": "YYYY-MM-DD hh:mm:ss.ffffff"} if url.startswith("sqlite") else {}
    placed_at = column(column="CAS", zone="Europe/Prague", **times)  # type: ignore[arg-type]
    mapping = SystemMapping(
        tables={
            "clients": TableMapping(
                table="KLIENTI", columns={"id": column(column="CL", pattern="CL-0000"), "name": column(column="NAZEV")}
            ),
            "orders": TableMapping(
                table="OBJ",
                columns={
                    "number": column(column="OBJ"),
                    "client": column(column="CL", pattern="CL-0000"),
                    "placed_at": placed_at,
                },
            ),
        }
    )
    database = Database("shop", url, mapped=Mapped(SHOP, mapping))
    yield database
    await database.close()


class TestIndexes:
    """Values are converted, not columns: so the database finds them as it would find its own."""

    @pytest.mark.parametrize(
        ("statement", "values", "found"),
        [
            (select(CLIENTS).where(one_of(CLIENTS.c.id)), {"keys": ["CL-0417", "CL-9", "x"]}, 1),
            (select(ORDERS).where(one_of(ORDERS.c.client)), {"keys": ["CL-0417"]}, 6),
            (select(ORDERS).where(one_of(ORDERS.c.number)), {"keys": ["O-17", "O-18"]}, 2),
            (LATEST, {"keys": ["CL-0017", "CL-0018"], "last": 2}, 4),
            (WITH_CLIENTS, {"keys": ["O-17"]}, 1),
            (SINCE, {"client": "CL-0017", "since": datetime(2026, 1, 1, 12, tzinfo=UTC)}, 2),
        ],
        ids=["integer key", "integer column", "fixed text", "window", "join", "local time"],
    )
    async def test_no_table_is_read_as_a_whole(
        self, their_shop: Database, statement: Any, values: dict[str, Any], found: int
    ) -> None:
        """Each table of the plan is entered by an index, also below a window function."""
        rows, plan = await their_shop.read(lambda connection: explained(connection, statement, values))
        assert len(rows) == found
        assert plan
        assert [step for step in plan if is_whole_table(step)] == []

    async def test_a_whole_table_would_be_seen(self, their_shop: Database) -> None:
        """The test above can fail."""
        statement = select(ORDERS).where(func.lower(ORDERS.c.number) == "o-17")
        _, plan = await their_shop.read(lambda connection: explained(connection, statement, {}))
        assert any(map(is_whole_table, plan))


def explained(connection: Connection, statement: Any, values: dict[str, Any]) -> tuple[list[Any], list[str]]:
    """The rows, and the steps of the plan that found them, each as one text."""
    seen: list[tuple[str, Any]] = []

    def see(_: Any, __: Any, sql: str, parameters: Any, *rest: Any) -> None:
        seen.append((sql, parameters))

    event.listen(connection, "before_cursor_execute", see)
    rows = list(connection.execute(statement, values).all())
    [(sql, parameters)] = seen
    match connection.dialect.name:
        case "sqlite":
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters)
            return rows, [row.detail for row in plan]
        case "postgresql":
            [[found]] = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {sql}", parameters)
            return rows, list(nodes_of(found[0]["Plan"]))
        case _:
            plan = connection.exec_driver_sql(f"EXPLAIN {sql}", parameters)
            return rows, [f"{row.table} {row.type} {row.key} {row.rows}" for row in plan]


def nodes_of(plan: dict[str, Any]) -> Iterator[str]:
    yield f"{plan['Node Type']} {plan.get('Relation Name', '')}"
    for part in plan.get("Plans", ()):
        yield from nodes_of(part)


def is_whole_table(step: str) -> bool:
    """SCAN of a table in SQLite, Seq Scan in PostgreSQL, type ALL or index in MariaDB; subqueries are no tables."""
    if step.startswith("SCAN"):
        return "KLIENTI" in step or "OBJ" in step
    return step.startswith("Seq Scan") or bool(re.match(r"(KLIENTI|OBJ) (ALL|index) ", step))


@pytest.fixture
async def facts(database_url: MakeUrl) -> AsyncIterator[Database]:
    """Three rows of another program, of which one is deleted there and one is nobody's."""
    url = database_url("facts")
    columns = [Column("NAZEV", String(20)), Column("SMAZANO", Integer), Column("KDO", Integer)]
    rows = [
        {"NAZEV": "first", "SMAZANO": 0, "KDO": 7},
        {"NAZEV": "deleted", "SMAZANO": 1, "KDO": 7},
        {"NAZEV": "nobody's", "SMAZANO": 0, "KDO": None},
    ]
    made = Database("made", url)
    foreign_table(made, columns, rows)
    named = {"text": ColumnMapping(column="NAZEV"), "number": ColumnMapping(constant=5)}
    mapping = mapping_of(named, where={"SMAZANO": (0, 9), "KDO": None})
    database = Database("facts", url, mapped=Mapped(REQUIREMENT, mapping))
    yield database
    await database.close()
    await made.close()


class TestRows:
    async def test_only_the_rows_that_are_meant_are_there(self, facts: Database) -> None:
        """Not the deleted one, not the one without what has to be present; in subqueries neither."""
        inner = select(FACTS.c.id, FACTS.c.text).subquery()
        for statement in (select(FACTS.c.text), select(inner.c.text), select(FACTS.c.text).where(FACTS.c.number == 5)):
            assert await facts.read(lambda c, s=statement: c.execute(s).scalars().all()) == ["first"]

    async def test_constants_are_read_compared_and_sorted_by(self, facts: Database) -> None:
        """Though no column has them; they alone are a row for each row."""
        assert await facts.read(lambda c: c.execute(select(FACTS.c.number)).all()) == [(5,)]
        ordered = select(FACTS.c.id, FACTS.c.number).order_by(FACTS.c.number, FACTS.c.id.desc())
        assert await facts.read(lambda c: c.execute(ordered).all()) == [("1", 5)]
        assert await facts.read(lambda c: c.execute(select(FACTS.c.id).where(FACTS.c.number > 5)).all()) == []
        assert await facts.read(lambda c: c.execute(select(func.count()).select_from(FACTS)).scalar_one()) == 1

    async def test_every_kind_of_constant_is_what_a_column_would_give(self, database_url: MakeUrl) -> None:
        """Of the same type, on every database; and found by it."""
        url = database_url("facts")
        made = Database("made", url)
        foreign_table(made, [], [{}, {}])
        constants = {
            "text": "it's \\ 5 %",
            "state": "OPEN",
            "number": -5,
            "money": "1.80",
            "flag": False,
            "day": date(2026, 11, 24),
            "at": datetime(2026, 11, 24, 17, 30, tzinfo=ZoneInfo("Europe/Prague")),
        }
        mapping = mapping_of({name: ColumnMapping(constant=value) for name, value in constants.items()})
        facts = Database("facts", url, mapped=Mapped(REQUIREMENT, mapping))
        meant = {**constants, "money": Decimal("1.80")}
        statement = select(*FACTS.c[tuple(meant)]).order_by(*FACTS.c[tuple(meant)])
        rows = await facts.read(lambda c: c.execute(statement).all())
        assert len(rows) == 2
        for row in rows:
            assert dict(row._mapping) == meant
            assert [type(value) for value in row] == [type(value) for value in meant.values()]
        for name, value in meant.items():
            found = select(FACTS.c.id).where(FACTS.c[name] == bindparam("value", type_=FACTS.c[name].type))
            ids = await facts.read(lambda c, s=found, v=value: c.execute(s, {"value": v}).scalars().all())
            assert ids == ["1", "2"], name
        await facts.close()
        await made.close()

    async def test_an_absent_table_is_empty(self, facts: Database) -> None:
        """Alone and joined, without anything being there."""
        joined = select(FACTS.c.id).join_from(FACTS, REMARKS, REMARKS.c.fact == FACTS.c.id)
        within = select(FACTS.c.id).where(FACTS.c.id.in_(select(REMARKS.c.fact).where(one_of(REMARKS.c.fact))))
        for statement in (select(REMARKS), joined, select(REMARKS.c.remark).order_by(REMARKS.c.fact)):
            assert await facts.read(lambda c, s=statement: c.execute(s).all()) == []
        assert await facts.read(lambda c: c.execute(within, {"keys": ["1"]}).all()) == []

    async def test_an_absent_column_is_null(self, facts: Database) -> None:
        """For every row, also where it is sorted by and compared."""
        ordered = select(FACTS.c.id, FACTS.c.day, FACTS.c.flag, FACTS.c.money, FACTS.c.at).order_by(
            *FACTS.c["day", "at"]
        )
        assert await facts.read(lambda c: c.execute(ordered).all()) == [("1", None, None, None, None)]
        assert await facts.read(lambda c: c.execute(select(FACTS.c.id).where(FACTS.c.day.is_(None))).all()) == [("1",)]

    async def test_patterns_are_searched_as_texts(self, their_shop: Database) -> None:
        """LIKE sees CL-0417 where the database has 417."""
        found = select(CLIENTS.c.id).where(CLIENTS.c.id.like(bindparam("like", type_=Text))).order_by(CLIENTS.c.id)
        ids = await their_shop.read(lambda c: c.execute(found, {"like": "CL-041%"}).scalars().all())
        assert ids == [f"CL-041{digit}" for digit in range(10)]

    async def test_pages_begin_behind_the_empty_key(self, their_shop: Database) -> None:
        """A list of all is read page by page, in the order of the database's numbers."""
        page = (
            select(CLIENTS.c.id).where(CLIENTS.c.id > bindparam("after", type_=Text)).order_by(CLIENTS.c.id).limit(1000)
        )
        after, seen = "", 0
        while ids := await their_shop.read(lambda c, a=after: c.execute(page, {"after": a}).scalars().all()):
            after, seen = ids[-1], seen + len(ids)
        assert (seen, after) == (MANY, f"CL-{MANY}")


class TestReadOnly:
    async def test_nothing_can_be_written(self, facts: Database) -> None:
        """Not by a mutation, not while reading, and not by making what seems to be missing."""
        with pytest.raises(SystemReadOnly) as raised:
            await facts.write(lambda c: c.execute(text("DELETE FROM FAKTA")))
        assert raised.value.extensions == {"code": "SYSTEM_READ_ONLY", "system": "facts"}
        assert "change it in the system itself" in str(raised.value)
        with pytest.raises(SystemReadOnly):
            facts.create(METADATA)
        for statement in (update(FACTS).values(text="x"), insert(FACTS).values(id="4"), FACTS.delete(), KEYS.delete()):
            with pytest.raises(SystemReadOnly):
                await facts.read(lambda c, s=statement: c.execute(s))

    async def test_what_only_spojka_writes_is_empty(self, facts: Database) -> None:
        """Also joined: no mapping names such a table, and asking for what is in it is no fault."""
        joined = select(FACTS.c.id, KEYS.c.key).join_from(FACTS, KEYS, KEYS.c.key == FACTS.c.id, isouter=True)
        assert await facts.read(lambda c: c.execute(select(KEYS)).all()) == []
        assert {key for _, key in await facts.read(lambda c: c.execute(joined).all())} == {None}

    async def test_the_connection_itself_cannot_write(self, facts: Database) -> None:
        """Neither of the two engines has one that could, whatever is sent over it."""
        theirs = Table("FAKTA", MetaData(), Column("NAZEV", String))
        assert facts.engines.write is facts.engines.read
        for statement in (update(theirs).values(NAZEV="x"), theirs.delete(), text("CREATE TABLE by_accident (x INT)")):
            with pytest.raises(Exception, match=r"(?i)read.?only|not available"):
                await facts.read(lambda c, s=statement: c.execute(s))
        texts = await facts.read(lambda c: c.execute(select(FACTS.c.text)).scalars().all())
        assert texts == ["first"]

    async def test_spojkas_own_tables_may_be_read_only_too(self, database_url: MakeUrl) -> None:
        """Declared so, without a mapping: read as ever, never written."""
        url = database_url("facts")
        made = Database("made", url)
        made.create(METADATA, lambda c: c.execute(insert(FACTS).values(id="1", text="ours")))
        await made.close()
        ours = Database("facts", url, read_only=True)
        assert await ours.read(lambda c: c.execute(select(FACTS.c.text)).scalars().all()) == ["ours"]
        with pytest.raises(SystemReadOnly):
            await ours.write(lambda c: c.execute(insert(FACTS).values(id="2")))
        with pytest.raises(Exception, match=r"(?i)read.?only|not available"):
            await ours.read(lambda c: c.execute(insert(FACTS).values(id="2")))
        await ours.close()


class TestCost:
    async def test_a_statement_is_adapted_once(self, facts: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        """However often it is asked; and it is one statement, as it would be unmapped."""
        statement = select(FACTS.c.id).where(one_of(FACTS.c.id))
        assert await facts.read(lambda c: c.execute(statement, {"keys": ["1"]}).all()) == [("1",)]
        monkeypatch.setattr("sources.mapping.adapting.Adaptation.of", lambda *_: pytest.fail("adapted again"))
        before = facts.statements
        assert await facts.read(lambda c: c.execute(statement, {"keys": ["1"]}).all()) == [("1",)]
        assert facts.statements == before + 1

    async def test_an_unmapped_database_has_no_part_in_it(self, database_url: MakeUrl) -> None:
        """Nothing listens to its statements but what counts them."""
        ours = Database("facts", database_url("facts"))
        assert not ours.engines.read.dispatch.before_execute
        assert not ours.engines.write.dispatch.before_execute
        await ours.close()


async def test_a_lenient_column_has_no_lenient_keys(database_url: MakeUrl) -> None:
    """Another text is another key, also where the column forgives cases, marks or blanks."""
    url = database_url("facts")
    made = Database("made", url)
    lenient = {"sqlite": "NOCASE", "mariadb": "utf8mb4_czech_ci"}.get(url.partition(":")[0])
    foreign_table(made, [Column("KOD", String(20, collation=lenient))], [{"KOD": "Kůň"}, {"KOD": "b"}])
    mapping = mapping_of({"id": ColumnMapping(column="KOD")})
    database = Database("facts", url, mapped=Mapped(REQUIREMENT, mapping))
    statement = select(FACTS.c.id).where(one_of(FACTS.c.id))
    for keys, found in ((["kůň", "KŮŇ", "Kun", "B", "b "], []), (["Kůň", "B"], ["Kůň"])):
        assert await database.read(lambda c, k=keys: c.execute(statement, {"keys": k}).scalars().all()) == found
    await database.close()
    await made.close()


@pytest.mark.parametrize("theirs", ["numbers", "texts"])
async def test_two_ways_of_saying_the_same_are_joined(database_url: MakeUrl, theirs: str) -> None:
    """Orders that have CL-0007 where their clients have 7: compared as texts, as the source means them."""
    url = database_url("shop")
    metadata = MetaData()
    clients = Table("KLIENTI", metadata, Column("CL", Integer, primary_key=True), Column("NAZEV", String(40)))
    orders = Table("OBJ", metadata, Column("OBJ", CHAR(10), primary_key=True), Column("CL", String(9)))
    made = Database("made", url)

    def fill(connection: Connection) -> None:
        connection.execute(insert(clients), [{"CL": 7, "NAZEV": "seven"}, {"CL": 8, "NAZEV": "eight"}])
        connection.execute(insert(orders), [{"OBJ": "O-1", "CL": "CL-0007" if theirs == "texts" else "x"}])

    made.create(metadata, fill)
    column = ColumnMapping
    at = datetime(2026, 1, 1, tzinfo=UTC)
    order = {"number": column(column="OBJ"), "client": column(column="CL"), "placed_at": column(constant=at)}
    if theirs == "numbers":
        order["client"] = column(constant="CL-0007")
    client = {"id": column(column="CL", pattern="CL-0000"), "name": column(column="NAZEV")}
    tables = {
        "clients": TableMapping(table="KLIENTI", columns=client),
        "orders": TableMapping(table="OBJ", columns=order),
    }
    shop = Database("shop", url, mapped=Mapped(SHOP, SystemMapping(tables=tables)))
    assert await shop.read(lambda c: c.execute(WITH_CLIENTS, {"keys": ["O-1"]}).all()) == [("O-1", "seven")]
    for statement in (
        select(CLIENTS.c.name).where(CLIENTS.c.id.in_(select(ORDERS.c.client))),
        select(CLIENTS.c.name).where(CLIENTS.c.id.in_(select(ORDERS.c.client).where(one_of(ORDERS.c.number)))),
    ):
        assert await shop.read(lambda c, s=statement: c.execute(s, {"keys": ["O-1"]}).scalars().all()) == ["seven"]
    within = select(ORDERS.c.number, ORDERS.c.placed_at).where(ORDERS.c.client.in_(select(CLIENTS.c.id)))
    assert await shop.read(lambda c: c.execute(within).all()) == [("O-1", at)]
    await shop.close()
    await made.close()


@pytest.mark.parametrize(
    ("type_", "stored", "options"),
    [
        (String(19), "2026-11-24 12:00:00", {"zone": "Europe/Prague"}),
        (String(24), "2026-11-24T11:00:00.000Z", {"format": "YYYY-MM-DDThh:mm:ss.fffZ"}),
        (Integer(), 1795518000, {"format": "epoch"}),
    ],
    ids=["text", "UTC", "epoch"],
)
async def test_bounds_between_two_ticks_leave_nobody_out(
    database_url: MakeUrl, type_: Any, stored: Any, options: dict[str, Any]
) -> None:
    """A column of whole seconds is compared with half ones as if it had them, whichever side the value is on."""
    url = database_url("facts")
    made = Database("made", url)
    foreign_table(made, [Column("CAS", type_)], [{"CAS": stored}])
    mapping = mapping_of({"at": ColumnMapping(column="CAS", **options)})
    facts = Database("facts", url, mapped=Mapped(REQUIREMENT, mapping))
    noon, value = datetime(2026, 11, 24, 11, tzinfo=UTC), bindparam("value", type_=Instant)
    assert await facts.read(lambda c: c.execute(select(FACTS.c.at)).scalars().all()) == [noon]
    for moved in (timedelta(0), timedelta(microseconds=1), timedelta(seconds=0.5), timedelta(seconds=-0.5)):
        bound = noon + moved
        for condition, holds in (
            (FACTS.c.at < value, noon < bound),
            (FACTS.c.at <= value, noon <= bound),
            (FACTS.c.at > value, noon > bound),
            (FACTS.c.at >= value, noon >= bound),
            (FACTS.c.at == value, noon == bound),
            (value < FACTS.c.at, bound < noon),
            (value <= FACTS.c.at, bound <= noon),
            (value > FACTS.c.at, bound > noon),
            (value >= FACTS.c.at, bound >= noon),
        ):
            statement = select(FACTS.c.id).where(condition)
            found = await facts.read(lambda c, s=statement, b=bound: c.execute(s, {"value": b}).scalars().all())
            assert (found == ["1"]) is holds, (str(condition), moved)
    await facts.close()
    await made.close()
