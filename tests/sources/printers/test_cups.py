"""Letters through a real CUPS: in order and byte for byte; out of paper, jam, crash; nothing twice, nothing lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest

from sources.errors import PrinterDown, PrinterRefused
from sources.printers import IppPrinter, PrintState, ipp_printer
from tests.cups import Cups, running_cups
from tests.postgresql import free_port

pytestmark = pytest.mark.service


@pytest.fixture
def cups() -> Iterator[Cups]:
    """A print server of a test's own."""
    with running_cups() as running:
        yield running


@asynccontextmanager
async def printer_on(cups: Cups, queue: str = "letters") -> AsyncIterator[IppPrinter]:
    printer = ipp_printer(cups.url, queue, id="letters")
    try:
        yield printer
    finally:
        await printer.close()


def document(number: int) -> bytes:
    return b"%PDF-1.7 letter " + str(number).encode() * 200 + b"\n%%EOF\n" + bytes(range(256))


async def handed_over(printer: IppPrinter, numbers: range) -> list[tuple[str, str]]:
    """(job, name) of each."""
    jobs = []
    for number in numbers:
        name = f"CA-1-{number}"
        jobs.append((await printer.create(name), name))
        await printer.send(*jobs[-1], document(number))
    return jobs


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110 - another process makes it so
            await asyncio.sleep(0.05)


async def followed(printer: IppPrinter, job: tuple[str, str], state: str, reason: str = "") -> PrintState:
    """The job's state, once it is this one and tells that reason."""
    async with asyncio.timeout(60):
        while True:
            found = await printer.found(*job)
            if found is not None and found.state == state and reason in (found.reason or ""):
                return found
            await asyncio.sleep(0.05)


async def test_100_letters_come_out_in_order_and_byte_for_byte(cups: Cups) -> None:
    """Paper runs out after ten: the eleventh waits and says why; refilled, all go on by themselves, each once."""
    cups.be("empty", after=10)
    async with printer_on(cups) as printer:
        assert (await printer.state()).condition == "IDLE"
        jobs = await handed_over(printer, range(100))
        waiting = await followed(printer, jobs[10], "PRINTING", "media-empty-error")
        assert (waiting.documents, waiting.job) == (1, jobs[10][0])
        assert "media-empty-error" in (await printer.state()).reasons
        assert (await printer.found(*jobs[11])) == PrintState("PENDING", None, 1, jobs[11][0])
        assert len(cups.printed()) == 10
        cups.stop_being("empty")
        await followed(printer, jobs[-1], "PRINTED")
        assert cups.printed() == [document(number) for number in range(100)]
        assert {(await printer.found(*job)) for job in jobs} == {PrintState("PRINTED", None, 1, job) for job, _ in jobs}


async def test_jam_stops_the_queue_and_a_person_lets_it_go_on(cups: Cups) -> None:
    """The letter waits for the printer, which still takes others; the one that a person cancels isn't printed."""
    cups.be("jam")
    async with printer_on(cups) as printer:
        (first,) = await handed_over(printer, range(1))
        jammed = await followed(printer, first, "PENDING", "printer-stopped")
        assert "media-jam-error" in (jammed.reason or "")
        state = await printer.state()
        assert (state.condition, state.accepting) == ("STOPPED", True)
        second, third = await handed_over(printer, range(1, 3))
        cups.command("cancel", second[0])
        assert (await followed(printer, second, "CANCELLED")).job == second[0]
        cups.stop_being("jam")
        cups.command("cupsenable", "letters")
        await followed(printer, third, "PRINTED")
        assert cups.printed() == [document(0), document(2)]


async def test_kill_9_loses_nothing_that_was_handed_over(cups: Cups) -> None:
    """What is queued is printed by the server that comes back, once each; meanwhile it is down, and nothing else.

    A job that was created and got no document is still there, and takes it; a document that came isn't taken twice.
    """
    cups.be("empty", after=2)
    async with printer_on(cups) as printer:
        jobs = await handed_over(printer, range(5))
        await until(lambda: len(cups.printed()) == 2)
        bare = (await printer.create("CA-1-5"), "CA-1-5")
        assert await printer.found(*bare) == PrintState("PENDING", "its document hasn't come yet", 0, bare[0])
        cups.kill()
        for ask in (printer.state(), printer.found(*bare), printer.create("CA-1-6"), printer.send(*bare, document(5))):
            with pytest.raises(PrinterDown, match="can't be reached"):
                await ask
        cups.start()
        found = await printer.found(None, "CA-1-5")
        assert (found and found.job, found and found.documents) == (bare[0], 0)
        for _ in range(2):
            await printer.send(*bare, document(5))
        cups.stop_being("empty")
        await followed(printer, bare, "PRINTED")
        assert cups.printed() == [document(number) for number in range(6)]
        assert await printer.found(*jobs[0]) == PrintState("PRINTED", None, 1, jobs[0][0])


async def test_a_job_id_that_was_handed_out_again_is_not_ours() -> None:
    """A server as it comes forgets what was queued and counts from an old number: the name tells jobs apart."""
    with running_cups(careless=True) as cups:
        cups.command("cupsdisable", "letters")
        async with printer_on(cups) as printer:
            (lost,) = await handed_over(printer, range(1))
            cups.kill()
            cups.start()
            assert await printer.found(*lost) is None
            cups.command("cupsdisable", "letters")
            other = (await printer.create("CA-2-1"), "CA-2-1")
            assert other[0] == lost[0]
            assert await printer.found(*lost) is None
            assert await printer.found(None, lost[1]) is None
            with pytest.raises(PrinterRefused, match="isn't the one called CA-1-0"):
                await printer.send(*lost, document(0))
            await printer.create("CA-2-1")
            twice = await printer.found(None, "CA-2-1")
            assert (twice and twice.state, twice and twice.documents) == ("UNKNOWN", 2)


async def test_what_is_wrong_is_told_apart(cups: Cups) -> None:
    """A wrong queue is refused, a server that is down is down; no such job is none."""
    async with printer_on(cups) as printer, printer_on(cups, "nowhere") as wrong:
        assert await printer.found("4711", "CA-1-1") is None
        assert await printer.found("none", "CA-1-1") is None
        for ask in (wrong.state(), wrong.create("CA-1-1"), wrong.found("1", "CA-1-1")):
            with pytest.raises(PrinterRefused, match="no such queue"):
                await ask
        cups.command("cupsreject", "letters")
        with pytest.raises(PrinterDown, match="can't do it now"):
            await printer.create("CA-1-1")
    nobody = ipp_printer(f"http://127.0.0.1:{free_port()}", "letters")
    with pytest.raises(PrinterDown, match="can't be reached"):
        await nobody.state()
    await nobody.close()


async def test_whatever_a_job_is_called_it_is_found_by_that_name(cups: Cups) -> None:
    """Paths, shell, letters beyond ASCII: a real server prints it, and its backend does nothing that the name says."""
    names = ["../../etc/passwd", f"$(touch {cups.folder}/out/x.pdf) `id`", "-o raw; rm -rf *", "Řehoř Šťastný " * 8]
    async with printer_on(cups) as printer:
        for number, name in enumerate(names):
            job = (await printer.create(name), name)
            await printer.send(*job, document(number))
            assert (await followed(printer, job, "PRINTED")).documents == 1
        assert cups.printed() == [document(number) for number in range(len(names))]
