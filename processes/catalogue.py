"""Every process there is, by its name: what runs are started, resumed and taken over by."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from processes import (
    assemble_legs,
    book_conference,
    cancel_conference,
    charge_fee,
    close_period,
    collect_call,
    deliver_mailing,
    import_call_records,
    invoice_backlog,
    invoice_call,
    move_conference,
    note_call,
    provision_conference,
    read_bounces,
    resolve_exceptions,
    restore_room,
    settle_booking,
)
from processes.run import Process

__all__ = ["ORDERS", "PROCESSES"]

_ALL: tuple[Process, ...] = (
    assemble_legs.PROCESS,
    close_period.PROCESS,
    collect_call.PROCESS,
    book_conference.PROCESS,
    cancel_conference.PROCESS,
    charge_fee.PROCESS,
    move_conference.PROCESS,
    note_call.PROCESS,
    provision_conference.PROCESS,
    settle_booking.PROCESS,
    import_call_records.PROCESS,
    invoice_backlog.PROCESS,
    invoice_call.PROCESS,
    resolve_exceptions.PROCESS,
    restore_room.PROCESS,
    deliver_mailing.PROCESS,
    read_bounces.PROCESS,
)

PROCESSES: Mapping[str, Process] = MappingProxyType({process.name: process for process in _ALL})

ORDERS = frozenset({book_conference.PROCESS.name, move_conference.PROCESS.name, cancel_conference.PROCESS.name})
"""What somebody asked for who may book for the client: nobody else has it done again, and they ask with a new key."""
