"""Bounces in a maildir, as the mail server of this machine delivers them.

What has been acknowledged goes into its folder `.bounces-kept`, what is no bounce or can't be read into
`.bounces-aside`: renamed, so nothing is ever half there, and any mail program shows it. `tmp` is the deliverer's.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Sequence
from pathlib import Path

from sources.errors import PostUnavailable
from sources.post.bounces import LARGEST, MOST_AT_ONCE, Bounce, BounceReader, NoBounce, read_report
from sources.post.mailer import Origin

__all__ = ["ASIDE", "KEPT", "maildir_bounces"]

KEPT = "bounces-kept"
ASIDE = "bounces-aside"

_log = logging.getLogger("spojka.post")


def maildir_bounces(path: Path, *, origin: Origin) -> BounceReader:
    """The reader of the maildir `path`, which has `new` and `cur`."""
    return _MaildirBounces(path, origin)


class _MaildirBounces:
    def __init__(self, path: Path, origin: Origin) -> None:
        self._path = path
        self._origin = origin

    async def bounces(self) -> Sequence[Bounce]:
        return await asyncio.to_thread(self._read)

    async def opened(self) -> str:
        found = await asyncio.to_thread(self._files)
        if not os.access(self._path, os.W_OK | os.X_OK):
            raise PostUnavailable("the mailbox of bounces can't be written")
        return f"the maildir {self._path}, messages to read: {len(found)}"

    async def acknowledge(self, bounces: Sequence[Bounce]) -> None:
        await asyncio.to_thread(self._keep, {each.key for each in bounces})

    def _read(self) -> list[Bounce]:
        found: list[Bounce] = []
        for file in self._files()[:MOST_AT_ONCE]:
            try:
                read = self._bounces_in(file)
            except FileNotFoundError:
                continue  # another reader, or a mail program, was quicker
            except OSError as error:
                _log.warning("a message in the mailbox of bounces can't be read (%s): %s", error.strerror, file.name)
                self._move(file, ASIDE)
                continue
            except NoBounce as other:
                _log.info("a message is set aside from the mailbox of bounces, as %s: %s", other, file.name)
                self._move(file, ASIDE)
                continue
            except Exception:  # whatever a stranger's message does to the parser, the others are read
                _log.exception("a message in the mailbox of bounces can't be understood: %s", file.name)
                self._move(file, ASIDE)
                continue
            found += read
            if not read:
                self._move(file, KEPT)
        return found

    def _bounces_in(self, file: Path) -> list[Bounce]:
        with file.open("rb") as opened:
            content = opened.read(LARGEST + 1)
        return read_report(content, key=_key(file), origin=self._origin)

    def _keep(self, keys: set[str]) -> None:
        for file in self._files():
            if _key(file) in keys:
                self._move(file, KEPT)

    def _files(self) -> list[Path]:
        """The oldest first: names begin with a time."""
        try:
            found = [each for part in ("new", "cur") for each in (self._path / part).iterdir()]
        except OSError as error:
            raise PostUnavailable(f"the mailbox of bounces can't be read ({error.strerror})") from error
        return sorted((each for each in found if not each.name.startswith(".")), key=lambda each: each.name)

    def _move(self, file: Path, folder: str) -> None:
        target = self._path / f".{folder}"
        try:
            for part in ("tmp", "new", "cur"):
                (target / part).mkdir(parents=True, exist_ok=True)
            (target / "maildirfolder").touch()
            name = file.name if ":2," in file.name else f"{file.name}:2,"
            file.rename(target / "cur" / name)
        except FileNotFoundError:
            return
        except OSError as error:
            raise PostUnavailable(f"the mailbox of bounces can't be written ({error.strerror})") from error


def _key(file: Path) -> str:
    """The unique part of the name; what follows are flags, which mail programs change."""
    return file.name.partition(":")[0]
