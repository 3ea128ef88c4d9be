"""Bounces in a mailbox of an IMAP server.

The standard library's imaplib, in a thread: reading is a matter of a few commands every some minutes, it has time
limits on its socket, and a kept asynchronous client would be one more dependency for that. As in a maildir, what is
acknowledged is moved to `bounces-kept` and what is no bounce to `bounces-aside`; without MOVE by copying and deleting.

Nothing is marked as read on the way (BODY.PEEK), and a message is known by its UID while UIDVALIDITY stays.
"""

from __future__ import annotations

import asyncio
import contextlib
import imaplib
import logging
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from sources.errors import PostUnavailable
from sources.post.bounces import LARGEST, MOST_AT_ONCE, Bounce, BounceReader, NoBounce, read_report
from sources.post.maildir import ASIDE, KEPT
from sources.post.mailer import Origin
from sources.post.smtp import Encryption, tls_context

__all__ = ["ImapSettings", "imap_bounces"]

T = TypeVar("T")

_log = logging.getLogger("spojka.post")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapSettings:
    """Where the mailbox is. `ca` is a file of certificates (PEM) that are believed besides the system's."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    mailbox: str = "INBOX"
    encryption: Encryption = "tls"
    ca: Path | None = None
    timeout: timedelta = timedelta(seconds=30)


def imap_bounces(settings: ImapSettings, *, origin: Origin) -> BounceReader:
    """The reader of that mailbox. Nothing is opened before it is asked."""
    return _ImapBounces(settings, origin)


class _ImapBounces:
    def __init__(self, settings: ImapSettings, origin: Origin) -> None:
        self._settings = settings
        self._origin = origin

    async def bounces(self) -> Sequence[Bounce]:
        return await asyncio.to_thread(self._with_mailbox, self._read)

    async def opened(self) -> str:
        found = await asyncio.to_thread(self._with_mailbox, lambda mailbox: mailbox.uids(), readonly=True)
        settings = self._settings
        return f"{settings.mailbox} at {settings.host}:{settings.port}, messages to read: {len(found)}"

    async def acknowledge(self, bounces: Sequence[Bounce]) -> None:
        keys = {each.key for each in bounces}
        if keys:
            await asyncio.to_thread(self._with_mailbox, lambda mailbox: mailbox.move_known(keys, KEPT))

    def _with_mailbox(self, work: Callable[[_Mailbox], T], *, readonly: bool = False) -> T:
        with _opened(self._settings, readonly=readonly) as mailbox:
            return work(mailbox)

    def _read(self, mailbox: _Mailbox) -> list[Bounce]:
        found: list[Bounce] = []
        for uid in mailbox.uids()[:MOST_AT_ONCE]:
            content = mailbox.content(uid)
            if content is None:
                continue
            try:
                read = read_report(content, key=mailbox.key(uid), origin=self._origin)
            except NoBounce as other:
                _log.info("message %s is set aside from the mailbox of bounces, as %s", uid, other)
                mailbox.move(uid, ASIDE)
                continue
            except Exception:  # whatever a stranger's message does to the parser, the others are read
                _log.exception("message %s in the mailbox of bounces can't be understood", uid)
                mailbox.move(uid, ASIDE)
                continue
            found += read
            if not read:
                mailbox.move(uid, KEPT)
        return found


class _Mailbox:
    """A mailbox that was selected."""

    def __init__(self, connection: imaplib.IMAP4, validity: str) -> None:
        self._connection = connection
        self._validity = validity

    def key(self, uid: str) -> str:
        return f"{self._validity}:{uid}"

    def uids(self) -> list[str]:
        (found,) = self._asked("SEARCH", "UNDELETED")
        return found.decode("ascii").split() if isinstance(found, bytes) else []

    def content(self, uid: str) -> bytes | None:
        """None where it is gone. One that is too large is cut, and refused for its size by whoever reads it."""
        parts = self._asked("FETCH", uid, f"(BODY.PEEK[]<0.{LARGEST + 1}>)")
        return next((each[1] for each in parts if isinstance(each, tuple)), None)

    def move_known(self, keys: set[str], folder: str) -> None:
        for uid in self.uids():
            if self.key(uid) in keys:
                self.move(uid, folder)

    def move(self, uid: str, folder: str) -> None:
        self._connection.create(folder)  # NO where it is there
        if "MOVE" in self._connection.capabilities:
            self._asked("MOVE", uid, folder)
            return
        self._asked("COPY", uid, folder)
        self._asked("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)")
        if "UIDPLUS" in self._connection.capabilities:
            self._asked("EXPUNGE", uid)

    def _asked(self, command: str, *arguments: str) -> list[object]:
        status, data = self._connection.uid(command, *arguments)
        if status != "OK":
            raise PostUnavailable(f"the IMAP server refuses {command}")
        return list(data)


@contextmanager
def _opened(settings: ImapSettings, *, readonly: bool) -> Iterator[_Mailbox]:
    """Logged in, with the mailbox selected. What a server says to a password is not repeated."""
    connection: imaplib.IMAP4 | None = None
    try:
        connection = _connection(settings)
        try:
            connection.login(settings.username, settings.password)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            raise PostUnavailable("the IMAP server refuses our name and password") from None
        status, _ = connection.select(_quoted(settings.mailbox), readonly=readonly)
        if status != "OK":
            raise PostUnavailable(f"the IMAP server has no mailbox {settings.mailbox}")
        _, validity = connection.response("UIDVALIDITY")
        (told,) = validity or [None]
        yield _Mailbox(connection, told.decode("ascii") if isinstance(told, bytes) else "")
    except ssl.SSLCertVerificationError as error:
        raise PostUnavailable(f"the IMAP server's certificate isn't believed: {error.verify_message}") from error
    except TimeoutError as error:
        raise PostUnavailable("the IMAP server doesn't answer in time") from error
    except (imaplib.IMAP4.error, OSError) as error:
        raise PostUnavailable(f"the IMAP server can't be asked ({type(error).__name__})") from error
    finally:
        if connection is not None:
            with contextlib.suppress(imaplib.IMAP4.error, OSError):
                connection.logout()


def _connection(settings: ImapSettings) -> imaplib.IMAP4:
    seconds = settings.timeout.total_seconds()
    context = None if settings.encryption == "none" else tls_context(settings.ca)
    if settings.encryption == "tls":
        return imaplib.IMAP4_SSL(settings.host, settings.port, ssl_context=context, timeout=seconds)
    connection = imaplib.IMAP4(settings.host, settings.port, timeout=seconds)
    if context is not None:
        connection.starttls(context)
    return connection


def _quoted(mailbox: str) -> str:
    escaped = mailbox.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
