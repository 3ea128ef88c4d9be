"""The commands `spojka backup` and `spojka restore`."""

from pathlib import Path

import click

from gateway.commands.backing_up import KEY, back_up
from gateway.commands.manifest import NAME
from gateway.commands.reading import settings_for
from gateway.commands.restoring import restore_from
from processes.rules.counts import counted

__all__ = ["backup", "restore"]

_FOLDER = click.Path(file_okay=False, path_type=Path)
_DATA = click.option("--data", type=_FOLDER, default=Path("data"), show_default=True, help="The data directory.")


@click.command()
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option("--with-key", is_flag=True, help="Take the key along that signs tokens: keep the backup safe then.")
@_DATA
def backup(folder: Path, with_key: bool, data: Path) -> None:
    """Copy all that Spojka owns into DIR, as it is now; a server may go on serving.

    Systems in any database become SQLite files there; the audit log comes along. What another program owns, and the
    settings, do not: what was left out is said.
    """
    manifest = back_up(settings_for(data), folder, with_key=with_key)
    for name, each in manifest.systems.items():
        click.echo(f"{name}: {counted(sum(each.rows.values()), 'row')} from {each.kind}")
    for name, why in manifest.left_out.items():
        click.echo(f"left out: {name}: {why}")
    if KEY in manifest.files:
        click.echo(f"warning: {folder / KEY} signs tokens: whoever reads it can be anybody", err=True)
    click.echo(f"{folder} is a backup; its sums are in {NAME}")


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@_DATA
def restore(folder: Path, data: Path) -> None:
    """Make the data directory from the backup in DIR; one that is not empty is refused.

    A system that has a url in spojka.toml is put there, whatever database it was in; where its tables are already,
    nothing is restored.
    """
    manifest = restore_from(folder, settings_for(data))
    for name, each in manifest.systems.items():
        click.echo(f"{name}: {counted(sum(each.rows.values()), 'row')}")
    if KEY not in manifest.files:
        click.echo("the key that signs tokens was not in it: another one is made at the first start")
    click.echo(f"{data} is as it was at {manifest.made_at}")
