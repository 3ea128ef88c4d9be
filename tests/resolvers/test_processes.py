"""The subgraph processes alone: it shows runs and starts them through a runner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from processes.rules.refusal import Refusal
from resolvers.processes import ProcessesContext, schema
from sources.processes import METADATA, Processes
from sources.records.bridge import QuarantinedLine
from sources.records.processes import Run, Step
from tests.asking import entities
from tests.conftest import MakeDatabase

NOON = datetime(2026, 11, 24, 11, tzinfo=UTC)

INVOICE = """
mutation ($id: ID!) {
  invoiceConference(id: $id, idempotencyKey: "k") {
    __typename
    ... on InvoicePrepared { invoice { id } }
    ... on Refused { code message }
  }
}
"""

IMPORT = """
mutation ($bridge: ID!) {
  importCallRecords(bridge: $bridge, format: ASTERISK_CSV, content: "lines") {
    received duplicates skipped quarantined { line reason message text } conferences { id invoicing { state } }
  }
}
"""


@dataclass(frozen=True)
class Made:
    """Both answers of the fake runner in one."""

    invoice: str = "IN-1"
    received: int = 4
    duplicates: int = 1
    skipped: int = 7
    quarantined: Sequence[QuarantinedLine] = (QuarantinedLine(5, "clock", "leaves before it joins", "x"),)
    conferences: Sequence[str] = ("CF-1", "CF-2")


@dataclass
class FakeRunner:
    """Makes everything that is asked for, but refuses what is called `refused`; remembers who asked for what."""

    calls: list[tuple[str, ...]] = field(default_factory=list)

    async def invoice_conference(self, id: str, *, idempotency_key: str, caller: str) -> Made | Refusal:
        self.calls.append((id, idempotency_key, caller))
        return Refusal("no-contract", "sign one") if id == "refused" else Made()

    async def import_call_records(self, bridge: str, *, format: str, content: str, caller: str) -> Made | Refusal:
        self.calls.append((bridge, format, content, caller))
        return Refusal("no-cdr-zone", "set it") if bridge == "refused" else Made()

    async def answer(
        self, process: str, subject: str, input: Mapping[str, Any], *, key: str, caller: str
    ) -> Mapping[str, Any] | Refusal:
        self.calls.append((process, subject, str(dict(input)), key, caller))
        if subject == "refused":
            return Refusal("no-conferences", "import its call records first")
        counts = {"charged": 8, "held": 1, "settled": 2, "waiting": 3}
        return {**counts, "lookedTo": 14, "last": 99, "isThrough": False}

    async def start(self, process: str, subject: str, input: Mapping[str, Any], *, caller: str) -> str:
        self.calls.append((process, subject, caller))
        return f"{process}:{subject}:1"

    async def retry(self, id: str, *, caller: str) -> str | Refusal:
        self.calls.append((id, caller))
        return Refusal("not-failed", "it SUCCEEDED") if id.endswith("CF-2:1") else id

    async def cancel(self, id: str) -> str | Refusal:
        self.calls.append((id,))
        return Refusal("over", "it is over") if id.endswith("CF-2:1") else id


def a_run(n: int = 1, subject: str = "CF-1", **changes: Any) -> Run:
    values: dict[str, Any] = {
        "id": f"invoice-call:{subject}:{n}",
        "process": "invoice-call",
        "subject": subject,
        "state": "SUCCEEDED",
        "started_at": NOON + timedelta(minutes=n),
        "started_by": "jana.kralova",
        "ended_at": NOON + timedelta(minutes=n, seconds=1),
        "outcome": "IN-1",
    }
    return Run(**{**values, **changes})


@pytest.fixture
def source(database: MakeDatabase) -> Processes:
    runs = [a_run(1), a_run(2, state="FAILED", outcome=None, error="SYSTEM_UNAVAILABLE"), a_run(1, "CF-2")]
    return Processes(database("processes", METADATA, partial(Processes.fill, runs=runs)))


async def asked(source: Processes, document: str, runner: FakeRunner | None = None, **variables: Any) -> Any:
    context = ProcessesContext(source=source, now=NOON, caller="jana", runner=runner or FakeRunner())
    return await schema.execute(document, variables, context_value=context)


async def test_run_is_shown_whole(source: Processes) -> None:
    """State, who started it, what came of it, what went wrong."""
    document = """{ process(id: "invoice-call:CF-1:2") {
        id name subject state startedAt endedAt startedBy outcome error } }"""
    answer = await asked(source, document)
    assert answer.data["process"] == {
        "id": "invoice-call:CF-1:2",
        "name": "invoice-call",
        "subject": "CF-1",
        "state": "FAILED",
        "startedAt": "2026-11-24T11:02:00Z",
        "endedAt": "2026-11-24T11:02:01Z",
        "startedBy": "jana.kralova",
        "outcome": None,
        "error": "SYSTEM_UNAVAILABLE",
    }
    assert (await asked(source, '{ process(id: "none") { id } }')).data == {"process": None}


async def test_runs_by_state(source: Processes) -> None:
    """The last started first; a huge page is bad input."""
    answer = await asked(source, "{ a: processes(state: FAILED) { subject } b: processes(first: 1) { id } }")
    assert answer.data == {"a": [{"subject": "CF-1"}], "b": [{"id": "invoice-call:CF-1:2"}]}
    huge = await asked(source, "{ processes(first: 1000) { id } }")
    assert huge.errors[0].extensions["code"] == "BAD_USER_INPUT"


async def test_conference_knows_its_latest_invoicing(source: Processes) -> None:
    """One statement for all of them; null where nobody has started one."""
    keys = [{"__typename": "Conference", "id": id} for id in ("CF-1", "CF-2", "CF-3")]
    keys += [{"__typename": "Process", "id": id} for id in ("invoice-call:CF-2:1", "none")]
    selection = "... on Conference { invoicing { id } } ... on Process { state }"
    answer = await entities(schema, source, keys, selection)
    assert answer.data == [
        {"invoicing": {"id": "invoice-call:CF-1:2"}},
        {"invoicing": {"id": "invoice-call:CF-2:1"}},
        {"invoicing": None},
        {"state": "SUCCEEDED"},
        None,
    ]
    assert answer.statements == 2


async def test_invoicing_answers_with_the_invoice_or_the_reason(source: Processes) -> None:
    """An expected refusal is an answer; the key is the caller's."""
    runner = FakeRunner()
    made = await asked(source, INVOICE, runner, id="CF-1")
    assert made.data["invoiceConference"] == {"__typename": "InvoicePrepared", "invoice": {"id": "IN-1"}}
    refused = await asked(source, INVOICE, runner, id="refused")
    assert refused.errors is None
    assert refused.data["invoiceConference"] == {"__typename": "Refused", "code": "no-contract", "message": "sign one"}
    assert runner.calls == [("CF-1", "k", "jana"), ("refused", "k", "jana")]


async def test_import_answers_with_counts_and_conferences(source: Processes) -> None:
    """Each line that was not taken is named."""
    runner = FakeRunner()
    answer = await asked(source, IMPORT, runner, bridge="pbx-praha")
    assert answer.data["importCallRecords"] == {
        "received": 4,
        "duplicates": 1,
        "skipped": 7,
        "quarantined": [{"line": 5, "reason": "clock", "message": "leaves before it joins", "text": "x"}],
        "conferences": [
            {"id": "CF-1", "invoicing": {"state": "FAILED"}},
            {"id": "CF-2", "invoicing": {"state": "SUCCEEDED"}},
        ],
    }
    assert runner.calls == [("pbx-praha", "ASTERISK_CSV", "lines", "jana")]


async def test_file_that_is_refused_whole_is_an_error(source: Processes) -> None:
    """With the refusal's code, as errors write it."""
    answer = await asked(source, IMPORT, bridge="refused")
    assert answer.data is None
    assert (answer.errors[0].message, answer.errors[0].extensions) == ("set it", {"code": "NO_CDR_ZONE"})


async def test_runs_are_steered(source: Processes) -> None:
    """By the runner; what can't be is refused with its reason."""
    document = """mutation ($id: ID!) {
        retryProcess(id: $id) { ... on ProcessSteered { process { id } } ... on Refused { code } }
        cancelProcess(id: $id) { ... on ProcessSteered { process { state } } ... on Refused { code } } }"""
    runner = FakeRunner()
    done = await asked(source, document, runner, id="invoice-call:CF-1:2")
    assert done.data == {
        "retryProcess": {"process": {"id": "invoice-call:CF-1:2"}},
        "cancelProcess": {"process": {"state": "FAILED"}},
    }
    assert runner.calls == [("invoice-call:CF-1:2", "jana"), ("invoice-call:CF-1:2",)]
    refused = await asked(source, document, runner, id="invoice-call:CF-2:1")
    assert refused.data == {"retryProcess": {"code": "not-failed"}, "cancelProcess": {"code": "over"}}


async def test_runs_are_filtered_and_show_their_steps(source: Processes) -> None:
    """By process, subject and state, all of it; steps in order, in one statement for all runs."""
    for n, name in ((2, "second"), (1, "first")):
        await source.begin_step(Step("invoice-call:CF-1:2", n, name, NOON, None, 0))
    await source.end_step(Step("invoice-call:CF-1:2", 1, "first", NOON, NOON, 3, "billing is down"))
    answer = await asked(
        source,
        """{ processes(filter: {name: "invoice-call", subject: "CF-1"}) { id steps { name attempts endedAt error } }
             none: processes(filter: {subject: "CF-1", state: RUNNING}) { id } }""",
    )
    assert answer.data == {
        "processes": [
            {
                "id": "invoice-call:CF-1:2",
                "steps": [
                    {"name": "first", "attempts": 3, "endedAt": "2026-11-24T11:00:00Z", "error": "billing is down"},
                    {"name": "second", "attempts": 0, "endedAt": None, "error": None},
                ],
            },
            {"id": "invoice-call:CF-1:1", "steps": []},
        ],
        "none": [],
    }


async def test_a_backlog_is_invoiced_some_hundred_conferences_at_a_time(source: Processes) -> None:
    """By a run for each time; what came of it, how far it is, or why there is nothing."""
    document = """mutation ($bridge: ID!, $first: Int! = 1000) {
        invoiceBacklog(bridge: $bridge, first: $first, idempotencyKey: "k") {
            ... on BacklogInvoiced { charged held settled waiting lookedTo last isThrough }
            ... on Refused { code } } }"""
    runner = FakeRunner()
    done = await asked(source, document, runner, bridge="pbx-praha")
    counts = {"charged": 8, "held": 1, "settled": 2, "waiting": 3}
    assert done.data == {"invoiceBacklog": {**counts, "lookedTo": 14, "last": 99, "isThrough": False}}
    assert runner.calls == [("invoice-backlog", "pbx-praha", "{'first': 1000}", "k", "jana")]
    refused = await asked(source, document, runner, bridge="refused")
    assert refused.data == {"invoiceBacklog": {"code": "no-conferences"}}
    many = await asked(source, document, runner, bridge="pbx-praha", first=1001)
    assert many.errors[0].extensions == {"code": "BAD_USER_INPUT"}
