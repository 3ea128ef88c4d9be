"""A real PostgreSQL server for the tests: private, thrown away, on a free port of this machine."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

__all__ = ["Server", "running_server"]

USER = "postgres"


@dataclass(frozen=True, slots=True)
class Server:
    """`restart` stops the server at once, as a crash would, and starts it again."""

    url: str
    restart: Callable[[], None] = field(default=lambda: None, compare=False)


@contextmanager
def running_server() -> Iterator[Server]:
    """Skips the test where PostgreSQL isn't installed; with REQUIRE_SERVICES=1 that is a failure."""
    binaries = find_binaries()
    if binaries is None:
        missing("PostgreSQL is not installed: there is no initdb in PATH or /usr/lib/postgresql")
    folder = Path(tempfile.mkdtemp(prefix="spojka-postgresql-"))
    if os.geteuid() == 0:
        shutil.chown(folder, USER, USER)  # the server refuses root and needs a folder of its own
    try:
        with started(binaries, folder) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def missing(reason: str) -> None:
    if os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def find_binaries() -> Path | None:
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = shutil.which("initdb") or (versions[-1] if versions else None)
    return Path(found).parent if found else None


@contextmanager
def started(binaries: Path, folder: Path) -> Iterator[Server]:
    data, port = folder / "data", free_port()
    # A locale whose order of text is not that of code points, so that what relies on an order has to say which.
    locale = ["--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=cs"]
    run(binaries / "initdb", "-D", data, "-A", "trust", "-U", USER, "--no-sync", *locale, cwd=folder)
    options = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} -c fsync=off"
    # `synchronous_commit` stays on: what was committed outlives a restart `immediate`. Without fsync that costs little.
    options += " -c max_connections=400"  # several companies at once, each with workers that pool them
    run(binaries / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start", cwd=folder)
    try:
        again = ["-D", data, "-w", "-m", "immediate", "-l", folder / "log", "-o", options, "restart"]
        yield Server(
            f"postgresql://{USER}@127.0.0.1:{port}/{USER}", lambda: run(binaries / "pg_ctl", *again, cwd=folder)
        )
    finally:
        run(binaries / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop", cwd=folder)


def run(*command: str | Path, cwd: Path) -> None:
    as_user = ["runuser", "-u", USER, "--"] if os.geteuid() == 0 else []
    subprocess.run([*as_user, *map(str, command)], cwd=cwd, check=True, stdout=subprocess.DEVNULL)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
