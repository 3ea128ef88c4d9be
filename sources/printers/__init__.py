"""Printers: what takes letters and puts them on paper, one job at a time and each at most once.

    printer     the protocol, and the states of jobs and printers
    folder      a folder that receives PDFs: the embedded default, which says that it is one
    ipp         CUPS or any printer that speaks IPP, over http or https
    settings    `[printers.<id>]`

At most once. `create` gives a job's id, which the caller keeps before it hands over the document by `send`. After a
crash `found` tells by id *and* name what became of the job, as a print server that lost its memory hands ids out again;
with no id, by name alone. `send` looks first whether the job has its document. What stays unclear is UNKNOWN: a person
looks at the tray, nothing is printed again by itself.
"""

from sources.printers.folder import FolderPrinter, folder_printer
from sources.printers.ipp import IppPrinter, IppSettings, ipp_printer
from sources.printers.printer import JobState, Printer, PrinterCondition, PrinterState, PrintState
from sources.printers.settings import PrinterSettings, read

__all__ = [
    "FolderPrinter",
    "IppPrinter",
    "IppSettings",
    "JobState",
    "PrintState",
    "Printer",
    "PrinterCondition",
    "PrinterSettings",
    "PrinterState",
    "folder_printer",
    "ipp_printer",
    "read",
]
