"""Which shapes of a federation took part in the last answer of a random graph: what no case uses, no law can hold.

A  fields   each field that a subgraph resolved, by its directives and its type there
B  keys     each entity that was named to a subgraph
C  systems  how those that were asked are written
D  query    how the question was put
"""

import re
from collections.abc import Iterator
from typing import Any

from graphql import GraphQLInterfaceType, GraphQLUnionType, get_named_type, is_abstract_type
from graphql.language import FieldNode, InlineFragmentNode, SelectionSetNode

from tests.gateway.federation import selection_set
from tests.properties.random_graph import RandomGraph
from tests.properties.random_query import RandomQuery

__all__ = ["INTERFACE_OBJECTS", "SHAPES", "took_part"]

SHAPES = frozenset(
    [
        *("key: simple", "key: composite", "key: nested", "key: through a list", "key: one of several"),
        *("key: not resolvable", "key: null", "key: of an unknown entity"),
        *("shareable: field", "shareable: type", "shareable: root", "shareable: stricter type"),
        *("shareable: a value in parts", "shareable: a value behind several roots"),
        *("requires: plain", "requires: arguments", "requires: fragments", "requires: through a list"),
        *("requires: nested", "requires: below a field of its own", "requires: of an interface"),
        *("requires: chain", "requires: circle"),
        *("provides: plain", "provides: nested", "provides: of a union", "provides: of an interface"),
        *("override: of a field", "override: of a root", "override: from nobody"),
        *("override: label on", "override: label off", "override: by percentage on", "override: by percentage off"),
        *("inaccessible: field", "inaccessible: key", "inaccessible: argument", "inaccessible: type"),
        *("inaccessible: enum value", "tag", "list of lists", "members differ", "value that leads to an entity"),
        *("written: Federation 1", "written: extend type", "written: @extends"),
        *("written: renamed", "written: by namespace", "mutations: several", "mutations: in several systems"),
        *("query: alias that collides", "query: condition by variable", "query: condition on a fragment"),
        *("query: __typename", "query: __typename at the root", "query: named fragment", "query: fragment used twice"),
        *("query: input object", "query: default of a variable", "query: absent variable", "query: null given"),
        *("query: value coerced to a list", "query: variable in an input object"),
    ]
)
INTERFACE_OBJECTS = frozenset(
    [
        "interface object: entered",
        "interface object: from one to another",
        "interface object: entered as the interface",
        "interface object: requires of the interface",
        "interface object: required by an object",
        "interface object: required by another",
    ]
)


def took_part(graph: RandomGraph, query: RandomQuery, errors: Any = ()) -> Iterator[str]:
    """The shapes; some more than once."""
    for what, system, type_name, name in graph.world.seen:
        place = _Place(graph, system, type_name)
        match what:
            case "field":
                yield from place.of_field(name)
                yield from place.of_interface_object_field(name)
            case "key":
                yield from place.of_key(name)
            case "unknown":
                yield "key: of an unknown entity"
            case "null" if name == "ref":
                yield "key: null"
    if any("Colour" in each["message"] for each in errors):
        yield "inaccessible: enum value"
    yield from _written(graph)
    yield from _mutations(graph)
    yield from _asked(query)


class _Place:
    """A type in a subgraph that took part."""

    def __init__(self, graph: RandomGraph, system: str, type_name: str) -> None:
        self.world = graph.world
        self.system = system
        self.type_name = type_name
        self.subgraph = graph.world.subgraphs[system]
        self.type: Any = self.subgraph.schema.type_map[type_name]
        self.node = self.type.ast_node

    # A
    def of_field(self, name: str) -> Iterator[str]:
        declared = self.type.fields.get(name)
        if declared is None or declared.ast_node is None:
            return
        said = {each.name.value for each in declared.ast_node.directives or ()}
        is_root = self.type_name in ("Query", "Mutation")
        if "shareable" in said:
            yield "shareable: root" if is_root else "shareable: field"
        if any(each.name.value == "shareable" for each in self.node.directives or ()):
            yield "shareable: type"
        if "tag" in said:
            yield "tag"
        if re.match(r"PQ", self.type_name):
            yield "shareable: a value behind several roots"
        elif re.match(r"P\d", self.type_name):
            yield "shareable: a value in parts"
        if re.match(r"V\d", self.type_name) and get_named_type(declared.type).name.startswith("E"):
            yield "value that leads to an entity"
        if "[[" in str(declared.type):
            yield "list of lists"
        whole = self.world.supergraph.types[self.type_name].fields.get(name)
        if whole and str(declared.type).endswith("!") and not whole.type.endswith("!"):
            yield "shareable: stricter type"
        yield from self._of_abstract(get_named_type(declared.type))
        yield from self._of_hidden(name, declared)
        yield from self._of_override(name, is_root)
        if required := self.subgraph.requires.get((self.type_name, name)):
            yield from self._of_requires(name, selection_set(required))
        yield from self._of_provides(name, declared)
        if self._is_unresolvable():
            yield "key: not resolvable"

    def _of_abstract(self, of: Any) -> Iterator[str]:
        if not is_abstract_type(of):
            return
        known = {each.name for each in self.subgraph.schema.get_possible_types(of)}
        whole = self.world.supergraph.possible(of.name)
        if known != whole:
            yield "members differ"
        shown = self.world.supergraph.api_schema.type_map
        if any(each not in shown for each in whole):
            yield "inaccessible: type"

    def _of_hidden(self, name: str, declared: Any) -> Iterator[str]:
        shown: Any = self.world.supergraph.api_schema.type_map.get(self.type_name)
        visible = shown.fields.get(name) if shown and hasattr(shown, "fields") else None
        if visible is None:
            is_key = any(name in key.split() for key in self.subgraph.keys.get(self.type_name, ()))
            yield "inaccessible: key" if is_key else "inaccessible: field"
        elif set(declared.args) - set(visible.args):
            yield "inaccessible: argument"

    def _of_override(self, name: str, is_root: bool) -> Iterator[str]:
        place = (self.type_name, name)
        own = self.subgraph.overrides.get(place)
        if own and own[0] not in self.world.subgraphs:
            yield "override: from nobody"
        elif own:
            yield "override: of a root" if is_root else "override: of a field"
            if own[1]:
                yield "override: by percentage on" if "percent" in own[1] else "override: label on"
        for each in self.world.subgraphs.values():
            other = each.overrides.get(place)
            if other and other[0] == self.system and other[1]:
                yield "override: by percentage off" if "percent" in other[1] else "override: label off"

    def _of_requires(self, name: str, required: SelectionSetNode) -> Iterator[str]:
        yield "requires: plain"
        for on, node, depth in self._walked(self.type, required, 0):
            if isinstance(node, InlineFragmentNode):
                yield "requires: fragments"
                continue
            field = on.fields[node.name.value]
            if node.arguments:
                yield "requires: arguments"
            if isinstance(on, GraphQLInterfaceType):
                yield "requires: of an interface"
            if node.selection_set:
                yield "requires: through a list" if "[" in str(field.type) else "requires: nested"
                external = any(each.name.value == "external" for each in field.ast_node.directives or ())
                if not external and depth == 0:
                    yield "requires: below a field of its own"
            yield from self._of_chain(on.name, node.name.value)

    def _of_chain(self, on: str, name: str) -> Iterator[str]:
        for each in self.world.subgraphs.values():
            if further := each.requires.get((on, name)):
                yield "requires: chain"
                for deeper, node, _ in self._walked(each.schema.type_map[on], selection_set(further), 0):
                    if isinstance(node, FieldNode) and (deeper.name, node.name.value) in self.subgraph.requires:
                        yield "requires: circle"

    def _of_provides(self, name: str, declared: Any) -> Iterator[str]:
        for each in declared.ast_node.directives or ():
            if each.name.value != "provides":
                continue
            granted = selection_set(each.arguments[0].value.value)
            for on, node, depth in self._walked(get_named_type(declared.type), granted, 0):
                if isinstance(node, FieldNode) and not self._was_provided(on, node.name.value):
                    continue
                if isinstance(node, FieldNode):
                    yield "provides: nested" if depth else "provides: plain"
                elif isinstance(on, GraphQLUnionType):
                    yield "provides: of a union"
                elif isinstance(on, GraphQLInterfaceType):
                    yield "provides: of an interface"

    def _was_provided(self, on: Any, name: str) -> bool:
        objects = self.subgraph.schema.get_possible_types(on) if is_abstract_type(on) else [on]
        return any(("provided", self.system, each.name, name) in self.world.seen for each in objects)

    def _walked(self, on: Any, selections: SelectionSetNode, depth: int) -> Iterator[tuple[Any, Any, int]]:
        """Each selection with the type that it is on."""
        for node in selections.selections:
            yield on, node, depth
            if isinstance(node, InlineFragmentNode):
                assert node.type_condition
                inner = self.subgraph.schema.type_map.get(node.type_condition.name.value)
                if inner is not None:
                    yield from self._walked(inner, node.selection_set, depth)
            elif isinstance(node, FieldNode) and node.selection_set and node.name.value in on.fields:
                yield from self._walked(get_named_type(on.fields[node.name.value].type), node.selection_set, depth + 1)

    def _is_unresolvable(self) -> bool:
        keys = [each for each in self.node.directives or () if each.name.value == "key"]
        return bool(keys) and not self.subgraph.keys.get(self.type_name)

    # B
    def of_key(self, key: str) -> Iterator[str]:
        if "ups" in key:
            yield "key: through a list"
        if "{" in key:
            yield "key: nested"
        else:
            yield "key: composite" if " " in key else "key: simple"
        if len(self.subgraph.keys[self.type_name]) > 1:
            yield "key: one of several"
        if isinstance(self.type, GraphQLInterfaceType):
            yield "interface object: entered as the interface"
        if self._is_interface_object(self.system, self.type_name):
            others = [each for each in self.world.subgraphs if each != self.system]
            asked = {system for what, system, *_ in self.world.seen if what == "field"}
            yield "interface object: entered"
            if any(self._is_interface_object(each, self.type_name) for each in others if each in asked):
                yield "interface object: from one to another"

    def of_interface_object_field(self, name: str) -> Iterator[str]:
        required = self.subgraph.requires.get((self.type_name, name))
        if not required:
            return
        fields = [node.name.value for node in selection_set(required).selections if isinstance(node, FieldNode)]
        added = [each for each in fields if self._is_added(each)]
        if not self._is_interface_object(self.system, self.type_name):
            if added:
                yield "interface object: required by an object"
        else:
            yield "interface object: required by another" if added else "interface object: requires of the interface"

    def _is_added(self, name: str) -> bool:
        """Whether some interface object owns the field."""
        for system, each in self.world.subgraphs.items():
            for type_name in ("Node",):
                if self._is_interface_object(system, type_name):
                    of: Any = each.schema.type_map[type_name]
                    declared = of.fields.get(name)
                    if declared and not any(d.name.value == "external" for d in declared.ast_node.directives or ()):
                        return name != "id"
        return False

    def _is_interface_object(self, system: str, type_name: str) -> bool:
        of = self.world.subgraphs[system].schema.type_map.get(type_name)
        return of is not None and any(d.name.value == "interfaceObject" for d in of.ast_node.directives or ())


# C
def _written(graph: RandomGraph) -> Iterator[str]:
    for system in {each.service for each in graph.world.asked}:
        sdl = graph.written.get(system, "@link(")
        if "@link(" not in sdl:
            yield "written: Federation 1"
        if "extend type" in sdl:
            yield "written: extend type"
        if "@extends" in sdl:
            yield "written: @extends"
        if "@our_" in sdl:
            yield "written: renamed"
        if "@federation__" in sdl or "@fed__" in sdl:
            yield "written: by namespace"


def _mutations(graph: RandomGraph) -> Iterator[str]:
    ran = [
        (system, name)
        for what, system, type_name, name in graph.world.seen
        if (what, type_name) == ("field", "Mutation")
    ]
    if len(ran) > 1:
        yield "mutations: several"
    if len({system for system, _ in ran}) > 1:
        yield "mutations: in several systems"


# D
_WORDS = {
    r"\b(id|code|f0|f1|r0|up): ": "alias that collides",
    r"@(skip|include)\(if: \$": "condition by variable",
    r"\.\.\.( on)? ?\w+ @(skip|include)": "condition on a fragment",
    r"__typename": "__typename",
    r"^\w+[^{]*\{ ([^{]* )?__typename": "__typename at the root",
    r"^fragment ": "named fragment",
    r"(\.\.\.Part\d+)\b.*\1\b": "fragment used twice",
    r": \{(at|names|colour)": "input object",
    r"\$v\d+: [^,)$]+ = ": "default of a variable",
    r": null\b": "null given",
    r": \{at: \$": "variable in an input object",
    r'ids: "': "value coerced to a list",
}


def _asked(query: RandomQuery) -> Iterator[str]:
    for pattern, shape in _WORDS.items():
        if re.search(pattern, query.text, re.MULTILINE | re.DOTALL):
            yield f"query: {shape}"
    if any(f"${name}" not in query.text for name in query.variables):
        return
    if set(re.findall(r"\$(\w+):", query.text)) - set(query.variables):
        yield "query: absent variable"
