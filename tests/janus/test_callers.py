"""The callers themselves, on a real Janus: what the tests of the bridge stand on."""

from __future__ import annotations

import asyncio

import pytest

from tests.janus.alaw import decoded, encoded, energy, tone
from tests.janus.callers import Controller, JanusRefused, claiming, controlling
from tests.janus.server import Janus

ROOM, PIN, SECRET = "BK-2026-000123", "2468", "a-secret"


async def made(controller: Controller) -> None:
    body = {"request": "create", "room": ROOM, "pin": PIN, "secret": SECRET, "sampling_rate": 16000}
    rights = {"admin_key": controller.janus.admin_key, "allow_rtp_participants": True}
    await controller.asks({**body, **rights})


async def inside(controller: Controller) -> list[str]:
    found = await controller.asks({"request": "listparticipants", "room": ROOM})
    return sorted(each["id"] for each in found["participants"])


@pytest.mark.parametrize(("sample", "byte"), [(0, 0xD5), (-1, 0x55), (32767, 0xAA), (-32768, 0x2A), (256, 0xC5)])
def test_sample_is_its_byte(sample: int, byte: int) -> None:
    """The values of ITU-T G.711's table: silence is 0xD5 or 0x55, the loudest are 0xAA and 0x2A."""
    assert encoded(sample) == byte


def test_every_sample_comes_back_within_half_a_step() -> None:
    """A-law's steps are 16 wide below 512, and then a sixteenth of their segment."""
    for sample in range(-32768, 32768):
        size = abs(sample)
        half = 8 if size < 512 else 2 ** (size.bit_length() - 6)
        assert abs(decoded(encoded(sample)) - sample) <= half, sample


def test_tone_is_as_loud_as_it_says() -> None:
    """The root mean square of a sine is its peak over the square root of two."""
    assert energy(tone(440)) == pytest.approx(8000 / 2**0.5, rel=0.01)
    assert energy(bytes([encoded(0)] * 160)) < 16


@pytest.mark.service
class TestOnJanus:
    async def test_callers_hear_one_another(self, janus: Janus) -> None:
        """Each of three hears the mix of the others; who is alone, silence."""
        async with controlling(janus) as controller:
            await made(controller)
            alice = await controller.join(ROOM, pin=PIN, id="p-1", display="Alice")
            await alice.hears(60)
            assert alice.loudness < 100
            for number, name in enumerate(["Bob", "Carol"], 2):
                await controller.join(ROOM, pin=PIN, id=f"p-{number}", display=name)
            await alice.hears(60)
            assert alice.loudness > 3000
            assert await inside(controller) == ["p-1", "p-2", "p-3"]

    async def test_wrong_pin_and_taken_id_are_refused(self, janus: Janus) -> None:
        """489 and 490, as Janus has them."""
        async with controlling(janus) as controller:
            await made(controller)
            with pytest.raises(JanusRefused) as refused:
                await controller.join(ROOM, pin="0000", id="p-1")
            assert refused.value.code == 489
            await controller.join(ROOM, pin=PIN, id="p-1")
            with pytest.raises(JanusRefused) as refused:
                await controller.join(ROOM, pin=PIN, id="p-1")
            assert refused.value.code == 490

    async def test_callers_leave_in_each_way_there_is(self, janus: Janus) -> None:
        """Leave, detach and kick end a leg at once; silence doesn't."""
        async with controlling(janus) as controller:
            await made(controller)
            leaving, gone, kicked, silent = [
                await controller.join(ROOM, pin=PIN, id=f"p-{number}") for number in range(4)
            ]
            await leaving.leave()
            await gone.detach()
            await controller.asks({"request": "kick", "room": ROOM, "secret": SECRET, "id": kicked.id})
            await kicked.told("kicked")
            silent.go_silent()
            # A kick that comes within its leg's first packets takes Janus most of a second.
            for _ in range(100):
                if "p-2" not in await inside(controller):
                    break
                await asyncio.sleep(0.05)
            assert await inside(controller) == ["p-3"]
            await controller.join(ROOM, pin=PIN, id="p-4", display="the first one again")
            assert await inside(controller) == ["p-3", "p-4"]
            silent.speak()
            await controller.callers[silent.handle].hears()

    async def test_another_controller_goes_on_with_the_call(self, janus: Janus) -> None:
        """With session_timeout=0 a call outlives its controller; who claims the session uses its handles."""
        async with controlling(janus) as first:
            await made(first)
            alice = await first.join(ROOM, pin=PIN, id="p-1")
            first.abandon()
            await asyncio.sleep(0.2)
            async with claiming(janus, first.session) as other:
                assert await inside(other) == ["p-1"]
                await alice.hears()
                await other.adopt(alice).leave()
                assert await inside(other) == []

    async def test_killed_janus_comes_back_without_its_rooms(self, janus: Janus) -> None:
        """SIGKILL loses rooms, sessions and calls; it starts again on the same ports."""
        async with controlling(janus) as controller:
            await made(controller)
            await controller.join(ROOM, pin=PIN, id="p-1")
            janus.kill()
            assert not janus.answers()
            janus.start()
        async with controlling(janus) as controller:
            assert (await controller.asks({"request": "list", "admin_key": janus.admin_key}))["list"] == []
