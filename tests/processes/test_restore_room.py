"""A room that a switch has lost: made again as it was, for whoever is still to have one (edge case 10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from processes.provision_conference import carry_out as provision
from processes.restore_room import carry_out
from processes.rules.refusal import Refusal
from processes.run import Done
from tests.processes.fakes import FakeGraph, FakeRun, unavailable
from tests.processes.rooms import PIN, START, World

RUN = "restore-room:BK-1:1"


async def provisioned() -> tuple[World, FakeGraph]:
    world = World()
    graph = world.graph()
    await provision(FakeRun(graph, id="provision-conference:BK-1:1", time=START), "BK-1", {})
    return world, graph


@pytest.mark.parametrize("status", ["PROVISIONED", "IN_CALL", "COMPLETED"])
async def test_edge_case_10_room_is_made_again_with_the_same_pin(status: str) -> None:
    """On the bridge that had it; also while somebody's call is being collected. Nothing else of the booking changes."""
    world, graph = await provisioned()
    world.become(status)
    world.rooms = {}
    before = world.booking
    assert await carry_out(FakeRun(graph, id=RUN, time=START), "BK-1", {}) == Done("a/bk-1")
    assert world.rooms == {"a": {"room": "bk-1", "pin": PIN, "revision": 1}}
    assert world.booking == before


async def test_system_that_is_down_is_waited_for() -> None:
    """A bridge may die again; its key makes asking again harmless."""
    world, graph = await provisioned()
    world.rooms = {}
    graph.fails_after["ProvisionRoom"] = unavailable("bridge")
    assert await carry_out(FakeRun(graph, id=RUN, time=START), "BK-1", {}) == Done("a/bk-1")
    keys = [variables["key"] for name, variables in graph.asked if name == "ProvisionRoom"]
    assert keys[-2:] == [f"{RUN}:provision"] * 2


@pytest.mark.parametrize(
    ("changes", "code"), [({"status": "CANCELLED"}, "no-room"), ({"provisioned_revision": None}, "no-room")]
)
async def test_booking_that_is_to_have_no_room_gets_none(changes: Mapping[str, Any], code: str) -> None:
    """It was cancelled, or is settled."""
    world, graph = await provisioned()
    world.rooms = {}
    world.become(**{"status": world.booking.status, **changes})
    found = await carry_out(FakeRun(graph, id=RUN, time=START), "BK-1", {})
    assert isinstance(found, Refusal)
    assert found.code == code
    assert world.rooms == {}
