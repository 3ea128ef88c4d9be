"""A mapped table of bookings without what only Spojka writes: PIN, bridge, the room's revision."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, MetaData, insert

from sources.database import Database
from sources.errors import SystemReadOnly
from sources.mapping.mapped import Mapped
from sources.mapping.requirements import requirements
from sources.mapping.settings import ColumnMapping, SystemMapping, TableMapping
from sources.records.reservations import Order
from sources.reservations import METADATA, Reservations
from sources.reservations.tables import BOOKINGS
from sources.rows import row_of
from tests.conftest import MakeUrl
from tests.sources.mapping.renaming import INSTANTS
from tests.world import a_booking

OURS = ("pin", "bridge", "provisioned_revision", "cancelled_at")


async def test_bookings_of_another_program_need_no_columns_of_ours(database_url: MakeUrl) -> None:
    """Nothing is asked about them: no booking there has a PIN, and none is Spojka's to provision or to make."""
    url = database_url("reservations")
    booking = a_booking()
    row: dict[str, Any] = {name: value for name, value in row_of(booking).items() if name not in OURS}
    metadata = MetaData()
    table = BOOKINGS.to_metadata(metadata)
    for name in OURS:
        table._columns.remove(table.c[name])
    table.indexes.clear()

    def fill(connection: Connection) -> None:
        connection.execute(insert(table), [row])

    made = Database("made", url)
    assert made.create(metadata, fill)
    await made.close()
    written = {"sqlite": {"format": INSTANTS}, "mariadb": {"zone": "UTC"}}.get(
        url.partition(":")[0].partition("+")[0], {}
    )
    times = {name: ColumnMapping(column=name, **written) for name in ("starts_at", "ends_at")}
    mapping = SystemMapping(tables={"bookings": TableMapping(table="bookings", columns=times)})
    mapped = Database("reservations", url, mapped=Mapped(requirements("reservations", METADATA), mapping))
    try:
        mapped.verify()
        reservations = Reservations(mapped)
        assert await reservations.bookings([booking.ref]) == [booking]
        before = booking.starts_at + timedelta(hours=1)
        assert await reservations.to_provision(before=before, now=booking.starts_at, limit=9) == []
        assert await reservations.to_settle(ended=before + timedelta(days=1), limit=9) == []
        order = Order(*(row[name] for name in Order.__dataclass_fields__))
        with pytest.raises(SystemReadOnly):
            await reservations.create(order, year=2026, caller="me", key="k")
    finally:
        await mapped.close()
