"""An SMTP server for the tests, on a free port: aiosmtpd in a process of its own, thrown away afterwards.

    def test_something(smtp_server: SmtpServer):
        smtp_server.does("refuse", recipient="b@example.cz")      what it does from the next command on
        smtp_server.mails()                                       what it took, in order

`does` takes: accept; greylist (451 the first time to each recipient); refuse, full, crowded (a 550, 452 or 421 to one
recipient); sender (550 to MAIL); drop (closes after `after` messages of a session, without a word); limit (`452 4.5.3`
after `after` of them); hang (says nothing to RCPT, after `after` of them); close (takes the content, closes before it
answers); kill (takes the `after`th, and kills the process `pid` before it answers); data (554).

With a certificate it offers STARTTLS, and asks for a name and a password (`NAME`, `WORD`).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.postgresql import free_port

__all__ = ["NAME", "WORD", "Mail", "SmtpServer", "running_smtp"]

NAME = "spojka"
WORD = "a-word-that-nobody-guesses"
SECONDS_TO_START = 20


@dataclass(frozen=True, slots=True)
class Mail:
    """What the server took: the envelope, and the content as it came."""

    sender: str
    recipients: list[str]
    session: int
    options: list[str]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        parsed = message_from_bytes(self.content, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed


@dataclass(slots=True)
class SmtpServer:
    folder: Path
    certificate: Path | None = None
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it, and waits until it says so (about 0.3 s)."""
        options = [str(self.certificate)] if self.certificate else []
        command = [sys.executable, __file__, str(self.folder), str(self.port), *options]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
        assert self.process.stdout
        if self.process.stdout.readline() != b"ready\n":
            pytest.fail(f"the SMTP server doesn't start: {(self.folder / 'log').read_text()[-2000:]}")

    def stop(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.send_signal(signal.SIGKILL)
            process.wait(timeout=20)
            assert process.stdout
            process.stdout.close()

    def does(self, what: str, **more: Any) -> None:
        unfinished = self.folder / "does.part"
        unfinished.write_text(json.dumps({"what": what, **more}))
        unfinished.replace(self.folder / "does")

    def forget(self) -> None:
        """Empties it, between tests."""
        self.does("accept")
        for each in self.folder.glob("*.mail"):
            each.unlink()

    def mails(self) -> list[Mail]:
        found = []
        for each in sorted(self.folder.glob("*.mail")):
            head, _, content = each.read_bytes().partition(b"\n")
            found.append(Mail(**json.loads(head), content=content))
        return found


@contextmanager
def running_smtp(certificate: Path | None = None) -> Iterator[SmtpServer]:
    with tempfile.TemporaryDirectory(prefix="spojka-smtp-") as folder:
        server = SmtpServer(Path(folder), certificate)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def main(folder: Path, port: int, certificate: Path | None) -> None:
    """The server's process."""
    import asyncio
    import ssl
    from itertools import count

    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

    numbers, sessions = count(1), count(1)
    greeted: set[str] = set()

    class Handler:
        def plan(self) -> dict[str, Any]:
            try:
                read: dict[str, Any] = json.loads((folder / "does").read_text())
            except FileNotFoundError:
                return {"what": "accept"}
            return read

        async def handle_MAIL(
            self, server: SMTP, session: Any, envelope: Envelope, address: str, options: list[str]
        ) -> str:
            plan = self.plan()
            session.number = getattr(session, "number", None) or next(sessions)
            session.taken = getattr(session, "taken", 0)
            if plan["what"] == "sender":
                return "550 5.7.1 we don't know you"
            if plan["what"] == "limit" and session.taken >= plan["after"]:
                return "452 4.5.3 Too many messages sent"
            if plan["what"] == "drop" and session.taken >= plan["after"]:
                server.transport.abort()
                return "250 never read"
            envelope.mail_from = address
            envelope.mail_options.extend(options)
            return "250 OK"

        async def handle_RCPT(
            self, server: SMTP, session: Any, envelope: Envelope, address: str, options: list[str]
        ) -> str:
            plan = self.plan()
            if plan["what"] == "hang" and session.taken >= plan.get("after", 0):
                await asyncio.sleep(3600)
            if plan["what"] == "greylist" and address not in greeted:
                greeted.add(address)
                return "451 4.7.1 Greylisted, try again in a minute"
            answers = {
                "refuse": "550 5.1.1 no such user",
                "full": "452 4.2.2 mailbox full",
                "crowded": "421 4.7.0 busy",
            }
            if plan["what"] in answers and address == plan["recipient"]:
                return answers[plan["what"]]
            envelope.rcpt_tos.append(address)
            return "250 OK"

        async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:
            plan = self.plan()
            if plan["what"] == "data":
                return "554 5.6.0 we don't like what it says"
            head = {
                "sender": envelope.mail_from,
                "recipients": envelope.rcpt_tos,
                "session": session.number,
                "options": envelope.mail_options,
            }
            assert isinstance(envelope.content, bytes)
            unfinished = folder / "one.part"
            unfinished.write_bytes(json.dumps(head).encode() + b"\n" + envelope.content)
            unfinished.replace(folder / f"{next(numbers):06}.mail")
            session.taken += 1
            if plan["what"] == "kill" and session.taken == plan["after"]:
                os.kill(plan["pid"], signal.SIGKILL)
            if plan["what"] == "close":
                server.transport.abort()
            return "250 2.0.0 taken"

    def authenticated(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (NAME.encode(), WORD.encode())
        return AuthResult(success=right, handled=False)

    more: dict[str, Any] = {}
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        more = {"tls_context": context, "require_starttls": True, "authenticator": authenticated, "auth_required": True}
    controller = Controller(Handler(), hostname="127.0.0.1", port=port, enable_SMTPUTF8=True, **more)
    controller.start()
    print("ready", flush=True)
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]) if len(sys.argv) > 3 else None)
