"""A part of the settings file, read with getters that refuse a wrong value with its key and line.

Each part of Spojka has one frozen settings class beside what it configures, and a reader:

    def read(section: Section) -> XSettings:
        return XSettings(most=section.integer("most", 10), mode=section.one_of("mode", ("a", "b"), "a"))

A getter notes its key, so that `refuse_unread` can refuse every key that no reader asked for, with those it could be.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar, overload

__all__ = ["ConfigError", "Section", "read_file"]

T = TypeVar("T")
_DURATION = re.compile(r"(?P<number>[0-9]{1,9}) ?(?P<unit>ms|s|m|h|d)")
_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}


class ConfigError(Exception):
    """A setting can't be used; the message names its key, its place and the remedy, never a URL (it has a password)."""


@dataclass(frozen=True, slots=True)
class _File:
    """Where a section comes from: the file's name, and the line of each key that is written in the usual way."""

    name: str
    lines: Mapping[str, int]

    def place(self, key: str) -> str:
        """`spojka.toml:3`; the first line within it, that of what it is in, or none, where it has none of its own."""
        while key:
            within = (line for each, line in self.lines.items() if each.startswith(f"{key}."))
            if line := self.lines.get(key) or next(within, None):
                return f"{self.name}:{line}"
            key = _around(key)
        return self.name


@dataclass(frozen=True, slots=True)
class Section:
    """One table of the file; `key` is its full name, "" for the whole file, `rows[1]` for the first of several."""

    key: str
    content: Mapping[str, Any]
    _file: _File
    _read: dict[str, list["Section"]] = field(default_factory=dict)

    @classmethod
    def empty(cls) -> "Section":
        """Where there is no file: every getter gives its default."""
        return cls("", {}, _File("", {}))

    def names(self) -> Sequence[str]:
        """The keys that are there, for a table whose keys are names."""
        return tuple(self.content)

    @overload
    def text(self, name: str, default: str) -> str: ...
    @overload
    def text(self, name: str, default: None = None) -> str | None: ...
    def text(self, name: str, default: str | None = None) -> str | None:
        """A string that isn't empty."""
        value = self.value(name)
        if value is None:
            return default
        if not isinstance(value, str) or not value:
            raise self.refused(name, "it is not a text with something in it")
        return value

    def texts(self, name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """A list of strings, none of them empty."""
        value = self.value(name)
        if value is None:
            return default
        if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
            raise self.refused(name, "it is not a list of texts")
        return tuple(value)

    def integer(self, name: str, default: int, *, least: int = 1, most: int | None = None) -> int:
        """A whole number from `least` to `most`."""
        value = self.value(name)
        if value is None:
            return default
        fits = isinstance(value, int) and not isinstance(value, bool) and value >= least
        if not fits or (most is not None and value > most):
            wanted = f"above {least - 1}" if most is None else f"from {least} to {most}"
            raise self.refused(name, f"it is not a whole number {wanted}")
        return int(value)

    def boolean(self, name: str, default: bool) -> bool:
        """true or false."""
        value = self.value(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.refused(name, "it is neither true nor false")
        return value

    def one_of(self, name: str, choices: Sequence[str], default: str) -> str:
        """One of the words in `choices`."""
        value = self.value(name)
        if value is None:
            return default
        if value not in choices:
            raise self.refused(name, f"it is none of {', '.join(choices)}")
        return str(value)

    def duration(self, name: str, default: timedelta) -> timedelta:
        """A length of time above zero, like "30 s", "5 m", "12 h" or "7 d"."""
        value = self.value(name)
        if value is None:
            return default
        found = _DURATION.fullmatch(value) if isinstance(value, str) else None
        length = int(found["number"]) * _UNITS[found["unit"]] if found else timedelta()
        if length <= timedelta():
            raise self.refused(name, 'it is not a length of time like "30 s", "5 m", "12 h" or "7 d"')
        return length

    def table(self, name: str) -> "Section":
        """The table called `name`; an empty one where there is none."""
        value = self.value(name)
        if value is None:
            value = {}
        if not isinstance(value, dict):
            raise self.refused(name, "it is not a table")
        known = self._read[name]  # several readers may share a table
        return known[0] if known else self._child(name, self.key_of(name), value)

    def handed_over(self, name: str) -> "Section | None":
        """The table called `name` for a reader elsewhere, which sees to what is unread in it; None where it is none."""
        value = self.value(name)
        if value is None or isinstance(value, dict):
            return None if value is None else Section(self.key_of(name), value, self._file)
        raise self.refused(name, "it is not a table")

    def tables(self, name: str) -> list["Section"]:
        """Each `[[name]]`, in the file's order."""
        value = self.value(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise self.refused(name, f"it is not a list of tables: begin each with [[{self.key_of(name)}]]")
        key = self.key_of(name)
        return [self._child(name, f"{key}[{number}]", each) for number, each in enumerate(value, start=1)]

    def required(self, name: str, value: T | None) -> T:
        """`value`, which a getter gave for `name`; refused where there is none."""
        if value is None:
            raise self.refused(name, "it is missing")
        return value

    def place(self, name: str) -> str:
        """`spojka.toml:3`, where a key is written; "" is the table itself."""
        return self._file.place(self.key_of(name) if name else self.key)

    def refused(self, name: str, message: str) -> ConfigError:
        """`spojka.toml:3: systems.billing.url: ...`, for what only the reader can see."""
        key = self.key_of(name) if name else self.key
        return ConfigError(f"{self.place(name)}: {key}: {message}")

    def key_of(self, name: str) -> str:
        """The full name of a key of this table."""
        return f"{self.key}.{name}" if self.key else name

    def refuse_unread(self) -> None:
        """Refuses a key that no getter was asked for, here and in every table that was read."""
        for name in self.content:
            if name not in self._read:
                known = ", ".join(sorted(self._read)) or "none"
                raise self.refused(name, f"there is no such setting; there are {known}")
        for children in self._read.values():
            for child in children:
                child.refuse_unread()

    def value(self, name: str) -> Any:
        """Whatever is written there, for a reader that checks it itself; None where nothing is."""
        self._read.setdefault(name, [])
        return self.content.get(name)

    def _child(self, name: str, key: str, content: Mapping[str, Any]) -> "Section":
        child = Section(key, content, self._file)
        self._read[name].append(child)
        return child


def _around(key: str) -> str:
    """What the key is in: a.b[1].c -> a.b[1] -> a.b -> a -> nothing."""
    return key.rpartition("[")[0] if key.endswith("]") else key.rpartition(".")[0]


def read_file(path: Path) -> Section:
    """The whole of a TOML file. Raises ConfigError when it can't be read."""
    try:
        text = path.read_text(encoding="utf-8")
        return Section("", tomllib.loads(text), _File(path.name, _lines(text)))
    except OSError as error:
        raise ConfigError(f"{path.name}: it can't be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.name}: it is not TOML in UTF-8: {error}") from error


def _lines(text: str) -> dict[str, int]:
    """The line of each key, the first where it is written twice."""
    lines: dict[str, int] = {}
    for number, key in _keys(text):
        lines.setdefault(key, number)
    return lines


def _keys(text: str) -> Iterator[tuple[int, str]]:
    """Each line that begins a table or sets a key, with the full name of what it begins or sets.

    tomllib gives no places, so bare keys are looked for; what is quoted or spread over lines is not found.
    """
    table = ""
    lists: dict[str, int] = {}  # how many of each [[list]] have begun
    for number, line in enumerate(text.splitlines(), start=1):
        if several := re.match(r"\s*\[\[\s*([\w.-]+)\s*\]\]", line):
            name = several[1]
            lists[name] = lists.get(name, 0) + 1
            yield number, name
            table = f"{name}[{lists[name]}]."
            yield number, table[:-1]
        elif header := re.match(r"\s*\[\s*([\w.-]+)\s*\]", line):
            table = f"{_within_lists(header[1], lists)}."
            yield number, table[:-1]
        elif key := re.match(r"\s*([\w-]+(?:\s*\.\s*[\w-]+)*)\s*=", line):
            yield number, table + re.sub(r"\s", "", key[1])


def _within_lists(name: str, lists: Mapping[str, int]) -> str:
    """`[rows.more]` after the second `[[rows]]` is rows[2].more."""
    for begun, count in lists.items():
        if name.startswith(f"{begun}."):
            return f"{begun}[{count}]{name[len(begun) :]}"
    return name
