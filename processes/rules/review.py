"""Which legs a person looks at before they are billed (domain.md edge cases 8, 13, 25).

    clock           it leaves before it joins, so how long it was is not known
    over-long-leg   it lasts too long or costs too much: a telephone that vanished rather than a talk
    overlap         its participant was there twice at once, so one of the two is not true

A leg has one code, the first of these that fits; the others of its conference are billed as ever. A leg that a person
has accepted, as it is or with another end, is doubted no more: only its seconds must still be some, and billable.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from processes.rules.instants import epoch_seconds
from processes.rules.tariff import Rating

__all__ = ["CLOCK", "LONGEST_BILLABLE", "OVERLAP", "OVER_LONG", "Held", "Limits", "Stay", "doubtful", "too_dear"]

CLOCK, OVER_LONG, OVERLAP = "clock", "over-long-leg", "overlap"

LONGEST_BILLABLE = timedelta(days=31)
"""No person can let a longer leg be billed either."""

REMEDY = "find out when it ended; accept it, with that end if need be, or exclude it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`overrun` after its booked end a conference's cap is; `longest` is a leg without a person's look at it.

    `dearest` is what one leg may cost without, by currency; where a currency isn't named, time alone is a limit.
    """

    overrun: timedelta = timedelta(hours=4)
    longest: timedelta = timedelta(hours=24)
    dearest: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stay:
    """A leg to look at. `person` is the same for legs that are surely one participant's; None: nothing is sure.

    `is_accepted`: a person decided that it is billed; `is_settled`: it is charged already, so it is only compared with.
    """

    id: str
    joined_at: datetime
    left_at: datetime
    person: str | None = None
    is_accepted: bool = False
    is_settled: bool = False

    @property
    def seconds(self) -> int:
        """Whole UTC seconds; negative where it leaves before it joins."""
        return epoch_seconds(self.left_at) - epoch_seconds(self.joined_at)


@dataclass(frozen=True, slots=True)
class Held:
    """A leg that waits for a person, and why. `seconds` are at risk: 0 where they aren't known."""

    leg: str
    seconds: int
    code: str
    message: str


def doubtful(stays: Iterable[Stay], *, booked_end: datetime | None, limits: Limits) -> tuple[Held, ...]:
    """The legs of one conference that are held, in order of joining; `booked_end` None: nobody booked it."""
    ordered = sorted(stays, key=lambda stay: (stay.joined_at, stay.left_at, stay.id))
    alone = {stay.id: held for stay in ordered if not stay.is_settled and (held := doubted(stay, booked_end, limits))}
    believed = [stay for stay in ordered if stay.id not in alone]
    together = {held.leg: held for held in overlapping(believed)}
    return tuple({**alone, **together}[stay.id] for stay in ordered if stay.id in alone or stay.id in together)


def doubted(stay: Stay, booked_end: datetime | None, limits: Limits) -> Held | None:
    if stay.seconds < 0:
        return Held(stay.id, 0, CLOCK, f"leg {stay.id} leaves {-stay.seconds} s before it joins: {REMEDY}")
    if why := too_long(stay, booked_end, limits):
        return Held(stay.id, stay.seconds, OVER_LONG, f"leg {stay.id} {why}: {REMEDY}")
    return None


def too_long(stay: Stay, booked_end: datetime | None, limits: Limits) -> str | None:
    if stay.seconds > LONGEST_BILLABLE.total_seconds():
        return f"lasts {in_hours(stay.seconds)}, and no leg of over {in_hours(LONGEST_BILLABLE)} can be billed"
    if stay.is_accepted:
        return None
    if stay.seconds > limits.longest.total_seconds():
        return f"lasts {in_hours(stay.seconds)}, longer than {in_hours(limits.longest)}"
    if booked_end is not None and stay.left_at > booked_end + limits.overrun:
        return f"ends {in_hours(stay.left_at - booked_end)} after the booked end, later than {in_hours(limits.overrun)}"
    return None


def overlapping(stays: Sequence[Stay]) -> Iterator[Held]:
    """Of legs in order of joining those that share a second with another of the same person; both of them."""
    of_person: dict[str, list[Stay]] = {}
    for stay in stays:
        if stay.person is not None and stay.seconds > 0:
            of_person.setdefault(stay.person, []).append(stay)
    for own in of_person.values():
        for stay in own if len(own) > 1 else ():
            other = next((each for each in own if each is not stay and share_a_second(each, stay)), None)
            if other is not None and not stay.is_settled and not stay.is_accepted:
                why = f"leg {stay.id} overlaps leg {other.id} of the same caller"
                yield Held(stay.id, stay.seconds, OVERLAP, f"{why}: accept the true ones, exclude the others")


def share_a_second(one: Stay, other: Stay) -> bool:
    begins = max(epoch_seconds(one.joined_at), epoch_seconds(other.joined_at))
    return begins < min(epoch_seconds(one.left_at), epoch_seconds(other.left_at))


def too_dear(rating: Rating, currency: str, *, limits: Limits, accepted: Collection[str]) -> tuple[Held, ...]:
    """The legs that cost more than one may without a person's look at it."""
    most = limits.dearest.get(currency)
    if most is None:
        return ()
    return tuple(
        Held(
            charge.leg,
            charge.duration,
            OVER_LONG,
            f"leg {charge.leg} costs {charge.amount:.2f} {currency}, more than {most} {currency}: {REMEDY}",
        )
        for charge in rating.charges
        if charge.amount > most and charge.leg not in accepted
    )


def in_hours(time: timedelta | int) -> str:
    """90 minutes are `1:30 h`."""
    seconds = int(time.total_seconds()) if isinstance(time, timedelta) else time
    return f"{seconds // 3600}:{seconds % 3600 // 60:02} h"
