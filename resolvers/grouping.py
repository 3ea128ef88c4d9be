"""From the records of a batch to one answer per parent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

__all__ = ["by_key", "grouped"]

K = TypeVar("K")
R = TypeVar("R")


def by_key(records: Iterable[R], key: Callable[[R], K]) -> dict[K, R]:
    """Each record under its key."""
    return {key(record): record for record in records}


def grouped(records: Iterable[R], key: Callable[[R], K]) -> dict[K, list[R]]:
    """The records of each key, in the order they came."""
    groups: dict[K, list[R]] = {}
    for record in records:
        groups.setdefault(key(record), []).append(record)
    return groups
