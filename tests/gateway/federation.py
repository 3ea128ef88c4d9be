"""A federated world in memory: things with values, subgraphs that each know a part of them, a gateway over all.

The subgraphs are suspicious. Each validates the documents it gets against its own schema, refuses to answer fields it
only knows as @external, looks into representations for what its keys and @requires name, and computes @requires fields
from what it was *sent*. So a wrong plan gives a complaint or a wrong answer, and `World.ask` raises on complaints.

    world = World({"sales": SALES, "links": LINKS}, [thing("Client", id="1", name="Anna")], query={...})
    answer = await world.ask("{ client { name } }")
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    execute,
    get_named_type,
    parse,
    validate,
    value_from_ast_untyped,
)
from graphql.execution.values import get_argument_values
from graphql.language import FieldNode, InlineFragmentNode, NameNode, OperationDefinitionNode, SelectionSetNode

from gateway.authorization.access import Access
from gateway.authorization.row_rules import RowRule
from gateway.composition.composer import compose
from gateway.composition.subgraph import SubgraphSdl
from gateway.composition.supergraph import Supergraph
from gateway.doors.viewer import Viewer
from gateway.pipeline import Gateway
from gateway.planning.labels import Labels
from gateway.request import GraphQLRequest, GraphQLResponse
from gateway.subgraphs.embedded import CompiledDocument, EmbeddedSubgraph
from gateway.subgraphs.operation import SubgraphOperation
from gateway.subgraphs.protocol import Inputs, RequestContext, SubgraphAnswer, SubgraphFault

__all__ = [
    "LINK",
    "NOW",
    "Asked",
    "Computed",
    "Counted",
    "Faulty",
    "FromContext",
    "Thing",
    "World",
    "coded",
    "down",
    "one_graph",
    "supergraph_of",
    "thing",
]

LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9",'
    ' import: ["@key", "@shareable", "@external", "@requires", "@provides", "@inaccessible", "@override",'
    ' "@interfaceObject", "@authenticated", "@requiresScopes", "@policy", "@context", "@fromContext"])\n'
)
NOW = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)
TESTER = Viewer("test")


@dataclass(slots=True, eq=False)
class Thing:
    """An object of the world. A value is JSON, a Thing, a list, an exception (raised), a function of the field's
    arguments that gives one of these, Computed, or Counted."""

    type: str
    values: dict[str, Any]
    unknown_to: frozenset[str] = frozenset()  # subgraphs that have nothing for its key

    def __repr__(self) -> str:
        return f"{self.type}({', '.join(f'{k}={v!r}' for k, v in self.values.items() if isinstance(v, str | int))})"


@dataclass(frozen=True, slots=True)
class Computed:
    """The value of a @requires field: `of(sent, **arguments)`, where `sent` holds what the field set names."""

    of: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class FromContext:
    """The value of a field with arguments @fromContext: `of(**arguments)`.

    `wants` says for each of those what it takes of the nearest ancestor that is of one of the types: a path ("box.v"),
    or nothing ("").
    """

    of: Callable[..., Any]
    wants: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Counted:
    """A value that depends on how many mutations have run since the question, `of(count, **arguments)`.

    One that `advances` is such a mutation itself.
    """

    of: Callable[..., Any]
    advances: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that a subgraph was sent."""

    service: str
    text: str
    representations: tuple[tuple[Mapping[str, Any], ...], ...]
    variables: Mapping[str, Any]


Twist = Callable[[SubgraphAnswer], SubgraphAnswer]
Faulty = Callable[[str, str, str, Thing | None], Exception | None]


def thing(type_name: str, **values: Any) -> Thing:
    """`thing("Client", id="1", name="Anna", accounts=lambda last=None: [...])`"""
    return Thing(type_name, values)


def down(system: str) -> Twist:
    """The system doesn't answer at all."""
    fault = SubgraphFault(f"{system} is not available", (), {"code": "SYSTEM_UNAVAILABLE", "service": system})
    return lambda _: SubgraphAnswer(None, [fault])


def supergraph_of(sdls: Mapping[str, str]) -> Supergraph:
    """Composed from subgraph SDLs by name; the @link is added where it's missing."""
    return _composed(tuple((name, _linked(sdl)) for name, sdl in sdls.items()))


@cache
def _composed(sdls: tuple[tuple[str, str], ...]) -> Supergraph:
    given = [SubgraphSdl(name, f"http://{name}", sdl) for name, sdl in sdls]
    return Supergraph.read(compose(given).supergraph_sdl)


def _linked(sdl: str) -> str:
    return sdl if "@link(" in sdl else LINK + sdl


class World:
    """Things, the subgraphs that know them, and a gateway. `asked` and `twists` are there for tests to read and set.

    `written` are the subgraphs' SDLs as the composer reads them, if these say the same in other words.
    """

    def __init__(
        self,
        subgraphs: Mapping[str, str],
        things: Iterable[Thing] = (),
        *,
        query: Mapping[str, Any] | None = None,
        mutation: Mapping[str, Any] | None = None,
        cached: int = 1000,
        rules: Iterable[RowRule] = (),
        refuse_whole: bool = False,
        written: Mapping[str, str] | None = None,
        active_labels: Iterable[str] = (),
    ) -> None:
        self.roots = {"Query": Thing("Query", dict(query or {})), "Mutation": Thing("Mutation", dict(mutation or {}))}
        self.things: dict[str, list[Thing]] = {}
        for each in things:
            self.things.setdefault(each.type, []).append(each)
        self.asked: list[Asked] = []
        self.complaints: list[str] = []
        self.twists: dict[str, Twist] = {}
        self.before: dict[str, Callable[[], Awaitable[object]]] = {}  # awaited before a system answers
        self.faulty: Faulty | None = None
        self.turn = 0  # how many mutations have run
        self.drawn = 0.0  # decides about the labels of overrides that name a percentage
        self.active_labels = frozenset(active_labels)
        # What took part in the last answer, each with subgraph, type, and field or field set: "field" was resolved,
        # "provided" though another owns it, "key" named an entity, "unknown" named none, "null" is a field without one.
        self.seen: set[tuple[str, str, str, str]] = set()
        self.supergraph = _composed(tuple(written.items())) if written else supergraph_of(subgraphs)
        self.subgraphs = {name: _Suspicious(name, _linked(sdl), self) for name, sdl in subgraphs.items()}
        self.cached = cached
        self.gateway = self.guarded_by(Access(self.supergraph, rules=rules, refuse_whole=refuse_whole))

    def guarded_by(self, access: Access) -> Gateway:
        """A gateway to the same world, with `access`."""
        labels = Labels(always=self.active_labels, draw=lambda: self.drawn)
        return Gateway(
            self.supergraph, self.subgraphs, access=access, cached=self.cached, most_objects=10**15, labels=labels
        )

    @property
    def services(self) -> list[str]:
        """Whom the gateway asked since the last question, in order."""
        return [each.service for each in self.asked]

    async def ask(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        operation_name: str | None = None,
        viewer: Viewer = TESTER,
    ) -> GraphQLResponse:
        """The gateway's answer; AssertionError when a subgraph had to complain."""
        self.asked.clear()
        self.complaints.clear()
        self.seen.clear()
        self.turn = 0
        request = GraphQLRequest(query=query, variables=variables or {}, operation_name=operation_name)
        answer = await self.gateway.answer(request, RequestContext(now=NOW, viewer=viewer))
        assert not self.complaints, "\n".join(self.complaints)
        return answer

    async def data(self, query: str, variables: Mapping[str, Any] | None = None) -> Any:
        """The answer's data; AssertionError when there is any error."""
        answer = await self.ask(query, variables)
        assert not answer.errors, answer.errors
        return answer.data

    async def one_graph(self, query: str, variables: Mapping[str, Any] | None = None) -> ExecutionResult:
        """What graphql-core answers on the unsplit schema, from the same things."""
        return await one_graph(self, self.supergraph.api_schema, query, variables or {})

    def is_elsewhere(self, subgraph: str, type_name: str, name: str) -> bool:
        """Whether an override has another than `subgraph` resolve the field, as far as labels are active."""
        by_name = {each: s.overrides.get((type_name, name)) for each, s in self.subgraphs.items()}
        own = by_name[subgraph]
        if own and own[0] in self.subgraphs and not self._is_active(own[1]):
            return True
        return any(each and each[0] == subgraph and self._is_active(each[1]) for each in by_name.values())

    def _is_active(self, label: str | None) -> bool:
        if label is None or label in self.active_labels:
            return True
        return label.startswith("percent(") and self.drawn < float(label[len("percent(") : -1])

    def named(self, type_name: str) -> list[Thing]:
        """The things of a type; of an interface those of all types that implement it."""
        return [each for name in sorted(self.supergraph.possible(type_name)) for each in self.things.get(name, [])]

    def required(self, type_name: str, field_name: str) -> str:
        """What a computed field requires, wherever that is declared: for the type, or for an interface object."""
        implemented = frozenset[str]().union(*self.supergraph.types[type_name].implements.values())
        names = (type_name, *implemented)
        (found,) = {r for s in self.subgraphs.values() for name in names if (r := s.requires.get((name, field_name)))}
        return str(found)

    # what the truth says
    def true_value(self, of: Thing, name: str, arguments: Mapping[str, Any], above: Sequence[Thing] = ()) -> Any:
        """The value of a field, whoever knows it; `above` are the things that led to this one, the nearest first."""
        value = of.values.get(name)
        if isinstance(value, Computed):
            required = self.required(of.type, name)
            return value.of(self.true_selection(of, selection_set(required), above), **arguments)
        if isinstance(value, FromContext):
            taken = {each: self._taken(wanted, above) for each, wanted in value.wants.items()}
            return value.of(**arguments, **taken)
        if isinstance(value, Counted):
            count = self.turn
            self.turn += value.advances
            return value.of(count, **arguments)
        return value(**arguments) if callable(value) else value

    def _taken(self, wanted: Mapping[str, str], above: Sequence[Thing]) -> Any:
        position = next(number for number, each in enumerate(above) if each.type in wanted)
        path = wanted[above[position].type]
        return self._along(above[position], path.split("."), above[position + 1 :]) if path else None

    def _along(self, of: Any, path: Sequence[str], above: Sequence[Thing]) -> Any:
        if isinstance(of, list):
            return [self._along(each, path, above) for each in of]
        if not path or of is None:
            return of
        return self._along(self.true_value(of, path[0], {}, above), path[1:], (of, *above))

    def true_selection(self, of: Thing, selections: SelectionSetNode, above: Sequence[Thing] = ()) -> dict[str, Any]:
        """`{ client { id } }` of a thing, as JSON."""
        found: dict[str, Any] = {}
        for node in selections.selections:
            if isinstance(node, InlineFragmentNode):
                assert node.type_condition
                if self.supergraph.types[of.type].name in self.supergraph.possible(node.type_condition.name.value):
                    found.update(self.true_selection(of, node.selection_set, above))
            elif isinstance(node, FieldNode) and node.name.value != "__typename":
                arguments = get_argument_values(self.declared(of.type, node.name.value), node)
                value = self.true_value(of, node.name.value, arguments, above)
                found[node.name.value] = self._true_json(value, node.selection_set, (of, *above))
        return found

    def declared(self, type_name: str, name: str) -> GraphQLField:
        """A field as some subgraph declares it, though clients may not see it; without what contexts fill."""
        implemented = frozenset[str]().union(*self.supergraph.types[type_name].implements.values())
        names = (type_name, *sorted(implemented))
        types = (each.schema.type_map.get(one) for each in self.subgraphs.values() for one in names)
        found = next(each.fields[name] for each in types if isinstance(each, GraphQLObjectType) and name in each.fields)
        given = {name: each for name, each in found.args.items() if not _directives(each, "fromContext")}
        return GraphQLField(found.type, args=given)

    def hidden_defaults(self, type_name: str, info: GraphQLResolveInfo) -> dict[str, Any]:
        """What the arguments of a field are that clients may not give."""
        declared = self.declared(type_name, info.field_name)
        shown = info.parent_type.fields[info.field_name].args
        hidden = {name: each for name, each in declared.args.items() if name not in shown}
        if not hidden:
            return {}
        defaults = get_argument_values(GraphQLField(declared.type, args=hidden), FieldNode(name=NameNode(value="")))
        return dict(defaults)

    def _true_json(self, value: Any, below: SelectionSetNode | None, above: Sequence[Thing]) -> Any:
        if isinstance(value, list):
            return [self._true_json(each, below, above) for each in value]
        if isinstance(value, Thing):
            assert below
            return self.true_selection(value, below, above)
        return value


async def one_graph(world: World, schema: GraphQLSchema, query: str, variables: Mapping[str, Any]) -> ExecutionResult:
    """graphql-core's answer on `schema`, every field from the world's truth."""
    document = parse(query)
    broken = validate(schema, document)
    assert not broken, broken

    found: dict[tuple[str | int, ...], Thing] = {}

    def resolve(source: Thing | None, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        of = source or world.roots[info.parent_type.name]
        path = tuple(info.path.as_list())[:-1]
        found[path] = of
        above = [found[path[:length]] for length in range(len(path) - 1, -1, -1) if path[:length] in found]
        arguments |= world.hidden_defaults(of.type, info)
        return _shown(world.true_value(of, info.field_name, arguments, above), schema)

    world.turn = 0
    result = execute(
        schema,
        document,
        variable_values=dict(variables),
        field_resolver=resolve,
        type_resolver=lambda value, *_: value.type,
    )
    assert isinstance(result, ExecutionResult)
    return result


def _shown(value: Any, schema: GraphQLSchema) -> Any:
    """What clients may see: of a type that they may not, nothing."""
    if isinstance(value, list):
        return [_shown(each, schema) for each in value]
    return None if isinstance(value, Thing) and value.type not in schema.type_map else value


def selection_set(text: str) -> SelectionSetNode:
    """A field set as graphql-core's node."""
    (definition,) = parse("{" + text + "}").definitions
    assert isinstance(definition, OperationDefinitionNode)
    return definition.selection_set


@dataclass(slots=True, eq=False)
class _Seen:
    """A thing as one execution of one subgraph sees it: with what it was sent, and what a @provides granted."""

    thing: Thing
    sent: Mapping[str, Any] = field(default_factory=dict)
    provided: SelectionSetNode | None = None


class _Suspicious:
    """A subgraph that knows what its SDL says, and distrusts the gateway. The real EmbeddedSubgraph runs it."""

    def __init__(self, name: str, sdl: str, world: World) -> None:
        self.name = name
        self.world = world
        self.schema = _schema(sdl, self)
        self.keys = {
            each.name: [
                _argument(d, "fields") for d in _directives(each, "key") if _argument(d, "resolvable") is not False
            ]
            for each in self.schema.type_map.values()
            if isinstance(each, (GraphQLObjectType, GraphQLInterfaceType))
        }
        self.requires = {
            (each.name, name): _argument(directive, "fields")
            for each in self.schema.type_map.values()
            if isinstance(each, GraphQLObjectType)
            for name, declared in each.fields.items()
            for directive in _directives(declared, "requires")
        }
        self.overrides = {
            (each.name, name): (_argument(directive, "from"), _argument(directive, "label"))
            for each in self.schema.type_map.values()
            if isinstance(each, GraphQLObjectType)
            for name, declared in each.fields.items()
            for directive in _directives(declared, "override")
        }
        self.real = EmbeddedSubgraph(name, self.schema, make_context=lambda context: context)

    def compile(self, operation: SubgraphOperation) -> CompiledDocument:
        """Parses and validates, as no embedded subgraph would."""
        for error in validate(self.schema, parse(operation.text)):
            self.world.complaints.append(f"{self.name} can't be asked {operation.text}: {error.message}")
        return self.real.compile(operation)

    async def execute(self, compiled: CompiledDocument, inputs: Inputs, context: RequestContext) -> SubgraphAnswer:
        """Counts, waits where the test wants it to, answers, and twists the answer where the test wants that."""
        sent = tuple(tuple(dict(each) for each in call) for call in inputs.representations)
        variables = {name: inputs.variables[name] for name in compiled.operation.variables if name in inputs.variables}
        self.world.asked.append(Asked(self.name, compiled.operation.text, sent, variables))
        if before := self.world.before.get(self.name):
            await before()
        answer = await self.real.execute(compiled, inputs, context)
        twist = self.world.twists.get(self.name)
        return twist(answer) if twist else answer

    # entities
    def entities(self, _: object, info: GraphQLResolveInfo, representations: list[dict[str, Any]]) -> list[Any]:
        texts = [repr(each) for each in representations]
        if len(set(texts)) < len(texts):
            self._complain(f"is asked for one entity twice: {texts}")
        return [self._entity(each) for each in representations]

    def _entity(self, representation: dict[str, Any]) -> Any:
        type_name = representation["__typename"]
        keys = self.keys.get(type_name)
        if not keys:
            self._complain(f"has no resolvable key for {representation}")
            return None
        self._check_shape(representation, type_name)
        usable = [key for key in keys if _holds(representation, selection_set(key))]
        if not usable:
            self._complain(f"finds none of its keys {keys} in {representation}")
            return None
        for each in self.world.named(type_name):
            if all(
                self.world.true_selection(each, selection_set(key))
                == _only(representation, selection_set(key), self.is_possible)
                for key in usable
            ):
                if self.name in each.unknown_to:
                    self.world.seen.update(("unknown", self.name, type_name, key) for key in usable)
                    return None
                self.world.seen.update(("key", self.name, type_name, key) for key in usable)
                if error := self.world.faulty and self.world.faulty(self.name, type_name, "_entities", each):
                    return error
                return _Seen(each, representation)
        return None

    def _check_shape(self, representation: Mapping[str, Any], type_name: str) -> None:
        declared = self.schema.type_map[type_name]
        if isinstance(declared, GraphQLUnionType) or not hasattr(declared, "fields"):
            return
        for name, value in representation.items():
            if name == "__typename":
                continue
            if name not in declared.fields:
                if not isinstance(declared, GraphQLInterfaceType):
                    self._complain(f"knows no {type_name}.{name}, but was sent it in {representation}")
                continue
            below = get_named_type(declared.fields[name].type).name
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, dict):
                    self._check_shape(each, below)

    # fields
    def resolve(self, source: _Seen | None, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        seen = source or _Seen(self.world.roots[info.parent_type.name])
        type_name, name = info.parent_type.name, info.field_name
        declared = info.parent_type.fields[name]
        node = _directives(declared, "provides")
        granted = selection_set(_argument(node[0], "fields")) if node else None
        self.world.seen.add(("field", self.name, type_name, name))
        if self._is_external(info.parent_type, name):
            self.world.seen.add(("provided", self.name, type_name, name))
            if not _grants(seen, name, self):
                self._complain(f"was asked for {type_name}.{name}, which is external there")
        if self.world.is_elsewhere(self.name, type_name, name) and not _grants(seen, name, self):
            self._complain(f"was asked for {type_name}.{name}, which another resolves")
        faulty = self.world.faulty
        if faulty and (error := faulty(self.name, type_name, name, seen.thing)):
            raise error
        value = self._value(seen, type_name, name, arguments)
        if value is None:
            self.world.seen.add(("null", self.name, type_name, name))
        below = _below(seen.provided, name, type_name, self)
        return self._seen(value, _both(granted, below))

    def _value(self, seen: _Seen, type_name: str, name: str, arguments: Mapping[str, Any]) -> Any:
        value = seen.thing.values.get(name)
        if isinstance(value, Computed) and (required := self.requires.get((type_name, name))):
            wanted = selection_set(required)
            if not _sent_all(seen.sent, wanted):
                self._complain(f"needs {{ {required} }} for {type_name}.{name}, but was sent {seen.sent}")
                return None
            return value.of(_only(seen.sent, wanted, self.is_possible), **arguments)
        if isinstance(value, FromContext):
            if missing := value.wants.keys() - arguments.keys():
                self._complain(f"was asked for {type_name}.{name} without {missing}")
                return None
            return value.of(**arguments)
        return self.world.true_value(seen.thing, name, arguments)

    def _seen(self, value: Any, provided: SelectionSetNode | None) -> Any:
        if isinstance(value, list):
            return [self._seen(each, provided) for each in value]
        return _Seen(value, {}, provided) if isinstance(value, Thing) else value

    def _is_external(self, parent: GraphQLObjectType, name: str) -> bool:
        if not (_directives(parent.fields[name], "external") or _directives(parent, "external")):
            return False
        return not any(name in _names(selection_set(_argument(d, "fields"))) for d in _directives(parent, "key"))

    def is_possible(self, type_name: str, on: str) -> bool:
        """Whether an object of `type_name` satisfies `... on`, here."""
        condition = self.schema.type_map[on]
        if isinstance(condition, (GraphQLInterfaceType, GraphQLUnionType)):
            return any(each.name == type_name for each in self.schema.get_possible_types(condition))
        return type_name == on

    def _complain(self, text: str) -> None:
        self.world.complaints.append(f"{self.name} {text}")


def _schema(sdl: str, subgraph: _Suspicious) -> GraphQLSchema:
    """The subgraph's own schema with `_entities`, resolvers attached."""
    plain = build_schema(sdl, assume_valid=True, assume_valid_sdl=True)
    entities = [
        each.name
        for each in plain.type_map.values()
        if isinstance(each, GraphQLObjectType) and _directives(each, "key")
    ]
    added = "scalar _Any type _Service { sdl: String }"
    root = "extend type Query" if plain.query_type else "type Query"
    if entities:
        added += f" union _Entity = {' | '.join(entities)}"
        added += f" {root} {{ _entities(representations: [_Any!]!): [_Entity]! _service: _Service! }}"
    else:
        added += f" {root} {{ _service: _Service! }}"
    schema = build_schema(f"{sdl}\n{added}", assume_valid=True, assume_valid_sdl=True)
    for each in schema.type_map.values():
        if isinstance(each, GraphQLObjectType) and not each.name.startswith("_"):
            for name, declared in each.fields.items():
                declared.resolve = subgraph.entities if name == "_entities" else subgraph.resolve
        elif isinstance(each, (GraphQLInterfaceType, GraphQLUnionType)):
            each.resolve_type = lambda value, *_: _known_type(value, schema)
    return schema


def _known_type(seen: _Seen, schema: GraphQLSchema) -> str:
    """The thing's type; where the subgraph only has an interface object of it, that."""
    return seen.thing.type if seen.thing.type in schema.type_map else str(seen.sent["__typename"])


def _directives(declared: Any, name: str) -> list[Any]:
    nodes = [declared.ast_node, *(getattr(declared, "extension_ast_nodes", None) or ())]
    return [each for node in nodes if node for each in node.directives or () if each.name.value == name]


def _argument(directive: Any, name: str) -> Any:
    found = [value_from_ast_untyped(each.value) for each in directive.arguments if each.name.value == name]
    return found[0] if found else None


def _names(selections: SelectionSetNode) -> set[str]:
    return {each.name.value for each in selections.selections if isinstance(each, FieldNode)}


def _fields(selections: SelectionSetNode) -> Iterator[FieldNode]:
    for each in selections.selections:
        if isinstance(each, FieldNode):
            yield each
        elif isinstance(each, InlineFragmentNode):
            yield from _fields(each.selection_set)


def _holds(sent: Any, wanted: SelectionSetNode) -> bool:
    """Whether everything is there and not null: what a key must be."""
    if isinstance(sent, list):
        return all(_holds(each, wanted) for each in sent)
    return isinstance(sent, dict) and all(
        sent.get(each.name.value) is not None
        and (each.selection_set is None or _holds(sent[each.name.value], each.selection_set))
        for each in _fields(wanted)
    )


def _sent_all(sent: Any, wanted: SelectionSetNode) -> bool:
    """Whether everything is there, null or not: what a @requires needs. Fragments may be left out."""
    if sent is None:
        return True
    if isinstance(sent, list):
        return all(_sent_all(each, wanted) for each in sent)
    plain = [each for each in wanted.selections if isinstance(each, FieldNode) and each.name.value != "__typename"]
    return isinstance(sent, dict) and all(
        each.name.value in sent and (each.selection_set is None or _sent_all(sent[each.name.value], each.selection_set))
        for each in plain
    )


def _only(sent: Any, wanted: SelectionSetNode, holds: Callable[[str, str], bool]) -> Any:
    """What `wanted` names of it, and nothing else; `holds(type, condition)` decides on fragments."""
    if isinstance(sent, list):
        return [_only(each, wanted, holds) for each in sent]
    if not isinstance(sent, dict):
        return sent
    found: dict[str, Any] = {}
    for each in wanted.selections:
        if isinstance(each, InlineFragmentNode):
            assert each.type_condition
            if holds(sent.get("__typename", ""), each.type_condition.name.value):
                found.update(_only(sent, each.selection_set, holds))
        elif isinstance(each, FieldNode) and each.name.value in sent and each.name.value != "__typename":
            value = sent[each.name.value]
            found[each.name.value] = _only(value, each.selection_set, holds) if each.selection_set else value
    return found


def _grants(seen: _Seen, name: str, subgraph: _Suspicious) -> bool:
    return any(each.name.value == name for each in _granted(seen.provided, seen.thing.type, subgraph))


def _granted(provided: SelectionSetNode | None, type_name: str, subgraph: _Suspicious) -> Iterator[FieldNode]:
    for each in provided.selections if provided else ():
        if isinstance(each, FieldNode):
            yield each
        elif (
            isinstance(each, InlineFragmentNode)
            and each.type_condition
            and subgraph.is_possible(type_name, each.type_condition.name.value)
        ):
            yield from _granted(each.selection_set, type_name, subgraph)


def _below(
    provided: SelectionSetNode | None, name: str, type_name: str, subgraph: _Suspicious
) -> SelectionSetNode | None:
    found = [
        each.selection_set
        for each in _granted(provided, type_name, subgraph)
        if each.name.value == name and each.selection_set
    ]
    return _both(*found) if found else None


def _both(*sets: SelectionSetNode | None) -> SelectionSetNode | None:
    held = [each for each in sets if each]
    if not held:
        return None
    return SelectionSetNode(selections=tuple(node for each in held for node in each.selections))


def coded(message: str, code: str = "BROKEN") -> GraphQLError:
    """An error as resolvers raise it on purpose."""
    return GraphQLError(message, extensions={"code": code})
