"""Contexts together with interface objects, shared and provided fields, row rules and what fields ask of a viewer."""

from collections.abc import Mapping
from typing import Any

import pytest

from gateway.authorization.access import Access
from gateway.authorization.row_rules import RowRule
from gateway.composition.composer import compose
from gateway.composition.problems import CompositionError
from gateway.composition.subgraph import SubgraphSdl
from gateway.composition.supergraph import Supergraph
from gateway.doors.viewer import Viewer
from tests.gateway.federation import LINK, FromContext, World, thing

LIBRARY = """
type Query { book: Book }
type Book @key(fields: "id") @context(name: "book") { id: ID! node: Node titled: [Title!] secret: Secret shelf: String }
type Secret @key(fields: "id") { id: ID! owner: String word: String }
type Title @key(fields: "id") { id: ID!
  of(shelf: String @fromContext(field: "$book { shelf }")): String
  whispered(word: String @fromContext(field: "$book { secret { word } }")): String }
type Node @interfaceObject @key(fields: "id") { id: ID!
  on(shelf: String @fromContext(field: "$book { shelf }")): String }
"""
NODES = """
interface Node @key(fields: "id") { id: ID! name: String }
type Leaf implements Node @key(fields: "id") { id: ID! name: String }
type Root implements Node @key(fields: "id") { id: ID! name: String }
"""


def library(**options: Any) -> World:
    leaf = thing("Leaf", id="n", name="leaf", on=FromContext(lambda shelf: f"on {shelf}", {"shelf": {"Book": "shelf"}}))
    secret = thing("Secret", id="s", owner="me", word="hush")
    title = thing(
        "Title",
        id="t",
        of=FromContext(lambda shelf: f"of {shelf}", {"shelf": {"Book": "shelf"}}),
        whispered=FromContext(lambda word: f"say {word}", {"word": {"Book": "secret.word"}}),
    )
    book = thing("Book", id="b", node=leaf, titled=[title], secret=secret, shelf="upper")
    return World({"library": LIBRARY, "nodes": NODES}, [leaf, secret, title, book], query={"book": book}, **options)


@pytest.mark.parametrize(
    "query", ["{ book { node { on name } } }", "{ book { node { ... on Leaf { on id } __typename } } }"]
)
async def test_an_interface_object_has_such_fields_too(query: str) -> None:
    """Whatever the real type is."""
    world = library()
    expected = await world.one_graph(query)
    assert await world.data(query) == expected.data


FOREST = """
type Query @context(name: "c") { shelf: String }
interface Node @key(fields: "id") { id: ID! name: String }
type Leaf implements Node @key(fields: "id") @context(name: "c") { id: ID! name: String shelf: String }
type Root implements Node @key(fields: "id") { id: ID! name: String }
type Title @key(fields: "id") { id: ID!
  of(shelf: String @fromContext(field: "$c ... on Query { shelf } ... on Leaf { shelf }")): String }
"""
FOUND = """
type Query { found: [Node] }
type Node @interfaceObject @key(fields: "id") { id: ID! title: Title size: Int }
type Title @key(fields: "id", resolvable: false) { id: ID! }
"""


@pytest.mark.parametrize(
    ("query", "requests"),
    [
        ("{ found { size title { of } } }", 5),  # the root's shelf and the real types are two requests of one system
        ("{ found { ... on Leaf { title { of } } } }", 4),
        ("{ found { size title { id } } }", 1),
    ],
)
async def test_the_real_type_of_an_interface_object_may_be_the_nearest(query: str, requests: int) -> None:
    """A leaf sets the context, a root doesn't: whoever has but the interface object doesn't say which it is."""
    title = thing(
        "Title",
        id="t",
        of=FromContext(lambda shelf: f"of the {shelf}", {"shelf": {"Leaf": "shelf", "Query": "shelf"}}),
    )
    leaf = thing("Leaf", id="l", name="n", shelf="leaf", title=title, size=1)
    root = thing("Root", id="r", name="n", title=title, size=2)
    query_values = {"found": [leaf, root], "shelf": "query"}
    world = World({"forest": FOREST, "found": FOUND}, [title, leaf, root], query=query_values)
    expected = await world.one_graph(query)
    assert await world.data(query) == expected.data
    assert len(world.services) == requests


SHARED = {
    "a": """
type Query { shelf: Shelf }
type Shelf @key(fields: "id") @context(name: "shelf") { id: ID! word: String books: [Book!]
  best: Book @provides(fields: "code") }
type Book @key(fields: "id") { id: ID! code: String @external
  told(word: String @fromContext(field: "$shelf { word }")): String @shareable
  coded(word: String @fromContext(field: "$shelf { best { code } }")): String }
""",
    "b": """
type Book @key(fields: "id") { id: ID! code: String @shareable pages: Int told: String @shareable }
""",
}


@pytest.mark.parametrize(
    ("query", "services"),
    [
        ("{ shelf { books { told } } }", ["a", "a"]),
        ("{ shelf { books { told pages } } }", ["a", "b"]),
        ("{ shelf { books { coded } } }", ["a", "a"]),
    ],
)
async def test_what_is_shared_and_what_is_provided(query: str, services: list[str]) -> None:
    """A subgraph that needs no context answers what it is asked for anyway; a value may be what a @provides grants."""
    book = thing("Book", id="1", code="c", pages=9, told=lambda word=None: "told")
    book.values["coded"] = FromContext(lambda word: f"coded {word}", {"word": {"Shelf": "best.code"}})
    shelf = thing("Shelf", id="s", word="w", books=[book], best=book)
    world = World(SHARED, [book, shelf], query={"shelf": shelf})
    expected = await world.one_graph(query)
    answer = await world.ask(query)
    assert (answer.data, answer.errors) == (expected.data, ())
    assert world.services == services


@pytest.mark.parametrize(
    ("subject", "whispered", "errors"),
    [("me", "say hush", []), ("you", None, [("FORBIDDEN", "book.titled.0.whispered")])],
)
async def test_what_is_somebody_elses_fills_no_argument(
    subject: str, whispered: str | None, errors: list[tuple[str, str]]
) -> None:
    """A row rule holds for what an argument is filled from as for what is selected."""
    world = library(rules=[RowRule(type="Secret", fields="owner", claim="sub")])
    viewer = Viewer(subject, claims={"sub": subject})
    answer = await world.ask("{ book { titled { whispered of } } }", viewer=viewer)
    assert answer.data == {"book": {"titled": [{"whispered": whispered, "of": "of upper"}]}}
    assert [(each["extensions"]["code"], ".".join(map(str, each["path"]))) for each in answer.errors] == errors


async def test_what_guards_a_row_may_have_its_fields_filled() -> None:
    """A field of a guarded type: its argument is the subgraph's to know."""
    world = library(rules=[RowRule(type="Title", fields="id", claim="sub")])
    for subject, expected in (("t", "of upper"), ("u", None)):
        answer = await world.ask("{ book { titled { of } } }", viewer=Viewer(subject, claims={"sub": subject}))
        assert answer.data == {"book": {"titled": [{"of": expected}]}}


@pytest.mark.parametrize(
    ("selection", "changed"),
    [
        ("{ shelf }", {"shelf: String": "shelf: String @authenticated"}),
        ("{ secret { word } }", {"type Secret": 'type Secret @requiresScopes(scopes: [["s"]])'}),
    ],
)
def test_an_argument_asks_what_it_is_filled_from(selection: str, changed: Mapping[str, str]) -> None:
    """Else a field would give away what its viewer may not see."""
    sdl = LIBRARY.replace("{ secret { word } }", selection)
    for old, new in changed.items():
        sdl = sdl.replace(f" {old}" if old.startswith("shelf") else old, f" {new}" if old.startswith("shelf") else new)
    with pytest.raises(CompositionError, match="MISSING_TRANSITIVE_AUTH_REQUIREMENTS"):
        World({"library": sdl, "nodes": NODES})


async def test_what_nothing_above_sets_is_no_way() -> None:
    """A supergraph made elsewhere may promise what can't be had: the field is named, and nothing is sent without it."""
    world = library()
    composed = compose([SubgraphSdl("library", "", LINK + LIBRARY), SubgraphSdl("nodes", "", LINK + NODES)])
    world.supergraph = Supergraph.read(composed.supergraph_sdl.replace('@context(name: "library__book")', ""))
    world.gateway = world.guarded_by(Access(world.supergraph))
    answer = await world.ask("{ book { shelf titled { of } } }")
    assert answer.data is None
    assert answer.errors[0]["extensions"]["code"] == "QUERY_PLANNING_FAILED"
    assert "Query.book > titled > of" in answer.errors[0]["message"]
    assert "filled from an ancestor (@fromContext)" in answer.errors[0]["message"]
    assert world.asked == []
