"""All systems but Spojka's own in other programs' files: every field answers the same, nothing is ever written."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from gateway.company import SYSTEMS, Company
from gateway.config import Settings, read_settings
from gateway.databases import requirement
from sources.demo import cast
from tests.company import DOCUMENTS, EXAMPLES, Answer, ask, opened
from tests.journeys.decisions import SCHEMA
from tests.journeys.mailings import mailings
from tests.journeys.one_of_each import OTHER_ARGUMENTS, made_ready, mutation
from tests.journeys.ways import document, ways
from tests.sources.mapping.renaming import as_toml, rename

FOREIGN = ("billing", "bridge", "links", "reservations", "sales")
UNBILLED = {"Mutation.invoiceConference": f'(id: "{cast.AMBIGUOUS_ACCOUNT.conference}", idempotencyKey: "new")'}
"""It has an exception to note; the one that was invoiced before has nothing to write, and says so."""

NOTED_BY_SPOJKA = (
    "bookingsToRestore",
    "bridgesToAssemble",
    "callState",
    "liveCalls",
    "bookingsToProvision",
    "bookingsToSettle",
    "bridgePositions",
    "bridges",
    "conferencesAfter",
    "documents",
    "endedCalls",
    "feedPosition",
    "invoicingPositions",
    "publishedCalls",
    "quarantinedCalls",
)
"""Where another program has the system there is none of it, and nothing that a process would have to do."""

OF_SPOJKA = {
    *("Mutation.retryProcess", "Mutation.cancelProcess", "Mutation.invoiceBacklog"),
    *(coordinate for coordinate in mailings() if coordinate.startswith("Mutation.")),
}
"""Runs and mailings are Spojka's own, whoever has the systems; a backlog that nobody can see is none."""


@dataclass(frozen=True, slots=True)
class Both:
    """The company on Spojka's own files, and with the same facts in other programs'; `arguments` lead to all of it."""

    ours: Company
    theirs: Company
    folder: Path
    arguments: dict[str, str]

    def hashes(self) -> dict[str, str]:
        """Of every file that is another program's."""
        return {name: hashlib.sha256((self.folder / f"{name}.sqlite").read_bytes()).hexdigest() for name in FOREIGN}


@pytest.fixture
async def both(files: Path, tmp_path: Path) -> AsyncIterator[Both]:
    async with opened(Settings(data=files)) as company:
        arguments = await made_ready(company)
    folder = Path(shutil.copytree(files, tmp_path / "theirs"))
    async with opened(Settings(data=files)) as ours, opened(made_foreign(folder)) as theirs:
        yield Both(ours, theirs, folder, arguments)


def made_foreign(folder: Path) -> Settings:
    """Renames what is in `folder`, and maps it in a settings file."""
    texts = []
    for system in FOREIGN:
        file = folder / f"{system}.sqlite"
        texts.append(as_toml(system, f"sqlite:///{file}", rename(file, requirement(system))))
    written = folder / "spojka.toml"
    written.write_text("\n".join(texts), encoding="utf-8")
    return read_settings(folder, {}, systems=tuple(SYSTEMS), file=written)


async def test_every_field_answers_the_same(both: Both) -> None:
    """By the shortest way to each of the graph's fields: the values, the errors, and what it costs in statements."""
    found = ways(SCHEMA, both.arguments, given=OTHER_ARGUMENTS)
    asked = {document(way) for way in found.values() if way[0].type == "Query"}
    assert len(asked) > 100
    answers = [await answers_to(both, text) for text in sorted(asked)]
    for text, (ours, theirs) in zip(sorted(asked), answers, strict=True):
        if any(re.search(rf"\b{name}\b", text) for name in NOTED_BY_SPOJKA):
            assert theirs.errors == []
        else:
            assert theirs == ours, text
    assert sum(theirs.errors == [] and theirs.data is not None for _, theirs in answers) > 100


@pytest.mark.parametrize("name", sorted(name for name, text in DOCUMENTS.items() if not text.startswith("mutation")))
async def test_examples_answer_the_same(both: Both, name: str) -> None:
    """Documents need no change for a database that is another program's."""
    variables = json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))["variables"]
    ours, theirs = await answers_to(both, name, **variables)
    assert theirs.errors == []
    assert theirs == ours


@pytest.mark.parametrize("search", ["novak", "NOVÁK konf", "s.r.o.", "27", "CZ", "nobody", "%", "ß"])
async def test_searches_find_the_same(both: Both, search: str) -> None:
    """Names are folded by the database, as Spojka's own column has them."""
    text = "query ($search: String) { clients(search: $search, first: 100) { edges { cursor node { id name } } } }"
    ours, theirs = await answers_to(both, text, search=search)
    assert theirs == ours


async def test_every_page_is_the_same(both: Both) -> None:
    """A cursor leads to the same place in either."""
    text = """query ($after: String) {
      clients(first: 40, after: $after) { edges { node { id } } pageInfo { hasNextPage endCursor } }
    }"""
    after, pages = None, 0
    while True:
        ours, theirs = await answers_to(both, text, after=after)
        assert theirs == ours
        pages += 1
        if not theirs.data["clients"]["pageInfo"]["hasNextPage"]:
            break
        after = theirs.data["clients"]["pageInfo"]["endCursor"]
    assert pages > 3


async def test_every_mutation_is_refused_and_nothing_is_written(both: Both) -> None:
    """SYSTEM_READ_ONLY, whichever way it comes; the files are the same to the last bit afterwards."""
    before = both.hashes()
    mutations = {name: text for name, text in both.arguments.items() if name.startswith("Mutation.")} | UNBILLED
    assert len(mutations) >= 8
    others: dict[str, Answer] = {}
    for name, arguments in mutations.items():
        answer = await ask(both.theirs, mutation(name, arguments))
        if answer.codes != {"SYSTEM_READ_ONLY"}:
            others[name] = answer
    assert set(others) == OF_SPOJKA, others
    assert both.hashes() == before
    assert not any(log.stat().st_size for name in FOREIGN for log in both.folder.glob(f"{name}.sqlite-wal"))


async def answers_to(both: Both, text: str, **variables: Any) -> tuple[Answer, Answer]:
    """Which system answered first is left out."""
    answers = [await ask(company, text, **variables) for company in (both.ours, both.theirs)]
    ours, theirs = (replace(answer, requests=sorted(answer.requests)) for answer in answers)
    return ours, theirs
