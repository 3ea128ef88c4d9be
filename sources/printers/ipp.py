"""CUPS, or any printer that speaks IPP (RFC 8011), by pyipp over http or https.

    create    Create-Job: an id, and no document yet
    send      Get-Job-Attributes, and Send-Document only where the job has this name and no document: a print server
              takes a second one without a word, and prints both
    found     Get-Job-Attributes by id, believed only where the name is the same: a server that lost its memory counts
              from an old number. Without an id, Get-Jobs by name
    state     Get-Printer-Attributes

A server that can't be reached or answers 5xx (busy, doesn't accept jobs) is PrinterDown: later it may. 4xx (no such
queue, no PDF, no credentials) is PrinterRefused: somebody has to change something. Credentials go into a header, never
into a URL.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import quote, urlsplit

import aiohttp
from pyipp import IPP
from pyipp.enums import IppOperation
from pyipp.exceptions import IPPConnectionError, IPPError, IPPResponseError

from sources.errors import PrinterDown, PrinterRefused
from sources.printers.printer import JobState, PrinterCondition, PrinterState, PrintState

__all__ = ["IppPrinter", "IppSettings", "ipp_printer"]

PORTS = {"http": 631, "https": 631}
NOT_FOUND = 0x0406
WHY: Mapping[int, str] = {
    0x0400: "it doesn't understand the request",
    0x0401: "it doesn't let this user print",
    0x0402: "it wants a user and a password",
    0x0403: "it doesn't let this user print",
    0x0404: "the job can't be changed any more",
    NOT_FOUND: "there is no such queue",
    0x0408: "the document is larger than it takes",
    0x040A: "it takes no PDF (application/pdf)",
    0x040B: "it can't do what the settings ask (media, sides, separator)",
}
HTTP_WHY = {
    401: "it wants a user and a password, or other ones",
    403: "it doesn't let this user print",
    404: "there is no such queue",
}
JOB_STATES: Mapping[int, JobState] = {
    3: "PENDING",
    4: "PENDING",
    5: "PRINTING",
    6: "PRINTING",
    7: "CANCELLED",
    8: "FAILED",
    9: "PRINTED",
}
CONDITIONS: Mapping[int, PrinterCondition] = {3: "IDLE", 4: "PRINTING", 5: "STOPPED"}
UNTOLD = frozenset({"none", "job-printing", "job-incoming", "job-queued", "job-completed-successfully"})
"""Reasons that say nothing more than the state does."""
JOB_ATTRIBUTES = (
    "job-id",
    "job-name",
    "job-state",
    "job-state-reasons",
    "job-printer-state-message",
    "number-of-documents",
    "job-k-octets",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class IppSettings:
    """`url` is a server's with `queue` (CUPS: one queue for each tray), or a printer's own address without.

    `separator` is a cover sheet of the server's (job-sheets), like "standard". `ca` is a PEM file.
    """

    url: str
    queue: str | None = None
    user: str = "spojka"
    password: str | None = field(default=None, repr=False)
    ca: str | None = None
    media: str | None = None
    sides: str | None = None
    separator: str | None = None
    timeout: float = 30.0


def ipp_printer(url: str, queue: str | None = None, *, id: str = "printer", **more: Any) -> IppPrinter:
    return IppPrinter(id, IppSettings(url=url, queue=queue, **more))


class IppPrinter:
    """`Printer` by IPP."""

    def __init__(self, id: str, settings: IppSettings) -> None:
        self.id = id
        self.settings = settings
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def create(self, name: str) -> str:
        settings = self.settings
        asked = {"media": settings.media, "sides": settings.sides, "job-sheets": settings.separator}
        template = {key: value for key, value in asked.items() if value is not None}
        message: dict[str, Any] = {"operation-attributes-tag": {"job-name": name}}
        if template:
            message["job-attributes-tag"] = template
        answer = await self._asked(IppOperation.CREATE_JOB, message)
        return str(first(answer, "jobs").get("job-id", ""))

    async def send(self, job: str, name: str, document: bytes) -> None:
        attributes = await self._job(job, name)
        if attributes is None:
            raise PrinterRefused(self.id, f"job {job} isn't the one called {name[:100]}")
        if documents_of(attributes) > 0:
            return
        about = {"job-id": int(job), "document-name": name, "document-format": "application/pdf", "last-document": True}
        await self._asked(IppOperation.SEND_DOCUMENT, {"operation-attributes-tag": about, "data": document})

    async def found(self, job: str | None, name: str) -> PrintState | None:
        if job is not None:
            attributes = await self._job(job, name)
            return None if attributes is None else await self._state_of(attributes)
        jobs = await self._jobs_called(name)
        if len(jobs) > 1:
            numbers = ", ".join(sorted(str(each.get("job-id")) for each in jobs))
            return PrintState("UNKNOWN", f"jobs {numbers} have this name: look which of them is right", len(jobs))
        return await self._state_of(jobs[0]) if jobs else None

    async def state(self) -> PrinterState:
        asked = (
            "printer-state",
            "printer-state-reasons",
            "printer-state-message",
            "printer-is-accepting-jobs",
            "printer-info",
        )
        message = {"operation-attributes-tag": {"requested-attributes": asked}}
        printer = first(await self._asked(IppOperation.GET_PRINTER_ATTRIBUTES, message), "printers")
        return PrinterState(
            CONDITIONS.get(number(printer.get("printer-state")), "STOPPED"),
            accepting=printer.get("printer-is-accepting-jobs") is not False,
            reasons=tuple(each for each in texts(printer.get("printer-state-reasons")) if each != "none"),
            message=str(printer.get("printer-state-message") or "") or None,
            about=f"IPP printer {self.settings.queue or ''} at {self.settings.url}".replace("  ", " "),
        )

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None and self._loop is asyncio.get_running_loop():
            await session.close()

    async def _state_of(self, job: Mapping[str, Any]) -> PrintState:
        documents = documents_of(job)
        state = JOB_STATES.get(number(job.get("job-state")), "UNKNOWN")
        reasons = [each for each in texts(job.get("job-state-reasons")) if each not in UNTOLD]
        if state in ("PENDING", "PRINTING") and documents == 0:
            reasons.append("its document hasn't come yet")
        elif state == "PRINTING" or "printer-stopped" in reasons:
            printer = await self.state()  # the job's own message stays what it was when paper has come again
            reasons += [each for each in printer.reasons if each not in reasons]
            if printer.reasons and (message := job.get("job-printer-state-message")):
                reasons.append(str(message))
        elif state == "PRINTED" and documents == 0 and not number(job.get("job-k-octets")):
            state, reasons = "FAILED", ["the job was ended without its document"]
        told = None if state == "PRINTED" else ", ".join(reasons) or None  # CUPS leaves old reasons on what is done
        return PrintState(state, told, documents, str(job.get("job-id")))

    async def _job(self, job: str, name: str) -> dict[str, Any] | None:
        """None where there is no such job, or one of another name. Raises PrinterRefused where there is no queue."""
        if not (job.isascii() and job.isdigit()) or not 0 < int(job) < 2**31:
            return None
        about = {"job-id": int(job), "requested-attributes": JOB_ATTRIBUTES}
        try:
            answer = await self._answer(IppOperation.GET_JOB_ATTRIBUTES, {"operation-attributes-tag": about})
        except IPPError as error:
            if status_of(error) != NOT_FOUND:
                raise self._told(error) from error
            await self.state()  # no such job, or no such queue: the printer knows
            return None
        found = first(answer, "jobs")
        return found if found.get("job-name") == name else None

    async def _jobs_called(self, name: str) -> list[dict[str, Any]]:
        found: dict[object, dict[str, Any]] = {}
        for which in ("not-completed", "completed"):
            about = {"which-jobs": which, "requested-attributes": JOB_ATTRIBUTES}
            answer = await self._asked(IppOperation.GET_JOBS, {"operation-attributes-tag": about})
            found.update({job.get("job-id"): job for job in answer.get("jobs") or () if job.get("job-name") == name})
        return list(found.values())

    async def _asked(self, operation: IppOperation, message: dict[str, Any]) -> dict[str, Any]:
        try:
            return await self._answer(operation, message)
        except IPPError as error:
            raise self._told(error) from error

    async def _answer(self, operation: IppOperation, message: dict[str, Any]) -> dict[str, Any]:
        message["operation-attributes-tag"] = {
            "requesting-user-name": self.settings.user,
            **message["operation-attributes-tag"],
        }
        try:
            return await self._client().execute(operation, message)
        except (aiohttp.ClientError, TimeoutError) as error:  # while the answer was read, which pyipp doesn't expect
            raise IPPConnectionError("the connection broke") from error

    def _client(self) -> IPP:
        settings, parts = self.settings, urlsplit(self.settings.url)
        path = parts.path or "/"
        if settings.queue is not None:
            path = f"{path.rstrip('/')}/printers/{quote(settings.queue, safe='')}"
        secure = parts.scheme in ("https", "ipps")
        return IPP(
            host=parts.hostname or "",
            port=parts.port or PORTS.get(parts.scheme, 631),
            base_path=path,
            tls=secure,
            request_timeout=cast("int", settings.timeout),
            session=self._opened(),
            verify_ssl=cast("bool", self._trust() if secure else True),
        )

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.settings.ca)

    def _opened(self) -> aiohttp.ClientSession:
        """One for each event loop: connections belong to the loop that opened them."""
        loop = asyncio.get_running_loop()
        if self._session is None or self._session.closed or self._loop is not loop:
            timeout = aiohttp.ClientTimeout(total=self.settings.timeout)
            # A connection for each request: on one that the server closed meanwhile, it can't be told what was done.
            connector = aiohttp.TCPConnector(force_close=True)
            self._session = aiohttp.ClientSession(
                timeout=timeout, connector=connector, headers=self._credentials(), trust_env=False
            )
            self._loop = loop
        return self._session

    def _credentials(self) -> dict[str, str]:
        if self.settings.password is None:
            return {}
        return {"Authorization": aiohttp.encode_basic_auth(self.settings.user, self.settings.password, "utf-8")}

    def _told(self, error: IPPError) -> PrinterDown | PrinterRefused:
        """What a person can do about it. The error's own words may have what was sent, and stay in the log."""
        status = status_of(error)
        if isinstance(error, IPPResponseError):
            why = HTTP_WHY.get(status, f"it answers with HTTP {status}")
            return PrinterRefused(self.id, why) if 400 <= status < 500 else PrinterDown(self.id, why)
        if isinstance(error, IPPConnectionError):
            return PrinterDown(self.id, "the print server can't be reached, or doesn't answer in time")
        if 0x0400 <= status < 0x0500:
            return PrinterRefused(self.id, WHY.get(status, f"it answers with IPP status 0x{status:04X}"))
        if status:
            return PrinterDown(self.id, f"it can't do it now (IPP status 0x{status:04X})")
        return PrinterDown(self.id, "its answer isn't IPP: is this the address of a printer?")


def status_of(error: IPPError) -> int:
    """Of IPP, or of HTTP for an IPPResponseError; 0 where there is none."""
    return number(error.args[1].get("status-code")) if len(error.args) > 1 and isinstance(error.args[1], dict) else 0


def first(answer: Mapping[str, Any], what: str) -> dict[str, Any]:
    found = answer.get(what) or [{}]
    return dict(found[0])


def texts(value: object) -> list[str]:
    """An attribute of one value or several."""
    if value is None:
        return []
    return [str(each) for each in value] if isinstance(value, list | tuple | set) else [str(value)]


def number(value: object) -> int:
    return int(value) if isinstance(value, int) else 0


def documents_of(job: Mapping[str, Any]) -> int:
    return number(job.get("number-of-documents"))
