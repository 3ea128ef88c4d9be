"""What is special about MariaDB: its session, its collations, its zero dates, its errors.

What every kind of database has to do is in test_database.py.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Column, Engine, Integer, MetaData, String, Table, create_engine, select, text
from sqlalchemy.dialects.mysql import VARCHAR
from sqlalchemy.exc import DBAPIError

from sources import billing, processes
from sources.billing import Billing
from sources.database import Connection, Database, one_of
from sources.errors import SystemBusy, SystemUnavailable
from sources.making import Part, create_together
from sources.processes import Processes
from sources.records.exceptions import ExceptionLeg
from sources.records.processes import Run
from tests.conftest import new_database
from tests.mariadb import MariaServer, running_mariadb

pytestmark = pytest.mark.service

COLLATIONS = [
    "utf8mb4_czech_ci",
    "utf8mb4_bin",
    "utf8mb4_nopad_bin",
    "utf8mb3_general_ci",
    "latin2_czech_cs",
    "ascii_bin",
]
MANY = 3_000
NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
async def things(mariadb: MariaServer) -> AsyncIterator[Database]:
    """An empty database."""
    database = Database("things", new_database(mariadb, "things"))
    yield database
    await database.close()


@pytest.fixture
def owner(things: Database) -> Engine:
    """Its owner's own connection, as the program that the database belongs to has one."""
    return create_engine(things.engines.write.url, isolation_level="AUTOCOMMIT")


def run(engine: Engine, *statements: str) -> None:
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def rows(statement: str) -> Callable[[Connection], list[tuple[Any, ...]]]:
    return lambda connection: [tuple(row) for row in connection.execute(text(statement))]


class TestSession:
    async def test_the_session_does_not_depend_on_the_servers_settings(self, things: Database) -> None:
        """The server's clock, order of text and leniency are its owner's; ours are the same everywhere."""
        asked = rows(
            "SELECT @@time_zone, @@character_set_client, @@character_set_connection, @@character_set_results, "
            "@@sql_mode LIKE '%STRICT_ALL_TABLES%', @@sql_mode LIKE '%ANSI_QUOTES%'"
        )
        for work in (things.read, things.write):
            assert await work(asked) == [("+00:00", "utf8mb4", "utf8mb4", "utf8mb4", 1, 0)]

    async def test_reading_is_one_snapshot_that_cannot_write(self, things: Database, owner: Engine) -> None:
        """The server itself refuses, whatever rights the user has."""
        run(owner, "CREATE TABLE a (id INT)", "INSERT INTO a VALUES (1)")
        assert await things.read(rows("SELECT @@tx_isolation, @@tx_read_only")) == [("REPEATABLE-READ", 1)]
        for statement in (
            "INSERT INTO a VALUES (2)",
            "UPDATE a SET id = 2",
            "DELETE FROM a",
            "TRUNCATE a",
            "DROP TABLE a",
        ):
            with pytest.raises(DBAPIError, match="READ ONLY"):
                await things.read(lambda c, statement=statement: c.execute(text(statement)))
        assert await things.read(rows("SELECT id FROM a")) == [(1,)]

    async def test_too_long_a_text_is_refused_not_cut(self, things: Database, owner: Engine) -> None:
        """Strict, also where the server is lenient."""
        run(owner, "CREATE TABLE a (name VARCHAR(3))")
        with pytest.raises(DBAPIError, match="too long"):
            await things.write(rows("INSERT INTO a VALUES ('abcd')"))

    async def test_zero_dates_are_null(self, things: Database, owner: Engine) -> None:
        """Old tables have 0000-00-00 for "none"; a date is a date or nothing, never text."""
        run(
            owner,
            "SET sql_mode = ''",
            "CREATE TABLE a (day DATE NOT NULL, at DATETIME NOT NULL)",
            "INSERT INTO a VALUES ('0000-00-00', '0000-00-00 00:00:00'), ('2026-11-24', '2026-11-24 18:20:25')",
        )
        assert await things.read(rows("SELECT day, at FROM a ORDER BY day")) == [
            (None, None),
            (date(2026, 11, 24), datetime(2026, 11, 24, 18, 20, 25)),
        ]


class TestKeys:
    @pytest.mark.parametrize("collation", COLLATIONS)
    @pytest.mark.parametrize("size", [1, 50, 2000])
    async def test_keys_find_the_index_of_a_column_in_any_collation(
        self, things: Database, owner: Engine, collation: str, size: int
    ) -> None:
        """They are compared as the column compares, so neither is its index lost nor are collations mixed."""
        table = self.table_in(collation, owner)
        everything = [{"id": f"CL-{number:05}"} for number in range(MANY)]
        await things.write(lambda c: c.execute(table.insert(), everything))
        run(owner, "ANALYZE TABLE a")
        keys = [f"CL-{number:05}" for number in range(size)]
        found = await things.read(
            lambda c: c.execute(select(table).where(one_of(table.c.id)), {"keys": keys}).scalars().all()
        )
        assert sorted(found) == keys
        assert await self.explained(things, table.c.id, keys) == {"PRIMARY"}

    @pytest.mark.parametrize("collation", COLLATIONS)
    async def test_only_the_same_text_is_the_same_key(self, things: Database, owner: Engine, collation: str) -> None:
        """Whatever a lenient collation takes for equal, and though a key may have letters that the column can't."""
        table = self.table_in(collation, owner)
        await things.write(lambda c: c.execute(table.insert(), [{"id": "CL-00417"}, {"id": "CL-00418"}]))
        found = select(table.c.id).where(one_of(table.c.id))
        for key in (
            "cl-00417",
            "CL-00417 ",
            "ČL-00417",
            "\N{FULLWIDTH LATIN CAPITAL LETTER C}L-00417",
            "あ",
            "🐎",
            "CL\N{NO-BREAK SPACE}00417",
        ):
            keys = {"keys": [key, "CL-00418"]}
            assert await things.read(lambda c, keys=keys: c.execute(found, keys).scalars().all()) == ["CL-00418"]

    def table_in(self, collation: str, owner: Engine) -> Table:
        character_set = collation.partition("_")[0]
        key = VARCHAR(50, charset=character_set, collation=collation)
        table = Table("a", MetaData(), Column("id", key, primary_key=True))
        table.create(owner)
        return table

    async def test_keys_find_the_index_of_a_column_of_numbers(self, things: Database, owner: Engine) -> None:
        """Also numbers that come as text."""
        table = Table("a", MetaData(), Column("id", Integer, primary_key=True, autoincrement=False))
        table.create(owner)
        await things.write(lambda c: c.execute(table.insert(), [{"id": number} for number in range(MANY)]))
        run(owner, "ANALYZE TABLE a")
        assert await self.explained(things, table.c.id, ["7", 12]) == {"PRIMARY"}

    @pytest.mark.parametrize(
        "key", ["it's", 'say "ahoj"', "back\\slash", "100 %", "%(keys)s", "žluťoučký 🐎", "-- ", "a\nb"]
    )
    async def test_any_text_is_a_key(self, things: Database, owner: Engine, key: str) -> None:
        """What means something to SQL or to the driver is only text in a key."""
        table = Table("a", MetaData(), Column("id", String(50), primary_key=True))
        table.create(owner)
        await things.write(lambda c: c.execute(table.insert().values(id=key)))
        statement = select(table.c.id).where(one_of(table.c.id))
        found = await things.read(lambda c: c.execute(statement, {"keys": ["other", key]}).scalars().all())
        assert found == [key]

    async def explained(self, things: Database, column: Column[Any], keys: list[Any]) -> set[str | None]:
        """The indexes that the server says it would use."""
        statement = select(column).where(one_of(column))
        compiled = statement.compile(things.engines.read)
        [name] = compiled.params
        bound = {name: compiled._bind_processors[name](keys)}

        def explain(connection: Connection) -> set[str | None]:
            plan = connection.exec_driver_sql(f"EXPLAIN {compiled}", bound).mappings().all()
            return {step["key"] for step in plan}

        return await things.read(explain)


class TestMaking:
    """MariaDB commits with each table, so a company in the making could be seen half; a marker says that it is."""

    METADATA = MetaData()
    THINGS = Table("things", METADATA, Column("id", Integer, primary_key=True, autoincrement=False))
    IDS = select(THINGS.c.id).order_by(THINGS.c.id)

    def one(self, connection: Connection) -> None:
        connection.execute(self.THINGS.insert().values(id=1))

    async def ids(self, database: Database) -> list[int]:
        return await database.read(lambda c: list(c.execute(self.IDS).scalars()))

    async def test_what_a_crash_left_half_is_made_anew(self, things: Database, owner: Engine) -> None:
        """The server lost the connection while rows were written: tables are there, and the marker without a row."""
        run(
            owner,
            "CREATE TABLE spojka_making (whole BOOL PRIMARY KEY)",
            "CREATE TABLE things (id INT PRIMARY KEY)",
            "INSERT INTO things VALUES (7)",
        )
        assert things.create(self.METADATA, self.one)
        assert await self.ids(things) == [1]
        assert await things.read(rows("SHOW TABLES")) == [("things",)]

    async def test_what_was_whole_only_loses_its_marker(
        self, things: Database, owner: Engine, mariadb: MariaServer
    ) -> None:
        """A crash between two publishings: the system that was not published yet is, and keeps its rows."""
        other = Database("other", new_database(mariadb, "other"))
        assert other.create(self.METADATA, self.one)
        assert things.create(self.METADATA, self.one)
        run(
            owner,
            "CREATE TABLE spojka_making (whole BOOL PRIMARY KEY)",
            "INSERT INTO spojka_making VALUES (1)",
            "UPDATE things SET id = 7",
        )
        parts = [Part(each.system, each.engines, self.METADATA, self.one) for each in (other, things)]
        assert not create_together(parts)
        assert await self.ids(things) == [7]
        assert await things.read(rows("SHOW TABLES")) == [("things",)]
        await other.close()

    async def test_somebody_elses_tables_are_left_alone(self, things: Database, owner: Engine) -> None:
        """A table of that name without the marker is no leftover of ours."""
        run(owner, "CREATE TABLE things (id INT PRIMARY KEY)", "INSERT INTO things VALUES (7)")
        assert not things.create(self.METADATA, self.one)
        assert await self.ids(things) == [7]

    async def test_filling_that_fails_leaves_no_table(self, things: Database) -> None:
        """Not even those that MariaDB had committed already."""

        def broken(connection: Connection) -> None:
            self.one(connection)
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            things.create(self.METADATA, broken)
        assert await things.read(rows("SHOW TABLES")) == []


class TestFailing:
    async def test_connections_that_broke_are_replaced(self, things: Database, owner: Engine) -> None:
        """After a restart of the server nobody gets an error for a connection that was opened before it."""
        session = rows("SELECT CONNECTION_ID()")
        before = [await things.read(session), await things.write(session)]
        run(owner, *(f"KILL {id}" for ((id,),) in before))
        assert await things.read(session) not in before
        assert await things.write(session) not in before

    async def test_a_locked_row_is_busy(self, things: Database, owner: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        """Somebody else's lock is waited for, then named; reading goes on beside it."""
        monkeypatch.setattr("sources.engines.BUSY_SECONDS", 1)
        run(owner, "CREATE TABLE a (id INT)", "INSERT INTO a VALUES (1)")
        with owner.connect() as other:
            other.exec_driver_sql("BEGIN")
            other.exec_driver_sql("UPDATE a SET id = 2")
            with pytest.raises(SystemBusy):
                await things.write(rows("UPDATE a SET id = 3"))
            assert await things.read(rows("SELECT id FROM a")) == [(1,)]
        owner.dispose()

    @pytest.mark.parametrize("right", ["", "GRANT SELECT ON {database}.b TO {user}", "GRANT USAGE ON *.* TO {user}"])
    async def test_what_may_not_be_read_is_a_system_that_is_down(
        self, things: Database, owner: Engine, mariadb: MariaServer, right: str
    ) -> None:
        """No such user, or one without the right to the table: an administrator's work, not a fault of ours."""
        database = things.engines.write.url.database
        user = f"nobody_{database}@'127.0.0.1'"
        run(owner, "CREATE TABLE a (id INT)", "CREATE TABLE b (id INT)")
        if right:
            run(owner, f"CREATE USER {user} IDENTIFIED BY 'x'", right.format(database=database, user=user))
        theirs = Database("things", f"mariadb://nobody_{database}:x@127.0.0.1:{mariadb.port}/{database}")
        with pytest.raises(SystemUnavailable):
            await theirs.read(rows("SELECT id FROM a"))
        await theirs.close()

    async def test_mysql_is_a_system_that_is_down(self) -> None:
        """It speaks the protocol and another dialect: it is not asked anything. The log says why."""
        with running_mariadb("--version=8.4.3") as mysql:
            other = Database("things", f"{mysql.url}mysql")
            for work in (other.read, other.write):
                with pytest.raises(SystemUnavailable) as raised:
                    await work(rows("SELECT 1"))
                assert "no MariaDB: it says that it is 8.4.3" in str(raised.value.__cause__)
            await other.close()

    async def test_another_database_is_a_system_that_is_down(self, mariadb: MariaServer) -> None:
        """A name that the server doesn't know."""
        other = Database("things", f"{mariadb.url}no_such_database")
        with pytest.raises(SystemUnavailable):
            await other.read(rows("SELECT 1"))
        await other.close()


class TestLength:
    """What has a limit in MariaDB, since it is in an index, is limited before it gets there (resolvers/texts.py)."""

    LONGEST = "ž" * 255

    async def test_longest_subject_makes_a_run(self, mariadb: MariaServer) -> None:
        """A run's id is longer than its subject."""
        database = Database("processes", new_database(mariadb, "processes"))
        database.create(processes.METADATA)
        run, _ = await Processes(database).start(
            "invoice-call", self.LONGEST, key=self.LONGEST, input="{}", input_hash="x", caller=self.LONGEST, now=NOW
        )
        assert isinstance(run, Run)
        assert run.id == f"invoice-call:{self.LONGEST}:1"
        assert await Processes(database).runs([run.id]) == [run]
        await database.close()

    async def test_longest_leg_makes_a_call(self, mariadb: MariaServer) -> None:
        """A call's id is longer than its leg, and its message as long as it likes."""
        database = Database("billing", new_database(mariadb, "billing"))
        database.create(billing.METADATA)
        await Billing(database).record_rating_exceptions(
            self.LONGEST,
            [ExceptionLeg(self.LONGEST, 60)],
            code=self.LONGEST,
            message=self.LONGEST * 300,
            caller=self.LONGEST,
            key=self.LONGEST,
            now=NOW,
        )
        [waiting] = await Billing(database).rating_exceptions(limit=2)
        assert (waiting.leg, waiting.message) == (self.LONGEST, self.LONGEST * 300)
        await database.close()
