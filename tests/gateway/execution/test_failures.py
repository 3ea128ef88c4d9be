"""What the gateway answers when something fails: what others know is shown, every null has an error at or above it."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from gateway.pipeline import Gateway
from gateway.request import GraphQLResponse
from gateway.subgraphs.protocol import SubgraphAnswer, SubgraphFault
from tests.gateway.company import company
from tests.gateway.federation import Thing, World, coded, down, thing

ACCOUNTS = "{ client(id: 1) { name accounts { number currency rate } } }"


@pytest.fixture
def world() -> World:
    return company()


def failing(*places: str) -> Any:
    """Fails at "system:Type.field"; "system:Type" fails to resolve an entity."""

    def faulty(system: str, type_name: str, name: str, of: Thing | None) -> Exception | None:
        place = f"{system}:{type_name}" if name == "_entities" else f"{system}:{type_name}.{name}"
        return coded(f"{place} failed") if place in places else None

    return faulty


def told(answer: GraphQLResponse) -> list[tuple[str, str]]:
    """Each error's code and path, sorted."""
    return sorted((each["extensions"]["code"], spelled(each)) for each in answer.errors)


def spelled(error: Mapping[str, Any]) -> str:
    return ".".join(map(str, error.get("path", ())))


async def test_type_that_is_not_known_has_the_failure_of_who_knows_it() -> None:
    """Not an answer without a type: the system that has the real types didn't answer."""
    ratings = """type Query { top: [Item!]! }
type Item @interfaceObject @key(fields: "id") { id: ID! stars: Int }"""
    books = """interface Item @key(fields: "id") { id: ID! }
type Book implements Item @key(fields: "id") { id: ID! title: String }"""
    top = [thing("Book", id="1", stars=5, title="A"), thing("Book", id="2", stars=4, title="B")]
    world = World({"ratings": ratings, "books": books}, top, query={"top": top})
    world.twists["books"] = down("books")
    answer = await world.ask("{ top { __typename stars } }")
    assert answer.data is None
    assert {code for code, _ in told(answer)} == {"SYSTEM_UNAVAILABLE"}
    assert all("top" in each["path"] for each in answer.errors)


class TestTimeIsOver:
    """[limits] answer_seconds: one system that never answers doesn't keep what the others know."""

    @pytest.fixture(autouse=True)
    def soon(self, world: World) -> None:
        world.gateway = Gateway(world.supergraph, world.subgraphs, most_objects=10**15, seconds=0.05)

    async def test_what_is_there_is_answered(self, world: World) -> None:
        """What waits for the system that is late isn't asked for any more."""
        world.before["billing"] = asyncio.Event().wait
        tasks = asyncio.all_tasks()
        answer = await world.ask("{ client(id: 1) { name accounts { number currency rate } } }")
        assert answer.data == {
            "client": {
                "name": "Anna",
                "accounts": [{"number": n, "currency": None, "rate": None} for n in ("7", "8")],
            }
        }
        late = [f"client.accounts.{n}.{field}" for n in (0, 1) for field in ("currency", "rate")]
        assert told(answer) == [("REQUEST_TIMEOUT", path) for path in late]
        assert {each["message"].partition(" ")[0] for each in answer.errors} == {"billing"}
        assert asyncio.all_tasks() == tasks

    async def test_mutation_goes_on_to_its_end(self, world: World) -> None:
        """It may have happened, so its answer is waited for, and what is read of its result has time too."""
        world.before["billing"] = lambda: asyncio.sleep(0.1)
        answer = await world.ask("mutation { open(number: 7) { number manager } }")
        assert (answer.data, answer.errors) == ({"open": {"number": "7", "manager": "Marie"}}, ())

    async def test_what_is_read_of_a_mutations_result_has_as_much_time_again(self, world: World) -> None:
        """And no more."""
        world.before = {"billing": lambda: asyncio.sleep(0.1), "sales": asyncio.Event().wait}
        answer = await world.ask("mutation { open(number: 7) { number rate } }")
        assert answer.data == {"open": {"number": "7", "rate": None}}
        assert {code for code, _ in told(answer)} == {"REQUEST_TIMEOUT"}


class TestSystemDown:
    async def test_what_the_others_know_is_shown(self, world: World) -> None:
        """One system's silence takes only its own fields away, with an error at each that names it."""
        world.twists["billing"] = down("billing")
        answer = await world.ask("{ client(id: 1) { name accounts { number currency } } }")
        assert answer.data == {
            "client": {
                "name": "Anna",
                "accounts": [{"number": "7", "currency": None}, {"number": "8", "currency": None}],
            }
        }
        assert told(answer) == [
            ("SYSTEM_UNAVAILABLE", "client.accounts.0.currency"),
            ("SYSTEM_UNAVAILABLE", "client.accounts.1.currency"),
        ]
        assert all("billing" in each["message"] for each in answer.errors)

    async def test_a_root_field_of_it_is_null(self, world: World) -> None:
        """At the root too."""
        world.twists["billing"] = down("billing")
        answer = await world.ask("{ x: account(number: 7) { balance } client(id: 1) { name } }")
        assert answer.data == {"x": None, "client": {"name": "Anna"}}
        assert told(answer) == [("SYSTEM_UNAVAILABLE", "x")]

    async def test_a_list_of_it_is_null_never_empty(self, world: World) -> None:
        """Silence is not "none"."""
        world.twists["links"] = down("links")
        answer = await world.ask("{ client(id: 1) { accounts { number } } }")
        assert answer.data == {"client": {"accounts": None}}
        assert told(answer) == [("SYSTEM_UNAVAILABLE", "client.accounts")]

    async def test_what_depends_on_it_carries_its_failure(self, world: World) -> None:
        """`rate` is of sales but needs billing's currency: it is null with billing's error, never sent a null."""
        world.twists["billing"] = down("billing")
        answer = await world.ask("{ client(id: 1) { accounts { rate } } }")
        assert answer.data == {"client": {"accounts": [{"rate": None}, {"rate": None}]}}
        assert told(answer) == [
            ("SYSTEM_UNAVAILABLE", "client.accounts.0.rate"),
            ("SYSTEM_UNAVAILABLE", "client.accounts.1.rate"),
        ]
        assert world.services == ["sales", "links", "billing"]

    async def test_what_needs_no_failed_field_is_still_shown(self, world: World) -> None:
        """`manager` travels with `rate`, but doesn't need the currency: sales is asked for it alone."""
        world.twists["billing"] = down("billing")
        answer = await world.ask("{ client(id: 1) { accounts(last: 1) { manager rate } } }")
        assert answer.data == {"client": {"accounts": [{"manager": "Marie", "rate": None}]}}
        assert told(answer) == [("SYSTEM_UNAVAILABLE", "client.accounts.0.rate")]
        assert "rate" not in world.asked[-1].text

    async def test_one_of_two_that_need_a_failed_field(self, world: World) -> None:
        """The account whose currency is known has all, the other what needs none."""

        def faulty(system: str, type_name: str, name: str, of: Thing | None) -> Exception | None:
            return coded("only this") if name == "currency" and of and of.values["number"] == "7" else None

        world.faulty = faulty
        answer = await world.ask("{ client(id: 1) { accounts { manager rate } } }")
        assert answer.data["client"]["accounts"] == [
            {"manager": "Marie", "rate": None},
            {"manager": "Marie", "rate": 3},
        ]
        assert told(answer) == [("BROKEN", "client.accounts.0.rate")]

    async def test_the_only_system_of_a_query(self, world: World) -> None:
        """`data` stays an object: the root fields may be null."""
        world.twists["sales"] = down("sales")
        answer = await world.ask("{ client(id: 1) { name } clients { name } }")
        assert answer.data == {"client": None, "clients": None}
        assert told(answer) == [("SYSTEM_UNAVAILABLE", "client"), ("SYSTEM_UNAVAILABLE", "clients")]

    async def test_a_system_that_is_down_is_not_asked_again_apart(self, world: World) -> None:
        """Two entity calls in one request that never arrived need no second and third request."""
        world.twists["billing"] = down("billing")
        query = "{ client(id: 1) { accounts { currency } mainAccount { balance } } }"
        await world.ask(query)
        assert world.services == ["sales", "links", "billing"]

    async def test_a_subgraph_that_raises(self, world: World) -> None:
        """It promised not to. Its part is null, with a code and its name; nothing comes out of the gateway."""

        def raises(_: SubgraphAnswer) -> SubgraphAnswer:
            raise RuntimeError("/etc/secret")

        world.twists["links"] = raises
        answer = await world.ask("{ client(id: 1) { name accounts { number } } }")
        assert answer.data == {"client": {"name": "Anna", "accounts": None}}
        assert told(answer) == [("INTERNAL_SERVER_ERROR", "client.accounts")]
        assert "links" in answer.errors[0]["message"]
        assert "secret" not in str(answer.errors)


class TestErrorPaths:
    async def test_the_clients_aliases_are_in_the_path(self, world: World) -> None:
        """Subgraph paths, tree keys and our own aliases are no client's business."""
        world.faulty = failing("billing:Account.balance")
        answer = await world.ask('{ c: client(id: 1) { a: accounts { x: balance y: balance(in: "EUR") } } }')
        assert [each[1] for each in told(answer)] == [
            "c.a.0.x",
            "c.a.0.y",
            "c.a.1.x",
            "c.a.1.y",
        ]

    async def test_an_entitys_error_is_told_at_each_of_its_places(self, world: World) -> None:
        """One representation, two places: an error at each."""
        world.faulty = failing("sales:Client.name")
        answer = await world.ask("{ client(id: 1) { accounts { owner { name } } } }")
        assert told(answer) == [("BROKEN", f"client.accounts.{number}.owner.name") for number in (0, 1)]

    async def test_an_entity_that_fails_takes_its_fields(self, world: World) -> None:
        """The error of `_entities.0` is told at each field that was asked of it."""
        world.faulty = failing("billing:Account")
        answer = await world.ask("{ client(id: 1) { accounts(last: 1) { number currency paid } } }")
        assert answer.data == {"client": {"accounts": [{"number": "8", "currency": None, "paid": None}]}}
        assert told(answer) == [("BROKEN", "client.accounts.0.currency"), ("BROKEN", "client.accounts.0.paid")]

    async def test_an_error_below_a_null_that_bubbled_in_the_subgraph(self, world: World) -> None:
        """The null is where the subgraph could put it, the error where it happened."""
        world.faulty = failing("billing:Invoice.total")
        answer = await world.ask("{ client(id: 1) { accounts(last: 2) { number i: invoices { t: total } } } }")
        assert answer.data == {"client": {"accounts": [{"number": "7", "i": None}, {"number": "8", "i": []}]}}
        assert told(answer) == [("BROKEN", "client.accounts.0.i.0.t")]

    async def test_an_error_without_a_null_is_told_all_the_same(self, world: World) -> None:
        """A subgraph may warn beside good data; it is not swallowed."""
        world.twists["sales"] = lambda answer: SubgraphAnswer(
            answer.data, [SubgraphFault("by the way", ("client", "name"), {"code": "WARNED", "service": "sales"})]
        )
        answer = await world.ask("{ client(id: 1) { name } }")
        assert answer.data == {"client": {"name": "Anna"}}
        assert [each["message"] for each in answer.errors] == ["by the way"]

    async def test_two_errors_at_one_null(self, world: World) -> None:
        """Both are told where they happened."""
        world.twists["sales"] = lambda _: SubgraphAnswer(
            {"client": None},
            [
                SubgraphFault("one", ("client", "legalName"), {"code": "ONE"}),
                SubgraphFault("two", ("client", "label"), {"code": "TWO"}),
            ],
        )
        answer = await world.ask("{ c: client(id: 1) { l: legalName label } }")
        assert answer.data == {"c": None}
        assert told(answer) == [("ONE", "c.l"), ("TWO", "c.label")]

    async def test_a_failure_of_a_hidden_field_only_is_told(self, world: World) -> None:
        """The key failed that the client never asked for: what depends on it says so."""
        world.faulty = failing("links:Account.number")
        answer = await world.ask("{ client(id: 1) { mainAccount { currency } accounts { currency } } }")
        assert answer.data == {"client": None}
        assert {each[0] for each in told(answer)} <= {"BROKEN", "NULL_IN_NON_NULL"}
        assert any(spelled(each).startswith("client") for each in answer.errors)


PARTS = {
    "one": """type Query { box: Box } type Part { a: Int @shareable }
              type Box @key(fields: "id") { id: ID! part: Part @shareable parts: [Part] @shareable }""",
    "two": """type Part { b: Int @shareable }
              type Box @key(fields: "id") { id: ID! part: Part @shareable parts: [Part] @shareable }""",
    "three": """type Part { c: Int @shareable }
                type Box @key(fields: "id") { id: ID! part: Part @shareable parts: [Part] @shareable }""",
}


class TestValuesKnownInPart:
    @pytest.mark.parametrize("failed", ["one", "two", "three"])
    @pytest.mark.parametrize("slow", ["one", "two", "three"])
    async def test_a_system_that_fails_takes_only_its_part(self, failed: str, slow: str) -> None:
        """In whatever order they answer: an error at each field that it should have given."""
        part = thing("Part", a=1, b=2, c=3)
        box = thing("Box", id="1", part=part, parts=[part, part])
        world = World(PARTS, [box], query={"box": box})
        world.faulty = failing(f"{failed}:Box.part", f"{failed}:Box.parts")
        world.before = {slow: lambda: asyncio.sleep(0.01)}
        answer = await world.ask("{ box { part { a b c } parts { a b c } } }")
        lost = {"one": "a", "two": "b", "three": "c"}[failed]
        left = {"a": 1, "b": 2, "c": 3, lost: None}
        assert answer.data == {"box": {"part": left, "parts": [left, left]}}
        places = [f"box.part.{lost}", f"box.parts.0.{lost}", f"box.parts.1.{lost}"]
        assert told(answer) == [("BROKEN", each) for each in places]

    async def test_all_systems_that_fail_are_told(self) -> None:
        """Each with its own message, at the one null."""
        box = thing("Box", id="1", part=thing("Part", a=1, b=2, c=3))
        world = World(PARTS, [box], query={"box": box})
        world.faulty = failing("one:Box.part", "two:Box.part", "three:Box.part")
        answer = await world.ask("{ box { part { a b c } } }")
        assert answer.data == {"box": {"part": None}}
        assert {each["message"] for each in answer.errors} == {f"{each}:Box.part failed" for each in PARTS}


class TestKeys:
    async def test_a_failed_key_fails_what_depends_on_it(self) -> None:
        """The field behind the jump carries the key's failure; no representation is sent."""
        world = keyed()
        world.faulty = failing("a:Thing.code")
        answer = await world.ask("{ thing { size } }")
        assert answer.data == {"thing": {"size": None}}
        assert told(answer) == [("BROKEN", "thing.size")]
        assert world.services == ["a"]

    async def test_a_null_key_means_there_is_nothing(self) -> None:
        """No representation, null, and no error: nothing failed."""
        world = keyed(code=None)
        answer = await world.ask("{ thing { size code } }")
        assert (answer.data, answer.errors) == ({"thing": {"size": None, "code": None}}, ())
        assert world.services == ["a"]

    @pytest.mark.parametrize("sure", ["id", "up { id } no"])
    async def test_a_key_that_is_never_null_is_used_first(self, sure: str) -> None:
        """Of two keys that cost the same requests; objects without the other one are then found too."""
        fields = "ref: ID id: ID! @shareable up: Up! @shareable no: Int! @shareable"
        up = 'type Up @key(fields: "id") { id: ID! }'
        one = f'type Query {{ thing: Thing }} type Thing @key(fields: "ref") @key(fields: "{sure}") {{ {fields} }} {up}'
        two = f'type Thing @key(fields: "ref") @key(fields: "{sure}") {{ {fields} size: Int }} {up}'
        found = thing("Thing", ref=None, id="1", up=thing("Up", id="2"), no=1, size=5)
        world = World({"a": one, "b": two}, [found], query={"thing": found})
        assert await world.data("{ thing { size } }") == {"thing": {"size": 5}}

    async def test_a_null_within_a_nested_key(self) -> None:
        """A key is whole or it is none."""
        world = keyed(parent=None)
        answer = await world.ask("{ thing { weight size } }")
        assert (answer.data, answer.errors) == ({"thing": {"weight": None, "size": 5}}, ())

    async def test_an_entity_that_the_subgraph_doesnt_know(self, world: World) -> None:
        """It answers null for it: the fields are null, without an error."""
        world.things["Account"].clear()
        answer = await world.ask("{ client(id: 1) { accounts(last: 1) { number currency } } }")
        assert (answer.data, answer.errors) == ({"client": {"accounts": [{"number": "8", "currency": None}]}}, ())

    async def test_an_unknown_entity_with_a_field_that_may_not_be_null(self, world: World) -> None:
        """A null has to go up, and that is told."""
        world.things["Account"].clear()
        answer = await world.ask("{ client(id: 1) { name accounts(last: 1) { sureCurrency } } }")
        assert answer.data == {"client": {"name": "Anna", "accounts": None}}
        assert told(answer) == [("NULL_IN_NON_NULL", "client.accounts.0.sureCurrency")]

    async def test_an_unknown_entity_is_not_asked_with_requires(self, world: World) -> None:
        """Its required field is null, as far as anybody knows, and sent as such."""
        world.things["Account"].clear()
        answer = await world.ask("{ client(id: 1) { accounts(last: 1) { rate } } }")
        assert (answer.data, answer.errors) == ({"client": {"accounts": [{"rate": None}]}}, ())

    async def test_a_required_null_is_sent_as_null(self, world: World) -> None:
        """Null without failure is a value."""
        for each in world.things["Account"]:
            each.values["currency"] = None
        answer = await world.ask("{ client(id: 1) { accounts(last: 1) { rate } } }")
        assert (answer.data, answer.errors) == ({"client": {"accounts": [{"rate": 0}]}}, ())
        assert world.asked[-1].representations[0][0]["currency"] is None

    async def test_a_failed_required_field_is_not_sent_as_null(self, world: World) -> None:
        """Else sales would compute a rate from a currency that nobody gave."""
        world.faulty = failing("billing:Account.currency")
        answer = await world.ask(ACCOUNTS)
        assert [each["rate"] for each in answer.data["client"]["accounts"]] == [None, None]
        assert world.services == ["sales", "links", "billing"]
        assert [each[1] for each in told(answer)] == [
            f"client.accounts.{number}.{name}" for number in (0, 1) for name in ("currency", "rate")
        ]

    async def test_one_of_several_entities_fails(self, world: World) -> None:
        """The others of the list have their values."""

        def faulty(system: str, type_name: str, name: str, of: Thing | None) -> Exception | None:
            return coded("only this") if name == "currency" and of and of.values["number"] == "7" else None

        world.faulty = faulty
        answer = await world.ask(ACCOUNTS)
        assert answer.data["client"]["accounts"] == [
            {"number": "7", "currency": None, "rate": None},
            {"number": "8", "currency": "EUR", "rate": 3},
        ]
        assert [each[1] for each in told(answer)] == ["client.accounts.0.currency", "client.accounts.0.rate"]


def keyed(code: str | None = "c", parent: str | None = "p") -> World:
    """A thing known by code in one subgraph, by parent and number in another."""
    one = "type Query { thing: Thing }"
    one += ' type Thing @key(fields: "code") @key(fields: "up { id } no") { code: ID up: Up no: Int }'
    one += ' type Up @key(fields: "id") { id: ID }'
    two = 'type Thing @key(fields: "code") { code: ID size: Int }'
    three = 'type Thing @key(fields: "up { id } no") { up: Up no: Int weight: Int }'
    three += ' type Up @key(fields: "id") { id: ID }'
    found = thing("Thing", code=code, up=thing("Up", id=parent), no=1, size=5, weight=7)
    return World({"a": one, "b": two, "c": three}, [found], query={"thing": found})


class TestEntityCallsTogether:
    QUERY = "{ client(id: 1) { accounts(last: 1) { sure: sureCurrency } mainAccount { balance } best { name } } }"

    async def test_one_that_fails_as_a_whole_doesnt_take_its_neighbour(self) -> None:
        """A null in `_entities`' non-null list takes all of `data`; the calls are then made apart."""
        world = company()
        original = world.subgraphs["billing"].real._run

        async def broken(compiled: Any, inputs: Any, context: Any) -> Any:
            result = await original(compiled, inputs, context)
            if any(each["number"] == "8" for call in inputs.representations for each in call):
                error = coded("_entities is broken for 8")
                error.path = ["_e0" if len(inputs.representations) > 1 else "_entities"]
                return type(result)(None, [error])
            return result

        world.subgraphs["billing"].real._run = broken  # type: ignore[method-assign]
        answer = await world.ask(self.QUERY)
        assert answer.data["client"]["mainAccount"] == {"balance": 100}
        assert answer.data["client"]["accounts"] is None
        assert [each[1] for each in told(answer)][:1] == ["client.accounts.0.sure"]
        assert world.services.count("billing") == 3

    async def test_one_that_is_not_a_list_has_its_own_reason(self, world: World) -> None:
        """What its neighbour met stays with the neighbour."""

        def half(answer: SubgraphAnswer) -> SubgraphAnswer:
            if answer.data is None or "_e0" not in answer.data:
                return answer
            met = SubgraphFault("no name", ("_e0", 0, "sureCurrency"), {"code": "OTHER"})
            return SubgraphAnswer({**answer.data, "_e0": [None], "_e1": 7}, [met])

        world.twists["billing"] = half
        answer = await world.ask(self.QUERY)
        assert told(answer) == [
            ("OTHER", "client.accounts.0.sure"),
            ("SUBGRAPH_ERROR", "client.mainAccount.balance"),
        ]

    async def test_mutations_are_never_sent_again(self, world: World) -> None:
        """Whatever a mutation answers, it ran."""
        world.twists["billing"] = lambda _: SubgraphAnswer(
            None, [SubgraphFault("gone", ("pay",), {"code": "BROKEN", "service": "billing"})]
        )
        answer = await world.ask("mutation { pay(account: 7, amount: 1) { sequence } }")
        assert answer.data is None
        assert world.services == ["billing"]


class TestMutations:
    async def test_fields_run_in_the_clients_order(self, world: World) -> None:
        """Equal fields too: two payments, two effects."""
        query = """mutation {
            a: pay(account: 7, amount: 1) { sequence account { paid } }
            open(number: 8) { manager }
            b: pay(account: 7, amount: 1) { sequence account { paid } }
        }"""
        assert await world.data(query) == {
            "a": {"sequence": 1, "account": {"paid": 1}},
            "open": {"manager": "Marie"},
            "b": {"sequence": 2, "account": {"paid": 2}},
        }

    async def test_what_follows_from_one_comes_before_the_next(self, world: World) -> None:
        """Spec, 6.2.2: a mutation is complete, its entities included, before the next one starts."""
        query = "mutation { a: open(number: 7) { manager } b: open(number: 8) { manager } }"
        await world.data(query)
        assert world.services == ["billing", "sales", "billing", "sales"]

    async def test_one_that_is_lost_with_another_is_told_as_unknown(self, world: World) -> None:
        """A null up to the root of a system's answer takes its neighbours away, which may have been carried out."""
        refused = SubgraphFault("a used key", ("_1_pay",), {"code": "KEY_REUSED", "service": "billing"})
        world.twists["billing"] = lambda _: SubgraphAnswer(None, [refused])
        answer = await world.ask(
            "mutation { a: pay(account: 7, amount: 1) { sequence } b: pay(account: 8, amount: 1) { sequence } }"
        )
        assert answer.data is None
        assert "_1_pay: pay(" in world.asked[0].text
        assert told(answer) == [("KEY_REUSED", "b"), ("OUTCOME_UNKNOWN", "a")]

    async def test_an_error_doesnt_stop_the_next(self, world: World) -> None:
        """Only a null that goes up to the root would take all away."""
        answer = await world.ask("mutation { forget { number } open(number: 7) { number } x: forget { number } }")
        assert answer.data == {"forget": None, "open": {"number": "7"}, "x": None}
        assert told(answer) == [("BROKEN", "forget"), ("BROKEN", "x")]

    async def test_a_refused_one_keeps_its_code_and_message(self, world: World) -> None:
        """What the resolver raised on purpose reaches the client."""
        answer = await world.ask("mutation { pay(account: 7, amount: -1) { sequence } }")
        assert answer.data is None
        assert answer.errors[0]["message"] == "pay more than nothing"
        assert told(answer)[0] == ("BAD_AMOUNT", "pay")


class TestNulls:
    @pytest.mark.parametrize(
        ("declared", "value", "expected"),
        [
            ("[Item]", [1, None], {"items": [1, None]}),
            ("[Item]", None, {"items": None}),
            ("[Item!]", [1, None], {"items": None}),
            ("[Item]!", [1, None], {"items": [1, None]}),
            ("[Item]!", None, None),
            ("[Item!]!", [1, None], None),
            ("[[Item]]", [[1, None], None], {"items": [[1, None], None]}),
            ("[[Item!]]", [[1, None], [1]], {"items": [None, [1]]}),
            ("[[Item!]!]", [[1, None], [1]], {"items": None}),
            ("[[Item]!]!", [[1], None], None),
        ],
    )
    @pytest.mark.parametrize("kind", ["Int", "Size"])
    async def test_a_null_goes_up_to_the_next_place_that_may_be_null(
        self, declared: str, value: Any, expected: Any, kind: str
    ) -> None:
        """Spec, 6.4.4, for the nulls of entities that a second subgraph can't give: the same as one graph's answer."""
        sdl = declared.replace("Item", kind)
        one = 'type Query { box: Box } type Box @key(fields: "id") { id: ID! }'
        two = f'type Box @key(fields: "id") {{ id: ID! items: {sdl} }} type Size {{ size: Int! }}'
        box = thing("Box", id="1", items=_made(value, kind))
        world = World({"one": one, "two": two}, [box], query={"box": box})
        below = " { size }" if kind == "Size" else ""
        answer = await world.ask(f"{{ box {{ items{below} }} }}")
        graph = await world.one_graph(f"{{ box {{ items{below} }} }}")
        assert answer.data == graph.data == {"box": _shown(expected, kind)}
        assert bool(answer.errors) == bool(graph.errors)

    async def test_a_null_at_the_root(self, world: World) -> None:
        """It takes all of `data`, what others answered too."""
        world.twists["sales"] = down("sales")
        answer = await world.ask("{ sureClients { name } tickets { code } }")
        assert (answer.data, answer.executed) == (None, True)
        assert ("SYSTEM_UNAVAILABLE", "sureClients") in told(answer)


def _made(value: Any, kind: str) -> Any:
    if isinstance(value, list):
        return [_made(each, kind) for each in value]
    return thing("Size", size=value) if kind == "Size" and value is not None else value


def _shown(value: Any, kind: str) -> Any:
    if isinstance(value, dict):
        return {key: _shown(each, kind) for key, each in value.items()}
    if isinstance(value, list):
        return [_shown(each, kind) for each in value]
    return {"size": value} if kind == "Size" and value is not None else value


class TestWrongShapes:
    @pytest.mark.parametrize(
        "data",
        [
            "text",
            [],
            7,
            {},
            {"client": "text"},
            {"client": []},
            {"client": [{"name": "x"}]},
            {"client": {"name": {}, "id": "1"}},
            {"client": {"name": ["x"], "id": "1"}},
            {"client": {"name": 7, "id": {"a": 1}}},
            {"client": {"id": ["1"], "segment": 4}},
            {"client": {"id": 2**80, "name": "x", "segment": "HUGE"}},
            {"client": {"__typename": 7}},
            None,
        ],
    )
    async def test_of_a_root_fetch(self, world: World, data: Any) -> None:
        """A string where an object belongs, and so on: a coded error at its place, never an exception."""
        world.twists["sales"] = lambda _: SubgraphAnswer(data)
        answer = await world.ask("{ client(id: 1) { id name segment accounts { number } } }")
        assert_conforming(answer, {"client": None})

    @pytest.mark.parametrize(
        "entities",
        [
            None,
            "text",
            [],
            [None, None],
            [{"accounts": []}, {"accounts": []}],
            ["text"],
            [["accounts"]],
            [{"accounts": "text"}],
            [{"accounts": {}}],
            [{"accounts": ["text", 7, {}]}],
            [{"accounts": [[{"number": "7"}]]}],
            [{"accounts": [{"number": {}}]}],
            [{"accounts": [{"number": True}]}],
        ],
    )
    async def test_of_an_entity_fetch(self, world: World, entities: Any) -> None:
        """Also a list of another length than was asked for."""
        world.twists["links"] = lambda _: SubgraphAnswer({"_entities": entities})
        answer = await world.ask("{ client(id: 1) { name accounts { number currency owner { name } } } }")
        assert_conforming(answer, {"client": {"name": "Anna", "accounts": None}})

    async def test_lists_of_different_lengths(self) -> None:
        """A value that two systems know in part is joined by position, if their lists agree."""
        one = 'type Query { box: Box } type Box @key(fields: "id") { id: ID! parts: [Part] @shareable }'
        one += " type Part { a: Int @shareable }"
        two = 'type Box @key(fields: "id") { id: ID! parts: [Part] @shareable } type Part { b: Int @shareable }'
        box = thing("Box", id="1", parts=[thing("Part", a=1, b=2), thing("Part", a=3, b=4)])
        world = World({"one": one, "two": two}, [box], query={"box": box})
        query = "{ box { parts { a b } } }"
        assert await world.data(query) == {"box": {"parts": [{"a": 1, "b": 2}, {"a": 3, "b": 4}]}}
        world.twists["two"] = lambda answer: SubgraphAnswer({"_entities": [{"parts": [{"b": 2}]}]})
        answer = await world.ask(query)
        assert answer.data == {"box": {"parts": [{"a": 1, "b": None}, {"a": 3, "b": None}]}}
        assert {each[0] for each in told(answer)} == {"INVALID_SUBGRAPH_DATA"}

    async def test_a_key_that_is_no_json(self, world: World) -> None:
        """An integer beyond 64 bits as a key is sent on as it came."""
        world.twists["links"] = lambda _: SubgraphAnswer({"_entities": [{"accounts": [{"number": 2**70}]}]})
        answer = await world.ask("{ client(id: 1) { accounts { currency } } }")
        assert (answer.data, answer.errors) == ({"client": {"accounts": [{"currency": None}]}}, ())


def assert_conforming(answer: GraphQLResponse, least: Any) -> None:
    """Every error has a code and a path, and at least something is left of the data."""
    assert all(each["extensions"]["code"] for each in answer.errors)
    assert isinstance(answer.data, dict)
    if answer.data["client"] is None or answer.data["client"].get("accounts") is None:
        assert answer.errors or answer.data == {"client": None}
    assert set(answer.data) == set(least)


class TestConcurrency:
    async def test_independent_fetches_overlap(self, world: World) -> None:
        """Each of two systems waits until the other has been asked too."""
        together = asyncio.Barrier(2)
        world.before = {"sales": together.wait, "support": together.wait}
        async with asyncio.timeout(5):
            await world.data("{ clients { name } tickets { code } }")

    async def test_a_fetch_waits_only_for_what_it_needs(self, world: World) -> None:
        """links answers while support is still thinking."""
        asked = asyncio.Event()

        async def links_is_asked() -> None:
            asked.set()

        world.before = {"support": asked.wait, "links": links_is_asked}
        async with asyncio.timeout(5):
            await world.data("{ client(id: 1) { accounts { number } } tickets { code } }")
