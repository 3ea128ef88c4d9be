"""What `spojka.toml` says of a database that exists already: which of its tables and columns hold what a source needs.

    [systems.sales.tables.clients]
    table = "KLI_FIRMY"                                        # a view will do
    schema = "crm"
    where = { SMAZANO = 0 }                                    # only these rows are there

    [systems.sales.tables.clients.columns]
    id = "KLI_ID"                                              # an integer: ids are texts here, keys are converted
    company_number = { column = "ICO", pattern = "00000000" }  # 27604 is 00027604
    email = { column = "EMAIL", none = "" }                    # "" is no e-mail
    country = { constant = "CZ" }
    vat_number = { absent = true }                             # nobody has one

What isn't mentioned is looked for by its own name. Values only: `binding.py` finds out whether they fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

__all__ = ["ColumnMapping", "Scalar", "SystemMapping", "TableMapping"]

Scalar = str | int | bool | Decimal | date | datetime
"""What can be written in the file for one value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMapping:
    """Where one column's values come from: `column`, a `constant`, or nowhere (`absent`: null for every row).

    unit       what 1 in the column is worth (0.01 for cents), for numbers
    zone       whose clocks a time without a zone was read from: Europe/Prague
    ambiguous  which of the two instants of the hour that an autumn has twice: "first" or "second"; refused without it
    format     how a day or time is written in text or a number: YYYYMMDD, "YYYY-MM-DD hh:mm:ss", epoch, ...
    codes      what stands there, and what it means: {"1": "ACTIVE"}; for flags {"A": True, "N": False}
    pattern    how a number is written as a text: "CL-00000" for CL-00417
    none       what stands there where there is none: "", 0, 9999-12-31

    `place` is where it is written: `spojka.toml:12: systems.sales.tables.clients.columns.id`.
    """

    column: str | None = None
    constant: Scalar | None = None
    absent: bool = False
    unit: Decimal | None = None
    zone: str | None = None
    ambiguous: str | None = None
    format: str | None = None
    codes: Mapping[str, Scalar] | None = None
    pattern: str | None = None
    none: tuple[Scalar, ...] = ()
    place: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableMapping:
    """Where one table's rows are: in the table or view `table`, or nowhere (`absent`: it has no rows).

    `where` keeps the rows with these values in these of the database's columns (one of several; None: any but null).
    """

    table: str | None = None
    schema: str | None = None
    absent: bool = False
    where: Mapping[str, tuple[Scalar, ...] | None] = field(default_factory=dict)
    columns: Mapping[str, ColumnMapping] = field(default_factory=dict)
    place: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemMapping:
    """How a whole system is mapped; it is only read."""

    tables: Mapping[str, TableMapping] = field(default_factory=dict)
    place: str | None = None
