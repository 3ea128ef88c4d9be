"""Settings are read once; a wrong one is refused with its key and its place."""

from pathlib import Path

import pytest

from gateway.config import ConfigError, Settings, read_settings
from gateway.limits import Limits

SYSTEMS = ("sales", "billing")
URL = "postgresql://spojka:secret@localhost/billing"


def _read(tmp_path: Path, text: str | None = None, **environment: str) -> Settings:
    file = tmp_path / "spojka.toml"
    if text is not None:
        file.write_text(text)
    return read_settings(tmp_path, environment, systems=SYSTEMS, file=file if text is not None else None)


def test_system_without_url_has_its_file_in_the_data_directory(tmp_path: Path) -> None:
    """Nothing need be set."""
    settings = _read(tmp_path)
    assert settings.url_of("billing") == f"sqlite:///{tmp_path}/billing.sqlite"
    assert settings.limits == Limits()


def test_file_and_environment_name_databases(tmp_path: Path) -> None:
    """The environment wins over the file."""
    text = f'[systems.sales]\nurl = "sqlite:///sales.db"\n[systems.billing]\nurl = "{URL}"\n[limits]\nbody_bytes = 5\n'
    settings = _read(tmp_path, text, SPOJKA_SALES_URL="postgresql:///sales", PATH="/bin")
    assert settings.urls == {"sales": "postgresql:///sales", "billing": URL}
    assert settings.limits == Limits(body_bytes=5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[systems.billing]\n\nurl = 5", "spojka.toml:3: systems.billing.url: it is not a database's URL"),
        ('[systems.billing]\nurl = "mysql://me:secret@x/y"', "spojka.toml:2: systems.billing.url: it is not a"),
        ('[systems.biling]\nurl = "x"', "spojka.toml:1: systems.biling: there is no such system; there are sales, b"),
        ('[systems.billing]\nurk = "x"', "spojka.toml:2: systems.billing.urk: there is no such setting"),
        ("systems = 1", "spojka.toml:1: systems: it is not a table"),
        ("[systems]\nbilling = 1", "spojka.toml:2: systems.billing: it is not a table"),
        ("[limits]\nbody_bytes = 0", "spojka.toml:2: limits.body_bytes: it is not a whole number above 0"),
        ("limits.body_bytes = true", "spojka.toml:1: limits.body_bytes: it is not a whole number above 0"),
        ("[limits]\ntokens = 1", "spojka.toml:2: limits.tokens: there is no such setting; there are body_bytes, "),
        ("[door]\nopen = true", "spojka.toml:1: door: there is no such setting; there are "),
        ("a = = 1", "spojka.toml: it is not TOML in UTF-8: Invalid value (at line 1"),
        ('"door" = 1', "spojka.toml: door: there is no such setting"),
    ],
)
def test_wrong_setting_in_the_file_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    """The message says where to look; no password is in it."""
    with pytest.raises(ConfigError) as refusal:
        _read(tmp_path, text)
    assert str(refusal.value).startswith(message)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("SPOJKA_BILING_URL", URL, "SPOJKA_BILING_URL in the environment: there is no such system; there are SPOJKA_"),
        ("SPOJKA_BILLING_URL", "localhost:secret", "SPOJKA_BILLING_URL in the environment: it is not a database's"),
    ],
)
def test_wrong_setting_in_the_environment_is_refused_by_name(
    tmp_path: Path, name: str, value: str, message: str
) -> None:
    """A misspelt name is not passed over in silence."""
    with pytest.raises(ConfigError) as refusal:
        _read(tmp_path, **{name: value})
    assert str(refusal.value).startswith(message)
    assert "secret" not in str(refusal.value)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    """A file that was named has to be there."""
    with pytest.raises(ConfigError, match=r"absent\.toml: it can't be read"):
        read_settings(tmp_path, {}, systems=SYSTEMS, file=tmp_path / "absent.toml")
