"""A mapped database as `Database` reads it: looked at when it first answers, then every statement adapted."""

from __future__ import annotations

from threading import Lock
from typing import Any

from sqlalchemy import Engine, event, inspect

from sources.errors import MappingRefused
from sources.mapping.adapting import Adapter
from sources.mapping.binding import bind
from sources.mapping.folding import teach_folding
from sources.mapping.problems import Problem
from sources.mapping.requirements import Requirement
from sources.mapping.settings import SystemMapping

__all__ = ["Mapped", "problems_of"]


class Mapped:
    """What the source of `requirement` needs, and where its database has it."""

    def __init__(self, requirement: Requirement, mapping: SystemMapping) -> None:
        self.requirement = requirement
        self.mapping = mapping
        self._adapter: Adapter | None = None
        self._binding = Lock()

    def attach(self, engine: Engine) -> None:
        """Adapt what `engine` is asked from now on. Nothing is opened."""
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", lambda connection, _: teach_folding(connection))
        event.listen(engine, "before_execute", self._before_execute, retval=True)

    def verify(self, engine: Engine) -> None:
        """Look at the database, the first time that it can be looked at. MappingRefused where it isn't as mapped."""
        if self._adapter is None:
            with self._binding:
                if self._adapter is None:
                    self._adapter = self._bound(engine)

    def look_again(self, engine: Engine) -> None:
        """Look at a database that has refused a statement: it may have changed since. MappingRefused where it has."""
        with self._binding:
            try:
                self._adapter = self._bound(engine)
            except MappingRefused:
                self._adapter = None
                raise

    def _bound(self, engine: Engine) -> Adapter:
        bound, problems = bind(self.requirement, self.mapping, inspect(engine))
        if problems:
            raise MappingRefused(self.requirement.system, problems)
        return Adapter(self.requirement, bound, dialect=engine.dialect.name)

    def _before_execute(self, _: Any, statement: Any, several: Any, parameters: Any, __: Any) -> tuple[Any, Any, Any]:
        # The inspector asks before there is an adapter, of tables that are nobody's here.
        return (self._adapter.adapted(statement) if self._adapter else statement), several, parameters


def problems_of(requirement: Requirement, engine: Engine, mapping: SystemMapping) -> list[Problem]:
    """Everything that is wrong with `mapping` for this database's tables, views, columns and their types.

    Only the database's description of itself is read. Driver errors come through as they are.
    """
    return bind(requirement, mapping, inspect(engine))[1]
