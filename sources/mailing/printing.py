"""Letters are handed to the printer, in order, each exactly once, whatever dies in between.

    create (the printer has an empty job) -> BEGIN commits its id -> send (its document) -> END commits that it is sent
      A                                      B                       C                      D

A crash before B leaves an empty job, which prints nothing; the letter is as it was. A crash between B and D leaves the
job SENDING: whoever comes next asks the printer, by id and name, before anything else is handed over, and
    its document is there            it is sent (D)
    it waits, without any            its document is sent (C, D)
    it ended without any             another job is made in its place (A to D): nothing was printed
    it is unknown, or unclear        UNKNOWN: a person looks at the tray; nothing is printed again by itself
A printer that can't be reached changes nothing: what is to be done stays, and `waiting` says why.

At B the lease is looked at again, and whether somebody has paused or cancelled. The database allows a letter one open
job, and another attempt only after a person has ordered it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from sources.columns import Text
from sources.database import Database
from sources.errors import SourceError
from sources.mailing.campaigns import advance, locked
from sources.mailing.leases import OUTSIDE_SECONDS, Lease
from sources.mailing.outside import JobState, Printer, PrinterState
from sources.mailing.reading import (
    CAMPAIGNS_BY_ID,
    DOCUMENTS_OF_LETTERS,
    JOBS_IN_STATE,
    LETTERS_BY_ID,
    LETTERS_IN_ORDER,
)
from sources.mailing.rules import MailingRules
from sources.mailing.tables import LETTERS, PRINT_JOBS
from sources.mailing.waits import note_wait
from sources.records.mailing import Campaign, Letter, PrintJob
from sources.records.refusal import Refusal
from sources.rows import row_of

__all__ = ["Handed", "Stopped", "Submitting", "follow_letters"]

PRINTER_WAITS = "PRINTER_WAITS"
"""It can be reached, and says what it lacks."""

UNCLEAR = "it was being handed over when the connection broke, and the printer can't tell: look at the tray"
LAST_ATTEMPT = select(func.max(PRINT_JOBS.c.attempt)).where(PRINT_JOBS.c.letter == bindparam("of", type_=Text))
STATE_OF_LETTER = select(LETTERS.c.state).where(LETTERS.c.id == bindparam("of", type_=Text)).with_for_update()


@dataclass(frozen=True, slots=True)
class Handed:
    """How many letters' documents were sent, or states followed; `waiting` says what keeps the rest, if anything.

    `code` names its kind and `since` is when it began: None where it needs nobody. `through` is the position of the
    last letter that was looked at, None where there is none after it.
    """

    letters: int
    waiting: str | None = None
    code: str | None = None
    since: datetime | None = None
    through: int | None = None


@dataclass(frozen=True, slots=True)
class Keeps:
    """What keeps the printer, in words, and its kind: the code of the error, or PRINTER_WAITS."""

    why: str | None = None
    code: str | None = None


class Stopped(Exception):
    """Nothing more is to be handed over, for this reason."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Submitting:
    """One call of `submitLetters`. `holder` names it among all; `clock` gives the time of each transaction."""

    database: Database
    campaign: str
    printer: Printer
    rules: MailingRules
    clock: Callable[[], datetime]
    holder: str

    @property
    def lease(self) -> Lease:
        return Lease(self.campaign, "PRINT", self.holder)

    async def submit(self, *, after: int, first: int) -> Handed | Refusal:
        """Hands over what a crash left, then the next `first` letters after that position, in order."""
        begun = await self.database.write(self.begin)
        if begun is not None:
            return begun
        sent, waiting, keeps = 0, None, Keeps()
        try:
            for job in await self.database.read(lambda connection: self.jobs(connection, "SENDING", -1, first)):
                sent += await self.resume(job)
            left = first - sent
            for letter in await self.database.read(lambda connection: self.rendered(connection, after, left)):
                await self.hand_over(letter)
                sent += 1
        except Stopped as stopped:
            waiting = stopped.refusal.message
        except (SourceError, TimeoutError) as error:
            keeps = kept_by(error)
            waiting = keeps.why
        since = await self.database.write(lambda connection: self.end(connection, sent, keeps))
        return Handed(sent, waiting, keeps.code, since)

    def begin(self, connection: Connection) -> Refusal | None:
        campaign = locked(connection, self.campaign)
        if isinstance(campaign, Refusal):
            return campaign
        if refusal := self.rules.may_print(campaign):
            return refusal
        if not self.lease.take(connection, self.clock()):
            why = "another request hands its letters over at this moment: try again when it has ended"
            return Refusal("busy", f"mailing {campaign.id}: {why}")
        return None

    def end(self, connection: Connection, sent: int, keeps: Keeps) -> datetime | None:
        since = self.look(connection, "SUBMIT", sent, keeps)
        self.lease.give_back(connection)
        return since

    def look(self, connection: Connection, step: str, came: int, keeps: Keeps) -> datetime | None:
        """Where the campaign stands now, and since when this step is kept by something."""
        campaign = locked(connection, self.campaign)
        if isinstance(campaign, Refusal):
            return None
        advance(connection, campaign, self.rules)
        return note_wait(connection, campaign.id, step, keeps.why, came=came, now=self.clock())

    def rendered(self, connection: Connection, after: int, first: int) -> list[Letter]:
        of = {"campaign": self.campaign, "state": "RENDERED", "after": after, "first": max(0, first)}
        return [Letter(*row) for row in connection.execute(LETTERS_IN_ORDER, of)]

    def jobs(self, connection: Connection, state: str, after: int, first: int) -> list[PrintJob]:
        of = {"campaign": self.campaign, "state": state, "after": after, "first": first}
        return [PrintJob(*row) for row in connection.execute(JOBS_IN_STATE, of)]

    async def hand_over(self, letter: Letter) -> None:
        job = await limited(self.printer.create(letter.id))  # A
        begun = await self.database.write(lambda connection: self.begin_job(connection, letter, job))  # B
        await self.send(begun)

    async def resume(self, job: PrintJob) -> int:
        """What to do with a job that a crash left; how many documents were sent by it."""
        found: JobState | None = await limited(self.printer.found(job.job, job.letter))
        match self.rules.next_step(*said_of(found)[:2]):
            case "SENT":
                await self.database.write(lambda connection: self.sent(connection, job))
                return 0
            case "SEND":
                await self.database.write(lambda connection: self.still_ours(connection))
                await self.send(job)
                return 1
            case "ANEW":
                another = await limited(self.printer.create(job.letter))
                instead = replace(job, job=another, submitted_at=self.clock())
                await self.database.write(lambda connection: self.replace_job(connection, job, instead))
                await self.send(instead)
                return 1
            case _:
                await self.database.write(lambda connection: note(connection, job, "UNKNOWN", "UNKNOWN", UNCLEAR))
                return 0

    async def send(self, job: PrintJob) -> None:
        contents = await self.database.read(
            lambda connection: connection.execute(DOCUMENTS_OF_LETTERS, {"keys": [job.letter]}).one()
        )
        await limited(self.printer.send(job.job, job.letter, bytes(contents.content)))  # C
        await self.database.write(lambda connection: self.sent(connection, job))  # D

    def still_ours(self, connection: Connection) -> Campaign:
        campaign = locked(connection, self.campaign)
        if isinstance(campaign, Refusal):
            raise Stopped(campaign)
        if refusal := self.rules.may_print(campaign):
            raise Stopped(refusal)
        if not self.lease.take(connection, self.clock()):
            raise Stopped(Refusal("busy", f"mailing {self.campaign}: another request has taken over"))
        return campaign

    def begin_job(self, connection: Connection, letter: Letter, job: str) -> PrintJob:
        campaign = self.still_ours(connection)
        state = connection.execute(STATE_OF_LETTER, {"of": letter.id}).scalar_one_or_none()
        if state != "RENDERED":
            raise Stopped(Refusal("wrong-state", f"letter {letter.id} is {state} meanwhile"))
        attempt = (connection.execute(LAST_ATTEMPT, {"of": letter.id}).scalar_one() or 0) + 1
        begun = PrintJob(letter.id, attempt, campaign.printer, job, "SENDING", self.clock())
        order = {"ordered_after": attempt - 1, "ordered": "PRINT_AGAIN"} if attempt > 1 else {}
        connection.execute(insert(PRINT_JOBS), {**row_of(begun), **order})
        set_letter(connection, letter.id, "SUBMITTED", None)
        advance(connection, campaign, self.rules)
        return begun

    async def settle(self, first: int) -> None:
        """What a crash left of a campaign that was cancelled since: no document is sent any more."""
        if not await self.database.write(lambda connection: self.lease.take(connection, self.clock())):
            return
        for job in await self.database.read(lambda connection: self.jobs(connection, "SENDING", -1, first)):
            found: JobState | None = await limited(self.printer.found(job.job, job.letter))
            match self.rules.next_step(*said_of(found)[:2]):
                case "SENT":
                    now: tuple[str, str, str | None] = ("SENT", "SUBMITTED", None)
                case "SEND" | "ANEW":
                    now = ("CANCELLED", "CANCELLED", "the mailing was cancelled before its document was sent")
                case _:
                    now = ("UNKNOWN", "UNKNOWN", UNCLEAR)
            await self.database.write(lambda connection, job=job, now=now: note(connection, job, *now))  # type: ignore[misc]
        await self.database.write(self.lease.give_back)

    def replace_job(self, connection: Connection, job: PrintJob, instead: PrintJob) -> None:
        self.still_ours(connection)
        changed = connection.execute(
            update(PRINT_JOBS)
            .where(*the_job(job), PRINT_JOBS.c.state == "SENDING", PRINT_JOBS.c.job == job.job)
            .values(job=instead.job, submitted_at=instead.submitted_at)
        )
        if not changed.rowcount:
            raise Stopped(Refusal("wrong-state", f"letter {job.letter} was handed over meanwhile"))

    def sent(self, connection: Connection, job: PrintJob) -> None:
        sending = (*the_job(job), PRINT_JOBS.c.state == "SENDING")
        connection.execute(update(PRINT_JOBS).where(*sending).values(state="SENT"))


async def follow_letters(submitting: Submitting, *, after: int, first: int) -> Handed | Refusal:
    """Asks the printer what became of the next `first` jobs after that position, and keeps what it says.

    Also while it is paused, and once it is cancelled: what was handed over may still come out.
    """
    database, rules, printer = submitting.database, submitting.rules, submitting.printer
    known = await database.read(lambda connection: find(connection, submitting.campaign))
    if isinstance(known, Refusal):
        return known
    if refusal := rules.may_follow(known):
        return refusal
    jobs: list[PrintJob] = []
    ended, keeps = 0, Keeps()
    try:
        if known.state == "CANCELLED":
            await submitting.settle(first)
        jobs = await database.read(lambda connection: submitting.jobs(connection, "SENT", after, first))
        for job in jobs:
            found: JobState | None = await limited(printer.found(job.job, job.letter))
            now = rules.follow(*said_of(found))
            if (now.job, now.reason) != (job.state, job.reason):
                await database.write(
                    lambda connection, job=job, now=now: note(connection, job, now.job, now.letter, now.reason)  # type: ignore[misc]
                )
            ended += now.job != "SENT"
        if ended < len(jobs):
            why = waiting_for(await limited(printer.state()))
            keeps = Keeps(why, PRINTER_WAITS if why else None)
    except (SourceError, TimeoutError) as error:
        keeps = kept_by(error)
    since = await database.write(lambda connection: submitting.look(connection, "FOLLOW", ended, keeps))
    return Handed(ended, keeps.why, keeps.code, since, await through(submitting, jobs, first))


async def through(submitting: Submitting, jobs: list[PrintJob], first: int) -> int | None:
    """The position of the last of a whole page of jobs."""
    if len(jobs) < first:
        return None
    last = {"keys": [jobs[-1].letter]}
    [letter] = await submitting.database.read(lambda connection: connection.execute(LETTERS_BY_ID, last).all())
    return Letter(*letter).position


def find(connection: Connection, campaign: str) -> Campaign | Refusal:
    row = connection.execute(CAMPAIGNS_BY_ID, {"keys": [campaign]}).one_or_none()
    return Campaign(*row) if row else Refusal("unknown-mailing", f"there is no mailing {campaign}: check its id")


def said_of(found: JobState | None) -> tuple[str | None, int, str | None]:
    """A job's state, documents and reason."""
    return (found.state, found.documents, found.reason) if found else (None, 0, None)


def waiting_for(printer: PrinterState) -> str | None:
    """What keeps a printer from printing, None where nothing does."""
    if printer.reasons:
        return ", ".join(printer.reasons) + (f": {printer.message}" if printer.message else "")
    return (printer.message or "the printer is stopped") if printer.condition == "STOPPED" else None


def note(connection: Connection, job: PrintJob, state: str, letter: str, reason: str | None) -> None:
    """What became of a job that is still what it was when we looked."""
    changed = connection.execute(
        update(PRINT_JOBS)
        .where(*the_job(job), PRINT_JOBS.c.state == job.state, PRINT_JOBS.c.job == job.job)
        .values(state=state, reason=reason)
    )
    if changed.rowcount:
        set_letter(connection, job.letter, letter, reason)


def set_letter(connection: Connection, letter: str, state: str, reason: str | None) -> None:
    connection.execute(update(LETTERS).where(LETTERS.c.id == letter).values(state=state, reason=reason))


def the_job(job: PrintJob) -> tuple[Any, ...]:
    return PRINT_JOBS.c.letter == job.letter, PRINT_JOBS.c.attempt == job.attempt


async def limited(asked: Any) -> Any:
    async with asyncio.timeout(OUTSIDE_SECONDS):
        return await asked


def kept_by(error: Exception) -> Keeps:
    if isinstance(error, SourceError):
        return Keeps(error.message, error.code)
    return Keeps("the printer doesn't answer in time", "PRINTER_DOWN")
