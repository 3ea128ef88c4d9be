"""An SMTP server: messages one after the other, in sessions of limited length; its answers made into outcomes.

A. A session is opened when a message needs one: encrypted (STARTTLS unless settings say otherwise), logged in.
B. MAIL, RCPT. Whatever happens here, the message hasn't been handed over: 4xx DEFERRED, 5xx REFUSED. If the session
   ends (421, `452 4.5.3` too many messages, connection lost) that is no failure of the message: it goes into a new one.
C. DATA. 2xx ACCEPTED, 4xx DEFERRED, 5xx REFUSED. No answer: UNKNOWN, and never sent again by itself.
D. After a refusal RSET, so that the next message begins anew.

A server that refuses our sender (5xx to MAIL) refuses us, not a recipient: PostUnavailable, as when it is down.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPConnectResponseError,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPTimeoutError,
)

from sources.errors import PostUnavailable
from sources.post.mailer import Delivery, Mailer, Message, Origin, Outcome, Told
from sources.post.mime import Ready
from sources.post.pace import Pace
from sources.post.sending import Clock, deliver_each, utc_now

__all__ = ["Encryption", "SmtpSettings", "shown", "smtp_mailer", "tls_context"]

Encryption = Literal["starttls", "tls", "none"]

LONGEST_TEXT = 500
MOST_LOST = 3
"""So many messages in a row whose sessions were lost, each in a new one: the server is as good as down."""
_SERVICE_CLOSING = 421
_STORAGE = (452, 552)
_TOO_MANY = re.compile(r"4\.5\.3\b")
_TOO_LARGE = re.compile(r"5\.(?:3\.4|2\.3)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """Where the server is. `timeout` is for one answer, `answer_timeout` for that to a whole message.

    `ca` is a file of certificates (PEM) that are believed besides the system's. Without a `username` nobody logs in.
    """

    host: str
    port: int
    encryption: Encryption = "starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: Path | None = None
    per_session: int = 100
    per_minute: int = 600
    timeout: timedelta = timedelta(seconds=30)
    answer_timeout: timedelta = timedelta(minutes=5)


def smtp_mailer(settings: SmtpSettings, *, origin: Origin, clock: Clock = utc_now, pace: Pace | None = None) -> Mailer:
    """A mailer that hands messages to the server. Nothing is opened before one comes."""
    return _SmtpMailer(settings, origin, clock, pace or Pace(settings.per_minute))


class _SmtpMailer:
    def __init__(self, settings: SmtpSettings, origin: Origin, clock: Clock, pace: Pace) -> None:
        self._settings = settings
        self._origin = origin
        self._clock = clock
        self._pace = pace

    async def send(self, messages: Sequence[Message], *, told: Told | None = None) -> Sequence[Delivery]:
        sessions = _Sessions(self._settings, self._origin)

        async def deliver(ready: Ready) -> Delivery:
            await self._pace.turn()
            return await sessions.deliver(ready)

        try:
            return await deliver_each(messages, self._origin, self._clock, deliver, told)
        finally:
            await sessions.end()

    async def greeted(self) -> str:
        settings = self._settings
        smtp = await _connected(settings, self._origin)
        await _quit(smtp, settings)
        how = {"none": "in the clear", "starttls": "by STARTTLS", "tls": "by TLS"}[settings.encryption]
        whom = f" and lets {settings.username} in" if settings.username else ""
        return f"{settings.host}:{settings.port} greets {how}{whom}"

    async def close(self) -> None:
        """No session outlives `send`."""


class _SessionOver(Exception):
    """The server ended the session, or it was lost, before the message was handed over."""

    def __init__(self, code: int | None, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class _Sessions:
    """The sessions of one `send`, one at a time."""

    def __init__(self, settings: SmtpSettings, origin: Origin) -> None:
        self._settings = settings
        self._origin = origin
        self._open: SMTP | None = None
        self._sent = 0
        self._lost = 0

    async def deliver(self, ready: Ready) -> Delivery:
        """Raises PostUnavailable where there is no session to be had, or too many were lost."""
        while True:
            smtp = await self._session()
            is_new = self._sent == 0
            self._sent += 1
            try:
                delivery = await self._transferred(smtp, ready)
            except _SessionOver as over:
                self._drop()
                if not is_new:
                    continue
                self._lost += 1
                if self._lost >= MOST_LOST:
                    raise PostUnavailable(f"the mail server ends every session: {over.text}") from over
                return _delivery(ready, Outcome.DEFERRED, over.code, over.text)
            self._lost = 0
            return delivery

    async def end(self) -> None:
        """QUIT, if it can be said."""
        smtp, self._open = self._open, None
        if smtp is not None:
            await _quit(smtp, self._settings)

    def _drop(self) -> None:
        smtp, self._open = self._open, None
        if smtp is not None:
            smtp.close()

    async def _session(self) -> SMTP:
        """A. The one that is open, if it may take one more message."""
        if self._open is not None and (self._sent >= self._settings.per_session or not self._open.is_connected):
            await self.end()
        if self._open is None:
            self._open, self._sent = await _connected(self._settings, self._origin), 0
        return self._open

    async def _transferred(self, smtp: SMTP, ready: Ready) -> Delivery:
        needs_utf8 = ready.recipient.needs_utf8
        if needs_utf8 and not smtp.supports_extension("smtputf8"):
            told = "the mail server takes no addresses with letters like ž before the @ (it has no SMTPUTF8)"
            return _delivery(ready, Outcome.REFUSED, None, told)
        try:
            await smtp.mail(ready.return_path, options=_options(smtp, ready, needs_utf8))
            await smtp.rcpt(ready.recipient.address, encoding="utf-8" if needs_utf8 else "ascii")
        except SMTPSenderRefused as refused:  # B
            if refused.code // 100 == 5 and not _is_too_large(refused):
                raise PostUnavailable(f"the mail server refuses our sender: {_told(refused)}") from refused
            return await self._refused(smtp, ready, refused)
        except SMTPRecipientRefused as refused:
            return await self._refused(smtp, ready, refused)
        except SMTPResponseException as strange:
            raise _SessionOver(
                None, f"the mail server's answer can't be understood: {shown(strange.message)}"
            ) from strange
        except (SMTPException, OSError) as lost:
            raise _SessionOver(None, _lost(lost)) from lost
        return await self._handed_over(smtp, ready)

    async def _handed_over(self, smtp: SMTP, ready: Ready) -> Delivery:
        """C."""
        try:
            answer = await smtp.data(ready.content, timeout=self._settings.answer_timeout.total_seconds())
        except SMTPDataError as refused:
            if refused.code // 100 == 2:
                return _delivery(ready, Outcome.ACCEPTED, refused.code, refused.message)
            if refused.code // 100 in (4, 5):
                return await self._refused(smtp, ready, refused)
            self._drop()
            return _unknown(ready, f"answered with {refused.code} {shown(refused.message)}")
        except (SMTPException, OSError) as lost:
            self._drop()
            return _unknown(ready, _lost(lost))
        return _delivery(ready, Outcome.ACCEPTED, answer.code, answer.message)

    async def _refused(self, smtp: SMTP, ready: Ready, refused: SMTPResponseException) -> Delivery:
        """D. What the server said of the message; a new session where it said it of this one."""
        if refused.code == _SERVICE_CLOSING or (refused.code in _STORAGE and _TOO_MANY.search(refused.message)):
            raise _SessionOver(refused.code, refused.message)
        try:
            await smtp.rset()
        except (SMTPException, OSError):
            self._drop()
        outcome = Outcome.REFUSED if refused.code // 100 == 5 else Outcome.DEFERRED
        return _delivery(ready, outcome, refused.code, refused.message)


async def _connected(settings: SmtpSettings, origin: Origin) -> SMTP:
    """A new session. Raises PostUnavailable; what the server says to a password is not repeated."""
    try:
        context = None if settings.encryption == "none" else await asyncio.to_thread(tls_context, settings.ca)
    except OSError as error:
        raise PostUnavailable("the file of certificates (ca) can't be read") from error
    smtp = SMTP(
        hostname=settings.host,
        port=settings.port,
        username=settings.username,
        password=settings.password,
        local_hostname=origin.domain,
        timeout=settings.timeout.total_seconds(),
        use_tls=settings.encryption == "tls",
        start_tls=settings.encryption == "starttls",
        tls_context=context,
    )
    try:
        await smtp.connect()
        if smtp.is_ehlo_or_helo_needed:
            await smtp.ehlo()
    except SMTPAuthenticationError as refused:
        smtp.close()
        raise PostUnavailable(f"the mail server refuses our name and password ({refused.code})") from None
    except (SMTPException, OSError) as error:
        smtp.close()
        raise PostUnavailable(_why(error, settings)) from error
    return smtp


async def _quit(smtp: SMTP, settings: SmtpSettings) -> None:
    with contextlib.suppress(SMTPException, OSError):
        await smtp.quit(timeout=min(settings.timeout.total_seconds(), 5))
    smtp.close()


def tls_context(ca: Path | None) -> ssl.SSLContext:
    """Certificates are looked at, names too. OSError where `ca` can't be read."""
    context = ssl.create_default_context()
    if ca is not None:
        context.load_verify_locations(ca)
    return context


def _why(error: BaseException, settings: SmtpSettings) -> str:
    chain: list[BaseException] = []
    each: BaseException | None = error
    while each is not None and each not in chain:
        chain.append(each)
        each = each.__cause__ or each.__context__
    for one in chain:
        if isinstance(one, ssl.SSLCertVerificationError):
            return f"the mail server's certificate isn't believed: {one.verify_message}"
    if isinstance(error, SMTPConnectResponseError):
        return f"the mail server answers {_told(error)}"
    if isinstance(error, SMTPTimeoutError | TimeoutError):
        return "the mail server doesn't answer in time"
    if isinstance(error, SMTPException) and "STARTTLS" in str(error).upper():
        return 'the mail server offers no STARTTLS: a relay on this machine may do without (encryption = "none")'
    if settings.username is not None and "auth" in str(error).lower():
        return "the mail server lets nobody log in on this connection"
    if isinstance(error, SMTPResponseException):
        return f"the mail server answers {_told(error)}"
    return f"the mail server can't be reached ({type(error).__name__})"


def _options(smtp: SMTP, ready: Ready, needs_utf8: bool) -> list[str]:
    """SIZE (RFC 1870); RET and ENVID (RFC 3461): bounces with headers alone, and with our Message-ID in yet a place."""
    options = [f"SIZE={len(ready.content)}"] if smtp.supports_extension("size") else []
    if smtp.supports_extension("dsn"):
        options += ["RET=HDRS", f"ENVID={_xtext(ready.message_id.strip('<>'))}"]
    if needs_utf8:
        options.append("SMTPUTF8")
    return options


def _xtext(text: str) -> str:
    return "".join(f"+{ord(each):02X}" if each in "+=" else each for each in text)


def _is_too_large(refused: SMTPResponseException) -> bool:
    return refused.code == 552 or _TOO_LARGE.search(refused.message) is not None


def _delivery(ready: Ready, outcome: Outcome, code: int | None, text: str) -> Delivery:
    return Delivery(message_id=ready.message_id, outcome=outcome, code=code, text=shown(text))


def _unknown(ready: Ready, how: str) -> Delivery:
    told = f"it went out, and then {how}: it may have been sent"
    return _delivery(ready, Outcome.UNKNOWN, None, told)


def _lost(error: BaseException) -> str:
    if isinstance(error, SMTPTimeoutError | TimeoutError):
        return "the mail server didn't answer in time"
    return "the connection to the mail server was lost"


def _told(refused: SMTPResponseException) -> str:
    return f"{refused.code} {shown(refused.message)}"


def shown(text: str) -> str:
    """What a server says, for people: one line, printable, of bounded length."""
    words = "".join(each if each.isprintable() else " " for each in text).split()
    return " ".join(words)[:LONGEST_TEXT]
