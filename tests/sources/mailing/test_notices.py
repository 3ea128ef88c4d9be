"""Notices go out for printed letters, at their time, and what becomes of them is known."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import DatabaseError, IntegrityError

from processes.rules.mailing import campaigns
from processes.rules.mailing.report import Report, report
from resolvers.mailing.rules import RULES
from sources.mailing import METADATA, Mailing, notifying
from sources.mailing.notifying import Notifying
from sources.mailing.outside import Outgoing
from sources.mailing.printing import Handed
from sources.mailing.tables import NOTICES
from sources.records.mailing import Notice
from sources.records.refusal import Refusal
from tests.conftest import MakeDatabase
from tests.sources.mailing.scene import NOON, Scene, Word, a_row, a_template, opened


@pytest.fixture
def any_scene(database: MakeDatabase) -> Scene:
    """On each kind of database."""
    return Scene(Mailing(database("mailing", METADATA)))


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """On a file, for what doesn't depend on the kind of database."""
    async with opened(tmp_path) as mailing:
        yield Scene(mailing)


async def printed(scene: Scene, *rows: Any, **changes: Any) -> None:
    await scene.to_approved(*rows, **changes)
    await scene.submit()
    await scene.follow()


async def notices(scene: Scene) -> dict[int, Notice]:
    """By position."""
    found = await scene.mailing.notices([letter.id for letter in await scene.letters()])
    return {int(notice.letter.rpartition("-")[2]): notice for notice in found}


async def counted(scene: Scene) -> Report:
    [totals] = await scene.mailing.totals([await scene.campaign()])
    return report(
        asked=totals.asked,
        letters=totals.letters,
        exclusions=totals.exclusions,
        announced=totals.announced,
        notice_due=totals.notice_due,
    )


async def test_everybody_is_accounted_for_in_the_end(any_scene: Scene) -> None:
    """Letters + notices + exclusions = recipients (I12), from the first step to the last."""
    scene = any_scene
    await scene.to_approved(a_row(1), a_row(2, email=None), a_row(3, street=None), a_row(4), a_row(4))
    assert await counted(scene) == Report(recipients=5, letters=0, notices=0, exclusions=2, failed=0, open=3)
    await scene.submit()
    await scene.follow()
    assert await counted(scene) == Report(recipients=5, letters=1, notices=0, exclusions=2, failed=0, open=2)
    scene.postman.words["klient4@example.cz"] = Word("", "REFUSED", "550", "no such user")
    assert await scene.notify() == Handed(1)
    assert (await scene.campaign()).state == "DONE"
    assert await counted(scene) == Report(recipients=5, letters=2, notices=1, exclusions=2, failed=0, open=0)
    first = scene.postman.posted[0]
    assert re.fullmatch(rf"<{scene.id.lower()}-1\.[0-9a-f]{{16}}@example\.cz>", first.notice.message_id)
    assert first.subject == "Dopis pro Řízek a synové 1, s.r.o."
    assert first.text == "Dobrý den, Řízek a synové 1, s.r.o.,\n\npošleme Vám dopis o ceně 1,95."
    told = {position: (each.state, each.attempts, each.code) for position, each in (await notices(scene)).items()}
    assert told == {1: ("ACCEPTED", 1, "250"), 3: ("REFUSED", 1, "550")}


async def test_notices_wait_for_their_time(scene: Scene) -> None:
    """Too early is no refusal: it says when."""
    await printed(scene, a_row(1), notify_at=NOON + timedelta(days=2))
    assert await scene.notify() == Handed(0, "notices go out at 2026-11-26T11:00Z")
    assert scene.postman.posted == []
    scene.clock.passes(days=2)
    assert await scene.notify() == Handed(1)


async def test_a_campaign_may_send_no_notices(scene: Scene) -> None:
    """Without a time for them it is done when all is printed."""
    await printed(scene, a_row(1), notify_at=None)
    assert (await scene.campaign()).state == "DONE"


async def test_no_letter_is_announced_that_is_not_printed(scene: Scene) -> None:
    """One by one: what is printed is announced while another one is looked at by a person."""
    await scene.to_approved(a_row(1), a_row(2))
    await scene.submit()
    scene.printer.says[f"{scene.id}-1"] = None
    await scene.follow()
    assert await scene.states() == ["UNKNOWN", "PRINTED"]
    await scene.notify()
    assert [each.client for each in scene.postman.posted] == ["CL-00002"]
    await scene.decide(f"{scene.id}-1", "PRINTED")
    await scene.notify()
    assert [each.client for each in scene.postman.posted] == ["CL-00002", "CL-00001"]
    assert (await scene.campaign()).state == "DONE"


async def test_the_database_refuses_notices_of_letters_that_are_not_printed(any_scene: Scene) -> None:
    """Whoever writes; and a second notice of one letter too."""
    scene = any_scene
    await scene.to_approved(a_row(1), a_row(2))
    await scene.submit(1)
    row = {"email": "x", "state": "REFUSED", "attempts": 1, "first_at": NOON, "attempt": 1, "printed": "PRINTED"}
    for position in (1, 2):
        letter = f"{scene.id}-{position}"
        await refused(scene, {**row, "letter": letter, "message_id": letter})
    await scene.follow()
    await refused(scene, {**row, "letter": f"{scene.id}-1", "message_id": "x", "printed": "SENT"})
    await scene.notify()
    await refused(scene, {**row, "letter": f"{scene.id}-1", "message_id": "x"})


async def refused(scene: Scene, row: dict[str, Any]) -> None:
    with pytest.raises((DatabaseError, IntegrityError)):
        await scene.mailing.database.write(lambda connection: connection.execute(insert(NOTICES).values(**row)))


async def test_deferred_notices_are_tried_for_three_days(scene: Scene) -> None:
    """Edge case 18: a 4xx again and again, more and more seldom, then no more; always by the same Message-ID."""
    await printed(scene, a_row(1))
    scene.postman.words["klient1@example.cz"] = Word("", "DEFERRED", "451", "greylisted")
    started = scene.clock.now
    tries = []
    while (notice := (await notices(scene)).get(1)) is None or notice.next_at is not None:
        if notice is not None and notice.next_at is not None:
            assert await scene.notify() == Handed(0)
            assert len(scene.postman.posted) == len(tries)  # not before its time
            scene.clock.now = notice.next_at
        await scene.notify()
        tries.append(scene.clock.now - started)
    assert tries[:4] == [timedelta(minutes=minutes) for minutes in (0, 15, 45, 105)]
    assert timedelta(days=2, hours=18) < tries[-1] <= timedelta(days=3)
    assert (notice.state, notice.attempts, notice.code) == ("REFUSED", len(tries), "451")
    assert len({each.notice.message_id for each in scene.postman.posted}) == 1
    assert (await scene.campaign()).state == "DONE"


async def test_a_greylisted_notice_arrives_later(scene: Scene) -> None:
    """It is open until then, and the campaign isn't done."""
    await printed(scene, a_row(1))
    scene.postman.words["klient1@example.cz"] = Word("", "DEFERRED", "451", "greylisted")
    await scene.notify()
    assert ((await scene.campaign()).state, (await counted(scene)).open) == ("NOTIFYING", 1)
    del scene.postman.words["klient1@example.cz"]
    scene.clock.passes(minutes=15)
    assert await scene.notify() == Handed(1)
    assert ((await scene.campaign()).state, (await counted(scene)).notices) == ("DONE", 1)


async def test_mail_that_is_down_is_no_try(scene: Scene) -> None:
    """Nothing was asked of anybody, so nothing is counted; it goes on when the server is back."""
    await printed(scene, a_row(1), a_row(2))
    scene.postman.down = True
    handed = await scene.notify()
    assert isinstance(handed, Handed)
    assert "post is not available" in str(handed.waiting)
    assert {each.attempts for each in (await notices(scene)).values()} == {0}
    scene.postman.down = False
    assert await scene.notify() == Handed(2)


async def test_a_crash_while_sending_delays_notices_and_loses_none(scene: Scene) -> None:
    """Of what was sent before it the same message goes out again, by which mailboxes know it."""
    await printed(scene, a_row(1), a_row(2))

    async def dies(due: Any, told: Any) -> Any:
        await scene.postman(due)
        raise SystemExit

    with pytest.raises(SystemExit):
        await scene.mailing.notify(
            scene.id, dies, domain="example.cz", first=9, caller="p", key="k", clock=scene.clock, rules=RULES
        )
    busy = await scene.notify()
    assert isinstance(busy, Refusal)
    assert busy.code == "busy"
    scene.clock.passes(minutes=2)
    assert await scene.notify() == Handed(2)
    ids = [each.notice.message_id for each in scene.postman.posted]
    assert ids[:2] == ids[2:]


async def test_a_crash_while_sending_doubts_no_answer_that_came(scene: Scene) -> None:
    """Each is kept as it comes: who was sent theirs, or is wrongly addressed, is written to no second time."""
    await printed(scene, a_row(1), a_row(2), a_row(3))

    async def dies(due: Any, told: Any) -> Any:
        await told(Word(due[0].notice.message_id, "ACCEPTED", "250", "ok"))
        await told(Word(due[1].notice.message_id, "REFUSED", "550", "no such user"))
        raise SystemExit

    with pytest.raises(SystemExit):
        await scene.mailing.notify(
            scene.id, dies, domain="example.cz", first=9, caller="p", key="k", clock=scene.clock, rules=RULES
        )
    scene.clock.passes(minutes=2)
    assert await scene.notify() == Handed(1)
    assert [each.client for each in scene.postman.posted] == ["CL-00003"]
    assert [each.state for each in (await notices(scene)).values()] == ["ACCEPTED", "REFUSED", "ACCEPTED"]


async def test_whoever_unsubscribes_gets_no_marketing_any_more(scene: Scene) -> None:
    """Also where the letter is printed already: the notice is skipped. A contractual one goes."""
    await printed(scene, a_row(1), a_row(2), template=a_template(purpose="MARKETING"))
    await scene.mailing.unsubscribe(f"{scene.id}-1", now=NOON)
    await scene.notify()
    assert [each.client for each in scene.postman.posted] == ["CL-00002"]
    assert (await notices(scene))[1].state == "SKIPPED"
    await printed(scene, a_row(1), template=a_template(template="other"))
    unknown = await scene.mailing.unsubscribe("nothing", now=NOON)
    assert isinstance(unknown, Refusal)


@dataclass(frozen=True)
class Back:
    message_id: str
    recipient: str = "klient1@example.cz"
    status: str = "5.1.1"
    text: str = "no such user"
    is_final: bool = True


async def test_what_comes_back_is_tied_to_its_letter(any_scene: Scene) -> None:
    """The letter stays printed; the same one again is known; one that isn't ours is kept as well."""
    scene = any_scene
    await printed(scene, a_row(1), a_row(2))
    await scene.notify()
    first, _ = scene.postman.posted
    back = [Back(first.notice.message_id), Back("<somebody@else>")]
    assert await scene.mailing.keep_bounces(back, now=NOON) == 2
    assert await scene.mailing.keep_bounces(back, now=NOON) == 0
    [bounce] = await scene.mailing.bounces([f"{scene.id}-1", f"{scene.id}-2"])
    assert (bounce.letter, bounce.status, bounce.recipient) == (f"{scene.id}-1", "5.1.1", "klient1@example.cz")
    assert {position: each.state for position, each in (await notices(scene)).items()} == {1: "BOUNCED", 2: "ACCEPTED"}
    assert await counted(scene) == Report(recipients=2, letters=1, notices=1, exclusions=0, failed=0, open=0)
    assert await scene.states() == ["PRINTED", "PRINTED"]


async def test_a_guessed_bounce_is_not_believed(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever knows which letters there are can't say that one's notice came back; the log has what was tried."""
    await printed(scene, a_row(1))
    await scene.notify()
    guessed = [f"<{scene.id.lower()}-1@example.cz>", f"<{scene.id.lower()}-1.{'0' * 16}@example.cz>"]
    assert await scene.mailing.keep_bounces([Back(each) for each in guessed], now=NOON) == 2
    assert (await notices(scene))[1].state == "ACCEPTED"
    assert await scene.mailing.bounces([f"{scene.id}-1"]) == []
    assert [each.getMessage() for each in caplog.records] == [
        f"a bounce is not believed: nothing was sent as {each!r}" for each in guessed
    ]


async def test_a_notice_that_is_delayed_has_not_come_back(scene: Scene) -> None:
    """What the server says meanwhile is known; when it gives up, the notice is a bounce, and stays one."""
    await printed(scene, a_row(1))
    await scene.notify()
    [sent] = scene.postman.posted
    late = Back(sent.notice.message_id, status="4.4.1", text="no route", is_final=False)
    assert await scene.mailing.keep_bounces([late], now=NOON) == 0
    now = (await notices(scene))[1]
    assert (now.state, now.code, now.text) == ("ACCEPTED", "4.4.1", "no route")
    assert await scene.mailing.bounces([f"{scene.id}-1"]) == []
    given_up = Back(sent.notice.message_id, status="4.4.7", text="tried for 5 days")
    assert await scene.mailing.keep_bounces([given_up, late], now=NOON) == 1
    now = (await notices(scene))[1]
    assert (now.state, now.code, now.text) == ("BOUNCED", "4.4.7", "tried for 5 days")


async def test_a_cancelled_mailing_sends_no_more_notices(scene: Scene) -> None:
    """What waits to be tried again is skipped; everybody is accounted for."""
    await printed(scene, a_row(1), a_row(2))
    scene.postman.words["klient1@example.cz"] = Word("", "DEFERRED", "451", "greylisted")
    await scene.notify()
    await scene.make()
    await scene.snapshot([a_row(1)])
    first, scene.id = scene.id, "ML-2026-000001"
    refused = await scene.edit(campaigns.paused)
    assert not isinstance(refused, Refusal)
    await scene.edit(campaigns.cancelled)
    assert {position: each.state for position, each in (await notices(scene)).items()} == {1: "SKIPPED", 2: "ACCEPTED"}
    assert await counted(scene) == Report(recipients=2, letters=1, notices=1, exclusions=0, failed=0, open=0)
    scene.id = first
    assert await scene.states() == ["PLANNED"]


async def test_notices_that_are_sent_slowly_are_sent_by_nobody_else(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However few a minute the mail server takes: the lease and the notices are held on to until they are sent."""
    monkeypatch.setattr(notifying, "RENEWED_AFTER", timedelta(seconds=0.01))
    await printed(scene, a_row(1), a_row(2))
    began, go_on = asyncio.Event(), asyncio.Event()

    async def slow(due: Sequence[Outgoing], told: Any) -> list[Word]:
        began.set()
        await go_on.wait()
        return await scene.postman(due)

    def sending(postman: Any) -> Notifying:
        return Notifying(scene.mailing.database, scene.id, postman, RULES, scene.clock, scene.key(), "e.cz")

    first = asyncio.create_task(sending(slow).send(first=10))
    await began.wait()
    for _ in range(3):
        scene.clock.passes(seconds=50)
        await asyncio.sleep(0.1)
    refused = await sending(scene.postman).send(first=10)
    assert isinstance(refused, Refusal)
    assert refused.code == "busy"
    go_on.set()
    assert isinstance(await first, Handed)
    assert len(scene.postman.posted) == len({each.notice.message_id for each in scene.postman.posted}) > 0
