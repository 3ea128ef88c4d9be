"""`spojka map`: a database that exists is looked at, and a part of `spojka.toml` that maps it is proposed."""

from pathlib import Path

import click

from gateway import company
from gateway.commands.reading import settings_for
from gateway.config import Settings
from gateway.databases import requirement
from sources.engines import open_engines
from sources.faults import DATABASE_ERRORS, as_source_error
from sources.proposing import Database, matched, proposal, readable, undecided, without_password

__all__ = ["map_"]


@click.command("map")
@click.argument("system", type=click.Choice(sorted(set(company.SYSTEMS) - {"mailing", "processes"})))
@click.option("--url", help="The database: postgresql://..., mariadb://... or sqlite:///FILE; else what is set.")
@click.option("--schema", help="The schema of its tables, where it is not the usual one.")
@click.option("--data", type=click.Path(path_type=Path), default=Path("data"), show_default=True, hidden=True)
def map_(system: str, url: str | None, schema: str | None, data: Path) -> None:
    """Look at a database and print how SYSTEM may be mapped to it, for spojka.toml.

    What is sure by names and types stands there; what somebody has to decide, like the meaning of codes or the unit of
    whole numbers, is commented out with what was found. Nothing is written anywhere.
    """
    settings = settings_for(data)
    lines, open_questions = _proposed(system, url or _set(system, settings), schema)
    for line in lines:
        click.echo(line)
    if open_questions:
        click.echo(f"{len(open_questions)} to be decided: {', '.join(open_questions)}", err=True)
    else:
        click.echo("complete: look it over, put it into spojka.toml, and let `spojka check` try it", err=True)


def _set(system: str, settings: Settings) -> str:
    if system not in settings.urls:
        raise click.UsageError(f"which database? Give --url, or set systems.{system}.url in spojka.toml")
    return settings.urls[system]


def _proposed(system: str, url: str, schema: str | None) -> tuple[list[str], list[str]]:
    try:
        engines = open_engines(url)
    except ValueError as error:
        raise click.UsageError(f"--url: {error}") from error
    try:
        found = readable(engines.read, schema)
        if not found:
            raise click.ClickException(
                "there is no table or view that may be read: name another --schema, or give Spojka's user the right"
            )
        looking = Database(engines.read)
        matches = matched(requirement(system), found, looking)
        return list(proposal(system, without_password(url), matches, looking)), undecided(matches)
    except DATABASE_ERRORS as error:
        cause = str(getattr(error, "orig", error)).strip()
        raise click.ClickException(f"{as_source_error(system, error)}\n{cause}") from error
    finally:
        engines.dispose()
