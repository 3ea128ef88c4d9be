"""The printers of the settings file, in its order; the first is the one that a campaign gets where none is named.

[printers.letters]
kind = "ipp"                               # or "folder", with a path: PDFs, and nothing on paper
url = "https://print.example.org:631"      # of a CUPS server, with a queue; without, of the printer itself
queue = "letters"                          # one for each tray
user = "spojka"
password_env = "PRINTER_PASSWORD"          # or password_file; the password itself is never written here
ca = "print-ca.crt"                        # PEM, an authority besides the usual ones
media = "iso_a4_210x297mm"
sides = "one-sided"
separator = "standard"                     # a sheet between jobs, by the server's name for it
timeout = "30 s"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from sources.printers.ipp import IppSettings

__all__ = ["KINDS", "PrinterSettings", "Written", "read"]

KINDS = ("folder", "ipp")
LONGEST_ID = 64
SIDES = ("one-sided", "two-sided-long-edge", "two-sided-short-edge")
TIMEOUT = timedelta(seconds=30)
USER = "spojka"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinterSettings:
    """One printer as it is configured: a folder's path, or how it is reached by IPP."""

    id: str
    folder: Path | None = None
    ipp: IppSettings | None = None


class Written(Protocol):
    """A table of the settings file, as gateway/section.py reads it."""

    def names(self) -> Sequence[str]: ...
    def text(self, name: str) -> str | None: ...
    def one_of(self, name: str, choices: Sequence[str], default: str) -> str: ...
    def duration(self, name: str, default: timedelta) -> timedelta: ...
    def table(self, name: str) -> Written: ...
    def refused(self, name: str, message: str) -> Exception: ...
    def refuse_unread(self) -> None: ...


def read(section: Written, environment: Mapping[str, str]) -> tuple[PrinterSettings, ...]:
    """`[printers]`. Raises what `section.refused` gives; a secret that is named and isn't there is refused."""
    found = tuple(printer_of(section, name, environment) for name in section.names())
    section.refuse_unread()
    return found


def printer_of(section: Written, id: str, environment: Mapping[str, str]) -> PrinterSettings:
    if not id.isprintable() or len(id) > LONGEST_ID:
        raise section.refused(id, f"a printer's id has 1 to {LONGEST_ID} printable characters")
    written = section.table(id)
    if written.text("kind") is None:
        raise written.refused("kind", f"it is missing; it is one of {', '.join(KINDS)}")
    if written.one_of("kind", KINDS, KINDS[0]) == "folder":
        path = written.text("path")
        if path is None:
            raise written.refused("path", "it is missing")
        return PrinterSettings(id=id, folder=Path(path))
    return PrinterSettings(id=id, ipp=ipp_of(written, environment))


def ipp_of(written: Written, environment: Mapping[str, str]) -> IppSettings:
    ca = written.text("ca")
    if ca is not None and not Path(ca).is_file():
        raise written.refused("ca", f"{ca} can't be read")
    return IppSettings(
        url=url_of(written),
        queue=written.text("queue"),
        user=written.text("user") or USER,
        password=password_of(written, environment),
        ca=ca,
        media=written.text("media"),
        sides=written.one_of("sides", SIDES, SIDES[0]) if written.text("sides") else None,
        separator=written.text("separator"),
        timeout=written.duration("timeout", TIMEOUT).total_seconds(),
    )


def url_of(written: Written) -> str:
    url = written.text("url")
    if url is None:
        raise written.refused("url", "it is missing")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise written.refused("url", "it is not an address that begins with http:// or https://")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise written.refused("url", "an address has no secrets and no question in it: leave them out")
    return url


def password_of(written: Written, environment: Mapping[str, str]) -> str | None:
    variable, file = written.text("password_env"), written.text("password_file")
    if variable is not None and file is not None:
        raise written.refused("password_env", "the password comes from one of password_env and password_file: name one")
    if variable is not None:
        if not (secret := environment.get(variable, "").strip()):
            raise written.refused("password_env", f"the environment has no {variable}")
        return secret
    if file is None:
        return None
    try:
        secret = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise written.refused("password_file", f"{file} can't be read") from error
    if not secret:
        raise written.refused("password_file", f"{file} is empty")
    return secret
