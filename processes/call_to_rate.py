"""A call as it is to be rated: what the systems know of it, and what people decided about its legs.

One question, answered by bridge, reservations, links and billing:

    the conference, its legs and charges; who booked it, and that client's accounts
    what was decided by hand: whose it was (OWNER), which legs are billed all the same (ACCEPT), which never (EXCLUDE)
    up to where a leg is billed without a person's look at it
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from processes.rules.accounts import Ownership
from processes.rules.refusal import Refusal
from processes.rules.review import CLOCK, Held, Limits, Stay, doubtful
from processes.rules.tariff import Leg, duration_seconds
from processes.wire import date_from_wire, instant_from_wire

__all__ = ["CONFERENCE", "CONFERENCES", "Call", "Owner", "call_in", "calls_in", "lasted", "ownerships"]

BRIDGE_LOST = "bridge-lost"
_BOOKING = """
      ref
      endsAt
      client { id accountHistory { number owners { client { id } validFrom validTo } } }
      account { number }
"""
_CALL = f"""
    booking {{ {_BOOKING} }}
    legs {{ id service displayName callerNumber joinedAt leftAt endReason }}
    charges {{ leg {{ id }} invoice {{ id status }} }}
"""
_DECIDED = f"""
    leg {{ id }}
    resolution
    endsAt
    booking {{ {_BOOKING} }}
    client {{ id accountHistory {{ number owners {{ client {{ id }} validFrom validTo }} }} }}
    account {{ number }}
"""
_LIMITS = "ratingLimits { overrunSeconds longestLegSeconds dearestLeg { amount currency } }"

CONFERENCE = f"""
query ConferenceToInvoice($id: ID!) {{
  conference(id: $id) {{ {_CALL} }}
  ratingDecisions(conferences: [$id]) {{ {_DECIDED} }}
  {_LIMITS}
}}
"""

CONFERENCES = f"""
query ConferencesToInvoice($ids: [ID!]!) {{
  conferences(ids: $ids) {{ id {_CALL} }}
  ratingDecisions(conferences: $ids) {{ conference {{ id }} {_DECIDED} }}
  {_LIMITS}
}}
"""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose the call was: who booked it, or whom a person named. `accounts` are those the client ever had."""

    booking: str | None
    booked_end: datetime | None
    client: str | None
    account: str | None
    accounts: tuple[Ownership, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A conference as billing needs it. `legs` are those to charge now, `held` those that wait for a person.

    `settled` are charged already, and `invoice` holds them; `accepted` are legs that a person let through.
    """

    conference: str
    owner: Owner
    started_at: datetime
    legs: tuple[Leg, ...]
    held: tuple[Held, ...]
    accepted: frozenset[str]
    limits: Limits
    invoice: str | None
    settled: tuple[Leg, ...] = ()

    def without(self, held: Sequence[Held]) -> Call:
        """The call when these legs are held too."""
        names = {each.leg for each in held}
        return replace(self, legs=tuple(leg for leg in self.legs if leg.id not in names), held=(*self.held, *held))


def call_in(conference: str, data: Mapping[str, Any]) -> Call | Refusal:
    """What was answered to CONFERENCE. Refused `unknown-conference`, `nothing-to-bill`, `not-ended`."""
    found = data["conference"]
    if found is None:
        return Refusal("unknown-conference", f"there is no conference {conference}: check its id")
    if not found["legs"]:
        return Refusal("nothing-to-bill", f"conference {conference} has no legs: import its call records first")
    if any(leg["leftAt"] is None for leg in found["legs"]):
        return Refusal("not-ended", f"conference {conference} is still going on: invoice it when everyone has left")
    return reviewed(conference, found, data["ratingDecisions"] or (), limits_in(data["ratingLimits"]))


def calls_in(conferences: Sequence[str], data: Mapping[str, Any]) -> dict[str, Call | Refusal]:
    """What was answered to CONFERENCES, each as `call_in` says it."""
    found = {each["id"]: each for each in data["conferences"] or ()}
    decided: dict[str, list[Mapping[str, Any]]] = {}
    for each in data["ratingDecisions"] or ():
        decided.setdefault(each["conference"]["id"], []).append(each)
    return {
        id: call_in(
            id,
            {
                "conference": found.get(id),
                "ratingDecisions": decided.get(id),
                "ratingLimits": data["ratingLimits"],
            },
        )
        for id in conferences
    }


def reviewed(conference: str, found: Mapping[str, Any], decisions: Sequence[Mapping[str, Any]], limits: Limits) -> Call:
    """Rule 2: the conference starts with its first leg's join, charged already or not; one backwards tells nothing."""
    owner = owner_of(found["booking"], decisions)
    ends = ends_given(decisions)
    excluded = {each["leg"]["id"] for each in decisions if each["resolution"] == "EXCLUDE"}
    wires = [leg for leg in found["legs"] if leg["id"] not in excluded]
    legs = [leg_in(leg, ends.get(leg["id"])) for leg in wires]
    invoices = live_charges(found["charges"] or ())
    sure = {leg["id"]: surely(leg) for leg in wires}
    stays = [Stay(leg.id, leg.joined_at, leg.left_at, sure[leg.id], leg.id in ends, leg.id in invoices) for leg in legs]
    held = doubtful(stays, booked_end=owner.booked_end, limits=limits)
    codes = {each.leg: each.code for each in held}
    joined = [leg.joined_at for leg in legs if codes.get(leg.id) != CLOCK]
    return Call(
        conference=conference,
        owner=owner,
        started_at=min(joined or [instant_from_wire(leg["joinedAt"]) for leg in found["legs"]]),
        legs=tuple(leg for leg in legs if leg.id not in invoices and leg.id not in codes),
        held=held,
        accepted=frozenset(ends),
        limits=limits,
        invoice=invoice_to_show(found["charges"] or ()),
        settled=tuple(replace(leg, is_charged=True) for leg in legs if leg.id in invoices and leg.id not in codes),
    )


def lasted(leg: Leg) -> int:
    return duration_seconds(leg.joined_at, leg.left_at)


# Decisions


def owner_of(booking: Mapping[str, Any] | None, decisions: Sequence[Mapping[str, Any]]) -> Owner:
    """The last that somebody named by hand; else the client that booked the room."""
    named = [each for each in decisions if each["resolution"] == "OWNER"]
    if not named:
        return booked_by(booking, None)
    last = named[-1]
    chosen = (last["account"] or {}).get("number")
    if last["booking"]:
        return booked_by(last["booking"], chosen)
    client = last["client"] or {}
    return Owner(None, None, client.get("id"), chosen, tuple(ownerships(client.get("accountHistory") or ())))


def booked_by(booking: Mapping[str, Any] | None, chosen: str | None) -> Owner:
    found = booking or {}
    client = found.get("client") or {}
    ends = found.get("endsAt")
    return Owner(
        booking=found.get("ref"),
        booked_end=instant_from_wire(ends) if ends else None,
        client=client.get("id"),
        account=chosen or (found.get("account") or {}).get("number"),
        accounts=tuple(ownerships(client.get("accountHistory") or ())),
    )


def ends_given(decisions: Iterable[Mapping[str, Any]]) -> dict[str, datetime | None]:
    """Leg -> its end by hand, None: as the bridge has it; of every accepted leg. The last decision holds."""
    return {
        each["leg"]["id"]: instant_from_wire(each["endsAt"]) if each["endsAt"] else None
        for each in decisions
        if each["resolution"] == "ACCEPT"
    }


# From the wire


def limits_in(found: Mapping[str, Any]) -> Limits:
    return Limits(
        overrun=timedelta(seconds=found["overrunSeconds"]),
        longest=timedelta(seconds=found["longestLegSeconds"]),
        dearest={each["currency"]: Decimal(each["amount"]) for each in found["dearestLeg"]},
    )


def invoice_to_show(charges: Sequence[Mapping[str, Any]]) -> str | None:
    """Where the conference's charges are: the draft, as it may still grow, else the last one (ids rise)."""
    invoices = {each["invoice"]["id"]: each["invoice"]["status"] for each in charges}
    live = [id for id, status in invoices.items() if status != "CREDITED"]
    drafts = [id for id in live if invoices[id] == "DRAFT"]
    return max(drafts or live, default=None)


def live_charges(charges: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Leg -> invoice, without what a credit note took back."""
    return {
        charge["leg"]["id"]: charge["invoice"]["id"] for charge in charges if charge["invoice"]["status"] != "CREDITED"
    }


def ownerships(accounts: Sequence[Mapping[str, Any]]) -> list[Ownership]:
    return [
        Ownership(
            account=account["number"],
            client=owner["client"]["id"],
            valid_from=date_from_wire(owner["validFrom"]),
            valid_to=date_from_wire(owner["validTo"]),
        )
        for account in accounts
        for owner in account["owners"] or ()
        if owner["client"]
    ]


def leg_in(leg: Mapping[str, Any], ends_at: datetime | None) -> Leg:
    return Leg(
        id=leg["id"],
        service=leg["service"] or "unknown service",
        joined_at=instant_from_wire(leg["joinedAt"]),
        left_at=ends_at or instant_from_wire(leg["leftAt"]),
        participant=participant_of(leg),
        is_cut_off=(leg["endReason"] or "").endswith(BRIDGE_LOST),
    )


def participant_of(leg: Mapping[str, Any]) -> str | None:
    """Who rejoins, as far as a bridge can tell: the same number under the same name; None when it has neither."""
    known = [leg["callerNumber"] or "", leg["displayName"] or ""]
    return "\n".join(known) if any(known) else None


def surely(leg: Mapping[str, Any]) -> str | None:
    """One participant for sure: number and name, both there. Two guests without a number may share a name."""
    number, name = leg["callerNumber"] or "", leg["displayName"] or ""
    return f"{number}\n{name}" if name and any(letter.isdigit() for letter in number) else None
