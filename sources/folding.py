"""Text as people search it: without diacritics, case and punctuation."""

from __future__ import annotations

import unicodedata

__all__ = ["folded"]

UNDECOMPOSED = str.maketrans({"ł": "l", "đ": "d", "ø": "o", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"})
"""Letters that Unicode does not take apart into a letter and a mark, small ones."""

DROPPED = ".'\u2019`"
"""Written or not as one likes: s.r.o. and sro, O'Brien and OBrien."""


def folded(text: str) -> str:
    """`Novák Konference, s.r.o.` -> `novak konference sro`. Only letters and digits, one space between words."""
    taken_apart = unicodedata.normalize("NFKD", text.casefold().translate(UNDECOMPOSED)).casefold()
    kept = "".join(
        letter if letter.isalnum() else " "
        for letter in taken_apart
        if letter not in DROPPED and not unicodedata.combining(letter)
    )
    return " ".join(kept.split())
