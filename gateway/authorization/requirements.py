"""What the supergraph asks of whoever wants a field: @authenticated, @requiresScopes, @policy (their specs, v0.1).

A field asks for what stands on it, on its type, on the interfaces of its type, and on the scalar, enum or object that
it gives. What a field of an interface asks for is what the same field of each object asks for, object by object: a
supergraph repeats on an interface what its objects ask for, and nobody needs the scopes of objects they don't get.

    demand      one @authenticated, one set of alternatives of @requiresScopes or of @policy
    demands     a set of them as the bits of an integer, so that asking for each field of an operation costs little
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any, Literal

from graphql import value_from_ast_untyped
from graphql.language import (
    DocumentNode,
    EnumTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    SchemaDefinitionNode,
)

from gateway.composition.links import read_links
from gateway.composition.problems import Report
from gateway.composition.supergraph import named
from gateway.doors.viewer import Viewer

__all__ = ["Demand", "Denial", "Requirements", "policies_of"]

Kind = Literal["authenticated", "scopes", "policies"]
Alternatives = frozenset[frozenset[str]]
_ARGUMENTS: Mapping[str, Kind] = {"requiresScopes": "scopes", "policy": "policies"}
_DIRECTIVES = ("authenticated", *_ARGUMENTS)
_MOST_COMBINATIONS = 4096  # an interface whose objects have more is asked for as it stands, which is never too little


@dataclass(frozen=True, slots=True)
class Demand:
    """Met by who is authenticated, or who has all of one of the alternatives; no alternative is met by nobody."""

    kind: Kind
    alternatives: Alternatives = frozenset()

    def is_met_by(self, authenticated: bool, scopes: frozenset[str], policies: frozenset[str]) -> bool:
        if self.kind == "authenticated":
            return authenticated
        held = scopes if self.kind == "scopes" else policies
        return any(each <= held for each in self.alternatives)

    def __str__(self) -> str:
        if self.kind == "authenticated":
            return "to be signed in"
        word = "scope" if self.kind == "scopes" else "policy"
        ways = sorted(" and ".join(sorted(each)) for each in self.alternatives)
        return f"the {word} {' or '.join(ways)}" if ways else f"a {word} that nobody has"


@dataclass(frozen=True, slots=True)
class Denial:
    """Why a viewer doesn't get a field. `message` names the field and what it asks for, nothing of the viewer."""

    message: str
    code: Literal["FORBIDDEN", "UNAUTHENTICATED"]


def policies_of(viewer: Viewer) -> frozenset[str]:
    """The policies that the viewer's token says they meet: its claim `policies`, a list or words in one text."""
    held = viewer.claims.get("policies", ())
    if isinstance(held, str):
        return frozenset(held.split())
    return frozenset(each for each in held if isinstance(each, str)) if isinstance(held, (list, tuple)) else frozenset()


class Requirements:
    """Of one supergraph. `demands` are all there are; a set of them has the bit of each demand's position."""

    def __init__(self, document: DocumentNode) -> None:
        self._bits: dict[Demand, int] = {}
        reader = _Reader(document)
        self._fields = {place: self._set(demands) for place, demands in reader.fields()}
        self.demands: Sequence[Demand] = tuple(self._bits)
        self._mutation = reader.mutation()

    def __bool__(self) -> bool:
        """Whether anything at all is asked for."""
        return bool(self.demands)

    def of_field(self, type_name: str, field_name: str) -> int:
        """What `type_name.field_name` asks for, of an object type."""
        return self._fields.get((type_name, field_name), 0)

    def met_by(self, authenticated: bool, scopes: frozenset[str], policies: frozenset[str]) -> int:
        """Every demand that such a viewer meets: what tells one kind of viewer from another."""
        return sum(bit for demand, bit in self._bits.items() if demand.is_met_by(authenticated, scopes, policies))

    def denial(self, type_name: str, field_name: str, met: int, *, authenticated: bool) -> Denial | None:
        """Why a viewer who meets `met` doesn't get the field; None where they do."""
        missing = self.of_field(type_name, field_name) & ~met
        if not missing:
            return None
        if not authenticated:
            return Denial(f"{type_name}.{field_name} is not for everybody: send a token", "UNAUTHENTICATED")
        asked = " and ".join(sorted(str(demand) for demand, bit in self._bits.items() if bit & missing))
        wish = "do" if type_name == self._mutation else "see"
        return Denial(f"{type_name}.{field_name} is not yours to {wish}: it asks for {asked}", "FORBIDDEN")

    def _set(self, demands: Iterable[Demand]) -> int:
        together = 0
        for each in demands:
            together |= self._bits.setdefault(each, 1 << len(self._bits))
        return together


class _Reader:
    """Reads the directives of a document, by whatever names it calls them."""

    def __init__(self, document: DocumentNode) -> None:
        self.document = document
        self.names = _names(document)
        self.types: dict[str, Any] = {
            each.name.value: each
            for each in document.definitions
            if isinstance(
                each,
                (
                    ObjectTypeDefinitionNode,
                    InterfaceTypeDefinitionNode,
                    ScalarTypeDefinitionNode,
                    EnumTypeDefinitionNode,
                ),
            )
        }
        self.implementing: dict[str, list[Any]] = {}
        for each in self.objects():
            for interface in each.interfaces or ():
                self.implementing.setdefault(interface.name.value, []).append(each)

    def objects(self) -> Iterator[ObjectTypeDefinitionNode]:
        return (each for each in self.types.values() if isinstance(each, ObjectTypeDefinitionNode))

    def mutation(self) -> str:
        """What the type of the mutations is called."""
        roots = (
            root
            for each in self.document.definitions
            if isinstance(each, SchemaDefinitionNode)
            for root in each.operation_types
        )
        return next((root.type.name.value for root in roots if root.operation.value == "mutation"), "Mutation")

    def fields(self) -> Iterator[tuple[tuple[str, str], frozenset[Demand]]]:
        """Every field of every object that asks for something, and for what."""
        for each in self.objects():
            interfaces = [self.types[one.name.value] for one in each.interfaces or () if one.name.value in self.types]
            of_type = self.demands(each).union(*map(self.own_of_interface, interfaces))
            for field in each.fields or ():
                of_field = self.demands(field).union(*(self.own_of_its_field(one, field) for one in interfaces))
                if found := of_type | of_field | self.of_target(field):
                    yield (each.name.value, field.name.value), found

    def of_target(self, field: Any) -> frozenset[Demand]:
        target = self.types.get(named(_text(field.type)))
        if target is None:
            return frozenset()
        if isinstance(target, InterfaceTypeDefinitionNode):
            return self.own_of_interface(target)
        return self.demands(target)

    def own_of_interface(self, interface: Any) -> frozenset[Demand]:
        """What the interface asks for beyond what its objects ask for anyway."""
        objects = [self.demands(each) for each in self.implementing.get(interface.name.value, ())]
        return frozenset(each for each in self.demands(interface) if not _follows(each, objects))

    def own_of_its_field(self, interface: Any, field: Any) -> frozenset[Demand]:
        """The same for its field of this name."""
        its = next((each for each in interface.fields or () if each.name.value == field.name.value), None)
        if its is None:
            return frozenset()
        same = [
            self.demands(each)
            for one in self.implementing.get(interface.name.value, ())
            for each in one.fields or ()
            if each.name.value == field.name.value
        ]
        return frozenset(each for each in self.demands(its) if not _follows(each, same))

    def demands(self, node: Any) -> frozenset[Demand]:
        """What stands on one definition."""
        return frozenset(self._demands(node))

    def _demands(self, node: Any) -> Iterator[Demand]:
        for directive in node.directives or ():
            name = self.names.get(directive.name.value)
            if name == "authenticated":
                yield Demand("authenticated")
            elif name is not None:
                given = next((value_from_ast_untyped(each.value) for each in directive.arguments or ()), ())
                yield from _demands(_ARGUMENTS[name], given)


def _demands(kind: Kind, given: Any) -> Iterator[Demand]:
    """One set without alternatives is a demand for each of it, so that equal demands of two fields are one."""
    lists = given if isinstance(given, list) and all(isinstance(each, list) for each in given) else ()
    alternatives = frozenset(frozenset(map(str, each)) for each in lists)
    if len(alternatives) == 1:
        (only,) = alternatives
        yield from (Demand(kind, frozenset({frozenset({each})})) for each in only)
    else:
        yield Demand(kind, frozenset(each for each in alternatives if not any(other < each for other in alternatives)))


def _follows(demand: Demand, sets: Sequence[frozenset[Demand]]) -> bool:
    """Whether who meets all the demands in `sets` meets this one for sure."""
    together: frozenset[Demand] = frozenset().union(*sets)
    if demand in together:
        return True
    same = [each.alternatives for each in together if each.kind == demand.kind]
    if demand.kind == "authenticated" or not same or prod(map(len, same)) > _MOST_COMBINATIONS:
        return False
    held = (frozenset[str]().union(*chosen) for chosen in product(*same))
    return all(any(each <= one for each in demand.alternatives) for one in held)


def _names(document: DocumentNode) -> Mapping[str, str]:
    """What the document calls each directive -> its name in the specification."""
    links = [
        link
        for each in document.definitions
        if isinstance(each, SchemaDefinitionNode)
        for link in read_links(each.directives or (), "supergraph", report=Report()) or ()
    ]
    found = {name: name for name in _DIRECTIVES}
    for name in _DIRECTIVES:
        for link in links:
            if link.identity.endswith(f"/{name}"):
                found[link.imports.get(f"@{name}", link.prefix).removeprefix("@")] = name
    return found


def _text(node: Any) -> str:
    while getattr(node, "type", None) is not None:
        node = node.type
    return str(node.name.value)
