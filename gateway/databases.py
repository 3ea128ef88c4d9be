"""The company's databases: where each one is, and whose tables it has: Spojka's own, or another program's, mapped.

Wiring: settings -> databases. What Spojka owns is made on the first start, all of it together; where another program's
tables are in play, without the demo company. A mapped database is only read, and looked at before anybody is answered.
"""

import logging
from collections.abc import Mapping
from datetime import date
from typing import Any

from gateway.config import Settings
from resolvers.demo import DEMO_RULES
from sources import billing, bridge, links, mailing, processes, reservations, sales
from sources.database import Database
from sources.demo import ADDED, make_company
from sources.engines import open_durable_engine
from sources.errors import MappingRefused, SourceError
from sources.mailing.shipped_templates import fill_templates
from sources.making import Fill, Part, create_together
from sources.mapping.mapped import Mapped
from sources.mapping.reading import read
from sources.mapping.requirements import Requirement, requirements

__all__ = [
    "METADATA",
    "StartError",
    "durable_engine",
    "first_rows_of_added",
    "make_ours",
    "mapped",
    "open_database",
    "refuse_misfits",
    "requirement",
]

_log = logging.getLogger("spojka")

METADATA: Mapping[str, Any] = {
    "billing": billing.METADATA,
    "bridge": bridge.METADATA,
    "links": links.METADATA,
    "mailing": mailing.METADATA,
    "processes": processes.METADATA,
    "reservations": reservations.METADATA,
    "sales": sales.METADATA,
}


class StartError(Exception):
    """The company can't be opened; the message says what to do."""


def requirement(system: str) -> Requirement:
    """What the source of `system` needs of its database."""
    return requirements(system, METADATA[system])


def mapped(system: str, settings: Settings) -> Mapped | None:
    """Where the tables of `system` are, if they are another program's. Raises ConfigError."""
    section = settings.mappings.get(system)
    if section is None:
        return None
    if system in ("mailing", "processes"):
        raise section.refused("", "what Spojka does itself is in tables of its own: leave it out")
    return Mapped(requirement(system), read(section))


def open_database(system: str, settings: Settings) -> Database:
    """The database of `system`, which is asked nothing yet. Raises StartError or ConfigError."""
    mapping = mapped(system, settings)
    try:
        return Database(system, settings.url_of(system), read_only=system in settings.read_only, mapped=mapping)
    except ValueError as error:
        raise StartError(f"{system}: {error}") from error


def durable_engine(settings: Settings) -> Any:
    """SQLAlchemy's, on where DBOS keeps the steps of runs: beside the register on PostgreSQL, else its own file."""
    url = settings.url_of("processes")
    return open_durable_engine(url if url.startswith("postgresql") else f"sqlite:///{settings.data / 'steps'}.sqlite")


def refuse_misfits(databases: Mapping[str, Database]) -> None:
    """StartError with all that is wrong with the mappings. What is down is looked at when it is up again."""
    problems: list[object] = []
    for database in databases.values():
        try:
            if database.mapped is not None:
                database.verify()
        except MappingRefused as refused:
            problems += refused.problems
        except SourceError as error:
            _log.warning("starting without looking at a mapping: %s", error)
    if problems:
        raise StartError("\n".join(["databases aren't as spojka.toml maps them:", *map(str, problems)]))


def make_ours(databases: Mapping[str, Database], *, today: date) -> bool:
    """Make what Spojka owns, unless any of it is there already; then only what is newer. True when it was made now.

    With the demo company where all of it is Spojka's; empty beside another program's data. Raises SourceError.
    """
    ours = {name: database for name, database in databases.items() if not database.is_read_only}
    if ours.keys() == databases.keys():
        return make_company(databases, today=today, rules=DEMO_RULES)
    fills = first_rows_of_added(today)
    return create_together(
        [
            Part(name, database.engines, METADATA[name], fills.get(name), added=name in ADDED)
            for name, database in ours.items()
        ]
    )


def first_rows_of_added(today: date) -> Mapping[str, Fill]:
    """What is put into each system that came later, where it is made beside a company without it."""
    return {"mailing": fill_templates(today)}
