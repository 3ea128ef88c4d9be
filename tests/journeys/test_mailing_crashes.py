"""A mailing whose worker dies at every step edge, one death after the other, with kill -9: it goes on where it was.

The printer and the mail server are real and live on. After each death the next worker takes over what the dead one had
begun; the minute for which a dead one's lease would hold is let pass.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest
from sqlalchemy import update

from gateway.company import queued
from processes.deliver_mailing import DOCUMENTS
from processes.stepping import operation_name
from sources.mailing.tables import LEASES, NOTICES
from tests.cups import running_cups
from tests.faults.stage import FORKING
from tests.faults.worker import Kill
from tests.journeys.dying_worker import work
from tests.journeys.post_room import PostRoom, a_company, opened_at, some_clients, written
from tests.smtp import SmtpServer, running_smtp
from tests.sources.mailing.scene import Clock

pytestmark = pytest.mark.service

CLIENTS = 24
SECONDS = 30
MAILS = 8

TO_RENDER = ("MailingToDeliver", "RenderLetters", "LettersToLookAt")
UNTIL_APPROVED = [Kill(name, when, 1) for name in TO_RENDER for when in ("before", "after")]
PRINTING = [
    Kill("SubmitLetters", "before", 1),
    *(Kill(call, when, 5) for call in ("create", "send") for when in ("before", "after")),
    Kill("SubmitLetters", "after", 1),
    Kill("FollowLetters", "before", 1),
    *(Kill("found", when, 3) for when in ("before", "after")),
    Kill("FollowLetters", "after", 1),
]
MAILING = [Kill("SendNotices", "before", 1), Kill("mail", "after", MAILS), Kill("SendNotices", "after", 1)]


@dataclass
class Worker:
    """One after the other; `replace` is called when the one before is dead."""

    folder: Path
    process: ForkServerProcess | None = None

    def start(self, kill: Kill | None) -> int:
        self.process = FORKING.Process(target=work, args=(self.folder, kill), daemon=True)
        self.process.start()
        assert self.process.pid is not None
        return self.process.pid

    @property
    def is_dead(self) -> bool:
        """By the signal, and by nothing that went wrong."""
        if self.process is None or self.process.is_alive():
            return False
        assert self.process.exitcode == -signal.SIGKILL, self.log
        return True

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.join()

    @property
    def log(self) -> str:
        file = self.folder / "workers.log"
        return file.read_text(errors="replace")[-3000:] if file.exists() else ""


@dataclass
class Scene:
    room: PostRoom
    worker: Worker
    smtp: SmtpServer

    async def dies(self, kill: Kill) -> None:
        """A worker dies there; no letter has come out twice by then, and a minute passes."""
        pid = self.worker.start(kill if kill.operation != "mail" else None)
        if kill.operation == "mail":
            self.smtp.does("kill", after=kill.nth, pid=pid)
        await self.until(lambda: self.worker.is_dead, f"nobody died at {kill}")
        self.smtp.does("accept")
        assert max(Counter(self.room.cups.printed()).values(), default=1) == 1, kill
        a_minute_passes(self.room)

    async def until(self, true: Callable[[], bool], why: str) -> None:
        end = time.monotonic() + SECONDS
        while not true():
            assert time.monotonic() < end, f"{why}: {self.worker.log}"
            await asyncio.sleep(0.02)

    async def until_state(self, mailing: str, state: str) -> None:
        end = time.monotonic() + SECONDS
        while (now := await self.room.state(mailing)) != state:
            assert time.monotonic() < end, f"it is {now}: {self.worker.log}"
            await asyncio.sleep(0.05)


def a_minute_passes(room: PostRoom) -> None:
    """For the leases, and for notices that were put off while they were sent."""
    ago = datetime.now(UTC) - timedelta(seconds=1)
    with room.company.databases["mailing"].engines.write.begin() as connection:
        connection.execute(update(LEASES).where(LEASES.c.holder.is_not(None)).values(held_until=ago))
        connection.execute(update(NOTICES).where(NOTICES.c.state == "PLANNED").values(next_at=ago))


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    await asyncio.to_thread(a_company, tmp_path, some_clients(CLIENTS))
    with running_cups() as cups, running_smtp() as smtp:
        settings = written(tmp_path, cups, smtp.port)
        worker = Worker(tmp_path)
        async with opened_at(settings, cups, Clock(datetime.now(UTC)), executor=queued(settings)) as room:
            try:
                yield Scene(room, worker, smtp)
            finally:
                worker.stop()


async def test_a_worker_that_dies_at_every_step_edge_prints_each_letter_once(scene: Scene) -> None:
    """And announces it: a second notice of the same Message-ID goes only where no answer to the first was kept."""
    mailing = await scene.room.taken()
    for kill in UNTIL_APPROVED:
        await scene.dies(kill)
    scene.worker.start(None)
    await scene.until_state(mailing, "RENDERED")
    scene.worker.stop()
    await scene.room.approve(mailing)
    for kill in [*PRINTING, *MAILING]:
        await scene.dies(kill)
    scene.worker.start(None)
    await scene.until_state(mailing, "DONE")
    assert await scene.room.problems(mailing) == []
    sent = Counter(str(mail.message["Message-ID"]) for mail in scene.smtp.mails())
    assert Counter(sent.values()) == {1: CLIENTS - 1, 2: 1}
    assert all(len(letter.print_jobs) == 1 for letter in await scene.room.letters(mailing))


def test_each_step_of_the_process_is_one_at_which_it_dies() -> None:
    """A step that is added is added here."""
    steps = {operation_name(document) for document in DOCUMENTS}
    assert steps <= {kill.operation for kill in (*UNTIL_APPROVED, *PRINTING, *MAILING)}
