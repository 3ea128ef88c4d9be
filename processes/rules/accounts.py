"""Which account pays for a booked conference (domain.md section 1 "Identity", edge cases 4 and 22)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from processes.rules.instants import HOUSE_ZONE, is_valid_on, local_day
from processes.rules.refusal import Refusal

__all__ = ["Ownership", "account_to_book", "paying_account"]


@dataclass(frozen=True, slots=True)
class Ownership:
    """`account` belonged to `client` on the days [valid_from, valid_to)."""

    account: str
    client: str
    valid_from: date | None
    valid_to: date | None


def paying_account(
    chosen: str | None,
    owned: Iterable[Ownership],
    *,
    client: str,
    booking: str | None,
    at: datetime,
    zone: str = HOUSE_ZONE,
) -> str | Refusal:
    """The account the booking names, if its client owned it at `at`; else the client's only one.

    Without a booking it is a person who said whose the call was.

    Refused `foreign-account`, `no-account` or `ambiguous-account`.
    """
    day = local_day(at, zone=zone)
    numbers = owned_on(day, owned, client)
    if chosen is not None:
        return chosen if chosen in numbers else foreign_account(chosen, client, booking, day)
    match numbers:
        case [number]:
            return number
        case []:
            return Refusal(
                "no-account", f"client {client} has no billing account on {day}: link one, then invoice the conference"
            )
        case _:
            return Refusal(
                "ambiguous-account",
                f"client {client} has several billing accounts on {day} ({', '.join(numbers)}) "
                f"and {named_by(booking)} names none: choose one in the booking",
            )


def account_to_book(
    chosen: str | None, owned: Iterable[Ownership], *, client: str, at: datetime, zone: str = HOUSE_ZONE
) -> str | Refusal:
    """The same when a conference is booked: who books can still be asked (edge case 22)."""
    day = local_day(at, zone=zone)
    numbers = owned_on(day, owned, client)
    if not numbers:
        return Refusal("no-account", f"client {client} has no billing account on {day}: link one, then book")
    if chosen is None and len(numbers) > 1:
        several = f"client {client} has several billing accounts on {day} ({', '.join(numbers)})"
        return Refusal("ambiguous-account", f"{several}: name the one that pays")
    if chosen is not None and chosen not in numbers:
        return Refusal(
            "foreign-account", f"account {chosen} is not client {client}'s on {day}: name one of {', '.join(numbers)}"
        )
    return chosen or numbers[0]


def owned_on(day: date, owned: Iterable[Ownership], client: str) -> list[str]:
    return sorted(
        {one.account for one in owned if one.client == client and is_valid_on(day, one.valid_from, one.valid_to)}
    )


def named_by(booking: str | None) -> str:
    return "the decision by hand" if booking is None else f"booking {booking}"


def foreign_account(chosen: str, client: str, booking: str | None, day: date) -> Refusal:
    return Refusal(
        "foreign-account",
        f"{named_by(booking)} names account {chosen}, not client {client}'s on {day}: choose one of the client's",
    )
