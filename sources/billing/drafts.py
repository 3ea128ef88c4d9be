"""A draft's lines and sums, computed by rule from the stored segments and written in place of the old ones."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, bindparam, delete, update

from sources.billing.reading import BILLED_OF_INVOICES, MINIMUMS_OF_INVOICES
from sources.billing.rules import InvoiceRules
from sources.billing.tables import INVOICES, LINES, VAT, billed_of, minimum_of
from sources.columns import Exact
from sources.database import one_of
from sources.records.billing import BilledSegment, InvoiceContent, Minimum
from sources.rows import insert_all, row_of

__all__ = ["content_of", "rewrite_drafts", "write_content"]

DROP_LINES = delete(LINES).where(one_of(LINES.c.invoice))
DROP_VAT = delete(VAT).where(one_of(VAT.c.invoice))
SUMS = (
    update(INVOICES)
    .where(INVOICES.c.id == bindparam("of"))
    .values(base=bindparam("new_base", type_=Exact(2)), total=bindparam("new_total", type_=Exact(2)))
)


def rewrite_drafts(connection: Connection, invoices: Collection[str], rules: InvoiceRules) -> None:
    """Each anew, in few statements for all of them."""
    if not invoices:
        return
    segments: dict[str, list[BilledSegment]] = {}
    for billed in map(billed_of, connection.execute(BILLED_OF_INVOICES, {"keys": invoices})):
        segments.setdefault(billed.invoice, []).append(billed)
    minimums: dict[str, list[Minimum]] = {}
    for minimum in map(minimum_of, connection.execute(MINIMUMS_OF_INVOICES, {"keys": invoices})):
        minimums.setdefault(minimum.invoice, []).append(minimum)
    write_contents(connection, {id: rules.content(id, segments.get(id, ()), minimums.get(id, ())) for id in invoices})


def content_of(connection: Connection, invoice: str, rules: InvoiceRules) -> InvoiceContent:
    """What the stored segments and minimum charges come to."""
    segments = [billed_of(row) for row in connection.execute(BILLED_OF_INVOICES, {"keys": [invoice]})]
    minimums = [minimum_of(row) for row in connection.execute(MINIMUMS_OF_INVOICES, {"keys": [invoice]})]
    return rules.content(invoice, segments, minimums)


def write_content(connection: Connection, invoice: str, content: InvoiceContent) -> None:
    write_contents(connection, {invoice: content})


def write_contents(connection: Connection, contents: Mapping[str, InvoiceContent]) -> None:
    for statement in (DROP_LINES, DROP_VAT):
        connection.execute(statement, {"keys": list(contents)})
    insert_all(connection, LINES, (row_of(line) for content in contents.values() for line in content.lines))
    insert_all(connection, VAT, (row_of(vat) for content in contents.values() for vat in content.vat))
    sums = [{"of": id, "new_base": each.base, "new_total": each.total} for id, each in contents.items()]
    connection.execute(SUMS, sums)
