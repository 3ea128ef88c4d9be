"""A booking that came to nothing is charged what its contract says of that (edge cases 11 and 12).

Ask:    the booking, its account, and the contract in force when it was to start
Decide: processes/rules/fees.py
Tell:   billing puts the fee on the open period's draft, once for each booking and kind; it takes a no-show's fee off it
        when records tell that somebody came after all

What became of the booking says it all, so this may be asked at any time and again. Most contracts say nothing, and
nothing is charged; neither is a no-show where no switch had the room, as files of call records may come at any time.
What can't be charged is an alarm. Subject: the booking.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from processes.call_to_rate import ownerships
from processes.rules.accounts import paying_account
from processes.rules.fees import LATE_CANCELLATION, NO_SHOW, Terms, fee_for
from processes.rules.refusal import Refusal
from processes.run import Done, Process, Run
from processes.wire import instant_from_wire, instant_to_wire

__all__ = ["DOCUMENTS", "NAME", "PROCESS"]

NAME = "charge-fee"
NO_FEE, WITHDRAWN = "no-fee", "withdrawn"
NOTHING_AGREED = ("no-contract", "no-owner")

BOOKING = """
query BookingToCharge($ref: ID!) {
  booking(ref: $ref) {
    ref status bridge startsAt endsAt cancelledAt account { number }
    client { id accountHistory { number owners { client { id } validFrom validTo } } }
  }
}
"""

TERMS = """
query TermsInForce($account: ID!, $at: DateTime!) {
  billingAccount(number: $account) {
    tariff(at: $at) {
      __typename
      ... on Tariff {
        rateVersion {
          contract { number currency lateCancellation { hoursBefore fee { amount } } noShowFee { amount } }
          version
        }
      }
      ... on Refused { code message }
    }
  }
}
"""

RECORD_FEE = """
mutation RecordFee($input: RecordFeeInput!, $key: ID!) {
  recordFee(input: $input, idempotencyKey: $key) {
    __typename
    ... on FeeRecorded { invoice { id } }
    ... on Refused { code message }
  }
}
"""

WITHDRAW_FEE = """
mutation WithdrawFee($booking: ID!, $key: ID!) {
  withdrawFee(booking: $booking, kind: NO_SHOW, idempotencyKey: $key) {
    __typename
    ... on FeeWithdrawn { invoice { id } }
    ... on Refused { code message }
  }
}
"""

DOCUMENTS = (BOOKING, TERMS, RECORD_FEE, WITHDRAW_FEE)


async def carry_out(run: Run, subject: str, input: Mapping[str, Any]) -> Done | Refusal:
    """The process `charge-fee`; done with the id of the invoice, `withdrawn`, or `no-fee` where none is asked."""
    booking = (await run.execute(BOOKING, {"ref": subject}))["booking"]
    if booking is None:
        return Refusal("unknown-booking", f"there is no booking {subject}: check its reference")
    came_to = fate_of(booking)
    answer = await withdraw(run, subject) if came_to is None else await charge(run, booking, *came_to)
    if isinstance(answer, Refusal):
        await run.alarm(answer.code, answer.message)
        return answer
    return Done(answer)


def fate_of(booking: Mapping[str, Any]) -> tuple[str, datetime] | None:
    """(kind, when it came to that) of a booking that may cost a fee."""
    if booking["status"] == "CANCELLED" and booking["cancelledAt"]:
        return LATE_CANCELLATION, instant_from_wire(booking["cancelledAt"])
    if booking["status"] == "NO_SHOW" and booking["bridge"]:
        return NO_SHOW, instant_from_wire(booking["endsAt"])
    return None


async def charge(run: Run, booking: Mapping[str, Any], kind: str, arisen_at: datetime) -> str | Refusal:
    starts_at = instant_from_wire(booking["startsAt"])
    account = account_in(booking, starts_at)
    if isinstance(account, Refusal):
        return account
    agreed = await ask_for_terms(run, account, at=starts_at)
    if isinstance(agreed, Refusal):
        # Nobody agreed to a fee, so there is none; what can't be told apart is for a person.
        return NO_FEE if agreed.code in NOTHING_AGREED else agreed
    contract, version = agreed["contract"], agreed["version"]
    amount = fee_for(kind, terms_in(contract), starts_at=starts_at, arisen_at=arisen_at)
    if amount is None:
        return NO_FEE
    told = {
        "booking": booking["ref"],
        "kind": kind,
        "account": account,
        "contract": contract["number"],
        "rateVersion": version,
        "currency": contract["currency"],
        "amount": str(amount),
        "arisenAt": instant_to_wire(arisen_at),
    }
    answer = (await run.execute(RECORD_FEE, {"input": told, "key": f"{run.id}:{kind}"}))["recordFee"]
    return said_in(answer)


async def withdraw(run: Run, booking: str) -> str | Refusal:
    answer = (await run.execute(WITHDRAW_FEE, {"booking": booking, "key": f"{run.id}:withdraw"}))["withdrawFee"]
    if answer["__typename"] == "Refused":
        return Refusal(answer["code"], answer["message"])
    return WITHDRAWN if answer["invoice"] else NO_FEE


def said_in(answer: Mapping[str, Any]) -> str | Refusal:
    if answer["__typename"] == "Refused":
        return Refusal(answer["code"], answer["message"])
    return str(answer["invoice"]["id"])


def account_in(booking: Mapping[str, Any], at: datetime) -> str | Refusal:
    client = booking["client"]
    if client is None:
        return Refusal("unknown-owner", f"booking {booking['ref']} names no client that sales knows: correct it")
    chosen = booking["account"] and booking["account"]["number"]
    owned = ownerships(client["accountHistory"] or ())
    return paying_account(chosen, owned, client=client["id"], booking=booking["ref"], at=at)


async def ask_for_terms(run: Run, account: str, *, at: datetime) -> Mapping[str, Any] | Refusal:
    found = (await run.execute(TERMS, {"account": account, "at": instant_to_wire(at)}))["billingAccount"]
    if found is None:
        return Refusal("unknown-account", f"billing has no account {account}: check the client's account link")
    tariff = found["tariff"]
    if tariff is None:
        return Refusal("no-contract", f"account {account} has no contract in force at {instant_to_wire(at)}")
    if tariff["__typename"] == "Refused":
        return Refusal(tariff["code"], tariff["message"])
    version: Mapping[str, Any] = tariff["rateVersion"]
    return version


def terms_in(contract: Mapping[str, Any]) -> Terms:
    late, no_show = contract["lateCancellation"], contract["noShowFee"]
    return Terms(
        hours_before=late and late["hoursBefore"],
        late_cancellation=late and Decimal(late["fee"]["amount"]),
        no_show=no_show and Decimal(no_show["amount"]),
    )


PROCESS = Process(NAME, carry_out)
