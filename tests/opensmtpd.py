"""A real OpenSMTPD for the tests: private, on free ports of this machine, thrown away afterwards.

    deliver@example.test                                 into the maildir `deliver`; others there are refused at RCPT
    bounces@bounces.test, bounces+anything@bounces.test  into the maildir `bounces`
    anybody@company.example, whatever the company        into the maildir `everybody`
    anybody@elsewhere.test                               handed on to `relay_port`, where a test's server may refuse it

The places of its queue and its socket are compiled into it, so it runs with a /var/spool and a /run of its own.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.postgresql import free_port, missing

__all__ = ["OpenSmtpd", "running_opensmtpd"]

PROGRAM = Path("/usr/sbin/smtpd")
SECONDS_TO_START = 20
USER = "nobody"
START = """
mount -t tmpfs -o mode=755 none /var/spool && mount -t tmpfs -o mode=755 none /run || exit 1
mkdir -p -m 711 /var/spool/smtpd && exec "$0" -d -f "$1"
"""


@dataclass(slots=True)
class OpenSmtpd:
    folder: Path
    port: int = field(default_factory=free_port)
    relay_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def maildir(self, name: str) -> Path:
        return self.folder / "mail" / name

    def mails(self, name: str) -> list[bytes]:
        return [each.read_bytes() for each in sorted((self.maildir(name) / "new").glob("*"))]

    def start(self) -> None:
        """Starts it, and waits until it answers (about 0.2 s)."""
        (self.folder / "smtpd.conf").write_text(settings_of(self))
        (self.folder / "users").write_text(f"deliver {USER}\nbounces {USER}\n")
        (self.folder / "everybody").write_text(f"@ {USER}\n")
        (self.folder / "mail").mkdir()
        self.folder.chmod(0o755)
        shutil.chown(self.folder / "mail", USER)
        alone = ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", START]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*alone, PROGRAM, self.folder / "smtpd.conf"], stdout=log, stderr=log, start_new_session=True
            )
        until = time.monotonic() + SECONDS_TO_START
        while not self.answers():
            if time.monotonic() > until or self.process.poll() is not None:
                pytest.fail(f"OpenSMTPD doesn't start: {(self.folder / 'log').read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)

    def stop(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=20)

    def answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
        except OSError:
            return False
        return True


@contextmanager
def running_opensmtpd() -> Iterator[OpenSmtpd]:
    """Skips the test where it isn't installed or can't be alone; with REQUIRE_SERVICES=1 that is a failure."""
    if not PROGRAM.exists():
        missing(f"OpenSMTPD is not installed: there is no {PROGRAM}")
    if os.geteuid() != 0:
        missing("OpenSMTPD is started by root alone")
    folder = Path(tempfile.mkdtemp(prefix="spojka-opensmtpd-"))
    server = OpenSmtpd(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def settings_of(server: OpenSmtpd) -> str:
    mail = server.folder / "mail"
    return f"""
table users file:{server.folder}/users
table everybody file:{server.folder}/everybody
listen on 127.0.0.1 port {server.port} hostname mail.example.test
action "deliver" maildir "{mail}/deliver" virtual <users>
action "bounces" maildir "{mail}/bounces" virtual <users>
action "everybody" maildir "{mail}/everybody" virtual <everybody>
action "relay" relay host smtp://127.0.0.1:{server.relay_port}
match from any for domain "example.test" action "deliver"
match from any for domain "bounces.test" action "bounces"
match from any for domain "*.example" action "everybody"
match from any for domain "elsewhere.test" action "relay"
"""
