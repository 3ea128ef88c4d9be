"""What a template may be refused for, before anybody gets a letter.

A  its fields: names, types
B  its text uses a field that isn't declared (found where it stands, even where no sample comes by)
C  it doesn't compile, or makes no page, with every value and with the required ones alone
D  a declared field is nowhere used: it stands nowhere in the text, and changes no byte of the letter
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sources.mailing.letters.addressing import Addressee, LetterData, Sender
from sources.mailing.letters.fields import TAKEN, Field, problem_of_fields
from sources.mailing.letters.typesetting import NotTypeset

__all__ = ["MOST_PAGES", "TemplateRefused", "problem_of"]

LONGEST_BODY = 100_000
MOST_PAGES = 50
USE = re.compile(r"\bfields\s*\.\s*([a-zA-Z_][\w-]*)")
USE_BY_KEY = re.compile(r"""\bfields\s*\.\s*at\s*\(\s*"([^"]*)"\s*([,)])""")
COMMENT = re.compile(r"/\*.*?\*/|(?<![:\\])//[^\n]*", re.DOTALL)
FILES = re.compile(
    r"file not found|failed to |would escape|package|access denied|cannot (?:access|read)", re.IGNORECASE
)

SAMPLES: Mapping[str, tuple[object, object]] = {
    "TEXT": ("Vzorek", "Jiný vzorek"),
    "AMOUNT": ("1234.50 CZK", "9876.10 CZK"),
    "DATE": ("2027-01-01", "2026-12-24"),
}
SAMPLE = LetterData(
    Addressee("Jan Vzor", "Vzorová 1", "Praha", "110 00"),
    date(2026, 11, 24),
    Sender(name="Odesílatel s.r.o.", street="Ulice 2", city="Brno", postal_code="602 00", signatory="Eva Vzorová"),
)


@dataclass(frozen=True, slots=True)
class TemplateRefused:
    """Why a template isn't taken; `line` of its body, the first being 1, where there is one."""

    line: int | None
    reason: str

    def __str__(self) -> str:
        return self.reason if self.line is None else f"line {self.line}: {self.reason}"


Typeset = Callable[[LetterData], tuple[bytes, int]]
"""A letter's bytes and pages. Raises NotTypeset with lines of the body."""


def problem_of(body: str, fields: Sequence[Field], typeset: Typeset) -> TemplateRefused | None:
    """The first thing that is wrong, in the order of the outline."""
    if problem := problem_of_fields(fields):
        return TemplateRefused(None, problem)
    if len(body) > LONGEST_BODY:
        return TemplateRefused(None, f"it is longer than {LONGEST_BODY} characters")
    declared = {field.name for field in fields}
    used = set()
    for line, name in uses(body):
        if name not in declared:
            return TemplateRefused(line, f"it uses the field {name}, which isn't declared")
        used.add(name)
    try:
        whole = tried(typeset, sample(fields))
        tried(typeset, sample([field for field in fields if field.required]))
        for field in fields:
            if field.name not in used and tried(typeset, sample(fields, other=field.name)) == whole:
                return TemplateRefused(None, f"the field {field.name} is declared, and stands nowhere in the text")
    except NotTypeset as error:
        return TemplateRefused(error.lines[0] if error.lines else None, reason_of(error))
    return None


def uses(body: str) -> Iterator[tuple[int, str]]:
    """(line, name) of each `fields.name` and `fields.at("name")` outside comments; `at` with a default asks first."""
    text = COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), body)
    for found in USE.finditer(text):
        if found[1] not in TAKEN:
            yield text.count("\n", 0, found.start()) + 1, found[1]
    for found in USE_BY_KEY.finditer(text):
        if found[2] == ")":
            yield text.count("\n", 0, found.start()) + 1, found[1]


def tried(typeset: Typeset, data: LetterData) -> bytes:
    content, pages = typeset(data)
    if pages > MOST_PAGES:
        raise NotTypeset(f"a letter of it has {pages} pages, more than {MOST_PAGES}")
    return content


def sample(fields: Sequence[Field], *, other: str | None = None) -> LetterData:
    """A letter with a value for each of `fields`, and another one for `other`."""
    return replace(SAMPLE, values={field.name: SAMPLES[field.type][field.name == other] for field in fields})


def reason_of(error: NotTypeset) -> str:
    if FILES.search(error.reason) and "field" not in error.reason:
        return "it reads a file or a package: a template has nothing but itself"
    return error.reason
