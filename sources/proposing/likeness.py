"""How like a name is to what something is called: 1 is the same, below 0.5 is another thing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from sources.proposing.words import words

__all__ = ["LIKELY", "SURE", "likeness", "without_prefix"]

SURE = 0.8
LIKELY = 0.55

Words = tuple[str, ...]

LEAST_LETTERS = 4  # of a beginning that is taken for the whole: splat -> splatnost


def likeness(name: Words, called: Iterable[Words]) -> float:
    """Of a name to the phrase that it is most like; later phrases count a little less."""
    return max((like(name, phrase) - 0.004 * place for place, phrase in enumerate(called)), default=0.0)


def like(name: Words, phrase: Words) -> float:
    """`kli nazev` is `nazev` with a word too many; `splat` begins `splatnost`; `nazevf` is misspelled."""
    if name == phrase or "".join(name) == "".join(phrase):
        return 1.0
    common = sum(any(same(each, word) for word in name) for each in phrase)
    if common == len(phrase):
        extra = len(name) - len(phrase)
        exact = set(phrase) <= set(name)
        return max(0.0, (0.92 if exact else 0.86) - 0.09 * max(extra, 0))
    return 0.75 * SequenceMatcher(None, "".join(name), "".join(phrase)).ratio()


def same(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return one == other or (len(short) >= LEAST_LETTERS and long.startswith(short))


def without_prefix(names: Sequence[str]) -> dict[str, Words]:
    """Each name's words, without the first where most of these names begin with it: KLI_ID, KLI_NAZEV, KLI_ICO."""
    split = {name: words(name) for name in names}
    firsts = Counter(each[0] for each in split.values() if len(each) > 1)
    usual = {first for first, count in firsts.items() if count >= 2 and count * 2 >= len(split)}
    return {name: each[1:] if len(each) > 1 and each[0] in usual else each for name, each in split.items()}
