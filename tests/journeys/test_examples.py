"""The documents that GraphiQL opens with: each role's own, and answered to it without a fault."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.company import Company
from resolvers.roles import ROLES
from tests.company import EXAMPLES, ask, viewer
from tests.journeys.test_roles import ASKED, coordinates_in

PATHS = sorted(EXAMPLES.glob("*.graphql"))


def beside(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    return content


CASES = [pytest.param(path, role, id=f"{path.stem}-{role}") for path in PATHS for role in beside(path)["roles"]]


def test_every_role_has_an_example() -> None:
    """Whoever chooses a role finds something to begin with."""
    assert {role for path in PATHS for role in beside(path)["roles"]} == ROLES.keys() - {"processes"}


@pytest.mark.parametrize(("path", "role"), CASES)
def test_role_may_ask_for_all_of_its_examples(path: Path, role: str) -> None:
    """A tab that opens with refusals would teach nothing."""
    asked = {scope for each in coordinates_in(path.read_text(encoding="utf-8")) for scope in ASKED[each]}
    assert asked <= ROLES[role]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
async def test_example_answers_as_it_stands(company: Company, path: Path) -> None:
    """On the demo company, with the variables beside it, for the first of its roles."""
    content = beside(path)
    role = content["roles"][0]
    who = viewer(role, subject="jana.kralova" if role == "salesperson" else None)
    answer = await ask(company, path.stem, viewer=who, **content["variables"])
    assert None not in answer.data.values()
    if path.stem == "Clients":  # where a salesperson finds clients of others too, by name alone
        accounts = [edge["node"]["billingAccounts"] for edge in answer.data["clients"]["edges"]]
        assert any(accounts)
        assert {error["extensions"]["code"] for error in answer.errors} == {"FORBIDDEN"}
        assert {error["path"][2] for error in answer.errors} == {n for n, each in enumerate(accounts) if each is None}
    else:
        assert answer.errors == []
