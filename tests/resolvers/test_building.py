"""Input objects that are built at once are what strawberry would have built."""

from __future__ import annotations

from decimal import Decimal

import strawberry
from strawberry.federation import Schema

from resolvers.building import built_at_once
from resolvers.scalars import configuration


@built_at_once
@strawberry.input
class Part:
    number: int
    named: str = strawberry.field(name="as")
    price: Decimal | None = None
    words: list[str] | None = None


@built_at_once
@strawberry.input
class Whole:
    parts: list[Part]
    first_part: Part | None
    note: str | None = "none"


@strawberry.type
class Query:
    @strawberry.field
    def shown(self, whole: list[Whole]) -> list[str]:
        return [repr(each) for each in whole]


DOCUMENT = """query ($whole: [Whole!]!) { shown(whole: $whole) }"""
SCHEMA = Schema(query=Query, federation_version="2.9", config=configuration())


def test_what_is_given_absent_and_null_comes_as_it_is() -> None:
    """Names of the graph, defaults, nulls, lists within lists, and scalars that were parsed."""
    whole = [
        {"parts": [{"number": 1, "as": "a", "price": "1.80", "words": ["x", "y"]}, {"number": 2, "as": "b"}]},
        {"parts": [], "firstPart": {"number": 3, "as": "c", "price": None}, "note": None},
    ]
    answer = SCHEMA.execute_sync(DOCUMENT, {"whole": whole})
    assert answer.errors is None
    first = [Part(number=1, named="a", price=Decimal("1.80"), words=["x", "y"]), Part(number=2, named="b")]
    expected = [
        Whole(parts=first, first_part=None),
        Whole(parts=[], first_part=Part(number=3, named="c"), note=None),
    ]
    assert answer.data == {"shown": [repr(each) for each in expected]}


def test_a_wrong_value_is_refused_before() -> None:
    answer = SCHEMA.execute_sync(DOCUMENT, {"whole": [{"parts": [{"number": "one", "as": "a"}]}]})
    assert answer.errors
    assert "Int cannot represent" in answer.errors[0].message
