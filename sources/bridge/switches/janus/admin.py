"""Janus' admin API over HTTP: a request -> its answer, BridgeDown, or JanusRefused with the error's number and name.

Secrets are in the body of a request and nowhere else. What Janus says of an error is not passed on, as it may quote
what it was sent; its number is, with the name that Janus' own headers (apierror.h, audiobridge.c) give it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import ConnectError, PyreqwestError, RequestTimeoutError

from sources.errors import BridgeDown, BridgeRefused

__all__ = ["NO_SUCH_ROOM", "NO_SUCH_USER", "ROOM_EXISTS", "UNAUTHORIZED", "AdminApi", "JanusRefused"]

log = logging.getLogger(__name__)

PLUGIN = "janus.plugin.audiobridge"
CONNECTING = timedelta(seconds=2)
ANSWERING = timedelta(seconds=5)
IDLE = timedelta(seconds=4)
AT_ONCE = 8

NO_SUCH_ROOM, ROOM_EXISTS, UNAUTHORIZED, NO_SUCH_USER = 485, 486, 489, 492
OF_THE_PLUGIN = {
    480: "NO_MESSAGE",
    481: "INVALID_JSON",
    482: "INVALID_REQUEST",
    483: "MISSING_ELEMENT",
    484: "INVALID_ELEMENT",
    NO_SUCH_ROOM: "NO_SUCH_ROOM",
    ROOM_EXISTS: "ROOM_EXISTS",
    487: "NOT_JOINED",
    488: "LIBOPUS_ERROR",
    UNAUTHORIZED: "UNAUTHORIZED",
    490: "ID_EXISTS",
    491: "ALREADY_JOINED",
    NO_SUCH_USER: "NO_SUCH_USER",
    493: "INVALID_SDP",
    494: "NO_SUCH_GROUP",
    499: "UNKNOWN_ERROR",
}
OF_JANUS = {
    403: "UNAUTHORIZED",
    405: "UNAUTHORIZED_PLUGIN",
    450: "TRANSPORT_SPECIFIC",
    452: "MISSING_REQUEST",
    453: "UNKNOWN_REQUEST",
    454: "INVALID_JSON",
    455: "INVALID_JSON_OBJECT",
    456: "MISSING_MANDATORY_ELEMENT",
    457: "INVALID_REQUEST_PATH",
    458: "SESSION_NOT_FOUND",
    459: "HANDLE_NOT_FOUND",
    460: "PLUGIN_NOT_FOUND",
    461: "PLUGIN_ATTACH",
    462: "PLUGIN_MESSAGE",
    463: "PLUGIN_DETACH",
    467: "INVALID_ELEMENT_TYPE",
    468: "SESSION_CONFLICT",
    490: "UNKNOWN",
}
# What is likely to be wrong, where it is the settings.
OF_THE_SETTINGS = {
    "UNAUTHORIZED": "admin_secret or admin_key is not this Janus'",
    "UNKNOWN_REQUEST": "admin_url is not the address of its admin API",
    "INVALID_REQUEST_PATH": "admin_url is not the address of its admin API",
    "PLUGIN_NOT_FOUND": "it has no AudioBridge",
    "INVALID_ELEMENT": "its janus.plugin.audiobridge.jcfg needs string_ids = true",
}


class JanusRefused(BridgeRefused):
    """Janus answered the request `what` with the error `number`, which is called `name`."""

    def __init__(self, bridge: str, what: str, number: int, names: Mapping[int, str]) -> None:
        name = names.get(number, "an error that is not known here")
        likely = f" ({OF_THE_SETTINGS[name]})" if name in OF_THE_SETTINGS else ""
        super().__init__(bridge, f"Janus answers `{what}` with {number} {name}{likely}")
        self.number = number
        self.name = name


class AdminApi:
    """One Janus' admin API at `url`; `bridge` is what its errors are about."""

    def __init__(self, bridge: str, url: str, *, secret: str, timeout: timedelta = ANSWERING) -> None:
        self.bridge = bridge
        self._url = url.rstrip("/")
        self._secret = secret
        self._timeout = timeout
        self._client = client()
        self._places = asyncio.Semaphore(AT_ONCE)

    async def ask(self, what: str, /, *, path: str = "", **more: object) -> dict[str, Any]:
        """What Janus itself answers: list_sessions, list_handles, handle_info."""
        answer = await self._post(path, {"janus": what, **more})
        if answer.get("janus") != "success":
            raise JanusRefused(self.bridge, what, number_in(answer.get("error"), "code"), OF_JANUS)
        return answer

    async def ask_plugin(self, what: str, /, **more: object) -> dict[str, Any]:
        """What its AudioBridge answers: create, edit, allowed, destroy, list, listparticipants, kick."""
        answer = await self.ask("message_plugin", plugin=PLUGIN, request={"request": what, **more})
        response = answer.get("response")
        if not isinstance(response, dict):
            raise BridgeDown(self.bridge, "what answers there isn't Janus")
        if "error_code" in response:
            raise JanusRefused(self.bridge, what, number_in(response, "error_code"), OF_THE_PLUGIN)
        return response

    async def close(self) -> None:
        await self._client.close()

    async def _post(self, path: str, body: dict[str, object]) -> dict[str, Any]:
        sent = {**body, "transaction": uuid.uuid4().hex, "admin_secret": self._secret}
        try:
            async with self._places:
                request = self._client.post(self._url + path).body_bytes(json.dumps(sent).encode())
                response = await request.timeout(self._timeout).build().send()
                status, content = response.status, (await response.bytes()).to_bytes()
        except PyreqwestError as error:
            # The error's own text has the URL in it, and may have more.
            log.info("bridge %s: %s", self.bridge, type(error).__name__)
            raise BridgeDown(self.bridge, self._why(error)) from None
        if status != 200:
            raise BridgeDown(self.bridge, f"what answers there gives HTTP status {status}")
        try:
            answer = json.loads(content)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise BridgeDown(self.bridge, "what answers there isn't Janus")
        return answer

    def _why(self, error: PyreqwestError) -> str:
        match error:
            case ConnectError():
                return "nothing takes a connection at its admin_url"
            case RequestTimeoutError():
                return f"it took longer than {self._timeout.total_seconds():g} s"
            case _:
                return "the connection broke off"


def client() -> Client:
    """Certificates are checked, redirects refused, and proxies of the environment not asked."""
    builder = ClientBuilder().default_headers({"content-type": "application/json"}).user_agent("spojka")
    builder = builder.follow_redirects(False).referer(False).no_proxy()
    return builder.max_connections(AT_ONCE).pool_idle_timeout(IDLE).connect_timeout(CONNECTING).build()


def number_in(error: object, key: str) -> int:
    """The error's number; 0 where there is none."""
    found = error.get(key) if isinstance(error, dict) else None
    return found if isinstance(found, int) else 0
