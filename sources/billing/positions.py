"""How far the conferences of each bridge are invoiced, kept beside what was made of them.

A billing that is restored from a copy goes back in both at once, and what it lost is invoiced again.
"""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select, update

from sources.billing.tables import INVOICING_POSITIONS
from sources.columns import Instant
from sources.records.billing import InvoicingPosition
from sources.rows import insert_new, row_of

__all__ = ["ALL", "DUE", "note_position"]

ALL = select(INVOICING_POSITIONS).order_by(INVOICING_POSITIONS.c.bridge)
DUE = ALL.where(INVOICING_POSITIONS.c.look_again_at <= bindparam("at", type_=Instant))
MOVE = (
    update(INVOICING_POSITIONS)
    .where(INVOICING_POSITIONS.c.bridge == bindparam("which"))
    .values(done_to=bindparam("done"), looked_to=bindparam("looked"), look_again_at=bindparam("again", type_=Instant))
)


def note_position(connection: Connection, position: InvoicingPosition) -> None:
    """The last word holds: one that goes back has conferences looked at again, which changes nothing."""
    if not insert_new(connection, INVOICING_POSITIONS, row_of(position)):
        connection.execute(
            MOVE,
            {
                "which": position.bridge,
                "done": position.done_to,
                "looked": position.looked_to,
                "again": position.look_again_at,
            },
        )
