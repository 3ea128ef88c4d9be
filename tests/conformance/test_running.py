"""What npm has installed is told from what is pinned, so that a raised version is fetched and nothing else is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conformance.running import is_installed

PINNED = {
    "": {"name": "tools"},
    "node_modules/graphql": {"version": "16.11.0", "integrity": "sha512-a"},
    "node_modules/for-macs": {"version": "1.0.0", "integrity": "sha512-b", "optional": True},
}
GRAPHQL = PINNED["node_modules/graphql"]


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (None, False),
        ({}, False),
        ({"node_modules/graphql": GRAPHQL}, True),
        ({"node_modules/graphql": {"version": "16.10.0", "integrity": "sha512-old"}}, False),
        ({"node_modules/graphql": GRAPHQL, "node_modules/for-macs": {"integrity": "sha512-old"}}, False),
    ],
    ids=["nothing", "none of it", "all but for other machines", "another version", "another optional version"],
)
def test_installed_is_what_is_pinned(there: dict[str, object] | None, expected: bool, tmp_path: Path) -> None:
    """By npm's digest of each package, as a name says nothing of its version."""
    (tmp_path / "package-lock.json").write_text(json.dumps({"packages": PINNED}), encoding="utf-8")
    if there is not None:
        (tmp_path / "node_modules").mkdir()
        (tmp_path / "node_modules" / ".package-lock.json").write_text(json.dumps({"packages": there}), encoding="utf-8")
    assert is_installed(tmp_path) is expected
