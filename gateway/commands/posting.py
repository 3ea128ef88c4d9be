"""Where a switch posts its call records: `spojka feed --listen` keeps each as a file before it is acknowledged."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import click

from gateway.commands.listening import is_loopback, listening
from sources.bridge.spooling.receiver import receiving
from sources.feeds.posted import PostedRecords

__all__ = ["records_posted"]


@asynccontextmanager
async def records_posted(address: str, folder: Path, secret: str | None, is_open: bool) -> AsyncIterator[str]:
    """Takes records at `address` (HOST:PORT) into `folder` while the context lasts; gives the URL it listens at.

    What can't be kept is not answered: the switch then tries it again. Whoever can post can make calls up: so without a
    secret only where it `is_open`, and on this machine's own addresses.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise click.UsageError(f"--listen {address}: it is no HOST:PORT, like 127.0.0.1:8090")
    if secret is None and not (is_open and is_loopback(host.strip("[]"))):
        raise click.UsageError(
            f"--listen {address}: nothing tells the switch from others: set SPOJKA_FEED_SECRET to what it gives as its "
            "password (cred), or give --open on 127.0.0.1 of a machine that is nobody else's"
        )
    with listening(host.strip("[]"), int(port)) as listener:
        bound = listener.getsockname()[1]
        async with receiving(listener, PostedRecords(folder), secret=secret):
            yield f"http://{host}:{bound}/"
