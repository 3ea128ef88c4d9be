"""What billing must have decided while it holds its locks; the decisions themselves are in processes.rules."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sources.records.billing import (
    BilledSegment,
    BillingAccount,
    BillingPeriod,
    ExchangeRate,
    Fee,
    InvoiceContent,
    IssueDates,
    LinesBefore,
    Minimum,
)
from sources.records.papers import DocumentContent, Paper
from sources.records.refusal import Refusal

__all__ = ["InvoiceRules"]


@dataclass(frozen=True, slots=True)
class InvoiceRules:
    """Pure functions on records.

    content          (invoice, stored segments, minimum charges, fees, lines before them that stay) -> the other
                     lines, and the sums of all
    period           (account, instant) -> the OPEN period of the account that holds the instant
    issue_day        (now) -> the local day, which is the day of issue
    dates            (day of issue, period, account) -> the dates on the invoice
    number           (day of issue, position in its year from 1) -> the invoice number
    in_house_money   (content, currency, ČNB rates, tax point) -> the content with VAT in CZK too, where that is due;
                     refused `no-exchange-rate`
    credit_number    (day of issue, position in its year from 1) -> the number of a credit note
    document         (an invoice or a credit note, whole) -> what its documents say
    """

    content: Callable[[str, Sequence[BilledSegment], Sequence[Minimum], Sequence[Fee], LinesBefore], InvoiceContent]
    period: Callable[[BillingAccount, datetime], BillingPeriod]
    issue_day: Callable[[datetime], date]
    dates: Callable[[date, BillingPeriod, BillingAccount], IssueDates]
    number: Callable[[date, int], str]
    in_house_money: Callable[[InvoiceContent, str, Sequence[ExchangeRate], date], InvoiceContent | Refusal]
    credit_number: Callable[[date, int], str]
    document: Callable[[Paper], DocumentContent]
