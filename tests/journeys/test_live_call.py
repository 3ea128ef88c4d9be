"""From RTP legs on a real Janus to charges on a draft invoice, with nobody typing."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from socket import create_server
from typing import Any

import pytest

from gateway.commands.receiving import spool_of
from gateway.commands.working import working
from gateway.company import SYSTEMS, Company, open_company
from gateway.config import read_settings
from sources.bridge.spooling.receiver import receiving
from sources.bridge.spooling.spool import Spool, Spooler
from sources.demo import cast
from sources.records.reservations import Booking
from sources.reservations import Reservations
from tests.company import ask
from tests.janus.callers import controlling
from tests.janus.server import Janus, StartJanus
from tests.postgresql import free_port

REF, ROOM, PIN = "BK-2026-777777", "bk-2026-777777", "246813"
SECONDS = 30
DRAFT = """query ($ref: ID!) {
  booking(ref: $ref) { conference {
    id legs { id displayName endReason seconds } charges { leg { id } band invoice { status } }
  } }
}"""


def a_booking(now: datetime) -> Booking:
    starts, ends = now - timedelta(minutes=5), now + timedelta(hours=1)
    return Booking(
        ref=REF,
        client=cast.MAIN.client,
        account=cast.MAIN.accounts[0],
        title="A live call",
        organiser="Jana",
        room=ROOM,
        local_start=f"{starts:%Y-%m-%dT%H:%M}",
        local_end=f"{ends:%Y-%m-%dT%H:%M}",
        time_zone="Etc/UTC",
        starts_at=starts,
        ends_at=ends,
        expected_participants=3,
        status="PROVISIONED",
        revision=1,
    )


@pytest.mark.service
async def test_live_call_is_charged_with_nobody_typing(
    start_janus: StartJanus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three callers, one kicked, one coming again: four legs, each charged once, seconds after the last one hung up."""
    port = free_port()
    spool = Spool(spool_of(tmp_path, "bridge-1"))
    listener = create_server(("127.0.0.1", port))
    async with receiving(listener, Spooler(spool), secret=None):
        janus: Janus = await asyncio.to_thread(partial(start_janus, events_to=f"http://127.0.0.1:{port}/"))
        monkeypatch.setenv("JANUS_SECRET", janus.admin_secret)
        monkeypatch.setenv("JANUS_KEY", janus.admin_key)
        file = tmp_path / "spojka.toml"
        file.write_text(
            f'[bridges.bridge-1]\nkind = "janus"\nadmin_url = "{janus.admin_url}"\n'
            'admin_secret_env = "JANUS_SECRET"\nadmin_key_env = "JANUS_KEY"\n'
        )
        settings = read_settings(tmp_path, {}, systems=tuple(SYSTEMS), file=file)
        company = await asyncio.to_thread(open_company, settings)
        try:
            async with working(settings):
                await a_call(company, janus)
                hung_up = time.monotonic()
                conference = await charged(company, 4)
                took = time.monotonic() - hung_up
        finally:
            await company.close()
    print(f"from the last hang-up to the charges: {took:.2f} s")
    ends = sorted((leg["displayName"], leg["endReason"]) for leg in conference["legs"])
    assert ends == [("Alice", "kicked"), ("Bob", "left"), ("Bob", "left"), ("Carol", "left")]
    charges = [(each["leg"]["id"], each["band"]) for each in conference["charges"]]
    assert len(set(charges)) == len(charges)
    assert {leg for leg, _ in charges} == {leg["id"] for leg in conference["legs"]}
    assert {each["invoice"]["status"] for each in conference["charges"]} == {"DRAFT"}
    assert took < SECONDS


async def a_call(company: Company, janus: Janus) -> None:
    now = datetime.now(UTC)
    await company.databases["reservations"].write(
        lambda connection: Reservations.fill(connection, bookings=[a_booking(now)])
    )
    async with controlling(janus) as controller:
        room = {"request": "create", "room": ROOM, "pin": PIN, "secret": "a-secret", "allow_rtp_participants": True}
        await controller.asks({**room, "admin_key": janus.admin_key})
        join = partial(controller.join, ROOM, pin=PIN)
        alice, bob, carol = [await join(id=f"p-{n}", display=name) for n, name in enumerate(("Alice", "Bob", "Carol"))]
        await asyncio.sleep(1.2)
        await controller.asks({"request": "kick", "room": ROOM, "secret": "a-secret", "id": "p-0"})
        await alice.told("kicked")
        await bob.leave()
        again = await join(id="p-3", display="Bob")
        await asyncio.sleep(1.2)
        await asyncio.gather(again.leave(), carol.leave())


async def charged(company: Company, legs: int) -> Any:
    """The booking's conference, when so many of its legs are charged."""
    until = time.monotonic() + SECONDS
    while True:
        answer = await ask(company, DRAFT, ref=REF)
        assert answer.errors == []
        conference = answer.data["booking"]["conference"]
        if conference and len({each["leg"]["id"] for each in conference["charges"]}) == legs:
            return conference
        assert time.monotonic() < until, answer.data
        await asyncio.sleep(0.05)
