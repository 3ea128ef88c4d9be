"""Bookings, and what became of them: conferences with the legs of those who came."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from sources.demo import cast, words
from sources.demo.clients import HISTORY, Customer
from sources.demo.handover import HandOver
from sources.demo.people import person, phone
from sources.records.bridge import Conference, Leg
from sources.records.reservations import Booking

__all__ = ["PRAGUE", "Meeting", "meetings", "stray_meeting"]

PRAGUE = ZoneInfo("Europe/Prague")
ZONE = "Europe/Prague"

FIRST_NUMBER = 200
"""Booking numbers of a year begin here; those below are the cast's."""

LEAST, FIGURES_LEAST, MOST = 6, 70, 120
"""Meetings a client has in two years; the cast are good customers."""

HOURS = (7, 8, 8, 9, 9, 9, 10, 10, 10, 11, 13, 13, 14, 14, 14, 15, 15, 16, 16, 17, 17, 18, 19)
MINUTES = (0, 0, 0, 15, 30, 30, 45)
LENGTHS = (30, 30, 45, 60, 60, 60, 90, 120)
SERVICES = ("dial-in",) * 15 + ("dial-out",) * 3 + ("toll-free",) * 2
SATURDAY = 5

STRAY_ROOM = "99990001"


@dataclass(frozen=True, slots=True)
class Plan:
    """A booking before it has its number. `outcome` is its status; COMPLETED means that a conference took place."""

    customer: Customer
    account: str | None
    named: bool
    start: datetime
    minutes: int
    outcome: str
    lot: Random


@dataclass(frozen=True, slots=True)
class Meeting:
    """A booking, the account that pays for it (None: the cast's riddles), and the conference if it took place."""

    booking: Booking | None
    account: str | None
    conference: Conference | None
    legs: tuple[Leg, ...]


def meetings(
    seed: int, customers: Sequence[Customer], today: date, *, quiet_since: date, hand_over: HandOver
) -> Iterator[Meeting]:
    """Everybody's meetings in order of their start, past and future.

    The main figure of the cast has none from `quiet_since` on: its next charges shall be the worked example's alone.
    """
    plans = [plan for customer in customers for plan in plans_of(seed, customer, today, quiet_since)]
    numbers: dict[int, int] = {}
    for plan in sorted(plans, key=lambda plan: (plan.start, plan.customer.client.id)):
        year = plan.start.year
        numbers[year] = numbers.get(year, FIRST_NUMBER - 1) + 1
        yield meeting_of(handed_over(plan, hand_over), f"BK-{year}-{numbers[year]:06}", f"{year}{numbers[year]:04}")
    yield from cast_meetings(seed, customers, today)


def plans_of(seed: int, customer: Customer, today: date, quiet_since: date) -> Iterator[Plan]:
    if not customer.agreements:
        return
    random = Random(f"{seed}:meetings:{customer.client.id}")
    is_main = customer.figure is cast.MAIN
    until = min(today, quiet_since) if is_main else today
    first = max(max(agreement.contract.valid_from for agreement in customer.agreements), today - HISTORY)
    days = (until - first).days
    least = FIGURES_LEAST if customer.figure else LEAST
    count = int(min(MOST, max(least, random.lognormvariate(3.7, 0.6))) * days / HISTORY.days)
    for _ in range(count):
        yield a_plan(random, customer, working_day(random, first, first + timedelta(days=random.randrange(days))))
    for _ in range(0 if is_main else random.randrange(4)):
        plan = a_plan(random, customer, today + timedelta(days=random.randrange(1, 35)))
        yield Plan(plan.customer, plan.account, plan.named, plan.start, plan.minutes, future_status(random), plan.lot)


def handed_over(plan: Plan, hand_over: HandOver) -> Plan:
    """The plan of whoever has the account on the day of the meeting."""
    day = plan.start.date()
    customer = hand_over.payer(plan.customer, plan.account, day)
    return replace(plan, customer=customer, named=plan.named or hand_over.must_name(customer, day))


def a_plan(random: Random, customer: Customer, day: date) -> Plan:
    account = random.choice(customer.agreements).account.number
    hour, minute = random.choice(HOURS), random.choice(MINUTES)
    return Plan(
        customer=customer,
        account=account,
        named=len(customer.agreements) > 1 or random.random() < 0.4,
        start=datetime.combine(day, time(hour, minute), PRAGUE),
        minutes=random.choice(LENGTHS),
        outcome=past_status(random),
        lot=Random(random.getrandbits(64)),
    )


def working_day(random: Random, first: date, day: date) -> date:
    """Most meetings of a weekend are held on the Friday before it."""
    if day.weekday() < SATURDAY or random.random() < 0.12:
        return day
    return max(first, day - timedelta(days=day.weekday() - SATURDAY + 1))


def past_status(random: Random) -> str:
    return random.choices(("COMPLETED", "CANCELLED", "NO_SHOW"), (92, 5, 3))[0]


def future_status(random: Random) -> str:
    return random.choices(("CONFIRMED", "DRAFT", "CANCELLED"), (85, 10, 5))[0]


def meeting_of(plan: Plan, ref: str, room: str) -> Meeting:
    booking = booking_of(plan, ref, room)
    if plan.outcome != "COMPLETED":
        return Meeting(booking, plan.account, None, ())
    legs = legs_of(plan.lot, booking)
    return Meeting(booking, plan.account, conference_of(booking.ref.replace("BK-", "CF-"), booking.ref, legs), legs)


def booking_of(plan: Plan, ref: str, room: str) -> Booking:
    random, client = plan.lot, plan.customer.client
    end = plan.start + timedelta(minutes=plan.minutes)  # wall time; no meeting goes over a change of clocks
    return Booking(
        ref=ref,
        client=client.id,
        account=plan.account if plan.named else None,
        title=random.choice(words.TITLES),
        organiser=random.choice(plan.customer.contacts).name,
        room=room,
        local_start=plan.start.strftime("%Y-%m-%dT%H:%M"),
        local_end=end.strftime("%Y-%m-%dT%H:%M"),
        time_zone=ZONE,
        starts_at=plan.start.astimezone(UTC),
        ends_at=end.astimezone(UTC),
        expected_participants=random.choice((2, 3, 3, 4, 4, 5, 6, 8)),
        status=plan.outcome,
        revision=random.choice((1, 1, 1, 2, 3)),
        pin=f"{Random(f'{ref}:pin').randrange(100_000, 1_000_000)}",  # a chance of its own: the others stay as they are
        bridge=cast.HOME_BRIDGE if plan.outcome in ("COMPLETED", "NO_SHOW") else None,
    )


def legs_of(random: Random, booking: Booking) -> tuple[Leg, ...]:
    """Who came, when, and when they left. Some come late, leave early, fall out of the line and come again."""
    legs: list[Leg] = []
    length = int((booking.ends_at - booking.starts_at).total_seconds())
    for place in range(max(2, booking.expected_participants - random.choice((0, 0, 1)))):
        name = booking.organiser if place == 0 else person(random)
        number, service = phone(random), random.choice(SERVICES)
        joined = random.randrange(-150, 400)
        left = max(joined + 20, length + random.randrange(-900, 240))
        for begin, end, reason in stays(random, joined, left):
            legs.append(
                Leg(
                    id=f"{cast.HOME_BRIDGE}:1:{booking.room}:p{len(legs) + 1}",
                    bridge=cast.HOME_BRIDGE,
                    room=booking.room,
                    service=service,
                    display_name=name,
                    caller_number=number,
                    joined_at=booking.starts_at + timedelta(seconds=begin),
                    left_at=booking.starts_at + timedelta(seconds=end),
                    end_reason=reason,
                    conference=booking.ref.replace("BK-", "CF-"),
                )
            )
    return tuple(legs)


def stays(random: Random, joined: int, left: int) -> Iterator[tuple[int, int, str]]:
    """(joined, left, reason) of one participant, in seconds from the booked start."""
    lot = random.random()
    if lot < 0.02:
        yield joined, joined, "dropped"
        yield joined + 9, left, "left"
    elif lot < 0.05:
        yield joined, joined + random.randrange(8, 55), "left"
    elif lot < 0.13 and left - joined > 300:
        lost = random.randrange(joined + 60, left - 120)
        yield joined, lost, "connection-lost"
        yield lost + random.choice((8, 14, 25, 40, 95)), left, "left"
    else:
        yield joined, left, "left"


def conference_of(id: str, booking: str | None, legs: Sequence[Leg]) -> Conference:
    return Conference(
        id=id,
        bridge=legs[0].bridge,
        room=legs[0].room,
        booking=booking,
        started_at=min(leg.joined_at for leg in legs),
        ended_at=max(leg.left_at for leg in legs),
    )


# The cast's bookings, and a conference that nobody booked.


def cast_meetings(seed: int, customers: Iterable[Customer], today: date) -> Iterator[Meeting]:
    for customer in customers:
        if customer.figure is cast.MAIN:
            yield worked_example(customer, today)
        elif customer.figure is not None:
            yield yesterday(seed, customer, customer.figure, today)


def worked_example(customer: Customer, today: date) -> Meeting:
    """domain.md, section 2: 2026-11-24, 17:30 to 18:30 in Prague; the switch's file has its legs."""
    start = datetime(2026, 11, 24, 17, 30, tzinfo=PRAGUE)
    status = "COMPLETED" if today > start.date() else "CONFIRMED"
    account = cast.MAIN.accounts[0]
    plan = Plan(customer, account, True, start, 60, status, Random(1))
    return Meeting(booking_of(plan, cast.MAIN.booking, "20260123"), account, None, ())


def yesterday(seed: int, customer: Customer, figure: cast.Figure, today: date) -> Meeting:
    """A meeting of yesterday morning that is still to be invoiced, or can't be; its booking names no account."""
    start = datetime.combine(today - timedelta(days=1), time(10), PRAGUE)
    plan = Plan(customer, None, False, start, 60, "COMPLETED", Random(f"{seed}:{figure.booking}"))
    _, year, number = figure.booking.split("-")
    return meeting_of(plan, figure.booking, f"{year}{number[-4:]}")


def stray_meeting(seed: int, today: date) -> Meeting:
    """Two people in a room that nobody booked: `unknown-owner`. Its id is made of its first join."""
    random = Random(f"{seed}:stray")
    start = datetime.combine(today - timedelta(days=1), time(14, 20), PRAGUE).astimezone(UTC)
    id = f"CF-{cast.HOME_BRIDGE}-{STRAY_ROOM}-{start:%Y%m%dT%H%M%SZ}"
    legs = tuple(
        Leg(
            id=f"{cast.HOME_BRIDGE}:1:{STRAY_ROOM}:p{place}",
            bridge=cast.HOME_BRIDGE,
            room=STRAY_ROOM,
            service="dial-in",
            display_name=person(random),
            caller_number=phone(random),
            joined_at=start + timedelta(seconds=40 * (place - 1)),
            left_at=start + timedelta(seconds=900 + 70 * place),
            end_reason="left",
            conference=id,
        )
        for place in (1, 2)
    )
    return Meeting(None, None, conference_of(id, None, legs), legs)
