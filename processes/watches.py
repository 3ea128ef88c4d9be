"""What the reconciler asks for, of every process that somebody or something may have failed to start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from processes import (
    assemble_legs,
    close_period,
    deliver_mailing,
    invoice_backlog,
    invoice_call,
    note_call,
    read_bounces,
    restore_room,
)
from processes.reconcile import Due, Watch
from processes.rules.conferences import EARLIEST
from processes.wire import instant_from_wire, instant_to_wire

__all__ = ["DOCUMENTS", "WATCHES"]

FILES = "files"
RETRY_AFTER = timedelta(minutes=10)
AHEAD = timedelta(days=7)
"""A room is made when it is booked; whoever was missed gets it in this time before the start."""

NOTED = ("IN_CALL", "CANCELLED", "DRAFT")
"""States in which a booking stays, whoever is in its room."""

CONFERENCES_TO_RETRY = """
query ConferencesToRetry($notTriedSince: DateTime!) {
  conferencesToRetry(notTriedSince: $notTriedSince)
}
"""

ENDED_CALLS = """
query EndedCalls {
  endedCalls(first: 100) { id }
}
"""

LIVE_CALLS = """
query LiveCalls {
  liveCalls(first: 100) { booking { ref status startsAt } }
}
"""

PERIODS_TO_CLOSE = """
query PeriodsToClose($at: DateTime!) {
  periodsToClose(at: $at, first: 1000) { account { number } from }
}
"""

BOOKINGS_TO_PROVISION = """
query BookingsToProvision($before: DateTime!) {
  bookingsToProvision(before: $before, first: 100) { ref }
  bridges { id state }
}
"""

BOOKINGS_TO_RESTORE = """
query BookingsToRestore {
  bookingsToRestore(first: 100)
}
"""

BRIDGES_TO_ASSEMBLE = """
query BridgesToAssemble {
  bridgesToAssemble
}
"""

BOOKINGS_TO_SETTLE = """
query BookingsToSettle($at: DateTime!) {
  bookingsToSettle(at: $at, first: 1000) { ref }
}
"""

BACKLOGS = """
query Backlogs($at: DateTime!) {
  bridgePositions { bridge kind position }
  invoicingPositions { bridge lookedTo }
  due: invoicingPositions(againAt: $at) { bridge }
}
"""

MAILINGS_TO_DELIVER = """
query MailingsToDeliver($at: DateTime!) {
  mailingsToDeliver(at: $at, first: 100) { id }
}
"""

BOUNCES_TO_READ = """
query BouncesToRead {
  bouncesToRead
}
"""

DOCUMENTS = (
    BRIDGES_TO_ASSEMBLE,
    BOOKINGS_TO_PROVISION,
    BOOKINGS_TO_RESTORE,
    BOOKINGS_TO_SETTLE,
    PERIODS_TO_CLOSE,
    CONFERENCES_TO_RETRY,
    ENDED_CALLS,
    LIVE_CALLS,
    BACKLOGS,
    MAILINGS_TO_DELIVER,
    BOUNCES_TO_READ,
)


def not_tried_lately(now: datetime) -> Mapping[str, Any]:
    return {"notTriedSince": instant_to_wire(now - RETRY_AFTER)}


def conferences_to_retry(data: Mapping[str, Any], _: datetime) -> Iterable[Due]:
    return (Due(each, invoice_call.BY_ITSELF) for each in data["conferencesToRetry"] or ())


def at_this_time(now: datetime) -> Mapping[str, Any]:
    return {"at": instant_to_wire(now)}


def periods_to_close(data: Mapping[str, Any], _: datetime) -> Iterable[Due]:
    periods = data["periodsToClose"] or ()
    return (Due(close_period.subject_of(each["account"]["number"], each["from"])) for each in periods)


def nothing(_: datetime) -> Mapping[str, Any]:
    return {}


def ended_calls(data: Mapping[str, Any], _: datetime) -> Iterable[Due]:
    return (Due(each["id"]) for each in data["endedCalls"] or ())


def not_in_call(data: Mapping[str, Any], now: datetime) -> Iterable[Due]:
    """Bookings with somebody in their room, of which it isn't noted yet. Null: whose room it is was forgotten.

    Who tries the PIN days before isn't at the conference (rules/conferences.py), which can still be moved.
    """
    bookings = [call["booking"] for call in data["liveCalls"] or ()]
    unnoted = [each for each in bookings if each["status"] not in (*NOTED, None)]
    return (Due(each["ref"]) for each in unnoted if instant_from_wire(each["startsAt"]) - EARLIEST <= now)


def soon(now: datetime) -> Mapping[str, Any]:
    return {"before": instant_to_wire(now + AHEAD)}


def bookings_to_provision(data: Mapping[str, Any], _: datetime) -> Iterable[Due]:
    """None without a bridge that has a switch: there is nothing that a run could do."""
    if not any(bridge["state"] for bridge in data["bridges"] or ()):
        return ()
    return (Due(booking["ref"]) for booking in data["bookingsToProvision"] or ())


def bookings_to_restore(data: Mapping[str, Any], _: datetime) -> Iterable[Due]:
    return (Due(ref) for ref in data["bookingsToRestore"] or ())


def bridges_to_assemble(data: Mapping[str, Any], _: datetime) -> Iterable[Due]:
    return (Due(each) for each in data["bridgesToAssemble"] or ())


def bookings_to_settle(data: Mapping[str, Any], _: datetime) -> Iterable[Due]:
    return (Due(booking["ref"]) for booking in data["bookingsToSettle"] or ())


def mailings_to_deliver(data: Mapping[str, Any], _: datetime) -> Iterable[Due]:
    return (Due(each["id"]) for each in data["mailingsToDeliver"] or ())


def bounces_to_read(data: Mapping[str, Any], _: datetime) -> Iterable[Due]:
    return (Due(read_bounces.MAILBOX),) if data["bouncesToRead"] else ()


def backlogs_of_files(data: Mapping[str, Any], _: datetime) -> Iterable[Due]:
    """Conferences made of files: nothing else has them invoiced."""
    return (Due(bridge) for bridge, kind in backlogs(data) if kind == FILES)


def backlogs_of_switches(data: Mapping[str, Any], _: datetime) -> Iterable[Due]:
    """A call on a live bridge has a run of its own when it ends: this finds what that has lost."""
    return (Due(bridge) for bridge, kind in backlogs(data) if kind != FILES)


def backlogs(data: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """(bridge, kind) where invoicing hasn't looked at what is last, or something is to be looked at again.

    None where billing is only read.
    """
    if data["invoicingPositions"] is None:
        return
    looked = {each["bridge"]: each["lookedTo"] for each in data["invoicingPositions"]}
    due = {each["bridge"] for each in data["due"] or ()}
    for each in data["bridgePositions"] or ():
        if each["bridge"] in due or each["position"] != looked.get(each["bridge"]):
            yield each["bridge"], each["kind"]


WATCHES: tuple[Watch, ...] = (
    Watch("provision-conference", BOOKINGS_TO_PROVISION, 30.0, soon, bookings_to_provision),
    # People stand before a door that is no more: edge case 10.
    Watch(restore_room.NAME, BOOKINGS_TO_RESTORE, 5.0, nothing, bookings_to_restore),
    # Whoever takes records assembles them at once: what is left then, was left by a crash or a cancelled run.
    Watch(assemble_legs.NAME, BRIDGES_TO_ASSEMBLE, 60.0, nothing, bridges_to_assemble),
    Watch("settle-booking", BOOKINGS_TO_SETTLE, 60.0, at_this_time, bookings_to_settle),
    # A contract may have been signed, an account linked: what was held is rated again.
    Watch(
        invoice_call.NAME,
        CONFERENCES_TO_RETRY,
        30.0,
        not_tried_lately,
        conferences_to_retry,
        longest=RETRY_AFTER.total_seconds(),
        alarm_after=None,
    ),
    # A period that was refused is tried again so seldom, as each try is a run that people see.
    Watch(close_period.NAME, PERIODS_TO_CLOSE, 600.0, at_this_time, periods_to_close),
    # Two seconds from a call's end to its invoice are not many, and nothing to ask is cheap.
    Watch("collect-call", ENDED_CALLS, 0.25, nothing, ended_calls),
    Watch(invoice_backlog.NAME, BACKLOGS, 3.0, at_this_time, backlogs_of_files),
    Watch(invoice_backlog.NAME, BACKLOGS, 600.0, at_this_time, backlogs_of_switches),
    Watch(note_call.NAME, LIVE_CALLS, 1.0, nothing, not_in_call),
    # A printer without paper is looked at ever more seldom; the process tells somebody when it takes long.
    Watch(
        deliver_mailing.NAME,
        MAILINGS_TO_DELIVER,
        2.0,
        at_this_time,
        mailings_to_deliver,
        longest=60.0,
        alarm_after=None,
    ),
    Watch(read_bounces.NAME, BOUNCES_TO_READ, 60.0, nothing, bounces_to_read),
)
