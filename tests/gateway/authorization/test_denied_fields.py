"""What viewers are answered where fields are denied, and what the subgraphs are asked for then."""

from typing import Any

import pytest

from gateway.doors.viewer import ANONYMOUS, Viewer
from gateway.request import GraphQLRequest
from gateway.subgraphs.protocol import RequestContext
from tests.gateway.federation import NOW, World, thing

SALES = """
type Query { client(id: ID!): Client clients: [Client!]! someone: Being being: Any open: Int @shareable }
type Mutation { rename(id: ID!, name: String): Client @requiresScopes(scopes: [["clients:write"]]) touch: Int }
type Client implements Being @key(fields: "id") @requiresScopes(scopes: [["clients"]]) {
  id: ID! name: String! email: String @requiresScopes(scopes: [["mail"]])
}
type Robot implements Being { id: ID! name: String! }
interface Being { id: ID! name: String! }
union Any = Client | Robot
"""
BILLING = """
type Client @key(fields: "id") { id: ID! balance: Int! @requiresScopes(scopes: [["money"]]) credit: Int @authenticated }
"""
ANNA = thing("Client", id="1", name="Anna", email="anna@example.org", balance=7, credit=3)
ROBOT = thing("Robot", id="1", name="R2")


@pytest.fixture
def world() -> World:
    query = {"client": lambda id: ANNA, "clients": [ANNA], "someone": ANNA, "being": ROBOT, "open": 1}
    mutation = {"rename": lambda id, name: ANNA, "touch": 5}
    return World({"sales": SALES, "billing": BILLING}, [ANNA, ROBOT], query=query, mutation=mutation)


def having(scopes: str) -> Viewer:
    return Viewer("somebody", frozenset(scopes.split()))


def told(answer: Any) -> list[tuple[list[Any], str]]:
    return [(each.get("path"), each["extensions"]["code"]) for each in answer.errors]


async def test_denied_field_is_null_and_nobody_is_asked_for_it(world: World) -> None:
    """The rest stands; the path is the client's, with its aliases."""
    query = '{ who: client(id: "1") { name mail: email credit } }'
    answer = await world.ask(query, viewer=having("clients"))
    assert answer.data == {"who": {"name": "Anna", "mail": None, "credit": 3}}
    assert told(answer) == [(["who", "mail"], "FORBIDDEN")]
    assert not any("email" in each.text for each in world.asked)


async def test_denied_field_that_cannot_be_null_takes_its_parent(world: World) -> None:
    """As any null does (GraphQL spec, 6.4.4), with one error."""
    answer = await world.ask("{ clients { name balance } }", viewer=having("clients"))
    assert answer.data is None
    assert told(answer) == [(["clients", 0, "balance"], "FORBIDDEN")]
    assert world.services == ["sales"]


async def test_system_of_which_everything_is_denied_is_not_asked(world: World) -> None:
    """Not even for keys: there is nothing to jump for."""
    answer = await world.ask('{ client(id: "1") { balance } open }', viewer=having("clients"))
    assert told(answer) == [(["client", "balance"], "FORBIDDEN")]
    assert answer.data == {"client": None, "open": 1}
    assert world.services == ["sales"]


async def test_denied_object_asks_for_nothing_below(world: World) -> None:
    """The type asks for a scope, so does every field that gives it: one error, at the field."""
    answer = await world.ask('{ client(id: "1") { name credit } open }', viewer=having(""))
    assert answer.data == {"client": None, "open": 1}
    assert told(answer) == [(["client"], "FORBIDDEN")]
    assert world.services == ["sales"]


async def test_interface_is_seen_as_far_as_its_objects_are(world: World) -> None:
    """An object that is met is denied field by field; `__typename` is no secret."""
    query = "{ someone { __typename id } being { __typename ... on Client { id } ... on Robot { id } } }"
    answer = await world.ask(query, viewer=having(""))
    assert answer.data == {"someone": None, "being": {"__typename": "Robot", "id": "1"}}
    assert told(answer) == [(["someone", "id"], "FORBIDDEN")]
    assert "... on Robot" in world.asked[0].text
    assert "... on Client" not in world.asked[0].text
    assert (await world.ask(query, viewer=having("clients"))).errors == ()


async def test_mutation_with_a_denied_root_field_is_not_carried_out(world: World) -> None:
    """Nothing of it: half of what somebody meant to do is not what they meant."""
    answer = await world.ask('mutation { touch rename(id: "1", name: "B") { id } }', viewer=having("clients"))
    assert (answer.executed, answer.data) == (False, None)
    assert told(answer) == [(["rename"], "FORBIDDEN")]
    assert world.asked == []
    answer = await world.ask("mutation { touch }", viewer=having(""))
    assert answer.data == {"touch": 5}


async def test_mutation_is_carried_out_though_some_of_its_answer_is_denied(world: World) -> None:
    """Its effect is allowed; what it tells is denied as anywhere."""
    answer = await world.ask(
        'mutation { rename(id: "1", name: "B") { id email } }', viewer=having("clients clients:write")
    )
    assert answer.data == {"rename": {"id": "1", "email": None}}
    assert told(answer) == [(["rename", "email"], "FORBIDDEN")]


async def test_whole_request_is_refused_where_that_is_set() -> None:
    """Each denied field is told, and nobody is asked for anything."""
    world = World({"sales": SALES, "billing": BILLING}, [ANNA], query={"open": 1}, refuse_whole=True)
    answer = await world.ask('{ open client(id: "1") { name email balance } }', viewer=having("clients"))
    assert (answer.executed, answer.data) == (False, None)
    assert told(answer) == [(["client", "email"], "FORBIDDEN"), (["client", "balance"], "FORBIDDEN")]
    assert world.asked == []
    assert (await world.ask("{ open }", viewer=having(""))).data == {"open": 1}


async def test_nobody_signed_in_is_asked_for_a_token(world: World) -> None:
    """What is open is open; the rest says that a token is missing; the schema is for those who have one."""
    answer = await world.ask('{ open client(id: "1") { name } }', viewer=ANONYMOUS)
    assert answer.data == {"open": 1, "client": None}
    assert told(answer) == [(["client"], "UNAUTHENTICATED")]
    answer = await world.ask("{ a: __schema { types { name } } }", viewer=ANONYMOUS)
    assert told(answer) == [(["a"], "UNAUTHENTICATED")]
    assert (await world.ask("{ __schema { types { name } } }", viewer=having(""))).errors == ()
    assert (await world.ask("{ nothing }", viewer=ANONYMOUS)).errors[0]["extensions"]["code"] == (
        "GRAPHQL_VALIDATION_FAILED"
    )


CLOSED = "type Query { secret: Int @authenticated } type Mutation { act: Int @authenticated }"


@pytest.mark.parametrize("query", ["{ nothing }", "{", "query A { secret } query B { secret }", "{ secret { x } }"])
async def test_closed_graph_tells_nobody_what_is_wrong_with_a_document(query: str) -> None:
    """A refusal would tell what the schema has, with suggestions."""
    world = World({"s": CLOSED}, query={"secret": 1})
    answer = await world.ask(query, viewer=ANONYMOUS)
    assert [dict(each) for each in answer.errors] == [
        {"message": "send a token", "extensions": {"code": "UNAUTHENTICATED"}}
    ]
    assert (await world.ask(query, viewer=having(""))).errors[0]["extensions"]["code"] != "UNAUTHENTICATED"
    assert (await world.ask("{ __typename }", viewer=ANONYMOUS)).data == {"__typename": "Query"}


async def test_plans_are_kept_apart_for_viewers_who_see_other_things(world: World) -> None:
    """The same document, one after the other, and back: nobody gets another's plan."""
    query = '{ client(id: "1") { name email } }'
    for _ in range(2):
        assert (await world.ask(query, viewer=having("clients mail"))).data["client"]["email"] == "anna@example.org"
        assert (await world.ask(query, viewer=having("clients"))).data["client"]["email"] is None
        assert (await world.ask(query, viewer=having(""))).data == {"client": None}
        assert (await world.ask(query, viewer=ANONYMOUS)).errors[0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_graph_that_asks_for_nothing_is_open() -> None:
    """Other people's supergraphs have no doors of ours."""
    world = World({"s": "type Query { number: Int }"}, query={"number": 4})
    assert (await world.ask("{ number }", viewer=ANONYMOUS)).data == {"number": 4}
    assert (await world.ask("{ __schema { queryType { name } } }", viewer=ANONYMOUS)).errors == ()


async def test_plan_alone_is_of_what_the_viewer_gets(world: World) -> None:
    """Asking how it would be answered tells nothing of what is denied."""
    viewer = having("clients plan:read")
    request = GraphQLRequest(query='{ client(id: "1") { name email balance } }', explain="only")
    answer = await world.gateway.answer(request, RequestContext(now=NOW, viewer=viewer))
    assert [each["service"] for each in answer.extensions["plan"]["requests"]] == ["sales"]
    assert "email" not in str(answer.extensions)


async def test_nothing_is_planned_of_what_is_refused(world: World) -> None:
    """No plan is made, and none is kept, that nobody will carry out."""
    request = GraphQLRequest(query='mutation { touch rename(id: "1", name: "B") { id } }')
    planned, _ = world.gateway.plan(request, having("clients"))
    assert planned.refusal
    assert planned.requests == ()
