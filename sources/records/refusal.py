"""An expected "no" of a system, as an answer and not as an error."""

from dataclasses import dataclass

__all__ = ["Refusal"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """`code` is kebab-case (`unknown-bridge`); the message names the thing, the fact and the remedy."""

    code: str
    message: str
