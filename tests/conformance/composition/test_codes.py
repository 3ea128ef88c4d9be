"""Every code of the reference composers has a case in the tables, or a reason why it has none."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from tests.conformance.composition.composers import HERE, answers_of
from tests.gateway.composition.tables import all_cases

pytestmark = pytest.mark.service

WITHOUT_A_CASE = {
    # Apollo's
    "DISALLOWED_INACCESSIBLE": "hiding what GraphQL itself defines is refused sooner, as INVALID_GRAPHQL",
    "DOWNSTREAM_SERVICE_ERROR": "said by a gateway that asks a subgraph for its SDL, not by composition",
    "INVALID_FEDERATION_SUPERGRAPH": "said of a supergraph that is read, not of one that is composed",
    "MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED": "a limit of Apollo's search for paths; ours remembers and has none",
    "UNSUPPORTED_FEATURE": "nothing that federation has is left out",
    "UNSUPPORTED_LINKED_FEATURE": "said where a gateway reads a supergraph; a subgraph may link anything",
    # Guild's
    "DIRECTIVE_COST_INVALID_WEIGHT": "a weight that is no Int is INVALID_GRAPHQL, as with Apollo",
    "LIST_SIZE_INVALID_REQUIRE_ONE_SLICING_ARGUMENT": "what is no Boolean is INVALID_GRAPHQL, as with Apollo",
}
OF_GUILD_ONLY = {"DIRECTIVE_COST_INVALID_WEIGHT", "LIST_SIZE_INVALID_REQUIRE_ONE_SLICING_ARGUMENT"}
CATALOGUE = """
import federation from "@apollo/federation-internals";
const all = Object.values(federation.ERRORS);
const codes = all.flatMap((each) => each.code ?? ["key", "requires", "provides"].map((name) => each.get(name).code));
process.stdout.write(JSON.stringify(codes));
"""


@pytest.fixture(scope="module")
def catalogue() -> set[str]:
    """Apollo's codes, as its package lists them."""
    answers_of({})
    node = shutil.which("node")
    assert node is not None
    asked = [node, "--input-type=module", "-e", CATALOGUE]
    return set(json.loads(subprocess.run(asked, cwd=HERE, capture_output=True, text=True, check=True).stdout))


def test_every_code_has_a_case_or_a_reason(catalogue: set[str]) -> None:
    """A new version of Apollo's composition with a new code asks for a case."""
    cases = {code for case in all_cases() for code in case.codes}
    assert len(catalogue) > 80
    assert catalogue | OF_GUILD_ONLY == (cases & catalogue) | set(WITHOUT_A_CASE)
    assert not cases & set(WITHOUT_A_CASE)
    assert cases <= catalogue, "a code of our own has no meaning to others"
