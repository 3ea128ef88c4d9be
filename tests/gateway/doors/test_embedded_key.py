"""The key of Spojka's own: made once, readable by nobody else, and what it signs."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.doors.embedded_key import EmbeddedKey
from gateway.doors.opening import embedded_token, open_door
from gateway.doors.settings import DoorsSettings
from gateway.errors import KeyFileError, Unauthenticated
from tests.gateway.doors.issuer import NOW, SETTINGS

HOUR = timedelta(hours=1)
SCOPES = frozenset({"clients:read", "rates:read"})


def _token(data: Path, settings: DoorsSettings | None = None) -> bytes:
    given = settings or DoorsSettings()
    return embedded_token(given, data, subject="jana.kralova", scopes=SCOPES, lasts=HOUR, now=NOW).encode()


async def test_key_is_made_at_the_first_start_and_kept(tmp_path: Path) -> None:
    """Whatever is made first, the door or a token; nobody else can read it."""
    door = open_door(DoorsSettings(), tmp_path, roles={}, clock=lambda: NOW)
    made = (tmp_path / "doors.key").read_text()
    viewer = await door.viewer([b"Bearer " + _token(tmp_path)])
    assert (viewer.subject, viewer.scopes) == ("jana.kralova", SCOPES)
    assert (tmp_path / "doors.key").read_text() == made
    assert stat.S_IMODE((tmp_path / "doors.key").stat().st_mode) == 0o600


def test_of_processes_that_start_together_one_makes_the_key(tmp_path: Path) -> None:
    """All of them have the same afterwards."""
    file = tmp_path / "doors.key"
    with ThreadPoolExecutor(16) as pool:
        opened = list(pool.map(EmbeddedKey.open, [file] * 16))
    tokens = {each.token("a", SCOPES, DoorsSettings(), now=NOW, lasts=HOUR) for each in opened}
    assert len(tokens) == 1  # Ed25519 signs the same text always the same
    assert [each.name for each in tmp_path.iterdir()] == ["doors.key"]


async def test_token_of_another_company_is_refused(tmp_path: Path) -> None:
    """Each data directory has its own key."""
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    door = open_door(DoorsSettings(), here, roles={}, clock=lambda: NOW)
    with pytest.raises(Unauthenticated, match="not known here"):
        await door.viewer([b"Bearer " + _token(there)])


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o620])
def test_key_that_others_can_read_or_write_is_refused(tmp_path: Path, mode: int) -> None:
    """Whoever could read it may have been anybody."""
    _token(tmp_path)
    (tmp_path / "doors.key").chmod(mode)
    with pytest.raises(KeyFileError, match="chmod 600"):
        _token(tmp_path)


@pytest.mark.parametrize("content", ["", "{}", "[]", "secret", '{"kty": "oct", "k": "c2VjcmV0"}', '{"kty": "OKP"}'])
def test_file_without_a_key_is_refused(tmp_path: Path, content: str) -> None:
    """With its name and what to do, and nothing of its content."""
    file = tmp_path / "doors.key"
    file.write_text(content)
    file.chmod(0o600)
    with pytest.raises(KeyFileError, match=r"doors\.key: .*delete it") as refusal:
        _token(tmp_path)
    assert "c2VjcmV0" not in str(refusal.value)


def test_public_key_alone_is_refused(tmp_path: Path) -> None:
    """It can sign nothing."""
    _token(tmp_path)
    file = tmp_path / "doors.key"
    file.write_text('{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}')
    with pytest.raises(KeyFileError, match="not a private Ed25519 key"):
        _token(tmp_path)


def test_directory_that_is_not_there_is_said(tmp_path: Path) -> None:
    """In one line, with the file's name."""
    with pytest.raises(KeyFileError, match=r"doors\.key: the key can't be read or made"):
        _token(tmp_path / "absent")


def test_tokens_of_an_issuer_are_not_ours_to_give(tmp_path: Path) -> None:
    """Where a JWKS is named, the embedded key opens nothing."""
    with pytest.raises(KeyFileError, match=r"come from https://login\.example\.org"):
        _token(tmp_path, SETTINGS)
    assert not (tmp_path / "doors.key").exists()
