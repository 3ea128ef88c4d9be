"""`[bridges]`: what is refused at the start, with its place, and what a start and a check make of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.bridges import configured_bridges
from gateway.commands.checking_bridges import look_at_bridges
from gateway.commands.findings import Finding, State
from gateway.company import SYSTEMS, Company
from gateway.config import ConfigError, Settings, read_settings
from sources.records.bridge import Bridge
from tests.company import ask, opened
from tests.janus.server import Janus

SECRETS = {"SECRET": "an-admin-secret", "KEY": "an-admin-key"}


def settings_of(folder: Path, text: str, data: Path | None = None) -> Settings:
    file = folder / "spojka.toml"
    file.write_text(text, encoding="utf-8")
    return read_settings(data or folder, {}, systems=tuple(SYSTEMS), file=file)


def janus_at(url: str, *, variable: str = "SECRET", more: str = "") -> str:
    address = f'kind = "janus"\nadmin_url = "{url}"\n'
    return f'[bridges.bridge-1]\n{address}admin_secret_env = "{variable}"\nadmin_key_env = "KEY"\n{more}'


REFUSED = [
    ("[bridges.b]", "spojka.toml:1: bridges.b.kind: it is missing; it is one of janus, files, simulator"),
    ('[bridges.b]\nkind = "asterisk"', "spojka.toml:2: bridges.b.kind: it is none of janus, files, simulator"),
    ('[bridges]\nb = "janus"', "spojka.toml:2: bridges.b: it is not a table"),
    ('[bridges."a:b"]\nkind = "files"', "no colon"),
    ('[bridges.b]\nkind = "files"\ncdr_zone = "Prague"', "bridges.b.cdr_zone: there is no zone Prague"),
    ('[bridges.b]\nkind = "files"\nservice = "video"', "bridges.b.service: it is none of dial-in"),
    ('[bridges.b]\nkind = "files"\nadmin_url = "http://x"', "bridges.b.admin_url: there is no such setting"),
    ('[bridges.b]\nkind = "janus"', "bridges.b.admin_url: it is missing"),
    (janus_at("127.0.0.1:7088"), "it is not an address that begins with http:// or https://"),
    (janus_at("http://user:word@host/admin"), "an address has no secrets"),
    (janus_at("http://host/admin?admin_secret=x"), "an address has no secrets"),
    (janus_at("http://host/admin", variable="NOTHING"), "admin_secret_env: the environment has no NOTHING"),
    (janus_at("http://host/admin", more='admin_key_file = "key"'), "admin_key_env: the secret comes from one of"),
    (
        '[bridges.b]\nkind = "janus"\nadmin_url = "http://x"\nadmin_secret_file = "none"\nadmin_key_env = "KEY"',
        "bridges.b.admin_secret_file: none can't be read",
    ),
]


@pytest.mark.parametrize(("text", "why"), REFUSED)
def test_wrong_settings_are_refused_with_their_place(tmp_path: Path, text: str, why: str) -> None:
    """The key, the line and the remedy; never a secret, nor an address, which may have one."""
    settings = settings_of(tmp_path, text)
    with pytest.raises(ConfigError) as refused:
        configured_bridges(settings, SECRETS)
    assert why in str(refused.value)
    assert "word" not in str(refused.value)


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    """Whoever prints the settings prints none."""
    settings = settings_of(tmp_path, janus_at("http://127.0.0.1:7088/admin"))
    shown = repr(configured_bridges(settings, SECRETS))
    assert [secret for secret in SECRETS.values() if secret in shown] == []


async def test_bridges_of_the_settings_are_there_after_the_start(files: Path, tmp_path: Path) -> None:
    """Nobody types SQL: each has its row; a known one is changed; those of the data that aren't configured stay."""
    text = '[bridges.bridge-1]\nkind = "files"\ncdr_zone = "Europe/Prague"\n[bridges.pbx-nova]\nkind = "files"'
    async with opened(settings_of(tmp_path, text, data=files)) as company:
        assert await known(company) == {
            "bridge-1": "files",
            "pbx-brno": "files",
            "pbx-nova": "files",
            "pbx-old": "files",
            "pbx-praha": "files",
            "simulator": "simulator",
        }


async def known(company: Company) -> dict[str, str]:
    answer = await ask(company, "{ bridges { id kind state since roomsOpen } }")
    assert answer.errors == []
    assert all(each["state"] is each["since"] is each["roomsOpen"] is None for each in answer.data["bridges"])
    return {each["id"]: each["kind"] for each in answer.data["bridges"]}


def test_check_tells_what_is_wrong_with_the_settings(tmp_path: Path) -> None:
    """As `serve` would."""
    (found,) = look_at_bridges(settings_of(tmp_path, "[bridges.b]"))
    assert (found.about, found.state) == ("bridges", State.PROBLEM)


@pytest.mark.service
class TestOnJanus:
    @pytest.fixture(autouse=True)
    def secrets(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, secret in {**SECRETS, "WRONG": "another-secret"}.items():
            monkeypatch.setenv(name, secret)

    def test_check_tells_whether_the_switch_answers(self, tmp_path: Path, janus: Janus) -> None:
        """It answers, it refuses our secret, it is dead; beside it a bridge of which only files come."""
        text = f'{janus_at(janus.admin_url)}\n[bridges.pbx-praha]\nkind = "files"'
        assert look_at_bridges(settings_of(tmp_path, text)) == [
            Finding("bridge-1", State.FINE, "its switch answers; 0 rooms"),
            Finding("pbx-praha", State.NOTE, "only its files of call records come"),
        ]
        (found,) = look_at_bridges(settings_of(tmp_path, janus_at(janus.admin_url, variable="WRONG")))
        assert (found.state, "403 UNAUTHORIZED" in found.text) == (State.PROBLEM, True)
        janus.kill()
        (found,) = look_at_bridges(settings_of(tmp_path, janus_at(janus.admin_url)))
        assert (found.state, "doesn't answer" in found.text) == (State.PROBLEM, True)


def test_bridge_is_as_configured(tmp_path: Path) -> None:
    """Its id, zone, kind and service."""
    text = janus_at("https://bridge.internal/admin", more='cdr_zone = "UTC"\nservice = "toll-free"\n')
    (found,) = configured_bridges(settings_of(tmp_path, text), SECRETS)
    assert found.bridge == Bridge("bridge-1", "UTC", "janus", "toll-free")
