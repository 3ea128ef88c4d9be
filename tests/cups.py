"""A real print server for the tests: a private cupsd on a free port, with a queue that prints to a folder.

Its backend is a shell script. Files in the server's folder tell it what to be: `empty` (out of paper: the job waits
until the file is gone), `jam` (it stops the queue), `slow` (a second for each job); a number in it says after how many.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.postgresql import free_port, missing

__all__ = ["Cups", "running_cups"]

QUEUE = "letters"
ACCOUNT = "lp"
STARTING_SECONDS = 30

# $1 job, $2 user, $3 title, $4 copies, $5 options, $6 file; without $6 the document is on standard input.
BACKEND = """#!/bin/sh
[ $# = 0 ] && { echo 'direct testpr "Unknown" "Test"'; exit 0; }
D=%(folder)s
done=$(ls "$D/out" | grep -c '[.]pdf$')
due() { [ -f "$D/$1" ] && n=$(cat "$D/$1") && [ "$done" -ge "${n:-0}" ]; }
if due jam; then echo 'STATE: +media-jam-error' >&2; echo 'ERROR: Paper jam' >&2; exit 4; fi
echo 'STATE: -media-jam-error' >&2
if due empty; then
  echo 'STATE: +media-empty-error' >&2; echo 'ERROR: Out of paper' >&2
  while [ -f "$D/empty" ]; do sleep 0.1; done
fi
echo 'STATE: -media-empty-error' >&2
[ -f "$D/slow" ] && sleep 1
number=$(printf '%%06d' $((done + 1)))
cat ${6:+"$6"} > "$D/out/$number.part" && mv "$D/out/$number.part" "$D/out/$number.pdf"
"""

CUPSD = """Listen 127.0.0.1:%(port)d
Browsing Off
WebInterface No
DefaultAuthType None
DefaultEncryption Never
ErrorPolicy retry-job
JobRetryInterval 1
PreserveJobHistory Yes
MaxJobs 0
MaxClients 100
DirtyCleanInterval %(clean)d
LogLevel warn
<Location />
  Order allow,deny
  Allow from 127.0.0.1
</Location>
<Location /admin>
  Order allow,deny
  Allow from 127.0.0.1
</Location>
<Policy default>
  JobPrivateAccess all
  JobPrivateValues none
  <Limit All>
    Order allow,deny
    Allow from 127.0.0.1
  </Limit>
</Policy>
"""

FILES = """SystemGroup root
User lp
Group lp
ServerRoot %(folder)s/conf
ServerBin %(folder)s/bin
DataDir /usr/share/cups
CacheDir %(folder)s/cache
StateDir %(folder)s/state
RequestRoot %(folder)s/spool
TempDir %(folder)s/tmp
ServerKeychain %(folder)s/ssl
AccessLog %(folder)s/log/access
ErrorLog %(folder)s/log/error
PageLog %(folder)s/log/page
SyncOnClose Yes
"""


@dataclass(slots=True)
class Cups:
    """`url` is the server's, `queue` the one that prints to `printed`."""

    folder: Path
    port: int
    queue: str = QUEUE
    _process: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def printed(self) -> list[bytes]:
        """The documents that came out, in the order in which they did."""
        return [path.read_bytes() for path in sorted((self.folder / "out").glob("*.pdf"))]

    def be(self, what: str, after: int = 0) -> None:
        """`empty`, `jam` or `slow` from now on, or after so many jobs."""
        (self.folder / what).write_text(str(after))

    def stop_being(self, what: str) -> None:
        (self.folder / what).unlink(missing_ok=True)

    def forget(self) -> None:
        """Empties the folder and prints on, between tests."""
        for what in ("empty", "jam", "slow"):
            self.stop_being(what)
        for document in (self.folder / "out").iterdir():
            document.unlink()
        self.command("cancel", "-a", self.queue)
        self.command("cupsenable", self.queue)

    def command(self, *command: str) -> None:
        """`cupsenable`, `cancel` and the like, asked of this server."""
        program, *rest = command
        subprocess.run(
            [find(program) or program, "-h", f"127.0.0.1:{self.port}", *rest],
            check=True, capture_output=True, env={**os.environ, "LC_ALL": "C"},
        )  # fmt: skip

    def start(self) -> None:
        conf = self.folder / "conf"
        with (self.folder / "log" / "out").open("ab") as log:
            process = subprocess.Popen(
                [find("cupsd") or "cupsd", "-f", "-c", str(conf / "cupsd.conf"), "-s", str(conf / "cups-files.conf")],
                stdout=log, stderr=log, cwd=self.folder, start_new_session=True,
            )  # fmt: skip
        self._process.append(process)
        until = time.monotonic() + STARTING_SECONDS
        while not self._answers():
            if process.poll() is not None or time.monotonic() > until:
                told = (self.folder / "log" / "out").read_text() + (self.folder / "log" / "error").read_text()
                pytest.fail(f"cupsd did not start:\n{told[-2000:]}")
            time.sleep(0.02)

    def kill(self) -> None:
        """kill -9: nothing that it holds in memory is written; its backends go as well, as when a machine dies."""
        while self._process:
            process = self._process.pop()
            os.killpg(process.pid, signal.SIGKILL) if process.poll() is None else None
            process.wait()
        for backend in self._backends():
            os.kill(backend, signal.SIGKILL)

    def _answers(self) -> bool:
        asked = [find("lpstat") or "lpstat", "-h", f"127.0.0.1:{self.port}", "-r"]
        said = subprocess.run(asked, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"})
        return "scheduler is running" in said.stdout

    def _backends(self) -> list[int]:
        """cupsd makes a session of its own for each, so they aren't in its group."""
        mine = str(self.folder / "bin" / "backend" / "testpr").encode()
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if mine in path.read_bytes().split(b"\0"):
                    found.append(int(path.parent.name))
            except OSError:
                continue
        return found


def find(program: str) -> str | None:
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")


@contextmanager
def running_cups(*, careless: bool = False) -> Iterator[Cups]:
    """Skips the test where CUPS isn't installed; with REQUIRE_SERVICES=1 that is a failure.

    `careless` is how CUPS comes: jobs are written down every 30 s, and a kill -9 before loses them.
    """
    if not all(find(name) for name in ("cupsd", "lpadmin", "lpstat", "cupsenable")):
        missing("CUPS is not installed: there is no cupsd, lpadmin, lpstat or cupsenable in PATH or /usr/sbin")
    if os.geteuid() != 0:
        missing("CUPS needs root to run a backend of the tests' own")
    folder = Path(tempfile.mkdtemp(prefix="spojka-cups-"))
    folder.chmod(0o755)
    cups = Cups(folder, free_port())
    try:
        lay_out(cups)
        cups.start()
        cups.command("lpadmin", "-p", QUEUE, "-v", "testpr:/x", "-m", "raw", "-E")
        if careless:  # the queue was written down long ago
            cups.kill()
            configure(cups, clean=30)
            cups.start()
        yield cups
    finally:
        cups.kill()
        shutil.rmtree(folder, ignore_errors=True)


def lay_out(cups: Cups) -> None:
    folder = cups.folder
    for name in ("conf", "state", "ssl", "cache", "spool", "tmp", "log", "out"):
        (folder / name).mkdir()
        if name not in ("conf", "state", "ssl"):
            shutil.chown(folder / name, ACCOUNT, ACCOUNT)
    shutil.copytree("/usr/lib/cups", folder / "bin", symlinks=True)
    backend = folder / "bin" / "backend" / "testpr"
    backend.write_text(BACKEND % {"folder": folder})
    backend.chmod(0o755)
    (folder / "log" / "error").touch()
    (folder / "conf" / "cups-files.conf").write_text(FILES % {"folder": folder})
    configure(cups, clean=0)


def configure(cups: Cups, *, clean: int) -> None:
    """`clean`: after how many seconds what is known of queues and jobs is written down."""
    (cups.folder / "conf" / "cupsd.conf").write_text(CUPSD % {"port": cups.port, "clean": clean})
