"""The command `spojka bridge-events`: keeps what a bridge's switch posts, and acknowledges it only then.

It needs no database and no other part of Spojka, so it goes on when all of them stand still. `spojka work` reads what
it keeps, from `spool/BRIDGE` in the data directory.
"""

import asyncio
import os
import re
import signal
import socket
from pathlib import Path

import click

from gateway.commands.listening import is_loopback, listening
from sources.bridge.spooling.receiver import receiving
from sources.bridge.spooling.spool import Spool, Spooler, SpoolInUse

__all__ = ["bridge_events", "spool_of"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def spool_of(data: Path, bridge: str) -> Path:
    """The folder of a bridge's spool. ValueError for an id that is no folder's name."""
    if not _NAME.fullmatch(bridge):
        raise ValueError(f"{bridge!r}: a bridge whose events are kept has an id of letters, digits, dots and dashes")
    return data / "spool" / bridge


@click.command("bridge-events")
@click.option("--bridge", required=True, help="The bridge's id, as in [bridges] of spojka.toml.")
@click.option("--listen", default="127.0.0.1:6012", show_default=True, help="ADDRESS:PORT; port 0 takes any free one.")
@click.option("--secret-env", metavar="NAME", help="The environment variable with the switch's password (Basic).")
@click.option("--open", "for_all", is_flag=True, help="Ask for no password: on this machine's own addresses only.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("data"),
    show_default=True,
    help="The directory in which the spool is.",
)
def bridge_events(bridge: str, listen: str, secret_env: str | None, for_all: bool, data: Path) -> None:
    """Keep the events of a Janus (sampleevh, HTTP POST) until `spojka work` has read them.

    What can't be kept is not acknowledged: Janus sends it again. Give Janus `backend_pwd`, and `max_retransmissions` of
    12 or more.
    """
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise click.UsageError(f"--listen {listen}: it is no ADDRESS:PORT, like 127.0.0.1:6012")
    secret = _secret(secret_env, is_open=for_all and is_loopback(host))
    try:
        spool = Spool(spool_of(data, bridge))
    except (ValueError, SpoolInUse) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{data}: the spool can't be written there ({error.strerror})") from error
    with listening(host, int(port)) as listener:
        asyncio.run(_receive(listener, spool, secret, bridge))


def _secret(variable: str | None, *, is_open: bool) -> str | None:
    """Whoever can post can make calls up, so that nobody may without a secret unless it is said."""
    if variable is None and not is_open:
        raise click.UsageError(
            "nothing tells the switch from others: give --secret-env NAME, or --open on 127.0.0.1 of a machine that is "
            "nobody else's"
        )
    if variable is None:
        return None
    if secret := os.environ.get(variable, ""):
        return secret
    raise click.UsageError(f"--secret-env {variable}: the environment has no {variable}")


async def _receive(listener: socket.socket, spool: Spool, secret: str | None, bridge: str) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    host, port = listener.getsockname()[:2]
    async with receiving(listener, Spooler(spool), secret=secret):
        click.echo(f"Events of bridge {bridge} are kept at http://{host}:{port}/ (Ctrl+C stops it)")
        await stop.wait()
