"""The audience of a mailing: a GraphQL query whose rows are its recipients, as its author wrote it.

    query Recipients($first: Int!, $after: String) {
      recipients: clients(first: $first, after: $after) {
        pageInfo { hasNextPage endCursor }
        edges { node {
          id name email marketingConsent
          postalAddress { street city postalCode country }
          contracts(status: ACTIVE) { valid_from: validFrom }
        } }
      }
    }

`recipients` is what the rows are named, whatever field they come from: a connection, asked page by page, or a list. A
row is a client, or has one in a field named `client`. What has the name of a field of the template is its value; where
the graph calls it otherwise, an alias names it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    parse,
)

from processes.rules.refusal import Refusal

__all__ = ["AFTER", "CLIENT", "FIRST", "ROWS", "AudienceDocument", "read_document"]

ROWS, CLIENT = "recipients", "client"
FIRST, AFTER = "first", "after"
MOST_TOKENS = 10_000
MOST_FIELDS = 1_000
DEEPEST = 30

Path = tuple[str, ...]

NEEDED: tuple[Path, ...] = (
    ("id",),
    ("name",),
    ("email",),
    *(("postalAddress", part) for part in ("street", "city", "postalCode", "country")),
)
CONSENT: Path = ("marketingConsent",)
PAGING: tuple[Path, ...] = (("pageInfo", "hasNextPage"), ("pageInfo", "endCursor"))


@dataclass(frozen=True, slots=True)
class AudienceDocument:
    """What of it matters: the variables that it declares, is it a connection, and the paths that a row has."""

    variables: frozenset[str]
    is_connection: bool
    paths: frozenset[Path]

    def refuses(self, *, fields: Collection[str], purpose: str, conditions: Collection[str]) -> Refusal | None:
        """`fields` are those that the template needs, `conditions` the paths of the mailing's."""
        base: Path = (CLIENT,) if (CLIENT,) in self.paths else ()
        needed = (*NEEDED, CONSENT) if purpose == "MARKETING" else NEEDED
        missing = [".".join((*base, *path)) for path in needed if (*base, *path) not in self.paths]
        if missing:
            return bad(f"its rows lack {', '.join(missing)}: ask for them, as the field is named or by an alias")
        named = {path[-1] for path in self.paths}
        if unsaid := [field for field in fields if field not in named]:
            why = f"the template needs {', '.join(unsaid)}: ask for a field of that name, or give one that alias"
            return bad(why)
        there = {".".join(path) for path in self.paths}
        for place, path in enumerate(conditions):
            if path not in there:
                return Refusal("bad-condition", f"conditions[{place}]: the audience doesn't ask for {path}")
        return None


class Unreadable(Exception):
    """Why it is no audience."""


def read_document(text: str) -> AudienceDocument | Refusal:
    """Refused `bad-audience`. What the graph has and lets its author see, the graph says when it is asked."""
    try:
        return read(parse(text, no_location=True, max_tokens=MOST_TOKENS))
    except GraphQLError as error:
        place = "".join(f" (line {each.line})" for each in error.locations or ())
        return bad(f"{error.message}{place}")
    except RecursionError:
        return bad("it is nested too deeply")
    except Unreadable as why:
        return bad(str(why))


def bad(why: str) -> Refusal:
    return Refusal("bad-audience", f"the audience can't be used: {why}")


def read(document: DocumentNode) -> AudienceDocument:
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    if len(operations) != 1 or operations[0].operation is not OperationType.QUERY:
        raise Unreadable("it has to be one query")
    [operation] = operations
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    all_paths = frozenset(limited(paths_of(operation.selection_set, fragments, ()))) - {()}
    if (ROWS,) not in all_paths:
        raise Unreadable(f"nothing in it is named `{ROWS}`: give that alias to the field whose rows are the recipients")
    below = frozenset(path[1:] for path in all_paths if path[0] == ROWS and len(path) > 1)
    variables = frozenset(each.variable.name.value for each in operation.variable_definitions or ())
    if ("edges",) not in below:
        return AudienceDocument(variables, False, below)
    if not set(PAGING) <= below or not {FIRST, AFTER} <= variables:
        raise Unreadable(
            f"a connection is read page by page: declare ${FIRST} and ${AFTER}, give them to the field, and ask for "
            "pageInfo { hasNextPage endCursor }"
        )
    return AudienceDocument(
        variables, True, frozenset(path[2:] for path in below if path[:2] == ("edges", "node")) - {()}
    )


def limited(paths: Iterator[Path]) -> Iterator[Path]:
    """Fragments within fragments multiply what a short text asks for."""
    for number, path in enumerate(paths):
        if number == MOST_FIELDS:
            raise Unreadable(f"it asks for more than {MOST_FIELDS} fields")
        yield path


def paths_of(
    selected: SelectionSetNode | None, fragments: Mapping[str, FragmentDefinitionNode], before: Path, depth: int = 0
) -> Iterator[Path]:
    """Each field's way by names in the answer, objects before what is in them."""
    if depth > DEEPEST:
        raise Unreadable(f"it is nested deeper than {DEEPEST} levels, or a fragment is within itself")
    for each in selected.selections if selected else ():
        if isinstance(each, FieldNode):
            path = (*before, (each.alias or each.name).value)
            yield path
            yield from paths_of(each.selection_set, fragments, path, depth + 1)
        elif isinstance(each, InlineFragmentNode):
            yield before
            yield from paths_of(each.selection_set, fragments, before, depth + 1)
        elif isinstance(each, FragmentSpreadNode):
            yield before
            fragment = fragments.get(each.name.value)
            if fragment is None:
                raise Unreadable(f"there is no fragment {each.name.value} in it")
            yield from paths_of(fragment.selection_set, fragments, before, depth + 1)
