"""One system's database: batches of work in, records out.

    database = Database("billing", "sqlite:///data/billing.sqlite")
    database.create(METADATA)                     # once, when the company is made; never by reading
    rows = await database.read(lambda connection: connection.execute(...).all())
    await database.write(record_charges)          # one transaction

`work` runs in a thread of this database's own, in one hop; it may run several statements and sees one snapshot.
A database that is only read, as a mapped one is (sources/mapping), has no connection that could write.
How each kind of database is opened, made and understood is in `engines.py` and `making.py`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, MetaData, event
from sqlalchemy.exc import DBAPIError

from sources.engines import Engines, open_engines
from sources.errors import MappingRefused, SystemBusy, SystemReadOnly
from sources.faults import DATABASE_ERRORS, as_source_error
from sources.keys import one_of
from sources.making import Fill, Part, create_together
from sources.mapping.mapped import Mapped

__all__ = ["Connection", "Database", "Fill", "one_of"]

T = TypeVar("T")

READING_THREADS = 4


class Database:
    """The database of `system`, which opens nothing until it is asked.

    A database that isn't there (yet, or any more) raises SystemUnavailable; a mapped one that isn't as its mapping
    says, MappingRefused.
    """

    def __init__(self, system: str, url: str, *, read_only: bool = False, mapped: Mapped | None = None) -> None:
        self.system = system
        self.statements = 0
        self.mapped = mapped
        self.is_read_only = read_only or mapped is not None
        self.engines: Engines = only_reading(open_engines(url)) if self.is_read_only else open_engines(url)
        self._counting = threading.Lock()
        self._readers = ThreadPoolExecutor(READING_THREADS, f"{system}-read")
        self._writers = ThreadPoolExecutor(self.engines.writers, f"{system}-write")
        for engine in {self.engines.read, self.engines.write}:
            event.listen(engine, "before_cursor_execute", self._count)
        if mapped is not None:
            mapped.attach(self.engines.read)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """What `work` answers on one snapshot; it can't write. Raises SystemUnavailable or SystemBusy."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self._reading, work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """What `work` answers, in one transaction: committed when it returns, rolled back when it raises.

        Raises SystemReadOnly, SystemUnavailable or SystemBusy; other errors of `work` (IntegrityError too) come through
        as they are.
        A caller that leaves is not waited for, but the write still happens: its thread would commit anyway, so it
        must not depend on how far the thread had come.
        """
        if self.is_read_only:
            raise SystemReadOnly(self.system)
        loop = asyncio.get_running_loop()
        return await asyncio.shield(loop.run_in_executor(self._writers, self._writing, work))

    def create(self, metadata: MetaData, fill: Fill | None = None) -> bool:
        """Make the tables, and what `fill` puts into them, whole or not at all. False when they were there before."""
        if self.is_read_only:
            raise SystemReadOnly(self.system)
        return create_together([Part(self.system, self.engines, metadata, fill)])

    def verify(self) -> None:
        """Look whether the database is there, and as its mapping says. Raises SystemUnavailable or MappingRefused."""
        self._reading(lambda connection: connection.exec_driver_sql("SELECT 1"))

    async def close(self) -> None:
        """Wait for what is in flight, then close every connection."""
        await asyncio.to_thread(self._close)

    def _reading(self, work: Callable[[Connection], T]) -> T:
        try:
            if self.mapped is not None:
                self.mapped.verify(self.engines.read)
            return self._once(self.engines.read, work)
        except DATABASE_ERRORS as error:
            if not (isinstance(error, DBAPIError) and error.connection_invalidated):
                raise self._meant(error) from error
        # The pooled connection was dead (a restarted server); reading again is harmless, and on a new connection.
        return self._mapped(self.engines.read, work)

    def _writing(self, work: Callable[[Connection], T]) -> T:
        return self._mapped(self.engines.write, work)

    def _mapped(self, engine: Engine, work: Callable[[Connection], T]) -> T:
        try:
            return self._once(engine, work)
        except DATABASE_ERRORS as error:
            raise self._meant(error) from error

    def _meant(self, error: Exception) -> Exception:
        """What an error of the driver's means; a mapped database may have been changed by its owner."""
        meant = as_source_error(self.system, error)
        if self.mapped is not None and not isinstance(meant, SystemBusy):
            try:
                self.mapped.look_again(self.engines.read)
            except MappingRefused as refused:
                return refused
            except DATABASE_ERRORS as another:
                return as_source_error(self.system, another)
        return meant

    def _once(self, engine: Engine, work: Callable[[Connection], T]) -> T:
        with engine.begin() as connection:
            return work(connection)

    def _count(self, *_: Any) -> None:
        with self._counting:
            self.statements += 1

    def _close(self) -> None:
        self._readers.shutdown(wait=True)
        self._writers.shutdown(wait=True)
        self.engines.dispose()


def only_reading(engines: Engines) -> Engines:
    """The same without a connection that can write."""
    engines.write.dispose()
    return replace(engines, write=engines.read)
