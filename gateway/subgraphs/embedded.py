"""A subgraph in this process: a strawberry schema, without text or HTTP in between.

The operation is parsed once, when a plan is compiled; an execution starts at graphql-core's executor. Errors that a
resolver raised on purpose carry `extensions["code"]` and pass; anything else is masked, and logged in full.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any

from graphql import ExecutionResult, GraphQLError, GraphQLSchema, execute, parse
from graphql.language import DocumentNode

from gateway.subgraphs.operation import SubgraphOperation
from gateway.subgraphs.protocol import Inputs, RequestContext, SubgraphAnswer, SubgraphFault

__all__ = ["CompiledDocument", "EmbeddedSubgraph", "fault_of"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CompiledDocument:
    """A parsed operation that needs no validation: the planner wrote it for this schema."""

    document: DocumentNode
    operation: SubgraphOperation


class EmbeddedSubgraph:
    """Runs fetches on `schema`; `make_context` gives the resolvers' context for one execution."""

    def __init__(self, name: str, schema: GraphQLSchema, *, make_context: Callable[[RequestContext], object]) -> None:
        self.name = name
        self._schema = schema
        self._make_context = make_context

    def compile(self, operation: SubgraphOperation) -> CompiledDocument:
        """Parses; nothing else can be known before the representations are."""
        return CompiledDocument(parse(operation.text, no_location=True), operation)

    async def execute(self, compiled: CompiledDocument, inputs: Inputs, context: RequestContext) -> SubgraphAnswer:
        """The resolvers' answer, with every fault told apart from a null."""
        result = await self._run(compiled, inputs, context)
        return SubgraphAnswer(result.data, [fault_of(self.name, error) for error in result.errors or ()])

    async def _run(self, compiled: CompiledDocument, inputs: Inputs, context: RequestContext) -> ExecutionResult:
        variables = dict(_variables(compiled.operation, inputs))
        running = execute(
            self._schema,
            compiled.document,
            context_value=self._make_context(context),
            variable_values=variables,
        )
        return await running if isawaitable(running) else running


def fault_of(service: str, error: GraphQLError) -> SubgraphFault:
    """What may be told of an error, at its own path; anything that nobody raised on purpose is masked and logged."""
    extensions = dict(error.extensions or {})
    path = tuple(error.path or ())
    if "code" in extensions or _is_graphqls_own(error):
        code = extensions.pop("code", "BAD_USER_INPUT" if _is_about_input(error) else "SUBGRAPH_ERROR")
        return SubgraphFault(error.message, path, {"code": code, **extensions, "service": service})
    log.error("%s failed at %s", service, ".".join(map(str, path)), exc_info=error.original_error)
    message = f"{service} failed to answer: its log has the reason"
    return SubgraphFault(message, path, {"code": "INTERNAL_SERVER_ERROR", "service": service})


def _variables(operation: SubgraphOperation, inputs: Inputs) -> Iterator[tuple[str, Any]]:
    for name, representations in zip(operation.entity_variables, inputs.representations, strict=True):
        yield name, [dict(each) for each in representations]  # strawberry takes `__typename` out of them
    for name in operation.variables:
        if name in inputs.variables:
            yield name, inputs.variables[name]


def _is_graphqls_own(error: GraphQLError) -> bool:
    """Whether graphql-core itself says so: a null where none may be, a variable that doesn't fit."""
    cause = error.original_error
    return cause is None or isinstance(cause, GraphQLError) or not error.path


def _is_about_input(error: GraphQLError) -> bool:
    """A variable (then nothing ran, and there is no path) or an argument that the schema's scalar refused.

    graphql-core says the latter in words only.
    """
    return not error.path or error.message.startswith("Argument '")
