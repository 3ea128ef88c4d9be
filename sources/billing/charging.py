"""Charges of conferences are recorded, and their draft invoices are made anew, each once.

A  the period's row is locked; a period that is not OPEN passes the charges on to the next open one
B  legs that are settled already are not settled again: all of them, then their invoice is the answer; some, refused
C  the others become RATED on the period's draft (an EXCEPTION too: it is resolved), or EXCLUDED with the reason
D  the draft's lines and sums are computed from what is stored now, not from what came in (domain.md, I3)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from sources.billing.calls import KnownCalls, lock_calls, write_calls
from sources.billing.drafts import rewrite_drafts
from sources.billing.periods import OpenPeriods
from sources.billing.reading import ACCOUNTS_BY_NUMBER
from sources.billing.rules import InvoiceRules
from sources.billing.tables import INVOICES, MINIMUMS, account_of
from sources.columns import Exact, Instant
from sources.records.billing import BillingAccount, BillingPeriod, CallCharges, Invoice, Minimum, RatedCall
from sources.records.refusal import Refusal
from sources.rows import row_of

__all__ = ["DRAFT_OF", "account_to_charge", "draft_of", "record_charges"]

DRAFT_OF = (
    select(INVOICES.c.id)
    .where(
        INVOICES.c.account == bindparam("account"),
        INVOICES.c.period == bindparam("period", type_=Instant),
        INVOICES.c.status == "DRAFT",
    )
    .with_for_update()
)
COUNT = select(func.count()).select_from(INVOICES).where(INVOICES.c.account == bindparam("account"))
NEW_INVOICE, NEW_MINIMUM = insert(INVOICES), insert(MINIMUMS)
RAISE_MINIMUM = (
    update(MINIMUMS)
    .where(MINIMUMS.c.invoice == bindparam("of"), MINIMUMS.c.conference == bindparam("at"))
    .values(amount=MINIMUMS.c.amount + bindparam("more", type_=Exact(10)))
)


def record_charges(
    connection: Connection, calls: Sequence[CallCharges], *, now: datetime, rules: InvoiceRules
) -> list[dict[str, Any]]:
    """For each of the conferences {"invoice": id} or {"refused": ...}; a refused one leaves the others as they are.

    No leg may be in two of them. Periods are locked in the order of accounts and time: two who charge many conferences
    at once wait for each other at the first they share, never crosswise.
    """
    rows = connection.execute(ACCOUNTS_BY_NUMBER, {"keys": {each.account for each in calls}})
    accounts = {account.number: account for account in map(account_of, rows)}
    outcomes: dict[str, str | Refusal] = {}
    fitting: list[tuple[CallCharges, BillingAccount]] = []
    for each in calls:
        account = account_to_charge(accounts, each.account, each.currency, what="the charges are")
        if isinstance(account, Refusal):
            outcomes[each.conference] = account
        else:
            fitting.append((each, account))
    fitting.sort(key=lambda pair: (pair[1].number, pair[0].conference_started_at, pair[0].conference))
    open_periods = OpenPeriods(connection, rules.period)
    periods = [open_periods.lock(account, each.conference_started_at) for each, account in fitting]
    known = lock_calls(connection, [leg for each, _ in fitting for leg in legs_of(each)])
    charging = Charging(connection, known, now)
    for (each, account), period in zip(fitting, periods, strict=True):
        outcomes[each.conference] = charging.charge(each, account, period)
    charging.write(rules)
    return [
        {"refused": asdict(outcome)} if isinstance(outcome, Refusal) else {"invoice": outcome}
        for outcome in (outcomes[each.conference] for each in calls)
    ]


class Charging:
    """What is to be written for several conferences, whose periods and legs are locked."""

    def __init__(self, connection: Connection, known: KnownCalls, now: datetime) -> None:
        self.connection, self.known, self.now = connection, known, now
        self.drafts: dict[tuple[str, datetime], str] = {}
        self.rows: list[RatedCall] = []
        self.minimums: list[tuple[CallCharges, str, Decimal]] = []
        self.charged: dict[str, list[str]] = {}

    def charge(self, charges: CallCharges, account: BillingAccount, period: BillingPeriod) -> str | Refusal:
        """Its legs are to go on the period's draft, a new one if there is none; the invoice they are on then."""
        self.rows += excluded_calls(charges, self.known, self.now)
        before = settled_before(charges, self.known)
        if before is not None:
            return before
        if not charges.anew and (why := credited_before(charges, self.known)):
            return why
        place = account.number, period.starts_at
        if place not in self.drafts:
            self.drafts[place] = draft_of(self.connection, account, period)
        invoice = self.drafts[place]
        self.rows += charged_calls(charges, invoice, self.now)
        self.charged.setdefault(invoice, []).append(charges.conference)
        if charges.minimum_charge:
            self.minimums.append((charges, invoice, charges.minimum_charge))
        return invoice

    def write(self, rules: InvoiceRules) -> None:
        """All calls in one order, then each draft once."""
        write_calls(self.connection, self.rows, self.known)
        for charges, invoice, amount in self.minimums:
            add_minimum(self.connection, charges, invoice, amount)
        rewrite_drafts(self.connection, self.charged, rules)


def legs_of(charges: CallCharges) -> list[str]:
    return [*(charge.leg for charge in charges.charges), *(excluded.leg for excluded in charges.excluded)]


def account_to_charge(
    accounts: Mapping[str, BillingAccount], number: str, currency: str, *, what: str
) -> BillingAccount | Refusal:
    """Refused `unknown-account`, or `wrong-currency` where `what` is in another than the account (I4)."""
    account = accounts.get(number)
    if account is None:
        return Refusal("unknown-account", f"billing has no account {number}: open it, then charge")
    if account.currency != currency:
        return Refusal(
            "wrong-currency",
            f"account {account.number} is in {account.currency}, {what} in {currency}: charge an account in {currency}",
        )
    return account


def settled_before(charges: CallCharges, known: KnownCalls) -> str | Refusal | None:
    """The invoice of these legs when all are charged already; None when all of them are to be charged now."""
    settled = [call for charge in charges.charges if (call := known.settled(charge.leg))]
    if not charges.charges or (settled and all(call.invoice is None for call in settled)):
        return Refusal("nothing-to-bill", f"conference {charges.conference} has no leg to bill")
    if not settled:
        return None
    if len(settled) < len(charges.charges):
        return Refusal(
            "partly-charged",
            f"{len(settled)} of {len(charges.charges)} legs of conference {charges.conference} "
            f"{'is' if len(settled) == 1 else 'are'} settled already: "
            "charge only the others",
        )
    return next(call.invoice for call in settled if call.invoice is not None)


def credited_before(charges: CallCharges, known: KnownCalls) -> Refusal | None:
    """Refused `credited` where all legs were credited, `partly-credited` where some were: somebody has to look."""
    credited = [charge.leg for charge in charges.charges if known.credited.get(charge.leg)]
    if not credited:
        return None
    of_all = f"{len(credited)} of {len(charges.charges)} legs of conference {charges.conference}"
    return Refusal(
        "credited" if len(credited) == len(charges.charges) else "partly-credited",
        f"{of_all} {'was' if len(credited) == 1 else 'were'} credited: they are charged anew when a person says so",
    )


def draft_of(connection: Connection, account: BillingAccount, period: BillingPeriod) -> str:
    parameters = {"account": account.number, "period": period.starts_at}
    found: str | None = connection.execute(DRAFT_OF, parameters).scalar_one_or_none()
    return found or new_draft(connection, account, period)


def new_draft(connection: Connection, account: BillingAccount, period: BillingPeriod) -> str:
    count = connection.execute(COUNT, {"account": account.number}).scalar_one()
    draft = Invoice(
        id=f"IN-{account.number}-{count + 1:04}",
        account=account.number,
        period=period.starts_at,
        status="DRAFT",
        currency=account.currency,
        base=Decimal("0.00"),
        total=Decimal("0.00"),
    )
    connection.execute(NEW_INVOICE, row_of(draft))
    return draft.id


def charged_calls(charges: CallCharges, invoice: str, now: datetime) -> list[RatedCall]:
    return [
        RatedCall(
            leg=charge.leg,
            conference=charges.conference,
            state="RATED",
            duration_seconds=charge.duration_seconds,
            recorded_at=now,
            booking=charges.booking,
            conference_started_at=charges.conference_started_at,
            account=charges.account,
            invoice=invoice,
            contract=charges.contract,
            rate_version=charges.rate_version,
            rule_version=charges.rule_version,
            segments=charge.segments,
        )
        for charge in charges.charges
    ]


def excluded_calls(charges: CallCharges, known: KnownCalls, now: datetime) -> Sequence[RatedCall]:
    return [
        RatedCall(
            leg=excluded.leg,
            conference=charges.conference,
            state="EXCLUDED",
            duration_seconds=excluded.duration_seconds,
            recorded_at=now,
            booking=charges.booking,
            conference_started_at=charges.conference_started_at,
            rule_version=charges.rule_version,
            reason=excluded.reason,
        )
        for excluded in charges.excluded
        if known.settled(excluded.leg) is None
    ]


def add_minimum(connection: Connection, charges: CallCharges, invoice: str, amount: Decimal) -> None:
    """A conference has one minimum charge on an invoice, also when its legs come in several goes."""
    parameters = {"of": invoice, "at": charges.conference, "more": amount}
    if connection.execute(RAISE_MINIMUM, parameters).rowcount == 0:
        minimum = Minimum(
            invoice=invoice,
            conference=charges.conference,
            conference_started_at=charges.conference_started_at,
            contract=charges.contract,
            rate_version=charges.rate_version,
            amount=amount,
        )
        connection.execute(NEW_MINIMUM, row_of(minimum))
