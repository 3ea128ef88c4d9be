"""What the gateway answers when nothing fails: variables, aliases, fragments, conditions, types, introspection."""

import pytest

from tests.gateway.company import company
from tests.gateway.federation import World, thing


@pytest.fixture
def world() -> World:
    return company()


async def same(world: World, query: str, variables: dict[str, object] | None = None) -> object:
    """The gateway's data, which must be the one graph's, the order of its keys included."""
    found = await world.data(query, variables)
    expected = (await world.one_graph(query, variables)).data
    assert repr(found) == repr(expected)
    return found


class TestVariables:
    async def test_a_variable_reaches_every_system_that_uses_it(self, world: World) -> None:
        """The same variable in two subgraphs' arguments."""
        query = "query($lang: String) { client(id: 1) { label(lang: $lang) accounts { label(lang: $lang) } } }"
        found = await world.data(query, {"lang": "en"})
        assert found == {
            "client": {"label": "en Anna", "accounts": [{"label": "en account 7"}, {"label": "en account 8"}]}
        }

    async def test_a_variable_is_sent_only_where_it_is_used(self, world: World) -> None:
        """A subgraph refuses a document that declares a variable it doesn't use."""
        await world.data(
            "query($id: ID!, $last: Int) { client(id: $id) { accounts(last: $last) { number } } }", {"id": 1}
        )
        assert [list(each.variables) for each in world.asked] == [["id"], []]

    async def test_the_operations_default_is_used_when_a_variable_is_absent(self, world: World) -> None:
        """Spec, 6.1.2: CoerceVariableValues."""
        query = 'query($lang: String = "de") { client(id: 1) { label(lang: $lang) } }'
        assert await world.data(query) == {"client": {"label": "de Anna"}}

    async def test_an_absent_variable_leaves_the_arguments_default(self, world: World) -> None:
        """Spec, 6.4.1: an argument whose variable is not given has its own default."""
        query = "query($lang: String) { client(id: 1) { label(lang: $lang) } }"
        assert await world.data(query) == {"client": {"label": "cs Anna"}}

    async def test_null_is_not_absent(self, world: World) -> None:
        """An explicit null overrides both defaults."""
        query = 'query($lang: String = "de") { client(id: 1) { label(lang: $lang) } }'
        assert await world.data(query, {"lang": None}) == {"client": {"label": "None Anna"}}

    async def test_values_are_coerced_to_their_types(self, world: World) -> None:
        """An Int for an ID, a single value for a list, defaults in input objects."""
        query = "query($id: ID!, $wanted: Wanted) { client(id: $id) { id } echo(wanted: $wanted) }"
        found = await same(world, query, {"id": 1, "wanted": {"text": "x"}})
        assert found == {"client": {"id": "1"}, "echo": "None*1 {'text': 'x', 'segment': 'LARGE'}"}

    async def test_a_variable_inside_an_input_object(self, world: World) -> None:
        """Only its own type is declared to the subgraph."""
        query = "query($segment: Segment) { echo(wanted: { segment: $segment, text: null }) }"
        assert await same(world, query, {"segment": "SMALL"})

    async def test_a_client_may_call_its_variable_representations(self, world: World) -> None:
        """The engine's own variable gets out of the way."""
        query = "query($representations: String) { client(id: 1) { accounts { label(lang: $representations) } } }"
        found = await world.data(query, {"representations": "en"})
        assert found["client"]["accounts"][0] == {"label": "en account 7"}


class TestAliases:
    async def test_one_field_with_two_sets_of_arguments(self, world: World) -> None:
        """Each alias has its own value."""
        found = await same(world, '{ account(number: 7) { a: balance b: balance(in: "EUR") balance(in: "CZK") } }')
        assert found == {"account": {"a": 100, "b": 200, "balance": 100}}

    async def test_one_field_asked_twice_is_fetched_once(self, world: World) -> None:
        """Two aliases of one field with equal arguments are one field for the subgraph."""
        await same(world, '{ a: client(id: "1") { name } b: client(id: "1") { legalName } }')
        assert [each.text for each in world.asked] == ['query { client(id: "1") { name legalName } }']

    async def test_an_alias_may_take_the_name_of_a_key_field(self, world: World) -> None:
        """`id: name` doesn't change what other systems are sent as `id`."""
        found = await same(world, "{ client(id: 1) { id: name name: id number: accounts { number: currency } } }")
        assert found == {
            "client": {"id": "Anna", "name": "1", "number": [{"number": "CZK"}, {"number": "EUR"}]},
        }

    async def test_an_alias_may_take_the_name_of_a_required_field(self, world: World) -> None:
        """`currency: number` doesn't change what @requires gets."""
        found = await same(world, "{ client(id: 1) { accounts { currency: number rate } } }")
        assert found == {"client": {"accounts": [{"currency": "7", "rate": 3}, {"currency": "8", "rate": 3}]}}

    async def test_the_same_entity_reached_twice_has_two_selections(self, world: World) -> None:
        """Two aliases of a root field with different arguments lead to different objects."""
        found = await same(
            world, "{ a: client(id: 1) { accounts { number } } b: client(id: 2) { accounts { number } } }"
        )
        assert found == {"a": {"accounts": [{"number": "7"}, {"number": "8"}]}, "b": {"accounts": []}}


class TestFragments:
    async def test_named_and_nested_fragments_are_spread(self, world: World) -> None:
        """A fragment may hold fragments; its fields reach all systems."""
        query = """
            { client(id: 1) { ...Card } }
            fragment Card on Client { name ...Money }
            fragment Money on Client { accounts { ...Line } }
            fragment Line on Account { number currency }
        """
        assert await same(world, query)

    async def test_equal_fields_of_several_fragments_are_joined(self, world: World) -> None:
        """Spec, 6.3.2: CollectFields; what is asked in both is there once, in the order of the first."""
        found = await same(
            world,
            "{ client(id: 1) { ... on Client { accounts { number } } name ... { accounts { currency } } } }",
        )
        assert list(found["client"]["accounts"][0]) == ["number", "currency"]  # type: ignore[index]

    async def test_a_union_gives_each_member_its_own_fields(self, world: World) -> None:
        """Members are owned by three systems, none of which is the union's."""
        query = """{ about {
            __typename
            ... on Client { name accounts { number } }
            ... on Invoice { total account { currency } }
            ... on Note { text author { name } }
        } }"""
        found = await same(world, query)
        assert found["about"][3] is None  # type: ignore[index]

    async def test_an_interface_field_that_others_own(self, world: World) -> None:
        """support knows Party.id for clients; accounts have theirs from billing."""
        assert await same(world, "{ parties { id } }") == {"parties": [{"id": "1"}, {"id": "A7"}, None]}

    async def test_a_fragment_on_an_interface_within_a_union(self, world: World) -> None:
        """It holds for the members that implement it."""
        assert await same(world, "{ about { ... on Party { id label } ... on Note { text } } }")

    async def test_fragments_keep_the_clients_order(self, world: World) -> None:
        """A field stands where it was first asked, also between two fragments on one type."""
        await same(world, "{ parties { ... on Client { name } id ... on Client { segment } __typename } }")

    async def test_different_types_under_one_path_don_t_mix(self) -> None:
        """The objects below Cat.home and Dog.home stand at one path but are different entities with equal keys."""
        pets = """
            type Query { pets: [Pet] } union Pet = Cat | Dog
            type Cat { home: House } type Dog { home: Kennel }
            type House @key(fields: "id") { id: ID! } type Kennel @key(fields: "id") { id: ID! }
        """
        homes = (
            'type House @key(fields: "id") { id: ID! size: Int } type Kennel @key(fields: "id") { id: ID! size: Int }'
        )
        house, kennel = thing("House", id="1", size=4), thing("Kennel", id="1", size=1)
        world = World(
            {"pets": pets, "homes": homes},
            [house, kennel],
            query={"pets": [thing("Cat", home=house), thing("Dog", home=kennel)]},
        )
        found = await same(world, "{ pets { ... on Cat { home { size } } ... on Dog { home { size } } } }")
        assert found == {"pets": [{"home": {"size": 4}}, {"home": {"size": 1}}]}
        assert [len(call) for call in world.asked[1].representations] == [1, 1]

    async def test_different_keys_under_one_path_don_t_mix(self) -> None:
        """The owners below Cat and Dog come from two systems, with different keys for one third."""
        pets = """
            type Query { pets: [Pet] } union Pet = Cat | Dog
            type Cat { owner: Owner } type Dog @key(fields: "id") { id: ID! }
            type Owner @key(fields: "code") { code: ID! }
        """
        dogs = """type Dog @key(fields: "id") { id: ID! owner: Owner } type Owner @key(fields: "id") { id: ID! }"""
        owners = """type Owner @key(fields: "id") @key(fields: "code") { id: ID! code: ID! name: String }"""
        anna, boris = thing("Owner", id="1", code="a", name="Anna"), thing("Owner", id="2", code="b", name="Boris")
        dog = thing("Dog", id="7", owner=boris)
        world = World(
            {"pets": pets, "dogs": dogs, "owners": owners},
            [dog, anna, boris],
            query={"pets": [thing("Cat", owner=anna), dog]},
        )
        found = await same(world, "{ pets { ... on Cat { owner { name } } ... on Dog { owner { name } } } }")
        assert found == {"pets": [{"owner": {"name": "Anna"}}, {"owner": {"name": "Boris"}}]}


class TestConditions:
    @pytest.mark.parametrize(
        ("selection", "services"),
        [
            ("accounts @skip(if: $yes) { number }", ["sales"]),
            ("accounts @include(if: $no) { number }", ["sales"]),
            ("accounts @include(if: true) @skip(if: true) { number }", ["sales"]),
            ("accounts @include(if: $yes) { number }", ["sales", "links"]),
            ("... @include(if: $no) { accounts { number } }", ["sales"]),
            ("...More @skip(if: $yes)", ["sales"]),
            ("accounts { number currency @skip(if: $yes) }", ["sales", "links"]),
            ("accounts { number rate @skip(if: $yes) }", ["sales", "links"]),
            ("accounts { number rate @include(if: $yes) }", ["sales", "links", "billing", "sales"]),
            ("accounts { number @skip(if: $yes) }", ["sales", "links"]),
        ],
    )
    async def test_what_is_skipped_is_not_fetched(self, world: World, selection: str, services: list[str]) -> None:
        """@skip and @include keep whole fetches from happening, also those behind @requires."""
        query = "query($yes: Boolean!, $no: Boolean!) { client(id: 1) { name " + selection + " } unused: __typename "
        query += "@skip(if: $no) @include(if: $yes) } fragment More on Client { accounts { number } }"
        if "...More" not in selection:
            query = query.split(" fragment More")[0]
        await same(world, query, {"yes": True, "no": False})
        assert world.services == services

    async def test_an_object_of_which_nothing_is_left(self, world: World) -> None:
        """The object is asked for, as null and {} are different answers."""
        assert await same(world, "{ client(id: 1) { name @skip(if: true) } }") == {"client": {}}
        assert await same(world, "{ client(id: 9) { name @skip(if: true) } }") == {"client": None}

    async def test_the_same_document_with_other_conditions(self, world: World) -> None:
        """Plans are kept by how the conditions went."""
        query = "query($all: Boolean = false) { client(id: 1) { name id @include(if: $all) } }"
        assert await same(world, query, {"all": True}) == {"client": {"name": "Anna", "id": "1"}}
        assert await same(world, query) == {"client": {"name": "Anna"}}

    async def test_one_field_skipped_and_asked(self, world: World) -> None:
        """Two occurrences of a field: one is enough."""
        found = await same(world, "{ client(id: 1) { name @skip(if: true) ... on Client { name } } }")
        assert found == {"client": {"name": "Anna"}}


class TestTypenames:
    async def test_at_the_root_no_subgraph_is_asked(self, world: World) -> None:
        """The type of the root is known."""
        assert await same(world, "{ __typename kind: __typename }") == {"__typename": "Query", "kind": "Query"}
        assert world.asked == []

    async def test_of_a_mutation(self, world: World) -> None:
        """`Mutation`, beside its fields."""
        assert await world.data("mutation { __typename open(number: 7) { number } }") == {
            "__typename": "Mutation",
            "open": {"number": "7"},
        }

    async def test_of_entities_members_and_aliased(self, world: World) -> None:
        """Everywhere, as often as wanted."""
        query = """{ client(id: 1) { __typename x: __typename accounts { kind: __typename } }
                     about { __typename ... on Client { y: __typename } } }"""
        await same(world, query)
        assert world.services == ["sales", "support", "links"]

    async def test_only_the_typename(self, world: World) -> None:
        """An object of which nothing else is asked is there or null."""
        assert await same(world, "{ client(id: 1) { __typename } }") == {"client": {"__typename": "Client"}}
        assert await same(world, "{ client(id: 9) { __typename } }") == {"client": None}


class TestIntrospection:
    async def test_needs_no_subgraph(self, world: World) -> None:
        """The API schema answers: no join__ types, no _entities."""
        found = await same(world, '{ __schema { queryType { name } types { name } } __type(name: "Client") { kind } }')
        assert world.asked == []
        assert not [each for each in found["__schema"]["types"] if "join__" in each["name"]]  # type: ignore[index]

    async def test_beside_data_in_the_clients_order(self, world: World) -> None:
        """Fields of both kinds, aliased, with fragments and variables."""
        query = """query($type: String!) {
            a: client(id: 1) { name }
            ...Shape
            b: client(id: 2) { name }
            __schema { queryType { ...Name } }
        }
        fragment Shape on Query { shape: __type(name: $type) { ...Name fields { name } } }
        fragment Name on __Type { name kind }"""
        await same(world, query, {"type": "Client"})

    async def test_can_be_skipped(self, world: World) -> None:
        """@skip on __schema leaves no trace."""
        assert await same(world, "{ __schema @skip(if: true) { description } __typename }") == {"__typename": "Query"}


class TestRequests:
    async def test_equal_entities_are_sent_once(self, world: World) -> None:
        """An owner of two accounts is one representation; both places get the answer."""
        found = await same(world, "{ client(id: 1) { accounts { owner { name } } } }")
        assert found["client"]["accounts"] == [{"owner": {"name": "Anna"}}] * 2  # type: ignore[index]
        assert len(world.asked[2].representations[0]) == 1

    async def test_no_entities_no_request(self, world: World) -> None:
        """Bedřich has no accounts: billing is not asked about none."""
        await same(world, "{ client(id: 2) { accounts { currency } } }")
        assert world.services == ["sales", "links"]

    async def test_one_system_is_asked_once_per_level(self, world: World) -> None:
        """Entity calls for several places travel in one request."""
        query = "{ client(id: 1) { accounts { owner { name } manager } } }"
        await same(world, query)
        assert world.services == ["sales", "links", "sales"]

    async def test_a_required_field_is_not_shown(self, world: World) -> None:
        """billing is asked for the currency that sales needs, the client is not told."""
        found = await same(world, "{ client(id: 1) { accounts { rate(plus: 2) } } }")
        assert found == {"client": {"accounts": [{"rate": 5}, {"rate": 5}]}}
        assert world.services == ["sales", "links", "billing", "sales"]

    async def test_a_root_type_below_an_object(self) -> None:
        """A field that leads back to Query: what other systems have of Query is fetched for that place."""
        one = """type Query { me: Me! } type Me @key(fields: "id") { id: ID! query: Query! }
                 type Mutation { go: Gone } type Gone { query: Query me: Me }"""
        two = 'type Query { b: String! } type Me @key(fields: "id") { id: ID! name: String }'
        me = thing("Me", id="1", name="Anna")
        world = World({"one": one, "two": two}, [me], query={"me": me, "b": "bee"})
        me.values["query"] = world.roots["Query"]
        world.roots["Mutation"].values["go"] = thing("Gone", query=world.roots["Query"], me=me)
        assert await same(world, "{ me { name query { b me { name query { b } } } } b }")
        assert await same(world, "mutation { go { query { b me { name } } me { query { b } } } }")


async def test_one_field_of_two_types_lacks_nothing_of_the_other_types() -> None:
    """What is @provided below a field for one type only isn't missing below the same field of another."""
    first = """type Query { found: [Holder!] }
interface Holder { id: ID! }
type A implements Holder @key(fields: "id") { id: ID! }
type B implements Holder @key(fields: "id") { id: ID! }"""
    second = """type A @key(fields: "id") { id: ID! item: Item }
type B @key(fields: "id") { id: ID! item: Item @provides(fields: "size") }
type Item @key(fields: "no") { no: ID! size: Int @external }"""
    third = 'type Item @key(fields: "no") { no: ID! size: Int @shareable }'
    found = [
        thing("A", id="1", item=thing("Item", no="7", size=None)),
        thing("B", id="2", item=thing("Item", no="8", size=4)),
    ]
    items = [each.values["item"] for each in found]
    world = World({"first": first, "second": second, "third": third}, [*found, *items], query={"found": found})
    assert await world.data("{ found { ... on A { item { size } } ... on B { item { size } } } }") == {
        "found": [{"item": {"size": None}}, {"item": {"size": 4}}]
    }


async def test_object_without_one_key_is_found_by_another_whatever_that_costs() -> None:
    """The key that may be null would save a request, and lose the objects that haven't got it."""
    shop = """type Query { found: [Item!] }
type Item @key(fields: "ref") @key(fields: "code") { ref: String code: String! }"""
    codes = 'type Item @key(fields: "code") { code: String! id: ID! @shareable }'
    stock = 'type Item @key(fields: "ref") @key(fields: "id") { ref: String id: ID! @shareable left: Int }'
    items = [thing("Item", ref=None, code="a", id="1", left=3), thing("Item", ref="r", code="b", id="2", left=4)]
    world = World({"shop": shop, "codes": codes, "stock": stock}, items, query={"found": items})
    assert await world.data("{ found { left } }") == {"found": [{"left": 3}, {"left": 4}]}
    assert world.services == ["shop", "codes", "stock"]
