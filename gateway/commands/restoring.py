"""`spojka restore`: a backup becomes a data directory, and what is elsewhere by config, again; all of it or nothing.

    the manifest's sums -> does it fit these tables? -> all systems are made from it together -> the directory's name

Systems with a URL may be in another kind of database than they were. What came to Spojka later than the backup was made
is made with it, as beside any company that is older.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from gateway.commands.backing_up import AUDIT, KEY, in_one_step
from gateway.commands.manifest import Manifest, read_manifest
from gateway.commands.systems import left_to_others, opened, ours, parts_of
from gateway.config import Settings
from gateway.databases import METADATA, first_rows_of_added
from gateway.unsubscribe_key import UNSUBSCRIBE_KEY
from sources.copying import fill_from, what_does_not_fit
from sources.demo import ADDED
from sources.errors import SourceError
from sources.making import create_together

__all__ = ["restore_from"]


def restore_from(folder: Path, settings: Settings) -> Manifest:
    """Raises ClickException; then nothing was restored."""
    manifest = read_manifest(folder)
    if problems := manifest.problems(folder) or list(_misfits(settings, manifest, folder)):
        raise click.ClickException("\n".join([f"{folder}: it can't be restored, and nothing was:", *problems]))
    with in_one_step(settings.data) as draft:
        for name in (AUDIT, KEY, UNSUBSCRIBE_KEY):
            if name in manifest.files:
                shutil.copy2(folder / name, draft / name)
        _make(replace(settings, data=draft), manifest, folder)
    return manifest


def _make(settings: Settings, manifest: Manifest, folder: Path) -> None:
    fills: Mapping[str, Any] = {
        name: fill_from(folder / each.file, METADATA[name]) for name, each in manifest.systems.items()
    }
    own = ours(settings)
    newer = first_rows_of_added(datetime.now(UTC).date())
    fills = {**{name: newer.get(name) for name in own if name in ADDED - settings.read_only}, **fills}
    with opened(settings, tuple(fills)) as engines:
        try:
            made = create_together(parts_of(engines, fills))
        except SourceError as error:
            raise click.ClickException(f"{error}; nothing was restored") from error
    if not made:
        there = ", ".join(name for name in fills if name in settings.urls)
        raise click.ClickException(
            f"there are tables already where {there} would be: nothing was restored; empty those databases, or name "
            "other ones in spojka.toml"
        )


def _misfits(settings: Settings, manifest: Manifest, folder: Path) -> Iterator[str]:
    """Where the backup and the settings here don't go together."""
    yield from _other_systems(ours(settings), left_to_others(settings), manifest)
    for name in settings.read_only & set(manifest.systems) - set(settings.mappings):
        yield f"{name} is in the backup, and by spojka.toml it is never written: take read_only away for now"
    for name, each in manifest.systems.items():
        if name in METADATA:
            for what in what_does_not_fit(folder / each.file, METADATA[name]):
                yield f"{name}: {what}: Spojka {manifest.spojka} made it; restore it with that one"


def _other_systems(own: Sequence[str], others: Sequence[str], manifest: Manifest) -> Iterator[str]:
    for name in manifest.systems:
        if name in others:
            yield f"{name} is in the backup, and by spojka.toml its tables are another program's: take that away"
        elif name not in own:
            yield f"{name} is in the backup, and there is no such system"
    for name in own:
        if name not in manifest.systems and name not in ADDED:
            why = manifest.left_out.get(name, "nobody said why")
            yield f"{name} is not in the backup ({why}): name its tables in spojka.toml"
