"""A mailing's piece: what its state asks for, in pages, and what ends it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema, parse, validate

from processes.deliver_mailing import DOCUMENTS, FRUITLESS, PROCESS
from processes.rules.refusal import Refusal
from processes.run import Done
from tests.processes.fakes import FakeGraph, FakeRun, unavailable

MUTATIONS = {
    "RenderLetters": "renderLetters",
    "SubmitLetters": "submitLetters",
    "FollowLetters": "followLetters",
    "SendNotices": "sendNotices",
}


NOON = "2026-11-24T12:00:00+00:00"
"""The time of a FakeRun."""


def handed(
    letters: int,
    waiting: str | None = None,
    *,
    code: str | None = None,
    since: str | None = None,
    through: int | None = None,
) -> dict[str, Any]:
    kept = {"waiting": waiting, "waitingCode": code, "waitingSince": since, "through": through}
    return {"__typename": "LettersHanded", "letters": letters, **kept}


def refused(code: str) -> dict[str, Any]:
    return {"__typename": "Refused", "code": code, "message": f"it is {code}"}


def graph_of(
    state: str,
    pages: Mapping[str, list[dict[str, Any]]],
    *,
    paused: bool = False,
    at: str | None = "x",
    before: Mapping[str, int] | None = None,
    after: Mapping[str, int] | None = None,
) -> FakeGraph:
    """`pages` are each mutation's answers in turn; behind them nothing comes on. Letters are counted by state."""
    left = {name: list(pages.get(name, ())) for name in MUTATIONS}

    def answer(name: str) -> Any:
        return lambda _: {MUTATIONS[name]: left[name].pop(0) if left[name] else handed(0)}

    campaign = {"state": state, "paused": paused, "notifyAt": at, "printer": "office", "report": report(before)}
    ids = {each: [{"id": f"{each}-1", "reason": "so"}] for each in ("UNKNOWN", "FAILED")}
    queries: dict[str, Any] = {
        "MailingToDeliver": lambda _: {"mailing": campaign},
        "LettersToLookAt": lambda _: {"mailing": {"report": report(after), **ids}},
    }
    return FakeGraph({**queries, **{name: answer(name) for name in MUTATIONS}})


def report(letters: Mapping[str, int] | None) -> dict[str, Any]:
    return {"lettersByState": [{"name": name, "number": number} for name, number in (letters or {}).items()]}


@pytest.mark.parametrize(
    ("state", "paused", "at", "operations"),
    [
        ("DRAFT", False, "x", []),
        ("SNAPSHOT", False, "x", ["RenderLetters"]),
        ("RENDERED", False, "x", []),
        ("APPROVED", False, "x", ["SubmitLetters", "FollowLetters"]),
        ("PRINTING", False, "x", ["SubmitLetters", "FollowLetters", "SendNotices"]),
        ("PRINTING", False, None, ["SubmitLetters", "FollowLetters"]),
        ("NOTIFYING", False, "x", ["SendNotices"]),
        ("PRINTING", True, "x", ["FollowLetters"]),
        ("NOTIFYING", True, "x", []),
        ("DONE", False, "x", []),
        ("CANCELLED", False, "x", ["FollowLetters"]),
    ],
)
async def test_the_state_says_what_is_next(state: str, paused: bool, at: str | None, operations: list[str]) -> None:
    graph = graph_of(state, {}, paused=paused, at=at)
    assert isinstance(await PROCESS.carry_out(FakeRun(graph), "m-1", {}), Done)
    assert graph.operations == ["MailingToDeliver", *operations, *(["LettersToLookAt"] if operations else [])]


async def test_pages_are_asked_until_nothing_comes_on() -> None:
    graph = graph_of("SNAPSHOT", {"RenderLetters": [handed(100), handed(100), handed(7)]})
    done = await PROCESS.carry_out(FakeRun(graph), "m-1", {})
    assert isinstance(done, Done)
    assert done.answer == {"came": {"render": 207}, "waiting": {}}
    assert len(graph.keys) == 4


@pytest.mark.parametrize(
    "kept", [handed(3, "the printer is out of paper"), refused("busy"), refused("paused"), refused("wrong-state")]
)
async def test_what_keeps_the_rest_is_said_and_letters_are_still_followed(kept: dict[str, Any]) -> None:
    graph = graph_of("APPROVED", {"SubmitLetters": [handed(100), kept], "FollowLetters": [handed(40)]})
    run = FakeRun(graph)
    done = await PROCESS.carry_out(run, "m-1", {})
    assert isinstance(done, Done)
    assert done.answer["came"] == {"submit": 100 + kept.get("letters", 0), "follow": 40}
    assert done.answer["waiting"] == {"submit": kept.get("waiting") or kept["message"]}


async def test_all_that_are_at_the_printer_are_followed() -> None:
    """Also behind a page of letters that are held there; each page is asked for after the one before."""
    pages = [handed(0, through=100), handed(40, through=200), handed(0, through=300), handed(7)]
    graph = graph_of("CANCELLED", {"FollowLetters": pages})
    done = await PROCESS.carry_out(FakeRun(graph), "m-1", {})
    assert isinstance(done, Done)
    assert done.answer["came"] == {"follow": 47}
    asked = [(each["after"], each["key"]) for name, each in graph.asked if name == "FollowLetters"]
    assert [after for after, _ in asked] == [0, 100, 200, 300]
    assert [key.rpartition(":")[2] for _, key in asked] == [
        "follow-0-0",
        "follow-1-100",
        "follow-2-200",
        "follow-3-300",
    ]


async def test_where_a_long_row_is_still_at_the_printer_those_behind_are_not_asked_for() -> None:
    graph = graph_of("CANCELLED", {"FollowLetters": [handed(0, through=100 * page) for page in range(1, 20)]})
    assert isinstance(await PROCESS.carry_out(FakeRun(graph), "m-1", {}), Done)
    assert graph.operations.count("FollowLetters") == FRUITLESS


async def test_a_run_that_brings_nothing_on_is_tried_ever_more_seldom() -> None:
    """So it ends refused; what it waits for is no alarm at first, as paper is put in meanwhile."""
    out_of_paper = handed(0, "media-empty-error", code="PRINTER_WAITS", since="2026-11-24T11:51:00+00:00")
    graph = graph_of("PRINTING", {"FollowLetters": [out_of_paper]})
    run = FakeRun(graph)
    answer = await PROCESS.carry_out(run, "m-1", {})
    assert answer == Refusal("waiting", "follow: media-empty-error")
    assert run.alarms == []


@pytest.mark.parametrize(
    ("kept", "code", "said"),
    [
        (
            handed(0, "media-empty-error", code="PRINTER_WAITS", since="2026-11-24T11:50:00+00:00"),
            "printer",
            "put some",
        ),
        (handed(0, "printer office refuses: no", code="PRINTER_REFUSED", since=NOON), "printer-refuses", "office"),
    ],
)
async def test_somebody_is_told_after_ten_minutes_or_at_once(kept: dict[str, Any], code: str, said: str) -> None:
    """The printer and the remedy are named."""
    run = FakeRun(graph_of("PRINTING", {"FollowLetters": [kept]}))
    await PROCESS.carry_out(run, "m-1", {})
    [(alarmed, message)] = run.alarms
    assert alarmed == code
    assert "office" in message
    assert said in message


async def test_notices_that_are_not_due_are_no_trouble() -> None:
    run = FakeRun(graph_of("PRINTING", {"SendNotices": [handed(0, "notices go out at 2026-12-01T08:00Z")]}))
    assert isinstance(await PROCESS.carry_out(run, "m-1", {}), Done)
    assert run.alarms == []


@pytest.mark.parametrize(
    ("after", "code"),
    [({"UNKNOWN": 2}, "letters-unknown"), ({"UNKNOWN": 1, "FAILED": 1}, "letters-failed"), ({"UNKNOWN": 1}, None)],
)
async def test_letters_that_a_person_has_to_look_at_are_named_once(after: Mapping[str, int], code: str | None) -> None:
    """By the run in which they came to be so."""
    run = FakeRun(graph_of("PRINTING", {}, before={"UNKNOWN": 1}, after=after))
    await PROCESS.carry_out(run, "m-1", {})
    assert [alarmed for alarmed, _ in run.alarms] == ([code] if code else [])
    assert all("-1: so" in message for _, message in run.alarms)


@pytest.mark.parametrize("code", ["unknown-printer", "no-letters"])
async def test_what_a_person_has_to_mend_is_refused(code: str) -> None:
    graph = graph_of("APPROVED", {"SubmitLetters": [refused(code)]})
    run = FakeRun(graph)
    answer = await PROCESS.carry_out(run, "m-1", {})
    assert isinstance(answer, Refusal)
    assert answer.code == code
    assert run.alarms == [(code, f"it is {code}")]
    assert graph.operations[-1] == "SubmitLetters"


async def test_nobody_knows_the_mailing() -> None:
    graph = FakeGraph({"MailingToDeliver": lambda _: {"mailing": None}})
    answer = await PROCESS.carry_out(FakeRun(graph), "m-1", {})
    assert isinstance(answer, Refusal)
    assert answer.code == "unknown-mailing"


@pytest.mark.parametrize("when", ["fails_before", "fails_after"])
async def test_a_page_asked_again_with_its_key_is_done_once(when: str) -> None:
    graph = graph_of("SNAPSHOT", {"RenderLetters": [handed(100), handed(50)]})
    getattr(graph, when)["RenderLetters"] = unavailable("mailing")
    done = await PROCESS.carry_out(FakeRun(graph), "m-1", {})
    assert isinstance(done, Done)
    assert done.answer["came"] == {"render": 150}


def test_the_graph_knows_its_documents() -> None:
    schema = build_schema(Path("schema.graphql").read_text(), assume_valid=True)
    for document in DOCUMENTS:
        assert validate(schema, parse(document)) == []
