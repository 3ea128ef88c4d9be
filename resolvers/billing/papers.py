"""What stands on an invoice or a credit note: billing's records as the rules of papers read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from decimal import Decimal

from processes.rules import papers as rules
from processes.rules.instants import local_day
from processes.rules.invoice import STANDARD_VAT
from resolvers.grouping import grouped
from sources.records import billing as records
from sources.records import papers

__all__ = ["document_content", "party"]


def document_content(paper: papers.Paper) -> papers.DocumentContent:
    """What the documents of an invoice or a credit note say."""
    read = paper_of(paper)
    return papers.DocumentContent(page=rules.page(read), payment_code=rules.spayd(read), en16931=rules.en16931(read))


def paper_of(paper: papers.Paper) -> rules.Paper:
    invoice, note = paper.invoice, paper.credit_note
    assert invoice.number is not None
    assert invoice.issued_on is not None
    assert invoice.tax_point_on is not None
    assert invoice.due_on is not None
    return rules.Paper(
        number=note.number if note else invoice.number,
        currency=invoice.currency,
        issued_on=note.issued_on if note else invoice.issued_on,
        tax_point_on=note.tax_point_on if note else invoice.tax_point_on,
        due_on=invoice.due_on,
        first_day=local_day(paper.period.starts_at),
        last_day=local_day(paper.period.ends_at) - timedelta(days=1),
        seller=party(paper.parties.seller),
        buyer=party(paper.parties.buyer),
        lines=tuple(lines_of(paper)),
        vat=tuple(vat_of(vat) for vat in paper.vat),
        base=invoice.base,
        total=invoice.total,
        reason=note.reason if note else None,
        credited=(invoice.number, invoice.issued_on) if note else None,
    )


def party(record: papers.Party) -> rules.Party:
    return rules.Party(**{field.name: getattr(record, field.name) for field in fields(record)})


def lines_of(paper: papers.Paper) -> Iterator[rules.Line]:
    charged = grouped(paper.segments, lambda billed: billed.conference)
    rate = vat_rate(paper.vat)
    for line in paper.lines:
        yield line_of(line, charged.get(line.conference or "", []), rate)


def line_of(line: records.InvoiceLine, of_conference: Sequence[records.BilledSegment], rate: Decimal) -> rules.Line:
    charged = [one for one in of_conference if is_charged_by(line, one)]
    return rules.Line(
        text=line.text,
        quantity=line.quantity,
        base_quantity=line.base_quantity,
        unit_price=line.unit_price,
        net=line.net,
        vat_rate=rate,
        started_at=start(of_conference),
        services=tuple(one.segment.service for one in charged),
        band=line.band,
    )


def is_charged_by(line: records.InvoiceLine, billed: records.BilledSegment) -> bool:
    segment = billed.segment
    of_line = (line.contract, line.rate_version, line.band, line.unit_price)
    return (billed.contract, billed.rate_version, segment.band, segment.price) == of_line


def start(billed: Sequence[records.BilledSegment]) -> datetime | None:
    """A conference has one start on an invoice, the earliest (processes/rules/invoice.py)."""
    return min((one.conference_started_at for one in billed), default=None)


def vat_rate(vat: Sequence[records.VatLine]) -> Decimal:
    """Of every line: an invoice has one rate until there is a second one in the rules."""
    return vat[0].rate if len(vat) == 1 else STANDARD_VAT


def vat_of(vat: records.VatLine) -> rules.Vat:
    return rules.Vat(
        rate=vat.rate,
        base=vat.base,
        amount=vat.amount,
        amount_in_czk=vat.amount_in_czk,
        czk_per_unit=vat.czk_per_unit,
    )
