"""A conference booked, moved and cancelled in the whole company, by whoever may."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway.company import Company
from gateway.doors.viewer import Viewer
from sources.demo import cast
from tests.company import ALL_SCOPES, ask, viewer

BOOK = """mutation ($input: BookConferenceInput!, $key: ID!) {
  bookConference(input: $input, idempotencyKey: $key) {
    __typename
    ... on ConferenceBooked { booking { ref } }
    ... on Refused { code message }
  }
}"""
MOVE = """mutation ($ref: ID!, $input: MoveBookingInput!, $revision: Int, $key: ID!) {
  moveBooking(ref: $ref, input: $input, revision: $revision, idempotencyKey: $key) {
    __typename
    ... on BookingMoved { booking { ref revision startsAt endsAt } }
    ... on Refused { code }
  }
}"""
CANCEL = """mutation ($ref: ID!, $key: ID!) {
  cancelBooking(ref: $ref, idempotencyKey: $key) {
    __typename
    ... on BookingCancelled { booking { ref status revision } }
    ... on Refused { code }
  }
}"""
SALESPERSON = "query ($id: ID!) { client(id: $id) { salesperson } }"
RESERVATIONS = viewer("reservations")


def an_order(client: str = cast.MAIN.client, **changes: Any) -> dict[str, Any]:
    order = {
        "client": client,
        "title": "Porada",
        "organiser": "Alice",
        "localStart": "2026-12-01T10:00",
        "localEnd": "2026-12-01T11:00",
    }
    return {**order, **changes}


async def booked(company: Company, key: str, who: Viewer = RESERVATIONS, **changes: Any) -> dict[str, Any]:
    answer = await ask(company, BOOK, viewer=who, input=an_order(**changes), key=key)
    assert answer.errors == []
    found: dict[str, Any] = answer.data["bookConference"]
    return found


async def their_salesperson(company: Company) -> Viewer:
    found = (await ask(company, SALESPERSON, id=cast.MAIN.client)).data
    return viewer("salesperson", subject=found["client"]["salesperson"])


async def when_told(company: Company, ref: str) -> dict[str, Any]:
    """The booking once the run about its room is over."""
    document = """query ($ref: ID!) { booking(ref: $ref) {
      ref status room revision bridge provisionedRevision pin startsAt client { id } process { state }
      bridgeRoom { bridge room state revision }
    } }"""
    for _ in range(500):
        booking: dict[str, Any] = (await ask(company, document, ref=ref)).data["booking"]
        if booking["process"] and booking["process"]["state"] in ("SUCCEEDED", "REFUSED", "FAILED"):
            return booking
        await asyncio.sleep(0.02)
    raise AssertionError(f"the room of {ref} is not told")


async def test_booking_brings_its_room_to_the_bridge_by_itself(company: Company) -> None:
    """Made with the booking, told when it is moved, gone when it is cancelled; the PIN stays."""
    found = await booked(company, "whole", ALL_SCOPES)
    ref = found["booking"]["ref"]
    made = await when_told(company, ref)
    pin = made.pop("pin")
    assert made == {
        "ref": ref,
        "status": "PROVISIONED",
        "room": ref.lower(),
        "revision": 1,
        "bridge": cast.HOME_BRIDGE,
        "provisionedRevision": 1,
        "startsAt": "2026-12-01T09:00:00Z",
        "client": {"id": cast.MAIN.client},
        "process": {"state": "SUCCEEDED"},
        "bridgeRoom": {"bridge": cast.HOME_BRIDGE, "room": ref.lower(), "state": "OPEN", "revision": 1},
    }
    again = await booked(company, "whole", ALL_SCOPES)
    assert again["booking"]["ref"] == ref
    await ask(company, MOVE, ref=ref, input={"localEnd": "2026-12-01T12:00"}, key="later")
    moved = await when_told(company, ref)
    assert (moved["status"], moved["pin"], moved["provisionedRevision"]) == ("PROVISIONED", pin, 2)
    assert moved["bridgeRoom"] == {**made["bridgeRoom"], "revision": 2}
    await ask(company, CANCEL, ref=ref, key="not at all")
    cancelled = await when_told(company, ref)
    assert (cancelled["status"], cancelled["provisionedRevision"]) == ("CANCELLED", None)
    assert cancelled["bridgeRoom"]["state"] == "CLOSED"


async def test_salesperson_books_for_their_own_clients_only(company: Company) -> None:
    """What they may do is what they see: the row rules of the company, whatever they are."""
    own, other = await their_salesperson(company), viewer("salesperson", subject="somebody.else")
    mine = await booked(company, "sales", own)
    assert mine["__typename"] == "ConferenceBooked"
    assert (await booked(company, "sales", other))["code"] == "not-yours"
    ref = mine["booking"]["ref"]
    for document, changes in ((MOVE, {"input": {"title": "x"}}), (CANCEL, {})):
        answer = await ask(company, document, viewer=other, ref=ref, key="k", **changes)
        [found] = answer.data.values()
        assert found == {"__typename": "Refused", "code": "not-yours"}
    [cancelled] = (await ask(company, CANCEL, viewer=own, ref=ref, key="k")).data.values()
    assert cancelled["booking"]["status"] == "CANCELLED"


@pytest.mark.parametrize("role", ["mailing", "integrator", "billing-specialist", "processes"])
async def test_others_do_not_book(company: Company, role: str) -> None:
    """FORBIDDEN, and nothing begins."""
    answer = await ask(company, BOOK, viewer=viewer(role), input=an_order(), key="k")
    assert answer.codes == {"FORBIDDEN"}
    assert answer.requests == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client": cast.AMBIGUOUS_ACCOUNT.client}, "ambiguous-account"),
        ({"client": cast.MAIN.client, "account": cast.EURO.accounts[0]}, "foreign-account"),
        ({"client": "CL-99999"}, "unknown-client"),
        ({"localStart": "2026-10-25T02:30", "localEnd": "2026-10-25T04:30"}, "ambiguous-time"),
        ({"localStart": "2026-11-23T10:00", "localEnd": "2026-11-23T11:00"}, "in-the-past"),
        ({"timeZone": "Europe/Brno"}, "unknown-zone"),
    ],
)
async def test_edge_case_22_what_cannot_be_billed_or_held_is_not_booked(
    company: Company, changes: dict[str, Any], code: str
) -> None:
    """Two accounts and none named: asked now, while somebody can answer."""
    found = await booked(company, f"refused {code}", **changes)
    assert (found["__typename"], found["code"]) == ("Refused", code)


async def test_chosen_account_is_the_bookings(company: Company) -> None:
    """The remedy of `ambiguous-account`."""
    figure = cast.AMBIGUOUS_ACCOUNT
    found = await booked(company, "chosen", client=figure.client, account=figure.accounts[1])
    document = "query ($ref: ID!) { booking(ref: $ref) { account { number } pin } }"
    ref = found["booking"]["ref"]
    seen = (await ask(company, document, viewer=RESERVATIONS, ref=ref)).data["booking"]
    assert seen["account"] == {"number": figure.accounts[1]}
    assert len(seen["pin"]) == 6
    hidden = await ask(company, document, viewer=await their_salesperson(company), ref=ref)
    assert hidden.codes == {"FORBIDDEN"}


async def test_edge_case_11_of_two_who_change_a_booking_the_second_is_told(company: Company) -> None:
    """Each says which revision they saw."""
    ref = (await booked(company, "moved"))["booking"]["ref"]
    moved = {"localStart": "2026-12-01T14:00", "localEnd": "2026-12-01T15:00"}
    first = await ask(company, MOVE, viewer=RESERVATIONS, ref=ref, input=moved, revision=1, key="a")
    assert first.data["moveBooking"]["booking"] == {
        "ref": ref,
        "revision": 2,
        "startsAt": "2026-12-01T13:00:00Z",
        "endsAt": "2026-12-01T14:00:00Z",
    }
    second = await ask(company, MOVE, viewer=RESERVATIONS, ref=ref, input={"title": "x"}, revision=1, key="b")
    assert second.data["moveBooking"] == {"__typename": "Refused", "code": "stale-revision"}
    nothing = await ask(company, MOVE, viewer=RESERVATIONS, ref=ref, input={}, key="c")
    assert nothing.codes == {"BAD_USER_INPUT"}
