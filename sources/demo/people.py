"""Names, numbers and addresses for the demo company, drawn from a generator of random numbers."""

from __future__ import annotations

import unicodedata
from random import Random

from sources.demo import words
from sources.folding import folded
from sources.records.sales import PostalAddress

__all__ = ["address", "company_name", "company_number", "domain_of", "person", "phone", "user_name"]

WEIGHTS = range(8, 1, -1)


def company_number(random: Random) -> str:
    """An IČO: seven digits and a check digit. Weights are 8 to 2 from the left, the whole is divisible by 11."""
    digits = [random.choice((2, 4, 6)), *(random.randrange(10) for _ in range(6))]
    remainder = sum(weight * digit for weight, digit in zip(WEIGHTS, digits, strict=True)) % 11
    return "".join(map(str, [*digits, (11 - remainder) % 10]))


def person(random: Random) -> str:
    first, feminine = random.choice(words.FIRST_NAMES)
    return f"{first} {random.choice(words.SURNAMES)[feminine]}"


def company_name(random: Random) -> str:
    """Dvořák Stavby s.r.o., Mlýny Olomouc a.s. or Hájek & Král spol. s r.o."""
    form = random.choice(words.LEGAL_FORMS)
    surname, word = random.choice(words.SURNAMES)[0], random.choice(words.COMPANY_WORDS)
    city = random.choice(words.CITIES)[0].rstrip(" 0123456789")
    match random.randrange(4):
        case 0:
            return f"{surname} {word} {form}"
        case 1:
            return f"{word} {city} {form}"
        case 2:
            return f"{word} {surname} {form}"
        case _:
            return f"{surname} & {random.choice(words.SURNAMES)[0]} {form}"


def address(random: Random) -> PostalAddress:
    city, postal_code = random.choice(words.CITIES)
    house = f"{random.choice(words.STREETS)} {random.randrange(1, 2400)}/{random.randrange(1, 90)}"
    return PostalAddress(house, city, postal_code, "CZ")


def phone(random: Random) -> str:
    return f"+420{random.choice((601, 602, 603, 608, 720, 724, 731, 775))}{random.randrange(1_000_000):06}"


def domain_of(name: str) -> str:
    """Dvořák Stavby s.r.o. -> dvorak-stavby-sro.example, never anybody's."""
    return f"{'-'.join(ascii_words(name))}.example"


def user_name(name: str) -> str:
    """Jana Králová -> jana.kralova"""
    return ".".join(ascii_words(name))


def ascii_words(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", folded(name)).encode("ascii", "ignore").decode()
    return plain.split() or ["client"]
