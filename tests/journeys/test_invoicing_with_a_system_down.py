"""A system down at each step of invoicing a call: the step is tried again, and no leg becomes an exception by it."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from pathlib import Path

import pytest

from gateway.company import Company
from gateway.request import GraphQLRequest, GraphQLResponse
from gateway.subgraphs.protocol import RequestContext
from processes import invoice_call, invoice_conference
from sources.demo import cast
from tests.company import ask

NAME = re.compile(r"\b(?:query|mutation) (\w+)")
OPERATIONS = [found[1] for text in invoice_conference.DOCUMENTS if (found := NAME.search(text))]
NEEDED = {
    "bridge": {"ConferenceToInvoice"},
    "reservations": {"ConferenceToInvoice"},
    "links": {"ConferenceToInvoice", "TariffInForce"},
    "sales": {"TariffInForce"},
    "billing": {"ConferenceToInvoice", "TariffInForce", "RecordCharges"},
}
STATE = "query State($id: ID!) { conference(id: $id) { invoicing { state } charges { seconds } } }"
EXCEPTIONS = "query Waiting { ratingExceptions { conference { id } history { kind } } }"
CONFERENCE = cast.EURO.conference


def test_each_operation_is_one_that_a_system_answers() -> None:
    """But for the one that notes exceptions, which an outage must never lead to."""
    assert set().union(*NEEDED.values()) == set(OPERATIONS) - {"RecordRatingExceptions"}
    assert invoice_call.PROCESS.name == "invoice-call"


@pytest.mark.parametrize("system", NEEDED)
async def test_outage_at_each_step_is_a_retry(
    company: Company, files: Path, monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    """Its database is gone whenever an operation is asked for the first time; then it is back."""
    asked: Counter[str] = Counter()
    answer = company.gateway.answer

    async def faulty(request: GraphQLRequest, context: RequestContext) -> GraphQLResponse:
        name = NAME.search(request.query or "")
        if name is None or name[1] not in OPERATIONS:
            return await answer(request, context)
        asked[name[1]] += 1
        if asked[name[1]] > 1:
            return await answer(request, context)
        (files / f"{system}.sqlite").rename(files / "away")
        try:
            return await answer(request, context)
        finally:
            (files / "away").rename(files / f"{system}.sqlite")

    monkeypatch.setattr(type(company.gateway), "answer", lambda _, request, context: faulty(request, context))
    await company.runner.start("invoice-call", CONFERENCE, {}, caller="tests")
    found = await over(company)
    assert found["invoicing"]["state"] == "SUCCEEDED"
    assert found["charges"]
    assert "RecordRatingExceptions" not in asked
    waiting = await ask(company, EXCEPTIONS)
    assert [each for each in waiting.data["ratingExceptions"] if each["conference"]["id"] == CONFERENCE] == []
    assert {name for name, times in asked.items() if times > 1} == NEEDED[system]


async def over(company: Company) -> dict[str, dict[str, str]]:
    for _ in range(500):
        answer = await ask(company, STATE, id=CONFERENCE)
        found: dict[str, dict[str, str]] = answer.data["conference"]
        if found and found["invoicing"] and found["invoicing"]["state"] not in ("RUNNING", "WAITING"):
            return found
        await asyncio.sleep(0.02)
    raise AssertionError("the run never ended")
