"""`spojka check` on other programs' databases: the mapping, and what is read through it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from gateway.company import open_company
from tests.foreign.conftest import FOREIGN, Foreign
from tests.foreign.loading import FOLDER

KINDS = ("postgresql", "mariadb")


@pytest.fixture(params=KINDS)
def foreign(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Foreign:
    """The other programs' databases, and a directory with the settings that map them."""
    found: Foreign = request.getfixturevalue(f"foreign_{request.param}")
    monkeypatch.chdir(tmp_path)
    for system, url in found.urls.items():
        monkeypatch.setenv(f"SPOJKA_{system.upper()}_URL", url)
    written(found)
    return found


def written(foreign: Foreign, old: str = "", new: str = "") -> None:
    """The settings file, with `new` in place of `old`."""
    text = (FOLDER / f"{foreign.kind}.toml").read_text(encoding="utf-8")
    assert old in text
    Path("spojka.toml").write_text(text.replace(old, new, 1), encoding="utf-8")


def check() -> Result:
    return CliRunner().invoke(main, ["check"])


def of_system(result: Result, system: str) -> list[str]:
    return [line for line in result.output.splitlines() if line.startswith(f"{system} ")]


def test_what_is_mapped_well_is_said_to_be(foreign: Foreign) -> None:
    """Before Spojka's own systems are made, and after; then accounts that are no client's are counted."""
    before = check()
    assert before.exit_code == 0, before.output
    for system in FOREIGN:
        assert "another program's tables, as spojka.toml maps them; only read" in of_system(before, system)[0]
    assert "the first start makes it, empty" in of_system(before, "bridge")[0]


def test_accounts_that_are_no_clients_are_counted(foreign: Foreign, tmp_path: Path) -> None:
    """From the column of the accountants' that names the client, with those of the same numbers in the CRM."""
    company = open_company(foreign.settings(tmp_path / "data"))
    for database in company.databases.values():
        database._close()
    told = of_system(check(), "links")[1]
    assert "3 of 282 accounts are no client's; `spojka link proposals` knows of 2 whose they may be" in told


@pytest.mark.parametrize(
    ("column", "wrong", "message"),
    [
        ("_nazev", "_jmeno", "near it: "),
        ("_souhlas", "_ico", "code"),
    ],
)
def test_a_column_that_is_not_what_is_said_is_named(foreign: Foreign, column: str, wrong: str, message: str) -> None:
    """With its line, and what was found near it; also where only the values are others."""
    if foreign.kind == "mariadb":
        column, wrong = column.upper(), wrong.upper()
    prefix = "KLI" if foreign.kind == "mariadb" else "kli"
    written(foreign, f'"{prefix}{column}"', f'"{prefix}{wrong}"')
    result = check()
    assert result.exit_code == 1
    [line] = of_system(result, "sales")
    assert "PROBLEM  spojka.toml:" in line
    assert message in line
    assert "Traceback" not in result.output
