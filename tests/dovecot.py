"""A real IMAP server for the tests, Dovecot: private, on a free port of this machine, thrown away afterwards.

It has one user, whose mailbox is a maildir; what a test puts into `maildir / "new"` has arrived.
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

__all__ = ["Dovecot", "running_dovecot"]

PROGRAM = Path("/usr/sbin/dovecot")
SECONDS_TO_START = 20
USER = "nobody"


@dataclass(slots=True)
class Dovecot:
    folder: Path
    username: str = "bounces"
    password: str = "a-word-for-imap"  # noqa: S105 - of a server that lives for one test
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def maildir(self) -> Path:
        return self.folder / "mail"

    def arrive(self, name: str, content: bytes) -> None:
        """As a deliverer does it: whole in `tmp`, then renamed."""
        unfinished = self.maildir / "tmp" / name
        unfinished.write_bytes(content)
        shutil.chown(unfinished, USER)
        unfinished.rename(self.maildir / "new" / name)

    def start(self) -> None:
        for part in ("new", "cur", "tmp"):
            (self.maildir / part).mkdir(parents=True)
        for each in (self.maildir, *self.maildir.iterdir()):
            shutil.chown(each, USER)
        self.folder.chmod(0o755)
        (self.folder / "passwd").write_text(f"{self.username}:{{PLAIN}}{self.password}\n")
        (self.folder / "dovecot.conf").write_text(settings_of(self))
        command = [PROGRAM, "-F", "-c", self.folder / "dovecot.conf"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        until = time.monotonic() + SECONDS_TO_START
        while not self.answers():
            if time.monotonic() > until or self.process.poll() is not None:
                pytest.fail(f"Dovecot doesn't start: {(self.folder / 'log').read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)

    def stop(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)

    def answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
        except OSError:
            return False
        return True


@contextmanager
def running_dovecot() -> Iterator[Dovecot]:
    """Skips the test where it isn't installed; with REQUIRE_SERVICES=1 that is a failure."""
    if not PROGRAM.exists():
        missing(f"Dovecot is not installed: there is no {PROGRAM}")
    if os.geteuid() != 0:
        missing("Dovecot is started by root alone")
    folder = Path(tempfile.mkdtemp(prefix="spojka-dovecot-"))
    server = Dovecot(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def settings_of(server: Dovecot) -> str:
    return f"""
base_dir = {server.folder}/run
state_dir = {server.folder}/state
log_path = /dev/stderr
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_failure_delay = 0
first_valid_uid = 1
default_internal_user = dovecot
default_login_user = dovenull
mail_location = maildir:{server.maildir}
namespace inbox {{
  inbox = yes
}}
service imap-login {{
  inet_listener imap {{
    port = {server.port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
passdb {{
  driver = passwd-file
  args = {server.folder}/passwd
}}
userdb {{
  driver = static
  args = uid={USER} gid=nogroup home={server.maildir}
}}
"""
