"""One request's story on one screen: read -> choose -> coerce -> authorize -> plan -> execute -> shape.

What depends only on the document is kept, in two bounded caches: documents by their text, plans by the operation, by
how @skip and @include went, by the viewer's standing and by the active labels of overrides. Nothing else outlives a
request.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Generic, TypeVar

from graphql import execute_sync
from graphql.language import DocumentNode, OperationDefinitionNode, OperationType, SelectionSetNode

from gateway.authorization.access import Access, Standing
from gateway.authorization.pruning import pruned
from gateway.coercing import Coercing
from gateway.composition.supergraph import Supergraph
from gateway.cost import check_objects, objects_of
from gateway.doors.viewer import Viewer
from gateway.doors.witness import NOTHING, Seen, Trace, Watched, Witness, seen_by, trace_of, watching
from gateway.errors import (
    AccessRefused,
    MutationRefused,
    RefusedField,
    RequestError,
    SpojkaError,
    formatted,
)
from gateway.execution import explaining
from gateway.execution.executing import PreparedRequest, execute
from gateway.execution.shaping import ObjectShape, Shaper, make_shape
from gateway.operation import Document, Operation, choose, coerce, conditions, prepare, read
from gateway.planning.labels import Labels
from gateway.planning.plan import Plan, Request
from gateway.planning.planner import make_plan
from gateway.request import GraphQLRequest, GraphQLResponse
from gateway.subgraphs.operation import written
from gateway.subgraphs.protocol import RequestContext, Subgraph

__all__ = ["Gateway", "Planned"]

_LARGE = 10_000  # characters: a thousand larger documents could fill the memory, and no honest one is

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True, slots=True, eq=False)
class Planned:
    """Everything about an operation that its variables don't change, for one kind of viewer.

    `operation` is what the client asked for; `refusal` says why nothing of it is carried out.
    """

    operation: Operation
    refusal: AccessRefused | None
    plan: Plan
    requests: tuple[PreparedRequest, ...]
    shape: ObjectShape
    trace: Trace
    most_objects: int  # whatever its variables say


class Gateway:
    """Answers GraphQL requests on a supergraph, through its subgraphs by name."""

    def __init__(
        self,
        supergraph: Supergraph,
        subgraphs: Mapping[str, Subgraph[Any]],
        *,
        cached: int = 1000,
        most_objects: int = 20_000,
        seconds: float = 60,
        witness: Witness | None = None,
        watched: Watched = NOTHING,
        access: Access | None = None,
        labels: Labels | None = None,
    ) -> None:
        self.supergraph = supergraph
        self.schema = supergraph.api_schema
        self._coercing = Coercing(self.schema)
        self._access = access or Access(supergraph)
        self._labels = labels or Labels()
        self._decided: dict[frozenset[str], Supergraph] = {}
        self._subgraphs = subgraphs
        self._most_objects = most_objects
        self._seconds = seconds
        self._witness = witness
        self._watched = watched if witness else NOTHING
        self._documents: _Cache[str, Document] = _Cache(cached)
        self._plans: _Cache[tuple[str, str | None, tuple[bool, ...], Standing, frozenset[str]], Planned] = _Cache(
            cached
        )

    async def answer(self, request: GraphQLRequest, context: RequestContext) -> GraphQLResponse:
        """The answer with its errors; never raises for what the client or a subgraph does wrong."""
        if self._witness is None:
            return await self._answer(request, context, None)
        with seen_by(self._witness, request, context) as seen:
            response = await self._answer(request, context, seen)
            seen.answered(response)
            return response

    async def _answer(self, request: GraphQLRequest, context: RequestContext, seen: Seen | None) -> GraphQLResponse:
        try:
            planned, variables = self.plan(request, context.viewer)
            if seen:
                seen.wanted(planned.operation, variables, self.schema)
            if planned.refusal:
                raise planned.refusal
            if seen and request.explain != "only":
                await seen.begin()
        except SpojkaError as error:
            return GraphQLResponse(errors=tuple(formatted(error)), executed=False)
        if request.explain == "only":
            return explaining.instead(planned.requests, context)
        tree = await execute(planned.requests, variables, context, seconds=self._seconds)
        if seen:
            seen.met(planned.trace, tree.data)
        shaper = Shaper()
        data = shaper.answer(tree.data, planned.shape, tree.failures)
        shaper.log(context.request_id)
        if data is not None and planned.operation.introspection:
            data = self._with_introspection(data, planned.operation, variables)
        extensions = explaining.beside(request, planned.requests, context)
        return GraphQLResponse(data=data, errors=tuple(shaper.errors), extensions=extensions)

    def plan(self, request: GraphQLRequest, viewer: Viewer) -> tuple[Planned, dict[str, Any]]:
        """How the request will be answered, and its variables; SpojkaError says why it can't be."""
        size = len(request.query)
        try:
            return self._plan(request, self._access.standing(viewer), size)
        except RequestError as error:
            if self._access.is_closed_to(viewer):
                # What is wrong with a document tells of the schema.
                raise AccessRefused([RefusedField((), "send a token", "UNAUTHENTICATED")]) from error
            raise

    def _plan(self, request: GraphQLRequest, standing: Standing, size: int) -> tuple[Planned, dict[str, Any]]:
        document = self._documents.get_or_make(request.query, lambda: read(request.query, self.schema), size=size)
        operation = choose(document, request.operation_name)
        if operation.operation != OperationType.QUERY and not request.allow_mutations:
            raise MutationRefused("this request may only query: send a mutation with POST")
        variables = coerce(operation, request.variables, self._coercing)
        active = self._labels.active(self.supergraph.labels)
        key = (request.query, request.operation_name, conditions(document, variables), standing, active)
        planned = self._plans.get_or_make(
            key, lambda: self._make(document, operation, variables, standing, active), size=size
        )
        self._check_size(planned, variables)
        return planned, variables

    def _check_size(self, planned: Planned, variables: Mapping[str, Any]) -> None:
        """Only what could be too much is estimated again, with the variables as they are."""
        if planned.most_objects > self._most_objects:
            check_objects(planned.operation, self.schema, variables, most=self._most_objects)

    def _make(
        self,
        document: Document,
        node: OperationDefinitionNode,
        variables: Mapping[str, Any],
        standing: Standing,
        active: frozenset[str],
    ) -> Planned:
        operation = prepare(document, node, variables=variables, schema=self.schema)
        refusal = self._access.refusal(operation, standing)
        denied = self._access.denied(standing)
        if refusal:
            allowed = replace(operation, selections=())  # nothing of it is asked for, so nothing need be planned
        else:
            allowed = pruned(operation, denied, self.schema) if denied else operation
        watched = watching(allowed, self._watched, self.schema)
        plan = make_plan(watched, self._supergraph(active), self._access.guards(standing))
        root = self.supergraph.roots[operation.kind]
        requests = tuple(self._prepared(operation, each) for each in plan.requests)
        members = self.supergraph.possible
        shape = make_shape(operation.selections, root, plan=plan, schema=self.schema, members=members, denied=denied)
        most = objects_of(operation.selections, root, schema=self.schema)
        trace = trace_of(watched, plan, self._watched, self.schema)
        return Planned(operation, refusal, plan, requests, shape, trace, most)

    def _supergraph(self, active: frozenset[str]) -> Supergraph:
        """The supergraph while these labels are active: of n percentages there are n + 1."""
        if not self.supergraph.labels:
            return self.supergraph
        if active not in self._decided:
            self._decided[active] = self.supergraph.decided(active)
        return self._decided[active]

    def _prepared(self, operation: Operation, request: Request) -> PreparedRequest:
        subgraph = self._subgraphs[request.service]
        sent = written(request, operation.variable_definitions)
        return PreparedRequest(request, sent, subgraph, subgraph.compile(sent), partial(self._prepared, operation))

    def _with_introspection(self, data: dict[str, Any], operation: Operation, variables: Mapping[str, Any]) -> Any:
        """`__schema` and `__type` from the API schema itself, by graphql-core."""
        asked = OperationDefinitionNode(
            operation=OperationType.QUERY,
            variable_definitions=tuple(operation.variable_definitions.values()),
            selection_set=SelectionSetNode(selections=operation.introspection),
            directives=(),
        )
        document = DocumentNode(definitions=(asked, *operation.fragments.values()))
        found = execute_sync(self.schema, document, variable_values=dict(variables))
        everything = {**data, **(found.data or {})}
        return {key: everything[key] for key in operation.response_keys}


class _Cache(Generic[K, V]):
    """The last `most` values by key; the one that was not used for longest goes first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[K, V] = OrderedDict()

    def get_or_make(self, key: K, make: Callable[[], V], *, size: int) -> V:
        """The value; one that was made of more than `_LARGE` characters is made anew each time."""
        if key in self._held:
            self._held.move_to_end(key)
            return self._held[key]
        value = make()
        if size > _LARGE:
            return value
        self._held[key] = value
        if len(self._held) > self._most:
            self._held.popitem(last=False)
        return value
