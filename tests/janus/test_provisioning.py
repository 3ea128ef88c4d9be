"""From the graph to a real Janus: rooms of bookings, as the processes make them and people see them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.company import PROCESSES, SYSTEMS, Company
from gateway.config import read_settings
from sources.demo import cast
from tests.company import Answer, ask, opened, viewer
from tests.janus.callers import JanusRefused, controlling
from tests.janus.server import Janus

pytestmark = pytest.mark.service

BOOKING, PIN = cast.EURO.booking, "246813"
PROVISION = """mutation ($booking: ID!, $pin: String!, $revision: Int!, $key: ID!) {
  provisionRoom(booking: $booking, room: $booking, pin: $pin, revision: $revision, title: "Porada vedení",
    idempotencyKey: $key) {
    ... on RoomProvisioned { room { bridge state revision } }
    ... on Refused { code }
  }
}"""
CLOSE = """mutation ($booking: ID!, $revision: Int!, $key: ID!) {
  closeRoom(booking: $booking, revision: $revision, idempotencyKey: $key) {
    ... on RoomClosed { rooms { bridge state } }
    ... on Refused { code }
  }
}"""
SEEN = """query ($ref: ID!) { booking(ref: $ref) { title bridgeRoom { bridge room state revision } }
  bridges { id kind state roomsOpen } }"""


@pytest.fixture
async def company(files: Path, tmp_path: Path, janus: Janus, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Company]:
    """The demo company, whose bridge-1 is a real Janus, as the settings file says."""
    monkeypatch.setenv("JANUS_ADMIN_SECRET", janus.admin_secret)
    monkeypatch.setenv("JANUS_ADMIN_KEY", janus.admin_key)
    file = tmp_path / "spojka.toml"
    file.write_text(
        f'[bridges.bridge-1]\nkind = "janus"\nadmin_url = "{janus.admin_url}"\n'
        'admin_secret_env = "JANUS_ADMIN_SECRET"\nadmin_key_env = "JANUS_ADMIN_KEY"\n'
    )
    async with opened(read_settings(files, {}, systems=tuple(SYSTEMS), file=file)) as company:
        yield company


async def provision(company: Company, revision: int = 1, *, pin: str = PIN, key: str | None = None) -> Answer:
    variables: dict[str, Any] = {"booking": BOOKING, "pin": pin, "revision": revision, "key": key or str(revision)}
    return await ask(company, PROVISION, viewer=PROCESSES, **variables)


async def test_room_of_a_booking_from_its_order_to_its_end(company: Company, janus: Janus) -> None:
    """Made with the PIN; entered by a caller; not changed nor closed while they are inside; changed; closed."""
    made = await provision(company)
    assert (made.errors, made.requests) == ([], ["bridge"])
    assert made.data["provisionRoom"]["room"] == {"bridge": "bridge-1", "state": "OPEN", "revision": 1}
    async with controlling(janus) as controller:
        alice = await controller.join(BOOKING, pin=PIN, id="p-1", display="Alice")
        assert (await provision(company, 2, pin="135790")).data["provisionRoom"]["code"] == "in-call"
        closing = await ask(company, CLOSE, viewer=PROCESSES, booking=BOOKING, revision=2, key="close")
        assert closing.data["closeRoom"]["code"] == "in-call"
        await alice.hears()
        await alice.leave()
        assert (await provision(company, 2, pin="135790")).data["provisionRoom"]["room"]["revision"] == 2
        with pytest.raises(JanusRefused):
            await controller.join(BOOKING, pin=PIN, id="p-2")
        bob = await controller.join(BOOKING, pin="135790", id="p-3", display="Bob")
        await bob.leave()
        seen = await ask(company, SEEN, viewer=viewer("manager"), ref=BOOKING)
        assert seen.errors == []
        assert seen.data["booking"]["bridgeRoom"] == {
            "bridge": "bridge-1",
            "room": BOOKING,
            "state": "OPEN",
            "revision": 2,
        }
        assert {"id": "bridge-1", "kind": "janus", "state": "UP", "roomsOpen": 1} in seen.data["bridges"]
        closed = await ask(company, CLOSE, viewer=PROCESSES, booking=BOOKING, revision=3, key="closed")
        assert closed.data["closeRoom"]["rooms"] == [{"bridge": "bridge-1", "state": "CLOSED"}]
        assert (await provision(company, 2, pin="135790", key="late")).data["provisionRoom"]["code"] == "stale-revision"
        with pytest.raises(JanusRefused) as refused:
            await controller.join(BOOKING, pin="135790", id="p-4")
        assert refused.value.code == 485


BOOK = """mutation ($client: ID!) {
  bookConference(idempotencyKey: "janus", input: {
    client: $client, title: "Porada", organiser: "Alice", localStart: "2026-12-01T10:00", localEnd: "2026-12-01T11:00"
  }) { ... on ConferenceBooked { booking { ref } } }
}"""
CHANGE = {
    "move": """mutation ($ref: ID!) {
      moveBooking(ref: $ref, input: { localEnd: "2026-12-01T12:00" }, idempotencyKey: "janus") { __typename }
    }""",
    "cancel": """mutation ($ref: ID!) { cancelBooking(ref: $ref, idempotencyKey: "janus") { __typename } }""",
}


async def when_told(company: Company, ref: str) -> dict[str, Any]:
    """The booking once its room is as its revision wants it."""
    document = "query ($ref: ID!) { booking(ref: $ref) { status room pin process { state } } }"
    for _ in range(500):
        booking: dict[str, Any] = (await ask(company, document, ref=ref)).data["booking"]
        if booking["process"] and booking["process"]["state"] == "SUCCEEDED":
            return booking
        await asyncio.sleep(0.02)
    raise AssertionError(f"the room of {ref} is not told")


async def test_booked_conference_is_entered_with_its_pin(company: Company, janus: Janus) -> None:
    """Nobody makes a room by hand: booked, moved (the PIN holds), cancelled (nobody enters any more)."""
    booked = await ask(company, BOOK, viewer=viewer("reservations"), client=cast.EURO.client)
    ref = booked.data["bookConference"]["booking"]["ref"]
    made = await when_told(company, ref)
    async with controlling(janus) as controller:
        await (await controller.join(made["room"], pin=made["pin"], id="p-1")).leave()
        await ask(company, CHANGE["move"], viewer=viewer("reservations"), ref=ref)
        moved = await when_told(company, ref)
        assert (moved["status"], moved["pin"]) == ("PROVISIONED", made["pin"])
        await (await controller.join(made["room"], pin=made["pin"], id="p-2")).leave()
        await ask(company, CHANGE["cancel"], viewer=viewer("reservations"), ref=ref)
        assert (await when_told(company, ref))["status"] == "CANCELLED"
        with pytest.raises(JanusRefused):
            await controller.join(made["room"], pin=made["pin"], id="p-3")


async def test_same_call_makes_the_room_again_after_the_bridge_died(company: Company, janus: Janus) -> None:
    """Domain.md, 4.10: kill -9 mid-call; BRIDGE_DOWN while it is dead; then people rejoin with the same PIN."""
    assert (await provision(company)).errors == []
    async with controlling(janus) as controller:
        await controller.join(BOOKING, pin=PIN, id="p-1")
        janus.kill()
    down = await provision(company)
    assert down.codes == {"BRIDGE_DOWN"}
    assert PIN not in str(down.errors)
    seen = await ask(company, SEEN, viewer=viewer("integrator"), ref=BOOKING)
    assert {"id": "bridge-1", "kind": "janus", "state": "DOWN", "roomsOpen": None} in seen.data["bridges"]
    janus.start()
    again = await provision(company)
    assert again.data["provisionRoom"]["room"] == {"bridge": "bridge-1", "state": "OPEN", "revision": 1}
    async with controlling(janus) as controller:
        await controller.join(BOOKING, pin=PIN, id="p-2")


async def test_ten_orders_at_once_make_one_room(company: Company, janus: Janus) -> None:
    """Each is answered with the room, or told to come again (SYSTEM_BUSY); the bridge has it once."""
    answers = await asyncio.gather(*(provision(company, key=f"k{n}") for n in range(10)))
    assert {code for each in answers for code in each.codes} <= {"SYSTEM_BUSY"}
    assert any(not each.errors for each in answers)
    async with controlling(janus) as controller:
        listed = (await controller.asks({"request": "list", "admin_key": janus.admin_key}))["list"]
        assert [each["room"] for each in listed] == [BOOKING]
