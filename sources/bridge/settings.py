"""The bridges of the settings file, in its order. The first that has a switch is where rooms are made.

[bridges.bridge-1]
kind = "janus"                             # "files": only its files of call records come; "simulator": make-believe
admin_url = "http://127.0.0.1:7088/admin"
admin_secret_env = "JANUS_ADMIN_SECRET"    # or admin_secret_file; the secret itself is never written here
admin_key_file = "janus.key"               # or admin_key_env
media_timeout = "30 s"                     # a leg from which nothing was heard for so long is silent
pause = "10 s"                             # for so long everybody may be out, and come back into the same call
cdr_zone = "UTC"                           # of its files' times
service = "dial-in"                        # what its legs are: dial-in, dial-out, toll-free
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sources.bridge.switches.janus import JanusSettings
from sources.records.bridge import Bridge

__all__ = ["KINDS", "SERVICES", "SIMULATOR", "BridgeSettings", "Written", "read"]

KINDS = ("janus", "files", "simulator")
SIMULATOR = "simulator"
SERVICES = ("dial-in", "dial-out", "toll-free")
LONGEST_ID = 64
MEDIA_TIMEOUT = timedelta(seconds=30)
SHORTEST_SILENCE = timedelta(seconds=2)
PAUSE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeSettings:
    """One bridge as it is configured. `janus` is how its switch is reached, None where it is of another kind.

    A leg that was silent for `media_timeout` is put out, and billed to where it was last heard.
    `pause` is how long everybody may be out of a room before the call is over.
    """

    bridge: Bridge
    janus: JanusSettings | None = None
    media_timeout: timedelta = MEDIA_TIMEOUT
    pause: timedelta = timedelta(0)

    @property
    def is_simulated(self) -> bool:
        return self.bridge.kind == SIMULATOR

    @property
    def is_live(self) -> bool:
        """Whether it has a switch that is asked and watched."""
        return self.janus is not None or self.is_simulated


class Written(Protocol):
    """A table of the settings file, as gateway/section.py reads it."""

    def names(self) -> Sequence[str]: ...
    def text(self, name: str) -> str | None: ...
    def one_of(self, name: str, choices: Sequence[str], default: str) -> str: ...
    def duration(self, name: str, default: timedelta) -> timedelta: ...
    def table(self, name: str) -> Written: ...
    def refused(self, name: str, message: str) -> Exception: ...
    def refuse_unread(self) -> None: ...


def read(section: Written, environment: Mapping[str, str]) -> tuple[BridgeSettings, ...]:
    """`[bridges]`. Raises what `section.refused` gives; a secret that is named and isn't there is refused."""
    found = tuple(bridge_of(section, name, environment) for name in section.names())
    section.refuse_unread()
    return found


def bridge_of(section: Written, id: str, environment: Mapping[str, str]) -> BridgeSettings:
    if not id.isprintable() or len(id) > LONGEST_ID or ":" in id:
        raise section.refused(id, f"a bridge's id has 1 to {LONGEST_ID} printable characters and no colon")
    written = section.table(id)
    if written.text("kind") is None:
        raise written.refused("kind", f"it is missing; it is one of {', '.join(KINDS)}")
    kind = written.one_of("kind", KINDS, KINDS[0])
    service = written.one_of("service", SERVICES, SERVICES[0])
    bridge = Bridge(id, zone_of(written), kind, service)
    if kind != "janus":
        return BridgeSettings(bridge=bridge)
    pause = written.duration("pause", PAUSE)
    return BridgeSettings(
        bridge=bridge, janus=janus_of(written, environment), media_timeout=silence_of(written), pause=pause
    )


def silence_of(written: Written) -> timedelta:
    found = written.duration("media_timeout", MEDIA_TIMEOUT)
    if found < SHORTEST_SILENCE:
        told = f"a leg is known to be silent after {SHORTEST_SILENCE // timedelta(seconds=1)} s at the soonest"
        raise written.refused("media_timeout", told)
    return found


def zone_of(written: Written) -> str | None:
    zone = written.text("cdr_zone")
    try:
        if zone is not None:
            ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise written.refused("cdr_zone", f"there is no zone {zone}; it is UTC or one like Europe/Prague") from None
    return zone


def janus_of(written: Written, environment: Mapping[str, str]) -> JanusSettings:
    return JanusSettings(
        admin_url=url_of(written, "admin_url"),
        admin_secret=secret_of(written, "admin_secret", environment),
        admin_key=secret_of(written, "admin_key", environment),
    )


def url_of(written: Written, name: str) -> str:
    url = written.text(name)
    if url is None:
        raise written.refused(name, "it is missing")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise written.refused(name, "it is not an address that begins with http:// or https://")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise written.refused(name, "an address has no secrets and no question in it: leave them out")
    return url


def secret_of(written: Written, name: str, environment: Mapping[str, str]) -> str:
    variable, file = written.text(f"{name}_env"), written.text(f"{name}_file")
    if (variable is None) == (file is None):
        raise written.refused(f"{name}_env", f"the secret comes from one of {name}_env and {name}_file: name one")
    if variable is not None:
        secret = environment.get(variable, "").strip()
        if not secret:
            raise written.refused(f"{name}_env", f"the environment has no {variable}")
        return secret
    return content_of(written, f"{name}_file", Path(file or ""))


def content_of(written: Written, name: str, file: Path) -> str:
    try:
        secret = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise written.refused(name, f"{file} can't be read") from error
    if not secret:
        raise written.refused(name, f"{file} is empty")
    return secret
