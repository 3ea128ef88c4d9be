"""Billing's decisions: the rules of processes.rules, in billing's own records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from processes.rules import invoice as invoicing
from processes.rules.instants import local_day
from processes.rules.issuing import credit_note_number, due_day, invoice_number, tax_point
from processes.rules.periods import period_containing
from processes.rules.refusal import Refusal as RuleRefusal
from resolvers.billing.papers import document_content
from sources.billing import InvoiceRules
from sources.records import billing as records
from sources.records.refusal import Refusal

__all__ = ["RULES", "invoice_content", "period_at"]

ALL_ANEW = records.LinesBefore()


def invoice_content(
    invoice: str,
    segments: Sequence[records.BilledSegment],
    minimums: Sequence[records.Minimum],
    fees: Sequence[records.Fee] = (),
    before: records.LinesBefore = ALL_ANEW,
) -> records.InvoiceContent:
    """The lines and sums of an invoice (domain.md, rules 7 and 8), computed from what is stored.

    Where lines before them stay as they are, its other lines, and the sums of all.
    """
    lines = invoicing.lines_of(map(billed, segments), map(minimum_charge, minimums), map(booking_fee, fees))
    totals = invoicing.totals_of(lines, before=before.base if before.count else None)
    return records.InvoiceContent(
        lines=tuple(line_of(invoice, position, line) for position, line in enumerate(lines, start=before.count + 1)),
        vat=tuple(vat_of(invoice, vat) for vat in totals.vat),
        base=totals.base,
        total=totals.total,
    )


def billed(stored: records.BilledSegment) -> invoicing.BilledSegment:
    return invoicing.BilledSegment(
        conference=stored.conference,
        started_at=stored.conference_started_at,
        contract=stored.contract,
        rate_version=stored.rate_version,
        leg=stored.leg,
        service=stored.segment.service,
        band=stored.segment.band,
        price=stored.segment.price,
        seconds=stored.segment.seconds,
    )


def minimum_charge(stored: records.Minimum) -> invoicing.MinimumCharge:
    return invoicing.MinimumCharge(
        conference=stored.conference,
        started_at=stored.conference_started_at,
        contract=stored.contract,
        rate_version=stored.rate_version,
        amount=stored.amount,
    )


def booking_fee(stored: records.Fee) -> invoicing.BookingFee:
    return invoicing.BookingFee(
        booking=stored.booking,
        kind=stored.kind,
        arisen_at=stored.arisen_at,
        contract=stored.contract,
        rate_version=stored.rate_version,
        amount=stored.amount,
    )


def line_of(invoice: str, position: int, line: invoicing.Line) -> records.InvoiceLine:
    return records.InvoiceLine(
        invoice=invoice,
        position=position,
        text=line.text,
        band=line.band,
        quantity=line.quantity,
        base_quantity=line.base_quantity,
        unit_price=line.unit_price,
        net=line.net,
        conference=line.conference,
        contract=line.contract,
        rate_version=line.rate_version,
    )


def vat_of(invoice: str, vat: invoicing.VatTotal) -> records.VatLine:
    return records.VatLine(invoice=invoice, rate=vat.rate, base=vat.base, amount=vat.amount)


def period_at(account: records.BillingAccount, at: datetime) -> records.BillingPeriod:
    """The period of the account's cycle that holds `at`, OPEN (domain.md, rule 9)."""
    period = period_containing(account.cycle_day, at)
    return records.BillingPeriod(account.number, period.start, period.end, "OPEN")


def issue_dates(issued_on: date, period: records.BillingPeriod, account: records.BillingAccount) -> records.IssueDates:
    return records.IssueDates(
        issued_on=issued_on,
        tax_point_on=tax_point(issued_on, period.ends_at),
        due_on=due_day(issued_on, account.payment_terms_days),
    )


def in_house_money(
    content: records.InvoiceContent, currency: str, rates: Sequence[records.ExchangeRate], tax_point_on: date
) -> records.InvoiceContent | Refusal:
    """VAT in CZK too, at the ČNB rate of the tax point, on an invoice in another currency (rule 8)."""
    if currency == invoicing.HOUSE_CURRENCY:
        return content
    known = [invoicing.ExchangeRate(rate.currency, rate.declared_on, rate.units, rate.rate) for rate in rates]
    rate = invoicing.exchange_rate_for(known, currency, tax_point_on)
    if isinstance(rate, RuleRefusal):
        return Refusal(rate.code, rate.message)
    return with_czk(content, rate)


def with_czk(content: records.InvoiceContent, rate: invoicing.ExchangeRate) -> records.InvoiceContent:
    totals = invoicing.Totals(
        content.base,
        tuple(invoicing.VatTotal(vat.rate, vat.base, vat.amount) for vat in content.vat),
        content.total,
    )
    converted = invoicing.with_vat_in_czk(totals, rate)
    per_unit = rate.czk / Decimal(rate.amount)
    return records.InvoiceContent(
        lines=content.lines,
        vat=tuple(
            records.VatLine(before.invoice, vat.rate, vat.base, vat.amount, vat.amount_in_czk, per_unit)
            for before, vat in zip(content.vat, converted.vat, strict=True)
        ),
        base=content.base,
        total=content.total,
    )


RULES = InvoiceRules(
    content=invoice_content,
    period=period_at,
    issue_day=local_day,
    dates=issue_dates,
    number=invoice_number,
    in_house_money=in_house_money,
    credit_number=credit_note_number,
    document=document_content,
)
