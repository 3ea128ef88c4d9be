"""From an order to a confirmed booking, whose room another process has made; or to the reason why it can't be booked.

Ask:    the client and its accounts
Decide: the times (rules/instants.py, rules/bookings.py), the account that will pay (rules/accounts.py, edge case 22)
Tell:   reservations makes the booking; then its room is provisioned

Whether the caller may book for the client is asked before, as the caller (runner.py): the process itself sees them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from processes.call_to_rate import ownerships
from processes.graph import Graph, GraphError
from processes.rules.accounts import account_to_book
from processes.rules.bookings import over, times_of
from processes.rules.refusal import Refusal
from processes.run import Done, Process, Run

__all__ = ["CALLER_DOCUMENTS", "DOCUMENTS", "ORDER", "PROCESS", "PROVISIONING", "may_book", "may_change", "ownerships"]

PROVISIONING, ORDER = "provision-conference", "order"

CLIENT = """
query ClientToBookFor($client: ID!) {
  client(id: $client) { id accountHistory { number owners { client { id } validFrom validTo } } }
}
"""

CREATE = """
mutation CreateBooking($input: CreateBookingInput!, $key: ID!) {
  createBooking(input: $input, idempotencyKey: $key) {
    __typename
    ... on BookingRecorded { booking { ref } }
    ... on Refused { code message }
  }
}
"""

DOCUMENTS = (CLIENT, CREATE)

CLIENT_OF_CALLER = """
query BookingsOfClient($client: ID!) { client(id: $client) { id bookings(last: 1) { ref } } }
"""
BOOKING_OF_CALLER = """
query BookingToChange($ref: ID!) { booking(ref: $ref) { ref revision } }
"""
CALLER_DOCUMENTS = (CLIENT_OF_CALLER, BOOKING_OF_CALLER)
"""Asked as whoever wants to book: row rules decide what they see, and they book where they see bookings."""


async def may_book(caller: Graph, client: str) -> Refusal | None:
    """Refused `unknown-client`, and `not-yours` where the caller doesn't see the client's bookings."""
    try:
        data = await caller.execute(CLIENT_OF_CALLER, {"client": client})
    except GraphError as error:
        return not_yours(error, f"bookings of client {client}")
    return None if data["client"] else unknown_client(client)


async def may_change(caller: Graph, ref: str) -> Refusal | None:
    """Refused `unknown-booking`, and `not-yours` where the caller doesn't see the booking."""
    try:
        data = await caller.execute(BOOKING_OF_CALLER, {"ref": ref})
    except GraphError as error:
        return not_yours(error, f"booking {ref}")
    return None if data["booking"] else Refusal("unknown-booking", f"there is no booking {ref}: check its reference")


def not_yours(error: GraphError, what: str) -> Refusal:
    """A system that is down is no refusal: it is raised again."""
    if set(error.codes) != {"FORBIDDEN"}:
        raise error
    return Refusal("not-yours", f"you don't see {what}: ask the salesperson whose client it is")


def unknown_client(client: str) -> Refusal:
    return Refusal("unknown-client", f"sales has no client {client}: check its id")


async def carry_out(run: Run, subject: str, input: Mapping[str, Any]) -> Done | Refusal:
    """The process `book-conference`: its subject is the client, its input a CreateBookingInput without the client.

    Input `order` besides: the same for whoever asks again with their key. The run may be another by then, as the first
    was cancelled or failed; the booking it had made is found again.
    """
    asked = {name: value for name, value in input.items() if name != ORDER}
    times = times_of(input["localStart"], input["localEnd"], zone=input["timeZone"])
    if isinstance(times, Refusal):
        return times
    if why := over(times, now=await run.now()):
        return why
    data = await run.execute(CLIENT, {"client": subject})
    if data["client"] is None:
        return unknown_client(subject)
    owned = ownerships(data["client"]["accountHistory"] or ())
    account = account_to_book(input.get("account"), owned, client=subject, at=times.start)
    if isinstance(account, Refusal):
        return account
    key = f"{input.get(ORDER, run.id)}:create"
    created = (await run.execute(CREATE, {"input": {**asked, "client": subject}, "key": key}))["createBooking"]
    if created["__typename"] == "Refused":
        return Refusal(created["code"], created["message"])
    ref = created["booking"]["ref"]
    await run.start(PROVISIONING, ref, {})
    return Done(ref, {"booking": ref})


PROCESS = Process("book-conference", carry_out)
