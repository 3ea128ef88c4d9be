"""`spojka backup`: what Spojka owns, as it is at one time, into a directory that `spojka restore` takes.

    snapshots of all systems -> a file for each -> audit log, keys -> sums -> manifest -> the directory gets its name

Nothing has to stand still for it. Until it is whole the directory has another name, and is gone where it fails.
"""

import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from gateway.commands.manifest import BackedUp, Manifest, sum_of
from gateway.commands.systems import is_nowhere, left_to_others, never_made, opened, ours, parts_of
from gateway.config import Settings
from gateway.unsubscribe_key import UNSUBSCRIBE_KEY
from sources.copying import Copied, copy_together
from sources.errors import SourceError

__all__ = ["AUDIT", "KEY", "back_up", "in_one_step"]

AUDIT, KEY = "audit.log", "doors.key"
_PRIVATE = 0o600
_CHUNK = 1 << 20


def back_up(settings: Settings, folder: Path, *, with_key: bool) -> Manifest:
    """Raises ClickException; then there is no directory that looks like a backup."""
    with in_one_step(folder) as draft:
        with opened(settings, ours(settings)) as engines:
            if is_nowhere(engines):
                raise click.ClickException(
                    f"nothing of Spojka's is in {settings.data} or where spojka.toml has it: name another --data, or "
                    "start `spojka serve` once, which makes it; nothing was backed up"
                )
            newer = never_made(engines)
            parts = [part for part in parts_of(engines) if part.system not in newer]
            try:
                copied = copy_together(parts, draft)
            except SourceError as error:
                raise click.ClickException(f"{error}; nothing was backed up, and `spojka check` says more") from error
        _copy_lines(settings.data / AUDIT, draft / AUDIT)
        if (settings.data / UNSUBSCRIBE_KEY).exists():
            _copy_key(settings.data / UNSUBSCRIBE_KEY, draft / UNSUBSCRIBE_KEY)
        if with_key:
            _copy_key(settings.data / KEY, draft / KEY)
        manifest = Manifest(
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            systems={each.system: _told(each) for each in copied},
            left_out=_left_out(settings, newer, with_key=with_key),
            files={file.name: sum_of(file) for file in sorted(draft.iterdir())},
        )
        manifest.write(draft)
    return manifest


@contextmanager
def in_one_step(folder: Path) -> Iterator[Path]:
    """A directory to fill, which becomes `folder` when all went well. ClickException where that is not empty."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise click.ClickException(f"{folder} is there and not empty: name a directory that isn't")
    draft = folder.absolute().with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        draft.parent.mkdir(parents=True, exist_ok=True)
        draft.mkdir(mode=0o700)
        try:
            yield draft
            _sync_all(draft)
            draft.rename(folder)
            _sync(folder.absolute().parent)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
    except OSError as error:
        raise click.ClickException(
            f"{folder} can't be written ({error.strerror}): nothing is left of it; choose another place"
        ) from error


def _told(copied: Copied) -> BackedUp:
    return BackedUp(copied.file.name, copied.kind, copied.rows)


def _left_out(settings: Settings, newer: Sequence[str], *, with_key: bool) -> Mapping[str, str]:
    theirs = "its tables are another program's: back them up with that program"
    left_out = dict.fromkeys(left_to_others(settings), theirs)
    left_out |= dict.fromkeys(newer, "it is newer than this company, which hasn't it yet: `spojka serve` makes it")
    left_out["spojka.toml"] = "settings and the secrets beside them are yours: keep them with a backup of your own"
    if settings.doors.jwks is None and not with_key:
        left_out[KEY] = "whoever has it can be anybody, so only --with-key takes it along; without it the tokens that "
        left_out[KEY] += "it signed are worth nothing where the backup is restored, and another key is made there"
    return left_out


def _copy_lines(source: Path, target: Path) -> None:
    """The whole lines that a log has now."""
    try:
        opened_source = source.open("rb")
    except FileNotFoundError:
        return
    with opened_source as lines, os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "wb") as to:
        left = os.fstat(lines.fileno()).st_size
        while left and (chunk := lines.read(min(left, _CHUNK))):
            to.write(chunk)
            left -= len(chunk)
    _cut_to_lines(target)


def _cut_to_lines(file: Path) -> None:
    with file.open("rb+") as opened_file:
        end = opened_file.seek(0, os.SEEK_END)
        while end:
            begin = max(0, end - _CHUNK)
            opened_file.seek(begin)
            last = opened_file.read(end - begin).rfind(b"\n")
            if last >= 0:
                end = begin + last + 1
                break
            end = begin
        opened_file.truncate(end)


def _copy_key(source: Path, target: Path) -> None:
    if not source.exists():
        raise click.ClickException(f"--with-key: there is no {source}: leave --with-key out")
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "wb") as to:
        to.write(source.read_bytes())


def _sync_all(folder: Path) -> None:
    for file in folder.iterdir():
        _sync(file)
    _sync(folder)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
