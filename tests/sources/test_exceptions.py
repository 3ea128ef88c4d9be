"""Exceptions as billing keeps them: who works on them, what was decided, and all that happened."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from sources.billing import Billing
from sources.billing.tables import CALLS
from sources.errors import KeyReused
from sources.records.exceptions import ExceptionLeg, Resolution
from sources.records.refusal import Refusal
from tests.calls import a_charged_leg, charges
from tests.conftest import MakeDatabase
from tests.sources.test_billing import NOW, charged, made, states

ONE, OTHER = "pbx-praha:1.1#1", "pbx-praha:1.2#1"


@pytest.fixture
def billing(database: MakeDatabase) -> Billing:
    return made(database)


async def note(billing: Billing, conference: str, *legs: ExceptionLeg, key: str = "n", **changes: Any) -> int:
    said = {"code": "no-contract", "message": "sign one", "client": "CL-00417", "now": NOW, **changes}
    return await billing.record_rating_exceptions(conference, legs, caller="processes", key=key, **said)


async def resolve(billing: Billing, *ids: str, kind: str = "RETRY", key: str = "r", **changes: Any) -> Any:
    resolution = Resolution(kind, "as agreed", "eva", **changes)
    return await billing.record_resolution(list(ids), resolution, caller="processes", key=key, now=later(2))


def later(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


async def two(billing: Billing) -> None:
    await note(billing, "CF-1", ExceptionLeg("pbx-praha:1.1", 600), ExceptionLeg("pbx-praha:1.2", 31, "clock", "back"))


async def assign(billing: Billing, *ids: str, to: str | None, key: str) -> Any:
    return await billing.assign_exceptions(list(ids), assignee=to, caller="boss", key=key, now=later(1))


async def test_each_leg_may_have_a_reason_of_its_own(billing: Billing) -> None:
    """One conference, one step; listed by reason."""
    await two(billing)
    assert [(each.id, each.reason, each.message) for each in await billing.rating_exceptions(limit=9)] == [
        (ONE, "no-contract", "sign one"),
        (OTHER, "clock", "back"),
    ]
    assert [each.id for each in await billing.rating_exceptions(limit=9, code="clock")] == [OTHER]
    (first,) = await billing.exceptions_of_clients(["CL-00417", "CL-00418"], limit=1)
    assert (first.id, first.client, first.tried_at) == (ONE, "CL-00417", NOW)


async def test_who_works_on_it_is_the_last_who_was_named(billing: Billing) -> None:
    """The same key changes nothing; nobody is somebody's decision too."""
    await two(billing)
    for _ in range(2):
        (assigned,) = await assign(billing, ONE, to="eva", key="1")
        assert (assigned.assigned_to, assigned.assigned_at) == ("eva", later(1))
    await assign(billing, ONE, OTHER, to="jan", key="2")
    assert [each.id for each in await billing.rating_exceptions(limit=9, assigned_to="jan")] == [ONE, OTHER]
    assert await billing.rating_exceptions(limit=9, assigned_to="eva") == []
    await assign(billing, ONE, to=None, key="3")
    assert [each.assigned_to for each in await billing.rating_exceptions(limit=9)] == [None, "jan"]
    with pytest.raises(KeyReused):
        await assign(billing, ONE, to="jan", key="1")


async def test_all_that_happened_is_kept(billing: Billing) -> None:
    """Who, why and when, through every change of the reason and beyond the charge."""
    await two(billing)
    await assign(billing, ONE, to="eva", key="1")
    await note(billing, "CF-1", ExceptionLeg("pbx-praha:1.1", 600), code="no-rate", message="add it", key="2")
    await resolve(billing, ONE)
    await charged(billing, charges(a_charged_leg("pbx-praha:1.1"), conference="CF-1"))
    events = await billing.exception_events([ONE])
    assert [(each.kind, each.done_by, each.code, each.message or each.assignee) for each in events] == [
        ("NOTED", "processes", "no-contract", "sign one"),
        ("ASSIGNED", "boss", None, "eva"),
        ("NOTED", "processes", "no-rate", "add it"),
        ("RESOLVED", "eva", "RETRY", "as agreed"),
    ]
    assert [each.id for each in await billing.rating_exceptions(limit=9)] == [OTHER]


async def test_excluded_by_hand_is_excluded_at_once(billing: Billing) -> None:
    """With the person's reason; the others of the conference wait on."""
    await two(billing)
    assert await resolve(billing, ONE, kind="EXCLUDE") == ["CF-1"]
    assert await resolve(billing, ONE, kind="EXCLUDE") == ["CF-1"]  # the same key
    assert await states(billing) == {"1.1": "EXCLUDED", "1.2": "EXCEPTION"}
    again = await resolve(billing, ONE, kind="RETRY", key="other")
    assert isinstance(again, Refusal)
    assert again.code == "not-waiting"


@pytest.mark.parametrize("what", ["assign", "resolve"])
async def test_one_that_is_none_refuses_all_of_them(billing: Billing, what: str) -> None:
    """Nothing is half decided."""
    await two(billing)
    ids = (ONE, "pbx-praha:9.9#1")
    answer = await (assign(billing, *ids, to="eva", key="1") if what == "assign" else resolve(billing, *ids))
    assert isinstance(answer, Refusal)
    assert (answer.code, "pbx-praha:9.9#1" in answer.message) == ("unknown-exception", True)
    assert [each.kind for each in await billing.exception_events([ONE])] == ["NOTED"]


async def test_decision_holds_until_a_credit_note_takes_the_charge_back(billing: Billing) -> None:
    """What was accepted wrongly must not be charged again the same way."""
    await two(billing)
    ends = datetime(2026, 11, 24, 17, tzinfo=UTC)
    await resolve(billing, ONE, kind="ACCEPT", ends_at=ends)
    await charged(billing, charges(a_charged_leg("pbx-praha:1.1"), conference="CF-1"))
    (decision,) = await billing.decisions(["CF-1", "CF-2"])
    assert (decision.leg, decision.code, decision.ends_at, decision.done_by) == ("pbx-praha:1.1", "ACCEPT", ends, "eva")
    credited = update(CALLS).where(CALLS.c.id == ONE).values(credited=True)
    await billing.database.write(lambda connection: connection.execute(credited))
    assert await billing.decisions(["CF-1"]) == []


async def test_conferences_to_try_again(billing: Billing) -> None:
    """Those whose cause may be gone, page by page, and not those that were tried a moment ago."""
    await note(billing, "CF-1", ExceptionLeg("pbx-praha:1.1", 60), ExceptionLeg("pbx-praha:1.2", 60), key="1")
    await note(billing, "CF-2", ExceptionLeg("pbx-praha:2.1", 60), code="unknown-owner", client=None, key="2")
    await note(billing, "CF-3", ExceptionLeg("pbx-praha:3.1", 60), key="3", now=later(10))

    async def to_retry(tried_before: datetime, *, after: str = "", limit: int = 9) -> list[str]:
        return await billing.conferences_to_retry(
            limit=limit, after=after, tried_before=tried_before, but={"unknown-owner"}
        )

    assert await to_retry(later(20)) == ["CF-1", "CF-3"]
    assert await to_retry(later(20), limit=1) == ["CF-1"]
    assert await to_retry(later(20), after="CF-1") == ["CF-3"]
    assert await to_retry(later(5)) == ["CF-1"]
    # Tried again, nothing else has changed: it is not due until later.
    assert await note(billing, "CF-1", ExceptionLeg("pbx-praha:1.1", 60), key="4", now=later(15)) == 0
    assert await to_retry(later(12)) == ["CF-3"]
    (again,) = [each for each in await billing.rating_exceptions(limit=9) if each.id == ONE]
    assert (again.tried_at, again.recorded_at) == (later(15), NOW)


async def test_decision_that_a_rating_under_way_did_not_know_of_is_tried(billing: Billing) -> None:
    """What only people can settle is due once one of them has, until a rating has its say again."""
    await note(billing, "CF-1", ExceptionLeg("pbx-praha:1.1", 60), code="over-long-leg")

    async def is_due() -> bool:
        but = {"over-long-leg"}
        return bool(await billing.conferences_to_retry(limit=9, after="", tried_before=later(60), but=but))

    assert not await is_due()
    await assign(billing, ONE, to="eva", key="1")
    assert not await is_due()
    await resolve(billing, ONE, kind="ACCEPT")
    assert await is_due()
    await note(billing, "CF-1", ExceptionLeg("pbx-praha:1.1", 60), code="over-long-leg", message="more", key="2")
    assert not await is_due()


async def test_decided_by_two_at_once_is_kept_twice_and_excluded_once(billing: Billing) -> None:
    """Each has a place of its own in what happened."""
    await two(billing)
    answers = await asyncio.gather(
        *(assign(billing, ONE, OTHER, to=f"person {n}", key=str(n)) for n in range(5)),
        *(resolve(billing, ONE, kind="EXCLUDE", key=str(n)) for n in range(3)),
    )
    assert [each for each in answers[5:] if each == ["CF-1"]] == [["CF-1"]]
    events = await billing.exception_events([OTHER])
    assert len([each for each in events if each.kind == "ASSIGNED"]) >= 1
    kinds = [each.kind for each in await billing.exception_events([ONE])]
    assert kinds.count("RESOLVED") == 1
