"""The command `spojka bridge-events`, as a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import RemoteDisconnected
from pathlib import Path

import pytest

from sources.bridge.spooling.reading import read_spool
from sources.records.calls import SpoolPlace

SPOJKA = [sys.executable, "-c", "from gateway.start import main; main()"]


@contextmanager
def a_receiver(data: Path, *options: str, limit: str = "unlimited") -> Iterator[str]:
    """Its URL. `limit` is how large its files may grow, in kilobytes: a disk that is full."""
    command = [*SPOJKA, "bridge-events", "--bridge", "bridge-1", "--listen", "127.0.0.1:0", "--data", str(data)]
    shell = ["bash", "-c", f'ulimit -f {limit}; exec "$@"', "bash", *command, *options]
    with subprocess.Popen(
        shell, stdout=subprocess.PIPE, text=True, env={**os.environ, "A_SECRET": "secret", "PYTHONUNBUFFERED": "1"}
    ) as receiver:
        try:
            assert receiver.stdout is not None
            found = re.search(r"http://\S+", receiver.stdout.readline())
            assert found
            yield found[0]
        finally:
            receiver.send_signal(signal.SIGTERM)
    assert receiver.returncode == 0


def post(url: str, body: bytes) -> int | None:
    """The answer's status; None where the connection was closed without one."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=body), timeout=10) as answer:  # noqa: S310
            return int(answer.status)
    except RemoteDisconnected:
        return None


def kept(data: Path) -> list[object]:
    deliveries, _ = read_spool(data / "spool" / "bridge-1", SpoolPlace())
    return [event for each in deliveries for event in each.events]


def test_events_outlive_the_receiver(tmp_path: Path) -> None:
    """What was acknowledged is there after it was stopped and started again."""
    for number in (1, 2):
        with a_receiver(tmp_path, "--open") as url:
            assert post(url, b"[%d]" % number) == 200
    assert kept(tmp_path) == [1, 2]


def test_full_disk_is_never_an_answer(tmp_path: Path) -> None:
    """Janus takes a 500 for a delivery."""
    with a_receiver(tmp_path, "--open", limit="1") as url:
        assert post(url, b'["%s"]' % (b"x" * 5000)) is None
        assert post(url, b"[1]") == 200
    assert kept(tmp_path) == [1]


def test_without_the_secret_nothing_is_taken(tmp_path: Path) -> None:
    """Whoever can post can make calls up."""
    with a_receiver(tmp_path, "--secret-env", "A_SECRET") as url:
        assert post(url, b"[1]") is None
    assert kept(tmp_path) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--bridge", "b"], "nothing tells the switch from others"),
        (["--bridge", "b", "--open", "--listen", "0.0.0.0:0"], "nothing tells the switch from others"),
        (["--bridge", "b", "--open", "--listen", "6012"], "no ADDRESS:PORT"),
        (["--bridge", "../b", "--open"], "an id of letters"),
        (["--bridge", "b", "--secret-env", "NOT_THERE_AT_ALL"], "has no NOT_THERE_AT_ALL"),
    ],
)
def test_what_cant_be_is_said_at_the_start(options: list[str], said: str, tmp_path: Path) -> None:
    """With the remedy, and a status that isn't 0."""
    command = [*SPOJKA, "bridge-events", "--data", str(tmp_path), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode != 0
    assert said in done.stderr
