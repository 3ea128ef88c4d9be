"""How fast call records from files become period invoices on SQLite: `python -m tests.benchmarks.backlog 100000 --two`.

The way is that of `spojka import-cdr`, `spojka invoice-backlog` and `close-period`: the same mutations, with runs that
are written down. Printed are records a second of each stage and of all, by the clock and by the CPU (other work on the
machine costs the one and hardly the other), the memory at each tenth of importing and invoicing, the seconds of each
operation, and how many legs a second the pure rules price. The bookings are copies of the demo company's, all in one
month; a conference has four legs on average. Not run by the test suite: a busy machine tells nothing.

With `--two` another process imports while this one invoices, as `spojka feed` and `spojka work` do; this one closes
the periods then. Printed besides is what all of it comes to, from the first file to the last invoice.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from gateway.collecting import spare_what_stays
from gateway.company import Company, open_company
from gateway.config import Settings
from gateway.request import GraphQLRequest
from processes.catalogue import PROCESSES
from processes.close_period import subject_of
from processes.commands.catching_up import INVOICE_BACKLOG
from processes.commands.importing import IMPORT, LINES
from processes.graph import Graph
from processes.here import Here
from processes.rules.refusal import Refusal
from processes.rules.tariff import Leg, rate_conference
from processes.runner import Executor
from processes.stepping import Surroundings, operation_name
from processes.watches import PERIODS_TO_CLOSE
from processes.wire import instant_to_wire
from sources.records.reservations import Booking
from sources.reservations import Reservations
from sources.reservations.booking import COLUMNS
from tests.company import ALL_SCOPES
from tests.processes.rules.cases import a_tariff

BRIDGE = "pbx-praha"
NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)
MONTH = datetime(2026, 11, 1, 6, tzinfo=UTC)
CLOSING = datetime(2026, 12, 4, 18, tzinfo=UTC)
"""November is over, the time for late calls too."""

BOOKED = select(*COLUMNS).order_by(COLUMNS[0])
AT_ONCE = 1_000
LOOK_AGAIN = 1.0
"""Seconds until what is imported meanwhile is invoiced."""
MEBIBYTE = 1024 * 1024


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Timed:
    """The graph of runs; it counts the seconds of each operation, of the CPU."""

    graph: Graph
    seconds: Counter[str]

    async def execute(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        begun = time.process_time()
        try:
            return await self.graph.execute(document, variables)
        finally:
            self.seconds[operation_name(document)] += time.process_time() - begun


@dataclass
class Stages:
    """What each stage took, (by the clock, by the CPU), and the memory at each tenth of it."""

    took: dict[str, tuple[float, float]] = field(default_factory=dict)
    memory: dict[str, list[int]] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        begun, cpu = time.perf_counter(), time.process_time()
        yield
        self.took[name] = time.perf_counter() - begun, time.process_time() - cpu

    def at(self, name: str, done: float) -> None:
        """`done` is a part of 1."""
        known = self.memory.setdefault(name, [])
        if done * 10 >= len(known) + 1:
            known.append(resident())

    def tell(self, legs: int) -> None:
        self.took["all"] = tuple(map(sum, zip(*self.took.values(), strict=True)))  # type: ignore[assignment]
        for name, (seconds, cpu) in self.took.items():
            print(
                f"{name}: {legs / seconds:.0f} records/s ({seconds:.1f} s), {legs / cpu:.0f} by the CPU ({cpu:.1f} s)"
            )
        for name, tenths in self.memory.items():
            print(f"memory at each tenth of {name}, MiB: {' '.join(map(str, tenths))}")


def resident() -> int:
    """Of this process, in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // MEBIBYTE


async def copies(company: Company, count: int, chance: random.Random) -> list[Booking]:
    """Bookings of the demo company's clients, each in a room of its own in November."""
    database = company.databases["reservations"]
    found = await database.read(lambda connection: [Booking(*row) for row in connection.execute(BOOKED)])
    made = []
    for n in range(count):
        starts = MONTH + timedelta(days=n * 23 // count, minutes=chance.randrange(0, 12 * 60, 5))
        made.append(
            replace(
                chance.choice(found),
                ref=f"BK-2026-8{n:06}",
                room=f"8{n:06}",
                starts_at=starts,
                ends_at=starts + timedelta(hours=1),
                status="COMPLETED",
            )
        )
    await database.write(lambda connection: Reservations.fill(connection, bookings=made))
    return made


def files(bookings: list[Booking], legs: int, chance: random.Random) -> list[str]:
    """`Master.csv` in pieces, in order of the calls' ends, as a switch writes it."""
    lines: list[tuple[datetime, str]] = []
    while len(lines) < legs:
        booking = bookings[len(lines) * len(bookings) // legs]
        joined = booking.starts_at + timedelta(seconds=chance.randrange(600))
        left = joined + timedelta(seconds=chance.randrange(20, 3000))
        lines.append((left, line(len(lines), booking.room, joined, left)))
    written = [text for _, text in sorted(lines)]
    return ["".join(written[at : at + LINES]) for at in range(0, legs, LINES)]


def line(n: int, room: str, joined: datetime, left: datetime) -> str:
    seconds = int((left - joined).total_seconds())
    times = f'"{joined:%Y-%m-%d %H:%M:%S}","{joined:%Y-%m-%d %H:%M:%S}","{left:%Y-%m-%d %H:%M:%S}",{seconds},{seconds}'
    caller = f"420{600_000_000 + n}"
    return (
        f'"acct","{caller}","8001","conf","""Guest {n}"" <{caller}>","PJSIP/trunk-{n}","","ConfBridge",'
        f'"{room},default_bridge",{times},"ANSWERED","DOCUMENTATION","1795{n:06}.{n}",""\n'
    )


def rules_alone(legs: int, chance: random.Random) -> float:
    """Legs a second, in conferences of four."""
    made = []
    for n in range(legs):
        joined = MONTH + timedelta(minutes=n // 4, seconds=chance.randrange(600))
        made.append(Leg(str(n), "dial-in", joined, joined + timedelta(seconds=chance.randrange(20, 3000)), f"p{n}"))
    tariff = a_tariff(minimum="5.00")
    begun = time.process_time()
    for at in range(0, legs, 4):
        rate_conference(made[at : at + 4], tariff)
    return legs / (time.process_time() - begun)


async def measured(folder: Path, legs: int, *, two: bool = False) -> None:
    chance, clock, seconds, stages = random.Random(417), Clock(), Counter[str](), Stages()

    def timed(around: Surroundings) -> Executor:
        return Here(PROCESSES, replace(around, graph=Timed(around.graph, seconds)))

    company = await asyncio.to_thread(lambda: open_company(Settings(data=folder), clock=clock, executor=timed))
    pieces = files(await copies(company, legs // 4, chance), legs, chance)
    spare_what_stays()  # as the commands do
    begun, beside = time.perf_counter(), 0.0
    try:
        if two:
            with stages.stage("invoice"):
                tally, beside, begun = await invoiced_beside(company, folder, pieces, stages)
        else:
            with stages.stage("import"):
                await imported(company, pieces, stages)
            with stages.stage("invoice"):
                tally = await invoiced(company, stages)
        clock.now = CLOSING
        with stages.stage("close"):
            closed = await periods_closed(company)
    finally:
        await company.close()
    print(f"{len(pieces)} pieces; {dict(tally)}; periods closed: {dict(closed)}; load {os.getloadavg()[0]:.1f}")
    if two:
        whole, own = time.perf_counter() - begun, sum(cpu for _, cpu in stages.took.values())
        print(
            f"from the first file to the last invoice: {legs / whole:.0f} records/s ({whole:.1f} s), "
            f"{legs / max(own, beside):.0f} by the CPU of the busier process "
            f"(importing {beside:.1f} s, invoicing and closing {own:.1f} s)"
        )
    stages.tell(legs)
    print("seconds of the CPU by operation:")
    for name, cpu in seconds.most_common():
        print(f"  {name}: {cpu:.1f}")


async def imported(company: Company, pieces: list[str], stages: Stages) -> None:
    for n, content in enumerate(pieces, start=1):
        await ask(company, IMPORT, bridge=BRIDGE, format="ASTERISK_CSV", content=content)
        stages.at("import", n / len(pieces))


async def import_beside(folder: Path) -> None:
    """What the other process does: the pieces come on its input as JSON, what its CPU took goes to its output."""
    pieces = json.load(sys.stdin)
    company = await asyncio.to_thread(lambda: open_company(Settings(data=folder), clock=Clock()))
    spare_what_stays()
    begun = time.process_time()
    try:
        print("ready", flush=True)
        await imported(company, pieces[:1], Stages())
        print("begun", flush=True)
        await imported(company, pieces[1:], Stages())
    finally:
        await company.close()
    print(time.process_time() - begun)


async def invoiced_beside(
    company: Company, folder: Path, pieces: list[str], stages: Stages
) -> tuple[Counter[str], float, float]:
    """The tally, the seconds of the other process's CPU, and when it began with the first file."""
    other = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.benchmarks.backlog", "--import-into", str(folder)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert other.stdin is not None
    assert other.stdout is not None
    other.stdin.write(json.dumps(pieces).encode())
    await other.stdin.drain()
    other.stdin.close()
    await other.stdout.readline()
    begun = time.perf_counter()
    await other.stdout.readline()
    told = asyncio.create_task(other.stdout.read())
    tally: Counter[str] = Counter()
    while True:
        is_last = told.done()
        tally += await invoiced(company, stages)
        if is_last:
            assert await other.wait() == 0
            return tally, float(told.result()), begun
        await asyncio.wait([told], timeout=LOOK_AGAIN)


async def invoiced(company: Company, stages: Stages) -> Counter[str]:
    """What is there by now."""
    tally: Counter[str] = Counter()
    while True:
        answer = (await ask(company, INVOICE_BACKLOG, bridge=BRIDGE, first=AT_ONCE, key=uuid.uuid4().hex))[
            "invoiceBacklog"
        ]
        tally.update({name: answer[name] for name in ("charged", "held", "settled", "waiting")})
        stages.at("invoice", answer["lookedTo"] / answer["last"])
        if answer["isThrough"]:
            return tally


async def periods_closed(company: Company) -> Counter[str]:
    """Each that is due, once: how it ended."""
    tried: set[str] = set()
    ended: Counter[str] = Counter()
    while True:
        data = await ask(company, PERIODS_TO_CLOSE, at=instant_to_wire(company.clock()))
        due = [subject_of(each["account"]["number"], each["from"]) for each in data["periodsToClose"]]
        fresh = [subject for subject in due if subject not in tried]
        if not fresh:
            return ended
        for subject in fresh:
            answer = await company.runner.answer("close-period", subject, {}, key=subject, caller="benchmark")
            ended[answer.code if isinstance(answer, Refusal) else "issued" if answer else "empty"] += 1
        tried.update(fresh)


async def ask(company: Company, document: str, **variables: Any) -> dict[str, Any]:
    response = await company.answer(GraphQLRequest(query=document, variables=variables), ALL_SCOPES)
    assert not response.errors, response.errors
    data: dict[str, Any] = response.data
    return data


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("legs", type=int, nargs="?", default=100_000)
    parser.add_argument("--two", action="store_true", help="import in another process")
    parser.add_argument("--import-into", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.import_into:
        asyncio.run(import_beside(given.import_into))
        return
    print(f"rules alone: {rules_alone(100_000, random.Random(417)):.0f} legs/s of the CPU")
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measured(Path(folder), given.legs, two=given.two))


if __name__ == "__main__":
    main()
