"""What billing made of the meetings: rated calls, periods that tile time, invoices issued, paid and in the making.

A  every meeting is rated by the rules under the rate version in force on its local day
B  charges are put together by account and period; each group is one invoice, a draft while its period runs
C  a period that has ended is invoiced GRACE days later; numbers follow the days of issue, without a gap
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from sources.demo.agreements import Agreement
from sources.demo.meetings import PRAGUE, Meeting
from sources.demo.rules import DemoRules, Rated
from sources.records.billing import (
    BilledSegment,
    BillingAccount,
    BillingPeriod,
    ExchangeRate,
    Invoice,
    InvoiceContent,
    LinesBefore,
    Minimum,
    RatedCall,
)
from sources.records.bridge import Conference
from sources.records.refusal import Refusal

__all__ = ["Ledger", "keep_books"]

GRACE = timedelta(days=2)
NOT_YET_RATED = timedelta(days=2)
"""The meetings of the last days are there for somebody to invoice."""

RATE_WINDOW = timedelta(days=10)

DRAFT = "DRAFT"


@dataclass(frozen=True, slots=True)
class RatedMeeting:
    """A conference with what it costs on which agreement."""

    conference: Conference
    booking: str
    agreement: Agreement
    version: int
    rated: Rated


@dataclass(frozen=True, slots=True)
class Bill:
    """An invoice with what is on it, for `client`. `issued_on` None: a draft, or a period within its grace time."""

    invoice: Invoice
    account: BillingAccount
    period: BillingPeriod
    content: InvoiceContent
    calls: tuple[RatedCall, ...]
    minimums: tuple[Minimum, ...]
    issued_on: date | None
    client: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """All of billing's records of the demo company."""

    periods: tuple[BillingPeriod, ...]
    bills: tuple[Bill, ...]
    excluded: tuple[RatedCall, ...]


def keep_books(
    seed: int,
    meetings: Iterable[Meeting],
    agreements: Sequence[Agreement],
    *,
    idle_accounts: Sequence[tuple[BillingAccount, date]],
    exchange_rates: Sequence[ExchangeRate],
    holidays: frozenset[date],
    today: date,
    since: date,
    rules: DemoRules,
) -> Ledger:
    """Rate, group, issue and pay; `idle_accounts` (with the day they were opened) only get their periods."""
    rated = list(rate_all(meetings, agreements, holidays, today, rules))
    opened = [(one.account, one.link.valid_from) for one in agreements] + list(idle_accounts)
    accounts: dict[str, tuple[BillingAccount, date]] = {}
    for account, day in opened:
        accounts.setdefault(account.number, (account, day))  # its first owner's day, where it had several
    periods = {number: tiled(account, max(day, since), today, rules) for number, (account, day) in accounts.items()}
    drafts = draft_all(rated, periods, today, rules)
    bills = settle(seed, issue_all(drafts, exchange_rates, rules), today)
    return Ledger(
        periods=tuple(period for tiles in periods.values() for period in tiles),
        bills=tuple(bills),
        excluded=tuple(call for one in rated for call in excluded_calls(one)),
    )


# A: rating


def rate_all(
    meetings: Iterable[Meeting],
    agreements: Sequence[Agreement],
    holidays: frozenset[date],
    today: date,
    rules: DemoRules,
) -> Iterator[RatedMeeting]:
    by_account: dict[str, list[Agreement]] = {}
    for one in agreements:
        by_account.setdefault(one.account.number, []).append(one)
    for meeting in meetings:
        if meeting.conference is None or meeting.account is None or meeting.booking is None:
            continue
        day = local_day(meeting.conference.started_at)
        agreement = next(one for one in by_account[meeting.account] if not one.link.valid_to or day < one.link.valid_to)
        version = agreement.version_on(day)
        if day >= today - NOT_YET_RATED or version is None:
            continue
        rated = rules.rate(meeting.legs, agreement.contract, version, holidays)
        yield RatedMeeting(meeting.conference, meeting.booking.ref, agreement, version.version, rated)


def local_day(instant: datetime) -> date:
    return instant.astimezone(PRAGUE).date()


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), PRAGUE).astimezone(UTC)


# B: periods and drafts


def tiled(account: BillingAccount, since: date, today: date, rules: DemoRules) -> list[BillingPeriod]:
    """The account's periods from the one that holds `since` to the current one, without gap or overlap (I7)."""
    period = rules.invoices.period(account, noon(since))
    tiles = []
    while period.ends_at <= noon(today):
        ended_days = today - local_day(period.ends_at)
        tiles.append(replace(period, status="CLOSED" if ended_days >= GRACE else "CLOSING"))
        period = replace(rules.invoices.period(account, period.ends_at), starts_at=period.ends_at)
    return [*tiles, period]


def draft_all(
    rated: Iterable[RatedMeeting], periods: dict[str, list[BillingPeriod]], today: date, rules: DemoRules
) -> list[Bill]:
    """A bill per account and period with charges, in the order of both."""
    groups: dict[tuple[str, datetime], list[RatedMeeting]] = {}
    for one in rated:
        account = one.agreement.account
        period = rules.invoices.period(account, one.conference.started_at)
        groups.setdefault((account.number, period.starts_at), []).append(one)
    drafts: list[Bill] = []
    for number, tiles in periods.items():
        charged = [(tile, group) for tile in tiles if (group := billable(groups.get((number, tile.starts_at), [])))]
        for place, (tile, group) in enumerate(charged, start=1):
            drafts.append(draft(f"IN-{number}-{place:04}", tile, group, today, rules))
    return drafts


def billable(group: list[RatedMeeting]) -> list[RatedMeeting]:
    return [one for one in group if one.rated.charges]


def draft(id: str, period: BillingPeriod, group: Sequence[RatedMeeting], today: date, rules: DemoRules) -> Bill:
    account = group[0].agreement.account
    # An account that gets an invoice for each call has no draft that grows: what it had so far was issued by today.
    by_call = account.invoicing == "PER_CALL"
    is_over = by_call or period.status == "CLOSED"
    state = "INVOICED" if is_over else "RATED"
    calls = tuple(call for one in group for call in charged_calls(one, id, account, state))
    minimums = tuple(minimum for one in group for minimum in minimums_of(one, id))
    content = rules.invoices.content(id, list(billed(calls, account.currency)), minimums, (), LinesBefore())
    invoice = Invoice(id, account.number, period.starts_at, DRAFT, account.currency, content.base, content.total)
    issued_on = min(local_day(period.ends_at) + GRACE, today) if by_call else local_day(period.ends_at) + GRACE
    return Bill(
        invoice,
        account,
        period,
        content,
        calls,
        minimums,
        issued_on if is_over else None,
        group[0].agreement.link.client,
    )


def charged_calls(one: RatedMeeting, invoice: str, account: BillingAccount, state: str) -> Iterator[RatedCall]:
    for charge in one.rated.charges:
        yield RatedCall(
            leg=charge.leg,
            conference=one.conference.id,
            state=state,
            duration_seconds=charge.duration_seconds,
            recorded_at=one.conference.ended_at + timedelta(hours=1),
            booking=one.booking,
            conference_started_at=one.conference.started_at,
            account=account.number,
            invoice=invoice,
            contract=one.agreement.contract.number,
            rate_version=one.version,
            rule_version=one.rated.rule_version,
            segments=charge.segments,
        )


def excluded_calls(one: RatedMeeting) -> Iterator[RatedCall]:
    for excluded in one.rated.excluded:
        yield RatedCall(
            leg=excluded.leg,
            conference=one.conference.id,
            state="EXCLUDED",
            duration_seconds=excluded.duration_seconds,
            recorded_at=one.conference.ended_at + timedelta(hours=1),
            booking=one.booking,
            conference_started_at=one.conference.started_at,
            rule_version=one.rated.rule_version,
            reason=excluded.reason,
        )


def minimums_of(one: RatedMeeting, invoice: str) -> Iterator[Minimum]:
    if one.rated.minimum_charge:
        yield Minimum(
            invoice=invoice,
            conference=one.conference.id,
            conference_started_at=one.conference.started_at,
            contract=one.agreement.contract.number,
            rate_version=one.version,
            amount=one.rated.minimum_charge,
        )


def billed(calls: Iterable[RatedCall], currency: str) -> Iterator[BilledSegment]:
    for call in calls:
        for segment in call.segments:
            yield BilledSegment(
                invoice=call.invoice or "",
                currency=currency,
                leg=call.leg,
                conference=call.conference,
                conference_started_at=call.conference_started_at or call.recorded_at,
                contract=call.contract or "",
                rate_version=call.rate_version or 0,
                segment=segment,
            )


# C: issuing and paying


def issue_all(drafts: Iterable[Bill], exchange_rates: Sequence[ExchangeRate], rules: DemoRules) -> Iterator[Bill]:
    """Drafts as they are; the others in order of their day with the next number of their year each (I6)."""
    waiting = sorted(drafts, key=lambda bill: (bill.issued_on or date.max, bill.invoice.account))
    by_currency: dict[str, list[ExchangeRate]] = {}
    for rate in exchange_rates:
        by_currency.setdefault(rate.currency, []).append(rate)
    last: dict[int, int] = {}
    for bill in waiting:
        if bill.issued_on is None:
            yield bill
            continue
        year = bill.issued_on.year
        last[year] = last.get(year, 0) + 1
        number = rules.invoices.number(bill.issued_on, last[year])
        yield issue(bill, bill.issued_on, number, by_currency.get(bill.account.currency, ()), rules)


def issue(bill: Bill, day: date, number: str, exchange_rates: Sequence[ExchangeRate], rules: DemoRules) -> Bill:
    dates = rules.invoices.dates(day, bill.period, bill.account)
    earliest = dates.tax_point_on - RATE_WINDOW
    known = [rate for rate in exchange_rates if earliest < rate.declared_on <= dates.tax_point_on]
    content = rules.invoices.in_house_money(bill.content, bill.account.currency, known, dates.tax_point_on)
    if isinstance(content, Refusal):
        raise ValueError(f"the demo company can't issue {bill.invoice.id}: {content.message}")  # noqa: TRY004
    invoice = replace(
        bill.invoice,
        status="ISSUED",
        number=number,
        issued_on=dates.issued_on,
        tax_point_on=dates.tax_point_on,
        due_on=dates.due_on,
    )
    return replace(bill, invoice=invoice, content=content)


def settle(seed: int, bills: Iterable[Bill], today: date) -> Iterator[Bill]:
    for bill in bills:
        yield replace(bill, invoice=replace(bill.invoice, status=payment(seed, bill.invoice, today)))


def payment(seed: int, invoice: Invoice, today: date) -> str:
    """Most pay when it is due, a few in parts or late."""
    if invoice.due_on is None:
        return invoice.status
    lot = Random(f"{seed}:payment:{invoice.id}").random()
    if invoice.due_on >= today:
        return "PAID" if lot < 0.3 else "ISSUED"
    overdue_long = today - invoice.due_on > timedelta(days=120)
    if lot < 0.93 or overdue_long:
        return "PAID"
    return "PARTLY_PAID" if lot < 0.96 else "ISSUED"
