"""Whom a mailing goes to: an audience of facts of several systems, asked with the rights of who has it taken."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import pytest

from gateway.company import Company
from gateway.doors.viewer import Viewer
from processes.audience import take_recipients
from processes.graph import GraphError
from resolvers.access import Scope
from sources.demo import cast
from tests.company import ALL_SCOPES, ask, viewer
from tests.sources.mailing.scene import AUDIENCE

TEMPLATE = {
    "template": "begins",
    "name": "Nová smlouva",
    "language": "CS",
    "purpose": "CONTRACTUAL",
    "body": "Vaše smlouva #fields.contract platí od #fields.valid_from.",
    "fields": [{"name": "contract", "type": "TEXT"}, {"name": "valid_from", "type": "DATE"}],
    "subject": "Vaše smlouva",
    "notice": "Dobrý den, {name}, brzy dostanete dopis.",
}
ACROSS = """
query NewContracts($first: Int!, $after: String) {
  recipients: clients(first: $first, after: $after) {
    pageInfo { hasNextPage endCursor }
    edges { node {
      id name email postalAddress { street city postalCode country }
      contracts(status: SIGNED) { contract: number valid_from: validFrom }
      billingAccounts { currency currentPeriod { status } }
    } }
  }
}
"""
CONDITIONS = [
    {"path": "contracts.valid_from", "operator": "AT_LEAST", "value": "2026-03-23"},
    {"path": "billingAccounts.currentPeriod.status", "operator": "IS", "value": "OPEN"},
]
SAVE = 'mutation ($i: LetterTemplateInput!) { saveTemplate(input: $i, idempotencyKey: "t") { __typename } }'
CREATE = """mutation ($i: CampaignInput!, $key: ID!) { createCampaign(input: $i, idempotencyKey: $key) {
  ... on CampaignRecorded { campaign { id round } } ... on Refused { code message } } }"""
TAKE = """mutation ($campaign: ID!, $key: ID!) { takeRecipients(campaign: $campaign, idempotencyKey: $key) {
  ... on RecipientsTaken { rows recipients campaign { id state asked round } } ... on Refused { code message } } }"""
LETTERS = """query ($id: ID!) { mailing(id: $id) { state asked
  letters(first: 500) { client { id } recipient { values { name value } } }
  exclusions(first: 500) { client { id } } } }"""


async def created(company: Company, **changes: Any) -> Any:
    """The answer to createCampaign."""
    assert not (await ask(company, SAVE, i=TEMPLATE)).errors
    wanted = {"title": "t", "template": "begins", "version": 1, "printer": "letters", **changes}
    answer = await ask(company, CREATE, i=wanted, key=sha256(json.dumps(wanted).encode()).hexdigest())
    assert answer.errors == []
    return answer.data["createCampaign"]


async def a_mailing(company: Company, **changes: Any) -> str:
    found = await created(company, **{"audience": ACROSS, "conditions": CONDITIONS, **changes})
    return str(found["campaign"]["id"])


def to_all(**changes: Any) -> dict[str, Any]:
    values = [{"name": "contract", "value": "SM"}, {"name": "valid_from", "value": "2027-01-01"}]
    return {"audience": AUDIENCE, "conditions": [], "values": values, **changes}


async def taken(company: Company, id: str, key: str = "k", viewer: Viewer = ALL_SCOPES) -> Any:
    answer = await ask(company, TAKE, viewer=viewer, campaign=id, key=key)
    assert answer.errors == []
    return answer.data["takeRecipients"]


async def clients_of(company: Company, id: str) -> dict[str, dict[str, str]]:
    """By client, what their letter says."""
    found = (await ask(company, LETTERS, id=id)).data["mailing"]
    letters = {
        each["client"]["id"]: {value["name"]: value["value"] for value in each["recipient"]["values"]}
        for each in found["letters"]
    }
    assert len(letters) == len(found["letters"])
    return letters | {each["client"]["id"]: {} for each in found["exclusions"] if each["client"]["id"] not in letters}


async def test_conditions_are_met_across_systems(company: Company) -> None:
    """Sales' contracts and billing's periods; the letter says what the contract that met the condition says."""
    id = await a_mailing(company)
    found = await taken(company, id)
    everybody = (await ask(company, "{ c: clients(first: 100) { edges { node { id } } } }")).data["c"]["edges"]
    assert len(everybody) == 100 < found["rows"]
    expected: dict[str, str] = {}
    after = None
    while True:
        page = (await ask(company, ACROSS, first=50, after=after)).data["recipients"]
        for client in (edge["node"] for edge in page["edges"]):
            new = [each for each in client["contracts"] if each["valid_from"] >= "2026-03-23"]
            is_open = any(each["currentPeriod"]["status"] == "OPEN" for each in client["billingAccounts"])
            if new and is_open:
                [expected[client["id"]]] = [each["contract"] for each in new]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    letters = await clients_of(company, id)
    assert letters.keys() == expected.keys()
    assert found["recipients"] == len(expected) > 2
    assert {client: said["contract"] for client, said in letters.items() if said}.items() <= expected.items()


async def test_who_takes_them_writes_to_nobody_they_do_not_see(company: Company) -> None:
    """A salesperson sees the addresses of their own clients alone, though the processes see all."""
    jana = viewer("salesperson", subject="jana.kralova")
    writes = Viewer(jana.subject, jana.scopes | {Scope.MAILING_READ, Scope.MAILING_WRITE}, jana.claims)
    id = await a_mailing(company, **to_all())
    found = await taken(company, id, viewer=writes)
    assert found["code"] == "bad-audience"
    assert found["message"].endswith(f"the graph refuses the audience of {id}: this Client is somebody else's")
    assert (await clients_of(company, id)) == {}
    assert "code" not in await taken(company, id)


async def test_what_its_author_may_not_see_is_refused(company: Company) -> None:
    mailer = viewer("mailing")
    money = ACROSS.replace("currency currentPeriod", "currency currentPeriod { invoice { total { amount } } }")
    id = await a_mailing(company, audience=money.replace("{ status }", ""), conditions=[])
    found = await taken(company, id, viewer=mailer)
    assert found["code"] == "bad-audience"
    assert "the graph refuses the audience" in found["message"]


async def test_what_the_graph_has_not_is_refused_with_its_own_words(company: Company) -> None:
    found = await taken(company, await a_mailing(company, audience=ACROSS.replace("currency", "currancy")))
    assert found["code"] == "bad-audience"
    assert "currancy" in found["message"]


@pytest.mark.parametrize(
    ("changes", "code", "why"),
    [
        ({"audience": "{ clients { edges { node { id } } } }"}, "bad-audience", "nothing in it is named `recipients`"),
        ({"audience": AUDIENCE}, "bad-audience", "the template needs contract, valid_from"),
        ({"values": [{"name": "valid_from", "value": "soon"}]}, "bad-value", "values: valid_from is 'soon'"),
        (
            {"conditions": [{"path": "x.y", "operator": "EXISTS"}]},
            "bad-condition",
            "conditions[0]: the audience doesn't",
        ),
        ({"conditions": [{"path": "id", "operator": "IS"}]}, "bad-condition", "conditions[0]: IS needs a value"),
    ],
)
async def test_what_can_be_told_before_is_told_at_once(
    company: Company, changes: dict[str, Any], code: str, why: str
) -> None:
    found = await created(company, **{"audience": ACROSS, **changes})
    assert (found["code"], why in found["message"]) == (code, True), found


async def test_the_same_key_has_the_same_answer_and_another_takes_them_anew(company: Company) -> None:
    """Edge case 21: until it is approved."""
    id = await a_mailing(company)
    first = await taken(company, id, "one")
    again = await taken(company, id, "one")
    assert (again["rows"], again["campaign"]["round"]) == (None, 1)
    anew = await taken(company, id, "two")
    assert anew == {**first, "campaign": {**anew["campaign"], "round": 2}}
    assert len(await clients_of(company, id)) == first["recipients"]
    assert (await taken(company, "ML-2026-999999"))["code"] == "unknown-mailing"


@dataclass
class Failing:
    """The graph as `ALL_SCOPES` sees it, where one operation fails at its nth turn."""

    company: Company
    operation: str
    turn: int
    turns: int = field(default=0)

    async def execute(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        if self.operation in document:
            self.turns += 1
            if self.turns == self.turn:
                raise GraphError([{"message": "sales is down", "extensions": {"code": "SUBGRAPH_UNAVAILABLE"}}])
        answer = await ask(self.company, document, **variables)
        if answer.errors:
            raise GraphError(answer.errors)
        data: dict[str, Any] = answer.data
        return data


@pytest.mark.parametrize("operation", ["query Recipients", "mutation SnapshotRecipients"])
@pytest.mark.parametrize("turn", [1, 2, 3])
async def test_a_system_that_goes_down_on_the_way_leaves_nobody_out(
    company: Company, operation: str, turn: int
) -> None:
    """It stays a draft, and is taken from the beginning by the same key."""
    id = await a_mailing(company, **to_all())
    graph = Failing(company, operation, turn)
    with pytest.raises(GraphError):
        await take_recipients(graph, graph, id, caller="everybody", key="k")
    assert (await ask(company, LETTERS, id=id)).data["mailing"]["state"] == "DRAFT"
    taken = await take_recipients(graph, graph, id, caller="everybody", key="k")
    assert taken is not None
    assert not hasattr(taken, "code"), taken
    assert len(await clients_of(company, id)) == (await ask(company, LETTERS, id=id)).data["mailing"]["asked"] > 200


async def test_rows_of_a_round_that_is_over_are_refused(company: Company) -> None:
    """Who was slow has nothing to say once somebody else began anew."""
    id = await a_mailing(company)
    await taken(company, id, "one")
    refresh = 'mutation ($c: ID!) { refreshRecipients(campaign: $c, idempotencyKey: "r") { __typename } }'
    assert not (await ask(company, refresh, c=id)).errors
    rows = [{"client": cast.MAIN.client, "name": "x", "values": []}]
    text = """mutation ($c: ID!, $r: [RecipientInput!]!, $round: Int!) { snapshotRecipients(campaign: $c,
      recipients: $r, isLast: false, round: $round, idempotencyKey: "s") { ... on Refused { code } } }"""
    answer = await ask(company, text, c=id, r=rows, round=1)
    assert answer.data["snapshotRecipients"] == {"code": "other-round"}
