"""Columns of a database that exists, as SQLAlchemy's types: what is read and what it is compared with is converted."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Dialect, String, TypeDecorator
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from sources.errors import ValueRefused
from sources.keys import EXACT, BoundKeys, is_storable
from sources.mapping.conversions import Conversion, Moments, NumberedTexts, Unfit

__all__ = ["Converted", "ConvertedKeys", "ExactText", "NumberAsText", "Spot"]


@dataclass(frozen=True, slots=True)
class Spot:
    """Whose column it is: `table` and `column` are the database's own names."""

    system: str
    table: str
    column: str


class Converted(TypeDecorator[Any]):
    """A column of type `physical`, read and compared by `conversion`. A value that can't be meant is ValueRefused.

    What it is compared with and can't be in it becomes NULL, which nothing is equal to: such a row isn't found.
    """

    impl = String
    cache_ok = True

    def __init__(
        self, conversion: Conversion, physical: TypeEngine[Any], spot: Spot, nullable: bool, bound: str | None = None
    ) -> None:
        super().__init__()
        self.conversion = conversion
        self.physical = physical
        self.spot = spot
        self.nullable = nullable
        self.bound = bound

    def as_bound(self, direction: str) -> Converted:
        """For a value that the column is only smaller or greater than, which may be between two of the column's own.

        `direction` is where the column's own value is taken from then: "up" or "down".
        """
        return Converted(self.conversion, self.physical, self.spot, self.nullable, direction)

    def as_nullable(self) -> Converted:
        """For a column that an outer join may find no row for."""
        return Converted(self.conversion, self.physical, self.spot, True, self.bound)

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(self.physical)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        if value is None:
            return None
        try:
            written = self.written(value)
        except Unfit:
            return None
        # SQLite keeps fractions as floats; the same digits are the same float.
        return float(written) if isinstance(written, Decimal) and dialect.name == "sqlite" else written

    def written(self, value: Any) -> Any:
        if self.bound is not None and isinstance(self.conversion, Moments):
            return self.conversion.bound(value, up=self.bound == "up")
        return self.conversion.write(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """Without what SQLAlchemy would do for `physical`: conversions read what the driver gives."""
        read, nullable, spot = self.conversion.read, self.nullable, self.spot

        def process(raw: Any) -> Any:
            if raw is None:
                if nullable:
                    return None
                raise ValueRefused(
                    spot.system, spot.table, spot.column, "a row has nothing there (NULL), and it has to"
                )
            try:
                return read(raw)
            except ValueError as error:
                raise ValueRefused(spot.system, spot.table, spot.column, str(error)) from error

        return process


class ConvertedKeys(BoundKeys):
    """Keys of a converted column; those that can't be in it are left out."""

    cache_ok = True

    def __init__(self, column: Converted) -> None:
        super().__init__(column.physical)
        self.column = column

    def process_bind_param(self, value: Collection[Any] | None, dialect: Dialect) -> Any:
        return super().process_bind_param([*self.fitting(value or ())], dialect)

    def fitting(self, keys: Collection[Any]) -> Collection[Any]:
        fitting = []
        for key in keys:
            try:
                if is_storable(key):
                    fitting.append(self.column.conversion.write(key))
            except Unfit:
                continue
        return fitting


class NumberAsText(FunctionElement[str]):
    """The text that a number is by its pattern, made by the database: for LIKE, and for comparing it with texts."""

    type = String()
    inherit_cache = True
    name = "number_as_text"

    def __init__(self, number: ColumnElement[Any], conversion: NumberedTexts) -> None:
        super().__init__(number, conversion.prefix, conversion.width)


@compiles(NumberAsText, "sqlite")
def _on_sqlite(element: NumberAsText, compiler: Any, **options: Any) -> str:
    number, prefix, width = (compiler.process(clause, **options) for clause in element.clauses)
    return f"({prefix} || printf('%0*d', {width}, {number}))"


@compiles(NumberAsText, "postgresql")
def _on_postgresql(element: NumberAsText, compiler: Any, **options: Any) -> str:
    number, prefix, width = (compiler.process(clause, **options) for clause in element.clauses)
    text = f"CAST({number} AS VARCHAR)"
    return f"({prefix} || lpad({text}, greatest({width}, length({text})), '0'))"


@compiles(NumberAsText, "mariadb")
def _on_mariadb(element: NumberAsText, compiler: Any, **options: Any) -> str:
    number, prefix, width = (compiler.process(clause, **options) for clause in element.clauses)
    text = f"CAST({number} AS CHAR)"
    return f"CONCAT({prefix}, LPAD({text}, GREATEST({width}, CHAR_LENGTH({text})), '0')) COLLATE {EXACT}"


class ExactText(FunctionElement[str]):
    """Text compared by its letters, whatever its column's collation is: MariaDB compares by no two different ones."""

    type = String()
    inherit_cache = True
    name = "exact_text"


@compiles(ExactText, "mariadb")
def _exact_on_mariadb(element: ExactText, compiler: Any, **options: Any) -> str:
    return f"CONVERT({compiler.process(element.clauses, **options)} USING utf8mb4) COLLATE {EXACT}"
