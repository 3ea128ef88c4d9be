"""From a conference to the draft invoice that holds its charges, or to the reason why there is none.

Ask:    the call, with what people decided about it (call_to_rate.py); the tariff of the account that pays
Decide: which legs a person looks at first (rules/review.py), the account (rules/accounts.py), the price of each leg
        (rules/tariff.py)
Tell:   billing records the charges and computes the invoice; or it records why these legs could not be rated

Repeating it is harmless: legs that are charged already lead to the invoice they are on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from processes.call_to_rate import CONFERENCE, Call, call_in, lasted
from processes.graph import Graph
from processes.rules.accounts import paying_account
from processes.rules.instants import instant_at
from processes.rules.refusal import Refusal
from processes.rules.review import too_dear
from processes.rules.tariff import Charge, Excluded, Rating, Tariff, rate_conference
from processes.wire import amount_to_wire, instant_to_wire, tariff_from_wire

__all__ = [
    "DOCUMENTS",
    "FOR_A_PERSON",
    "TARIFF_FIELDS",
    "Prepared",
    "Priced",
    "account_of",
    "charges_input",
    "exceptions_input",
    "invoice_conference",
    "is_to_charge",
    "rate",
    "tariff_of",
]

TARIFF_FIELDS = """
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
"""

TARIFF = f"""
query TariffInForce($account: ID!, $at: DateTime!) {{
  billingAccount(number: $account) {{ tariff(at: $at) {{ {TARIFF_FIELDS} }} }}
}}
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
  $conference: ID!, $client: ID, $legs: [ExceptionLegInput!]!, $code: String!, $message: String!, $key: ID!
) {
  recordRatingExceptions(
    conference: $conference, client: $client, legs: $legs, code: $code, message: $message, idempotencyKey: $key
  ) {
    __typename
  }
}
"""

DOCUMENTS = (CONFERENCE, TARIFF, RECORD_CHARGES, RECORD_RATING_EXCEPTIONS)

FOR_A_PERSON = frozenset({"unknown-account", "wrong-currency", "partly-credited"})
"""What billing refuses to charge for a reason that somebody has to see to."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """The draft invoice (its id) that holds the conference's charges."""

    invoice: str


@dataclass(frozen=True, slots=True)
class Priced:
    """The price of a call's legs, and the account and tariff it was made with."""

    call: Call
    account: str
    tariff: Tariff
    rating: Rating


async def invoice_conference(graph: Graph, conference: str, *, run: str, anew: bool = True) -> Prepared | Refusal:
    """Charge what is not charged yet, `anew` what was credited too.

    A refusal about owner, account, contract or rate is first noted on its legs, and so is `partly-credited`.
    A leg that a person must look at is held; the others are charged without it.
    """
    call = call_in(conference, await graph.execute(CONFERENCE, {"id": conference}))
    if isinstance(call, Refusal):
        return call
    if not is_to_charge(call):
        return await hold(graph, call, run=run)
    priced = await price(graph, call)
    if isinstance(priced, Refusal):
        await note_exceptions(graph, call, priced, run=run)
        return priced
    return await charge(graph, priced, run=run, anew=anew)


def is_to_charge(call: Call) -> bool:
    """Legs without a second are excluded with the others of their call; alone, only where nothing else is known.

    One that a person accepted is settled at once, as nothing else would take it off their list.
    """
    return any(lasted(leg) or leg.id in call.accepted for leg in call.legs) or bool(
        call.legs and not call.invoice and not call.held
    )


async def hold(graph: Graph, call: Call, *, run: str) -> Prepared | Refusal:
    """Of a call without anything to charge: note what waits for a person, and lead to what is charged already."""
    if call.held:
        await note_exceptions(graph, call, None, run=run)
    return outcome_of(call)


async def charge(graph: Graph, priced: Priced, *, run: str, anew: bool) -> Prepared | Refusal:
    call = priced.call
    if call.held:
        await note_exceptions(graph, call, None, run=run)
    if not call.legs:
        return outcome_of(call)
    charged = await record_charges(graph, priced, run=run, anew=anew)
    if isinstance(charged, Refusal) and charged.code in FOR_A_PERSON:
        await note_exceptions(graph, call, charged, run=run)
    return outcome_of(call) if (call.held or call.invoice) and not priced.rating.charges else charged


def outcome_of(call: Call) -> Prepared | Refusal:
    """Of a call without anything to charge: the invoice of what is charged already, else why nothing is."""
    if call.invoice:
        return Prepared(call.invoice)
    if call.held:
        return Refusal(call.held[0].code, call.held[0].message)
    return Refusal("nothing-to-bill", f"every leg of conference {call.conference} was excluded by hand")


async def price(graph: Graph, call: Call) -> Priced | Refusal:
    account = account_of(call)
    if isinstance(account, Refusal):
        return account
    tariff = await ask_for_tariff(graph, account, at=call.started_at)
    return tariff if isinstance(tariff, Refusal) else rate(call, account, tariff)


def rate(call: Call, account: str, tariff: Tariff) -> Priced | Refusal:
    """The price of the call's legs, without those that are too dear: they are held besides."""
    rating = rate_conference((*call.settled, *call.legs), tariff)
    if isinstance(rating, Refusal):
        return rating
    dear = too_dear(rating, tariff.currency, limits=call.limits, accepted=call.accepted)
    rest = call.without(dear)
    # Once more without them: what is merged and what falls short of the minimum may be different now.
    again = rate_conference((*rest.settled, *rest.legs), tariff) if dear else rating
    return again if isinstance(again, Refusal) else Priced(rest, account, tariff, again)


def account_of(call: Call) -> str | Refusal:
    owner = call.owner
    if owner.client is None:
        what = "no booking" if owner.booking is None else f"booking {owner.booking}, which names no client"
        return Refusal("unknown-owner", f"conference {call.conference} has {what}: assign it to a client by hand")
    return paying_account(owner.account, owner.accounts, client=owner.client, booking=owner.booking, at=call.started_at)


async def ask_for_tariff(graph: Graph, account: str, *, at: datetime) -> Tariff | Refusal:
    data = await graph.execute(TARIFF, {"account": account, "at": instant_to_wire(at)})
    return tariff_of(account, data["billingAccount"], at=at)


def tariff_of(account: str, found: Mapping[str, Any] | None, *, at: datetime) -> Tariff | Refusal:
    if found is None:
        return Refusal("unknown-account", f"billing has no account {account}: check the client's account link")
    if found["tariff"] is None:
        return Refusal(
            "no-contract", f"account {account} has no rates in force at {instant_to_wire(at)}: sign a contract"
        )
    if found["tariff"]["__typename"] == "Refused":
        return Refusal(found["tariff"]["code"], found["tariff"]["message"])
    return tariff_from_wire(found["tariff"])


async def record_charges(graph: Graph, priced: Priced, *, run: str, anew: bool) -> Prepared | Refusal:
    data = await graph.execute(
        RECORD_CHARGES, {"input": charges_input(priced, anew=anew), "key": f"{run}:charges-{digest(priced.call)}"}
    )
    answer = data["recordCharges"]
    if answer["__typename"] == "Refused":
        return Refusal(answer["code"], answer["message"])
    return Prepared(answer["invoice"]["id"])


async def note_exceptions(graph: Graph, call: Call, why: Refusal | None, *, run: str) -> None:
    """Why the legs can't be charged: `why` holds for all of them but those that are held for a reason of their own."""
    noted = exceptions_input(call, why)
    key = f"exceptions-{noted['code']}" if why else f"held-{digest_of(each.leg for each in call.held)}"
    await graph.execute(RECORD_RATING_EXCEPTIONS, {**noted, "key": f"{run}:{key}"})


def exceptions_input(call: Call, why: Refusal | None) -> dict[str, Any]:
    refused = [{"leg": leg.id, "durationSeconds": lasted(leg)} for leg in call.legs] if why else []
    held = [
        {"leg": each.leg, "durationSeconds": each.seconds, "code": each.code, "message": each.message}
        for each in call.held
    ]
    first = why or Refusal(call.held[0].code, call.held[0].message)
    return {
        "conference": call.conference,
        "client": call.owner.client,
        "legs": [*refused, *held],
        "code": first.code,
        "message": first.message,
    }


def digest(call: Call) -> str:
    """Of the legs: a repeat after a crash that finds one more is another step, not a conflict."""
    return digest_of(leg.id for leg in call.legs)


def digest_of(legs: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(legs)).encode()).hexdigest()[:16]


# To the wire


def charges_input(priced: Priced, *, anew: bool) -> dict[str, Any]:
    call, tariff, rating = priced.call, priced.tariff, priced.rating
    return {
        "account": priced.account,
        "conference": call.conference,
        "booking": call.owner.booking,
        "conferenceStartedAt": instant_to_wire(call.started_at),
        "contract": tariff.contract,
        "rateVersion": tariff.version,
        "currency": tariff.currency,
        "charges": [charge_input(charge) for charge in rating.charges],
        "minimumCharge": str(rating.minimum_charge) if rating.minimum_charge else None,
        "excluded": [excluded_input(excluded) for excluded in rating.excluded],
        "ruleVersion": rating.rule_version,
        "anew": anew,
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
                "from": instant_to_wire(instant_at(segment.begins)),
                "to": instant_to_wire(instant_at(segment.ends)),
            }
            for segment in charge.segments
        ],
    }


def excluded_input(excluded: Excluded) -> dict[str, Any]:
    return {"leg": excluded.leg, "durationSeconds": excluded.duration, "reason": excluded.reason}
