"""Directories that a command needs to write into, before anything is made there."""

import os
from pathlib import Path

__all__ = ["nearest", "why_unwritable"]


def nearest(folder: Path) -> Path:
    """The directory itself, or the one in which it would be made."""
    return next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())


def why_unwritable(folder: Path) -> str | None:
    """Why nothing can be put into a directory, which may be still to be made; None where it can."""
    place = nearest(folder)
    if not place.is_dir():
        return f"{place} is not a directory: move it away, or name another"
    if not os.access(place, os.W_OK | os.X_OK):
        return f"{place} may not be written: give Spojka's user the right"
    return None
