"""What of a step's answer isn't kept, though the process needs it: a PIN stands in no store but its owner's.

asked    {"booking": {"ref": "BK-2026-000123", "pin": "482913"}}
kept     {"booking": {"ref": "BK-2026-000123", "pin": "(not kept)"}}
resumed  asked again for the PIN alone: all else is as it was kept, so the run goes the same way
"""

from __future__ import annotations

from typing import Any

__all__ = ["has_masks", "masked", "unmasked"]

SECRETS = frozenset({"pin"})
MASK = "(not kept)"


def masked(answer: Any) -> Any:
    """The answer without its secrets; that there is none stays to be seen."""
    # An answer of some thousand objects is looked through in each step, so a leaf costs no call of its own.
    if isinstance(answer, dict):
        return {
            name: MASK
            if name in SECRETS and value is not None
            else masked(value)
            if isinstance(value, dict | list)
            else value
            for name, value in answer.items()
        }
    if isinstance(answer, list):
        return [masked(each) for each in answer]
    return answer


def has_masks(answer: Any) -> bool:
    match answer:
        case dict():
            return any(has_masks(each) for each in answer.values())
        case list():
            return any(has_masks(each) for each in answer)
        case _:
            return bool(answer == MASK)


def unmasked(kept: Any, fresh: Any) -> Any:
    """What was kept, with the secrets of a fresh answer to the same question; None for one that is there no more."""
    match kept:
        case dict():
            fields = fresh if isinstance(fresh, dict) else {}
            return {name: unmasked(value, fields.get(name)) for name, value in kept.items()}
        case list():
            items = fresh if isinstance(fresh, list) and len(fresh) == len(kept) else [None] * len(kept)
            return [unmasked(value, each) for value, each in zip(kept, items, strict=True)]
        case _:
            return fresh if kept == MASK else kept
