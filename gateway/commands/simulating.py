"""The command `spojka bridge-simulator`: a bridge that is none, as a process of its own on this machine.

`spojka serve` starts it where no bridge is configured. It needs no database: its rooms and calls are in a file of its
own, and it tells of calls in the bridge's spool, as `spojka bridge-events` does for a real switch.
"""

import asyncio
import hmac
import json
import os
import secrets
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import click
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.bridges import place_of_simulator
from gateway.commands.listening import listening
from gateway.commands.receiving import spool_of
from gateway.http.serving import serve_until_stopped
from sources.bridge.spooling.spool import Spool, Spooler, SpoolInUse
from sources.bridge.switches.simulator.seam import Place, announce, answered, withdraw
from sources.bridge.switches.simulator.simulator import Simulator

__all__ = ["bridge_simulator", "make_simulator"]

BODY_BYTES = 1_000_000
TRY_AGAIN_SECONDS = 1.0


@click.command("bridge-simulator")
@click.option("--bridge", default="simulator", show_default=True, help="The bridge's id, as in [bridges].")
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0 takes any free port.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("data"),
    show_default=True,
    help="The directory in which its state and the spool are.",
)
@click.option(
    "--beside", is_flag=True, hidden=True, help="End when standard input is closed: whoever started it is gone."
)
def bridge_simulator(bridge: str, port: int, data: Path, beside: bool) -> None:
    """Simulate a bridge, for who has none: rooms are made on it, and `simulateCall` has people call there.

    Nobody is called. It listens on this machine alone, and asks for a secret that is in DATA/simulator.
    """
    if beside:
        threading.Thread(target=_end_with_input, daemon=True).start()
    place = place_of_simulator(data, bridge)
    spool = _spool(data, bridge, waits=beside)
    with listening("127.0.0.1", port) as listener:
        secret = secrets.token_urlsafe(24)
        announce(place, Place(f"http://127.0.0.1:{listener.getsockname()[1]}", secret))
        try:
            app = make_simulator(place.with_suffix(".json"), spool, secret=secret)
            greeting = f"Bridge {bridge} is simulated at {{url}}/"
            serve_until_stopped(app, listener, say=click.echo, greeting=greeting)
        finally:
            withdraw(place)


def make_simulator(state: Path, spool: Spool, *, secret: str) -> Starlette:
    """The simulator as an application; it plays for as long as the application lives."""
    spooler = Spooler(spool)
    simulator = Simulator(state, spooler)

    async def answer(request: Request) -> Response:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {secret}".encode()):
            return Response(status_code=401)
        if int(request.headers.get("content-length") or BODY_BYTES + 1) > BODY_BYTES:
            return Response(status_code=413)
        try:
            asked: dict[str, Any] = json.loads(await request.body())
            found = answered(simulator, request.path_params["what"], asked)
        except (ValueError, KeyError, TypeError):
            return Response(status_code=422)
        return Response(status_code=404) if found is None else JSONResponse(found)

    @asynccontextmanager
    async def playing(_: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(simulator.play())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await spooler.close()

    return Starlette(routes=[Route("/{what}", answer, methods=["POST"])], lifespan=playing)


def _spool(data: Path, bridge: str, *, waits: bool) -> Spool:
    """The bridge's spool. Another simulator may have it; who was started beside a server waits for its end."""
    while True:
        try:
            return Spool(spool_of(data, bridge))
        except SpoolInUse as error:
            if not waits:
                raise click.ClickException(str(error)) from error
            time.sleep(TRY_AGAIN_SECONDS)
        except ValueError as error:
            raise click.ClickException(str(error)) from error
        except OSError as error:
            raise click.ClickException(f"{data}: the spool can't be written there ({error.strerror})") from error


def _end_with_input() -> None:
    """Whoever started it holds the other end of its input; read below the lock of Python that an exit waits for."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    signal.raise_signal(signal.SIGTERM)
