"""What a supergraph asks for, read from its directives: of fields, their types, what they give, and interfaces."""

import pytest
from graphql import parse

from gateway.authorization.requirements import Requirements, policies_of
from gateway.doors.viewer import Viewer

SDL = """
type Query { open: Int signedIn: Int @authenticated either: Int @requiresScopes(scopes: [["a"], ["b", "c"]])
  secret: Secret parcel: Parcel parcels: [Parcel!]! level: Level node: Node own: Own
  approved: Int @policy(policies: [["p"], ["q", "r"]]) nobody: Int @requiresScopes(scopes: []) }
type Parcel @requiresScopes(scopes: [["parcels"]]) { id: ID weight: Int @requiresScopes(scopes: [["weights"]]) }
scalar Secret @requiresScopes(scopes: [["secrets"]])
enum Level @authenticated { HIGH LOW }
interface Node @requiresScopes(scopes: [["letters", "parcels"]]) { id: ID }
type Letter implements Node @requiresScopes(scopes: [["letters"]]) { id: ID }
extend type Parcel implements Node
interface Own @requiresScopes(scopes: [["own"]]) { id: ID name: String @requiresScopes(scopes: [["names"]]) }
type Plain implements Own { id: ID name: String }
"""
SEND = """
schema { query: Query mutation: Changes }
type Query { open: Int }
type Changes { send: Int @requiresScopes(scopes: [["parcels"]]) }
"""
REQUIREMENTS = Requirements(
    parse(
        SDL.replace("extend type Parcel implements Node", "").replace("type Parcel @", "type Parcel implements Node @")
    )
)


def seen(coordinate: str, viewer: Viewer) -> bool:
    met = REQUIREMENTS.met_by(viewer.authenticated, viewer.scopes, policies_of(viewer))
    type_name, field_name = coordinate.split(".")
    return REQUIREMENTS.denial(type_name, field_name, met, authenticated=viewer.authenticated) is None


@pytest.mark.parametrize(
    ("coordinate", "enough", "too_little"),
    [
        ("Query.signedIn", [""], []),
        ("Query.either", ["a", "b c", "a x"], ["", "b", "c"]),
        ("Query.secret", ["secrets"], ["", "a"]),
        ("Query.parcel", ["parcels"], ["weights"]),
        ("Query.parcels", ["parcels"], ["weights"]),
        ("Query.level", [""], []),
        ("Parcel.id", ["parcels"], ["", "letters"]),
        ("Parcel.weight", ["parcels weights"], ["parcels", "weights"]),
        ("Query.nobody", [], ["", "a b c"]),
        ("Query.node", [""], []),  # an interface repeats what its objects ask for: each is asked for its own
        ("Letter.id", ["letters"], ["parcels"]),
        ("Query.own", ["own"], [""]),  # this one asks for more than its object does
        ("Plain.id", ["own"], [""]),
        ("Plain.name", ["own names"], ["own", "names"]),
    ],
)
def test_scopes_are_enough_or_not(coordinate: str, enough: list[str], too_little: list[str]) -> None:
    """Alternatives of sets: one whole set is needed."""
    for text in enough:
        assert seen(coordinate, Viewer("v", frozenset(text.split()))), text
    for text in too_little:
        assert not seen(coordinate, Viewer("v", frozenset(text.split()))), text


def test_nobody_signed_in_sees_what_is_open_and_no_more() -> None:
    """@authenticated asks for a token, whatever it is for."""
    nobody = Viewer("nobody", authenticated=False)
    assert seen("Query.open", nobody)
    assert not seen("Query.signedIn", nobody)
    assert not seen("Query.level", nobody)


@pytest.mark.parametrize(("claim", "met"), [("p", True), ("q r", True), (["r", "q"], True), ("q", False), (7, False)])
def test_policies_are_what_the_token_says(claim: object, met: bool) -> None:
    """Its claim `policies`, a list or a text of words."""
    assert seen("Query.approved", Viewer("v", claims={"policies": claim})) is met


def test_denial_names_the_field_and_what_it_asks_for() -> None:
    """Nothing of the viewer; a viewer without a token is told to bring one, and nothing of scopes."""
    denial = REQUIREMENTS.denial("Parcel", "weight", 0, authenticated=True)
    assert denial
    assert denial.code == "FORBIDDEN"
    assert denial.message == "Parcel.weight is not yours to see: it asks for the scope parcels and the scope weights"
    denial = Requirements(parse(SEND)).denial("Changes", "send", 0, authenticated=True)
    assert denial
    assert denial.message == "Changes.send is not yours to do: it asks for the scope parcels"
    denial = REQUIREMENTS.denial("Query", "either", 0, authenticated=True)
    assert denial
    assert denial.message.endswith("it asks for the scope a or b and c")
    denial = REQUIREMENTS.denial("Parcel", "weight", 0, authenticated=False)
    assert denial
    assert (denial.code, denial.message) == ("UNAUTHENTICATED", "Parcel.weight is not for everybody: send a token")


def test_directives_are_found_by_the_names_they_were_linked_by() -> None:
    """`as` and `import ... as` rename them (link specification, 1.0)."""
    text = """
    schema
      @link(url: "https://specs.apollo.dev/requiresScopes/v0.1", as: "needs")
      @link(url: "https://specs.apollo.dev/authenticated/v0.1", import: [{name: "@authenticated", as: "@known"}])
    { query: Query }
    type Query { one: Int @needs(scopes: [["s"]]) two: Int @known three: Int @other }
    """
    requirements = Requirements(parse(text))
    asked = {name: bool(requirements.of_field("Query", name)) for name in ("one", "two", "three")}
    assert asked == {"one": True, "two": True, "three": False}


def test_directive_that_cannot_be_read_keeps_closed() -> None:
    """What is asked for is unknown, so nobody has it."""
    requirements = Requirements(parse("type Query { a: Int @policy(policies: 3) b: Int @requiresScopes }"))
    for name in ("a", "b"):
        met = requirements.met_by(True, frozenset("abc"), frozenset("abc"))
        assert requirements.denial("Query", name, met, authenticated=True)
