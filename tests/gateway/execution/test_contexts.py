"""Arguments that are filled from above (@context, @fromContext): each object gets the value of its own ancestor."""

from dataclasses import replace

import pytest

from gateway.execution.contexts import values
from gateway.execution.failures import Failure
from gateway.planning.plan import ContextValue, Input
from gateway.request import GraphQLResponse
from gateway.subgraphs.protocol import SubgraphAnswer, SubgraphFault
from tests.gateway.federation import Computed, FromContext, Thing, World, coded, down, thing

SHOP = """
type Query { orders: [Order!]! order: Order owned: [Owned] }
type Mutation @context(name: "deed") { order: Order price: String }
interface Owned @context(name: "owner") { id: ID! currency: String items: [Item!] }
type Order implements Owned @key(fields: "id") {
  id: ID! currency: String @external items: [Item!] first: Item rates: [Rate!] inner: Order
}
type Gift implements Owned @key(fields: "id") { id: ID! currency: String items: [Item!] }
type Rate { to: Money }
type Money { code: String }
type Item @key(fields: "sku") {
  sku: ID!
  name: String
  price(currency: String @fromContext(field: "$owner { currency }"), net: Boolean): String
  rates(codes: [String] @fromContext(field: "$owner ... on Order { rates { to { code } } }")): String
}
"""
SALES = """
type Order @key(fields: "id") { id: ID! currency: String }
type Item @key(fields: "sku") { sku: ID! stock: Int price(net: Boolean): String @external
  label: String @requires(fields: "price(net: true)") }
"""


def item(sku: str) -> Thing:
    def price(currency: str | None, net: bool | None = None) -> str:
        return f"{sku} in {currency}{' net' if net else ''}"

    return thing(
        "Item",
        sku=sku,
        name=f"name of {sku}",
        stock=len(sku),
        price=FromContext(price, {"currency": {"Order": "currency", "Gift": "currency"}}),
        rates=FromContext(lambda codes: f"{sku} by {codes}", {"codes": {"Order": "rates.to.code", "Gift": ""}}),
        label=Computed(lambda sent: f"label: {sent['price']}"),
    )


@pytest.fixture
def world() -> World:
    items = [item("a"), item("bb"), item("ccc")]
    rates = [Thing("Rate", {"to": Thing("Money", {"code": code})}) for code in ("EUR", "USD")]
    orders = [
        thing("Order", id="1", currency="CZK", items=items[:2], first=items[0], rates=rates),
        thing("Order", id="2", currency="EUR", items=items, first=items[2], rates=[]),
        thing("Order", id="3", currency="CZK", items=[items[0]], first=None, rates=None),
        thing("Order", id="4", currency=None, items=[items[1]], first=items[1], rates=rates[:1]),
    ]
    orders[0].values["inner"] = orders[1]
    gift = thing("Gift", id="5", currency="GBP", items=[items[1]])
    query = {"orders": orders, "order": orders[0], "owned": [orders[0], gift, orders[3]]}
    return World({"shop": SHOP, "sales": SALES}, [*items, *orders, gift], query=query, mutation={"order": orders[0]})


def told(answer: GraphQLResponse) -> list[tuple[str, str]]:
    return sorted((each["extensions"]["code"], ".".join(map(str, each.get("path", ())))) for each in answer.errors)


@pytest.mark.parametrize(
    "query",
    [
        "{ orders { items { sku price } } }",
        "{ orders { items { price } first { price } inner { first { price } items { price(net: true) } } } }",
        "{ orders { currency: id items { currency: name price: sku name: price } } }",
        "{ owned { items { price rates } } }",
        "{ owned { ... on Gift { items { rates price } } ... on Order { first { rates } } } }",
        "{ order { items { rates label price stock } } }",
        "{ order { first { label p: price q: price(net: true) } } }",
        "mutation { order { items { price label } } }",
        "{ orders { items @skip(if: true) { price } first { price } id } }",
    ],
)
async def test_answers_are_those_of_one_graph(world: World, query: str) -> None:
    """What is above in the answer decides, whatever the client calls things and whoever leads there."""
    expected = await world.one_graph(query)
    assert not expected.errors
    assert await world.data(query) == expected.data


async def test_objects_with_one_value_are_asked_for_together(world: World) -> None:
    """A call for each value, all of one subgraph in one request: CZK, EUR and null, of seven objects."""
    await world.data("{ orders { items { price } } }")
    assert world.services == ["shop", "sales", "shop"]
    last = world.asked[-1]
    assert [[each["sku"] for each in call] for call in last.representations] == [
        ["a", "bb"],
        ["a", "bb", "ccc"],
        ["bb"],
    ]
    assert [last.variables[f"contextualArgument_2_0_{number}"] for number in range(3)] == ["CZK", "EUR", None]


async def test_variables_of_the_client_keep_their_names(world: World) -> None:
    """One that is called like ours is still the client's."""
    query = "query ($contextualArgument_2_0: Boolean) { order { first { price(net: $contextualArgument_2_0) } } }"
    answer = await world.data(query, {"contextualArgument_2_0": True})
    assert answer == {"order": {"first": {"price": "a in CZK net"}}}


async def test_very_many_values_are_several_requests() -> None:
    """A call is text that a subgraph reads: of more than a hundred, the rest is asked beside."""
    orders = [thing("Order", id=str(n), currency=f"C{n}", items=[item(f"i{n}")]) for n in range(130)]
    items = [each for order in orders for each in order.values["items"]]
    world = World({"shop": SHOP, "sales": SALES}, [*orders, *items], query={"orders": orders})
    data = await world.data("{ orders { items { price } } }")
    assert data["orders"][129] == {"items": [{"price": "i129 in C129"}]}
    assert sorted(len(each.representations) for each in world.asked[2:]) == [30, 100]


class TestFailures:
    async def test_what_has_no_context_fails_and_the_rest_is_asked(self, world: World) -> None:
        """The system that knows the currency is down: the price fails with its error, the name is there."""
        world.twists["sales"] = down("sales")
        answer = await world.ask("{ order { first { name price } } }")
        assert answer.data == {"order": {"first": {"name": "name of a", "price": None}}}
        assert told(answer) == [("SYSTEM_UNAVAILABLE", "order.first.price")]

    async def test_one_value_that_failed_takes_only_its_own_with_it(self, world: World) -> None:
        """Of two orders one has no currency to be had."""
        world.faulty = lambda system, type_name, name, of: (
            coded("lost") if name == "currency" and of and of.values["id"] == "2" else None
        )
        answer = await world.ask("{ orders { id first { price name } } }")
        assert [each["first"] and each["first"]["price"] for each in answer.data["orders"]] == [
            "a in CZK",
            None,
            None,
            "bb in None",
        ]
        assert told(answer) == [("BROKEN", "orders.1.first.price")]
        assert answer.data["orders"][1]["first"]["name"] == "name of ccc"

    def test_nothing_where_an_argument_takes_no_null(self) -> None:
        """It can't be sent, and that is said; a null that may be is a value like others."""
        reads = (Input("currency", "currency", None, False, None),)
        must = ContextValue("Item.price(currency:)", "c", "String!", 1, reads)
        may = replace(must, type="String")
        above = ({"orders": []}, {"currency": None}, {"sku": "a"})
        assert values([may], above) == (None,)
        failed = values([may, must], above)
        assert isinstance(failed, Failure)
        assert failed.fault.extensions["code"] == "NULL_IN_NON_NULL"
        assert failed.fault.message.startswith("Item.price(currency:) is filled from a value above")

    async def test_calls_that_fail_together_are_asked_apart(self, world: World) -> None:
        """One value's call takes its neighbours' answers away; alone, each has its own."""

        def twist(answer: SubgraphAnswer) -> SubgraphAnswer:
            if answer.data and "_e0" in answer.data:
                return SubgraphAnswer(None, [SubgraphFault("no", ("_e1",), {"code": "NO"})])
            return answer

        world.twists["shop"] = twist
        data = await world.data("{ orders { first { price } } }")
        assert [each["first"] and each["first"]["price"] for each in data["orders"]] == [
            "a in CZK",
            "ccc in EUR",
            None,
            "bb in None",
        ]


DESK = """
type Work @key(fields: "id") @context(name: "work") { id: ID! shelf: String @external code: String @external
  title: Title titles: [Title!] }
type Title @key(fields: "id") { id: ID! sort: String
  of(shelf: String @fromContext(field: "$work { shelf }")): String
  both(shelf: String @fromContext(field: "$work { shelf }"),
    code: String @fromContext(field: "$work { code }")): String }
"""
STOCK = """
type Query { works: [Work!]! }
type Work @key(fields: "id") { id: ID! shelf: String code: String }
"""


class TestInOneFetch:
    """What fills an argument is known before the fetch that leads to its field: then that fetch asks for it too."""

    @pytest.fixture
    def desk(self) -> World:
        titles = [
            thing(
                "Title",
                id=f"t{n}",
                sort=f"sort {n}",
                of=FromContext(lambda shelf, n=n: f"{n} of {shelf}", {"shelf": {"Work": "shelf"}}),
                both=FromContext(
                    lambda shelf, code, n=n: f"{n} of {shelf} {code}",
                    {"shelf": {"Work": "shelf"}, "code": {"Work": "code"}},
                ),
            )
            for n in range(3)
        ]
        works = [
            thing("Work", id="1", shelf="a", code="x", title=titles[0], titles=titles),
            thing("Work", id="2", shelf="b", code="x", title=titles[1], titles=titles[:1]),
            thing("Work", id="3", shelf="b", code=None, title=None, titles=None),
        ]
        return World({"desk": DESK, "stock": STOCK}, [*works, *titles], query={"works": works})

    @pytest.mark.parametrize(
        "query",
        [
            "{ works { title { of } titles { of both } } }",
            "{ works { title { id sort of both } } }",
            "{ works { shelf: code titles { a: of b: of } title { code: both } } }",
        ],
    )
    async def test_two_requests_are_enough(self, desk: World, query: str) -> None:
        """One for the works with what fills the arguments, one for their titles."""
        expected = await desk.one_graph(query)
        assert await desk.data(query) == expected.data
        assert desk.services == ["stock", "desk"]

    async def test_a_value_that_failed_leaves_the_rest(self, desk: World) -> None:
        """What it fills is null with its error; a title that isn't there is null without one."""
        desk.faulty = lambda system, type_name, name, of: coded("lost") if name == "code" else None
        answer = await desk.ask("{ works { title { sort of both } } }")
        assert answer.data == {
            "works": [
                {"title": {"sort": "sort 0", "of": "0 of a", "both": None}},
                {"title": {"sort": "sort 1", "of": "1 of b", "both": None}},
                {"title": None},
            ]
        }
        met = [("BROKEN", "works.0.title.both"), ("BROKEN", "works.1.title.both")]
        assert told(answer) == [("BROKEN", ""), *met]  # the third work's is nowhere to be seen, and so told without one
