"""An expected "no" is a value, not an exception: the caller shows it, stores it, and a person acts on it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Refusal"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a rule did not decide: a kebab-case `code`, and a `message` that names the thing, the fact, the remedy."""

    code: str
    message: str
