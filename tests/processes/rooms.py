"""A booking in reservations and rooms on two bridges, as processes see them: the real rules behind a fake graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from processes.graph import GraphError
from processes.rules import bookings as rules
from processes.rules.refusal import Refusal
from tests.processes.fakes import FakeGraph

__all__ = ["PIN", "START", "World", "bridge_down"]

START = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)
PIN = "482913"


def bridge_down(bridge: str) -> GraphError:
    return GraphError([{"message": f"bridge {bridge} doesn't answer", "extensions": {"code": "BRIDGE_DOWN"}}])


@dataclass
class World:
    """`down` are bridges that don't answer, `inside` whether somebody is in the room; `rooms` are by bridge.

    `before` is called before each operation by its name: to change the world in the midst of a run.
    """

    booking: rules.Booking = field(default_factory=lambda: rules.Booking("BK-1", "CONFIRMED", 1, "bk-1"))
    bridges: tuple[str, ...] = ("a", "b")
    starts_at: datetime = START
    down: set[str] = field(default_factory=set)
    inside: bool = False
    conference: str | None = None
    call_state: str | None = None
    rooms: dict[str, dict[str, Any]] = field(default_factory=dict)
    closed_at: int = 0
    before: Callable[[str, World], None] = lambda name, world: None

    def graph(self) -> FakeGraph:
        answers = {
            "BookingToProvision": self.asked,
            "BookingToRestore": self.asked,
            "BookingToSettle": self.asked,
            "BookingInCall": self.asked,
            "ProvisionRoom": self.provision,
            "CloseRoom": self.close,
            "RecordRoom": lambda told: self.record("recordRoom", rules.provisioned, told),
            "RecordRoomClosed": lambda told: self.record("recordRoomClosed", rules.closed, told),
            "RecordBookingState": lambda told: self.record("recordBookingState", rules.in_state, told),
        }
        return FakeGraph({name: self.noticed(name, answer) for name, answer in answers.items()})

    def noticed(
        self, name: str, answer: Callable[[Mapping[str, Any]], dict[str, Any]]
    ) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
        def noticing(variables: Mapping[str, Any]) -> dict[str, Any]:
            self.before(name, self)
            return answer(variables)

        return noticing

    def asked(self, _: Mapping[str, Any]) -> dict[str, Any]:
        booking = {
            "ref": self.booking.ref,
            "title": "Porada",
            "status": self.booking.status,
            "revision": self.booking.revision,
            "room": self.booking.room,
            "pin": PIN,
            "bridge": self.booking.bridge,
            "provisionedRevision": self.booking.provisioned_revision,
            "startsAt": self.starts_at.isoformat(),
            "endsAt": (self.starts_at + timedelta(hours=1)).isoformat(),
            "callState": self.call_state,
            "conference": self.conference and {"id": self.conference},
        }
        states = [{"id": id, "state": "DOWN" if id in self.down else "UP"} for id in self.bridges]
        return {"booking": booking, "bridges": [*states, {"id": "pbx", "state": None}]}

    def provision(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """A booking has one room; the switch keeps its settings while somebody is inside."""
        bridge = order["bridge"]
        if bridge in self.down:
            raise bridge_down(bridge)
        if order["revision"] <= self.closed_at:
            return {"provisionRoom": {"__typename": "Refused", "code": "stale-revision", "message": "older"}}
        if self.inside:
            return {"provisionRoom": {"__typename": "Refused", "code": "in-call", "message": "somebody is inside"}}
        self.rooms = {bridge: {name: order[name] for name in ("room", "pin", "revision")}}
        return {"provisionRoom": {"__typename": "RoomProvisioned", "room": {"bridge": bridge, "room": order["room"]}}}

    def close(self, order: Mapping[str, Any]) -> dict[str, Any]:
        for bridge in list(self.rooms):
            if bridge in self.down:
                raise bridge_down(bridge)
        if self.inside:
            return {"closeRoom": {"__typename": "Refused", "code": "in-call", "message": "somebody is inside"}}
        self.rooms, self.closed_at = {}, order["revision"]
        return {"closeRoom": {"__typename": "RoomClosed"}}

    def record(self, mutation: str, rule: Callable[..., rules.Verdict], told: Mapping[str, Any]) -> dict[str, Any]:
        verdict = rule(self.booking, **{name: value for name, value in told.items() if name != "ref"})
        if isinstance(verdict, Refusal):
            return {mutation: {"__typename": "Refused", "code": verdict.code, "message": verdict.message}}
        self.booking = verdict
        return {mutation: {"__typename": "BookingRecorded"}}

    def move(self) -> None:
        moved = rules.changed(self.booking, revision=self.booking.revision)
        assert isinstance(moved, rules.Booking)
        self.booking = moved

    def cancel(self) -> None:
        cancelled = rules.cancelled(self.booking, revision=self.booking.revision, at=START)
        assert isinstance(cancelled, rules.Booking)
        self.booking = cancelled

    def become(self, status: str, **changes: Any) -> None:
        self.booking = replace(self.booking, status=status, **changes)
