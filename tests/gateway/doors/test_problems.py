"""What `spojka check` can say of a door before anybody stands at it."""

from dataclasses import replace
from pathlib import Path

from gateway.doors.opening import open_door, problem_of_door
from gateway.doors.settings import DoorsSettings
from tests.gateway.doors.issuer import SETTINGS, okp_key, serving


def test_issuer_is_asked_for_its_keys() -> None:
    """With the reason where it has none, or isn't there."""
    with serving(okp_key()) as server:
        settings = replace(SETTINGS, jwks=server.url)
        assert problem_of_door(settings, Path("unused")) is None
        server.raw = b'{"keys": []}'
        assert problem_of_door(settings, Path("unused")) == (
            f"the keys at {server.url} can't be fetched: there is no key for signatures among them"
        )
    told = problem_of_door(settings, Path("unused"))
    assert told is not None
    assert "refused" in told


def test_embedded_key_is_read_and_never_made(tmp_path: Path) -> None:
    """Before the first start there is none, and that is no problem."""
    settings = DoorsSettings()
    assert problem_of_door(settings, tmp_path) is None
    assert not (tmp_path / "doors.key").exists()
    open_door(settings, tmp_path, roles={})
    assert problem_of_door(settings, tmp_path) is None
    (tmp_path / "doors.key").chmod(0o644)
    assert "chmod 600" in str(problem_of_door(settings, tmp_path))
