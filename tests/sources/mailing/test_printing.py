"""Letters are handed to the printer exactly once, whatever dies in between; and what becomes of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import delete, insert, update
from sqlalchemy.exc import DatabaseError, IntegrityError

from processes.rules.mailing import campaigns
from resolvers.mailing.rules import RULES
from sources.database import Database
from sources.mailing import METADATA, Mailing
from sources.mailing.printing import Handed, waiting_for
from sources.mailing.tables import DECISIONS, DOCUMENTS, PRINT_JOBS
from sources.records.mailing import Letter
from sources.records.refusal import Refusal
from tests.conftest import MakeDatabase
from tests.sources.mailing.scene import NOON, Condition, MemoryPrinter, Scene, State, a_row, opened

T = TypeVar("T")
THREE = [a_row(number) for number in (1, 2, 3)]


@pytest.fixture
def any_scene(database: MakeDatabase) -> Scene:
    """On each kind of database."""
    return Scene(Mailing(database("mailing", METADATA)))


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """On a file, for what doesn't depend on the kind of database."""
    async with opened(tmp_path) as mailing:
        yield Scene(mailing)


def ids(scene: Scene) -> list[str]:
    return [f"{scene.id}-{position}" for position in (1, 2, 3)]


async def test_letters_are_printed_in_order_and_once(any_scene: Scene) -> None:
    """In pages; asked again, there is nothing left to hand over. The bytes are those that are kept."""
    scene = any_scene
    await scene.to_approved(*THREE)
    assert await scene.submit(2) == Handed(2)
    assert (await scene.campaign()).state == "PRINTING"
    assert await scene.submit(2) == Handed(1)
    assert await scene.submit(2) == Handed(0)
    assert scene.printer.printed == ids(scene)
    assert await scene.states() == ["SUBMITTED"] * 3
    assert await scene.follow() == Handed(3)
    assert await scene.states() == ["PRINTED"] * 3
    assert (await scene.campaign()).state == "NOTIFYING"
    kept = await scene.mailing.documents(ids(scene))
    sent = {name: documents[0] for name, documents in scene.printer.jobs.values()}
    assert sent == kept
    jobs = await scene.mailing.jobs(ids(scene))
    assert [(job.attempt, job.printer, job.job, job.state) for job in jobs] == [
        (1, "letters", str(number), "PRINTED") for number in (1, 2, 3)
    ]


class Crash(BaseException):
    """The process died here: nothing after it happens, not even what was to be tidied up."""


@dataclass
class Dying:
    """Counts the steps outside and the transactions; at the `at`th it dies, before or after it was done."""

    at: int
    after: bool
    steps: int = 0
    dead: bool = False

    async def step(self, work: Callable[[], Any]) -> Any:
        if self.dead:
            raise Crash
        self.steps += 1
        if self.steps == self.at and not self.after:
            self.die()
        answer = await work()
        if self.steps == self.at:
            self.die()
        return answer

    def die(self) -> None:
        self.dead = True
        raise Crash


@dataclass
class DyingPrinter:
    """A printer that outlives whoever dies while asking it."""

    printer: MemoryPrinter
    life: Dying

    async def create(self, name: str) -> str:
        return str(await self.life.step(lambda: self.printer.create(name)))

    async def send(self, job: str, name: str, document: bytes) -> None:
        await self.life.step(lambda: self.printer.send(job, name, document))

    async def found(self, job: str, name: str) -> State | None:
        found: State | None = await self.life.step(lambda: self.printer.found(job, name))
        return found

    async def state(self) -> Condition:
        return await self.printer.state()

    async def close(self) -> None:
        await self.printer.close()


@dataclass
class DyingDatabase:
    """The database as it is seen by who dies: each transaction is a step, reading isn't."""

    database: Database
    life: Dying
    is_read_only: bool = field(default=False)

    async def read(self, work: Callable[[Any], T]) -> T:
        if self.life.dead:
            raise Crash
        return await self.database.read(work)

    async def write(self, work: Callable[[Any], T]) -> T:
        answer: T = await self.life.step(lambda: self.database.write(work))
        return answer


async def dies(scene: Scene, life: Dying) -> bool:
    """Whether submitting died; the printer and the database are as they were left then."""
    mailing: Any = Mailing(DyingDatabase(scene.mailing.database, life))  # type: ignore[arg-type]
    dying = Scene(mailing, DyingPrinter(scene.printer, life), clock=scene.clock, keys=1_000 * life.at, id=scene.id)  # type: ignore[arg-type]
    try:
        await dying.submit()
    except Crash:
        return True
    return False


STEPS = 2 + 3 * 4 + 1
"""The key and the lease; A to D of three letters; the end."""


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(1, STEPS + 1))
async def test_a_crash_anywhere_prints_each_letter_once_and_in_order(scene: Scene, at: int, after: bool) -> None:
    """Before and after each call of the printer and each commit: afterwards it goes on where it was."""
    await scene.to_approved(*THREE)
    assert await dies(scene, Dying(at, after))
    scene.clock.passes(minutes=2)
    while (await scene.submit(2)) != Handed(0):
        pass
    assert scene.printer.printed == ids(scene)
    await scene.follow()
    assert await scene.states() == ["PRINTED"] * 3
    assert [job.state for job in await scene.mailing.jobs(ids(scene))] == ["PRINTED"] * 3


async def test_there_are_no_more_steps_to_die_at(scene: Scene) -> None:
    """What holds the test before this one to every step there is."""
    await scene.to_approved(*THREE)
    assert not await dies(scene, Dying(STEPS + 1, after=False))
    assert scene.printer.printed == ids(scene)


@pytest.mark.parametrize("first", [4, 5, 6])
@pytest.mark.parametrize("second", range(1, 8))
async def test_a_crash_while_mending_a_crash_prints_each_letter_once(scene: Scene, first: int, second: int) -> None:
    """Twice in a row, at the worst places: around a document that was being sent."""
    await scene.to_approved(*THREE)
    assert await dies(scene, Dying(first, after=True))
    scene.clock.passes(minutes=2)
    await dies(scene, Dying(second, after=True))
    scene.clock.passes(minutes=2)
    while (await scene.submit(2)) != Handed(0):
        pass
    assert scene.printer.printed == ids(scene)


async def test_a_printer_that_lost_the_job_leaves_it_to_a_person(any_scene: Scene) -> None:
    """Edge case 17: nothing is printed again by itself, and nothing is announced; the others go on."""
    scene = any_scene
    await scene.to_approved(*THREE)
    await dies(scene, Dying(4, after=True))  # the job's id is committed
    scene.printer.says[ids(scene)[0]] = None
    scene.clock.passes(minutes=2)
    assert await scene.submit() == Handed(2)
    await scene.follow()
    assert await scene.states() == ["UNKNOWN", "PRINTED", "PRINTED"]
    assert scene.printer.printed == ids(scene)[1:]
    assert (await scene.campaign()).state == "PRINTING"
    await scene.submit()
    assert scene.printer.printed == ids(scene)[1:]
    [letter, *_] = await scene.letters()
    assert (
        letter.reason
        == "it was being handed over when the connection broke, and the printer can't tell: look at the tray"
    )


@pytest.mark.parametrize(
    ("says", "printed"),
    [
        (State("PENDING", 1), 0),
        (State("PRINTED", 1), 0),
        (State("FAILED", 1), 0),
        (State("PENDING", 0), 1),
        (State("UNKNOWN", 0), 0),
        (State("PRINTING", 0), 0),
        (State("PRINTED", 0), 0),
    ],
)
async def test_a_job_left_behind_is_judged_by_what_the_printer_says(scene: Scene, says: State, printed: int) -> None:
    """Only a job that waits for its document gets it."""
    await scene.to_approved(a_row(1))
    await dies(scene, Dying(4, after=True))
    scene.printer.says[f"{scene.id}-1"] = says
    scene.clock.passes(minutes=2)
    await scene.submit()
    assert len(scene.printer.printed) == printed


async def test_a_job_that_ended_without_its_document_is_made_anew(scene: Scene) -> None:
    """Nothing was printed by it, so this is no second print: the attempt stays the first."""
    await scene.to_approved(a_row(1))
    await dies(scene, Dying(4, after=True))
    scene.printer.ended.add("1")
    scene.clock.passes(minutes=2)
    assert await scene.submit() == Handed(1)
    [job] = await scene.mailing.jobs([f"{scene.id}-1"])
    assert (job.attempt, job.job, job.state) == (1, "2", "SENT")
    assert scene.printer.printed == [f"{scene.id}-1"]


async def test_an_answer_that_got_lost_is_no_reason_to_send_again(scene: Scene) -> None:
    """The printer had taken the document when the connection broke."""
    await scene.to_approved(*THREE)
    scene.printer.loses_answers = True
    for _ in range(4):
        handed = await scene.submit()
        assert isinstance(handed, Handed)
        assert handed.waiting in (
            None,
            "printer letters is not available: its database can't be reached; ask its administrator",
        )
    scene.printer.loses_answers = False
    await scene.submit()
    assert scene.printer.printed == ids(scene)


async def test_a_printer_that_is_down_is_waited_for(scene: Scene) -> None:
    """Nothing is lost, nothing is refused: why it waits is told, and it goes on when the printer is back."""
    await scene.to_approved(*THREE)
    scene.printer.down = True
    handed = await scene.submit()
    assert isinstance(handed, Handed)
    assert handed.letters == 0
    assert "printer letters is not available" in str(handed.waiting)
    assert await scene.states() == ["RENDERED"] * 3
    scene.printer.down = False
    assert await scene.submit() == Handed(3)
    scene.printer.down = True
    followed = await scene.follow()
    assert isinstance(followed, Handed)
    assert followed.waiting
    assert await scene.states() == ["SUBMITTED"] * 3


async def test_out_of_paper_is_waiting_with_its_reason(scene: Scene) -> None:
    """Edge case 16: it goes on by itself; no duplicate, the order is kept, nothing is announced meanwhile."""
    await scene.to_approved(*THREE)
    scene.printer.reason = "media-empty"
    await scene.submit()
    assert await scene.follow() == Handed(0, "media-empty", "PRINTER_WAITS", NOON)
    assert {letter.reason for letter in await scene.letters()} == {"media-empty"}
    await scene.notify()
    assert scene.postman.posted == []
    scene.printer.reason = None
    assert await scene.follow() == Handed(3)
    assert scene.printer.printed == ids(scene)
    assert [letter.reason for letter in await scene.letters()] == [None] * 3


@pytest.mark.parametrize(
    ("printer", "waiting"),
    [
        (Condition("IDLE"), None),
        (Condition("PRINTING"), None),
        (Condition("PRINTING", ("toner-low",)), "toner-low"),
        (Condition("STOPPED", ("media-empty-error",), "Out of paper"), "media-empty-error: Out of paper"),
        (Condition("STOPPED"), "the printer is stopped"),
        (Condition("STOPPED", (), "by hand"), "by hand"),
    ],
)
def test_what_keeps_a_printer_is_told(printer: Condition, waiting: str | None) -> None:
    assert waiting_for(printer) == waiting


async def test_one_at_a_time_hands_letters_over(scene: Scene) -> None:
    """The other is told so; both together print each letter once."""
    await scene.to_approved(*(a_row(number) for number in range(1, 9)))
    both = await asyncio.gather(scene.submit(), scene.submit())
    refused = [each for each in both if isinstance(each, Refusal)]
    assert [each.code for each in refused] == ["busy"]
    assert len(scene.printer.printed) == len(set(scene.printer.printed)) == 8


async def test_pausing_stops_before_the_next_letter(scene: Scene) -> None:
    """Also in the middle of a page: what is at the printer stays, the rest waits for resuming."""
    await scene.to_approved(*THREE)
    printer = PausingPrinter(scene)
    submitting = scene.mailing.submitting(scene.id, printer, rules=RULES, clock=scene.clock)
    handed = await scene.mailing.submit(submitting, after=0, first=9, caller="p", key="k")
    assert handed == Handed(1, f"mailing {scene.id} is paused: resume it first")
    assert await scene.states() == ["SUBMITTED", "RENDERED", "RENDERED"]
    refused = await scene.submit()
    assert isinstance(refused, Refusal)
    assert refused.code == "paused"
    await scene.edit(campaigns.resumed)
    assert await scene.submit() == Handed(2)
    assert scene.printer.printed == ids(scene)


@dataclass
class PausingPrinter(MemoryPrinter):
    """Somebody pauses while the first letter is printed."""

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self.scene = scene

    async def create(self, name: str) -> str:
        return await self.scene.printer.create(name)

    async def send(self, job: str, name: str, document: bytes) -> None:
        await self.scene.printer.send(job, name, document)
        await self.scene.edit(campaigns.paused)


async def test_cancelling_takes_back_what_is_not_printed(any_scene: Scene) -> None:
    """What the printer has comes out, and is followed; nothing more is handed over, nothing is announced."""
    scene = any_scene
    await scene.to_approved(*THREE)
    await scene.submit(1)
    await scene.edit(campaigns.cancelled)
    assert await scene.states() == ["SUBMITTED", "CANCELLED", "CANCELLED"]
    await scene.follow()
    assert await scene.states() == ["PRINTED", "CANCELLED", "CANCELLED"]
    for refused in (await scene.submit(), await scene.notify()):
        assert isinstance(refused, Refusal)
        assert refused.code == "wrong-state"
    assert scene.printer.printed == ids(scene)[:1]


async def test_how_long_nothing_comes_on_is_kept(any_scene: Scene) -> None:
    """From the first time on, whatever the reason; anew where some came, or a person paused. Then it is over."""
    scene = any_scene
    await scene.to_approved(*THREE)
    scene.printer.down = True
    assert since(await scene.submit()) == NOON
    scene.clock.passes(minutes=11)
    assert since(await scene.submit()) == NOON
    [wait] = await scene.mailing.waits([scene.id])
    assert (wait.step, wait.since) == ("SUBMIT", NOON)
    assert "printer letters is not available" in wait.why
    await scene.edit(campaigns.paused)
    await scene.edit(campaigns.resumed)
    assert since(await scene.submit()) == scene.clock()
    scene.printer.down = False
    assert since(await scene.submit()) is None
    assert await scene.mailing.waits([scene.id]) == []
    scene.printer.reason = "media-empty"
    begun = scene.clock()
    assert since(await scene.follow()) == begun
    scene.clock.passes(minutes=5)
    scene.printer.says[ids(scene)[0]] = State("PRINTED", 1)
    assert since(await scene.follow()) == scene.clock()


def since(handed: Handed | Refusal) -> datetime | None:
    assert isinstance(handed, Handed)
    return handed.since


async def test_letters_are_followed_page_by_page_behind_those_that_are_held(scene: Scene) -> None:
    await scene.to_approved(*THREE)
    await scene.submit()
    scene.printer.says = {id: State("PENDING", 1, "job-hold-until-specified") for id in ids(scene)[:2]}
    assert await scene.follow(2) == Handed(0, through=2)
    assert await scene.follow(2, after=2) == Handed(1)
    assert await scene.states() == ["SUBMITTED", "SUBMITTED", "PRINTED"]


@pytest.mark.parametrize("state", ["SNAPSHOT", "RENDERED"])
async def test_there_is_nothing_to_follow_before_it_is_approved(scene: Scene, state: str) -> None:
    await scene.make()
    await scene.snapshot(THREE)
    if state == "RENDERED":
        await scene.render()
    refused = await scene.follow()
    assert isinstance(refused, Refusal)
    assert refused.code == "wrong-state"


async def test_what_can_be_done_has_a_run_and_what_a_person_has_to_do_has_none(any_scene: Scene) -> None:
    """Of a paused or cancelled mailing what the printer has; not what is UNKNOWN, nor a notice before its time."""
    scene = any_scene

    async def is_due() -> bool:
        return bool(await scene.mailing.campaigns_to_deliver(at=scene.clock(), first=9))

    await scene.to_approved(*THREE, notify_at=NOON + timedelta(hours=1))
    assert await is_due()
    await scene.edit(campaigns.paused)
    assert not await is_due()
    await scene.edit(campaigns.resumed)
    await scene.submit(2)
    await scene.edit(campaigns.paused)
    assert await is_due()
    scene.printer.says[ids(scene)[0]] = None
    await scene.follow()
    assert not await is_due()
    await scene.edit(campaigns.resumed)
    assert await is_due()
    await scene.submit()
    await scene.follow()
    assert await scene.states() == ["UNKNOWN", "PRINTED", "PRINTED"]
    assert not await is_due()
    scene.clock.passes(hours=1)
    assert await is_due()
    await scene.notify()
    assert not await is_due()
    del scene.printer.says[ids(scene)[0]]
    await scene.decide(ids(scene)[0], "PRINT_AGAIN")
    await scene.submit()
    await scene.edit(campaigns.cancelled)
    assert await is_due()
    await scene.follow()
    assert await scene.states() == ["PRINTED"] * 3
    assert not await is_due()


@pytest.mark.parametrize(("died", "state"), [(4, "CANCELLED"), (5, "PRINTED")])
async def test_what_a_crash_left_of_a_cancelled_mailing_is_settled(scene: Scene, died: int, state: str) -> None:
    """A document that was not sent isn't sent any more; one that was is followed."""
    await scene.to_approved(*THREE)
    await dies(scene, Dying(died, after=True))
    await scene.edit(campaigns.cancelled)
    scene.clock.passes(minutes=2)
    await scene.follow()
    assert await scene.states() == [state, "CANCELLED", "CANCELLED"]
    assert len(scene.printer.printed) == (state == "PRINTED")


async def test_a_person_has_it_printed_again_and_that_is_recorded(any_scene: Scene) -> None:
    """Once for each order; the first print stays on record."""
    scene = any_scene
    await scene.to_approved(a_row(1))
    await scene.submit()
    await scene.follow()
    letter = f"{scene.id}-1"
    assert (await scene.campaign()).state == "NOTIFYING"
    again = await scene.decide(letter, "PRINT_AGAIN")
    assert isinstance(again, Letter)
    assert (again.state, (await scene.campaign()).state) == ("RENDERED", "PRINTING")
    await scene.submit()
    await scene.submit()
    await scene.follow()
    assert scene.printer.printed == [letter, letter]
    assert [(job.attempt, job.state) for job in await scene.mailing.jobs([letter])] == [(1, "PRINTED"), (2, "PRINTED")]
    [decision] = await scene.mailing.decisions([letter])
    assert (decision.attempt, decision.decision, decision.decided_by, decision.reason) == (
        1,
        "PRINT_AGAIN",
        "anna",
        "I looked at the tray",
    )


@pytest.mark.parametrize(
    ("decision", "letter", "job"),
    [("PRINTED", "PRINTED", "PRINTED"), ("PRINT_AGAIN", "RENDERED", "FAILED"), ("GIVE_UP", "FAILED", "FAILED")],
)
async def test_a_person_decides_what_nobody_else_can_tell(scene: Scene, decision: str, letter: str, job: str) -> None:
    """Edge case 17, each way out of UNKNOWN."""
    await scene.to_approved(a_row(1))
    await dies(scene, Dying(4, after=True))
    id = f"{scene.id}-1"
    scene.printer.says[id] = None
    scene.clock.passes(minutes=2)
    await scene.submit()
    decided = await scene.decide(id, decision)
    assert isinstance(decided, Letter)
    assert (decided.state, decided.reason) == (letter, "anna says: I looked at the tray")
    assert [each.state for each in await scene.mailing.jobs([id])] == [job]
    del scene.printer.says[id]
    await scene.submit()
    await scene.follow()
    assert await scene.states() == ["PRINTED" if decision == "PRINT_AGAIN" else letter]


@pytest.mark.parametrize("decision", ["PRINTED", "GIVE_UP", "PRINT_AGAIN"])
async def test_there_is_nothing_to_decide_about_what_was_not_printed(scene: Scene, decision: str) -> None:
    await scene.to_approved(a_row(1))
    refused = await scene.decide(f"{scene.id}-1", decision)
    assert isinstance(refused, Refusal)
    assert refused.code == "not-submitted"
    unknown = await scene.decide("nothing", decision)
    assert isinstance(unknown, Refusal)
    assert unknown.code == "unknown-letter"


async def test_wrong_states_have_no_place_in_the_database(any_scene: Scene) -> None:
    """Whoever writes: no second open job, no print again without an order, no other bytes than were sent."""
    scene = any_scene
    await scene.to_approved(a_row(1))
    await scene.submit()
    letter = f"{scene.id}-1"
    job = {"letter": letter, "printer": "x", "job": "9", "state": "SENDING", "submitted_at": NOON}
    decision = {"letter": letter, "decision": "PRINTED", "decided_by": "x", "decided_at": NOON, "reason": "x"}
    await refused(scene, insert(PRINT_JOBS).values(**job, attempt=2))
    await refused(scene, insert(PRINT_JOBS).values(**job, attempt=2, ordered_after=1, ordered="PRINT_AGAIN"))
    await scene.follow()
    await refused(scene, insert(PRINT_JOBS).values(**job, attempt=2))
    await refused(scene, insert(PRINT_JOBS).values(**job, attempt=2, ordered_after=1, ordered="PRINT_AGAIN"))
    await scene.mailing.database.write(lambda c: c.execute(insert(DECISIONS).values(**decision, attempt=1)))
    await refused(scene, insert(PRINT_JOBS).values(**job, attempt=2, ordered_after=1, ordered="PRINTED"))
    await refused(scene, update(PRINT_JOBS).values(state="FAILED"))
    await refused(scene, delete(PRINT_JOBS))
    await refused(scene, update(DOCUMENTS).values(content=b"another"))
    await refused(scene, delete(DOCUMENTS))
    await refused(scene, update(DECISIONS).values(reason="another"))
    await refused(scene, delete(DECISIONS))


async def refused(scene: Scene, statement: Any) -> None:
    with pytest.raises((DatabaseError, IntegrityError)):
        await scene.mailing.database.write(lambda connection: connection.execute(statement))
