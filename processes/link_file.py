"""A file of links: `account,client,valid_from[,valid_to]`, one to a line, with or without a line of these names.

    account,client,valid_from,valid_to
    7700123,CL-00417,2024-09-01
    7700124;CL-00418;2024-09-01;2026-12-31          # the semicolon of Czech spreadsheets will do, for a whole file

Every line that is none is a problem with its number; nothing is guessed, least of all a date.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from processes.rules.counts import counted

__all__ = ["FileLink", "LineProblem", "ReadLinks", "read_links"]

COLUMNS = ("account", "client", "valid_from", "valid_to")
ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class FileLink:
    """A link and the line it stands in."""

    line: int
    account: str
    client: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True, order=True)
class LineProblem:
    """Why a line can't be taken: `code` is kebab-case."""

    line: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class ReadLinks:
    links: tuple[FileLink, ...]
    problems: tuple[LineProblem, ...]


def read_links(text: str) -> ReadLinks:
    """What is in the file. Empty lines are none."""
    links: list[FileLink] = []
    problems: list[LineProblem] = []
    for line, row in rows(text):
        found = link_of(line, row)
        if isinstance(found, FileLink):
            links.append(found)
        else:
            problems.append(found)
    return ReadLinks(tuple(links), tuple(problems))


def rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of each row that isn't empty, without the line of names."""
    first = text.partition("\n")[0]
    reader = csv.reader(text.splitlines(), delimiter=";" if ";" in first else ",")
    for row in reader:
        cells = [cell.strip() for cell in row]
        if any(cells) and not (reader.line_num == 1 and tuple(each.lower() for each in cells) in NAMES):
            yield reader.line_num, cells


NAMES = (COLUMNS, COLUMNS[:3])


def link_of(line: int, cells: Sequence[str]) -> FileLink | LineProblem:
    if len(cells) not in (3, 4):
        return LineProblem(
            line, "wrong-columns", f"{counted(len(cells), 'column')}; there are {', '.join(COLUMNS)}, the last free"
        )
    account, client, begins, ends = (*cells, "")[:4]
    for name, value in (("account", account), ("client", client)):
        if not value:
            return LineProblem(line, f"no-{name}", f"{name} is empty")
    valid_from, valid_to = day_of(begins), day_of(ends)
    if valid_from is None:
        return LineProblem(line, "no-date", f"valid_from is {begins!r}; write a day like 2026-11-24")
    if ends and valid_to is None:
        return LineProblem(line, "no-date", f"valid_to is {ends!r}; write a day like 2026-11-24, or nothing")
    if valid_to is not None and valid_to <= valid_from:
        return LineProblem(line, "no-day-left", f"valid_to, {valid_to}, is not after valid_from, {valid_from}")
    return FileLink(line, account, client, valid_from, valid_to)


def day_of(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if ISO_DAY.fullmatch(text) else None
    except ValueError:
        return None
