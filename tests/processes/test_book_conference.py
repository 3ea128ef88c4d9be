"""Conferences booked, moved and cancelled for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from processes import book_conference, cancel_conference, move_conference
from processes.book_conference import may_book, may_change
from processes.graph import GraphError
from processes.rules.refusal import Refusal
from processes.run import Done
from processes.wire import instant_to_wire
from tests.processes.fakes import FakeGraph, FakeRun, unavailable

NOW = datetime(2026, 11, 24, 11, tzinfo=UTC)
ORDER: dict[str, Any] = {
    "account": None,
    "title": "Porada",
    "organiser": "Alice",
    "localStart": "2026-12-01T10:00",
    "localEnd": "2026-12-01T11:00",
    "timeZone": "Europe/Prague",
    "expectedParticipants": 3,
}
OWN = {"number": "7700123", "owners": [{"client": {"id": "CL-1"}, "validFrom": "2024-01-01", "validTo": None}]}
SECOND = {"number": "7700124", "owners": [{"client": {"id": "CL-1"}, "validFrom": "2024-01-01", "validTo": None}]}
ENDED = {"number": "7700125", "owners": [{"client": {"id": "CL-1"}, "validFrom": None, "validTo": "2026-12-01"}]}


@dataclass
class Reservations:
    """Answers as sales, links and reservations do; `made` are the inputs of bookings, `told` of changes."""

    accounts: list[dict[str, Any]] = field(default_factory=lambda: [OWN])
    client: bool = True
    refuses: str | None = None
    made: list[Mapping[str, Any]] = field(default_factory=list)
    told: list[Mapping[str, Any]] = field(default_factory=list)

    def graph(self) -> FakeGraph:
        booking = {
            "ref": "BK-1",
            "status": "PROVISIONED",
            "revision": 3,
            "localStart": "2026-12-01T10:00",
            "localEnd": "2026-12-01T11:00",
            "timeZone": "Europe/Prague",
        }
        known = {"id": "CL-1", "accountHistory": self.accounts}

        def of(variables: Mapping[str, Any]) -> dict[str, Any]:
            return {"booking": booking if variables["ref"] == "BK-1" else None}

        return FakeGraph(
            {
                "ClientToBookFor": lambda _: {"client": known if self.client else None},
                "CreateBooking": lambda asked: {"createBooking": self.recorded(self.made, asked)},
                "BookingToMove": of,
                "BookingToCancel": of,
                "ChangeBooking": lambda asked: {"changeBooking": self.recorded(self.told, asked)},
                "RecordCancellation": lambda asked: {"recordCancellation": self.recorded(self.told, asked)},
            }
        )

    def recorded(self, where: list[Mapping[str, Any]], asked: Mapping[str, Any]) -> dict[str, Any]:
        if self.refuses:
            return {"__typename": "Refused", "code": self.refuses, "message": "because"}
        where.append(asked)
        return {"__typename": "BookingRecorded", "booking": {"ref": "BK-1"}}


def a_run(graph: FakeGraph) -> FakeRun:
    return FakeRun(graph, id="a-run", time=NOW)


async def book(world: Reservations, **changes: Any) -> tuple[Done | Refusal, FakeRun]:
    run = a_run(world.graph())
    return await book_conference.carry_out(run, "CL-1", {**ORDER, **changes}), run


async def test_conference_is_booked_and_its_room_provisioned() -> None:
    """The order goes to reservations as it is; the run about the room begins."""
    world = Reservations()
    found, run = await book(world)
    assert found == Done("BK-1", {"booking": "BK-1"})
    assert world.made == [{"input": {**ORDER, "client": "CL-1"}}]
    assert run.started == [("provision-conference", "BK-1", {})]


async def test_who_asks_again_with_their_key_gets_the_booking_that_a_cancelled_run_had_made() -> None:
    """The run is another one then; reservations know the order by its key."""
    world = Reservations()
    keys = set()
    for n in (1, 2):
        graph = world.graph()
        run = FakeRun(graph, id=f"book-conference:CL-1:{n}", time=NOW)
        assert isinstance(await book_conference.carry_out(run, "CL-1", {**ORDER, "order": "5f0c"}), Done)
        keys.add(graph.variables("CreateBooking")["key"])
    assert keys == {"5f0c:create"}
    assert [made["input"] for made in world.made] == [{**ORDER, "client": "CL-1"}] * 2


@pytest.mark.parametrize(
    ("accounts", "chosen", "code"),
    [
        ([OWN, SECOND], None, "ambiguous-account"),
        ([], None, "no-account"),
        ([ENDED], None, "no-account"),
        ([OWN], "7700999", "foreign-account"),
        ([OWN, ENDED], "7700125", "foreign-account"),
        ([OWN, SECOND], "7700124", None),
        ([OWN, ENDED], None, None),
    ],
)
async def test_edge_case_22_two_billing_accounts_and_the_booking_names_none(
    accounts: list[dict[str, Any]], chosen: str | None, code: str | None
) -> None:
    """Asked when it is booked, not when it is billed: of the accounts on the day of the conference."""
    world = Reservations(accounts)
    found, run = await book(world, account=chosen)
    assert (found.code if isinstance(found, Refusal) else None) == code
    assert len(world.made) == len(run.started) == (code is None)


async def test_ambiguous_account_names_those_there_are() -> None:
    """The remedy is to name one of them."""
    found, _ = await book(Reservations([SECOND, OWN]))
    assert found == Refusal(
        "ambiguous-account",
        "client CL-1 has several billing accounts on 2026-12-01 (7700123, 7700124): name the one that pays",
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"localEnd": "2026-12-01T09:00"}, "ends-before-start"),
        ({"localEnd": "2026-12-02T12:00"}, "too-long"),
        ({"localStart": "2026-11-24T10:00", "localEnd": "2026-11-24T12:00"}, "in-the-past"),
        ({"localStart": "2027-03-28T02:30", "localEnd": "2027-03-28T04:30"}, "no-such-time"),
        ({"localStart": "2027-10-31T02:30", "localEnd": "2027-10-31T04:30"}, "ambiguous-time"),
    ],
)
async def test_times_nobody_can_meet_at_are_refused(changes: dict[str, str], code: str) -> None:
    """Before anything is asked."""
    world = Reservations()
    found, run = await book(world, **changes)
    assert isinstance(found, Refusal)
    assert found.code == code
    assert run.graph.asked == []
    moved = await move_conference.carry_out(run, "BK-1", {"changes": {**changes}, "revision": None})
    assert isinstance(moved, Refusal)
    assert world.told == []


async def test_unknown_client_and_a_refusal_of_reservations() -> None:
    """Both are answers; nothing is started."""
    found, _ = await book(Reservations(client=False))
    assert found == Refusal("unknown-client", "sales has no client CL-1: check its id")
    refused, run = await book(Reservations(refuses="no"))
    assert refused == Refusal("no", "because")
    assert run.started == []


@pytest.mark.parametrize("step", ["ClientToBookFor", "CreateBooking"])
@pytest.mark.parametrize("lost", ["before", "after"])
async def test_crash_at_any_step_books_once(step: str, lost: str) -> None:
    """The run that is resumed has the same key."""
    world = Reservations()
    graph = world.graph()
    faults = graph.fails_before if lost == "before" else graph.fails_after
    faults[step] = KeyboardInterrupt()  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        await book_conference.carry_out(a_run(graph), "CL-1", ORDER)
    assert await book_conference.carry_out(a_run(graph), "CL-1", ORDER) == Done("BK-1", {"booking": "BK-1"})
    assert len(world.made) == 1


@pytest.mark.parametrize(("revision", "told"), [(None, 3), (2, 2)])
async def test_edge_case_11_booking_moved_or_cancelled(revision: int | None, told: int) -> None:
    """The revision is the one that was seen, else the one there is; then the room is told."""
    world = Reservations()
    run = a_run(world.graph())
    changes = {"localStart": "2026-12-01T10:30", "title": None}
    found = await move_conference.carry_out(run, "BK-1", {"changes": changes, "revision": revision})
    assert found == Done("BK-1", {"booking": "BK-1"})
    assert await cancel_conference.carry_out(run, "BK-1", {"revision": revision}) == found
    assert world.told == [
        {"ref": "BK-1", "revision": told, "input": {"localStart": "2026-12-01T10:30"}},
        {"ref": "BK-1", "revision": told, "at": instant_to_wire(await run.now())},
    ]
    room = ("provision-conference", "BK-1", {})
    fee = ("charge-fee", "BK-1", {})
    assert run.started == [room, room, fee]


@pytest.mark.parametrize("code", ["in-call", "stale-revision", "not-open"])
async def test_edge_case_11_in_call_it_is_neither_moved_nor_cancelled(code: str) -> None:
    """Reservations says so, in the transaction; the room is left alone."""
    run = a_run(Reservations(refuses=code).graph())
    for found in (
        await move_conference.carry_out(run, "BK-1", {"changes": {"title": "x"}, "revision": None}),
        await cancel_conference.carry_out(run, "BK-1", {"revision": None}),
    ):
        assert found == Refusal(code, "because")
    assert run.started == []


async def test_unknown_booking() -> None:
    """Nothing is told."""
    run = a_run(Reservations().graph())
    for found in (
        await move_conference.carry_out(run, "BK-0", {"changes": {"title": "x"}, "revision": None}),
        await cancel_conference.carry_out(run, "BK-0", {"revision": None}),
    ):
        assert found == Refusal("unknown-booking", "there is no booking BK-0: check its reference")


def forbidden(*_: object) -> dict[str, Any]:
    raise GraphError([{"message": "not yours", "extensions": {"code": "FORBIDDEN"}}])


async def test_who_does_not_see_the_bookings_does_not_book() -> None:
    """Asked as the caller: the same row rules as for reading, whatever they are."""
    graph = FakeGraph({"BookingsOfClient": forbidden, "BookingToChange": forbidden})
    assert await may_book(graph, "CL-1") == Refusal(
        "not-yours", "you don't see bookings of client CL-1: ask the salesperson whose client it is"
    )
    assert await may_change(graph, "BK-1") == Refusal(
        "not-yours", "you don't see booking BK-1: ask the salesperson whose client it is"
    )


async def test_who_sees_them_books() -> None:
    """A client or a booking that there isn't is nobody's."""
    graph = FakeGraph(
        {
            "BookingsOfClient": lambda asked: {"client": {"id": "CL-1"} if asked["client"] == "CL-1" else None},
            "BookingToChange": lambda asked: {"booking": {"ref": "BK-1"} if asked["ref"] == "BK-1" else None},
        }
    )
    assert (await may_book(graph, "CL-1"), await may_change(graph, "BK-1")) == (None, None)
    codes = [why and why.code for why in (await may_book(graph, "CL-0"), await may_change(graph, "BK-0"))]
    assert codes == ["unknown-client", "unknown-booking"]


async def test_system_that_is_down_is_no_refusal() -> None:
    """Who may book can't be told then: an error, and nothing begins."""
    graph = FakeGraph({}, fails_before={"BookingsOfClient": unavailable("sales")})
    with pytest.raises(GraphError) as raised:
        await may_book(graph, "CL-1")
    assert raised.value.codes == ("SYSTEM_UNAVAILABLE",)
