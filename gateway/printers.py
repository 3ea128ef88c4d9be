"""The printers of the settings: wiring, settings -> what prints. Nothing is asked here.

Where none is named, letters are put into the folder `printed` of the data directory, as PDFs.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from gateway.config import Settings
from sources.printers import Printer, PrinterSettings, folder_printer, read
from sources.printers.ipp import IppPrinter

__all__ = ["FOLDER", "configured_printers", "open_printers"]

FOLDER = "folder"
"""The id of the printer that is there where none is named."""


def configured_printers(
    settings: Settings, environment: Mapping[str, str] | None = None
) -> tuple[PrinterSettings, ...]:
    """`[printers]`, with the passwords that it names; without any the folder. Raises ConfigError."""
    if settings.printers is not None:
        found = read(settings.printers, os.environ if environment is None else environment)
        if found:
            return found
    return (PrinterSettings(id=FOLDER, folder=Path("printed")),)


def open_printers(settings: Settings, environment: Mapping[str, str] | None = None) -> dict[str, Printer]:
    """The printers by their ids, in the settings' order; a folder's path is seen from the data directory."""
    printers: dict[str, Printer] = {}
    for each in configured_printers(settings, environment):
        if each.ipp is not None:
            printers[each.id] = IppPrinter(each.id, each.ipp)
        elif each.folder is not None:
            printers[each.id] = folder_printer(settings.data / each.folder, each.id)
    return printers
