"""A real MariaDB server for the tests: private, thrown away, on a free port of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pymysql
import pytest

from tests.postgresql import free_port, missing

__all__ = ["MariaServer", "running_mariadb"]

ACCOUNT = "mysql"
"""Whom the server runs as when the tests are run by root."""

USER, PASSWORD = "tests", "only-on-127.0.0.1"
STARTING_SECONDS = 60

OPTIONS = (
    "--bind-address=127.0.0.1",
    "--skip-networking=0",  # Debian's options are not read, but whoever builds MariaDB may have turned it off
    "--skip-name-resolve",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-buffer-pool-size=64M",
    "--innodb-log-file-size=64M",
    # An order of text that is not that of code points, and a clock that is not UTC: what relies on either says so.
    "--character-set-server=utf8mb4",
    "--collation-server=utf8mb4_czech_ci",
    "--default-time-zone=+05:30",
)


@dataclass(frozen=True, slots=True)
class MariaServer:
    """`url` names no database: `url + "billing_1"` is the address of one."""

    url: str
    port: int


@contextmanager
def running_mariadb(*options: str) -> Iterator[MariaServer]:
    """Skips the test where MariaDB isn't installed; with REQUIRE_SERVICES=1 that is a failure."""
    programs = [find(name) for name in ("mariadbd", "mariadb-install-db")]
    if None in programs:
        missing("MariaDB is not installed: there is no mariadbd or mariadb-install-db in PATH or /usr/sbin")
    server, install = map(str, programs)
    folder = Path(tempfile.mkdtemp(prefix="spojka-mariadb-"))
    if os.geteuid() == 0:
        shutil.chown(folder, ACCOUNT, ACCOUNT)  # the server refuses root and needs a folder of its own
    try:
        with started(server, install, folder, options) as running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def find(program: str) -> str | None:
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")


@contextmanager
def started(server: str, install: str, folder: Path, options: Sequence[str]) -> Iterator[MariaServer]:
    data, port = folder / "data", free_port()
    as_account = [f"--user={ACCOUNT}"] if os.geteuid() == 0 else []
    quiet = ["--skip-test-db", "--auth-root-authentication-method=normal"]
    subprocess.run(
        [install, "--no-defaults", f"--datadir={data}", *quiet, *as_account],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
    )
    first = folder / "first.sql"
    first.write_text(
        f"CREATE USER {USER}@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';\n"
        f"GRANT ALL ON *.* TO {USER}@'127.0.0.1' WITH GRANT OPTION;\n",
        encoding="utf-8",
    )
    first.chmod(0o644)
    places = [f"--datadir={data}", f"--socket={folder / 'socket'}", f"--port={port}", f"--pid-file={folder / 'pid'}"]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [server, "--no-defaults", *as_account, *places, f"--init-file={first}", *OPTIONS, *options],
            stdout=output,
            stderr=output,
            cwd=folder,
        )
    try:
        wait_for(process, port, log)
        yield MariaServer(f"mariadb://{USER}:{PASSWORD}@127.0.0.1:{port}/", port)
    finally:
        process.kill()  # its data are thrown away, so nothing is worth waiting for
        process.wait()


def wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Until the server lets our user in."""
    until = time.monotonic() + STARTING_SECONDS
    while True:
        try:
            pymysql.connect(host="127.0.0.1", port=port, user=USER, password=PASSWORD, connect_timeout=5).close()
        except pymysql.MySQLError:
            if process.poll() is not None or time.monotonic() > until:
                pytest.fail(f"MariaDB did not start:\n{log.read_text(encoding='utf-8', errors='replace')[-2000:]}")
            time.sleep(0.1)
        else:
            return
