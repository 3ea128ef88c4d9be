"""Every role against every field and mutation of the graph: what was decided, what is asked for, and what happens."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from graphql import GraphQLSchema, TypeInfo, TypeInfoVisitor, build_schema, get_named_type, parse, visit
from graphql.language import FieldNode, ObjectTypeDefinitionNode, StringValueNode, Visitor

from gateway.app import supergraph_sdl
from processes.import_call_records import DOCUMENTS as IMPORTING
from processes.invoice_conference import DOCUMENTS as INVOICING
from resolvers.access import OF_THE_GATEWAY, Scope
from resolvers.roles import ROLES, ROW_RULES
from tests.journeys.ways import coordinates, fields_of

ROOT = Path(__file__).parents[2]
SCHEMA: GraphQLSchema = build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8"))
COORDINATES = coordinates(SCHEMA)


def read_decisions() -> Iterator[tuple[str, frozenset[str]]]:
    """(coordinate, words) of decisions.toml: `key` and scopes; nothing where a value is public."""
    decided = tomllib.loads(Path(__file__).with_name("decisions.toml").read_text(encoding="utf-8"))
    for type_name, fields in decided.items():
        for field, words in fields.items():
            yield f"{type_name}.{field}", frozenset(words.split()) - {"public"}


DECISIONS = dict(read_decisions())
ASKED = {coordinate: words - {"key"} for coordinate, words in DECISIONS.items()}


def test_every_field_has_a_decision() -> None:
    """Whoever adds a field decides who may see it, in decisions.toml; nobody sees it by accident."""
    assert [each for each in COORDINATES if each not in DECISIONS] == []
    assert [each for each in DECISIONS if each not in COORDINATES] == []


def test_supergraph_asks_for_what_was_decided() -> None:
    """The directives of all subgraphs, composed, say the same as decisions.toml."""
    assert dict(composed()) == DECISIONS


def composed() -> Iterator[tuple[str, frozenset[str]]]:
    """What the supergraph asks of each coordinate, keys marked, in the words of decisions.toml."""
    parsed = parse(supergraph_sdl()).definitions
    types = {each.name.value: each for each in parsed if isinstance(each, ObjectTypeDefinitionNode)}
    for type_name, field, definition in fields_of(SCHEMA):
        of = types[type_name]
        node = next(each for each in of.fields or () if each.name.value == field)
        target = types.get(get_named_type(definition.type).name)
        words = asked_on(of) | asked_on(node) | (asked_on(target) if target else frozenset())
        yield f"{type_name}.{field}", words | ({"key"} if field in keys_of(of) else frozenset())


def asked_on(node: object) -> frozenset[str]:
    """The scopes of its @requiresScopes. The company's are one set each: no field is open to either of two."""
    asked: set[str] = set()
    for directive in getattr(node, "directives", None) or ():
        if directive.name.value == "requiresScopes":
            (scopes,) = directive.arguments[0].value.values
            asked.update(each.value for each in scopes.values)
    return frozenset(asked)


def keys_of(node: ObjectTypeDefinitionNode) -> frozenset[str]:
    """The fields of the type's own that its keys name."""
    joins = [each for each in node.directives or () if each.name.value == "join__type"]
    values = [argument.value for each in joins for argument in each.arguments or () if argument.name.value == "key"]
    texts = [value.value for value in values if isinstance(value, StringValueNode)]
    return frozenset(field.name.value for text in texts for field in top_fields(text))


def top_fields(selections: str) -> list[FieldNode]:
    (operation,) = parse(f"{{ {selections} }}").definitions
    return list(operation.selection_set.selections)  # type: ignore[attr-defined]


def test_every_scope_opens_something() -> None:
    """A scope that nothing asks for is a promise that nobody keeps; and nothing asks for one that there isn't."""
    asked = frozenset().union(*ASKED.values())
    assert asked | OF_THE_GATEWAY | {Scope.CLIENTS_ALL, Scope.LINKS_WRITE} == set(Scope)
    assert {scope for scopes in ROLES.values() for scope in scopes} == set(Scope)


@pytest.mark.parametrize("root", ["Query", "Mutation"])
def test_every_root_field_asks_for_something(root: str) -> None:
    """So without a token there is nothing but `__typename`."""
    assert [each for each in COORDINATES if each.startswith(f"{root}.") and not ASKED[each]] == []


def test_processes_have_what_their_documents_ask_for() -> None:
    """Least privilege: neither less, or they stop, nor more."""
    asked = frozenset().union(*(ASKED[each] for text in (*IMPORTING, *INVOICING) for each in coordinates_in(text)))
    assert ROLES["processes"] == asked | {Scope.CLIENTS_ALL}


def coordinates_in(text: str) -> set[str]:
    """Every coordinate that a document names."""
    info = TypeInfo(SCHEMA)
    found: set[str] = set()

    class Collect(Visitor):
        def enter_field(self, node: FieldNode, *_: object) -> None:
            parent = info.get_parent_type()
            if parent is not None and not node.name.value.startswith("__"):
                found.add(f"{parent.name}.{node.name.value}")

    visit(parse(text), TypeInfoVisitor(info, Collect()))
    return found


PERSONAL: Mapping[str, set[str]] = {
    "Client.email": {"salesperson", "mailing", "manager"},
    "Client.postalAddress": {"salesperson", "mailing", "manager"},
    "Contact.email": {"salesperson", "manager"},
    "Contact.phone": {"salesperson", "manager"},
    "Leg.displayName": {"salesperson", "billing-specialist", "manager", "processes"},
    "Leg.callerNumber": {"manager", "processes"},
    "QuarantinedLine.text": {"manager", "processes"},
}


@pytest.mark.parametrize(("coordinate", "roles"), PERSONAL.items())
def test_personal_data_are_for_few(coordinate: str, roles: set[str]) -> None:
    """Addresses, telephone numbers and names of people who called, role by role."""
    assert {role for role, scopes in ROLES.items() if ASKED[coordinate] <= scopes} == roles


@pytest.mark.parametrize("role", ["mailing", "integrator", "reservations"])
def test_some_see_no_money(role: str) -> None:
    """No amount is theirs, wherever it is."""
    money = [
        f"{name}.{field}" for name, field, found in fields_of(SCHEMA) if get_named_type(found.type).name == "Money"
    ]
    assert len(money) > 10
    assert [each for each in money if ASKED[each] <= ROLES[role]] == []


def test_only_those_change_something_who_should() -> None:
    """What a person may start, and what processes alone write with."""
    allowed = {
        each.removeprefix("Mutation."): {role for role, scopes in ROLES.items() if ASKED[each] <= scopes}
        for each in COORDINATES
        if each.startswith("Mutation.")
    }
    assert allowed == {
        "recordCharges": {"processes"},
        "recordRatingExceptions": {"processes"},
        "receiveCallRecords": {"processes"},
        "assembleConferences": {"processes"},
        "issueInvoice": {"billing-specialist", "manager"},
        "invoiceConference": {"billing-specialist", "manager"},
        "importCallRecords": {"integrator", "manager"},
    }


def test_row_rules_leave_no_way_around() -> None:
    """All that a salesperson reaches without passing a row that is ruled: lists of names, and no more."""
    rules = {rule.type: rule.except_fields for rule in ROW_RULES}
    reached, waiting = {"Query"}, ["Query"]
    while waiting:
        name = waiting.pop()
        for type_name, field, definition in fields_of(SCHEMA):
            coordinate = f"{type_name}.{field}"
            if type_name != name or not ASKED[coordinate] <= ROLES["salesperson"]:
                continue
            if name in rules and field not in rules[name] and "key" not in DECISIONS[coordinate]:
                continue
            for target in possible(get_named_type(definition.type).name):
                if target not in reached:
                    reached.add(target)
                    waiting.append(target)
    assert reached - rules.keys() == {"Query", "ClientConnection", "ClientEdge", "PageInfo"}


def possible(name: str) -> list[str]:
    """The object types that a value of this type may be."""
    found = SCHEMA.type_map[name]
    members = getattr(found, "types", ())
    return [each.name for each in members] or ([name] if hasattr(found, "fields") else [])
