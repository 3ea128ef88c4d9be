"""A source's statement, said of the tables that a database has. The source knows nothing of it.

A  each SELECT names its columns as the source does (result rows and subqueries are read by these names)
B  the source's tables and columns are replaced by what stands for them, and the mapping's rows are kept
C  what a converted column is compared with takes its type: so values are converted, not columns, and indexes serve

Each statement is adapted once. Statements that write are refused: nothing of a mapped system is ever written.
"""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import Any

from sqlalchemy import (
    Alias,
    BindParameter,
    Column,
    ColumnElement,
    FromClause,
    Join,
    Select,
    String,
    Subquery,
    Table,
    and_,
    cast,
    func,
    select,
    type_coerce,
)
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.elements import BinaryExpression, ColumnClause, Grouping
from sqlalchemy.sql.functions import coalesce
from sqlalchemy.sql.selectable import ScalarSelect

from sources.errors import SystemReadOnly
from sources.keys import OneOf
from sources.mapping.binding import BoundTable, nothing
from sources.mapping.conversions import NumberedTexts, Texts, UuidTexts
from sources.mapping.requirements import Requirement
from sources.mapping.types import Converted, ConvertedKeys, ExactText, NumberAsText

__all__ = ["Adapter"]

# x < v is x < the column's first value from v on; x <= v is x <= its last value up to v.
BOUNDS = {operators.lt: "up", operators.ge: "up", operators.le: "down", operators.gt: "down"}
MIRRORED = {operators.lt: "down", operators.ge: "down", operators.le: "up", operators.gt: "up"}
MOST = 1_000
LIKES = (operators.like_op, operators.not_like_op, operators.ilike_op, operators.not_ilike_op)


class Adapter:
    """What turns statements on the tables of `requirement` into statements on those of the database."""

    def __init__(self, requirement: Requirement, bound: Mapping[str, BoundTable], *, dialect: str) -> None:
        self.system = requirement.system
        self.dialect = dialect
        self.tables = {table: bound.get(name) or nothing(table) for name, table in requirement.metadata.tables.items()}
        self._adapted: dict[Any, Any] = {}
        self._adapting = Lock()

    def adapted(self, statement: Any) -> Any:
        """The same question of the database's own tables; statements on other tables stay as they are."""
        found = self._adapted.get(statement)
        if found is not None:
            return found
        if not self.concerns(statement):
            return statement
        with self._adapting:
            if (
                len(self._adapted) >= MOST
            ):  # a source builds its statements once; what is built anew each time is let go
                self._adapted.clear()
            found = self._adapted[statement] = Adaptation(self).of(statement)
        return found

    def concerns(self, statement: Any) -> bool:
        if isinstance(statement, UpdateBase):
            raise SystemReadOnly(self.system)
        return any(element in self.tables for element in visitors.iterate(statement) if isinstance(element, Table))


class Adaptation:
    """The adapting of one statement; `self.done` are the subqueries that were met, so that they stay the same ones."""

    def __init__(self, adapter: Adapter) -> None:
        self.adapter = adapter
        self.done: dict[int, FromClause] = {id(each.source): each.source for each in adapter.tables.values()}
        self.prepared: list[Any] = []

    def of(self, element: Any) -> Any:
        replacement: Any = self.replacement
        return visitors.replacement_traverse(element, {}, replacement)

    def replacement(self, element: Any) -> Any:
        """What stands for `element`, None where its parts are looked at instead."""
        match element:
            case Select() if not any(element is each for each in self.prepared):
                return self.select(element)
            case Table() if element in self.adapter.tables:
                return self.adapter.tables[element].source
            case Column() if isinstance(element.table, Table) and element.table in self.adapter.tables:
                return self.adapter.tables[element.table].columns[element.name]
            case Subquery():
                return self.subquery(element)
            case ColumnClause() if isinstance(element.table, Subquery):
                return self.subquery(element.table).c[element.key]
            case Alias():
                raise NotImplementedError(f"{self.adapter.system}: aliases of mapped tables are not supported")
            case OneOf():
                return self.one_of(element)
            case BinaryExpression():
                return self.comparison(element)
            case coalesce():
                return self.coalesced(element)
            case _:
                return None

    def select(self, select: Select[Any]) -> Any:
        prepared = select._generate()  # its with_only_columns would hide the joins from us
        is_read = not self.prepared  # the first SELECT is the outermost: its rows are what is read
        outer = {target for target, _, _, flags in select._setup_joins if flags["isouter"]}
        prepared._raw_columns = [
            self.nullable(named) if getattr(column, "table", None) in outer else named
            for column in select._raw_columns
            for named in self.named(column, is_read=is_read)
        ]
        prepared._setup_joins = tuple(self.joined(*join) for join in select._setup_joins)
        self.prepared.append(prepared)
        adapted = self.of(prepared)
        for table in dict.fromkeys(own_tables(select)):
            if table in self.adapter.tables:
                bound = self.adapter.tables[table]
                if table not in outer:
                    adapted = adapted.where(*bound.rows)
                if bound.source not in own_tables(adapted):  # nothing but constants is asked of it
                    adapted = adapted.select_from(bound.source)
        return adapted

    def joined(self, target: Any, on: Any, left: Any, flags: Any) -> Any:
        """Which rows of an outer joined table are meant is part of the join: elsewhere it would drop the others."""
        rows = self.adapter.tables[target].rows if flags["isouter"] and target in self.adapter.tables else ()
        return target, and_(on, *rows) if rows else on, left, flags

    def nullable(self, column: Any) -> Any:
        """Under the same name: what an outer join may find no row for."""
        adapted = self.of(column)
        type_ = converted(adapted)
        return column if type_ is None else type_coerce(adapted, type_.as_nullable()).label(column.key)

    def named(self, column: Any, *, is_read: bool) -> list[Any]:
        if isinstance(column, Table):
            return [named for each in column.columns for named in self.named(each, is_read=is_read)]
        if isinstance(column, Column) and isinstance(column.table, Table) and column.table in self.adapter.tables:
            told = self.adapter.tables[column.table].told.get(column.name) if is_read else None
            # Replaced first: a label takes its type from what it labels.
            return [(self.of(column) if told is None else told).label(column.name)]
        return [column]

    def subquery(self, subquery: Subquery) -> FromClause:
        known = self.done.get(id(subquery))
        if known is None:
            known = self.done[id(subquery)] = self.of(subquery.element).subquery(subquery.name)
            self.done[id(known)] = known
        return known

    def one_of(self, element: OneOf) -> OneOf:
        column, keys = element.clauses
        adapted = self.of(column)
        type_ = converted(adapted)
        if type_ is None:
            return OneOf(adapted, keys)
        if self.adapter.dialect == "sqlite" and isinstance(type_.conversion, Texts):
            adapted = adapted.collate("BINARY")  # also where the column is NOCASE: another text is another key
        return OneOf(adapted, typed(keys, ConvertedKeys(type_)))

    def comparison(self, element: BinaryExpression[Any]) -> Any:
        left, right = self.of(element.left), self.of(element.right)
        if element.operator in LIKES:
            left = as_text(left)
        elif element.operator in (operators.is_, operators.is_not):
            pass
        elif isinstance(right, ScalarSelect):
            left, right = alike_within(left, right)
        elif (type_ := converted(left)) and is_bound(right):
            right = typed(right, bounding(type_, BOUNDS.get(element.operator)))
        elif (type_ := converted(right)) and is_bound(left):
            left = typed(left, bounding(type_, MIRRORED.get(element.operator)))
        elif are_unlike(left, right):
            left, right = as_text(left), as_text(right)
        elif self.adapter.dialect == "mariadb" and collation_of(left) != collation_of(right):
            left, right = ExactText(left), ExactText(right)
        adapted = element._clone()
        adapted.left, adapted.right = left, right
        return adapted

    def coalesced(self, element: coalesce[Any]) -> Any:
        parts = [self.of(each) for each in element.clauses]
        type_ = next((found for each in parts if (found := converted(each))), None)
        return func.coalesce(*(typed(each, type_) if type_ and is_bound(each) else each for each in parts), type_=type_)


def own_tables(select: Select[Any]) -> list[Any]:
    """What a SELECT itself reads: tables and subqueries, also those that it joins; not what these read."""
    joins = (each for target, _, left, _ in select._setup_joins for each in (target, left) if each is not None)
    clauses = (*select._raw_columns, *select._where_criteria, *select._from_obj, *joins)
    return [part for clause in clauses for source in clause._from_objects for part in parts_of(source)]


def parts_of(source: Any) -> list[Any]:
    return [*parts_of(source.left), *parts_of(source.right)] if isinstance(source, Join) else [source]


def converted(element: Any) -> Converted | None:
    type_ = getattr(element, "type", None)
    return type_ if isinstance(type_, Converted) else None


def bounding(type_: Converted, direction: str | None) -> Converted:
    return type_.as_bound(direction) if direction else type_


def is_bound(element: Any) -> bool:
    return isinstance(element.element if isinstance(element, Grouping) else element, BindParameter)


def typed(element: Any, type_: Any) -> Any:
    """A bound value of another type, under the same name."""
    if isinstance(element, Grouping):
        return Grouping(typed(element.element, type_))
    bound = element._clone(maintain_key=True)
    bound.type = type_
    return bound


def as_text(element: ColumnElement[Any]) -> ColumnElement[Any]:
    """For what is asked of a text: the text that a number stands for."""
    type_ = converted(element)
    if type_ is None or isinstance(type_.physical, String):
        return element
    if isinstance(type_.conversion, NumberedTexts):
        return NumberAsText(element, type_.conversion)
    return cast(element, String)


def are_unlike(left: Any, right: Any) -> bool:
    """Are these two columns, or whatever stands for them, that say the same thing in two ways?"""
    ways = [getattr(converted(side), "conversion", None) for side in (left, right)]
    return ways[0] != ways[1] and any(isinstance(way, NumberedTexts | UuidTexts) for way in ways)


def collation_of(element: Any) -> str | None:
    return getattr(getattr(converted(element), "physical", None), "collation", None)


def alike_within(left: Any, right: ScalarSelect[Any]) -> tuple[Any, Any]:
    """`left IN (SELECT ...)`, both as texts where one of them is no text."""
    column = right.element.subquery().c[0]
    if not are_unlike(left, column):
        return left, right
    return as_text(left), select(as_text(column)).scalar_subquery()
