"""Our composition beside the two reference composers, which run in node: same meaning, same refusals.

Meaning is compared, not text (see meaning.py). Where a reference differs from the specification, or from the other
one, the case's table says so in a line that begins with `#!`.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec

import pytest

from gateway.composition import SubgraphSdl, compose
from tests.conformance.composition.composers import COMPOSERS, Answer, answers_of
from tests.conformance.composition.meaning import meaning
from tests.gateway.composition.tables import Case, all_cases, sketch

pytestmark = pytest.mark.service

SYSTEMS = ("links", "sales", "reservations", "bridge", "billing", "processes")


def company_sdls() -> list[SubgraphSdl]:
    """The SDLs of the company's subgraphs; of the sketch as long as not all of them exist."""
    if any(find_spec(f"resolvers.{name}") is None for name in SYSTEMS):
        return sketch()
    schemas = {name: import_module(f"resolvers.{name}").schema for name in SYSTEMS}
    return [SubgraphSdl(name, f"http://{name}", schema.as_str()) for name, schema in schemas.items()]


def cases() -> dict[str, Sequence[SubgraphSdl]]:
    """All that is composed, by name."""
    return {str(case): case.subgraphs for case in all_cases()} | {"company": company_sdls(), "sketch": sketch()}


@pytest.fixture(scope="module")
def answers() -> dict[tuple[str, str], Answer]:
    """What each composer says of each case."""
    return answers_of(cases())


@pytest.mark.parametrize("composer", COMPOSERS)
@pytest.mark.parametrize("name", ["company", "sketch"])
def test_company_means_the_same(answers: dict[tuple[str, str], Answer], name: str, composer: str) -> None:
    """The company's subgraphs compose with the reference composers to the meaning that they have with ours."""
    answer = answers[composer, name]
    assert "errors" not in answer
    assert meaning(compose(cases()[name]).supergraph_sdl) == meaning(answer["supergraph"])


@pytest.mark.parametrize("composer", COMPOSERS)
@pytest.mark.parametrize("case", [case for case in all_cases() if not case.codes], ids=str)
def test_supergraph_means_the_same(answers: dict[tuple[str, str], Answer], case: Case, composer: str) -> None:
    """What composes with ours composes with the reference composers, to the same meaning."""
    answer = answers[composer, str(case)]
    assert ("errors" in answer) == (f"{composer} refuses" in case.differs)
    if "errors" not in answer:
        same = meaning(compose(case.subgraphs).supergraph_sdl) == meaning(answer["supergraph"])
        assert same == (f"{composer} means something else" not in case.differs)


@pytest.mark.parametrize("composer", COMPOSERS)
@pytest.mark.parametrize("case", [case for case in all_cases() if case.codes], ids=str)
def test_refusal_is_shared(answers: dict[tuple[str, str], Answer], case: Case, composer: str) -> None:
    """What ours refuses the reference composers refuse, Apollo's with the same codes."""
    answer = answers[composer, str(case)]
    assert ("errors" not in answer) == (f"{composer} composes" in case.differs)
    if composer == "apollo" and "errors" in answer:
        codes = {error["code"] for error in answer["errors"]}
        if "apollo refuses without a code" in case.differs:
            assert codes == {"NO_CODE"}
        else:
            # Apollo's composition may say more at once, and where the table says so, other codes.
            other = {code for note in case.differs if note.startswith("apollo says ") for code in note[12:].split(", ")}
            assert codes == other if other else case.codes <= codes
