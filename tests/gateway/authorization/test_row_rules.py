"""Row rules on small worlds: what is asked for whom, what is sent, and which rules can't be kept."""

from pathlib import Path
from typing import Any

import pytest

from gateway.authorization.row_rules import RowRule, merged
from gateway.config import ConfigError, read_settings
from gateway.doors.viewer import Viewer
from gateway.errors import RowRuleError
from gateway.planning.drafting import TreeKeys
from gateway.planning.guards import trusted
from gateway.selections import Field, field_set
from tests.gateway.federation import Computed, World, down, thing

SALES = """
type Query { client(id: ID!): Client clients: [Client!]! things: [Any!]! report: Report }
type Mutation { rename(id: ID!): Client }
type Client @key(fields: "id") { id: ID! name: String! owner: String email: String @shareable }
type Contract @key(fields: "client { id } number") { client: Client! number: Int! text: String }
type Report @key(fields: "id") { id: ID! about: [Client!]! title: String }
type Robot { serial: Int }
union Any = Client | Robot | Contract
"""
BILLING = """
type Query { account(no: ID!): Account }
type Account @key(fields: "no") { no: ID! client: Client balance: Int group: [Account!] }
type Client @key(fields: "id") { id: ID! accounts: [Account!]! email: String @external }
type Report @key(fields: "id") { id: ID! about: [Client!]! @external
  sum: Int @requires(fields: "about { id }") weight: Int @requires(fields: "about { email }") }
"""
RULES = (
    RowRule(type="Client", fields="owner", except_fields=frozenset({"name"}), exempt_scopes=frozenset({"all"})),
    RowRule(type="Account", fields="client { owner }", exempt_scopes=frozenset({"all"})),
    RowRule(type="Contract", fields="client { owner }", exempt_scopes=frozenset({"all"})),
)


def made(rules: tuple[RowRule, ...] = RULES) -> World:
    mine = thing("Client", id="1", name="Anna", owner="me", email="a@example.org")
    other = thing("Client", id="2", name="Bob", owner="you", email="b@example.org")
    nobodys = thing("Client", id="3", name="Eve", owner=None, email="e@example.org")
    accounts = [
        thing("Account", no=f"A{n}", client=client, balance=n, group=[])
        for n, client in enumerate((mine, other, None), start=1)
    ]
    mine.values["accounts"], other.values["accounts"], nobodys.values["accounts"] = [accounts[0]], [accounts[1]], []
    accounts[0].values["group"] = accounts
    contracts = [
        thing("Contract", client=client, number=n, text=f"text {n}") for n, client in enumerate((mine, other), start=1)
    ]
    robot = thing("Robot", serial=9)
    sums = {"sum": Computed(lambda sent: len(sent["about"])), "weight": Computed(lambda sent: len(str(sent)))}
    report = thing("Report", id="R", about=[mine, other], title="all", **sums)
    clients = {each.values["id"]: each for each in (mine, other, nobodys)}
    query = {
        "client": lambda id: clients.get(id),
        "clients": list(clients.values()),
        "things": [mine, robot, other, *contracts],
        "account": lambda no: next((each for each in accounts if each.values["no"] == no), None),
        "report": report,
    }
    things = [*clients.values(), *accounts, *contracts, robot, report]
    return World(
        {"sales": SALES, "billing": BILLING},
        things,
        query=query,
        mutation={"rename": lambda id: clients[id]},
        rules=rules,
    )


ME = Viewer("me", claims={"sub": "me"})
ALL = Viewer("boss", frozenset({"all"}), {"sub": "boss"})


def told(answer: Any) -> list[tuple[tuple[Any, ...], str]]:
    return sorted((tuple(each["path"]), each["extensions"]["code"]) for each in answer.errors)


async def test_own_rows_are_whole_and_others_are_names() -> None:
    """In one list: what may be null is, what is everybody's stands."""
    answer = await made().ask("{ clients { id name email owner } }", viewer=ME)
    assert answer.data["clients"] == [
        {"id": "1", "name": "Anna", "email": "a@example.org", "owner": "me"},
        {"id": "2", "name": "Bob", "email": None, "owner": None},
        {"id": "3", "name": "Eve", "email": None, "owner": None},
    ]


async def test_null_of_a_denied_row_goes_up_where_it_must() -> None:
    """`accounts` can't be null: so the row is, and in this list the list."""
    world = made()
    answer = await world.ask('{ client(id: "2") { name accounts { no } } }', viewer=ME)
    assert answer.data == {"client": None}
    assert told(answer) == [(("client", "accounts"), "FORBIDDEN")]
    assert world.services == ["sales"]


async def test_nothing_is_sent_of_anybody_elses_row() -> None:
    """Of three rows one is the viewer's: one representation."""
    world = made()
    answer = await world.ask("{ clients { id name email } }", viewer=ME)
    assert [each["email"] for each in answer.data["clients"]] == ["a@example.org", None, None]
    assert told(answer) == [(("clients", n, "email"), "FORBIDDEN") for n in (1, 2)]
    assert [each.representations for each in world.asked] == [(), (({"__typename": "Client", "id": "1"},),)]
    assert "email" not in world.asked[0].text


async def test_viewer_without_rules_costs_nothing() -> None:
    """The plan is the one there is without any rule."""
    query = "{ clients { id name email accounts { no balance } } }"
    ruled, free = made(), made(())
    answers = [await ruled.ask(query, viewer=ALL), await free.ask(query, viewer=ME)]
    assert answers[0] == answers[1]
    assert [each.text for each in ruled.asked] == [each.text for each in free.asked]


async def test_what_decides_may_come_from_another_system() -> None:
    """The account is billing's, its client's owner is known to sales."""
    world = made()
    query = "query($no: ID!) { account(no: $no) { no balance client { name email } } }"
    answer = await world.ask(query, {"no": "A1"}, viewer=ME)
    assert answer.data == {"account": {"no": "A1", "balance": 1, "client": {"name": "Anna", "email": "a@example.org"}}}
    for no in ("A2", "A3"):  # somebody else's, and nobody's
        answer = await world.ask(query, {"no": no}, viewer=ME)
        assert answer.data == {"account": {"no": no, "balance": None, "client": None}}
        assert told(answer) == [(("account", field), "FORBIDDEN") for field in ("balance", "client")]


async def test_detour_ends_at_the_first_row_that_is_somebody_elses() -> None:
    """From one's own account to the others of its group."""
    world = made()
    answer = await world.ask('{ account(no: "A1") { group { no balance client { name } } } }', viewer=ME)
    assert [each["balance"] for each in answer.data["account"]["group"]] == [1, None, None]
    assert [each["no"] for each in answer.data["account"]["group"]] == ["A1", "A2", "A3"]


async def test_rows_of_a_union_are_decided_each_by_its_own_type() -> None:
    """A type without a rule beside two with one; a nested key is everybody's, as far as it goes."""
    world = made()
    contract = "... on Contract { number client { id } text }"
    query = f"{{ things {{ __typename ... on Client {{ email }} ... on Robot {{ serial }} {contract} }} }}"
    answer = await world.ask(query, viewer=ME)
    assert answer.data["things"] == [
        {"__typename": "Client", "email": "a@example.org"},
        {"__typename": "Robot", "serial": 9},
        {"__typename": "Client", "email": None},
        {"__typename": "Contract", "number": 1, "client": {"id": "1"}, "text": "text 1"},
        {"__typename": "Contract", "number": 2, "client": {"id": "2"}, "text": None},
    ]
    assert told(answer) == [(("things", 2, "email"), "FORBIDDEN"), (("things", 4, "text"), "FORBIDDEN")]


async def test_key_is_everybodys_only_as_far_as_it_goes() -> None:
    """`client { id }` is part of the contract's key; more of the client, who has no rule here, is the contract's."""
    world = made((RULES[2],))
    answer = await world.ask("{ things { ... on Contract { number client { id email } } } }", viewer=ME)
    mine, others = [each for each in answer.data["things"] if each]
    assert mine == {"number": 1, "client": {"id": "1", "email": "a@example.org"}}
    assert others["client"]["email"] is None
    assert told(answer) == [(("things", 4, "client", "email"), "FORBIDDEN")]


def test_trusted_field_never_has_a_plain_key() -> None:
    """A plain name is what shaping reads where nothing was planned."""
    keys = TreeKeys()
    (owner,) = trusted(field_set("owner"))
    (plain,) = field_set("owner")
    assert isinstance(owner, Field)
    assert isinstance(plain, Field)
    assert (keys.key((), owner), keys.key((), plain)) == ("_rule_owner", "owner")


async def test_what_a_field_requires_is_denied_with_it() -> None:
    """A report is nobody's; what it is made of others' rows isn't made, what needs their keys only is."""
    world = made()
    answer = await world.ask("{ report { title sum weight } }", viewer=ME)
    assert answer.data["report"]["title"] == "all"
    assert answer.data["report"]["weight"] is None
    assert (("report", "weight"), "FORBIDDEN") in told(answer)
    assert not any("b@example.org" in str(each.representations) for each in world.asked)
    assert (await world.ask("{ report { sum } }", viewer=ME)).data == {"report": {"sum": 2}}


async def test_asking_for_what_decides_is_denied_as_well() -> None:
    """The trusted value lies in the tree under a key of its own, and reaches nobody by any alias."""
    world = made()
    answer = await world.ask("{ clients { owner x: owner _rule_owner: owner } }", viewer=ME)
    assert answer.data["clients"][0] == {"owner": "me", "x": "me", "_rule_owner": "me"}
    assert answer.data["clients"][1] == {"owner": None, "x": None, "_rule_owner": None}


async def test_system_that_is_down_is_no_refusal() -> None:
    """Whether the row is the viewer's can't be known: the error is the system's, and nothing is given away."""
    world = made()
    world.twists["sales"] = down("sales")
    answer = await world.ask('{ account(no: "A1") { no balance } }', viewer=ME)
    assert answer.data == {"account": {"no": "A1", "balance": None}}
    assert told(answer) == [(("account", "balance"), "SYSTEM_UNAVAILABLE")]


async def test_answer_of_a_mutation_is_ruled_too() -> None:
    """It has its effect; of somebody else's row it tells the name."""
    world = made()
    answer = await world.ask('mutation { rename(id: "2") { id name email } }', viewer=ME)
    assert answer.data == {"rename": {"id": "2", "name": "Bob", "email": None}}
    assert world.services == ["sales"]


@pytest.mark.parametrize(
    ("claim", "seen"),
    [("me", 1), (["you", "me"], 2), ([], 0), (None, 0), (True, 0), ({"me": 1}, 0), ("", 0), ("ME", 0)],
)
async def test_claim_is_a_text_or_some(claim: object, seen: int) -> None:
    """Compared as it stands. No claim, or what is no text, is nobody's: not even of rows that are nobody's."""
    viewer = Viewer("me", claims={} if claim is None else {"sub": claim})
    answer = await made().ask("{ clients { email } }", viewer=viewer)
    assert sum(each["email"] is not None for each in answer.data["clients"]) == seen


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        (RowRule(type="Cliant", fields="owner"), "the graph has no such object type"),
        (RowRule(type="Any", fields="owner"), "the graph has no such object type"),
        (RowRule(type="Query", fields="client { owner }"), "a root type has no rows"),
        (RowRule(type="Client", fields="owned"), "Client has no field owned"),
        (RowRule(type="Client", fields="owner name"), "is not one path"),
        (RowRule(type="Client", fields="owner {"), "is no set of fields"),
        (RowRule(type="Client", fields="accounts"), "is no value to compare: name a field of Account in it"),
        (RowRule(type="Client", fields="owner { id }"), "is a value and has no fields"),
        (RowRule(type="Client", fields="owner", except_fields=frozenset({"nmae"})), "has no field nmae to except"),
        (RowRule(type="Robot", fields="serial"), "has no @key"),
    ],
)
def test_rule_that_cannot_be_kept_is_refused(rule: RowRule, problem: str) -> None:
    """At the start: a rule that is not enforced is a door that looks closed."""
    with pytest.raises(RowRuleError, match=f"the row rule for {rule.type} can't be kept: .*{problem}"):
        made((rule,))


def test_rules_are_read_from_the_settings(tmp_path: Path) -> None:
    """One a type; a configured one takes the place of the company's own."""
    file = tmp_path / "spojka.toml"
    text = '[[rows]]\ntype = "Client"\nfields = "owner"\nclaim = "team"\nexcept = ["name"]\nexempt_scopes = ["all"]\n'
    file.write_text(text)
    (rule,) = read_settings(tmp_path, {}, systems=(), file=file).rows
    assert rule == RowRule(
        type="Client", fields="owner", claim="team", except_fields=frozenset({"name"}), exempt_scopes=frozenset({"all"})
    )
    assert merged(RULES, (rule,)) == (rule, *RULES[1:])
    file.write_text(text + text)
    with pytest.raises(ConfigError, match=r"spojka.toml:8: rows\[2\].type: there is a row rule for Client already"):
        read_settings(tmp_path, {}, systems=(), file=file)
