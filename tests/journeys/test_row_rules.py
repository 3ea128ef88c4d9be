"""A salesperson sees the names of all clients, and of their own clients the rest: by every way through the graph."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from graphql import GraphQLObjectType, GraphQLUnionType, get_named_type

from gateway.company import Company
from gateway.doors.viewer import Viewer
from resolvers.access import Scope
from resolvers.roles import ROLES, ROW_RULES
from sources.demo import cast
from tests.company import ALL_SCOPES, ask, viewer
from tests.journeys.decisions import ASKED, DECISIONS, SCHEMA
from tests.journeys.one_of_each import made_ready
from tests.journeys.telling import Told, told
from tests.journeys.ways import Step, Way, document, fields_of, found_at, ways

RULES = {rule.type: rule for rule in ROW_RULES}
OWNER = viewer("salesperson", subject="lucie.horakova")
"""Of the client that these tests ask about (cast.EURO)."""
ANOTHER = viewer("salesperson", subject="jana.kralova")


def test_row_rules_leave_no_way_around() -> None:
    """All that a salesperson reaches without passing a row that is ruled: lists of names, and no more."""
    reached, waiting = {"Query"}, ["Query"]
    while waiting:
        name = waiting.pop()
        for type_name, field, definition in fields_of(SCHEMA):
            step = Step(type_name, field)
            if type_name == name and ASKED[step.coordinate] <= ROLES["salesperson"] and not is_ruled(step):
                new = possible(get_named_type(definition.type)) - reached
                reached |= new
                waiting += new
    pages = {name for name in reached if name.endswith(("Connection", "Edge"))}
    assert reached - RULES.keys() - pages == {"Query", "PageInfo"}


def test_every_row_rule_leads_to_a_salesperson() -> None:
    """A rule's path is one of the graph's, and ends at a client's salesperson."""
    for rule in ROW_RULES:
        names = re.findall(r"\w+", rule.fields)
        kind = SCHEMA.type_map[rule.type]
        for name in names:
            assert isinstance(kind, GraphQLObjectType), rule
            last, kind = kind, get_named_type(kind.fields[name].type)
        assert (last.name, names[-1]) == ("Client", "salesperson"), rule


def is_ruled(step: Step) -> bool:
    """Whether a row rule decides about the field: not about keys, nor about what a rule leaves out."""
    rule = RULES.get(step.type)
    return rule is not None and step.field not in rule.except_fields and "key" not in DECISIONS[step.coordinate]


def possible(named: object) -> set[str]:
    """The object types that a value of this type may be."""
    match named:
        case GraphQLObjectType():
            return {named.name}
        case GraphQLUnionType():
            return {member.name for member in named.types}
        case _:
            return set()


async def ways_to_one_client(company: Company) -> dict[str, Way]:
    """The ways of a salesperson to every field that they may see, all by the one client's rows."""
    made = await made_ready(company)
    arguments = {
        **made,
        "Query.billingAccount": f'(number: "{cast.EURO.accounts[0]}")',
        "Query.client": f'(id: "{cast.EURO.client}")',
        "Query.contract": f'(number: "{cast.EURO.contracts[0]}")',
    }
    found = ways(SCHEMA, arguments, given={})
    allowed = ROLES["salesperson"]
    return {
        coordinate: way
        for coordinate, way in found.items()
        if all(ASKED[step.coordinate] <= allowed for step in way) and way[-1].to != "Refused"
    }


async def test_owner_sees_all_that_the_role_may_see(company: Company) -> None:
    """Row rules take nothing from whom the rows belong to."""
    found = await ways_to_one_client(company)
    assert len(found) > 100
    for way in found.values():
        if way[-1].type != "Refused":
            answer = await ask(company, document(way), viewer=OWNER)
            assert answer.errors == [], way


async def test_another_salesperson_sees_names_and_keys(company: Company) -> None:
    """Null and FORBIDDEN at the first field that is a ruled row's, and nobody is asked for it."""
    wrong: list[tuple[str, object]] = []
    for coordinate, way in (await ways_to_one_client(company)).items():
        denied = next((n for n, step in enumerate(way) if is_ruled(step)), None)
        answer = await told(company, document(way), with_plan(ANOTHER))
        if denied is None:
            if answer.errors:
                wrong.append((coordinate, answer.errors))
        elif not is_denied(answer, way[: denied + 1]):
            wrong.append((coordinate, answer))
    assert wrong == []


def with_plan(asking: Viewer) -> Viewer:
    return replace(asking, scopes=asking.scopes | {Scope.PLAN_READ})


def is_denied(answer: Told, way: Way) -> bool:
    """Whether the last field of `way` is null with FORBIDDEN, and no subgraph was asked for it.

    What the rule itself needs is fetched, under names that begin with `_rule_`, and so are keys.
    """
    path = tuple(step.field for step in way)
    told_at = {tuple(name for name in error["path"] if isinstance(name, str)) for error in answer.errors}
    codes = {error["extensions"]["code"] for error in answer.errors}
    hidden = all(value is None for value in found_at(answer.data, path, way))
    on_the_way = path[-1] in path[:-1]
    asked = not on_the_way and any(re.search(rf"\b{path[-1]}\b", without_rules(text)) for text in answer.sent)
    return told_at == {path} and codes == {"FORBIDDEN"} and hidden and not asked


def without_rules(sent: str) -> str:
    """What a subgraph was sent, without its name and what is read for the rules."""
    _, _, text = sent.partition(": ")
    left = None
    while left != text:
        left, text = text, re.sub(r"_rule_\w+: \w+( \{[^{}]*\})?", "", text)
    return text


DETOURS = [
    (
        "invoice { account { client { contracts",
        "{ invoice(id: $invoice) { account { client { contracts { number } } } } }",
    ),
    ("booking { client { contracts", "{ booking(ref: $booking) { client { contracts { number } } } }"),
    ("booking { account { contractRates", "{ booking(ref: $booking) { account { contractRates { version } } } }"),
    ("conference { charges { invoice", "{ conference(id: $conference) { charges { invoice { total { amount } } } } }"),
    ("conference { legs", "{ conference(id: $conference) { legs { displayName } } }"),
    ("contract { rateVersions", "{ contract(number: $contract) { rateVersions { rates { service } } } }"),
    ("contract { client { bookings", "{ contract(number: $contract) { client { bookings { title } } } }"),
    ("billingAccount { contractRates", "{ billingAccount(number: $account) { contractRates { validFrom } } }"),
    ("billingAccount { client { name", "{ billingAccount(number: $account) { client { name } } }"),
    ("client { billingAccounts", "{ client(id: $client) { billingAccounts { currentPeriod { status } } } }"),
]


@pytest.mark.parametrize("text", [text for _, text in DETOURS], ids=[name for name, _ in DETOURS])
async def test_detour_ends_where_the_first_foreign_row_is(company: Company, text: str) -> None:
    """The owner goes through, another is stopped, somebody without row rules sees what the owner sees."""
    whole = document_about_one_client(text, await made_ready(company))
    manager, owner, another = [await ask(company, whole, viewer=each) for each in (viewer("manager"), OWNER, ANOTHER)]
    assert manager.errors == owner.errors == []
    assert manager.data == owner.data
    assert another.codes == {"FORBIDDEN"}
    (root,) = another.data.values()
    assert set(root.values()) == {None}


def document_about_one_client(text: str, made: dict[str, str]) -> str:
    draft = re.search(r'"([^"]+)"', made["Query.invoice"])
    assert draft is not None
    figure = cast.EURO
    ids = {
        "account": figure.accounts[0],
        "booking": figure.booking,
        "client": figure.client,
        "conference": figure.conference,
        "contract": figure.contracts[0],
        "invoice": draft[1],
    }
    return re.sub(r"\$(\w+)", lambda found: f'"{ids[found[1]]}"', text)


async def test_list_shows_all_names_and_the_rest_of_own_clients(company: Company) -> None:
    """In one list some rows are one's own: each is decided for itself, and no representation of the others is sent."""
    text = "{ clients(first: 30) { edges { node { id name contracts { number } billingAccounts { number } } } } }"
    whole = await ask(company, text.replace("name", "name salesperson"))
    answer = await ask(company, text, viewer=ANOTHER)
    nodes = [edge["node"] for edge in answer.data["clients"]["edges"]]
    truth = [edge["node"] for edge in whole.data["clients"]["edges"]]
    own = [node.pop("salesperson") == ANOTHER.subject for node in truth]
    assert 0 < sum(own) < len(own)
    assert [node["name"] for node in nodes] == [node["name"] for node in truth]
    for node, true, mine in zip(nodes, truth, own, strict=True):
        assert node == (true if mine else {**true, "contracts": None, "billingAccounts": None})
    denied = [("clients", "edges", n, "node", field) for n, mine in enumerate(own) if not mine for field in FIELDS]
    assert sorted(tuple(error["path"]) for error in answer.errors) == sorted(denied)


FIELDS = ("contracts", "billingAccounts")


async def test_own_and_foreign_rows_in_one_request_stay_apart(company: Company) -> None:
    """Aliases, and fields of one row asked for at two places: what is one's own is no key to another's."""
    own, foreign = cast.MAIN.client, cast.EURO.client
    text = f"""{{
      own: client(id: "{own}") {{ name agreed: contracts {{ number }} }}
      foreign: client(id: "{foreign}") {{ name agreed: contracts {{ number }} ... on Client {{ email }} }}
    }}"""
    answer = await ask(company, text, viewer=ANOTHER)
    assert answer.data["own"]["agreed"]
    assert answer.data["foreign"] == {"name": cast.EURO.name, "agreed": None, "email": None}
    assert sorted(error["path"] for error in answer.errors) == [["foreign", "agreed"], ["foreign", "email"]]


MOVE = f"""mutation {{
  unlinkAccount(account: "{cast.MAIN.accounts[0]}", client: "{cast.MAIN.client}", validTo: "2026-11-01", reason: "sold")
    {{ __typename }}
  linkAccount(
    account: "{cast.MAIN.accounts[0]}", client: "{cast.EURO.client}", validFrom: "2026-11-01", reason: "sold"
  ) {{ __typename }}
}}"""


async def test_account_that_changed_hands_brings_nothing_of_the_former_contract(company: Company) -> None:
    """Its new salesperson asks for a time at which it was another's client's."""
    moved = await ask(company, MOVE, viewer=viewer("manager"))
    assert moved.errors == []
    assert {each["__typename"] for each in moved.data.values()} == {"AccountUnlinked", "AccountLinked"}
    text = f"""{{ billingAccount(number: "{cast.MAIN.accounts[0]}") {{
      currency
      contractRates(at: "2026-01-10T10:00:00Z") {{ version rates {{ band }} contract {{ status }} }}
      tariff(at: "2026-01-10T10:00:00Z") {{
        ... on Tariff {{ zone bandRule mergeGapsUnderSeconds rateVersion {{ contract {{ number }} }} }}
      }}
    }} }}"""
    everything = await ask(company, text, viewer=viewer("manager"))
    assert everything.data["billingAccount"]["tariff"]["rateVersion"]["contract"]["number"] == cast.MAIN.contracts[0]
    answer = await ask(company, text, viewer=OWNER)
    account = answer.data["billingAccount"]
    assert account["currency"] == "CZK"
    assert account["tariff"] is None
    assert (account["contractRates"] or {}).get("rates") is None
    assert answer.codes == {"FORBIDDEN"}


INVOICES = f"""{{ billingAccount(number: "{cast.MAIN.accounts[0]}") {{
  invoices(last: 50) {{ id number period {{ from }} client {{ id }} lines {{ text unitPrice {{ amount }} }} }}
}} }}"""


async def test_account_that_changed_hands_leaves_its_invoices_where_they_belong(company: Company) -> None:
    """The former client's are not its new salesperson's, and its own salesperson still has them."""
    before = await ask(company, INVOICES, viewer=viewer("manager"))
    await ask(company, MOVE, viewer=viewer("manager"))
    everything = await ask(company, INVOICES, viewer=viewer("manager"))
    assert everything.data == before.data
    invoices = everything.data["billingAccount"]["invoices"]
    assert len(invoices) > 5
    assert {each["client"]["id"] for each in invoices} == {cast.MAIN.client}
    new = await ask(company, INVOICES, viewer=OWNER)
    assert new.codes == {"FORBIDDEN"}
    hidden = {"number": None, "period": None, "client": None, "lines": None}
    assert new.data["billingAccount"]["invoices"] == [{"id": each["id"], **hidden} for each in invoices]
    one = f'{{ invoice(id: "{invoices[0]["id"]}") {{ number lines {{ text charges {{ seconds }} }} }} }}'
    assert (await ask(company, one, viewer=OWNER)).data == {"invoice": {"number": None, "lines": None}}
    former = await ask(company, one, viewer=ANOTHER)
    assert former.errors == []
    assert former.data["invoice"]["number"] == invoices[0]["number"]


LISTS_OF_ALL = {
    "billingAccounts": "{ billingAccounts(first: 3) { edges { node { number } } } }",
    "billingAccountsNumbered": '{ billingAccountsNumbered(numbers: ["7700123"]) { number } }',
    "conferencesAfter": '{ conferencesAfter(bridge: "pbx-praha", position: 0) { position } }',
    "bookingsOfRooms": '{ bookingsOfRooms(rooms: ["20260123"], {TIMES}) { ref } }',
    "conferences": '{ conferences(bridge: "bridge-1", {TIMES}) { id } }',
    "unassembledLegs": '{ unassembledLegs(bridge: "pbx-praha") { id seconds } }',
}


@pytest.mark.parametrize("field", LISTS_OF_ALL)
async def test_list_over_all_clients_tells_a_salesperson_nothing(company: Company, field: str) -> None:
    """Not even how long it is: by its arguments it would tell of others' calls and bookings one by one."""
    times = 'from: "2026-10-01T00:00:00Z", to: "2026-12-01T00:00:00Z"'
    text = LISTS_OF_ALL[field].replace("{TIMES}", times)
    for each in (OWNER, ANOTHER):
        answer = await ask(company, text, viewer=each)
        assert answer.data == {field: None}
        assert answer.codes == {"FORBIDDEN"}
        assert answer.requests == []
    everything = await ask(company, text, viewer=viewer("manager"))
    assert everything.errors == []
    assert everything.data[field] or field in {"unassembledLegs", "conferencesAfter"}


async def test_salesperson_without_a_name_has_no_rows(company: Company) -> None:
    """A token without the claim that rows are compared with opens none of them."""
    nobody = replace(OWNER, claims={})
    answer = await ask(company, f'{{ client(id: "{cast.EURO.client}") {{ name email }} }}', viewer=nobody)
    assert answer.data == {"client": {"name": cast.EURO.name, "email": None}}
    assert answer.codes == {"FORBIDDEN"}


@pytest.mark.parametrize("name", ["ClientProfile", "LatestRates"])
async def test_row_rules_cost_nothing_where_they_do_not_hold(company: Company, name: str) -> None:
    """The same requests and statements as without any rules (manager), and no request more for names alone."""
    variables = {"ClientProfile": {"id": cast.MAIN.client}, "LatestRates": {"number": cast.MAIN.accounts[0]}}[name]
    free = await ask(company, name, viewer=ALL_SCOPES, **variables)
    manager = await ask(company, name, viewer=viewer("manager"), **variables)
    assert (sorted(manager.requests), manager.statements) == (sorted(free.requests), free.statements)
    names = "{ clients(first: 20) { edges { node { id name } } } }"
    assert (await ask(company, names, viewer=ANOTHER)).requests == ["sales"]
