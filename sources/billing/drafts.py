"""A draft's lines and sums, computed by rule from the stored segments and written in place of the old ones."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, delete, update

from sources.billing.reading import BILLED_OF_INVOICES, MINIMUMS_OF_INVOICE
from sources.billing.rules import InvoiceRules
from sources.billing.tables import INVOICES, LINES, VAT, billed_of, minimum_of
from sources.columns import Exact
from sources.records.billing import InvoiceContent
from sources.rows import insert_all, row_of

__all__ = ["content_of", "rewrite_draft", "write_content"]

DROP_LINES = delete(LINES).where(LINES.c.invoice == bindparam("of"))
DROP_VAT = delete(VAT).where(VAT.c.invoice == bindparam("of"))
SUMS = (
    update(INVOICES)
    .where(INVOICES.c.id == bindparam("of"))
    .values(base=bindparam("new_base", type_=Exact(2)), total=bindparam("new_total", type_=Exact(2)))
)


def rewrite_draft(connection: Connection, invoice: str, rules: InvoiceRules) -> None:
    write_content(connection, invoice, content_of(connection, invoice, rules))


def content_of(connection: Connection, invoice: str, rules: InvoiceRules) -> InvoiceContent:
    """What the stored segments and minimum charges come to."""
    segments = [billed_of(row) for row in connection.execute(BILLED_OF_INVOICES, {"keys": [invoice]})]
    minimums = [minimum_of(row) for row in connection.execute(MINIMUMS_OF_INVOICE, {"invoice": invoice})]
    return rules.content(invoice, segments, minimums)


def write_content(connection: Connection, invoice: str, content: InvoiceContent) -> None:
    for statement in (DROP_LINES, DROP_VAT):
        connection.execute(statement, {"of": invoice})
    insert_all(connection, LINES, map(row_of, content.lines))
    insert_all(connection, VAT, map(row_of, content.vat))
    connection.execute(SUMS, {"of": invoice, "new_base": content.base, "new_total": content.total})
