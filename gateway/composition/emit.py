"""The merged schema as supergraph SDL: join specification v0.5, the same text for the same meaning."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from graphql import print_ast
from graphql.language import StringValueNode

from gateway.composition.elements import Applied, Written
from gateway.composition.merged import (
    JoinField,
    JoinType,
    Merged,
    MergedDirective,
    MergedEnum,
    MergedEnumValue,
    MergedField,
    MergedInput,
    MergedInputValue,
    MergedInterface,
    MergedObject,
    MergedScalar,
    MergedType,
    MergedUnion,
)
from gateway.composition.subgraph import Subgraph

__all__ = ["emit"]

_LINK = """directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA

scalar link__Import

enum link__Purpose {
  "`SECURITY` features provide metadata necessary to securely resolve fields."
  SECURITY

  "`EXECUTION` features provide metadata necessary for operation execution."
  EXECUTION
}"""

_JOIN = """directive @join__directive(graphs: [join__Graph!], name: String!, args: join__DirectiveArguments)
  repeatable on SCHEMA | OBJECT | INTERFACE | FIELD_DEFINITION

directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE

directive @join__field(
  graph: join__Graph
  requires: join__FieldSet
  provides: join__FieldSet
  type: String
  external: Boolean
  override: String
  usedOverridden: Boolean
  overrideLabel: String
  contextArguments: [join__ContextArgument!]
) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION

directive @join__graph(name: String!, url: String!) on ENUM_VALUE

directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE

directive @join__type(
  graph: join__Graph!
  key: join__FieldSet
  extension: Boolean! = false
  resolvable: Boolean! = true
  isInterfaceObject: Boolean! = false
) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR

directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION

input join__ContextArgument {
  name: String!
  type: String!
  context: String!
  selection: join__FieldValue!
}

scalar join__DirectiveArguments

scalar join__FieldSet

scalar join__FieldValue"""

# Carried directive -> (its specification, the purpose of the @link, its definitions). GraphQL's own need none.
_SPECS = "https://specs.apollo.dev/"
_CARRIED: Mapping[str, tuple[str, str | None, str]] = {
    "tag": (
        "tag/v0.3",
        None,
        "directive @tag(name: String!) repeatable on FIELD_DEFINITION | OBJECT | INTERFACE | UNION |"
        " ARGUMENT_DEFINITION"
        " | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION | SCHEMA",
    ),
    "inaccessible": (
        "inaccessible/v0.2",
        "SECURITY",
        "directive @inaccessible on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM"
        " | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION",
    ),
    "authenticated": (
        "authenticated/v0.1",
        "SECURITY",
        "directive @authenticated on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM",
    ),
    "requiresScopes": (
        "requiresScopes/v0.1",
        "SECURITY",
        "directive @requiresScopes(scopes: [[requiresScopes__Scope!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE |"
        " SCALAR"
        " | ENUM\n\nscalar requiresScopes__Scope",
    ),
    "policy": (
        "policy/v0.1",
        "SECURITY",
        "directive @policy(policies: [[policy__Policy!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM"
        "\n\nscalar policy__Policy",
    ),
    "cost": (
        "cost/v0.1",
        None,
        "directive @cost(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION"
        " | OBJECT | SCALAR",
    ),
    "listSize": (
        "cost/v0.1",
        None,
        "directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!],"
        " requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION",
    ),
    "context": (
        "context/v0.1",
        "SECURITY",
        "directive @context(name: String!) repeatable on INTERFACE | OBJECT | UNION",
    ),
    "join__directive": ("cacheTag/v0.1", "EXECUTION", ""),
}
_ROOTS = ("Query", "Mutation", "Subscription")

Carrier = MergedType | MergedField | MergedInputValue | MergedEnumValue


def emit(merged: Merged, subgraphs: Sequence[Subgraph]) -> str:
    """The supergraph SDL, ending in a newline."""
    carried = [name for name in _CARRIED if name in _names_carried(merged)]
    parts = [
        _schema(merged, carried),
        _LINK,
        _JOIN,
        *(_CARRIED[name][2] for name in carried if _CARRIED[name][2]),
        *map(_directive, merged.directives.values()),
        _graphs(subgraphs),
        *(_type(found) for found in merged.types.values()),
    ]
    return "\n\n".join(parts) + "\n"


def _names_carried(merged: Merged) -> set[str]:
    of_types = (applied.name for found in merged.types.values() for part in _parts(found) for applied in part.carried)
    of_directives = (
        applied.name
        for found in merged.directives.values()
        for value in found.arguments.values()
        for applied in value.carried
    )
    return {*of_types, *of_directives, *(applied.name for applied in merged.carried)}


def _parts(found: MergedType) -> Iterable[Carrier]:
    """The type and all that is inside it."""
    yield found
    match found:
        case MergedObject(fields=fields) | MergedInterface(fields=fields):
            for field in fields.values():
                yield field
                yield from field.arguments.values()
        case MergedInput(fields=inputs):
            yield from inputs.values()
        case MergedEnum(values=values):
            yield from values.values()
        case _:
            pass


def _schema(merged: Merged, carried: Iterable[str]) -> str:
    links = [
        f'@link(url: "{_SPECS}link/v1.0")',
        f'@link(url: "{_SPECS}join/v0.5", for: EXECUTION)',
        *_links_of_carried(carried),
        *(
            f"@link(url: {_literal(url)}, import: [{', '.join(f'{_imported(*names)}' for names in imports)}])"
            for url, imports in merged.links.items()
        ),
        *map(_applied, merged.carried),
    ]
    roots = [f"{root.lower()}: {root}" for root in _ROOTS if root in merged.types]
    return _block("schema", [f"  {link}" for link in links], roots)


def _links_of_carried(carried: Iterable[str]) -> Iterable[str]:
    """One for each specification; what isn't called like its specification is imported from it."""
    by_spec: dict[str, list[str]] = {}
    purposes = {}
    for name in carried:
        spec, purposes[spec], definition = _CARRIED[name]
        by_spec.setdefault(spec, [])
        if definition and name != spec.partition("/")[0]:
            by_spec[spec] += [f'"@{spec.partition("/")[0]}"', f'"@{name}"']
    for spec, imports in by_spec.items():
        arguments = [f'url: "{_SPECS}{spec}"']
        arguments += [f"import: [{', '.join(imports)}]"] if imports else []
        arguments += [f"for: {purposes[spec]}"] if purposes[spec] else []
        yield f"@link({', '.join(arguments)})"


def _imported(name: str, local: str) -> str:
    return f'"@{name}"' if name == local else f'{{name: "@{name}", as: "@{local}"}}'


def _directive(found: MergedDirective) -> str:
    values = ", ".join(line for value in found.arguments.values() for line in _input(replace(value, description=None)))
    head = f"directive @{found.name}({values})" if values else f"directive @{found.name}"
    repeatable = " repeatable" if found.repeatable else ""
    return "\n".join([*_description(found.description), f"{head}{repeatable} on {' | '.join(found.locations)}"])


def _graphs(subgraphs: Sequence[Subgraph]) -> str:
    graphs = [
        f"{subgraph.graph} @join__graph(name: {_literal(subgraph.name)}, url: {_literal(subgraph.url)})"
        for subgraph in subgraphs
    ]
    return _block("enum join__Graph", [], graphs)


def _block(head: str, directives: Sequence[str], lines: Sequence[str]) -> str:
    """Directives, where there are any, stand on lines of their own below the head."""
    opening = [head, *directives, "{"] if directives else [f"{head} {{"]
    return "\n".join([*opening, *(f"  {line}" for line in lines), "}"])


def _type(found: MergedType) -> str:
    directives = [f"  {text}" for text in [*map(_join_type, found.joins), *_extra(found)]]
    match found:
        case MergedObject(name=name, fields=fields) | MergedInterface(name=name, fields=fields):
            keyword = "type" if isinstance(found, MergedObject) else "interface"
            above = " & ".join(dict.fromkeys(interface for _, interface in found.implements))
            head = f"{keyword} {name} implements {above}" if above else f"{keyword} {name}"
            text = _block(head, directives, [line for field in fields.values() for line in _field(field)])
        case MergedInput(name=name, fields=inputs):
            text = _block(f"input {name}", directives, [line for value in inputs.values() for line in _input(value)])
        case MergedEnum(name=name, values=values):
            text = _block(
                f"enum {name}", directives, [line for value in values.values() for line in _enum_value(value)]
            )
        case MergedUnion(name=name, members=members):
            names = " | ".join(dict.fromkeys(sorted(member for _, member in members)))
            text = "\n".join([f"union {name}", *directives, f"  = {names}"])
        case MergedScalar(name=name):
            text = "\n".join([f"scalar {name}", *directives])
    return "\n".join([*_description(found.description), text])


def _extra(found: MergedType) -> list[str]:
    """What only some kinds have, then what is carried."""
    match found:
        case MergedObject(implements=implements) | MergedInterface(implements=implements):
            joins = [f"@join__implements(graph: {graph}, interface: {_literal(name)})" for graph, name in implements]
        case MergedUnion(members=members):
            joins = [f"@join__unionMember(graph: {graph}, member: {_literal(name)})" for graph, name in members]
        case _:
            joins = []
    return joins + [_applied(applied) for applied in found.carried]


def _join_type(join: JoinType) -> str:
    arguments = [f"graph: {join.graph}"]
    if join.key is not None:
        arguments.append(f"key: {_literal(join.key)}")
    if join.extension:
        arguments.append("extension: true")
    if not join.resolvable:
        arguments.append("resolvable: false")
    if join.is_interface_object:
        arguments.append("isInterfaceObject: true")
    return f"@join__type({', '.join(arguments)})"


def _field(field: MergedField) -> list[str]:
    arguments = ""
    values = list(field.arguments.values())
    if any(value.description for value in values):
        lines = [f"  {line}" for value in values for line in _input(value)]
        arguments = "\n    ".join(["(", *(line.strip() for line in lines)]) + "\n  )"
    elif values:
        arguments = f"({', '.join(line for value in values for line in _input(value))})"
    tail = [*map(_join_field, field.joins), *map(_applied, field.carried)]
    return [*_description(field.description), " ".join([f"{field.name}{arguments}: {field.type}", *tail])]


def _input(value: MergedInputValue) -> list[str]:
    default = f" = {value.default}" if value.default is not None else ""
    tail = [*map(_join_field, value.joins), *map(_applied, value.carried)]
    return [*_description(value.description), " ".join([f"{value.name}: {value.type}{default}", *tail])]


def _enum_value(value: MergedEnumValue) -> list[str]:
    joins = [f"@join__enumValue(graph: {graph})" for graph in value.graphs]
    return [*_description(value.description), " ".join([value.name, *joins, *map(_applied, value.carried)])]


def _join_field(join: JoinField) -> str:
    given: list[tuple[str, str | None]] = [
        ("graph", join.graph),
        ("requires", _quoted(join.requires)),
        ("provides", _quoted(join.provides)),
        ("type", _quoted(str(join.type)) if join.type else None),
        ("external", "true" if join.external else None),
        ("override", _quoted(join.override)),
        ("overrideLabel", _quoted(join.override_label)),
        ("usedOverridden", "true" if join.used_overridden else None),
        ("contextArguments", _context_arguments(join) if join.context_arguments else None),
    ]
    arguments = ", ".join(f"{name}: {value}" for name, value in given if value is not None)
    return f"@join__field({arguments})" if arguments else "@join__field"


def _context_arguments(join: JoinField) -> str:
    given = (
        f"{{context: {_literal(argument.context)}, name: {_literal(argument.name)},"
        f" type: {_literal(str(argument.type))}, selection: {_literal(argument.selection)}}}"
        for argument in join.context_arguments
    )
    return f"[{', '.join(given)}]"


def _quoted(text: str | None) -> str | None:
    return None if text is None else _literal(text)


def _applied(applied: Applied) -> str:
    arguments = ", ".join(f"{name}: {_value(name, value)}" for name, value in applied.arguments.items())
    name = applied.name.lstrip("@")  # a directive of a subgraph's own
    return f"@{name}({arguments})" if arguments else f"@{name}"


def _value(name: str, value: Any) -> str:
    """Graphs are enum values; all other plain texts are strings."""
    return f"[{', '.join(value)}]" if name == "graphs" and isinstance(value, tuple) else _literal(value)


def _literal(value: Any) -> str:
    """A plain value as GraphQL text."""
    match value:
        case Written():
            return str(value)
        case str():
            return print_ast(StringValueNode(value=value))
        case bool():
            return str(value).lower()
        case list():
            return f"[{', '.join(_literal(item) for item in value)}]"
        case dict():
            return f"{{{', '.join(f'{name}: {_literal(item)}' for name, item in value.items())}}}"
        case None:
            return "null"
        case _:
            return str(value)


def _description(text: str | None) -> list[str]:
    """As a block where it has several lines."""
    if text is None:
        return []
    if "\n" not in text:
        return [_literal(text)]
    return print_ast(StringValueNode(value=text, block=True)).splitlines()
