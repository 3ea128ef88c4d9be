"""On which bridge a booking has its room."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from processes.rules.rooms import Bridge, bridge_to_ask, is_urgent

START = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("bridges", "had", "failed", "expected"),
    [
        ("a:UP b:UP", None, "", "a"),
        ("a:UP b:UP", "b", "", "b"),
        ("a:UP b:DOWN", "b", "", "b"),  # in good time its own bridge is waited for
        ("pbx:None a:UP", None, "", "a"),
        ("pbx:None a:UP", "pbx", "", "a"),
        ("a:DOWN b:UP", None, "a", "b"),
        ("a:UP b:UP", "a", "a", "b"),
        ("a:DOWN b:DOWN", None, "a", "b"),
        ("a:DOWN b:DOWN", None, "a b", "a"),
        ("a:DOWN b:DOWN", "b", "b a", "b"),
        ("a:DOWN", "a", "a", "a"),
        ("a:DOWN b:DOWN c:UP", None, "a", "c"),
        ("pbx:None", None, "", None),
        ("", None, "", None),
    ],
)
def test_bridge_to_ask(bridges: str, had: str | None, failed: str, expected: str | None) -> None:
    """Its own; those that failed only after all others; none that has no switch."""
    pairs = [each.split(":") for each in bridges.split()]
    there = [Bridge(id, None if state == "None" else state) for id, state in pairs]
    assert bridge_to_ask(there, had, failed=failed.split()) == expected


@pytest.mark.parametrize(("minutes", "urgent"), [(16, False), (15, True), (0, True), (-5, True)])
def test_fifteen_minutes_before_the_start_it_is_urgent(minutes: int, urgent: bool) -> None:
    """Edge case 9."""
    assert is_urgent(START, START - timedelta(minutes=minutes)) == urgent
