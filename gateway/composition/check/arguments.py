"""The arguments in a @requires: the gateway sends them to whoever resolves the field, so the supergraph has them."""

from graphql import (
    GraphQLSchema,
    KnownArgumentNamesRule,
    ProvidedRequiredArgumentsRule,
    ValuesOfCorrectTypeRule,
    parse,
    validate,
)

from gateway.composition.elements import ObjectType, applications
from gateway.composition.field_sets import parse_field_set, text_of
from gateway.composition.problems import Report
from gateway.composition.subgraph import Subgraph

__all__ = ["check_required_arguments"]

_RULES = (KnownArgumentNamesRule, ProvidedRequiredArgumentsRule, ValuesOfCorrectTypeRule)


def check_required_arguments(schema: GraphQLSchema, subgraph: Subgraph, *, report: Report) -> None:
    """REQUIRES_INVALID_FIELDS for each argument in a @requires that the supergraph lacks, demands or can't read."""
    for found in subgraph.types.values():
        if not isinstance(found, ObjectType):
            continue
        for field in found.fields.values():
            for applied in applications(field, "requires"):
                text = text_of(parse_field_set(str(applied.arguments.get("fields"))))
                document = parse(f"fragment Required on {found.name} {{ {text} }}", no_location=True)
                for error in validate(schema, document, _RULES):
                    report.problem(
                        "REQUIRES_INVALID_FIELDS",
                        f"{subgraph.name}: @requires on {found.name}.{field.name} can't be sent, as {error.message}"
                        " Declare the argument alike in all subgraphs",
                        subgraphs=[subgraph.name],
                        coordinate=f"{found.name}.{field.name}",
                        line=applied.line,
                    )
