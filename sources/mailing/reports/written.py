"""A report as CSV (RFC 4180, UTF-8): what a customer is called is text to a spreadsheet, never a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import astuple, fields

from sources.records.mailing import ReportLine

__all__ = ["written"]

COLUMNS = tuple(field.name for field in fields(ReportLine))[1:]
FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""What a spreadsheet begins a formula with, also in full width; white space before it is passed over by some."""


async def written(pages: AsyncIterator[Sequence[ReportLine]]) -> bytes:
    """One line for each row of the audience, below the names of the columns."""
    file = io.BytesIO()
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    async for lines in pages:
        writer.writerows([[cell(value) for value in astuple(line)[1:]] for line in lines])
    return file.getvalue()


def cell(value: str | None) -> str:
    """With an apostrophe before what would be a formula: spreadsheets show the rest as it is."""
    if not value:
        return ""
    return f"'{value}" if value.startswith(FORMULA) or value.lstrip().startswith(FORMULA) else value
