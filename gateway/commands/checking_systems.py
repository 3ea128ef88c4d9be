"""What `spojka check` finds out about each system's database: is it there, is it as it should be, may it be written?"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway import company
from gateway.commands.findings import Finding, fine, note, problem
from gateway.commands.systems import has_strangers, is_nowhere, never_made
from gateway.config import ConfigError, Settings
from gateway.databases import METADATA, StartError, open_database, requirement
from processes.rules.counts import counted
from sources.database import Database
from sources.engines import Engines
from sources.errors import SourceError
from sources.faults import DATABASE_ERRORS, as_source_error
from sources.inspecting import (
    clock_of,
    is_readable,
    strangers_in,
    strangers_told,
    what_is_missing,
    what_is_wrong,
    why_not_writable,
)
from sources.mapping.mapped import problems_of
from sources.mapping.sampling import data_problems_of
from sources.mapping.settings import SystemMapping

__all__ = ["look_at_systems"]

_APART = timedelta(seconds=10)
"""How far a server's clock may be from this machine's before somebody is told."""


def look_at_systems(settings: Settings, databases: dict[str, Database]) -> Iterator[Finding]:
    """Findings about every system; those that could be opened are put into `databases`."""
    for name in company.SYSTEMS:
        try:
            databases[name] = open_database(name, settings)
        except (StartError, ConfigError) as error:
            yield problem(name, str(error))
    own = {name: each.engines for name, each in databases.items() if name not in settings.read_only}
    nowhere = is_nowhere(own)
    beside_others = bool(settings.read_only) or (nowhere and any(has_strangers(*each) for each in own.items()))
    filled = "empty" if beside_others else "with the demo company"
    newer = () if nowhere else never_made(own)
    for name, database in databases.items():
        try:
            if nowhere and name in own:
                yield from _look_at_place(name, database.engines, f"the first start makes it, {filled}")
            elif name in newer:
                yield from _look_at_place(name, database.engines, "it came later, and the next start makes it")
            else:
                yield from _look_at(name, database, settings)
        except DATABASE_ERRORS as error:
            yield problem(name, _why(name, error))
        except SourceError as error:
            yield problem(name, _with_cause(error))


def _look_at(name: str, database: Database, settings: Settings) -> Iterator[Finding]:
    engines = database.engines
    if engines.file is not None and not engines.file.exists():
        yield problem(name, f"there is no file {engines.file}: {_remedy_of_no_file(name, settings)}")
        return
    with engines.read.connect() as connection:
        is_readable(connection)
        yield from _clock(name, clock_of(connection))
    if database.mapped is not None:
        yield from _look_at_mapped(name, engines, database.mapped.mapping)
    else:
        yield from _look_at_own(name, database)


def _remedy_of_no_file(name: str, settings: Settings) -> str:
    """What Spojka never makes can only be named; what it made once is made again only with all the others."""
    if name in settings.read_only:
        return f"mend its url (systems.{name}.url)"
    if name in settings.urls:
        return f"mend its url (systems.{name}.url), or restore it from a backup (spojka restore)"
    return (
        "restore it from a backup (spojka restore); without one, move the other systems' files out of "
        f"{settings.data} too, and `spojka serve` makes all of them anew"
    )


def _look_at_place(name: str, engines: Engines, told: str) -> Iterator[Finding]:
    if engines.file is None or engines.file.exists():
        with engines.read.connect() as connection:
            is_readable(connection)
            yield from _clock(name, clock_of(connection))
            strangers = strangers_in(connection, METADATA[name])
        if strangers:
            yield problem(name, strangers_told(name, strangers))
            return
    yield note(name, f"it is not there yet: {told}")


def _look_at_mapped(name: str, engines: Engines, mapping: SystemMapping) -> Iterator[Finding]:
    needed = requirement(name)
    found = problems_of(needed, engines.read, mapping) or data_problems_of(needed, engines.read, mapping)
    yield from (problem(name, str(each)) for each in found)
    if not found:
        yield fine(name, f"{_kind(engines)}, another program's tables, as spojka.toml maps them; only read")


def _look_at_own(name: str, database: Database) -> Iterator[Finding]:
    engines, metadata = database.engines, METADATA[name]
    with engines.read.connect() as connection:
        damage, missing = what_is_wrong(connection), list(what_is_missing(connection, metadata))
        strangers = strangers_in(connection, metadata)
    if missing and strangers:
        yield problem(name, _beside_strangers(name, missing, strangers))
        return
    wrong = [*([damage] if damage else []), *missing]
    for each in wrong:
        yield problem(name, f"{each}: another Spojka made it, or it is damaged; restore a backup, or begin anew")
    if wrong:
        return
    told = f"{_kind(engines)}, {counted(len(metadata.tables), 'table')}"
    if database.is_read_only:
        yield fine(name, f"{told}, only read")
    elif reason := why_not_writable(engines, metadata):
        yield problem(name, f"{reason}: give Spojka's user the right, or say read_only = true")
    else:
        yield fine(name, told)


def _beside_strangers(name: str, missing: list[str], strangers: list[str]) -> str:
    """Some tables may be called as Spojka's are, and are another program's all the same."""
    lacking = f"{missing[0]}{f' ({len(missing) - 1} more are missing)' if missing[1:] else ''}"
    return f"{lacking}, and {strangers_told(name, strangers)}"


def _clock(name: str, theirs: datetime | None) -> Iterator[Finding]:
    apart = abs(theirs - datetime.now(UTC)) if theirs else timedelta()
    if apart > _APART:
        yield problem(name, f"its server's clock is {apart.total_seconds():.0f} s from this machine's: set both by NTP")


def _kind(engines: Engines) -> str:
    return str(engines.file) if engines.file else engines.read.dialect.name


def _why(name: str, error: Any) -> str:
    """The driver's own words too: who runs this may see them."""
    return _with_cause(as_source_error(name, error), error)


def _with_cause(error: Exception, cause: BaseException | None = None) -> str:
    told = cause or error.__cause__
    text = str(getattr(told, "orig", None) or told or "").strip()
    return f"{error}\n{text}" if text else str(error)
