"""The company's systems as databases: whose tables they are, and open without anything being made."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from gateway import company
from gateway.config import Settings
from gateway.databases import METADATA, StartError
from sources.demo import ADDED
from sources.engines import Engines, open_engines
from sources.faults import DATABASE_ERRORS
from sources.inspecting import strangers_in, what_is_missing
from sources.making import Part

__all__ = ["has_strangers", "is_nowhere", "left_to_others", "never_made", "opened", "ours", "parts_of"]


def left_to_others(settings: Settings) -> Sequence[str]:
    """The systems whose tables are another program's."""
    return tuple(settings.mappings)


def ours(settings: Settings) -> Sequence[str]:
    """The systems whose tables are Spojka's own."""
    return tuple(name for name in company.SYSTEMS if name not in settings.mappings)


@contextmanager
def opened(settings: Settings, systems: Sequence[str]) -> Iterator[Mapping[str, Engines]]:
    """The ways to their databases, where nothing is made or asked yet. StartError for a URL that is none."""
    engines: dict[str, Engines] = {}
    try:
        for name in systems:
            try:
                engines[name] = open_engines(settings.url_of(name))
            except ValueError as error:
                raise StartError(f"{name}: {error}") from error
        yield engines
    finally:
        for each in engines.values():
            each.dispose()


def parts_of(engines: Mapping[str, Engines], fills: Mapping[str, Any] | None = None) -> list[Part]:
    """Each system with its tables, and what `fills` them."""
    return [
        Part(name, each, METADATA[name], (fills or {}).get(name), added=name in ADDED) for name, each in engines.items()
    ]


def is_nowhere(engines: Mapping[str, Engines]) -> bool:
    """Whether nothing that Spojka owns is there yet: then the first start makes all of it. One that is down might be.

    Another program's tables, which nobody has mapped yet, are none of it.
    """
    return not any(_is_there(name, each) for name, each in engines.items())


def never_made(engines: Mapping[str, Engines]) -> Sequence[str]:
    """The systems that came to Spojka later, and are not there as the company is older than they are."""
    return [
        part.system for part in parts_of(engines) if part.may_be_added() and not _is_there(part.system, part.engines)
    ]


def has_strangers(name: str, engines: Engines) -> bool:
    """Whether there are another program's tables in a system's database. One that is down has none that we know of."""
    if engines.file is not None and not engines.file.exists():
        return False
    try:
        with engines.read.connect() as connection:
            return bool(strangers_in(connection, METADATA[name]))
    except DATABASE_ERRORS:
        return False


def _is_there(name: str, engines: Engines) -> bool:
    """A system is its file, or one of its tables on a server; a file that is damaged or empty is one too."""
    metadata = METADATA[name]
    if engines.file is not None and not engines.file.exists():
        return False
    try:
        with engines.read.connect() as connection:
            missing = [each for each in what_is_missing(connection, metadata) if each.startswith("there is no table")]
            has_own = len(missing) < len(metadata.tables)
            return has_own or (engines.file is not None and not strangers_in(connection, metadata))
    except DATABASE_ERRORS:
        return True
