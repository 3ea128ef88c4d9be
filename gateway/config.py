"""Settings: read once from `spojka.toml` and the environment; wrong values are refused with their key and place.

    limits.body_bytes = 1048576                      # at the top level, or under [limits]

    [systems.billing]                                # or SPOJKA_BILLING_URL, which wins
    url = "postgresql://spojka@localhost/billing"

A system without a URL has its SQLite file in the data directory.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from gateway.limits import Limits

__all__ = ["ConfigError", "Settings", "read_settings"]

_KINDS = ("sqlite:///", "postgresql://")
_VARIABLE = re.compile(r"SPOJKA_(?P<system>[A-Z0-9_]+)_URL")


class ConfigError(Exception):
    """A setting can't be used; the message names its key, its place and the remedy, never a URL (it has a password)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a whole process is set to. `urls` has the systems whose database is named; the others live in `data`."""

    data: Path
    urls: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)

    def url_of(self, system: str) -> str:
        """The URL of a system's database."""
        return self.urls.get(system) or f"sqlite:///{self.data / system}.sqlite"


def read_settings(
    data: Path, environment: Mapping[str, str], *, systems: Sequence[str], file: Path | None = None
) -> Settings:
    """Settings from `file` (if there is one), with what the environment says on top. Raises ConfigError."""
    written = _File.read(file) if file else _File("", "", {})
    return Settings(
        data=data,
        urls={**_urls_of_file(written, systems), **_urls_of_environment(environment, systems)},
        limits=_limits(written),
    )


@dataclass(frozen=True, slots=True)
class _File:
    """A TOML file, parsed, with its text to find lines in."""

    name: str
    text: str
    content: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> "_File":
        try:
            text = path.read_text(encoding="utf-8")
            return cls(path.name, text, tomllib.loads(text))
        except OSError as error:
            raise ConfigError(f"{path.name}: it can't be read ({error.strerror})") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path.name}: it is not TOML in UTF-8: {error}") from error

    def refused(self, key: str, message: str) -> ConfigError:
        """`spojka.toml:3: systems.billing.url: ...`; without the line where the key is written in an unusual way."""
        line = next((number for number, found in _keys(self.text) if found == key), None)
        place = f"{self.name}:{line}" if line else self.name
        return ConfigError(f"{place}: {key}: {message}")

    def table(self, key: str, value: Any) -> Mapping[str, Any]:
        """`value` as a table, refused where it is none."""
        if not isinstance(value, dict):
            raise self.refused(key, "it is not a table")
        return value


def _keys(text: str) -> Iterator[tuple[int, str]]:
    """Each line that begins a table or sets a key, with the full name of what it begins or sets.

    tomllib gives no places, so bare keys are looked for; what is quoted or spread over lines is not found.
    """
    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[\s*([\w.-]+)\s*\]", line):
            table = f"{header[1]}."
            yield number, header[1]
        elif key := re.match(r"\s*([\w-]+(?:\s*\.\s*[\w-]+)*)\s*=", line):
            yield number, table + re.sub(r"\s", "", key[1])


def _urls_of_file(file: _File, systems: Sequence[str]) -> dict[str, str]:
    for key in file.content:
        if key not in ("systems", "limits"):
            raise file.refused(key, "there is no such setting; there are systems and limits")
    urls = {}
    for system, content in file.table("systems", file.content.get("systems", {})).items():
        place = f"systems.{system}"
        if system not in systems:
            raise file.refused(place, f"there is no such system; there are {', '.join(systems)}")
        for key, value in file.table(place, content).items():
            if key != "url":
                raise file.refused(f"{place}.{key}", "there is no such setting; there is url")
            if problem := _problem_of_url(value):
                raise file.refused(f"{place}.url", problem)
            urls[system] = value
    return urls


def _urls_of_environment(environment: Mapping[str, str], systems: Sequence[str]) -> dict[str, str]:
    known = {f"SPOJKA_{system.upper()}_URL": system for system in systems}
    urls = {}
    for name, value in environment.items():
        if not _VARIABLE.fullmatch(name):
            continue
        if name not in known:
            raise ConfigError(f"{name} in the environment: there is no such system; there are {', '.join(known)}")
        if problem := _problem_of_url(value):
            raise ConfigError(f"{name} in the environment: {problem}")
        urls[known[name]] = value
    return urls


def _problem_of_url(value: Any) -> str | None:
    if not isinstance(value, str) or not value.startswith(_KINDS):
        return f"it is not a database's URL; it begins with {' or '.join(_KINDS)}"
    return None


def _limits(file: _File) -> Limits:
    given = file.table("limits", file.content.get("limits", {}))
    known = [each.name for each in fields(Limits)]
    for key, value in given.items():
        if key not in known:
            raise file.refused(f"limits.{key}", f"there is no such limit; there are {', '.join(known)}")
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise file.refused(f"limits.{key}", "it is not a whole number above 0")
    return Limits(**given)
