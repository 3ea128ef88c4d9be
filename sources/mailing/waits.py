"""What keeps a campaign, kept in the database: a run ends and forgets, and nobody else would know for how long."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from sources.mailing.tables import WAITS
from sources.records.mailing import Wait
from sources.rows import insert_new, row_of

__all__ = ["forget_waits", "note_wait"]


def note_wait(
    connection: Connection, campaign: str, step: str, why: str | None, *, came: int, now: datetime
) -> datetime | None:
    """Since when nothing of this step has come on; None where nothing keeps it, which ends what kept it before.

    `came`: how many came on at this time, before something kept the rest.
    """
    the_wait: tuple[Any, ...] = (WAITS.c.campaign == campaign, WAITS.c.step == step)
    if why is None:
        connection.execute(delete(WAITS).where(*the_wait))
        return None
    if insert_new(connection, WAITS, row_of(Wait(campaign, step, why, now))):
        return now
    begun: datetime = connection.execute(select(WAITS.c.since).where(*the_wait)).scalar_one()
    since = now if came else begun
    connection.execute(update(WAITS).where(*the_wait).values(why=why, since=since))
    return since


def forget_waits(connection: Connection, campaign: str) -> None:
    """Somebody has paused, resumed or cancelled it: what kept it then is over."""
    connection.execute(delete(WAITS).where(WAITS.c.campaign == campaign))
