"""`spojka init`: a `spojka.toml` that says all there is to set, and sets nothing."""

from importlib.resources import files
from pathlib import Path

import click

from gateway.config import CONFIG

__all__ = ["TEMPLATE", "init"]

TEMPLATE = (files("gateway") / "commands" / "settings.toml").read_text(encoding="utf-8")


@click.command()
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("data"),
    show_default=True,
    help="The data directory to be used; nothing is made in it.",
)
def init(data: Path) -> None:
    """Write a spojka.toml with every setting, commented out, into the current directory."""
    try:
        with CONFIG.open("x", encoding="utf-8") as opened:
            opened.write(TEMPLATE)
    except FileExistsError as error:
        raise click.ClickException(
            f"{CONFIG} is there already: it is left as it is; move it away for a new one"
        ) from error
    except OSError as error:
        raise click.ClickException(f"{CONFIG} can't be written ({error.strerror}): choose another directory") from error
    given = "" if data == Path("data") else f" --data {data}"
    click.echo(f"{CONFIG} is written: every setting is in it, none is set")
    click.echo(f"look at everything with `spojka check{given}`, start with `spojka serve{given}`")
