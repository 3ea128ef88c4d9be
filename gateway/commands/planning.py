"""`spojka plan` and `spojka fetches`: how a query is answered, before anybody is asked.

plan     the plan, in the grammar of Apollo's query plans
fetches  each request of it as the subgraph receives it

1  sales, at once
   query($id: ID!) { client(id: $id) { name id } }
   $id: the client's

2  billing, after 1
   query($representations: [_Any!]!) { _entities(representations: $representations) { ... on Client { balance } } }
   $representations: every object at client, as
     ... on Client {
       __typename
       id
     }
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import click
from graphql.language import VariableDefinitionNode

from gateway import company
from gateway.commands.composing import read_supergraph
from gateway.composition.supergraph import Supergraph
from gateway.operation import choose, prepare, read
from gateway.planning.plan import Plan, Request
from gateway.planning.planner import make_plan
from gateway.planning.printing import place_of, print_plan, represented
from gateway.subgraphs.operation import written

__all__ = ["fetches", "plan", "planned"]


def _of_a_query(command: Callable[..., None]) -> Callable[..., None]:
    """The argument and the options of both commands."""
    supergraph = click.option(
        "--supergraph",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Plan for the supergraph in this file instead of the company's.",
    )
    operation = click.option("--operation", help="The operation to plan, where the document has several.")
    return click.argument("query")(operation(supergraph(command)))


@click.command()
@_of_a_query
def plan(query: str, operation: str | None, supergraph: Path | None) -> None:
    """Print how QUERY is answered, in the grammar of Apollo's query plans.

    QUERY is a document, a file that holds one, or - for standard input. If this looks wrong, look in
    gateway/planning: solving.py (which subgraph, which key), committing.py (what waits for what), gathering.py (what
    travels together).
    """
    made, _ = _planned(query, operation, supergraph)
    click.echo(print_plan(made), nl=False)


@click.command()
@_of_a_query
def fetches(query: str, operation: str | None, supergraph: Path | None) -> None:
    """Print what is sent where for QUERY: each request's subgraph, document and variables, and what it waits for.

    QUERY is a document, a file that holds one, or - for standard input. A subgraph in this process is asked
    the same without the text. If this looks wrong, look in gateway/subgraphs/operation.py (the document), or, where
    `spojka plan` looks wrong too, in gateway/planning.
    """
    _, texts = _planned(query, operation, supergraph)
    click.echo("\n\n".join(texts) if texts else "Nothing is sent.")


def _planned(query: str, operation: str | None, file: Path | None) -> tuple[Plan, list[str]]:
    return planned(_document(query), operation, _supergraph(file))


def planned(text: str, operation: str | None, supergraph: Supergraph) -> tuple[Plan, list[str]]:
    """The plan of a document's operation, and each request of it as text; RequestError says what is wrong with it."""
    schema = supergraph.api_schema
    document = read(text, schema)
    chosen = choose(document, operation)
    # Without variables, what @include($x) asks for is left out and what @skip($x) hides is shown; no label is active.
    prepared = prepare(document, chosen, variables={}, schema=schema)
    made = make_plan(prepared, supergraph.decided(frozenset()))
    definitions = {each.variable.name.value: each for each in chosen.variable_definitions or ()}
    return made, ["\n".join(_told(request, definitions)) for request in made.requests]


def _supergraph(file: Path | None) -> Supergraph:
    if file is None:
        return company.supergraph()
    return read_supergraph(file.read_text(encoding="utf-8"), str(file))


def _document(query: str) -> str:
    if query == "-":
        return sys.stdin.read()
    if "{" in query:
        return query
    try:
        return Path(query).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{query}: it is neither a query nor a file that can be read ({error})") from error


def _told(request: Request, definitions: Mapping[str, VariableDefinitionNode]) -> Iterator[str]:
    numbers = ", ".join(str(each + 1) for each in sorted(request.waits_for))
    yield f"{request.id + 1}  {request.service}, {f'after {numbers}' if numbers else 'at once'}"
    operation = written(request, definitions)
    yield f"   {operation.text}"
    filled = {name for names in operation.context_variables for name in names}
    yield from (f"   ${name}: the client's" for name in operation.variables if name not in filled)
    if request.kind != "entities":
        return
    for fetch, variable in zip(request.fetches, operation.entity_variables, strict=True):
        yield f"   ${variable}: every object at {place_of(fetch)}, as"
        yield from (f"     {line}" for line in represented(fetch))
    for fetch, names in zip(request.fetches, operation.context_variables, strict=True):
        for value, name in zip(fetch.contexts, names, strict=True):
            yield f"   ${name}: what {value.argument} is filled from"
