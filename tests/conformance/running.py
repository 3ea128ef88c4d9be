"""Real servers for conformance tests: processes of our own that are started, waited for, and ended by their handle."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

__all__ = ["asked", "free_port", "install", "is_installed", "missing", "node", "running", "spojka"]

ROOT = Path(__file__).parents[2]
SECONDS = 60


def spojka(*arguments: str) -> list[str]:
    """The command line of our own command, in this environment."""
    return [sys.executable, "-c", "from gateway.cli import main; main()", *arguments]


def node(*arguments: str) -> list[str]:
    """The command line of node."""
    found = shutil.which("node")
    if found is None:
        missing("node is not installed")
    assert found is not None
    return [found, *arguments]


def install(folder: Path) -> None:
    """Has npm install what the folder's lock file pins, unless that is there already; workers wait for one another."""
    with (folder / "package-lock.json").open("rb") as pinned:
        fcntl.flock(pinned, fcntl.LOCK_EX)
        _install(folder)


def _install(folder: Path) -> None:
    if is_installed(folder):
        return
    npm = shutil.which("npm")
    if npm is None:
        missing("npm is not installed")
    assert npm is not None
    ran = subprocess.run([npm, "ci"], cwd=folder, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        missing(f"npm could not install {folder.name}: {ran.stderr[-500:]}")


def is_installed(folder: Path) -> bool:
    """Whether each package is there as it is pinned; optional ones, those for other machines, may be missing."""
    installed = folder / "node_modules" / ".package-lock.json"
    if not installed.exists():
        return False
    there = json.loads(installed.read_text())["packages"]
    pinned = json.loads((folder / "package-lock.json").read_text())["packages"]
    return all(
        there[name].get("integrity") == package.get("integrity")
        if name in there
        else package.get("optional") or package.get("devOptional")
        for name, package in pinned.items()
        if name
    )


def missing(reason: str) -> None:
    """Skips; with REQUIRE_SERVICES=1 that is a failure."""
    if os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running(
    command: Sequence[str],
    *,
    url: str,
    cwd: Path,
    log: Path | None = None,
    environment: Mapping[str, str] | None = None,
    **options: Any,
) -> Iterator[subprocess.Popen[bytes]]:
    """The process, once something answers at `url`; ended when the block is left. Its output is in the folder `log`."""
    log = (log or cwd) / f"server-{url.rsplit(':', 1)[-1].split('/', maxsplit=1)[0]}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
            **options,
        )
        try:
            _wait_for(url, process, log)
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            _knock(url)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"nothing answers at {url}: {log.read_text(errors='replace')[-2000:]}")


def _knock(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "tcp":
        socket.create_connection((parts.hostname or "", parts.port or 0), timeout=5).close()
        return
    urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 - a server of our own


def asked(
    url: str, query: str, variables: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
) -> Any:
    """The whole answer, whatever its status."""
    body = json.dumps({"query": query, "variables": variables or {}}).encode()
    request = urllib.request.Request(  # noqa: S310 - a server of our own
        url, body, {"content-type": "application/json", "accept": "application/json", **(headers or {})}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            return json.load(response)
    except urllib.error.HTTPError as refused:
        return json.load(refused)
