"""The subgraph bridge alone: what it answers, and in how many statements."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from resolvers.bridge import schema
from sources.bridge import METADATA, Bridges
from sources.records.bridge import Conference, Leg
from tests.asking import ask, entities
from tests.calls import BRIDGES, WORKED_EXAMPLE, a_leg, master_csv
from tests.conftest import MakeDatabase
from tests.live_calls import tell_calls

WORKED = [
    a_leg(f"pbx-praha:{n}.1", joined=joined, seconds=seconds, display_name=name)
    for n, (name, joined, seconds, _, _) in enumerate(WORKED_EXAMPLE)
]

RECEIVE = """
mutation ($content: String!, $bridge: ID! = "pbx-praha", $key: ID! = "k") {
  receiveCallRecords(bridge: $bridge, format: ASTERISK_CSV, content: $content, idempotencyKey: $key) {
    __typename
    ... on ReceivedCallRecords {
      received duplicates skipped quarantined { line reason message text }
      legs { id conference { id } }
      conferences { id }
    }
    ... on Refused { code message }
  }
}
"""

ASSEMBLE = """
mutation ($conferences: [ConferenceInput!]!, $key: ID! = "k") {
  assembleConferences(conferences: $conferences, idempotencyKey: $key) {
    conferences { id booking { ref } legs { id } }
  }
}
"""


def conference(n: int = 0, **changes: Any) -> Conference:
    return Conference(f"CF-{n}", "pbx-praha", "20260123", f"BK-{n}", WORKED[0].joined_at, WORKED[0].left_at)


@pytest.fixture
def bridges(database: MakeDatabase) -> Bridges:
    """Twenty conferences of two legs each, one of them without a booking."""
    legs = [a_leg(f"pbx-praha:{n}.{m}", joined=m, conference=f"CF-{n}") for n in range(20) for m in range(2)]
    fill = partial(Bridges.fill, bridges=BRIDGES, conferences=[conference(n) for n in range(20)], legs=legs)
    return Bridges(database("bridge", METADATA, fill))


@pytest.fixture
def empty(database: MakeDatabase) -> Bridges:
    return Bridges(database("bridge", METADATA, partial(Bridges.fill, bridges=BRIDGES, conferences=(), legs=())))


async def test_conference_shows_what_happened(bridges: Bridges) -> None:
    """Times in UTC, whole seconds, legs in order of joining."""
    document = """
    { conference(id: "CF-3") { id bridge room booking { ref } startedAt endedAt durationSeconds
        legs { id service displayName callerNumber joinedAt leftAt seconds endReason conference { id } } } }
    """
    answer = await ask(schema, bridges, document)
    assert answer.errors == []
    legs = answer.data["conference"].pop("legs")
    assert answer.data["conference"] == {
        "id": "CF-3",
        "bridge": "pbx-praha",
        "room": "20260123",
        "booking": {"ref": "BK-3"},
        "startedAt": "2026-11-24T16:30:00Z",
        "endedAt": "2026-11-24T17:20:25Z",
        "durationSeconds": 3025,
    }
    assert [leg["id"] for leg in legs] == ["pbx-praha:3.0", "pbx-praha:3.1"]
    assert legs[1] == {
        "id": "pbx-praha:3.1",
        "service": "dial-in",
        "displayName": "Alice Nováková",
        "callerNumber": "420601111222",
        "joinedAt": "2026-11-24T16:30:01Z",
        "leftAt": "2026-11-24T16:40:01Z",
        "seconds": 600,
        "endReason": None,
        "conference": {"id": "CF-3"},
    }


async def test_unknown_conference_is_null(bridges: Bridges) -> None:
    """Without an error."""
    answer = await ask(schema, bridges, '{ conference(id: "CF-none") { id } }')
    assert (answer.data, answer.errors) == ({"conference": None}, [])


@pytest.mark.parametrize("count", [1, 20])
async def test_bookings_with_legs_take_two_statements(bridges: Bridges, count: int) -> None:
    """However many bookings: their conferences in one statement, all legs in another."""
    keys = [{"__typename": "Booking", "ref": f"BK-{n}"} for n in range(count)]
    selection = "... on Booking { ref conference { durationSeconds legs { displayName seconds } } }"
    answer = await entities(schema, bridges, [*keys, {"__typename": "Booking", "ref": "BK-none"}], selection)
    assert answer.errors == []
    assert [booking["conference"] and len(booking["conference"]["legs"]) for booking in answer.data] == [2] * count + [
        None
    ]
    assert answer.statements == 2


async def test_entities_of_each_kind(bridges: Bridges) -> None:
    """An unknown key gives null; a kind of entity takes one statement."""
    keys = [
        {"__typename": "Leg", "id": "pbx-praha:1.1"},
        {"__typename": "Conference", "id": "CF-1"},
        {"__typename": "Leg", "id": "none"},
        {"__typename": "Leg", "id": "pbx-praha:2.1"},
        {"__typename": "Conference", "id": "none"},
    ]
    answer = await entities(schema, bridges, keys, "... on Leg { id seconds } ... on Conference { id room }")
    assert answer.data == [
        {"id": "pbx-praha:1.1", "seconds": 600},
        {"id": "CF-1", "room": "20260123"},
        None,
        {"id": "pbx-praha:2.1", "seconds": 600},
        None,
    ]
    assert answer.statements == 2


async def test_conferences_of_a_time(bridges: Bridges) -> None:
    """By start in [from, to); a span that ends before it begins is bad input."""
    document = (
        'query ($from: DateTime!, $to: DateTime!) { conferences(bridge: "pbx-praha", from: $from, to: $to) { id } }'
    )
    found = await ask(schema, bridges, document, **{"from": "2026-11-24T17:30:00+01:00", "to": "2026-11-25T00:00:00Z"})
    assert len(found.data["conferences"]) == 20
    wrong = await ask(schema, bridges, document, **{"from": "2026-11-25T00:00:00Z", "to": "2026-11-25T00:00:00Z"})
    assert (wrong.data, wrong.codes) == ({"conferences": None}, ["BAD_USER_INPUT"])


async def test_file_is_received_and_assembled(empty: Bridges) -> None:
    """From a file's text to a conference; the file again is counted, and leads to the same conference."""
    content = master_csv(*WORKED) + "broken\n"
    first = await ask(schema, empty, RECEIVE, content=content)
    assert first.errors == []
    received = first.data["receiveCallRecords"]
    assert [line["line"] for line in received.pop("quarantined")] == [5]
    assert received == {
        "__typename": "ReceivedCallRecords",
        "received": 4,
        "duplicates": 0,
        "skipped": 0,
        "legs": [{"id": leg.id, "conference": None} for leg in WORKED],
        "conferences": [],
    }
    waiting = await ask(schema, empty, '{ unassembledLegs(bridge: "pbx-praha") { id room joinedAt leftAt } }')
    assert [leg["id"] for leg in waiting.data["unassembledLegs"]] == [leg.id for leg in WORKED]

    group = {"bridge": "pbx-praha", "room": "20260123", "booking": "BK-2026-000123", "legs": ids(WORKED)}
    assembled = await ask(schema, empty, ASSEMBLE, conferences=[group])
    assert assembled.data["assembleConferences"]["conferences"] == [
        {"id": "CF-2026-000123", "booking": {"ref": "BK-2026-000123"}, "legs": [{"id": leg.id} for leg in WORKED]}
    ]

    again = await ask(schema, empty, RECEIVE, content=content, key="again")
    received = again.data["receiveCallRecords"]
    kept = await ask(schema, empty, '{ quarantinedLines(bridge: "pbx-praha") { line reason message text } }')
    assert kept.data["quarantinedLines"] == received["quarantined"]
    assert (received["received"], received["duplicates"]) == (0, 4)
    assert received["conferences"] == [{"id": "CF-2026-000123"}]


async def test_file_of_an_unknown_bridge_is_refused(empty: Bridges) -> None:
    """An expected refusal is an answer."""
    answer = await ask(schema, empty, RECEIVE, content="", bridge="pbx-old")
    assert answer.errors == []
    assert answer.data["receiveCallRecords"]["code"] == "no-cdr-zone"


async def test_wrong_arguments_name_themselves(empty: Bridges) -> None:
    """Huge pages, groups without legs, foreign legs, a key used twice: coded errors."""
    huge = await ask(schema, empty, '{ unassembledLegs(bridge: "x", first: 1001) { id } }')
    assert (huge.codes, "first" in huge.errors[0].message) == (["BAD_USER_INPUT"], True)
    group = {"bridge": "pbx-praha", "room": "1", "legs": []}
    assert (await ask(schema, empty, ASSEMBLE, conferences=[group])).codes == ["BAD_USER_INPUT"]
    foreign = await ask(schema, empty, ASSEMBLE, conferences=[{**group, "legs": ["none"]}])
    assert foreign.codes == ["UNKNOWN_LEG"]
    await ask(schema, empty, RECEIVE, content="")
    assert (await ask(schema, empty, RECEIVE, content="\n")).codes == ["IDEMPOTENCY_KEY_REUSED"]
    for wrong in ("", "k" * 256, "\0"):
        assert (await ask(schema, empty, RECEIVE, content="", key=wrong)).codes == ["BAD_USER_INPUT"]
        assert (await ask(schema, empty, RECEIVE, content="", bridge=wrong)).codes == ["BAD_USER_INPUT"]


async def test_system_that_is_down_is_an_error_that_names_it(database: MakeDatabase) -> None:
    """Never an empty list."""
    answer = await ask(schema, Bridges(database("bridge")), '{ conference(id: "CF-1") { id legs { id } } }')
    assert answer.data == {"conference": None}
    assert answer.errors[0].extensions == {"code": "SYSTEM_UNAVAILABLE", "system": "bridge"}


def ids(legs: list[Leg]) -> list[str]:
    return [leg.id for leg in legs]


PUBLISH = """
mutation ($call: ID!, $key: ID! = "k") {
  publishCall(call: $call, idempotencyKey: $key) {
    __typename
    ... on PublishedCall { id bridge room position seconds legs { id seconds endReason } held { id seconds code } }
    ... on Refused { code }
  }
}
"""


async def test_ended_call_is_published_once(empty: Bridges) -> None:
    """It is asked for until it is published, and stays as it was published under whatever key."""
    stays = {"a-room": [("alice", 0, 60), ("bob", None, 45)]}
    await tell_calls(empty.database, stays, starts=WORKED[0].joined_at)
    (ended,) = (await ask(schema, empty, "{ endedCalls { id bridge room endedAt } }")).data["endedCalls"]
    assert ended == {
        "id": "pbx-praha:a-room:1",
        "bridge": "pbx-praha",
        "room": "a-room",
        "endedAt": "2026-11-24T16:31:00Z",
    }
    published = (await ask(schema, empty, PUBLISH, call=ended["id"])).data["publishCall"]
    assert published == {
        "__typename": "PublishedCall",
        "id": ended["id"],
        "bridge": "pbx-praha",
        "room": "a-room",
        "position": 1,
        "seconds": 60,
        "legs": [{"id": "pbx-praha:0:a-room:alice", "seconds": 60, "endReason": "left"}],
        "held": [{"id": "pbx-praha:0:a-room:bob", "seconds": 0, "code": "incomplete"}],
    }
    assert (await ask(schema, empty, PUBLISH, call=ended["id"], key="another")).data["publishCall"] == published
    left = (await ask(schema, empty, "{ endedCalls { id } publishedCalls(after: 0) { id position } }")).data
    assert left == {"endedCalls": [], "publishedCalls": [{"id": ended["id"], "position": 1}]}


async def test_call_that_is_none_is_refused(empty: Bridges) -> None:
    """By name."""
    answer = await ask(schema, empty, PUBLISH, call="pbx-praha:nowhere:1")
    assert answer.data["publishCall"] == {"__typename": "Refused", "code": "unknown-call"}
