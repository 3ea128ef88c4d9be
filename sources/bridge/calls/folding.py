"""Observations of a room become legs: a pure function, whatever came late, twice, in another order, or not at all.

    1. lives      the switch's starts divide time; everybody inside is out when one life ends
    2. events     of one participant by the switch's clock: joined opens a leg; left, kicked and destroyed close it
    3. polls      fill in what events did not tell: an end that was lost, a join that was lost, a leg nobody told of
    4. verdicts   a media timeout ends a leg where it was last heard; a clock that can't be right is a problem

    events   joined 10:00:00.2                                      (left is lost)
    polls    seen   10:00:01 ... 10:20:07, not seen 10:20:08
    leg             10:00:00.2 - 10:20:07, left

A leg is known by (switch, life, room, participant), never by handle or time, so that it is the same leg whether a poll
or a late event told of it first (domain.md, edge case 25). Controllers give each join a participant id of its own;
where one is used again, the second leg of that id in a life is `...:2`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from sources.records.calls import EndReason, FoldedLeg, Kind, Observation, Source

__all__ = ["MOST_SKEW", "fold"]

MOST_SKEW = timedelta(minutes=2)
"""How far the switch's clock and ours may be apart (domain.md, edge case 8)."""

OF_A_LOST_SESSION = timedelta(seconds=10)
"""How long after a session is lost its legs are put out, at most."""

BEGINNING = datetime.min.replace(tzinfo=UTC)
END = datetime.max.replace(tzinfo=UTC)

# Who joins and leaves at one instant was there for no time; a kick is told before the leave that it causes.
ORDER = {Kind.JOINED: 0, Kind.KICKED: 1, Kind.LEFT: 2, Kind.DESTROYED: 3}
CLOSING = {
    Kind.LEFT: EndReason.LEFT,
    Kind.KICKED: EndReason.KICKED,
    Kind.DESTROYED: EndReason.ROOM_DESTROYED,
}


@dataclass(slots=True, kw_only=True)
class _Leg:
    """A leg in the making. `told` are the events that made it; `stretches` the polls that saw it.

    Where its join isn't known it was `after` that instant, where its end isn't, `before` that one.
    """

    joined_at: datetime | None
    after: datetime = BEGINNING
    before: datetime = END
    left_at: datetime | None = None
    reason: EndReason | None = None
    told: list[Observation] = field(default_factory=list)
    stretches: list[Observation] = field(default_factory=list)
    joined_by: Source = Source.EVENT
    left_by: Source = Source.EVENT
    is_backwards: bool = False
    is_guessed: bool = False
    is_overlapping: bool = False

    def end(self, at: datetime, reason: EndReason, by: Source = Source.EVENT) -> None:
        self.left_at, self.reason, self.left_by = at, reason, by

    @property
    def begins(self) -> datetime:
        return self.after if self.joined_at is None else self.joined_at

    @property
    def ends(self) -> datetime:
        return self.before if self.left_at is None else self.left_at


@dataclass(frozen=True, slots=True)
class _Life:
    """The switch from one start to the next, [begins, ends); before the first start that is known it has no name."""

    name: str
    begins: datetime
    ends: datetime
    shut_down_at: datetime | None

    def has(self, at: datetime) -> bool:
        return self.begins <= at < self.ends


def fold(observations: Iterable[Observation], *, trusts_clock: bool = False) -> tuple[FoldedLeg, ...]:
    """The legs of one room of one bridge, in order of joining, from its observations and those of the whole switch.

    The order of the observations doesn't matter, nor whether one is there twice. `trusts_clock`: the switch's clock is
    never a problem, as a simulator's is make-believe.
    """
    distinct = sorted(_once_each(observations), key=_in_order)
    ofroom = [each for each in distinct if each.room is not None]
    legs: list[FoldedLeg] = []
    for life in _lives([each for each in distinct if each.room is None]):
        within = [each for each in ofroom if life.has(each.at)]
        lost = [each for each in distinct if each.kind is Kind.SESSION_LOST and life.has(each.at)]
        destroyed = [each for each in within if each.kind is Kind.DESTROYED]
        for participant in dict.fromkeys(each.participant for each in within if each.participant is not None):
            theirs = [each for each in within if each.participant == participant]
            found = _legs_of(theirs, destroyed, lost, life)
            legs += _finished(found, theirs[0], participant, life, trusts_clock=trusts_clock)
    return tuple(sorted(legs, key=lambda leg: (leg.joined_at, leg.left_at or END, leg.id)))


def _once_each(observations: Iterable[Observation]) -> Iterable[Observation]:
    """An event is one however often it came, and was received when it first came."""
    once: dict[tuple[object, ...], Observation] = {}
    for each in observations:
        same = (each.kind, each.at, each.source, each.room, each.participant, each.session, each.until, each.gone_at)
        first = once.setdefault(same, each)
        if each.received_at < first.received_at:
            once[same] = each
    return once.values()


def _in_order(each: Observation) -> tuple[datetime, int, datetime]:
    return each.at, ORDER.get(each.kind, len(ORDER)), each.received_at


# 1. Lives


def _lives(ofswitch: Sequence[Observation]) -> list[_Life]:
    """A start that polls found counts where no event that came after they last saw the life before tells of it."""
    told = [each for each in ofswitch if each.kind is Kind.STARTED and each.source is Source.EVENT]
    found = [each for each in ofswitch if each.kind is Kind.STARTED and each.source is Source.POLL]
    untold = [each for each in found if not any(_is_same_start(each, other) for other in told)]
    starts = sorted({each.at for each in [*told, *untold]})
    shutdowns = [each.at for each in ofswitch if each.kind is Kind.SHUTDOWN]
    lives = []
    for begins, ends in pairwise([BEGINNING, *starts, END]):
        down = next((at for at in shutdowns if begins <= at < ends), None)
        lives.append(_Life("0" if begins == BEGINNING else f"{begins:%Y%m%dT%H%M%SZ}", begins, ends, down))
    return lives


def _is_same_start(found: Observation, told: Observation) -> bool:
    return told.received_at > _until(found) and told.at <= found.at + MOST_SKEW


# 2. Events


def _legs_of(
    theirs: Sequence[Observation], destroyed: Sequence[Observation], lost: Sequence[Observation], life: _Life
) -> list[_Leg]:
    """One participant's legs in one life of the switch, in order of time."""
    stretches = _whole_stretches([each for each in theirs if each.kind is Kind.SEEN], life)
    events = [each for each in theirs if each.kind in ORDER]
    legs = _put_right(_told(sorted([*events, *destroyed], key=_in_order)))
    _match(legs, stretches)
    legs = _split(legs, len(stretches))
    _fill_in(legs, life)
    for leg in legs:
        _blame_session(leg, lost)
    _silence(legs, [each for each in theirs if each.kind is Kind.SILENT])
    _part(legs)
    _come_back(legs)
    return legs


def _told(events: Sequence[Observation]) -> list[_Leg]:
    """What events alone say. A leave without a join is a leg, too, whose beginning is not known yet."""
    legs: list[_Leg] = []
    inside: _Leg | None = None
    for event in events:
        if event.kind is Kind.JOINED:
            if inside is not None:
                inside.before = event.at
            inside = _Leg(joined_at=event.at, told=[event])
            legs.append(inside)
        elif inside is not None:
            inside.end(event.at, CLOSING[event.kind])
            inside.told.append(event)
            inside = None
        elif event.kind is not Kind.DESTROYED and not _is_echo(event, legs):
            after = legs[-1].ends if legs else BEGINNING
            legs.append(_Leg(joined_at=None, after=after, left_at=event.at, reason=CLOSING[event.kind], told=[event]))
    return legs


def _is_echo(event: Observation, legs: Sequence[_Leg]) -> bool:
    """After a kick, or the end of the room, the switch may tell of the leave as well."""
    return bool(legs) and legs[-1].reason is not EndReason.LEFT


def _put_right(legs: list[_Leg]) -> list[_Leg]:
    """A leave received after its join that lies before it by the switch's clock: one leg, and its clock is wrong."""
    right: list[_Leg] = []
    for leg in legs:
        before = right[-1] if right else None
        if (
            before is not None
            and before.joined_at is None
            and leg.left_at is None
            and before.told[0].received_at > leg.told[0].received_at
        ):
            leg.left_at, leg.reason, leg.is_backwards = before.left_at, before.reason, True
            leg.told += before.told
            right.pop()
        right.append(leg)
    return right


# 3. Polls


def _whole_stretches(seen: Sequence[Observation], life: _Life) -> list[Observation]:
    """Two pollers may have seen the same at once: what overlaps is one stretch."""
    whole: list[Observation] = []
    for each in seen:
        until = min(each.until or each.at, life.ends)
        if each.gone_at is not None and each.gone_at >= life.ends:  # not seen any more as the life was over
            each = replace(each, gone_at=None)
        last = whole[-1] if whole else None
        if last is not None and last.until is not None and each.at <= last.until:
            gone = None if last.gone_at is None or each.gone_at is None else max(last.gone_at, each.gone_at)
            whole[-1] = replace(last, until=max(last.until, until), gone_at=gone)
        else:
            whole.append(replace(each, until=until))
    return whole


def _match(legs: list[_Leg], stretches: Sequence[Observation]) -> None:
    """Each stretch goes to the leg that it overlaps longest, else to the nearest within the skew, else is its own."""
    told = list(legs)
    for stretch in stretches:
        leg = max(told, key=lambda each: _overlap(each, stretch), default=None)
        if leg is None or _overlap(leg, stretch) < -MOST_SKEW:
            leg = _Leg(joined_at=stretch.at, joined_by=Source.POLL)
            legs.append(leg)
        leg.stretches.append(stretch)
    legs.sort(key=lambda each: (each.begins, each.ends))


def _overlap(leg: _Leg, stretch: Observation) -> timedelta:
    """How long both were; below zero how far they are apart."""
    return min(leg.ends, _until(stretch)) - max(leg.begins, stretch.at)


def _until(stretch: Observation) -> datetime:
    return stretch.until or stretch.at


def _split(legs: list[_Leg], stretches: int) -> list[_Leg]:
    """More stretches than legs: somebody was out for a while of which no event told. Where polls miss a short stay, the
    legs are more, and a gap between stretches is one between legs that are known."""
    missing = stretches - len(legs)
    whole: list[_Leg] = []
    for leg in legs:
        while missing > 0 and len(leg.stretches) > 1:
            first, *others = leg.stretches
            joins = [each for each in leg.told if each.kind is Kind.JOINED]
            head = replace(leg, told=joins, stretches=[first])
            head.end(_until(first), EndReason.LEFT, Source.POLL)
            whole.append(head)
            rest = [each for each in leg.told if each.kind is not Kind.JOINED]
            leg = replace(leg, joined_at=others[0].at, joined_by=Source.POLL, told=rest, stretches=others)
            missing -= 1
        whole.append(leg)
    return whole


def _fill_in(legs: Sequence[_Leg], life: _Life) -> None:
    """Ends and beginnings that events did not tell."""
    for leg in legs:
        if leg.joined_at is None and leg.stretches:
            leg.joined_at, leg.joined_by = min(leg.stretches[0].at, leg.ends), Source.POLL
        if leg.left_at is not None or leg.joined_at is None:
            continue
        last_seen = max([leg.joined_at, *(_until(each) for each in leg.stretches)])
        is_gone = bool(leg.stretches) and leg.stretches[-1].gone_at is not None
        if leg.before != END:  # the same id joined again
            leg.is_guessed = not leg.stretches
            leg.end(min(last_seen, leg.before) if leg.stretches else leg.before, EndReason.LEFT, Source.POLL)
        elif is_gone:
            leg.end(last_seen, EndReason.LEFT, Source.POLL)
        elif life.shut_down_at is not None:
            leg.end(max(life.shut_down_at, leg.joined_at), EndReason.BRIDGE_SHUTDOWN)
        elif life.ends != END:
            leg.end(last_seen, EndReason.BRIDGE_LOST)


# 4. Verdicts


def _blame_session(leg: _Leg, lost: Sequence[Observation]) -> None:
    joined = next((each for each in leg.told if each.kind is Kind.JOINED), None)
    if joined is None or joined.session is None or leg.reason is not EndReason.LEFT or leg.left_at is None:
        return
    if any(each.session == joined.session and abs(leg.left_at - each.at) <= OF_A_LOST_SESSION for each in lost):
        leg.reason = EndReason.CONTROLLER_TIMEOUT


def _silence(legs: Sequence[_Leg], silent: Sequence[Observation]) -> None:
    """Billing stops where the leg was last heard, whenever it was put out for it."""
    for each in silent:
        within = [leg for leg in legs if leg.begins <= each.at + MOST_SKEW and leg.ends >= each.at]
        if within and within[-1].joined_at is not None:
            leg = within[-1]
            was_put_out_by = Source.POLL if leg.left_at is None else leg.left_by
            leg.end(max(each.at, leg.begins), EndReason.MEDIA_TIMEOUT, was_put_out_by)


def _part(legs: Sequence[_Leg]) -> None:
    """Nobody is twice in a room: what a poll said yields to an event; two events are a problem (edge case 25)."""
    for before, leg in pairwise(legs):
        if leg.joined_at is None or before.left_at is None or leg.joined_at >= before.left_at:
            continue
        if leg.joined_by is Source.POLL:
            leg.joined_at = min(before.left_at, leg.ends)
        elif before.left_by is Source.POLL and before.joined_at is not None:
            before.left_at = max(leg.joined_at, before.joined_at)
        leg.is_overlapping = leg.joined_at < before.left_at


def _come_back(legs: list[_Leg]) -> None:
    """Told that somebody left, and polls see them on and on: they came back at once, and the join was lost."""
    last = legs[-1] if legs else None
    if last is None or last.left_at is None or not last.stretches or last.left_by is not Source.EVENT:
        return
    seen = last.stretches[-1]
    if last.reason in (EndReason.LEFT, EndReason.KICKED) and _until(seen) > last.left_at + MOST_SKEW:
        again = _Leg(joined_at=last.left_at, joined_by=Source.POLL, stretches=[seen])
        if seen.gone_at is not None:
            again.end(_until(seen), EndReason.LEFT, Source.POLL)
        legs.append(again)


def _finished(
    legs: Sequence[_Leg], of: Observation, participant: str, life: _Life, *, trusts_clock: bool
) -> list[FoldedLeg]:
    finished = []
    for number, leg in enumerate(legs, start=1):
        own = f"{of.bridge}:{life.name}:{of.room}:{participant}"
        joined_at = leg.joined_at if leg.joined_at is not None else leg.ends
        finished.append(
            FoldedLeg(
                id=own if number == 1 else f"{own}:{number}",
                bridge=of.bridge,
                epoch=life.name,
                room=of.room or "",
                participant=participant,
                display=next((each.display for each in [*leg.told, *leg.stretches] if each.display), None),
                joined_at=joined_at,
                left_at=leg.left_at,
                end_reason=leg.reason,
                is_agreed=_is_agreed(leg),
                problem=_problem(leg, trusts_clock=trusts_clock),
            )
        )
    return finished


def _is_agreed(leg: _Leg) -> bool:
    ends_told = leg.left_at is not None and leg.left_by is leg.joined_by is Source.EVENT
    return ends_told and all(each.gone_at is not None for each in leg.stretches)


def _problem(leg: _Leg, *, trusts_clock: bool) -> str | None:
    if leg.joined_at is None or leg.is_guessed:
        return "incomplete"
    if leg.is_overlapping:
        return "overlap"
    if leg.is_backwards or (not trusts_clock and any(not _is_plausible(each, leg) for each in leg.told)):
        return "clock"
    return None


def _is_plausible(event: Observation, leg: _Leg) -> bool:
    """An event is from about when it was received, or, delivered late, from about when polls saw its leg."""
    if event.at - event.received_at > MOST_SKEW:
        return False
    if event.received_at - event.at <= MOST_SKEW:
        return True
    if not leg.stretches:
        return False
    seen = leg.stretches[0].at if event.kind is Kind.JOINED else _until(leg.stretches[-1])
    return abs(event.at - seen) <= MOST_SKEW
