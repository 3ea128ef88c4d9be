"""`spojka compose` and `spojka check --against`: subgraphs from anywhere become a supergraph, or are told why not.

name=sales.graphql,url=http://sales/graphql        a file, and where a gateway finds the subgraph
name=http://sales/graphql                          asked for `{ _service { sdl } }` where a gateway finds it too
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from graphql import print_schema

from gateway import company
from gateway.composition import Composition, CompositionError, Hint, Problem, SubgraphSdl
from gateway.composition import compose as compose_subgraphs
from gateway.composition.changes import Weight, changes_between
from gateway.composition.supergraph import Supergraph
from gateway.errors import SupergraphError
from gateway.http.remote import RemoteAnswerer, Unreachable
from gateway.request import GraphQLRequest
from processes.rules.counts import counted

__all__ = ["compare", "compose", "read_supergraph", "subgraph_option"]

_HTTP = ("http://", "https://")


@dataclass(frozen=True, slots=True)
class _Given:
    """One --subgraph: `place` is the file or address of its SDL, `url` where a gateway finds it."""

    name: str
    place: str
    url: str


def subgraph_option(command: Callable[..., None]) -> Callable[..., None]:
    """The option --subgraph, for the commands that compose."""
    option = click.option(
        "--subgraph",
        "subgraphs",
        metavar="NAME=FILE|URL[,url=URL]",
        multiple=True,
        help="A subgraph's SDL, in a file or asked from the subgraph itself; once for each. Without: the company's.",
    )
    return option(command)


@click.command()
@subgraph_option
@click.option("-o", "--output", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="Write it there.")
@click.option("--api", is_flag=True, help="The API schema that clients see, instead of the supergraph.")
@click.option(
    "--subgraph-url",
    "urls",
    metavar="NAME=URL",
    multiple=True,
    help="Where a gateway elsewhere finds the company's subgraph NAME; once for each.",
)
def compose(subgraphs: tuple[str, ...], output: Path | None, api: bool, urls: tuple[str, ...]) -> None:
    """Print the supergraph that subgraphs compose to: Federation 1 and 2, any language.

    What is wrong is told with its file and line, hints on standard error; then the status is 1 and nothing is written.
    If the supergraph looks wrong, the bug is in gateway/composition, or in a subgraph's own SDL.
    """
    if subgraphs and urls:
        raise click.UsageError("--subgraph-url: it is for the company's subgraphs; write --subgraph NAME=FILE,url=URL")
    if subgraphs:
        text = composed(subgraphs)
        text = print_schema(Supergraph.read(text).api_schema) if api else text
    else:
        text = company.api_schema_sdl() if api else company.composed(dict(map(_company_url, urls)))
    if output is None:
        click.echo(text, nl=not text.endswith("\n"))
    else:
        output.write_text(text if text.endswith("\n") else f"{text}\n", encoding="utf-8")


def composed(options: Sequence[str]) -> str:
    """The supergraph of the --subgraph options; hints go to standard error."""
    given = [_given(option) for option in options]
    places = {each.name: each.place for each in given}
    try:
        composition = compose_subgraphs([SubgraphSdl(each.name, each.url, _sdl(each)) for each in given])
    except CompositionError as error:
        lines = [_told(problem, places) for problem in error.problems]
        count = len(lines)
        raise click.ClickException(
            "the subgraphs don't compose:\n" + "\n".join(lines) + f"\n{counted(count, 'problem')}"
        ) from error
    for line in _hints(composition, given):
        click.echo(line, err=True)
    return composition.supergraph_sdl


def compare(file: Path, subgraphs: Sequence[str]) -> None:
    """Print what the subgraphs' supergraph, or the company's, changes against the one in the file."""
    old = read_supergraph(file.read_text(encoding="utf-8"), str(file))
    new = Supergraph.read(composed(subgraphs)) if subgraphs else company.supergraph()
    changes = changes_between(old, new)
    width = max((len(change.code) for change in changes), default=0)
    for change in changes:
        click.echo(f"{change.weight.value:9}  {change.code:{width}}  {change.message}")
    counts = {weight: sum(change.weight is weight for change in changes) for weight in Weight}
    click.echo(", ".join(f"{count} {weight.value}" for weight, count in counts.items()))
    if counts[Weight.BREAKING]:
        raise click.ClickException(f"clients of {file} may break")


def read_supergraph(sdl: str, place: str) -> Supergraph:
    """The supergraph that stands at the place; said in one line where it is none."""
    try:
        supergraph = Supergraph.read(sdl)
        supergraph.api_schema  # noqa: B018 - read now, so that what is wrong with it is told of the file
    except (SupergraphError, SyntaxError, TypeError, ValueError) as error:
        raise click.ClickException(f"{place}: it is no supergraph ({error}): give what `compose -o` wrote") from error
    return supergraph


def _given(option: str) -> _Given:
    name, _, rest = option.partition("=")
    place, has_url, url = rest.partition(",url=")
    if not name or not place or (has_url and not url.startswith(_HTTP)):
        raise click.UsageError(f"--subgraph {option}: it is not NAME=FILE or NAME=URL, with or without ,url=URL")
    return _Given(name, place, url or (place if place.startswith(_HTTP) else ""))


def _sdl(given: _Given) -> str:
    if given.place.startswith(_HTTP):
        return asyncio.run(_asked(given))
    try:
        return Path(given.place).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{given.place}: the SDL of {given.name} can't be read ({error})") from error


async def _asked(given: _Given) -> str:
    """The SDL that the subgraph itself gives, as the subgraph specification says."""
    answerer = RemoteAnswerer(given.place)
    try:
        answer = await answerer.answer(GraphQLRequest(query="{ _service { sdl } }"))
    except Unreachable as error:
        raise click.ClickException(f"{given.place}: {given.name} can't be asked for its SDL ({error})") from error
    finally:
        answerer.close()
    match answer.data:
        case {"_service": {"sdl": str(sdl)}}:
            return sdl
        case _:
            fact = "; ".join(str(each.get("message")) for each in answer.errors) or "its answer has none"
            raise click.ClickException(
                f"{given.place}: {given.name} doesn't give its SDL ({fact}): serve it as a federation subgraph, or give"
                " a file"
            )


def _told(problem: Problem | Hint, places: Mapping[str, str]) -> str:
    """`sales.graphql:12: INVALID_FIELD_SHARING: Money.amount is resolved in ...`"""
    first = next(iter(problem.subgraphs), None)
    place = places.get(first, first) if first else None
    at = ":".join(str(part) for part in (place, problem.line) if part is not None)
    return ": ".join(part for part in (at, problem.code, problem.message) if part)


def _hints(composition: Composition, given: Sequence[_Given]) -> Iterator[str]:
    places = {each.name: each.place for each in given}
    for hint in composition.hints:
        yield f"hint: {_told(hint, places)}"
    for each in given:
        if not each.url:
            yield (
                f"hint: NO_URL: nothing tells a gateway where {each.name} is: write --subgraph"
                f" {each.name}={each.place},url=http://..."
            )


def _company_url(option: str) -> tuple[str, str]:
    name, _, url = option.partition("=")
    if name not in company.SYSTEMS or not url.startswith(_HTTP):
        names = ", ".join(company.SYSTEMS)
        raise click.UsageError(f"--subgraph-url {option}: it is not NAME=URL with one of {names} and an HTTP URL")
    return name, url
