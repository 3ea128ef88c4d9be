"""One run: a scene is played on a stage while faults happen; then everything must be as it would have been without.

A  play     files come twice, late, in pieces and any order; each conference is to be invoiced, by two at once; a period
            is closed meanwhile; invoices are credited and their calls charged anew; people call on a live bridge
B  disturb  kill at a step or at any moment, stop a replica or the bridge, lock a database, fill the disk, restart the
            server, kill the bridge mid-call
C  settle   until no run is live; what was refused because a piece had not come yet is asked again, as a clock would
D  check    checks.py
"""

from __future__ import annotations

import asyncio
import random
import signal
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from gateway.company import Company, open_company, queued
from gateway.config import Settings
from gateway.databases import StartError
from processes.close_period import subject_of
from processes.rules.refusal import Refusal
from processes.runner import RunFailed
from processes.stepping import TRANSIENT
from processes.wire import instant_to_wire
from sources.billing import Billing
from tests.company import ask
from tests.faults.checks import LIVE_RUN, conferences_of, issued_for, problems, untaken
from tests.faults.live import Calls, bridge_section, has_janus, hearing
from tests.faults.scene import BRIDGE, CLOSING, Scene, a_scene
from tests.faults.stage import Doom, OnPostgreSQL, OnSQLite, Workers, with_bridge
from tests.faults.worker import Kill

__all__ = ["Outcome", "run_once", "some_at_once"]

OPERATIONS = {
    "ReceiveCallRecords": 6,
    "UnassembledLegs": 8,
    "BookingsOfRooms": 4,
    "AssembleConferences": 4,
    "ConferenceToInvoice": 6,
    "TariffInForce": 5,
    "RecordCharges": 5,
    "RecordRatingExceptions": 1,
    "InvoicingOfDraft": 5,
    "BuyerOfInvoice": 2,
    "IssueInvoice": 2,
    "ClosePeriod": 1,
    "FinishPeriod": 1,
    "PeriodsToClose": 2,
    "ConferencesAfter": 3,
    "RecordChargesOfConferences": 2,
    "NoteInvoicingPosition": 2,
}
"""Steps at which a worker dies, and how often at most it comes to them in a run."""

OF_LIVE_CALLS = {
    "ClientToBookFor": 1,
    "CreateBooking": 1,
    "RecordCancellation": 1,
    "BookingToCharge": 1,
    "BookingToProvision": 2,
    "ProvisionRoom": 2,
    "RecordRoom": 1,
    "CloseRoom": 1,
    "RecordRoomClosed": 1,
    "PublishCall": 1,
    "EndedCalls": 5,
}
WHEN = ("before", "inside", "after")
LIVE, KILLED = 0.4, 0.5
LONGEST_SECONDS = 240.0
"""A run takes ten, on a machine that has nothing else to do."""

CREDIT = """mutation ($invoice: ID!, $key: ID!) {
  createCreditNote(invoice: $invoice, reason: "a fault campaign", idempotencyKey: $key) {
    __typename ... on Refused { code message }
  }
}"""

Disturb = Callable[[Workers, Settings], Awaitable[None]]


@dataclass(frozen=True)
class Outcome:
    """What happened in a run; `problems` is empty when all is well."""

    seed: int
    faults: tuple[str, ...]
    deaths: int
    problems: tuple[str, ...]
    log: str = ""
    seconds: float = 0.0


@dataclass
class Plan:
    """The faults of a run: what the workers do to themselves, and what is done to them and their databases."""

    dooms: list[Doom]
    disturbances: list[Disturb] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def disturb(self, name: str, disturbance: Disturb) -> None:
        self.disturbances.append(disturbance)
        self.told.append(name)


def planned(rng: random.Random, stage: OnSQLite | OnPostgreSQL, *, live: bool) -> Plan:
    operations = {**OPERATIONS, **(OF_LIVE_CALLS if live else {})}
    plan = Plan([Doom(some_kills(rng, operations)), Doom(some_kills(rng, operations))])
    plan.told += [str(kill) for doom in plan.dooms for kill in doom.kills]
    if rng.random() < 0.3:
        plan.disturb("kill at any time", killed(rng.randint(0, 1), rng.uniform(0.2, 6)))
    if rng.random() < 0.5:
        plan.disturb("SIGSTOP", stopped(rng.randint(0, 1), rng.uniform(0.5, 4), rng.uniform(3, 5)))
    if isinstance(stage, OnPostgreSQL):
        if rng.random() < 0.5:
            plan.disturb("restart", restarted(stage, rng.uniform(0.5, 5)))
        return plan
    if rng.random() < 0.4:
        system = rng.choice(["billing", "bridge", "processes", "steps", *(["reservations"] if live else [])])
        plan.disturb(f"lock {system}", locked(system, rng.uniform(0.5, 4), rng.choice([0.5, 2.0, 6.0])))
    if rng.random() < 0.4:
        at = rng.randint(0, 1)
        plan.dooms[at] = plan.dooms[at].starved(rng.uniform(0.2, 2), rng.uniform(0.5, 2))
        plan.told.append("disk full")
    return plan


def some_kills(rng: random.Random, operations: Mapping[str, int]) -> tuple[Kill, ...]:
    chosen = rng.sample(sorted(operations), 2)
    kills = [Kill(name, rng.choice(WHEN), rng.randint(1, operations[name]), rng.uniform(0, 0.02)) for name in chosen]
    return tuple(kills) if rng.random() < 0.8 else ()


def killed(at: int, since: float) -> Disturb:
    async def disturb(workers: Workers, _: Settings) -> None:
        await asyncio.sleep(since)
        workers.signal(at, signal.SIGKILL)

    return disturb


def stopped(at: int, since: float, seconds: float) -> Disturb:
    """Longer than a replica may be silent: its runs are taken over, and then it wakes up."""

    async def disturb(workers: Workers, _: Settings) -> None:
        await asyncio.sleep(since)
        workers.signal(at, signal.SIGSTOP)
        await asyncio.sleep(seconds)
        workers.signal(at, signal.SIGCONT)

    return disturb


def locked(system: str, since: float, seconds: float) -> Disturb:
    async def disturb(_: Workers, settings: Settings) -> None:
        await asyncio.sleep(since)
        connection = sqlite3.connect(settings.data / f"{system}.sqlite", isolation_level=None, timeout=0.1)
        try:
            with suppress(sqlite3.OperationalError):
                connection.execute("BEGIN IMMEDIATE")
                await asyncio.sleep(seconds)
                connection.execute("ROLLBACK")
        finally:
            connection.close()

    return disturb


def restarted(stage: OnPostgreSQL, since: float) -> Disturb:
    async def disturb(_: Workers, __: Settings) -> None:
        await asyncio.sleep(since)
        await asyncio.to_thread(stage.begin_again)

    return disturb


async def some_at_once(
    seeds: Iterable[int],
    stage: OnSQLite | OnPostgreSQL,
    folder: Path,
    *,
    at_once: int,
    tell: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """The runs of these seeds, each told as it is over; much of a run is waiting."""
    places = asyncio.Semaphore(at_once)

    async def one(seed: int) -> Outcome:
        async with places:
            outcome = await run_once(seed, stage, folder / f"run-{seed}")
            tell(outcome)
            return outcome

    return list(await asyncio.gather(*map(one, seeds)))


async def run_once(seed: int, stage: OnSQLite | OnPostgreSQL, folder: Path) -> Outcome:
    """Play the run of this seed."""
    begun, rng = time.monotonic(), random.Random(f"faults {seed}")
    live = rng.random() < LIVE and has_janus()
    scene, plan = a_scene(rng, stage.when, live=live), planned(rng, stage, live=live)
    async with AsyncExitStack() as stack:
        settings = stack.enter_context(stage.copied(folder))
        calls: Calls | None = None
        if live:
            janus, untidy = await hearing(stack, rng, folder)
            settings = with_bridge(settings, bridge_section(janus, folder))
        workers = Workers(folder, plan.dooms)
        workers.start()
        stack.callback(workers.stop)
        company = await opened(settings)
        stack.push_async_callback(company.close)
        if live:
            calls = Calls(company, janus, untidy, rng, insisted, is_killed=rng.random() < KILLED)
            plan.told.append("bridge killed" if calls.is_killed else "live calls")
        watch = asyncio.create_task(watched(workers))
        stack.callback(watch.cancel)
        if rng.random() < 0.8:  # else everything is asked for before anybody is there to do it
            await workers.until_one_works()
        found = await played_out(company, scene, plan, workers, settings, calls, rng)
        return Outcome(
            seed, tuple(plan.told), workers.deaths, tuple(found), workers.log if found else "", time.monotonic() - begun
        )


async def opened(settings: Settings) -> Company:
    """As soon as its databases are there: another run may have had the server restarted."""
    while True:
        try:
            return await asyncio.to_thread(partial(open_company, settings, executor=queued(settings)))
        except StartError:
            await asyncio.sleep(0.5)


async def played_out(
    company: Company,
    scene: Scene,
    plan: Plan,
    workers: Workers,
    settings: Settings,
    calls: Calls | None,
    rng: random.Random,
) -> list[str]:
    """What is wrong when all is over; that it isn't over is wrong too."""
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            disturbing = asyncio.gather(*(disturb(workers, settings) for disturb in plan.disturbances))
            await played(company, scene, rng, calls)
            await disturbing
            await settled(company, calls)
            await credited(company, scene, calls, rng)
            return await found_at_rest(company, scene, calls)
    except RunFailed as failed:
        return [f"what was asked for failed: {failed}"]
    except TimeoutError:
        live = [(run.id, run.state, run.waits_for) for run in await insisted(company.around.register.unfinished)]
        return [f"not settled after {LONGEST_SECONDS} s: {live}; {await insisted(partial(untaken, company, calls))}"]


async def found_at_rest(company: Company, scene: Scene, calls: Calls | None) -> list[str]:
    """The problems when no run is live; looked for again where a watch began one meanwhile."""
    while True:
        await settled(company, calls)
        found: list[str] = await insisted(partial(problems, company, scene, calls))
        if not any(LIVE_RUN in each for each in found):
            return found


async def watched(workers: Workers) -> None:
    while True:
        await asyncio.sleep(0.1)
        workers.replace_the_dead()


async def played(company: Company, scene: Scene, rng: random.Random, calls: Calls | None) -> None:
    imports = (
        import_piece(company, nth, *each) for nth, each in enumerate(zip(scene.pieces, scene.delays, strict=True))
    )
    invoices = (invoiced(company, each, f"{by}") for each in scene.conferences for by in ("a", "b"))
    all_of_it: list[Awaitable[Any]] = [*imports, *invoices, *closed_by_two(company, rng)]
    rng.shuffle(all_of_it)
    await asyncio.gather(*all_of_it, *([calls.play()] if calls else []))
    # A conference may have been invoiced before its last piece came: once more, as the reconciler would.
    await asyncio.gather(*(invoiced(company, each, "last") for each in scene.conferences))


async def import_piece(company: Company, nth: int, piece: str, delay: float) -> None:
    await asyncio.sleep(delay)
    input = {"format": "ASTERISK_CSV", "content": piece}
    await insisted(lambda: company.runner.answer("import-call-records", BRIDGE, input, key=f"p{nth}", caller="feed"))


async def invoiced(company: Company, conference: str, key: str) -> Mapping[str, Any] | Refusal:
    found: Mapping[str, Any] | Refusal = await insisted(
        lambda: company.runner.answer("invoice-call", conference, {}, key=f"{conference}{key}", caller=key)
    )
    return found


def closed_by_two(company: Company, rng: random.Random) -> Iterable[Awaitable[Any]]:
    """The period that is over, by people; the reconciler's watch starts it besides."""
    periods = company.databases["billing"]

    async def closed(by: str, since: float) -> None:
        await asyncio.sleep(since)
        [ended, *_] = await insisted(partial(Billing(periods).periods, [CLOSING[1]]))
        subject = subject_of(CLOSING[1], instant_to_wire(ended.starts_at))
        await insisted(lambda: company.runner.answer("close-period", subject, {}, key=by, caller=by))

    return [closed(by, rng.uniform(0, 3)) for by in ("x", "y")]


async def credited(company: Company, scene: Scene, calls: Calls | None, rng: random.Random) -> None:
    """Some of what was issued is taken back, each by two at once, and its calls are charged anew."""
    told = await insisted(partial(issued_for, company, conferences_of(scene, calls)))
    issued = sorted(told)
    for invoice in rng.sample(issued, min(len(issued), rng.randint(0, 2))):
        await asyncio.gather(*(insisted(partial(credit, company, invoice, by)) for by in ("x", "y")))
        again = (invoiced(company, each, f"after {invoice}") for each in sorted(told[invoice]))
        await asyncio.gather(*again)


class NotNow(Exception):
    """A system is down; `code` says which kind of down."""

    def __init__(self, codes: set[str]) -> None:
        super().__init__(", ".join(codes))
        self.code = next(iter(codes & TRANSIENT), "INTERNAL")


async def credit(company: Company, invoice: str, by: str) -> None:
    answer = await ask(company, CREDIT, invoice=invoice, key=f"{by} {invoice}")
    if answer.errors:
        raise NotNow(answer.codes)


async def insisted(ask: Callable[[], Awaitable[Any]]) -> Any:
    """Ask with the same key until there is an answer, as a patient client does."""
    while True:
        try:
            return await ask()
        except RunFailed as failed:
            if failed.extensions["code"] == "INTERNAL":
                raise
        except Exception as error:
            if getattr(error, "code", None) not in TRANSIENT:
                raise
        await asyncio.sleep(0.2)


async def settled(company: Company, calls: Calls | None) -> None:
    """Until no run is live, and every caller's leg is taken."""
    while True:
        left = await insisted(partial(untaken, company, calls))
        if not left and not await insisted(company.around.register.unfinished):
            return
        await asyncio.sleep(0.1)
