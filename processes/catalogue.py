"""Every process there is, by its name: what runs are started, resumed and taken over by."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from processes import close_period, collect_call, import_call_records, invoice_call
from processes.run import Process

__all__ = ["PROCESSES"]

_ALL: tuple[Process, ...] = (
    close_period.PROCESS,
    collect_call.PROCESS,
    import_call_records.PROCESS,
    invoice_call.PROCESS,
)

PROCESSES: Mapping[str, Process] = MappingProxyType({process.name: process for process in _ALL})
