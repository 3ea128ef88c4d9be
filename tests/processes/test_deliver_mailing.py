"""A mailing's piece: what its state asks for, in pages, and what ends it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema, parse, validate

from processes.deliver_mailing import DOCUMENTS, PROCESS
from processes.rules.refusal import Refusal
from processes.run import Done
from tests.processes.fakes import FakeGraph, FakeRun, unavailable

MUTATIONS = {
    "RenderLetters": "renderLetters",
    "SubmitLetters": "submitLetters",
    "FollowLetters": "followLetters",
    "SendNotices": "sendNotices",
}


def handed(letters: int, waiting: str | None = None) -> dict[str, Any]:
    return {"__typename": "LettersHanded", "letters": letters, "waiting": waiting}


def refused(code: str) -> dict[str, Any]:
    return {"__typename": "Refused", "code": code, "message": f"it is {code}"}


def graph_of(
    state: str, pages: Mapping[str, list[dict[str, Any]]], *, paused: bool = False, at: str | None = "x"
) -> FakeGraph:
    """`pages` are each mutation's answers in turn; behind them nothing comes on."""
    left = {name: list(pages.get(name, ())) for name in MUTATIONS}

    def answer(name: str) -> Any:
        return lambda _: {MUTATIONS[name]: left[name].pop(0) if left[name] else handed(0)}

    campaign = {"mailing": {"state": state, "paused": paused, "notifyAt": at}}
    return FakeGraph({"MailingToDeliver": lambda _: campaign, **{name: answer(name) for name in MUTATIONS}})


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
        ("PRINTING", True, "x", []),
        ("DONE", False, "x", []),
        ("CANCELLED", False, "x", []),
    ],
)
async def test_the_state_says_what_is_next(state: str, paused: bool, at: str | None, operations: list[str]) -> None:
    graph = graph_of(state, {}, paused=paused, at=at)
    assert isinstance(await PROCESS.carry_out(FakeRun(graph), "m-1", {}), Done)
    assert graph.operations == ["MailingToDeliver", *operations]


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
