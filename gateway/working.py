"""The settings of processes: who carries out their runs.

[processes]
work = "beside"      # spojka serve starts `spojka work` beside it; "elsewhere": somebody else does
"""

from dataclasses import dataclass
from typing import Literal

from gateway.section import Section

__all__ = ["ProcessesSettings", "read"]


@dataclass(frozen=True, slots=True)
class ProcessesSettings:
    """`work` is where `spojka work` runs: beside `spojka serve`, or wherever somebody starts it."""

    work: Literal["beside", "elsewhere"] = "beside"


def read(section: Section) -> ProcessesSettings:
    """The settings in `[processes]`. Raises ConfigError."""
    match section.value("work"):
        case None | "beside":
            return ProcessesSettings()
        case "elsewhere":
            return ProcessesSettings("elsewhere")
        case other:
            raise section.refused("work", f'it is {other!r}; it may be "beside" or "elsewhere"')
