"""Recipient and sender as they stand on paper.

What comes from outside is made harmless here, once: control characters and marks that turn the direction of text around
are left out, letters are composed (NFC), and what is too long for its place is refused rather than cut.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sources.mailing.letters.fields import LetterRefused
from sources.mailing.letters.writing import Language, day_written

__all__ = ["PREPOSITION", "Addressee", "LetterData", "Sender", "cleaned", "page_of", "without_pictures"]

LONGEST_LINE = 200
LONGEST_WORD = 32
"""Longer ones may be broken anywhere: they would leave the paper otherwise."""
BREAK_HERE = "\u200b"
PREPOSITION = re.compile(r"\b([KkSsVvZzOoUuAaIi]) ")
SIZES = (11.5, 10.0, 8.5, 7.0, 5.5)
WINDOW = (212, 70)
"""Width and height in points of what letter.typ leaves for the address, without the sender's line above it."""
ROW = 1.17
SLACK = 1.08
"""A row's height for letters of size 1; by how much letters may be wider than they are thought to be."""
TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
INVISIBLE = frozenset("\ufeff\u2060\ufffe\uffff")
PICTURES = re.compile("[\u2190-\u2bff\ufe0e\ufe0f\u200d\u20e3\U0001f000-\U0001faff\U000e0020-\U000e007f]")
COUNTRIES = {
    "cs": {
        "AT": "Rakousko",
        "CH": "Švýcarsko",
        "DE": "Německo",
        "FR": "Francie",
        "GB": "Velká Británie",
        "HU": "Maďarsko",
        "IT": "Itálie",
        "NL": "Nizozemsko",
        "PL": "Polsko",
        "SK": "Slovensko",
        "US": "USA",
    },
    "en": {
        "AT": "Austria",
        "CH": "Switzerland",
        "DE": "Germany",
        "FR": "France",
        "GB": "United Kingdom",
        "HU": "Hungary",
        "IT": "Italy",
        "NL": "Netherlands",
        "PL": "Poland",
        "SK": "Slovakia",
        "US": "USA",
        "CZ": "Czech Republic",
    },
}


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a letter is for. `country` is ISO 3166-1 alpha-2, or its name."""

    name: str
    street: str
    city: str
    postal_code: str
    country: str = "CZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Whose paper it is. `facts` stand at the foot (register entry, numbers).

    `signatory` and `role` stand below the space for a signature.
    """

    name: str
    street: str
    city: str
    postal_code: str
    country: str = "CZ"
    phone: str = ""
    email: str = ""
    web: str = ""
    facts: tuple[str, ...] = ()
    signatory: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class LetterData:
    """One letter: to whom, on which day, from whom, and the values of the template's fields."""

    recipient: Addressee
    date: date
    sender: Sender
    values: Mapping[str, object] = field(default_factory=dict)


def cleaned(text: str) -> str:
    """Without control characters and marks that turn text around; lines stay lines, very long words may be broken."""
    composed = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    kept = "".join(" " if is_control(each) else each for each in composed if each not in TURNING | INVISIBLE)
    lines = (re.sub(r"[ \u2028\u2029]+", " ", line).strip(" ") for line in kept.split("\n"))
    return "\n".join(breakable(line) for line in lines)


def is_control(character: str) -> bool:
    """C0, C1, lone surrogates and private letters: no font here has them."""
    return character != "\n" and unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn")


def breakable(line: str) -> str:
    return " ".join(
        BREAK_HERE.join(word[at : at + LONGEST_WORD] for at in range(0, len(word), LONGEST_WORD))
        for word in line.split(" ")
    )


def without_pictures(text: str) -> str:
    """Without emoji and symbols, which an address can do without where no font has them."""
    return re.sub(" +", " ", PICTURES.sub("", text)).strip()


def one_line(what: str, text: str) -> str:
    line = cleaned(text).replace("\n", " ")
    if len(line.replace(BREAK_HERE, "")) > LONGEST_LINE:
        raise LetterRefused(what, f"it is longer than {LONGEST_LINE} characters, which no window of an envelope shows")
    return line


def bound(text: str, language: Language) -> str:
    """In Czech a preposition or conjunction of one letter stays with the word behind it."""
    return PREPOSITION.sub("\\1\u00a0", text) if language == "cs" else text


def page_of(data: LetterData, fields: Mapping[str, str | None], language: Language) -> dict[str, object]:
    """What letter.typ draws, as JSON. Raises LetterRefused for an address that can't stand in a window."""
    sender, day = data.sender, data.date
    return {
        "language": language,
        "date": {"written": day_written(day, language), "year": day.year, "month": day.month, "day": day.day},
        "recipient": recipient_of(data.recipient, sender.country, language),
        "sender": sender_of(sender),
        "fields": {name: value if value is None else bound(cleaned(value), language) for name, value in fields.items()},
    }


def recipient_of(recipient: Addressee, home: str, language: Language) -> dict[str, object]:
    """The lines as the post reads them; a country only for abroad, in capitals, as the last one."""
    name = one_line("recipient.name", recipient.name)
    postal_code = one_line("recipient.postal_code", recipient.postal_code)
    city = f"{postal_code} {one_line('recipient.city', recipient.city)}".strip()
    lines = [name, one_line("recipient.street", recipient.street), city]
    for what, line in (("recipient.name", name), ("recipient.city", city)):
        if not line:
            raise LetterRefused(what, "it is empty: a letter needs whom it is for, and where")
    if recipient.country.upper() != home.upper():
        known = COUNTRIES[language].get(recipient.country.upper(), recipient.country)
        lines.append(one_line("recipient.country", known).upper())
    lines = [line for line in lines if line]
    return {"name": bound(name, language), "lines": lines, "size": size_of(lines)}


def size_of(lines: Sequence[str]) -> float:
    """The points of the largest letters with which these lines stand in the window, as far as one can tell from here.

    Told by a guess on the safe side for each letter: to have typst measure them would double what a letter costs.
    """
    width, height = WINDOW
    for size in SIZES:
        rows = sum(rows_of(line, width / size / SLACK) for line in lines)
        if rows * size * ROW <= height:
            return size
    raise LetterRefused("recipient", "its name and address are longer than what the window of an envelope shows")


def rows_of(line: str, ems: float) -> int:
    """How many rows of that width a line takes, its words put one behind the other."""
    rows, taken = 1, 0.0
    for word in line.replace(BREAK_HERE, " ").split(" "):
        width = width_of(word)
        if taken and taken + width > ems:
            rows, taken = rows + 1, 0.0
        taken += width + 0.25
    return rows


def width_of(line: str) -> float:
    """In ems."""
    return sum(
        0.95 if each in "mwMW%@—" else 0.3 if each in "fijlrtI.,;:'|! " else 0.7 if each.isupper() else 0.48
        for each in line
    )


def sender_of(sender: Sender) -> dict[str, object]:
    place = f"{sender.postal_code} {sender.city}".strip()
    return {
        "name": cleaned(sender.name),
        "return_line": cleaned(", ".join(part for part in (sender.name, sender.street, place) if part)),
        "address": [cleaned(part) for part in (sender.street, place) if part],
        "contacts": [cleaned(part) for part in (sender.phone, sender.email, sender.web) if part],
        "facts": [cleaned(part) for part in sender.facts],
        "signatory": cleaned(sender.signatory),
        "role": cleaned(sender.role),
    }
