"""What IPP answers mean, from a server that says what it is told: what a real CUPS says seldom or never."""

from __future__ import annotations

import base64
import struct
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import web

from sources.errors import PrinterDown, PrinterRefused, SourceError
from sources.printers import IppPrinter, IppSettings

PASSWORD = "pa55-word"  # noqa: S105 - the test's own
PRINTER_GROUP, JOB_GROUP, INTEGER, ENUM, KEYWORD, NAME = 4, 2, 0x21, 0x23, 0x44, 0x42


def attribute(tag: int, name: str, value: int | str) -> bytes:
    content = struct.pack(">i", value) if isinstance(value, int) else value.encode()
    return struct.pack(">bh", tag, len(name)) + name.encode() + struct.pack(">h", len(content)) + content


def ipp(status: int, group: int = 0, *attributes: bytes) -> web.Response:
    head = struct.pack(">bbhi", 2, 0, status, 1) + b"\x01"
    head += attribute(0x47, "attributes-charset", "utf-8") + attribute(0x48, "attributes-natural-language", "en")
    body = head + (struct.pack(">b", group) + b"".join(attributes) if group else b"") + b"\x03"
    return web.Response(body=body, content_type="application/ipp")


def job(state: int, *, documents: int = 1, octets: int = 20, name: str = "CA-1-1") -> web.Response:
    return ipp(
        0,
        JOB_GROUP,
        attribute(INTEGER, "job-id", 7),
        attribute(NAME, "job-name", name),
        attribute(ENUM, "job-state", state),
        attribute(KEYWORD, "job-state-reasons", "none"),
        attribute(INTEGER, "number-of-documents", documents),
        attribute(INTEGER, "job-k-octets", octets),
    )


Answer = Callable[[web.Request], web.StreamResponse]


@asynccontextmanager
async def answering(answer: Answer, path: str = "/printers/letters", **more: str) -> AsyncIterator[IppPrinter]:
    async def handle(request: web.Request) -> web.StreamResponse:
        await request.read()
        return answer(request)

    application = web.Application()
    application.router.add_post(path, handle)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    printer = IppPrinter("letters", IppSettings(url=f"http://127.0.0.1:{port}", queue="letters", timeout=5, **more))
    try:
        yield printer
    finally:
        await printer.close()
        await runner.cleanup()


@pytest.mark.parametrize(
    ("response", "kind", "why"),
    [
        (lambda: ipp(0x040A), PrinterRefused, "it takes no PDF"),
        (lambda: ipp(0x0406), PrinterRefused, "there is no such queue"),
        (lambda: ipp(0x0403), PrinterRefused, "it doesn't let this user print"),
        (lambda: ipp(0x0499), PrinterRefused, "IPP status 0x0499"),
        (lambda: ipp(0x0507), PrinterDown, "it can't do it now"),
        (lambda: ipp(0x0506), PrinterDown, "it can't do it now"),
        (lambda: web.Response(status=401), PrinterRefused, "a user and a password"),
        (lambda: web.Response(status=404), PrinterRefused, "there is no such queue"),
        (lambda: web.Response(status=503), PrinterDown, "HTTP 503"),
        (lambda: web.Response(text="<html>"), PrinterDown, "its answer isn't IPP"),
    ],
)
async def test_answers_are_told_apart(response: Callable[[], web.Response], kind: type[SourceError], why: str) -> None:
    """What somebody has to change is refused; what may be better later is down; no answer's own words are passed on."""
    async with answering(lambda _: response(), password=PASSWORD) as printer:
        with pytest.raises(kind, match=why):
            await printer.create("CA-1-1")


@pytest.mark.parametrize(
    ("response", "state", "reason"),
    [
        (job(3), "PENDING", None),
        (job(4, documents=0), "PENDING", "its document hasn't come yet"),
        (job(7), "CANCELLED", None),
        (job(8), "FAILED", None),
        (job(9), "PRINTED", None),
        (job(9, documents=0), "PRINTED", None),
        (job(9, documents=0, octets=0), "FAILED", "the job was ended without its document"),
    ],
)
async def test_states_of_jobs(response: web.Response, state: str, reason: str | None) -> None:
    """IPP's numbers as our words; a job that a server ended for want of a document was not printed."""
    async with answering(lambda _: response) as printer:
        found = await printer.found("7", "CA-1-1")
        assert found is not None
        assert (found.state, found.reason) == (state, reason)


async def test_password_is_in_a_header_and_nowhere_else(caplog: pytest.LogCaptureFixture) -> None:
    """Not in the URL, not in an error with all its causes, not in a log, not in what is printed of the settings."""
    seen: list[web.Request] = []

    def refuse(request: web.Request) -> web.Response:
        seen.append(request)
        return ipp(0x0403)

    caplog.set_level("DEBUG")
    async with answering(refuse, user="anna", password=PASSWORD) as printer:
        with pytest.raises(PrinterRefused) as refused:
            await printer.create("CA-1-1")
        told = "".join(traceback.format_exception(refused.value)) + caplog.text + repr(printer.settings)
        assert PASSWORD not in told
        assert PASSWORD not in str(seen[0].url)
        assert seen[0].headers["Authorization"] == f"Basic {base64.b64encode(f'anna:{PASSWORD}'.encode()).decode()}"


async def test_https_is_believed_only_with_a_certificate() -> None:
    """A server whose certificate no authority signed is not printed to: letters are not for everybody's eyes."""
    async with answering(lambda _: ipp(0)) as plain:
        printer = IppPrinter("letters", replace(plain.settings, url=plain.settings.url.replace("http:", "https:")))
        context = printer._trust()
        assert (context.check_hostname, context.verify_mode.name) == (True, "CERT_REQUIRED")
        with pytest.raises(PrinterDown, match="can't be reached"):
            await printer.state()
        await printer.close()


async def test_a_printer_without_a_queue_is_asked_at_its_own_address() -> None:
    """As IPP printers are reached that are no CUPS; a queue's name leads nowhere else."""
    idle = ipp(0, PRINTER_GROUP, attribute(ENUM, "printer-state", 3))
    async with answering(lambda _: idle, "/ipp/print") as printer:
        own = replace(printer.settings, url=printer.settings.url + "/ipp/print", queue=None)
        alone = IppPrinter("letters", own)
        assert (await alone.state()).condition == "IDLE"
        await alone.close()
        tricked = IppPrinter("letters", replace(printer.settings, queue="../ipp/print"))
        with pytest.raises(PrinterRefused, match="no such queue"):
            await tricked.state()
        await tricked.close()
