"""`[printers]`: what is refused at the start, with its place, and what a start makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.company import SYSTEMS
from gateway.config import ConfigError, Settings, read_settings
from gateway.printers import configured_printers, open_printers
from sources.printers import FolderPrinter, IppPrinter, IppSettings

URL = 'url = "http://127.0.0.1:631"\n'
REFUSED = [
    ("[printers.p]", "spojka.toml:1: printers.p.kind: it is missing; it is one of folder, ipp"),
    ('[printers.p]\nkind = "lpr"', "spojka.toml:2: printers.p.kind: it is none of folder, ipp"),
    ('[printers.p]\nkind = "folder"', "printers.p.path: it is missing"),
    ('[printers.p]\nkind = "folder"\npath = "x"\nqueue = "q"', "printers.p.queue: there is no such setting"),
    ('[printers.p]\nkind = "ipp"', "printers.p.url: it is missing"),
    ('[printers.p]\nkind = "ipp"\nurl = "127.0.0.1:631"', "printers.p.url: it is not an address that begins with http"),
    ('[printers.p]\nkind = "ipp"\nurl = "http://anna:word@host"', "printers.p.url: an address has no secrets"),
    (f'[printers.p]\nkind = "ipp"\n{URL}password_env = "NOTHING"', "password_env: the environment has no NOTHING"),
    (f'[printers.p]\nkind = "ipp"\n{URL}password_file = "none"', "password_file: none can't be read"),
    (
        f'[printers.p]\nkind = "ipp"\n{URL}password_file = "a"\npassword_env = "P"',
        "one of password_env and password_file",
    ),
    (f'[printers.p]\nkind = "ipp"\n{URL}ca = "none"', "printers.p.ca: none can't be read"),
    (f'[printers.p]\nkind = "ipp"\n{URL}sides = "both"', "printers.p.sides: it is none of one-sided"),
]


def settings_of(folder: Path, text: str) -> Settings:
    file = folder / "spojka.toml"
    file.write_text(text, encoding="utf-8")
    return read_settings(folder, {}, systems=tuple(SYSTEMS), file=file)


@pytest.mark.parametrize(("text", "why"), REFUSED)
def test_wrong_settings_are_refused_with_their_place(tmp_path: Path, text: str, why: str) -> None:
    """The key and the remedy; never a secret, nor an address, which may have one."""
    with pytest.raises(ConfigError) as refused:
        configured_printers(settings_of(tmp_path, text), {"P": "a-password"})
    assert why in str(refused.value)
    assert "word@" not in str(refused.value)


def test_printers_are_opened_in_order(tmp_path: Path) -> None:
    """A queue of CUPS, and a folder that is seen from the data directory."""
    text = (
        f'[printers.a]\nkind = "ipp"\n{URL}queue = "q"\npassword_env = "P"\n[printers.b]\nkind = "folder"\npath = "out"'
    )
    printers = open_printers(settings_of(tmp_path, text), {"P": " a-password\n"})
    assert list(printers) == ["a", "b"]
    a, b = printers.values()
    assert isinstance(a, IppPrinter)
    assert a.settings == IppSettings(url="http://127.0.0.1:631", queue="q", password="a-password")  # noqa: S106 - the test's own
    assert isinstance(b, FolderPrinter)
    assert b.path == tmp_path / "out"


@pytest.mark.parametrize("text", ["", "[printers]\n"])
def test_without_a_printer_there_is_a_folder(tmp_path: Path, text: str) -> None:
    """A newcomer's letters are PDFs in the data directory."""
    (printer,) = open_printers(settings_of(tmp_path, text), {}).values()
    assert isinstance(printer, FolderPrinter)
    assert (printer.id, printer.path) == ("folder", tmp_path / "printed")
