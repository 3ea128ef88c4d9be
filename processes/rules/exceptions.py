"""What an exception waits for, by its code: whose work it is, and whether its cause may go away by itself."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from processes.rules.review import CLOCK, OVER_LONG, OVERLAP

__all__ = ["FOR_PEOPLE", "WaitsFor", "waits_for"]


class WaitsFor(Enum):
    """What has to happen before the leg can be rated."""

    CONTRACT = "CONTRACT"
    RATE = "RATE"
    ACCOUNT = "ACCOUNT"
    OWNER = "OWNER"
    DECISION = "DECISION"


_BY_CODE: Mapping[str, WaitsFor] = MappingProxyType(
    {
        "no-contract": WaitsFor.CONTRACT,
        "ambiguous-contract": WaitsFor.CONTRACT,
        "wrong-currency": WaitsFor.CONTRACT,
        "no-rate": WaitsFor.RATE,
        "no-account": WaitsFor.ACCOUNT,
        "no-owner": WaitsFor.ACCOUNT,
        "unknown-account": WaitsFor.ACCOUNT,
        "foreign-account": WaitsFor.ACCOUNT,
        "ambiguous-account": WaitsFor.ACCOUNT,
        "unknown-owner": WaitsFor.OWNER,
        CLOCK: WaitsFor.DECISION,
        OVER_LONG: WaitsFor.DECISION,
        OVERLAP: WaitsFor.DECISION,
        "incomplete": WaitsFor.DECISION,  # so a live bridge holds a leg of which it heard the end alone
        "partly-credited": WaitsFor.DECISION,
    }
)

FOR_PEOPLE = frozenset({"unknown-owner"} | {code for code, what in _BY_CODE.items() if what is WaitsFor.DECISION})
"""Trying these again changes nothing before somebody has decided. Of the others a system may know more by now."""


def waits_for(code: str) -> WaitsFor:
    """A code that isn't known here is looked at by a person."""
    return _BY_CODE.get(code, WaitsFor.DECISION)
