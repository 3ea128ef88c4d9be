"""`spojka map`: what it proposes is what a person wrote by hand, and what it can't know it leaves to be decided."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gateway.commands.mapping import map_
from gateway.company import SYSTEMS
from gateway.config import Settings, read_settings
from gateway.databases import mapped, open_database
from sources.mapping.mapped import problems_of
from tests.company import opened
from tests.foreign.conftest import FOREIGN, PASSWORD, PROGRAMS, Foreign
from tests.foreign.loading import FOLDER
from tests.gateway.commands.test_backups import answers

KINDS = ("postgresql", "mariadb")
MEANINGS = ("unit", "codes", "zone", "format")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nobody's spojka.toml is read."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(params=KINDS)
def foreign(request: pytest.FixtureRequest) -> Foreign:
    """The other programs' databases, of either kind."""
    found: Foreign = request.getfixturevalue(f"foreign_{request.param}")
    return found


def proposed(foreign: Foreign, system: str) -> Result:
    schema = ["--schema", PROGRAMS[system]] if foreign.kind == "postgresql" else []
    return CliRunner().invoke(map_, [system, "--url", foreign.urls[system], *schema])


def decided(text: str) -> str:
    """Everything that is commented out taken as it is proposed."""
    return re.sub(r"^# (?=[\w\[]+ =)", "", text, flags=re.MULTILINE)


def mapped_columns(text: str, system: str) -> Iterator[tuple[str, str, str]]:
    """(table, column, which of the database's columns) of a settings file."""
    for name, table in tomllib.loads(text)["systems"][system]["tables"].items():
        for column, written in table.get("columns", {}).items():
            physical = written if isinstance(written, str) else written.get("column")
            if physical is not None:
                yield f"{table['table']}, {name}", column, physical


@pytest.mark.parametrize("system", FOREIGN)
def test_each_table_and_column_is_found(foreign: Foreign, system: str) -> None:
    """All that a person mapped by hand, and nothing that they didn't."""
    by_hand = (FOLDER / f"{foreign.kind}.toml").read_text(encoding="utf-8")
    result = proposed(foreign, system)
    assert result.exit_code == 0, result.output
    assert sorted(mapped_columns(decided(result.stdout), system)) == sorted(mapped_columns(by_hand, system))


@pytest.mark.parametrize("system", FOREIGN)
def test_no_meaning_is_guessed(foreign: Foreign, system: str, folder: Path) -> None:
    """What would be read with another meaning is commented out, and named; the rest is understood as it stands."""
    result = proposed(foreign, system)
    (folder / "spojka.toml").write_text(result.stdout, encoding="utf-8")
    settings = read_settings(folder, {}, systems=tuple(SYSTEMS), file=folder / "spojka.toml")
    assert mapped(system, settings)
    for table in tomllib.loads(result.stdout)["systems"][system]["tables"].values():
        for column in table.get("columns", {}).values():
            assert isinstance(column, str) or not set(column) & set(MEANINGS)
    assert "to be decided: " in result.stderr
    assert PASSWORD not in result.output


def test_what_is_to_be_decided_is_said(foreign_mariadb: Foreign) -> None:
    """With what was found: the type, the codes that are there, rows that are marked or lack something."""
    sales = proposed(foreign_mariadb, "sales").stdout
    assert (
        '# status = { column = "SML_STAV", codes = { "0" = "?", "1" = "?", "9" = "?" } }  '
        "# tinyint(4): codes: what does each mean?; one of DRAFT, SIGNED, TERMINATED" in sales
    )
    assert '# where = { "KLI_SMAZANO" = 0 }  # are other rows deleted ones?' in sales
    assert 'vat_number = { column = "KLI_DIC", none = "" }' in sales
    assert '# zone = { constant = "Europe/Prague" }  # nothing like it was found' in sales
    links = proposed(foreign_mariadb, "links")
    assert '# present = ["crm_id", "crm_od"]  # some rows have none' in links.stdout
    assert "3 to be decided: account_links (rows without client)" in links.stderr
    assert '# absent = true  # nothing like it was found; is it one of "HOVORY 2024+", ' in links.stdout


async def test_proposal_for_tables_with_our_own_names_is_complete(
    made_on_postgresql: dict[str, str], folder: Path
) -> None:
    """Used as it is printed, the documents are answered as ever."""
    text, urls = "", {}
    for system in ("sales", "billing", "links", "reservations", "bridge"):
        result = CliRunner().invoke(map_, [system, "--url", made_on_postgresql[system]])
        assert "complete: " in result.stderr, result.stderr
        text += result.stdout
        urls[f"SPOJKA_{system.upper()}_URL"] = made_on_postgresql[system]
    (folder / "spojka.toml").write_text(text, encoding="utf-8")
    settings = read_settings(folder / "data", urls, systems=tuple(SYSTEMS), file=folder / "spojka.toml")
    for system in settings.mappings:
        database = open_database(system, settings)
        assert database.mapped
        assert problems_of(database.mapped.requirement, database.engines.read, database.mapped.mapping) == []
        await database.close()
    assert await answers(settings) == await answers(Settings(data=folder, urls=made_on_postgresql))
    async with opened(settings) as company:
        assert company.databases["sales"].is_read_only


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["sales"], 2, "which database? Give --url, or set systems.sales.url"),
        (["processes", "--url", "sqlite:///x"], 2, "'processes' is not one of"),
        (["sales", "--url", "oracle://somewhere"], 2, "--url: "),
        (["sales", "--url", "sqlite:///absent.sqlite"], 1, "sales is not available"),
        (["sales", "--url", "postgresql://somebody:secret@127.0.0.1:1/crm"], 1, "sales is not available"),
        (["sales", "--url", "sqlite:///empty.sqlite"], 1, "there is no table or view that may be read"),
    ],
)
def test_what_cant_be_looked_at_is_said(folder: Path, arguments: list[str], status: int, message: str) -> None:
    """In a line, without a password."""
    (folder / "empty.sqlite").touch()
    result = CliRunner().invoke(map_, arguments)
    assert result.exit_code == status
    assert message in result.output
    assert "secret" not in result.output


def test_values_of_meanings_are_any(foreign_postgresql: Foreign) -> None:
    """The proposal is TOML whatever a table is called, also with everything decided."""
    for system in FOREIGN:
        text = decided(proposed(foreign_postgresql, system).stdout)
        tables: dict[str, Any] = tomllib.loads(text)["systems"][system]["tables"]
        assert tables
