"""Date, DateTime, Decimal and Money: one spelling each, nothing lost, nothing guessed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
import strawberry
from graphql import GraphQLError

from resolvers.money import Money, with_places
from resolvers.scalars import configuration, date_in, date_out, date_time_in, date_time_out, decimal_in, decimal_out

PRAGUE = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (datetime(2026, 11, 24, 16, 30, tzinfo=UTC), "2026-11-24T16:30:00Z"),
        (datetime(2026, 11, 24, 17, 30, tzinfo=PRAGUE), "2026-11-24T16:30:00Z"),
        (datetime(2026, 11, 24, 16, 30, 0, 250_000, tzinfo=UTC), "2026-11-24T16:30:00.25Z"),
        (datetime(2026, 11, 24, 16, 30, 0, 7, tzinfo=UTC), "2026-11-24T16:30:00.000007Z"),
    ],
)
def test_instants_are_shown_in_utc(instant: datetime, text: str) -> None:
    """A fraction only where there is one; what is shown can be given back."""
    assert date_time_out(instant) == text
    assert date_time_in(text) == instant


@pytest.mark.parametrize("text", ["2026-11-24T17:30:00+01:00", "2026-11-24t16:30:00z", "2026-11-24T16:30:00.000000Z"])
def test_instants_are_taken_with_any_offset(text: str) -> None:
    """And kept in UTC."""
    taken = date_time_in(text)
    assert taken == datetime(2026, 11, 24, 16, 30, tzinfo=UTC)
    assert taken.tzinfo is UTC


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-24T16:30:00",
        "2026-11-24",
        "2026-02-30T00:00:00Z",
        "2026-11-24T25:00:00Z",
        "2026-11-24 16:30:00Z",
        "20261124T163000Z",
        "0001-01-01T00:00:00+01:00",
        "0001-01-01T12:00:00Z",
        "9999-12-31T23:30:00Z",
        "\uff12026-11-24T16:30:00Z",
        1795537800,
        None,
        True,
        ["2026-11-24T16:30:00Z"],
    ],
)
def test_what_names_no_instant_is_refused(value: Any) -> None:
    """Local times too: which instant is meant is not ours to guess."""
    with pytest.raises(GraphQLError, match="DateTime cannot represent"):
        date_time_in(value)


def test_what_is_no_instant_is_not_shown() -> None:
    """A naive time in an answer is a fault."""
    with pytest.raises(GraphQLError, match="no time zone"):
        date_time_out(datetime(2026, 11, 24))


def test_dates() -> None:
    """Days of the calendar, and only those."""
    assert date_out(date(2026, 11, 24)) == "2026-11-24"
    assert date_in("2026-11-24") == date(2026, 11, 24)
    for wrong in ("2026-11-31", "2026-1-1", "20261124", "2026-W48-2", "24.11.2026", 20261124, None):
        with pytest.raises(GraphQLError, match="Date cannot represent"):
            date_in(wrong)
    with pytest.raises(GraphQLError, match="Date cannot represent"):
        date_out(datetime(2026, 11, 24, tzinfo=UTC))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("144.85"), "144.85"),
        (Decimal("1E+3"), "1000"),
        (Decimal("-0.00"), "0.00"),
        (Decimal("0.0000000001"), "0.0000000001"),
        (Decimal("12345678901234567890.12"), "12345678901234567890.12"),
    ],
)
def test_decimals_are_written_out(value: Decimal, text: str) -> None:
    """No exponent, no minus zero, every digit."""
    assert decimal_out(value) == text
    assert decimal_in(text) == value


@pytest.mark.parametrize(
    "value", [1.8, 2, True, None, "1e3", "NaN", "Infinity", "1,80", "+1", " 1", "1_000", "", ".5", "٣", "9" * 29]
)
def test_decimals_are_taken_as_strings(value: Any) -> None:
    """A JSON number has been a float on its way; other spellings are somebody's mistake."""
    with pytest.raises(GraphQLError, match="Decimal cannot represent"):
        decimal_in(value)


@pytest.mark.parametrize(
    ("make", "amount", "shown"),
    [
        (Money.of, "144.85", "144.85"),
        (Money.of, "3", "3.00"),
        (Money.of, "1.8000", "1.80"),
        (Money.of, "0", "0.00"),
        (Money.price, "1.8000", "1.80"),
        (Money.price, "0.0725", "0.0725"),
        (Money.price, "1.655", "1.655"),
        (Money.exact, "18.9841666667", "18.9841666667"),
        (Money.exact, "54.0000000000", "54.00"),
        (Money.of, "-100", "-100.00"),
        (Money.of, "1E+2", "100.00"),
    ],
)
def test_money_has_the_places_of_its_kind(make: Any, amount: str, shown: str) -> None:
    """Amounts 2, prices 2 to 4, what isn't rounded yet as many as it has."""
    money = make(Decimal(amount), "CZK")
    assert (decimal_out(money.amount), money.currency) == (shown, "CZK")


@pytest.mark.parametrize(("make", "amount"), [(Money.of, "1.805"), (Money.price, "0.07251"), (Money.of, "NaN")])
def test_money_is_never_rounded_on_its_way_out(make: Any, amount: str) -> None:
    """Rounding is a rule; an amount that needs more places is a fault."""
    with pytest.raises(ValueError, match=r"places|no amount"):
        make(Decimal(amount), "CZK")


def test_places_do_not_depend_on_the_precision_of_arithmetic() -> None:
    """Numbers of more than 28 digits keep all of them."""
    long = Decimal("1234567890123456789012345678901234.5")
    assert str(with_places(long, 2, at_most=2)) == "1234567890123456789012345678901234.50"


async def test_wrong_input_is_named_in_the_answer() -> None:
    """As a literal and as a variable."""

    @strawberry.type
    class Query:
        @strawberry.field
        def same(self, amount: Decimal) -> Decimal:
            return amount

    schema = strawberry.Schema(Query, config=configuration())
    assert (await schema.execute('{ same(amount: "1.80") }')).data == {"same": "1.80"}
    for document, variables in (
        ("{ same(amount: 1.8) }", {}),
        ("query ($amount: Decimal!) { same(amount: $amount) }", {"amount": 1.8}),
    ):
        [error] = (await schema.execute(document, variables)).errors or []
        assert "write it as a string" in error.message
