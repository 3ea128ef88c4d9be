"""One system down: what the others know is still shown; what is missing is null with an error that names the system."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.company import Company
from tests.company import ask

DOCUMENTS = [
    ("ClientProfile", {"id": "CL-00417"}),
    ("Clients", {"search": "novak"}),
    ("LatestRates", {"number": "7700123"}),
]
ASKED = {
    "ClientProfile": {"sales", "links", "billing", "reservations", "bridge"},
    "Clients": {"sales", "links", "billing"},
    "LatestRates": {"billing", "links", "sales"},
}


def differences(whole: Any, partial: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where `partial` has a null and `whole` has something. Anything else that differs fails the test."""
    if partial is None and whole is not None:
        yield path
    elif isinstance(whole, dict):
        for key, value in whole.items():
            yield from differences(value, partial[key], (*path, key))
    elif isinstance(whole, list):
        assert len(partial) == len(whole), f"a list lost items at {path}"
        for index, (one, other) in enumerate(zip(whole, partial, strict=True)):
            yield from differences(one, other, (*path, index))
    else:
        assert partial == whole, f"another value at {path}"


@pytest.mark.parametrize("system", ["sales", "links", "billing", "reservations", "bridge"])
@pytest.mark.parametrize(("document", "variables"), DOCUMENTS)
async def test_what_the_others_know_is_still_shown(
    company: Company, files: Path, document: str, variables: dict[str, str], system: str
) -> None:
    """Never 0.00, never an empty list: null, with an error at or above it that names the system."""
    whole = await ask(company, document, **variables)
    (files / f"{system}.sqlite").rename(files / "away")
    partial = await ask(company, document, **variables)
    (files / "away").rename(files / f"{system}.sqlite")
    missing = set(differences(whole.data, partial.data))
    assert bool(missing) == (system in ASKED[document])
    told = {tuple(error["path"]): error for error in partial.errors}
    for path in missing:
        error = next(told[path[:length]] for length in range(len(path) + 1) if path[:length] in told)
        assert error["extensions"]["code"] == "SYSTEM_UNAVAILABLE"
        assert system in error["message"]
    assert all(str(files) not in error["message"] for error in partial.errors)


async def test_it_is_there_again_when_the_system_is(company: Company, files: Path) -> None:
    """Nothing of the outage is remembered."""
    (files / "billing.sqlite").rename(files / "away")
    assert (await ask(company, "LatestRates", number="7700123")).data == {"billingAccount": None}
    assert (await company.readiness())["billing"] is not None
    (files / "away").rename(files / "billing.sqlite")
    assert (await ask(company, "LatestRates", number="7700123")).errors == []
    assert set((await company.readiness()).values()) == {None}


async def test_locked_database_is_a_coded_error(company: Company, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else holds the write lock for too long: SYSTEM_BUSY, and nothing was written."""
    mutation = 'mutation { issueInvoice(id: "none", idempotencyKey: "k") { __typename } }'
    await ask(company, mutation)  # opens the writing connection, whose patience is shortened for the test
    with company.databases["billing"].engines.write.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 50")
    holder = sqlite3.connect(files / "billing.sqlite", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        answer = await ask(company, mutation.replace('"k"', '"other"'))
    finally:
        holder.close()
    assert answer.codes == {"SYSTEM_BUSY"}
    assert "billing" in answer.errors[0]["message"]


async def test_process_never_takes_an_outage_for_a_fact(company: Company, files: Path) -> None:
    """Sales down while invoicing: an error with sales' code, no refusal, no exception on the legs; later it works."""
    conference = "CF-2026-000127"
    mutation = """mutation Invoice($id: ID!, $key: ID!) {
      invoiceConference(id: $id, idempotencyKey: $key) { __typename ... on Refused { code } }
    }"""
    (files / "sales.sqlite").rename(files / "away")
    down = await ask(company, mutation, id=conference, key="first")
    assert down.codes == {"SYSTEM_UNAVAILABLE"}
    (files / "away").rename(files / "sales.sqlite")
    for _ in range(100):  # the run waits a while between two tries, and says so to whoever asks meanwhile
        again = await ask(company, mutation, id=conference, key="first")
        if again.data:
            break
    assert again.data == {"invoiceConference": {"__typename": "InvoicePrepared"}}
