"""The company's systems as databases: whose tables they are, and open without anything being made."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from gateway import company
from gateway.config import Settings
from gateway.databases import METADATA, StartError
from sources.engines import Engines, open_engines
from sources.making import Part

__all__ = ["left_to_others", "opened", "ours", "parts_of"]


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
    return [Part(name, each, METADATA[name], (fills or {}).get(name)) for name, each in engines.items()]
