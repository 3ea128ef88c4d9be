"""A request made ready for planning.

A  read       text -> Document: parsed, validated against the API schema (cached by text)
B  choose     Document + name -> the one operation to run
C  coerce     its variables, as GraphQL says (spec, section 6.1.2)
D  prepare    fragments spread, @skip/@include applied, equal fields joined -> Operation (cached by the booleans)
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from graphql import (
    GraphQLCompositeType,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_composite_type,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values
from graphql.language import (
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    visit,
)
from graphql.validation.rules import overlapping_fields_can_be_merged as overlapping
from graphql.validation.validate import ValidationAbortedError

from gateway.coercing import Coercing, Unsure
from gateway.errors import BadVariables, OperationNotFound, OverLimit, SyntaxRefused, ValidationRefused
from gateway.selections import Field, Fragment, Selection, Selections, fields_in

__all__ = ["Document", "Kind", "Operation", "choose", "coerce", "conditions", "prepare", "read"]

Kind = Literal["query", "mutation", "subscription"]
_KINDS: Mapping[OperationType, Kind] = {
    OperationType.QUERY: "query",
    OperationType.MUTATION: "mutation",
    OperationType.SUBSCRIPTION: "subscription",
}
_INTROSPECTION = {"__schema", "__type"}
_MOST_ERRORS = 20
_TOO_MANY_ERRORS = "Too many validation errors"  # the other reason for which graphql-core gives up

# Whether two fields of one name fit is asked of each pair, so 4,000 tokens of equal fields took 1 s of CPU with
# graphql-core's own budget, ten times this one. Forty components' fragments on one object, with two lists each, fit in.
overlapping.MAX_COMPLEXITY_BUDGET = 50_000
_MOST_INTROSPECTIONS = 10  # of the whole schema each, in one request; tools send one


@dataclass(frozen=True, slots=True)
class Document:
    """A valid document: its operations by name (None for the anonymous one) and its fragments by name."""

    operations: Mapping[str | None, OperationDefinitionNode]
    fragments: Mapping[str, FragmentDefinitionNode]
    condition_variables: tuple[str, ...]  # the variables that @skip and @include ask, sorted


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """What is asked of the supergraph, for one way that @skip and @include went.

    `introspection` holds the root fields `__schema` and `__type`, which need no subgraph.
    """

    kind: Kind
    name: str | None
    selections: Selections
    introspection: tuple[FieldNode, ...]
    response_keys: tuple[str, ...]  # of the root, introspection included, in the client's order
    variable_definitions: Mapping[str, VariableDefinitionNode]
    fragments: Mapping[str, FragmentDefinitionNode]


def read(text: str, schema: GraphQLSchema) -> Document:
    """The document in `text`; SyntaxRefused or ValidationRefused with every broken rule and its place."""
    try:
        node = parse(text)
    except GraphQLError as error:
        raise SyntaxRefused(error.message, causes=[error]) from error
    except RecursionError as error:
        raise OverLimit("the document is nested too deeply to be read", code="DOCUMENT_TOO_DEEP") from error
    broken = validate(schema, node, max_errors=_MOST_ERRORS)
    if broken and _gave_up(broken[-1]):
        message = "the document asks for the same fields too often in one place: ask for each once"
        raise OverLimit(message, code="QUERY_TOO_COMPLEX")
    if broken:
        raise ValidationRefused("the document is not valid for this graph", causes=broken)
    definitions = node.definitions
    operations = [each for each in definitions if isinstance(each, OperationDefinitionNode)]
    return Document(
        operations={each.name.value if each.name else None: each for each in operations},
        fragments={each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)},
        condition_variables=_condition_variables(node),
    )


def _gave_up(error: GraphQLError) -> bool:
    return isinstance(error, ValidationAbortedError) and not error.message.startswith(_TOO_MANY_ERRORS)


def choose(document: Document, name: str | None) -> OperationDefinitionNode:
    """The operation called `name`, or the only one (GraphQL spec, GetOperation)."""
    if name is not None:
        if found := document.operations.get(name):
            return found
        known = ", ".join(sorted(each for each in document.operations if each)) or "none with a name"
        raise OperationNotFound(f"the document has no operation named {name!r}; it has: {known}")
    if len(document.operations) != 1:
        raise OperationNotFound("the document has several operations: send operationName with the request")
    return next(iter(document.operations.values()))


def coerce(operation: OperationDefinitionNode, given: Mapping[str, Any], coercing: Coercing) -> dict[str, Any]:
    """The variables' values with defaults filled in; BadVariables names each that is missing or of a wrong type."""
    with suppress(Unsure):
        return coercing.coerce(operation, given)
    values = get_variable_values(
        coercing.schema, operation.variable_definitions or (), dict(given), max_errors=_MOST_ERRORS
    )
    if isinstance(values, list):
        raise BadVariables("the variables don't fit the operation", causes=values)
    return dict(values.coerced)


def conditions(document: Document, variables: Mapping[str, Any]) -> tuple[bool, ...]:
    """How @skip and @include go with these variables: with it a plan can be found again.

    BadVariables where one is null: a default lets `$if: Boolean = true` stand in a place that takes no null.
    """
    for name in document.condition_variables:
        if name in variables and variables[name] is None:
            raise BadVariables(f"${name} decides on @skip or @include and can't be null: send true or false")
    return tuple(bool(variables.get(name)) for name in document.condition_variables)


def prepare(
    document: Document,
    operation: OperationDefinitionNode,
    *,
    variables: Mapping[str, Any],
    schema: GraphQLSchema,
    most_fields: int = 5000,
    deepest: int = 30,
) -> Operation:
    """The operation with fragments spread and conditions applied; OverLimit where spreading makes it too large."""
    root = schema.get_root_type(operation.operation)
    assert root is not None  # validation refused it otherwise
    spreader = _Spreader(document, variables, schema, most_fields, deepest)
    selections = spreader.spread([operation.selection_set], root, depth=1)
    if len(spreader.introspection) > _MOST_INTROSPECTIONS:
        message = f"the operation asks for __schema or __type more than {_MOST_INTROSPECTIONS} times: ask less often"
        raise OverLimit(message, code="QUERY_TOO_COMPLEX")
    kind = _KINDS[operation.operation]
    return Operation(
        kind=kind,
        name=operation.name.value if operation.name else None,
        selections=tuple(_effects(selections) if kind == "mutation" else _questions(selections)),
        introspection=tuple(spreader.introspection),
        response_keys=tuple(each.response_key for each in fields_in(selections)),
        variable_definitions={each.variable.name.value: each for each in operation.variable_definitions or ()},
        fragments=document.fragments,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Narrowed:
    """Selection sets for objects of one type."""

    on: str
    sets: list[SelectionSetNode]


@dataclass(slots=True, eq=False)
class _Collected:
    """Fields by response key and fragments, in the client's order: where a key or a type first stands (spec, 6.3.2)."""

    fields: dict[str, list[FieldNode]] = field(default_factory=dict)
    order: list[str | _Narrowed] = field(default_factory=list)

    def add_field(self, node: FieldNode) -> None:
        key = node.alias.value if node.alias else node.name.value
        if key not in self.fields:
            self.order.append(key)
        self.fields.setdefault(key, []).append(node)

    def add_fragment(self, on: str, selection_set: SelectionSetNode) -> None:
        """Joined with the one before it if that is for the same type; further back the order would change."""
        last = self.order[-1] if self.order else None
        if isinstance(last, _Narrowed) and last.on == on:
            last.sets.append(selection_set)
        else:
            self.order.append(_Narrowed(on, [selection_set]))


class _Spreader:
    """One walk over an operation; it counts what it makes, as fragments can multiply a small document."""

    def __init__(
        self,
        document: Document,
        variables: Mapping[str, Any],
        schema: GraphQLSchema,
        most_fields: int,
        deepest: int,
    ) -> None:
        self.fragments = document.fragments
        self.variables = variables
        self.schema = schema
        self.fields_left = most_fields
        self.most_fields = most_fields
        self.deepest = deepest
        self.introspection: list[FieldNode] = []

    def spread(self, sets: Iterable[SelectionSetNode], parent: GraphQLCompositeType, *, depth: int) -> Selections:
        """The selections of several selection sets on one type, equal response keys joined, in the client's order."""
        if depth > self.deepest:
            raise OverLimit(f"the operation is nested deeper than {self.deepest} levels", code="DOCUMENT_TOO_DEEP")
        collected = _Collected()
        for each in sets:
            self._collect(each, parent, collected)
        return tuple(self._selected(collected, parent, depth))

    def _selected(self, collected: "_Collected", parent: GraphQLCompositeType, depth: int) -> Iterator[Selection]:
        for each in collected.order:
            if isinstance(each, str):
                yield self._field(collected.fields[each], parent, depth)
            elif inner := self.spread(each.sets, self._composite(each.on), depth=depth):
                yield Fragment(each.on, inner)

    def _collect(
        self,
        selection_set: SelectionSetNode,
        parent: GraphQLCompositeType,
        collected: "_Collected",
    ) -> None:
        for node in selection_set.selections:
            if not self._included(node.directives or ()):
                continue
            self._count()
            if isinstance(node, FieldNode):
                collected.add_field(node)
                continue
            condition, inner = self._fragment(node)
            match self._relation(parent, condition):
                case "always":
                    self._collect(inner, parent, collected)
                case "sometimes":
                    assert condition is not None
                    collected.add_fragment(condition, inner)
                case _:
                    pass  # no object can be both: nothing of it can ever be answered

    def _field(self, nodes: list[FieldNode], parent: GraphQLCompositeType, depth: int) -> Field:
        first = nodes[0]
        name = first.name.value
        key = first.alias.value if first.alias else name
        if name in _INTROSPECTION:
            self.introspection.extend(nodes)
            return Field(name, key)
        if name == "__typename" or isinstance(parent, GraphQLUnionType):
            return Field(name, key)
        field_type = get_named_type(parent.fields[name].type)
        below: Selections = ()
        if is_composite_type(field_type):
            sets = [node.selection_set for node in nodes if node.selection_set]
            # @skip may leave nothing: the object is asked for all the same, and answered as {}
            below = self.spread(sets, field_type, depth=depth + 1) or (Fragment(field_type.name, ()),)
        return Field(name, key, tuple(first.arguments or ()), below)

    def _fragment(self, node: Node) -> tuple[str | None, SelectionSetNode]:
        if isinstance(node, FragmentSpreadNode):
            definition = self.fragments[node.name.value]
            return definition.type_condition.name.value, definition.selection_set
        assert isinstance(node, InlineFragmentNode)
        return node.type_condition.name.value if node.type_condition else None, node.selection_set

    def _relation(self, parent: GraphQLCompositeType, condition: str | None) -> Literal["always", "sometimes", "never"]:
        if condition is None or condition == parent.name:
            return "always"
        here, there = self._possible(parent), self._possible(self._composite(condition))
        if not here & there:
            return "never"
        # Only an object satisfies a wider condition for good: a subgraph may know more members of an interface.
        return "always" if isinstance(parent, GraphQLObjectType) else "sometimes"

    def _possible(self, composite: GraphQLCompositeType) -> set[str]:
        if isinstance(composite, (GraphQLInterfaceType, GraphQLUnionType)):
            return {each.name for each in self.schema.get_possible_types(composite)}
        return {composite.name}

    def _composite(self, name: str) -> GraphQLCompositeType:
        found = self.schema.type_map[name]
        assert is_composite_type(found)
        return found

    def _included(self, directives: Iterable[DirectiveNode]) -> bool:
        for directive in directives:
            if directive.name.value in ("skip", "include"):
                wanted = directive.name.value == "include"
                if self._boolean(directive) != wanted:
                    return False
        return True

    def _boolean(self, directive: DirectiveNode) -> bool:
        (value,) = (argument.value for argument in directive.arguments or ())  # `if` and nothing else: it is valid
        if isinstance(value, VariableNode):
            return bool(self.variables.get(value.name.value))
        assert isinstance(value, BooleanValueNode)
        return value.value

    def _count(self) -> None:
        self.fields_left -= 1
        if self.fields_left < 0:
            message = f"the operation selects more than {self.most_fields} fields once its fragments are spread"
            raise OverLimit(message, code="DOCUMENT_TOO_LARGE")


def _questions(selections: Selections) -> Iterator[Field]:
    """The root fields that subgraphs answer. Fragments at the root are spread: its type is an object."""
    return (each for each in fields_in(selections) if each.name not in _INTROSPECTION)


def _effects(selections: Selections) -> Iterator[Field]:
    """The same of a mutation: asked twice under two aliases, a field has two effects."""
    return (replace(each, apart=each.response_key) for each in _questions(selections))


class _ConditionVariables(Visitor):
    """Collects the variables that decide on @skip and @include."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        if node.name.value in ("skip", "include"):
            self.names |= {
                each.value.name.value for each in node.arguments or () if isinstance(each.value, VariableNode)
            }


def _condition_variables(node: DocumentNode) -> tuple[str, ...]:
    visitor = _ConditionVariables()
    visit(node, visitor)
    return tuple(sorted(visitor.names))
