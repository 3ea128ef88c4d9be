"""The live bridges of the settings are watched while `spojka work` works: their spools read, their rooms polled.

Each switch is asked by connections of its own here. It tells who is silent at a look; how long a leg may be silent is
for the watch to decide, and billing stops where it was last heard.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path

from gateway.bridges import configured_bridges, open_switches
from gateway.commands.receiving import spool_of
from gateway.config import ConfigError, Settings
from sources.bridge.calls.settling import CallRules
from sources.bridge.calls.watch import BridgeWatch, WatchTimes
from sources.database import Database

__all__ = ["watching_bridges"]


def _spool(settings: Settings, bridge: str) -> Path:
    try:
        return spool_of(settings.data, bridge)
    except ValueError as error:
        raise ConfigError(str(error)) from error


@asynccontextmanager
async def watching_bridges(
    settings: Settings, database: Database, *, clock: Callable[[], datetime]
) -> AsyncIterator[None]:
    """Every configured bridge that has a switch, in the system bridge's `database`. Raises ConfigError."""
    async with AsyncExitStack() as stack:
        for each in configured_bridges(settings):
            if not each.is_live or database.is_read_only:
                continue
            id = each.bridge.id
            switch = open_switches([each], settings.data)[id]
            stack.push_async_callback(switch.close)
            watch = BridgeWatch(
                database,
                id,
                switch=switch,
                spool=_spool(settings, id),
                rules=CallRules(service=each.bridge.service, is_simulated=each.is_simulated, pause=each.pause),
                times=WatchTimes(silence=each.media_timeout),
                clock=clock,
            )
            await stack.enter_async_context(watch)
        yield
