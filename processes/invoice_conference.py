"""From a conference to the draft invoice that holds its charges, or to the reason why there is none.

Ask:    the conference, its legs and charges; who booked it, that client's accounts; the tariff of the one that pays
Decide: the account (rules/accounts.py), the price of each leg (rules/tariff.py)
Tell:   billing records the charges and computes the invoice; or it records why these legs could not be rated

Repeating it is harmless: legs that are charged already lead to the invoice they are on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from processes.graph import Graph
from processes.rules.accounts import Ownership, paying_account
from processes.rules.refusal import Refusal
from processes.rules.tariff import Charge, Excluded, Leg, Rating, Tariff, duration_seconds, rate_conference
from processes.wire import amount_to_wire, date_from_wire, instant_from_wire, instant_to_wire, tariff_from_wire

__all__ = ["DOCUMENTS", "Prepared", "invoice_conference"]

CONFERENCE = """
query ConferenceToInvoice($id: ID!) {
  conference(id: $id) {
    booking {
      ref
      client { id accountHistory { number owners { client { id } validFrom validTo } } }
      account { number }
    }
    legs { id service displayName callerNumber joinedAt leftAt }
    charges { leg { id } invoice { id status } }
  }
}
"""

TARIFF = """
query TariffInForce($account: ID!, $at: DateTime!) {
  billingAccount(number: $account) {
    tariff(at: $at) {
      __typename
      ... on Tariff {
        rateVersion {
          contract { number currency }
          version
          rates { service band pricePerMinute { amount } firstIncrement nextIncrement minimumCharge { amount } }
        }
        zone
        holidays
        bandRule
        mergeGapsUnderSeconds
      }
      ... on Refused { code message }
    }
  }
}
"""

RECORD_CHARGES = """
mutation RecordCharges($input: RecordChargesInput!, $key: ID!) {
  recordCharges(input: $input, idempotencyKey: $key) {
    __typename
    ... on ChargesRecorded { invoice { id } }
    ... on Refused { code message }
  }
}
"""

RECORD_RATING_EXCEPTIONS = """
mutation RecordRatingExceptions(
  $conference: ID!, $legs: [ExceptionLegInput!]!, $code: String!, $message: String!, $key: ID!
) {
  recordRatingExceptions(
    conference: $conference, legs: $legs, code: $code, message: $message, idempotencyKey: $key
  ) {
    __typename
  }
}
"""

DOCUMENTS = (CONFERENCE, TARIFF, RECORD_CHARGES, RECORD_RATING_EXCEPTIONS)


@dataclass(frozen=True, slots=True)
class Prepared:
    """The draft invoice (its id) that holds the conference's charges."""

    invoice: str


@dataclass(frozen=True, slots=True)
class Call:
    """A conference as billing needs it. `legs` are those without a live charge, `invoice` holds those with one."""

    conference: str
    booking: str | None
    client: str | None
    chosen_account: str | None
    accounts: tuple[Ownership, ...]
    started_at: datetime
    legs: tuple[Leg, ...]
    invoice: str | None


@dataclass(frozen=True, slots=True)
class Priced:
    """A call's price, and the account and tariff it was made with."""

    account: str
    tariff: Tariff
    rating: Rating


async def invoice_conference(graph: Graph, conference: str, *, run: str) -> Prepared | Refusal:
    """Charge what is not charged yet. A refusal about owner, account, contract or rate is first noted on its legs."""
    call = await ask_for_call(graph, conference)
    if isinstance(call, Refusal):
        return call
    if call.invoice and not any(map(lasted, call.legs)):
        return Prepared(call.invoice)
    priced = await price(graph, call)
    if isinstance(priced, Refusal):
        await note_exceptions(graph, call, priced, run=run)
        return priced
    return await record_charges(graph, call, priced, run=run)


async def ask_for_call(graph: Graph, conference: str) -> Call | Refusal:
    data = await graph.execute(CONFERENCE, {"id": conference})
    found = data["conference"]
    if found is None:
        return Refusal("unknown-conference", f"there is no conference {conference}: check its id")
    if not found["legs"]:
        return Refusal("nothing-to-bill", f"conference {conference} has no legs: import its call records first")
    if any(leg["leftAt"] is None for leg in found["legs"]):
        return Refusal("not-ended", f"conference {conference} is still going on: invoice it when everyone has left")
    return call_in(conference, found)


async def price(graph: Graph, call: Call) -> Priced | Refusal:
    account = account_of(call)
    if isinstance(account, Refusal):
        return account
    tariff = await ask_for_tariff(graph, account, at=call.started_at)
    if isinstance(tariff, Refusal):
        return tariff
    rating = rate_conference(call.legs, tariff)
    return rating if isinstance(rating, Refusal) else Priced(account, tariff, rating)


def account_of(call: Call) -> str | Refusal:
    if call.booking is None or call.client is None:
        what = "no booking" if call.booking is None else f"booking {call.booking}, which names no client"
        return Refusal("unknown-owner", f"conference {call.conference} has {what}: assign it to a client by hand")
    return paying_account(
        call.chosen_account, call.accounts, client=call.client, booking=call.booking, at=call.started_at
    )


async def ask_for_tariff(graph: Graph, account: str, *, at: datetime) -> Tariff | Refusal:
    data = await graph.execute(TARIFF, {"account": account, "at": instant_to_wire(at)})
    found = data["billingAccount"]
    if found is None:
        return Refusal("unknown-account", f"billing has no account {account}: check the client's account link")
    if found["tariff"] is None:
        return Refusal(
            "no-contract", f"account {account} has no rates in force at {instant_to_wire(at)}: sign a contract"
        )
    if found["tariff"]["__typename"] == "Refused":
        return Refusal(found["tariff"]["code"], found["tariff"]["message"])
    return tariff_from_wire(found["tariff"])


async def record_charges(graph: Graph, call: Call, priced: Priced, *, run: str) -> Prepared | Refusal:
    data = await graph.execute(
        RECORD_CHARGES, {"input": charges_input(call, priced), "key": f"{run}:charges-{digest(call)}"}
    )
    answer = data["recordCharges"]
    if answer["__typename"] == "Refused":
        return Refusal(answer["code"], answer["message"])
    return Prepared(answer["invoice"]["id"])


async def note_exceptions(graph: Graph, call: Call, why: Refusal, *, run: str) -> None:
    await graph.execute(
        RECORD_RATING_EXCEPTIONS,
        {
            "conference": call.conference,
            "legs": [{"leg": leg.id, "durationSeconds": lasted(leg)} for leg in call.legs],
            "code": why.code,
            "message": why.message,
            "key": f"{run}:exceptions-{why.code}",
        },
    )


def digest(call: Call) -> str:
    """Of the legs: a repeat after a crash that finds one more is another step, not a conflict."""
    return hashlib.sha256("\n".join(sorted(leg.id for leg in call.legs)).encode()).hexdigest()[:16]


def lasted(leg: Leg) -> int:
    return duration_seconds(leg.joined_at, leg.left_at)


# From the wire and to it


def call_in(conference: str, found: Mapping[str, Any]) -> Call:
    """Rule 2: the conference starts with its first leg's join, charged already or not."""
    booking = found["booking"] or {}
    client = booking.get("client") or {}
    invoices = live_charges(found["charges"] or ())
    return Call(
        conference=conference,
        booking=booking.get("ref"),
        client=client.get("id"),
        chosen_account=(booking.get("account") or {}).get("number"),
        accounts=tuple(ownerships(client.get("accountHistory") or ())),
        started_at=min(instant_from_wire(leg["joinedAt"]) for leg in found["legs"]),
        legs=tuple(leg_in(leg) for leg in found["legs"] if leg["id"] not in invoices),
        invoice=invoice_to_show(found["charges"] or ()),
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


def leg_in(leg: Mapping[str, Any]) -> Leg:
    return Leg(
        id=leg["id"],
        service=leg["service"] or "unknown service",
        joined_at=instant_from_wire(leg["joinedAt"]),
        left_at=instant_from_wire(leg["leftAt"]),
        participant=participant_of(leg),
    )


def participant_of(leg: Mapping[str, Any]) -> str | None:
    """Who rejoins, as far as a bridge can tell: the same number under the same name; None when it has neither."""
    known = [leg["callerNumber"] or "", leg["displayName"] or ""]
    return "\n".join(known) if any(known) else None


def charges_input(call: Call, priced: Priced) -> dict[str, Any]:
    tariff, rating = priced.tariff, priced.rating
    return {
        "account": priced.account,
        "conference": call.conference,
        "booking": call.booking,
        "conferenceStartedAt": instant_to_wire(call.started_at),
        "contract": tariff.contract,
        "rateVersion": tariff.version,
        "currency": tariff.currency,
        "charges": [charge_input(charge) for charge in rating.charges],
        "minimumCharge": str(rating.minimum_charge) if rating.minimum_charge else None,
        "excluded": [excluded_input(excluded) for excluded in rating.excluded],
        "ruleVersion": rating.rule_version,
    }


def charge_input(charge: Charge) -> dict[str, Any]:
    return {
        "leg": charge.leg,
        "durationSeconds": charge.duration,
        "segments": [
            {
                "service": segment.service,
                "band": segment.band,
                "seconds": segment.seconds,
                "price": f"{segment.price:f}",
                "amount": amount_to_wire(segment.amount),
            }
            for segment in charge.segments
        ],
    }


def excluded_input(excluded: Excluded) -> dict[str, Any]:
    return {"leg": excluded.leg, "durationSeconds": excluded.duration, "reason": excluded.reason}
