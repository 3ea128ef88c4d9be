"""Which table and column of a database may be the one that a source needs: by name, by type, by what it refers to.

A  every table that is needed is compared with every one that there is, by its name and by its columns
B  the pair that is most alike is taken, then the next: no table is two
C  within a pair, columns likewise; a column that refers to a key may be called as that key is
D  what is in the columns may say that they are meant otherwise: codes, "" or 9999-12-31 where there is none
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from sources.mapping.fitting import what_is_missing
from sources.mapping.found import FoundColumn, FoundTable, Kind
from sources.mapping.requirements import ColumnNeed, Holds, Requirement, TableNeed
from sources.mapping.settings import ColumnMapping
from sources.proposing.likeness import LIKELY, SURE, likeness, without_prefix
from sources.proposing.looking import Looking
from sources.proposing.words import CENTS, REFERENCES, WHOLES, phrases, table_phrases, words

__all__ = ["ColumnMatch", "TableMatch", "matched"]

CODES = "codes: what does each mean?"
NAME_WEIGHT = 0.35
LEAST_TABLE = 0.45
A_KEY = 0.97


@dataclass(frozen=True, slots=True)
class ColumnMatch:
    """`found` may be what is needed, `mapping` how it would be read. `doubt` says what somebody has to decide first.

    Where nothing is like it, `left_over` are the columns that are nothing else and could be read as it.
    """

    need: ColumnNeed
    found: FoundColumn | None
    mapping: ColumnMapping | None
    doubt: str | None = None
    left_over: tuple[str, ...] = ()

    @property
    def is_sure(self) -> bool:
        return self.found is not None and self.doubt is None


@dataclass(frozen=True, slots=True)
class TableMatch:
    """`found` is None where nothing is like it; then `left_over` are the tables that are nothing else.

    `gaps` are needed in every row, and some rows have none.
    """

    need: TableNeed
    found: FoundTable | None
    columns: tuple[ColumnMatch, ...] = ()
    likeness: float = 0.0
    gaps: tuple[ColumnMatch, ...] = ()
    left_over: tuple[str, ...] = ()


@dataclass(slots=True)
class Keys:
    """What the keys of tables that are matched already are called: {("clients", "id"): "KLI_ID"}."""

    names: dict[tuple[str, str], str] = field(default_factory=dict)

    def name_for(self, table: str, column: str) -> str | None:
        target = REFERENCES.get(column)
        return self.names.get(target) if target and target[0] != table else None

    def note(self, match: TableMatch) -> None:
        for column in match.columns:
            if column.found is not None:
                self.names[match.need.name, column.need.name] = column.found.name


def matched(requirement: Requirement, found: Sequence[FoundTable], looking: Looking) -> list[TableMatch]:
    """Each table that is needed, in the requirement's order, with what it may be."""
    keys = Keys()
    for match in in_pairs(requirement, found, keys):  # once to learn what keys are called, then for good
        keys.note(match)
    return [looked_into(match, looking) for match in in_pairs(requirement, found, keys)]


def in_pairs(requirement: Requirement, found: Sequence[FoundTable], keys: Keys) -> Iterator[TableMatch]:
    pairs = [match(need, table, keys) for need in requirement.tables for table in found]
    taken: dict[str, TableMatch] = {}
    used: set[str] = set()
    for pair in sorted(pairs, key=lambda pair: -pair.likeness):
        assert pair.found is not None
        if pair.likeness >= LEAST_TABLE and pair.need.name not in taken and pair.found.name not in used:
            taken[pair.need.name] = pair
            used.add(pair.found.name)
    left_over = tuple(table.name for table in found if table.name not in used)
    yield from (taken.get(need.name, TableMatch(need, None, left_over=left_over)) for need in requirement.tables)


def match(need: TableNeed, table: FoundTable, keys: Keys) -> TableMatch:
    columns, scores = columns_of(need, table, keys)
    name = max(likeness(each, table_phrases(need.name)) for each in (words(table.name), words(table.name)[1:]))
    wanted = [each for each in need.columns if not each.folded_from]
    weights = [0.5 if each.nullable else 1.0 for each in wanted]
    alike = sum(w * scores.get(each.name, 0.0) for w, each in zip(weights, wanted, strict=True)) / sum(weights)
    return TableMatch(need, table, columns, NAME_WEIGHT * name + (1 - NAME_WEIGHT) * alike)


def columns_of(need: TableNeed, table: FoundTable, keys: Keys) -> tuple[tuple[ColumnMatch, ...], dict[str, float]]:
    short = without_prefix([column.name for column in table.columns])
    scored = [
        (score(need.name, wanted, column, short[column.name], keys), wanted, column)
        for wanted in need.columns
        if not wanted.folded_from
        for column in table.columns
    ]
    taken: dict[str, ColumnMatch] = {}
    scores: dict[str, float] = {}
    used: set[str] = set()
    for alike, wanted, column in sorted(scored, key=lambda each: -each[0]):
        if alike >= LIKELY and wanted.name not in taken and column.name not in used:
            taken[wanted.name] = read_as(wanted, column, alike)
            scores[wanted.name] = alike
            used.add(column.name)
    unused = [column for column in table.columns if column.name not in used]
    wanted_ones = (each for each in need.columns if not each.folded_from)
    return tuple(taken.get(each.name) or not_found(each, unused) for each in wanted_ones), scores


def not_found(need: ColumnNeed, unused: Sequence[FoundColumn]) -> ColumnMatch:
    left_over = tuple(column.name for column in unused if option_for(need, column) is not None)
    return ColumnMatch(need, None, None, left_over=left_over)


def score(table: str, need: ColumnNeed, column: FoundColumn, short: tuple[str, ...], keys: Keys) -> float:
    """How like the column is to what is needed; nothing where its values could never be read as that."""
    if option_for(need, column) is None:
        return 0.0
    if keys.name_for(table, need.name) == column.name:
        return A_KEY
    called = list(phrases(table, need.name))
    alike = max(likeness(short, called), likeness(words(column.name), called) - 0.01)
    if need.holds is Holds.EXACT and says_cents(column):  # `min_cents` is `min`, and says of what it is so many
        alike = max(alike, likeness(tuple(word for word in short if word not in CENTS), called) - 0.02)
    return alike


def read_as(need: ColumnNeed, column: FoundColumn, alike: float) -> ColumnMatch:
    option = option_for(need, column)
    assert option is not None
    mapping, doubt = option
    if alike < SURE:
        doubt = "; ".join(filter(None, ("by its name it may be something else", doubt)))
    return ColumnMatch(need, column, mapping, doubt)


def option_for(need: ColumnNeed, column: FoundColumn) -> tuple[ColumnMapping, str | None] | None:
    """The plainest way to read the column, and what about it only a person can know. None: there is none."""
    plain = ColumnMapping(column=column.name)
    plainly = () if need.holds is Holds.EXACT and says_cents(column) else ((plain, None),)
    for mapping, doubt in (*plainly, *guesses(need, column, plain)):
        if mapping.codes is not None or what_is_missing(need, column, mapping) is None:
            return mapping, doubt
    return None


def guesses(need: ColumnNeed, column: FoundColumn, plain: ColumnMapping) -> Iterator[tuple[ColumnMapping, str]]:
    """What would have to be true for the column to do."""
    match need.holds:
        case Holds.EXACT:
            unit, told = unit_of(need, column)
            yield replace(plain, unit=unit), told
        case Holds.DAY:
            yield replace(plain, format="YYYYMMDD"), "days in a number: of which format?"
        case Holds.INSTANT:
            yield replace(plain, zone="Europe/Prague"), "times without a zone: whose clock are they of?"
            yield replace(plain, format="epoch"), "times in a number: of which format?"
        case Holds.FLAG | Holds.TEXT if column.kind in CODED:
            if need.choices or need.holds is Holds.FLAG:
                yield replace(plain, codes={}), CODES
        case _:
            return


def unit_of(need: ColumnNeed, column: FoundColumn) -> tuple[Decimal, str]:
    """Of numbers that don't say it by their type; what the column is called goes before what is usual."""
    if says_cents(column):
        return Decimal("0.01"), "by its name it holds cents: does it?"
    if WHOLES & set(words(column.name)):
        return Decimal(1), "by its name it holds whole ones of the currency: does it?"
    unit, what = (Decimal("0.01"), "cents") if need.places == 2 else (Decimal("0.0001"), "0.0001")
    return unit, f"whole numbers: of which unit? {what} is a guess"


def says_cents(column: FoundColumn) -> bool:
    return bool(CENTS & set(words(column.name)))


def looked_into(match: TableMatch, looking: Looking) -> TableMatch:
    if match.found is None:
        return match
    table = match.found
    columns = tuple(as_it_is(table, column, looking) for column in match.columns)
    nullable = (each for each in columns if each.found is not None and each.found.nullable and not each.need.nullable)
    gaps = tuple(each for each in nullable if each.found and looking.has_null(table, each.found.name))
    return replace(match, columns=columns, gaps=gaps)


def as_it_is(table: FoundTable, column: ColumnMatch, looking: Looking) -> ColumnMatch:
    """The match, with another mapping or a doubt where the column's values don't say the plain thing."""
    need, found = column.need, column.found
    if found is None or column.mapping is None or column.mapping.codes is not None:
        return column
    plain = column.mapping
    if need.choices or (need.holds is Holds.TEXT and found.kind is Kind.INTEGER and need.name not in NUMBERED):
        values = looking.values(table, found.name)
        if values is None or not {str(value).strip() for value in values} <= set(need.choices):
            return replace(column, mapping=replace(plain, codes={}), doubt=CODES)
    if need.nullable and need.holds is Holds.TEXT and found.kind in (Kind.TEXT, Kind.PADDED, Kind.ANYTHING):
        return replace(column, mapping=replace(plain, none=("",))) if looking.has_empty(table, found.name) else column
    if need.nullable and need.holds is Holds.DAY and found.kind is Kind.DAY:
        greatest = looking.greatest(table, found.name)
        if isinstance(greatest, date) and greatest.year > FAR_YEAR:
            doubt = "does the last of its days mean that there is none?"
            return replace(column, mapping=replace(plain, none=(greatest,)), doubt=doubt)
    return column


NUMBERED = frozenset(
    {*REFERENCES, "booking", "company_number", "id", "leg", "number", "phone", "postal_code", "ref", "room"}
)
"""Texts that are whole numbers in many databases, and mean the same there."""
FAR_YEAR = 2500
CODED = (Kind.INTEGER, Kind.TEXT, Kind.PADDED, Kind.NAMED, Kind.ANYTHING, Kind.FLAG)
