"""One system's database: how it is made, read, written, and what it says when it can't."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Column, Date, Integer, MetaData, Table, func, insert, inspect, select, text, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from sources.columns import Exact, Instant, Text
from sources.database import Connection, Database, one_of
from sources.errors import SourceError, SystemBusy, SystemUnavailable
from sources.making import Part, create_together
from tests.conftest import MakeDatabase, MakeUrl
from tests.postgresql import Server

METADATA = MetaData()
THINGS = Table(
    "things",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("number", Integer),
    Column("price", Exact(4)),
    Column("at", Instant),
    Column("day", Date),
    Column("label", Text),
)
BY_ID = select(THINGS).where(one_of(THINGS.c.id)).order_by(THINGS.c.id)
BY_NUMBER = select(THINGS.c.id).where(one_of(THINGS.c.number, "numbers")).order_by(THINGS.c.id)
COUNT = select(func.count()).select_from(THINGS)


TERMINATE = text("SELECT pg_terminate_backend(:pid, 5000)")


def server_process(connection: Connection) -> int:
    """The server's process behind this connection."""
    found: int = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    return found


def three_things(connection: Connection) -> None:
    connection.execute(insert(THINGS), [{"id": str(number), "number": number} for number in (1, 2, 3)])


def add(id: str, **values: object) -> object:
    return lambda connection: connection.execute(insert(THINGS).values(id=id, **values))


def count(connection: Connection) -> int:
    return connection.execute(COUNT).scalar_one()


class TestReading:
    async def test_many_keys_are_one_value(self, database: MakeDatabase) -> None:
        """Keys of any number are found by one statement that never changes."""
        things = database("things", METADATA, three_things)
        before = things.statements
        rows = await things.read(lambda c: c.execute(BY_ID, {"keys": ["3", "1", "unknown"]}).all())
        assert [row.id for row in rows] == ["1", "3"]
        assert things.statements == before + 1

    async def test_keys_are_cast_to_the_type_of_their_column(self, database: MakeDatabase) -> None:
        """A number finds a text key and a text a number, on every database alike."""
        things = database("things", METADATA, three_things)
        assert await things.read(lambda c: len(c.execute(BY_ID, {"keys": [1, "2"]}).all())) == 2
        assert await things.read(lambda c: len(c.execute(BY_NUMBER, {"numbers": ["1", 2]}).all())) == 2

    async def test_keys_find_the_index_of_their_column(self, tmp_path: Path) -> None:
        """A batch costs what its keys cost, not what the table has (MariaDB's index: test_engines.py)."""
        things = Database("things", f"sqlite:///{tmp_path}/things.sqlite")
        things.create(METADATA)
        for statement in (BY_ID, BY_ID.where(THINGS.c.number > 1)):
            explain = text(f"EXPLAIN QUERY PLAN {statement.compile(things.engines.read)}".replace("?", ":value"))
            plan = await things.read(lambda c, explain=explain: c.execute(explain, {"value": '["1"]'}).all())
            assert str(plan[0].detail).startswith("SEARCH things USING INDEX")
        await things.close()

    @pytest.mark.parametrize("keys", [[], ["\0"], ["1\0"], ["\ud800"], ["ž" * 100]])
    async def test_keys_that_cannot_exist_find_nothing(self, database: MakeDatabase, keys: list[str]) -> None:
        """No keys, NUL and lone surrogates are unknown keys, not errors of the database."""
        things = database("things", METADATA, three_things)
        assert await things.read(lambda c: c.execute(BY_ID, {"keys": keys}).all()) == []

    async def test_reading_cannot_write(self, database: MakeDatabase) -> None:
        """What is read with can't change a thing."""
        things = database("things", METADATA)
        with pytest.raises((SystemUnavailable, SQLAlchemyError)):
            await things.read(add("4"))
        assert await things.read(count) == 0

    async def test_one_work_sees_one_state(self, database: MakeDatabase) -> None:
        """Statements of one work don't see what others commit between them."""
        things = database("things", METADATA, three_things)
        loop = asyncio.get_running_loop()

        def twice(connection: Connection) -> tuple[int, int]:
            first = count(connection)
            asyncio.run_coroutine_threadsafe(things.write(add("4")), loop).result()
            return first, count(connection)

        assert await things.read(twice) == (3, 3)
        assert await things.read(count) == 4

    async def test_the_event_loop_goes_on_while_reading(self, database: MakeDatabase) -> None:
        """Work runs in a thread, so one slow query stops nobody."""
        things = database("things", METADATA)
        released = threading.Event()
        slow = asyncio.ensure_future(things.read(lambda c: released.wait(10)))
        assert await things.read(count) == 0
        released.set()
        assert await slow


class TestWriting:
    async def test_an_error_leaves_nothing_behind(self, database: MakeDatabase) -> None:
        """A transaction is written whole or not at all, and the work's own error comes through."""
        things = database("things", METADATA)

        def half(connection: Connection) -> None:
            connection.execute(insert(THINGS).values(id="1"))
            raise LookupError("the other half")

        with pytest.raises(LookupError):
            await things.write(half)
        assert await things.read(count) == 0

    async def test_a_broken_constraint_is_the_callers_to_understand(self, database: MakeDatabase) -> None:
        """IntegrityError is not an outage."""
        things = database("things", METADATA, three_things)
        with pytest.raises(IntegrityError):
            await things.write(add("1"))

    async def test_no_update_is_lost(self, database: MakeDatabase) -> None:
        """Writers that first read wait for each other (BEGIN IMMEDIATE; a row lock on PostgreSQL)."""
        things = database("things", METADATA, lambda c: c.execute(insert(THINGS).values(id="counter", number=0)))

        def increase(connection: Connection) -> None:
            number = connection.execute(select(THINGS.c.number).with_for_update()).scalar_one()
            connection.execute(update(THINGS).values(number=number + 1))

        await asyncio.gather(*(things.write(increase) for _ in range(20)))
        assert await things.read(lambda c: c.execute(select(THINGS.c.number)).scalar_one()) == 20

    async def test_a_caller_that_leaves_does_not_stop_a_write(self, database: MakeDatabase) -> None:
        """A mutation in flight is shielded: it happens whole, whether anybody waits or not."""
        things = database("things", METADATA)
        started, released = threading.Event(), threading.Event()

        def slow(connection: Connection) -> None:
            connection.execute(insert(THINGS).values(id="1"))
            started.set()
            released.wait(10)

        writing = asyncio.ensure_future(things.write(slow))
        await asyncio.to_thread(started.wait, 10)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        released.set()
        await things.write(add("2"))
        assert await things.read(count) == 2


class TestMaking:
    async def test_only_the_first_one_makes_it(self, database: MakeDatabase) -> None:
        """Making is done once; a second making changes nothing and says so."""
        things = database("things", METADATA, three_things)
        assert not things.create(METADATA, three_things)
        assert await things.read(count) == 3

    async def test_a_filling_that_fails_leaves_nothing(self, database: MakeDatabase) -> None:
        """There is never a half-filled database: the next making begins anew."""
        things = database("things")

        def broken(connection: Connection) -> None:
            three_things(connection)
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            things.create(METADATA, broken)
        with pytest.raises(SystemUnavailable):
            await things.read(count)
        assert things.create(METADATA, three_things)
        assert await things.read(count) == 3

    async def test_systems_are_made_together_or_not_at_all(self, database: MakeDatabase) -> None:
        """Where one system can't be filled, none is made; where one exists, the others are not made up."""
        one, two = database("one"), database("two")

        def broken(connection: Connection) -> None:
            raise LookupError

        parts = [Part("one", one.engines, METADATA, three_things), Part("two", two.engines, METADATA, broken)]
        with pytest.raises(LookupError):
            create_together(parts)
        with pytest.raises(SystemUnavailable):
            await one.read(count)

        assert one.create(METADATA)
        assert not create_together([Part("one", one.engines, METADATA), Part("two", two.engines, METADATA)])
        with pytest.raises(SystemUnavailable):
            await two.read(count)

    async def test_what_is_newer_is_made_beside_what_is_there(self, database: MakeDatabase) -> None:
        """Once: what is there isn't touched, and where the newer one's file vanishes it is down, not new."""
        old, newer = database("old"), database("newer")
        assert old.create(METADATA, three_things)
        parts = [Part("old", old.engines, METADATA), Part("newer", newer.engines, METADATA, three_things, added=True)]
        assert not create_together(parts)
        assert not create_together(parts)
        assert (await old.read(count), await newer.read(count)) == (3, 3)
        if newer.engines.file is None:
            return
        newer.engines.file.unlink()
        assert not create_together(parts)
        assert not newer.engines.file.exists()
        newer.engines.file.with_name("newer.sqlite.new").touch()  # a crash while it was added
        assert not create_together(parts)
        assert await database("newer").read(count) == 3

    async def test_what_is_newer_is_not_made_beside_another_programs_tables(self, database: MakeDatabase) -> None:
        """A database with a CRM's tables is no place for it: they stay as they are."""
        old, newer = database("old"), database("newer")
        if newer.engines.file:
            pytest.skip("any file at all is never an empty place")
        assert old.create(METADATA)
        await newer.write(lambda c: c.execute(text("CREATE TABLE kli_firmy (id INT)")))
        parts = [Part("old", old.engines, METADATA), Part("newer", newer.engines, METADATA, three_things, added=True)]
        with pytest.raises(SourceError, match=r"^newer: .*\(kli_firmy\): map them in"):
            create_together(parts)
        assert inspect(newer.engines.read).get_table_names() == ["kli_firmy"]

    async def test_nothing_is_made_beside_another_programs_tables(self, database: MakeDatabase) -> None:
        """A database with a CRM's tables is a CRM that nobody has mapped, not a place for ours."""
        things, other = database("things"), database("other")
        if things.engines.file:
            sqlite3.connect(things.engines.file).close()  # any file at all is another's or ours, never an empty place
            assert not things.create(METADATA)
            return
        crm = [f"kli_{name}" for name in ("firmy", "osoby", "akce", "ukoly")]
        await things.write(lambda c: [c.execute(text(f"CREATE TABLE {name} (id INT)")) for name in crm])
        parts = [Part(each.system, each.engines, METADATA, three_things) for each in (other, things)]
        with pytest.raises(SourceError, match=r"^things: .*\(kli_akce, kli_firmy, kli_osoby and 1 more\): map them in"):
            create_together(parts)
        for one in (things, other):
            with pytest.raises(SystemUnavailable):
                await one.read(count)
        assert sorted(inspect(things.engines.read).get_table_names()) == sorted(crm)
        assert inspect(other.engines.read).get_table_names() == []

    async def test_two_that_start_at_once_make_it_once(self, database_url: MakeUrl) -> None:
        """A lock makes the second one wait and then find it made."""
        url = database_url("things")
        pair = [Database("things", url), Database("things", url)]
        made = await asyncio.gather(*(asyncio.to_thread(one.create, METADATA, three_things) for one in pair))
        assert sorted(made) == [False, True]
        for one in pair:
            await one.close()

    async def test_a_crash_between_two_files_is_mended(self, tmp_path: Path) -> None:
        """A file that was whole but had not got its name yet gets it at the next start."""
        names = ("one", "two")
        databases = [Database(name, f"sqlite:///{tmp_path}/{name}.sqlite") for name in names]
        parts = [Part(one.system, one.engines, METADATA, three_things) for one in databases]
        assert create_together(parts)
        (tmp_path / "two.sqlite").rename(tmp_path / "two.sqlite.made")
        assert not create_together(parts)
        assert await databases[1].read(count) == 3
        for one in databases:
            await one.close()


class TestFailing:
    async def test_a_missing_database_is_a_system_that_is_down(self, database: MakeDatabase) -> None:
        """Never an empty system: neither reading nor writing makes one. The message names the system, not the place."""
        things = database("things")
        with pytest.raises(SystemUnavailable) as raised:
            await things.read(count)
        assert str(raised.value) == "things is not available: its database can't be reached; ask its administrator"
        assert raised.value.extensions == {"code": "SYSTEM_UNAVAILABLE", "system": "things"}
        with pytest.raises(SystemUnavailable):
            await things.write(three_things)

    @pytest.mark.service
    async def test_connections_that_broke_are_replaced(self, postgresql: Server) -> None:
        """After a restart of the server nobody gets an error for a connection that was opened before it."""
        things, other = (Database("things", postgresql.url) for _ in range(2))
        pids = [await things.read(server_process), await things.write(server_process)]
        for pid in pids:
            await other.read(lambda c, pid=pid: c.execute(TERMINATE, {"pid": pid}))
        assert await things.read(server_process) not in pids
        assert await things.write(server_process) not in pids
        for one in (things, other):
            await one.close()

    async def test_a_mistake_of_ours_is_no_outage(self, database: MakeDatabase) -> None:
        """Wrong SQL is a fault to be logged, not a system that is down."""
        things = database("things", METADATA)
        with pytest.raises(SQLAlchemyError):
            await things.read(lambda c: c.execute(text("SELEKT 1")))

    async def test_a_file_that_goes_away_is_noticed(self, tmp_path: Path) -> None:
        """Connections in the pool don't go on serving a deleted or replaced file."""
        things = Database("things", f"sqlite:///{tmp_path}/things.sqlite")
        things.create(METADATA, three_things)
        assert await things.read(count) == 3
        (tmp_path / "things.sqlite").rename(tmp_path / "elsewhere.sqlite")
        with pytest.raises(SystemUnavailable):
            await things.read(count)
        (tmp_path / "elsewhere.sqlite").rename(tmp_path / "things.sqlite")
        assert await things.read(count) == 3
        await things.close()

    @pytest.mark.parametrize("content", [b"", b"this is no database, whatever its name says" * 50])
    async def test_a_file_that_is_no_database_is_a_system_that_is_down(self, tmp_path: Path, content: bytes) -> None:
        """An empty or a foreign file is not an empty system."""
        (tmp_path / "things.sqlite").write_bytes(content)
        things = Database("things", f"sqlite:///{tmp_path}/things.sqlite")
        with pytest.raises(SystemUnavailable):
            await things.read(count)
        await things.close()

    async def test_a_locked_database_is_busy(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Somebody else's lock is waited for, then named; reading goes on beside it."""
        monkeypatch.setattr("sources.engines.BUSY_SECONDS", 0.05)
        things = Database("things", f"sqlite:///{tmp_path}/things.sqlite")
        things.create(METADATA, three_things)
        other = sqlite3.connect(tmp_path / "things.sqlite", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(SystemBusy) as raised:
            await things.write(add("4"))
        assert raised.value.extensions == {"code": "SYSTEM_BUSY", "system": "things"}
        assert await things.read(count) == 3
        other.rollback()
        other.close()
        await things.close()

    @pytest.mark.parametrize("kind", ["postgresql", "mariadb", "mysql"])
    async def test_a_server_that_is_not_there_is_a_system_that_is_down(self, kind: str) -> None:
        """Nothing of the address, least of all its password, gets into the message."""
        things = Database("things", f"{kind}://somebody:secret@127.0.0.1:1/things")
        with pytest.raises(SystemUnavailable) as raised:
            await things.read(count)
        assert "secret" not in str(raised.value)
        assert "127.0.0.1" not in str(raised.value)
        await things.close()

    @pytest.mark.parametrize(
        "url",
        [
            "oracle://u:secret@host/db",
            "mariadb+mysqldb://u:secret@host/db",
            "mariadb://u:secret@host",
            "sqlite://",
            "sqlite:///:memory:",
        ],
    )
    def test_other_databases_are_refused_without_their_secrets(self, url: str) -> None:
        """Refused when it is opened, not when it is first asked."""
        with pytest.raises(ValueError, match=r"SQLite|supported|PyMySQL|no database") as raised:
            Database("things", url)
        assert "secret" not in str(raised.value)


class TestColumns:
    @pytest.mark.parametrize("price", ["1.80", "0", "-0.0001", "12345678901234.5678", "0.1"])
    async def test_decimals_are_kept_to_the_last_digit(self, database: MakeDatabase, price: str) -> None:
        """What comes out is what went in, on SQLite too."""
        things = database("things", METADATA)
        await things.write(add("1", price=Decimal(price)))
        assert await things.read(lambda c: c.execute(select(THINGS.c.price)).scalar_one()) == Decimal(price)

    @pytest.mark.parametrize("price", [Decimal("1.80001"), Decimal("NaN"), 1.8, True, Decimal(10) ** 30])
    async def test_what_cannot_be_kept_is_refused(self, database: MakeDatabase, price: object) -> None:
        """Nothing is rounded in silence: too many places, floats and what doesn't fit are errors."""
        things = database("things", METADATA)
        with pytest.raises(SQLAlchemyError, match=r"places|finite|take a Decimal|too large"):
            await things.write(add("1", price=price))

    async def test_instants_come_back_in_utc(self, database: MakeDatabase) -> None:
        """Any zone goes in, UTC comes out, to the microsecond, and they sort as time does."""
        things = database("things", METADATA)
        prague = datetime(2026, 11, 24, 17, 30, 0, 7, tzinfo=timezone(timedelta(hours=1)))
        await things.write(add("1", at=prague, day=date(2026, 11, 24)))
        await things.write(add("2", at=datetime(2026, 11, 24, 16, 29, tzinfo=UTC)))
        rows = await things.read(lambda c: c.execute(select(THINGS.c["at", "day"]).order_by(THINGS.c.at)).all())
        assert [row.at for row in rows] == [datetime(2026, 11, 24, 16, 29, tzinfo=UTC), prague]
        assert {row.at.tzinfo for row in rows} == {UTC}
        assert rows[1].day == date(2026, 11, 24)

    async def test_a_naive_time_is_refused(self, database: MakeDatabase) -> None:
        """A time without a zone names no instant."""
        things = database("things", METADATA)
        with pytest.raises(SQLAlchemyError, match="no time zone"):
            await things.write(add("1", at=datetime(2026, 11, 24)))

    async def test_text_has_one_order(self, database: MakeDatabase) -> None:
        """By code points, whatever the server's locale would say: pages and cursors depend on it."""
        things = database("things", METADATA)
        for id in ("a", "B", "č", "z", "A-1", "A1"):
            await things.write(add(id))
        ids = await things.read(lambda c: c.execute(select(THINGS.c.id).order_by(THINGS.c.id)).scalars().all())
        assert ids == ["A-1", "A1", "B", "a", "z", "č"]
