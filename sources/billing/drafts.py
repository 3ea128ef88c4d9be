"""A draft's lines and sums, computed by rule from the stored segments and written in place of the old ones.

Lines stand in the order in which their conferences began. So of a draft that takes charges only the lines from the
earliest of these conferences on are made anew; those before it, and the sum of their nets, stay as they are. A draft
that grows call by call costs what is new in it, not what it holds. Fees, of which there are few, stand at the end.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal

from sqlalchemy import Connection, bindparam, delete, update

from sources.billing.reading import (
    BILLED_OF_INVOICES,
    BILLED_SINCE,
    FEE_LINES,
    FEES_OF_INVOICES,
    INVOICES_BY_ID,
    LINE_COUNTS,
    LINES_OF_CONFERENCES,
    MINIMUMS_OF_CONFERENCES,
    MINIMUMS_OF_INVOICES,
)
from sources.billing.rules import InvoiceRules
from sources.billing.tables import INVOICES, LINES, VAT, billed_of, fee_of, invoice_of, minimum_of
from sources.columns import Exact
from sources.database import one_of
from sources.records.billing import BilledSegment, Fee, InvoiceContent, LinesBefore, Minimum
from sources.rows import insert_all, row_of

__all__ = ["content_of", "rewrite_drafts", "write_content"]

DROP_LINES = delete(LINES).where(LINES.c.invoice == bindparam("of"), LINES.c.position > bindparam("last"))
DROP_VAT = delete(VAT).where(one_of(VAT.c.invoice))
SUMS = (
    update(INVOICES)
    .where(INVOICES.c.id == bindparam("of"))
    .values(base=bindparam("new_base", type_=Exact(2)), total=bindparam("new_total", type_=Exact(2)))
)


def rewrite_drafts(connection: Connection, changed: Mapping[str, Collection[str]], rules: InvoiceRules) -> None:
    """Each draft from the earliest of its changed conferences on, in few statements for all of them."""
    if not changed:
        return
    given = {"keys": list(changed), "conferences": {one for held in changed.values() for one in held}}
    segments: dict[str, list[BilledSegment]] = {id: [] for id in changed}
    for billed in map(billed_of, connection.execute(BILLED_SINCE, given)):
        segments[billed.invoice].append(billed)
    since = {id: {each.conference for each in held} for id, held in segments.items()}
    minimums: dict[str, list[Minimum]] = {id: [] for id in changed}
    given = {"keys": list(changed), "conferences": {one for held in since.values() for one in held}}
    for minimum in map(minimum_of, connection.execute(MINIMUMS_OF_CONFERENCES, given)):
        if minimum.conference in since[minimum.invoice]:
            minimums[minimum.invoice].append(minimum)
    fees: dict[str, list[Fee]] = {id: [] for id in changed}
    for fee in map(fee_of, connection.execute(FEES_OF_INVOICES, {"keys": list(changed)})):
        fees[fee.invoice].append(fee)
    before = lines_before(connection, since)
    contents = {id: rules.content(id, segments[id], minimums[id], fees[id], before[id]) for id in changed}
    write_contents(connection, contents, before)


def lines_before(connection: Connection, since: Mapping[str, Collection[str]]) -> dict[str, LinesBefore]:
    """Of each draft the lines before those of its conferences, after which there are only fees."""
    keys = list(since)
    count = {row.invoice: int(row.lines) for row in connection.execute(LINE_COUNTS, {"keys": keys})}
    base = {row.id: row.base for row in map(invoice_of, connection.execute(INVOICES_BY_ID, {"keys": keys}))}
    for invoice, net in connection.execute(FEE_LINES, {"keys": keys}):
        base[invoice] -= net
    given = {"keys": keys, "conferences": {one for held in since.values() for one in held}}
    for row in connection.execute(LINES_OF_CONFERENCES, given):
        if row.conference in since[row.invoice]:
            count[row.invoice] -= 1
            base[row.invoice] -= row.net
    return {id: LinesBefore(count.get(id, 0), base.get(id, Decimal("0.00"))) for id in keys}


def content_of(connection: Connection, invoice: str, rules: InvoiceRules) -> InvoiceContent:
    """What the stored segments, minimum charges and fees come to."""
    segments = [billed_of(row) for row in connection.execute(BILLED_OF_INVOICES, {"keys": [invoice]})]
    minimums = [minimum_of(row) for row in connection.execute(MINIMUMS_OF_INVOICES, {"keys": [invoice]})]
    fees = [fee_of(row) for row in connection.execute(FEES_OF_INVOICES, {"keys": [invoice]})]
    return rules.content(invoice, segments, minimums, fees, LinesBefore())


def write_content(connection: Connection, invoice: str, content: InvoiceContent) -> None:
    """All of it, in place of all that was there."""
    write_contents(connection, {invoice: content}, {invoice: LinesBefore()})


def write_contents(
    connection: Connection, contents: Mapping[str, InvoiceContent], before: Mapping[str, LinesBefore]
) -> None:
    connection.execute(DROP_LINES, [{"of": id, "last": before[id].count} for id in contents])
    connection.execute(DROP_VAT, {"keys": list(contents)})
    insert_all(connection, LINES, (row_of(line) for content in contents.values() for line in content.lines))
    insert_all(connection, VAT, (row_of(vat) for content in contents.values() for vat in content.vat))
    sums = [{"of": id, "new_base": each.base, "new_total": each.total} for id, each in contents.items()]
    connection.execute(SUMS, sums)
