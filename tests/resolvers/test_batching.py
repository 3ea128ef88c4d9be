"""The contract of batched fields and batched entities, on a schema of its own."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime
from typing import Annotated, Any, Self

import pytest
import strawberry
from graphql import execute, parse
from strawberry.federation import Schema
from strawberry.permission import BasePermission

from resolvers.batching import Entity, Representation, batch_function, batched
from resolvers.context import Context
from resolvers.errors import BadInput

calls: list[tuple[str, int, Any]] = []
asked: list[str] = []


@pytest.fixture(autouse=True)
def nothing_called() -> None:
    calls.clear()
    asked.clear()


class NotTheThird(BasePermission):
    message = "not the third"

    async def has_permission(self, source: Any, info: Any, **kwargs: Any) -> bool:
        asked.append(source.id)
        return bool(source.id != "3")


@strawberry.input
class Filter:
    words: list[str]


Info = strawberry.Info[Context[None], None]


@strawberry.federation.type(keys=["id"])
class Thing(Entity):
    id: strawberry.ID

    @batched()
    @staticmethod
    async def other(parents: strawberry.Parent[list[Thing]], info: Info) -> list[Other | None]:
        calls.append(("other", len(parents), info.context.now.year))
        return [Other(name=f"other {thing.id}") if thing.id != "0" else None for thing in parents]

    @batched()
    @staticmethod
    async def filtered(
        parents: strawberry.Parent[list[Thing]], filter: Filter | None = strawberry.UNSET
    ) -> list[str | Exception]:
        calls.append(("filtered", len(parents), filter.words if filter else None))
        return [f"{thing.id} {filter.words if filter else None}" for thing in parents]

    @batched()
    @staticmethod
    def failing(parents: strawberry.Parent[list[Thing]]) -> list[str | Exception | None]:
        return [BadInput("no second") if thing.id == "2" else thing.id for thing in parents]

    @batched()
    @staticmethod
    async def broken(parents: strawberry.Parent[list[Thing]]) -> list[str | None]:
        raise BadInput("nothing for anybody")

    @batched()
    @staticmethod
    async def short(parents: strawberry.Parent[list[Thing]]) -> list[str | None]:
        return ["only one"]

    @batched(permission_classes=[NotTheThird])
    @staticmethod
    async def guarded(parents: strawberry.Parent[list[Thing]]) -> list[str | None]:
        calls.append(("guarded", len(parents), None))
        return [thing.id for thing in parents]

    @batched()
    @staticmethod
    async def either(parents: strawberry.Parent[list[Thing]]) -> list[Either | Exception]:
        return [Other(name=thing.id) if thing.id == "1" else Another(size=1) for thing in parents]

    @batched(name="manyThings", description="All of them.", deprecation_reason="too many")
    @staticmethod
    async def many(parents: strawberry.Parent[list[Thing]]) -> list[list[Thing] | None]:
        calls.append(("many", len(parents), None))
        return [[Thing(id=strawberry.ID(f"{thing.id}{place}")) for place in range(2)] for thing in parents]

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[Representation]) -> list[Self | Exception | None]:
        calls.append(("references", len(keys), [key["id"] for key in keys]))
        answers: dict[str, Self | Exception | None] = {"unknown": None, "bad": BadInput("bad id")}
        return [answers.get(key["id"], cls(id=key["id"])) for key in keys]


@strawberry.type
class Other:
    name: str


@strawberry.type
class Another:
    size: int


Either = Annotated[Other | Another, strawberry.union("Either")]


@strawberry.type
class Query:
    @strawberry.field
    def things(self) -> list[Thing]:
        return [Thing(id=strawberry.ID(str(number))) for number in range(5)]


schema = Schema(query=Query, types=[Thing], federation_version="2.9")


async def ask(document: str, **variables: Any) -> Any:
    context = Context(source=None, now=datetime(2026, 11, 24, tzinfo=UTC))
    return await schema.execute(document, variables, context_value=context)


def test_the_schema_shows_one_answer() -> None:
    """The outer list and Exception are no part of a field's type; names, descriptions and arguments are as given."""
    printed = schema.as_str()
    for line in (
        "other: Other",
        "filtered(filter: Filter): String!",
        "failing: String",
        "either: Either!",
        'manyThings: [Thing!] @deprecated(reason: "too many")',
        '"""All of them."""',
    ):
        assert f"  {line}\n" in printed


async def test_parents_of_one_tick_are_one_batch() -> None:
    """Five parents, one call; it gets the context."""
    result = await ask("{ things { other { name } } }")
    assert result.errors is None
    assert result.data["things"][:2] == [{"other": None}, {"other": {"name": "other 1"}}]
    assert calls == [("other", 5, 2026)]


async def test_batches_of_batches_stay_batches() -> None:
    """A list below a list is one batch again: calls grow with the depth of a query, not with its answers."""
    await ask("{ things { manyThings { manyThings { other { name } } } } }")
    assert [(name, size) for name, size, _ in calls] == [("many", 5), ("many", 10), ("other", 20)]


async def test_aliases_do_not_mix() -> None:
    """Each place in the text has its own arguments, unhashable ones too."""
    result = await ask('{ things { a: filtered(filter: {words: ["x"]}) b: filtered(filter: {words: []}) filtered } }')
    assert result.errors is None
    assert result.data["things"][1] == {"a": "1 ['x']", "b": "1 []", "filtered": "1 None"}
    assert calls == [("filtered", 5, ["x"]), ("filtered", 5, []), ("filtered", 5, None)]


async def test_one_fragment_in_two_places_is_one_batch() -> None:
    """The same text with the same arguments asks the same."""
    await ask("{ a: things { ...other } b: things { ...other } } fragment other on Thing { other { name } }")
    assert [(name, size) for name, size, _ in calls] == [("other", 10)]


async def test_an_exception_is_its_own_parents_error() -> None:
    """The others have their answers; the error has its code and its path."""
    result = await ask("{ things { failing } }")
    assert [thing["failing"] for thing in result.data["things"]] == ["0", "1", None, "3", "4"]
    [error] = result.errors
    assert (error.path, error.extensions, error.message) == (
        ["things", 2, "failing"],
        {"code": "BAD_USER_INPUT"},
        "no second",
    )


@pytest.mark.parametrize("field", ["broken", "short"])
async def test_raising_or_a_wrong_number_of_answers_is_an_error_for_all(field: str) -> None:
    """Nobody gets another one's answer."""
    result = await ask(f"{{ things {{ id {field} }} }}")
    assert [thing[field] for thing in result.data["things"]] == [None] * 5
    assert [error.path for error in result.errors] == [["things", place, field] for place in range(5)]


async def test_permissions_are_asked_for_each_parent_before() -> None:
    """Who may not is not in the batch."""
    result = await ask("{ things { guarded } }")
    assert [thing["guarded"] for thing in result.data["things"]] == ["0", "1", "2", None, "4"]
    assert asked == ["0", "1", "2", "3", "4"]
    assert calls == [("guarded", 4, None)]


async def test_a_field_may_answer_with_a_union() -> None:
    """Each parent's answer is of its own type."""
    result = await ask("{ things { either { ... on Other { name } ... on Another { size } } } }")
    assert [thing["either"] for thing in result.data["things"]][:3] == [{"size": 1}, {"name": "1"}, {"size": 1}]


async def test_entities_are_one_batch() -> None:
    """All representations of a type, of aliased `_entities` too; unknown ones are null, failing ones errors."""
    document = """query ($keys: [_Any!]!) {
      a: _entities(representations: $keys) { ... on Thing { id } }
      b: _entities(representations: [{__typename: "Thing", id: "9"}]) { ... on Thing { id } }
    }"""
    keys = [{"__typename": "Thing", "id": id} for id in ("1", "unknown", "bad")]
    result = await ask(document, keys=keys)
    assert result.data == {"a": [{"id": "1"}, None, None], "b": [{"id": "9"}]}
    assert [error.path for error in result.errors] == [["a", 2]]
    [(_, size, ids)] = calls
    assert (size, set(ids)) == (4, {"1", "unknown", "bad", "9"})


async def test_a_context_may_be_asked_twice() -> None:
    """Documents that are parsed once and asked again with other variables don't get the first one's arguments."""
    document = parse("query ($f: Filter) { things { filtered(filter: $f) } }")
    context = Context(source=None, now=datetime(2026, 11, 24, tzinfo=UTC))
    for words in (["x"], ["y"]):
        result = execute(schema._schema, document, context_value=context, variable_values={"f": {"words": words}})
        if inspect.isawaitable(result):
            result = await result
        assert result.data["things"][0] == {"filtered": f"0 {words}"}


async def test_an_executor_can_reach_the_function() -> None:
    """With all parents at hand it calls the batch function itself."""
    fields = {field.python_name: field for field in Thing.__strawberry_definition__.fields}  # type: ignore[attr-defined]
    function = batch_function(fields["failing"])
    assert function is not None
    assert function.__batched__  # type: ignore[attr-defined]
    assert function([Thing(id=strawberry.ID("1"))]) == ["1"]
    assert batch_function(fields["id"]) is None
