"""A mapping meets its database: each column that a source needs becomes an expression of what is there.

    bound, problems = bind(requirement, mapping, inspector)

Columns stay columns wherever they can, so that the database's indexes serve: ids, times and money are converted on
their way in and out. Codes, constants and folded names become expressions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    FromClause,
    Integer,
    MetaData,
    String,
    Table,
    case,
    cast,
    false,
    func,
    literal,
    null,
    select,
    true,
    type_coerce,
)
from sqlalchemy import types as sql
from sqlalchemy.dialects import mysql
from sqlalchemy.engine.reflection import Inspector

from sources.columns import scaled_integer
from sources.mapping.conversions import UNKNOWN_CODE, Told
from sources.mapping.fitting import bind_type, fit_of, physical_value
from sources.mapping.folding import Folded
from sources.mapping.found import FoundColumn, Kind, columns_in, names_in
from sources.mapping.problems import Problem, nearest
from sources.mapping.requirements import ColumnNeed, Holds, Requirement, TableNeed
from sources.mapping.settings import ColumnMapping, Scalar, SystemMapping, TableMapping
from sources.mapping.types import Converted, Spot

__all__ = ["BoundTable", "bind", "nothing"]

Expression = ColumnElement[Any]


@dataclass(frozen=True, slots=True)
class BoundTable:
    """What stands for one of the source's tables: `source`, of which only `rows`, and an expression for each column.

    `told` has other ones for columns whose values are read: they tell an unknown code, which can't be a flag.
    """

    source: FromClause
    columns: Mapping[str, Expression]
    told: Mapping[str, Expression] = field(default_factory=dict)
    rows: tuple[ColumnElement[bool], ...] = ()


def bind(
    requirement: Requirement, mapping: SystemMapping, inspector: Inspector
) -> tuple[dict[str, BoundTable], list[Problem]]:
    """The source's tables as expressions, by name, and everything that is wrong; nothing is usable if anything is."""
    problems = [*unknown_tables(requirement, mapping)]
    bound = {}
    for need in requirement.tables:
        binding = TableBinding(requirement, need, mapping, inspector)
        bound[need.name] = binding.bind()
        problems += binding.problems
    return bound, problems


def unknown_tables(requirement: Requirement, mapping: SystemMapping) -> Iterator[Problem]:
    known = [table.name for table in requirement.tables]
    for name, table in mapping.tables.items():
        if name in requirement.metadata.tables and name not in known:
            yield Problem(table.place, requirement.system, name, None, "it is only written, never read: leave it out")
        elif name not in known:
            message = f"{requirement.system} has no such table{nearest(name, known)}"
            yield Problem(table.place, requirement.system, name, None, message)


def nothing(table: Table) -> BoundTable:
    """For a table that another program lacks, or that only Spojka writes: one without rows."""
    empty = select(*(nothing_of(column.type).label(column.name) for column in table.columns)).where(false())
    source = empty.subquery(table.name)
    return BoundTable(source, {column.name: source.c[column.name] for column in table.columns})


@dataclass
class TableBinding:
    """The work on one table, which notes every problem on its way."""

    requirement: Requirement
    need: TableNeed
    system_mapping: SystemMapping
    inspector: Inspector
    problems: list[Problem] = field(default_factory=list)
    told: dict[str, Expression] = field(default_factory=dict)

    @property
    def mapping(self) -> TableMapping:
        return self.system_mapping.tables.get(self.need.name) or TableMapping(place=self.system_mapping.place)

    @property
    def physical_name(self) -> str:
        return self.mapping.table or self.need.name

    def bind(self) -> BoundTable:
        if self.mapping.absent:
            if self.need.absence is None:
                self.note(None, f"{self.requirement.system} can't do without it: map it to a table or a view")
            return nothing(self.requirement.metadata.tables[self.need.name])
        schema = self.mapping.schema
        if schema is not None and schema not in (there := self.inspector.get_schema_names()):
            self.note(None, f"there is no schema {schema}{nearest(schema, there)}")
            return nothing(self.requirement.metadata.tables[self.need.name])
        found = columns_in(self.inspector, self.physical_name, schema)
        if found is None:
            self.note(None, self.no_such_table())
            return nothing(self.requirement.metadata.tables[self.need.name])
        return self.something({column.name: column for column in found})

    def no_such_table(self) -> str:
        there = names_in(self.inspector, self.mapping.schema)
        schema = f" in schema {self.mapping.schema}" if self.mapping.schema else ""
        named = self.mapping.table is not None
        remedy = (
            ""
            if named
            else ": name the table or view that has it"
            + (f", or say absent = true ({self.need.absence})" if self.need.absence else "")
        )
        return f"there is no table {self.physical_name}{schema}{remedy}{nearest(self.physical_name, there)}"

    def something(self, found: Mapping[str, FoundColumn]) -> BoundTable:
        source = Table(
            self.physical_name,
            MetaData(),
            *(Column(each.name, bind_type(each, self.inspector.dialect.name)) for each in found.values()),
            schema=self.mapping.schema,
        )
        columns = {
            need.name: self.column(need, source, found) for need in self.need.columns if need.folded_from is None
        }
        for need in self.need.columns:
            if need.folded_from is not None:
                columns[need.name] = Folded(columns[need.folded_from])
        self.refuse_unknown_columns()
        return BoundTable(source, columns, self.told, tuple(self.rows(source, found)))

    def refuse_unknown_columns(self) -> None:
        made = {need.name: need.folded_from for need in self.need.columns if need.folded_from}
        known = [need.name for need in self.need.columns if need.name not in made]
        for name in self.mapping.columns:
            if name in made:
                self.note(name, f"Spojka makes it itself, from {made[name]}: leave it out")
            elif name not in known:
                self.note(name, f"{self.requirement.system} needs no such column{nearest(name, known)}")

    def column(self, need: ColumnNeed, source: Table, found: Mapping[str, FoundColumn]) -> Expression:
        mapping = self.mapping.columns.get(need.name) or ColumnMapping()
        type_ = self.requirement.metadata.tables[self.need.name].columns[need.name].type
        if mapping.absent or mapping.constant is not None:
            return self.without_column(need, mapping, type_)
        name = mapping.column or need.name
        if name not in found and need.is_ours and mapping.column is None:
            return nothing_of(type_)
        if name not in found:
            self.note(need.name, self.no_such_column(need, mapping, found))
            return nothing_of(type_)
        fit = fit_of(need, found[name], mapping)
        if isinstance(fit, str):
            self.note(need.name, f"in {self.physical_name}, {fit}")
            return nothing_of(type_)
        spot = Spot(self.requirement.system, self.physical_name, name)
        value = with_nothing(plain(source.c[name], found[name]), found[name], mapping.none)
        if not fit.codes:
            return type_coerce(value, Converted(fit.conversion, value.type, spot, need.nullable))
        if need.holds is not Holds.TEXT:
            told = Told(tuple(meaning for _, meaning in fit.codes), tuple(mapping.codes or map(str, range(2))))
            places = [(code, str(place)) for place, (code, _) in enumerate(fit.codes)]
            told_value = decoded(value, found[name], places)
            self.told[need.name] = type_coerce(told_value, Converted(told, String(), spot, need.nullable))
        meant = decoded(value, found[name], fit.codes)
        return type_coerce(meant, Converted(fit.conversion, meant.type, spot, need.nullable))

    def without_column(self, need: ColumnNeed, mapping: ColumnMapping, type_: sql.TypeEngine[Any]) -> Expression:
        if mapping.constant is None:
            if not need.nullable:
                self.note(need.name, "it can't be absent: map a column, or say what it always is with constant")
            return nothing_of(type_)
        try:
            value = constant_of(need, mapping.constant)
        except ValueError as error:
            self.note(need.name, f"the constant {mapping.constant!r} can't be it: {error}")
            return nothing_of(type_)
        if self.inspector.dialect.name != "mariadb":
            return literal(value, type_)
        return written_out(value, need, type_)

    def no_such_column(self, need: ColumnNeed, mapping: ColumnMapping, found: Mapping[str, FoundColumn]) -> str:
        name = mapping.column or need.name
        remedy = "say absent = true where nobody has one" if need.nullable else "or give it a constant"
        hint = "" if mapping.column else f": name the column that holds {need.holds.value}, {remedy}"
        return f"{self.physical_name} has no column {name}{hint}{nearest(name, found)}"

    def rows(self, source: Table, found: Mapping[str, FoundColumn]) -> Iterator[ColumnElement[bool]]:
        """The conditions of `where` and `present`."""
        for name, values in self.mapping.where.items():
            if name not in found:
                message = f"{self.physical_name} has no column {name}, which where or present names"
                self.note(None, f"{message}{nearest(name, found)}")
            elif values is None:
                yield source.c[name].is_not(None)
            else:
                yield from self.one_of_values(source.c[name], found[name], values)

    def one_of_values(
        self, column: Expression, found: FoundColumn, values: tuple[Scalar, ...]
    ) -> Iterator[ColumnElement[bool]]:
        try:
            wanted = [physical_value(found.kind, value) for value in values]
        except ValueError as error:
            self.note(None, f"{self.physical_name}.{found.name} can't be what where says: {error}")
            return
        yield plain(column, found).in_(wanted) if len(wanted) != 1 else plain(column, found) == wanted[0]

    def note(self, column: str | None, message: str) -> None:
        mapped = self.mapping.columns.get(column or "")
        place = mapped.place if mapped else self.mapping.place
        self.problems.append(Problem(place, self.requirement.system, self.need.name, column, message))


def with_nothing(value: Expression, found: FoundColumn, none: tuple[Scalar, ...]) -> Expression:
    """NULL where `value` is one of those that mean nothing."""
    for nothing in none:
        value = func.nullif(value, literal(physical_value(found.kind, nothing), value.type), type_=value.type)
    return value


def plain(column: Expression, found: FoundColumn) -> Expression:
    """Something to compare with: enumerations are no text to PostgreSQL, and MariaDB's driver gives bits as bytes."""
    if isinstance(found.type, mysql.BIT):
        return cast(column, Integer)
    return cast(column, String) if found.kind is Kind.NAMED else column


def decoded(value: Expression, found: FoundColumn, codes: Sequence[tuple[Scalar, Scalar]]) -> Expression:
    """CASE code WHEN '1' THEN 'ACTIVE' ... An unknown code is told where the meanings are texts, else it is nothing."""
    if found.kind is Kind.ANYTHING:
        value = cast(value, String)
    told = literal(UNKNOWN_CODE, String) + cast(value, String)
    cases = [(is_code(value, code), meaning_of(meaning)) for code, meaning in codes]
    return case(*cases, else_=told if all(isinstance(meaning, str) for _, meaning in codes) else null())


def is_code(value: Expression, code: Scalar) -> ColumnElement[bool]:
    if isinstance(code, bool):
        return value.is_(true() if code else false())
    return value == literal(code, value.type)


def meaning_of(meaning: Scalar) -> Expression:
    if isinstance(meaning, bool):
        return true() if meaning else false()
    return literal(meaning, Integer if isinstance(meaning, int) else String)


def written_out(value: Any, need: ColumnNeed, type_: sql.TypeEngine[Any]) -> Expression:
    """A constant for MariaDB, whose driver writes it into the statement: it would make text of a day.

    And in ORDER BY a bare number would be the place of a column.
    """
    match need.holds:
        case Holds.FLAG:
            return type_coerce(cast(literal(int(value), Integer), Integer), type_)
        case Holds.INTEGER | Holds.DAY | Holds.INSTANT:
            return cast(literal(value, type_), type_)
        case Holds.TEXT | Holds.EXACT:
            return literal(value, type_)


def nothing_of(type_: sql.TypeEngine[Any]) -> Expression:
    """NULL with a type. MariaDB has no type of flags to cast it to."""
    return type_coerce(null(), type_) if isinstance(type_, sql.Boolean) else cast(null(), type_)


def constant_of(need: ColumnNeed, written: Scalar) -> Any:
    """A constant as a source's value. ValueError for what can't be one."""
    match need.holds, written:
        case Holds.TEXT, str() if not need.choices or written in need.choices:
            return written
        case Holds.INTEGER, int() if not isinstance(written, bool):
            return written
        case Holds.EXACT, (str() | int()) if not isinstance(written, bool):
            return exact(written, need.places)
        case Holds.FLAG, bool():
            return written
        case Holds.DAY, date() if not isinstance(written, datetime):
            return written
        case Holds.INSTANT, datetime() if written.tzinfo is not None:
            return written
        case _:
            wanted = f"one of {', '.join(need.choices)}" if need.choices else need.holds.value
            raise ValueError(f"{wanted} is needed")


def exact(written: str | int, places: int) -> Decimal:
    try:
        value = Decimal(written)
    except InvalidOperation:
        raise ValueError("it is no number") from None
    scaled_integer(value, places)
    return value
