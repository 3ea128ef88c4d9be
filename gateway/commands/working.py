"""The command `spojka work`: carries out the runs of processes, and starts what nobody started.

    A  executor   takes runs from the queue, on DBOS (processes/durable.py)
    B  heartbeat  says that it is alive; the runs of one that has fallen silent go back to the queue
    C  reconciler looks for work that nobody started or finished (processes/reconcile.py)

Several may work on one company; each run is taken by one of them. `serve` starts one when the company is its own.
"""

import asyncio
import contextlib
import logging
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import click

from gateway.collecting import sparing_what_stays
from gateway.commands.reading import settings_for
from gateway.commands.watching import watching_bridges
from gateway.company import AUDIT, Company, open_company
from gateway.config import Settings
from gateway.databases import durable_engine
from gateway.doors.audit import AuditLog
from processes.catalogue import PROCESSES
from processes.durable import VERSION, Durable, Queue
from processes.reconcile import Reconciler, Watch
from processes.runner import SILENT_AFTER, Queued
from processes.watches import WATCHES
from sources.errors import SourceError
from sources.records.processes import Executor

__all__ = ["work", "working"]

BEAT_SECONDS = 2.0
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)

_log = logging.getLogger("spojka.processes")


@click.command()
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("data"),
    show_default=True,
    help="The directory of the systems' databases; made and filled with a demo company where it is missing.",
)
@click.option(
    "--beside", is_flag=True, hidden=True, help="End when standard input is closed: whoever started it is gone."
)
def work(data: Path, beside: bool) -> None:
    """Carry out the runs of processes, until it is told to stop."""
    settings = settings_for(data)
    asyncio.run(_work(settings, beside=beside))


async def _work(settings: Settings, *, beside: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if beside:
        loop.add_reader(sys.stdin.fileno(), partial(_at_its_end, stop))
    async with working(settings) as executor:
        with sparing_what_stays():
            click.echo(f"Spojka works as {executor} (Ctrl+C stops it)")
            await stop.wait()


def _at_its_end(stop: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 1024):
        stop.set()


@asynccontextmanager
async def working(
    settings: Settings,
    *,
    silent_after: timedelta = SILENT_AFTER,
    watches: Sequence[Watch] = WATCHES,
    seen_as: Callable[[Company], Company] = lambda it: it,
) -> AsyncIterator[str]:
    """An executor of the company that `settings` name, at work; its id.

    One that has not been heard of for `silent_after` is thought dead. `seen_as` may put something before the company.
    """
    audit = AuditLog(settings.data / AUDIT, settings.audit)
    engine = durable_engine(settings)
    queue = Queue(engine)
    opened = await asyncio.to_thread(partial(open_company, settings, witness=audit, executor=lambda _: Queued(queue)))
    company = seen_as(opened)
    name = f"{os.uname().nodename}-{os.getpid()}-{secrets.token_hex(4)}"
    durable = Durable(name, PROCESSES, company.around, engine=engine, queue=queue)
    # Known before it takes its first run: who dies with runs and was never known leaves them to nobody.
    await _entered(company, Executor(name, VERSION, company.clock(), company.clock()))
    await durable.launch()
    bridges = watching_bridges(settings, company.databases["bridge"], clock=company.clock)
    tasks = [
        asyncio.create_task(_beating(name, company, durable, silent_after)),
        asyncio.create_task(Reconciler(company.around, queue, watches).run()),
    ]
    try:
        async with bridges:
            yield name
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await durable.close()
        with contextlib.suppress(SourceError):
            await company.around.register.beat(Executor(name, VERSION, company.clock(), _LONG_AGO))  # take over at once
        await company.close()
        engine.dispose()
        audit.close()


async def _entered(company: Company, executor: Executor) -> None:
    """In the register; while that is down no run could be carried out anyway."""
    while True:
        try:
            return await company.around.register.beat(executor)
        except SourceError as error:
            _log.warning("the register of runs doesn't answer: %s", error)
        await asyncio.sleep(BEAT_SECONDS / 4)


async def _beating(name: str, company: Company, durable: Durable, silent_after: timedelta) -> None:
    """Alive, every so often; and whoever isn't any more has left runs behind."""
    register, begun = company.around.register, company.clock()
    while True:
        now = company.clock()
        try:
            await register.beat(Executor(name, VERSION, begun, now))
            dead = [each.id for each in await register.silent(now - silent_after) if each.id != name]
            # Asked for before who is known: whoever comes meanwhile is known before it has runs.
            owners = await durable.owners()
            orphaned = owners - {each.id for each in await register.executors()}
            await durable.regain(silent_after.total_seconds())
            if left := sorted({*dead, *orphaned}):
                await durable.take_over(left)
                for each in dead:
                    await register.forget(each)
        except SourceError as error:
            _log.warning("the register of runs doesn't answer: %s", error)
        except Exception as error:  # what keeps the steps of runs has errors of its own
            _log.warning("runs of others can't be looked at now (%s)", type(error).__name__)
        await asyncio.sleep(min(BEAT_SECONDS, silent_after.total_seconds() / 4))
