"""Rooms in the subgraph bridge: what its mutations answer and refuse, and in how many statements rooms are read."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from resolvers.bridge import schema
from sources.bridge import METADATA, Bridges
from sources.records.bridge import Bridge
from tests.asking import Answer, ask, entities
from tests.conftest import MakeDatabase
from tests.switches import MemorySwitch

BOOKING = "BK-2026-000123"
PROVISION = """
mutation ($booking: ID! = "BK-2026-000123", $room: ID! = "8001", $pin: String! = "246813", $revision: Int! = 1,
          $bridge: ID, $key: ID! = "k", $title: String) {
  provisionRoom(booking: $booking, room: $room, pin: $pin, revision: $revision, bridge: $bridge, title: $title,
                idempotencyKey: $key) {
    ... on RoomProvisioned { room { bridge room revision state createdAt closedAt } }
    ... on Refused { code message }
  }
}
"""
CLOSE = """
mutation ($booking: ID! = "BK-2026-000123", $revision: Int! = 1, $onlyEmpty: Boolean! = true, $key: ID! = "k") {
  closeRoom(booking: $booking, revision: $revision, onlyEmpty: $onlyEmpty, idempotencyKey: $key) {
    ... on RoomClosed { rooms { bridge room state closedAt } }
    ... on Refused { code message }
  }
}
"""
BRIDGES = "{ bridges { id kind state since roomsOpen } }"


class Subgraph:
    def __init__(self, database: MakeDatabase) -> None:
        self.switch = MemorySwitch()
        known = [Bridge("bridge-1", "UTC", "janus"), Bridge("pbx-praha", "UTC")]
        fill = partial(Bridges.fill, bridges=known, conferences=(), legs=())
        self.source = Bridges(database("bridge", METADATA, fill), {"bridge-1": self.switch})

    async def ask(self, document: str, **variables: Any) -> Answer:
        return await ask(schema, self.source, document, **variables)


@pytest.fixture
def subgraph(database: MakeDatabase) -> Subgraph:
    return Subgraph(database)


async def test_room_is_made_and_closed(subgraph: Subgraph) -> None:
    """What is answered is the room as it is; its title is the booking's reference where none is given."""
    made = await subgraph.ask(PROVISION)
    assert made.errors == []
    assert made.data["provisionRoom"]["room"] == {
        "bridge": "bridge-1",
        "room": "8001",
        "revision": 1,
        "state": "OPEN",
        "createdAt": "2026-11-24T11:00:00Z",
        "closedAt": None,
    }
    assert subgraph.switch.orders["8001"].title == BOOKING
    closed = await subgraph.ask(CLOSE, revision=2)
    assert closed.data["closeRoom"]["rooms"] == [
        {"bridge": "bridge-1", "room": "8001", "state": "CLOSED", "closedAt": "2026-11-24T11:00:00Z"}
    ]
    assert subgraph.switch.orders == {}


REFUSALS = [
    (PROVISION, {"revision": 1}, "stale-revision"),
    (PROVISION, {"revision": 3, "pin": "1"}, "in-call"),
    (PROVISION, {"booking": "BK-2026-000124"}, "room-taken"),
    (PROVISION, {"bridge": "pbx-praha"}, "unknown-bridge"),
    (CLOSE, {"revision": 1}, "stale-revision"),
    (CLOSE, {"revision": 3}, "in-call"),
]


async def test_refusals_are_answers(subgraph: Subgraph) -> None:
    """Each with its code, in a room of revision 2 that somebody is in."""
    assert (await subgraph.ask(PROVISION, revision=2, key="first")).errors == []
    subgraph.switch.inside["8001"] = ["alice"]
    for n, (document, variables, code) in enumerate(REFUSALS):
        answer = await subgraph.ask(document, **variables, key=str(n))
        assert answer.errors == []
        (outcome,) = answer.data.values()
        assert outcome["code"] == code
        assert outcome["message"]


async def test_closed_revision_makes_no_room_again(subgraph: Subgraph) -> None:
    """`room-closed`: whoever cancelled it raised the revision, and whoever wants it again raises it, too."""
    assert (await subgraph.ask(CLOSE)).data["closeRoom"]["rooms"] == []
    assert (await subgraph.ask(PROVISION)).data["provisionRoom"]["code"] == "room-closed"


async def test_no_bridge_with_a_switch(database: MakeDatabase) -> None:
    """Where none is configured there is nothing to make a room on."""
    source = Bridges(database("bridge", METADATA, partial(Bridges.fill, bridges=(), conferences=(), legs=())))
    answer = await ask(schema, source, PROVISION)
    assert answer.data["provisionRoom"]["code"] == "no-bridge"
    assert (await ask(schema, source, BRIDGES)).data == {"bridges": []}


async def test_switch_that_is_down_is_an_error_with_its_code(subgraph: Subgraph) -> None:
    """BRIDGE_DOWN for both mutations, naming the bridge: whoever asked comes again. `bridges` shows it."""
    subgraph.switch.is_down = True
    for document, key in ((PROVISION, "1"), (PROVISION, "1"), (CLOSE, "2")):
        answer = await subgraph.ask(document, key=key)
        assert answer.codes == ["BRIDGE_DOWN"]
        assert answer.errors[0].extensions["bridge"] == "bridge-1"
    shown = (await subgraph.ask(BRIDGES)).data["bridges"]
    assert shown == [
        {"id": "bridge-1", "kind": "janus", "state": "DOWN", "since": "2026-11-24T11:00:00Z", "roomsOpen": None},
        {"id": "pbx-praha", "kind": "files", "state": None, "since": None, "roomsOpen": None},
    ]


async def test_key_of_another_input_is_refused(subgraph: Subgraph) -> None:
    """IDEMPOTENCY_KEY_REUSED; the same again is the same."""
    first = await subgraph.ask(PROVISION)
    assert (await subgraph.ask(PROVISION)).data == first.data
    assert (await subgraph.ask(PROVISION, room="8002")).codes == ["IDEMPOTENCY_KEY_REUSED"]


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"pin": ""}, "pin: it has 1 to 32 digits"),
        ({"pin": "12ab"}, "pin: it has 1 to 32 digits"),
        ({"pin": "1" * 33}, "pin: it has 1 to 32 digits"),
        ({"revision": -1}, "revision: -1 is below 0"),
        ({"room": ""}, "room: 0 characters"),
        ({"booking": "BK 1"}, "booking: it has a space"),
        ({"title": "x" * 256}, "title: 256 characters"),
    ],
)
async def test_bad_input_is_named(subgraph: Subgraph, variables: dict[str, Any], told: str) -> None:
    """BAD_USER_INPUT with the argument; a PIN is never repeated."""
    answer = await subgraph.ask(PROVISION, **variables)
    assert answer.codes == ["BAD_USER_INPUT"]
    assert answer.errors[0].message.startswith(told)
    assert "12ab" not in answer.errors[0].message


async def test_room_that_a_switch_lost_is_to_be_restored(subgraph: Subgraph) -> None:
    """Edge case 10: it was started again. A switch that is down may have its rooms still; what was closed is over."""
    gone = "{ bookingsToRestore }"
    await subgraph.ask(PROVISION)
    await subgraph.ask(PROVISION, booking="BK-2026-000124", room="8002", key="other")
    await subgraph.ask(CLOSE, booking="BK-2026-000124", revision=2)
    assert (await subgraph.ask(gone)).data == {"bookingsToRestore": []}
    subgraph.switch.restart(datetime(2026, 11, 24, 11, 30, tzinfo=UTC))
    assert (await subgraph.ask(gone)).data == {"bookingsToRestore": [BOOKING]}
    subgraph.switch.is_down = True
    down = await subgraph.ask(gone)
    assert (down.data, down.errors) == ({"bookingsToRestore": []}, [])
    subgraph.switch.is_down = False
    assert (await subgraph.ask(PROVISION, key="again")).errors == []
    assert (await subgraph.ask(gone)).data == {"bookingsToRestore": []}


async def test_pin_is_not_in_the_database(subgraph: Subgraph) -> None:
    """It is reservations' fact; not even a hash of it is kept here, as there are few PINs to try."""
    await subgraph.ask(PROVISION, pin="97531")
    found = await subgraph.source.database.read(
        lambda connection: [
            str(row) for table in METADATA.tables.values() for row in connection.execute(table.select())
        ]
    )
    assert any("8001" in row for row in found)
    assert [row for row in found if "97531" in row] == []
    again = await subgraph.ask(PROVISION, pin="13579")  # the key's hash doesn't know the PIN
    assert again.errors == []


@pytest.mark.parametrize("count", [1, 20])
async def test_rooms_of_bookings_take_one_statement(subgraph: Subgraph, count: int) -> None:
    """The open one of several; null where there was none."""
    for n in range(count):
        await subgraph.ask(PROVISION, booking=f"BK-{n}", room=f"800{n}", key=f"a{n}")
        await subgraph.ask(PROVISION, booking=f"BK-{n}", room=f"900{n}", revision=2, key=f"b{n}")
    keys = [{"__typename": "Booking", "ref": f"BK-{n}"} for n in range(count)]
    selection = "... on Booking { bridgeRoom { room state revision } }"
    answer = await entities(schema, subgraph.source, [*keys, {"__typename": "Booking", "ref": "BK-none"}], selection)
    rooms = [each["bridgeRoom"] for each in answer.data]
    assert rooms == [*({"room": f"900{n}", "state": "OPEN", "revision": 2} for n in range(count)), None]
    assert answer.statements == 1
