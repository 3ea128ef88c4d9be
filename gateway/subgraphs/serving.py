"""One embedded subgraph alone, for whatever federation gateway stands before it.

    A  served     its schema, with `_service` and `_entities` as the subgraph specification wants them
    B  sdl        what `_service` tells: the schema without the federation's own machinery, printed once
    C  answer     read -> choose -> measure -> execute; what a resolver didn't say on purpose is masked

The gateway in front composes, plans and decides who may see what: it alone is let in here (gateway/http/gate.py).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from inspect import isawaitable
from typing import Any, TypeVar

from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLField,
    GraphQLFieldResolver,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLString,
    execute,
    parse,
    print_ast,
)
from graphql.language import (
    ConstDirectiveNode,
    DefinitionNode,
    DocumentNode,
    ObjectTypeDefinitionNode,
    OperationType,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    TypeDefinitionNode,
)

from gateway.cost import check_objects
from gateway.doors.viewer import Viewer
from gateway.errors import MutationRefused, SpojkaError, formatted
from gateway.operation import Document, Operation, choose, conditions, prepare, read
from gateway.request import GraphQLRequest, GraphQLResponse
from gateway.subgraphs.embedded import fault_of
from gateway.subgraphs.protocol import RequestContext
from gateway.subgraphs.representations import KeySets, key_sets, problem

__all__ = ["ServedSubgraph", "served_sdl"]

_MACHINERY = {"_Any", "_Entity", "_Service"}
_MACHINERY_FIELDS = {"_service", "_entities"}
_CACHED = 1000
Made = TypeVar("Made")


class ServedSubgraph:
    """Answers GraphQL requests on one subgraph's schema; `make_context` gives the resolvers' context of a request."""

    def __init__(
        self,
        name: str,
        schema: GraphQLSchema,
        *,
        sdl: str,
        make_context: Callable[[RequestContext], object],
        clock: Callable[[], datetime],
        most_objects: int = 20_000,
    ) -> None:
        self.name = name
        self._most_objects = most_objects
        self.sdl = served_sdl(sdl)
        self._schema = _served(schema, self.sdl)
        self._make_context = make_context
        self._clock = clock
        self._documents = lru_cache(maxsize=_CACHED)(self._read)
        self._measured = lru_cache(maxsize=_CACHED)(self._measure)

    async def answer(self, request: GraphQLRequest, viewer: Viewer) -> GraphQLResponse:
        """The answer with its errors; never raises for what the client or a resolver does wrong."""
        try:
            document = self._document(request)
        except SpojkaError as error:
            return GraphQLResponse(errors=tuple(formatted(error)), executed=False)
        result = await self._run(document, request, RequestContext(now=self._clock(), viewer=viewer))
        errors = [self._entry(error) for error in result.errors or ()]
        # A variable that doesn't fit is an error without a path, and nothing has run.
        executed = result.data is not None or any("path" in each for each in errors)
        return GraphQLResponse(data=result.data, errors=tuple(errors), executed=executed)

    def _document(self, request: GraphQLRequest) -> DocumentNode:
        document = self._documents(request.query)
        operation = choose(document, request.operation_name)
        if operation.operation != OperationType.QUERY and not request.allow_mutations:
            raise MutationRefused("this request may only query: send a mutation with POST")
        # A default decides where the request says nothing; so a variable that is missing is no reason to refuse here.
        measured = self._measured(request.query, request.operation_name, conditions(document, request.variables))
        check_objects(measured, self._schema, request.variables, most=self._most_objects)
        return DocumentNode(definitions=(operation, *document.fragments.values()))

    def _read(self, text: str) -> Document:
        return read(text, self._schema)

    def _measure(self, text: str, name: str | None, conditions: tuple[bool, ...]) -> Operation:
        """The operation with its fragments spread; OverLimit where they make much of little."""
        document = self._documents(text)
        variables = dict(zip(document.condition_variables, conditions, strict=True))
        return prepare(document, choose(document, name), variables=variables, schema=self._schema)

    async def _run(self, document: DocumentNode, request: GraphQLRequest, context: RequestContext) -> ExecutionResult:
        running = execute(
            self._schema,
            document,
            context_value=self._make_context(context),
            variable_values=dict(request.variables),
        )
        return await running if isawaitable(running) else running

    def _entry(self, error: GraphQLError) -> Mapping[str, Any]:
        fault = fault_of(self.name, error)
        entry: dict[str, Any] = {"message": fault.message, "extensions": fault.extensions}
        if error.locations:
            entry["locations"] = [each.formatted for each in error.locations]
        if fault.path:
            entry["path"] = list(fault.path)
        return entry


def served_sdl(sdl: str) -> str:
    """The SDL as a composer wants it: without `_service`, `_entities` and their types.

    `schema @link(...) { query: Query }` becomes `extend schema @link(...)`: of a subgraph that has only entities,
    nothing is left of the query type.
    """
    kept = [each for definition in parse(sdl, no_location=True).definitions for each in _stripped(definition)]
    return print_ast(DocumentNode(definitions=tuple(kept))) + "\n"


def _stripped(definition: DefinitionNode) -> Sequence[Any]:
    if isinstance(definition, SchemaDefinitionNode):
        return _extension(definition.directives or ())
    if isinstance(definition, TypeDefinitionNode) and definition.name.value in _MACHINERY:
        return ()
    if not isinstance(definition, ObjectTypeDefinitionNode):
        return (definition,)
    fields = tuple(each for each in definition.fields or () if each.name.value not in _MACHINERY_FIELDS)
    if len(fields) == len(definition.fields or ()):
        return (definition,)
    if not fields:
        return ()
    return (
        ObjectTypeDefinitionNode(
            description=definition.description,
            name=definition.name,
            directives=definition.directives,
            interfaces=definition.interfaces,
            fields=fields,
        ),
    )


def _extension(directives: Sequence[ConstDirectiveNode]) -> Sequence[SchemaExtensionNode]:
    return [SchemaExtensionNode(directives=tuple(directives), operation_types=())] if directives else []


def _served(schema: GraphQLSchema, sdl: str) -> GraphQLSchema:
    """`schema` with a query type of its own, so that whoever else uses it in this process sees no change."""
    query = schema.query_type
    assert query is not None, "a federation schema has _service"
    told = GraphQLField(GraphQLNonNull(GraphQLString), resolve=lambda *_: sdl)
    service = GraphQLObjectType("_Service", {"sdl": told})
    fields = {**query.fields, "_service": GraphQLField(GraphQLNonNull(service), resolve=lambda *_: ())}
    if entities := fields.get("_entities"):
        resolve = _EntitiesResolver(entities.resolve, key_sets(parse(sdl, no_location=True)))
        fields["_entities"] = _changed(GraphQLField, entities, resolve=resolve)
    own = _changed(GraphQLObjectType, query, fields=fields)
    types = tuple(each for name, each in schema.type_map.items() if name not in (query.name, service.name))
    return _changed(GraphQLSchema, schema, query=own, types=types)


def _changed(kind: Callable[..., Made], original: Any, **parts: Any) -> Made:
    """A copy of a part of a schema, with some of it different."""
    return kind(**{**original.to_kwargs(), **parts})


@dataclass(frozen=True, slots=True)
class _EntitiesResolver:
    """Hands on what can be resolved; each of the others is an error at its own place in the list."""

    resolve: GraphQLFieldResolver | None
    keys: KeySets

    def __call__(self, source: Any, info: GraphQLResolveInfo[Any], representations: list[Any]) -> list[Any]:
        assert self.resolve is not None
        refused = [problem(each, self.keys, info.schema) for each in representations]
        # Copies: strawberry takes `__typename` out of them.
        good = [dict(each) for each, why in zip(representations, refused, strict=True) if why is None]
        found = iter(self.resolve(source, info, representations=good))
        return [next(found) if why is None else _refusal(index, why) for index, why in enumerate(refused)]


def _refusal(index: int, why: str) -> GraphQLError:
    return GraphQLError(f"representations[{index}]: {why}", extensions={"code": "BAD_USER_INPUT"})
