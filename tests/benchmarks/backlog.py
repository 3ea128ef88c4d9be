"""How fast call records from files become charges on SQLite: `python -m tests.benchmarks.backlog [legs]`.

Prints records a second of each part and of all, the peak of memory before and after the second half of the invoicing,
and how many legs a second the pure rules price. The bookings are copies of the demo company's, all in one month; a
conference has four legs on average. Not run by the test suite: a busy machine tells nothing.
"""

from __future__ import annotations

import asyncio
import random
import resource
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from gateway.company import Company, open_company
from gateway.config import Settings
from processes.graph import Graph
from processes.import_call_records import import_call_records
from processes.invoice_backlog import invoice_backlog
from processes.rules.tariff import Leg, rate_conference
from processes.stepping import operation_name
from sources.records.reservations import Booking
from sources.reservations import Reservations
from sources.reservations.booking import COLUMNS
from tests.processes.rules.cases import a_tariff

BRIDGE = "pbx-praha"
NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)
MONTH = datetime(2026, 11, 1, 6, tzinfo=UTC)
LINES = 500
MEBIBYTE = 1024
BOOKED = select(*COLUMNS).order_by(COLUMNS[0])


@dataclass
class Timed:
    """A run over the graph that counts the seconds of each operation."""

    graph: Graph
    id: str = "invoice-backlog:pbx-praha:1"
    seconds: dict[str, float] = field(default_factory=dict)
    peaks: list[int] = field(default_factory=list)

    async def execute(
        self, document: str, variables: Mapping[str, Any], *, until: datetime | None = None
    ) -> dict[str, Any]:
        begun = time.perf_counter()
        answer = await self.graph.execute(document, variables)
        name = operation_name(document)
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begun
        self.peaks.append(peak())
        return answer

    async def now(self) -> datetime:
        return NOW

    async def wait(self, until: datetime, why: str) -> None: ...

    async def start(self, process: str, subject: str, input: Mapping[str, Any]) -> None: ...

    async def alarm(self, code: str, message: str) -> None: ...


def peak() -> int:
    """In MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // MEBIBYTE


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
    begun = time.perf_counter()
    for at in range(0, legs, 4):
        rate_conference(made[at : at + 4], tariff)
    return legs / (time.perf_counter() - begun)


async def measured(folder: Path, legs: int) -> None:
    chance = random.Random(417)
    company = await asyncio.to_thread(lambda: open_company(Settings(data=folder), clock=lambda: NOW))
    pieces = files(await copies(company, legs // 4, chance), legs, chance)
    graph = Timed(company.around.graph)
    try:
        begun = time.perf_counter()
        for n, piece in enumerate(pieces):
            await import_call_records(graph, BRIDGE, format="ASTERISK_CSV", content=piece, run=f"import:{n}")
        imported = time.perf_counter()
        graph.peaks.clear()
        tally = await invoice_backlog(graph, BRIDGE)
        over = time.perf_counter()
    finally:
        await company.close()
    print(f"{tally.summary}; peak {graph.peaks[len(graph.peaks) // 2]} MiB half way, {graph.peaks[-1]} MiB at the end")
    for what, seconds in (("import", imported - begun), ("invoice", over - imported), ("all", over - begun)):
        print(f"{what}: {legs / seconds:.0f} records/s ({seconds:.1f} s)")
    for name, seconds in sorted(graph.seconds.items(), key=lambda each: -each[1]):
        print(f"  {name}: {seconds:.1f} s")


def main() -> None:
    legs = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    print(f"rules alone: {rules_alone(100_000, random.Random(417)):.0f} legs/s")
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measured(Path(folder), legs))


if __name__ == "__main__":
    main()
