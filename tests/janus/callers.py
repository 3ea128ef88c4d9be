"""Callers on a real Janus: RTP legs that speak A-law, and the controller that joins them to rooms.

    async with controlling(janus) as controller:
        await controller.asks({"request": "create", "room": "8001", ...})    # a request to the plugin, answered at once
        alice = await controller.join("8001", pin="2468", id="p-1", display="Alice")   # speaks at once, 50 packets/s
        await alice.leave()             the plugin's `leave`: the event `left`
        await alice.detach()            its handle is gone: `left`, too
        alice.go_silent()               no packet any more, nothing said: a phone that vanished; `alice.speak()` again
        await alice.told("kicked")      waits for what Janus tells her
        again = await controller.join("8001", pin="2468", id="p-2", display="Alice")   # a rejoin: a new id

    controller.abandon()                the controller dies; with session_timeout=0 its calls live on
    async with claiming(janus, controller.session) as other:
        await other.adopt(alice).leave()

A caller's `heard` is how many packets came, `loudness` how loud the last second of them was. All of it is closed with
the controller that joined it; sessions are destroyed, unless it was abandoned.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import struct
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

import httpx

from tests.janus.alaw import energy, tone
from tests.janus.server import Janus

__all__ = ["Caller", "Controller", "JanusRefused", "claiming", "controlling"]

PLUGIN = "janus.plugin.audiobridge"
PACKET = 160  # samples: 20 ms
PCMA = 8
HEADER = struct.Struct("!BBHII")
SECONDS = 10
TONES = itertools.cycle([440, 554, 659, 784, 988])


class JanusRefused(Exception):
    """Janus answered with an error; `code` is its number."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code


class Controller:
    """A session on Janus with handles on its AudioBridge; made by `controlling` or `claiming`."""

    def __init__(self, janus: Janus, client: httpx.AsyncClient, session: int) -> None:
        self.janus = janus
        self.session = session
        self.callers: dict[int, Caller] = {}
        self._client = client
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._listening = asyncio.create_task(self._listen())
        self._own_handle: int | None = None
        self._is_abandoned = False

    async def asks(self, body: dict[str, Any]) -> dict[str, Any]:
        """A request to the plugin, on a handle that is in no room: create, destroy, kick, list, listparticipants."""
        if self._own_handle is None:
            self._own_handle = await self.attach("controller")
        return await self.message(self._own_handle, body)

    async def join(self, room: str, *, pin: str, id: str, display: str = "Somebody") -> Caller:
        """Joins a new caller, who speaks at once. `id` is the participant's: unique in the room, another each time."""
        handle = await self.attach(f"leg-{id}")
        caller = Caller(self, handle, id)
        await caller.open()
        self.callers[handle] = caller
        body = {"request": "join", "room": room, "pin": pin, "id": id, "display": display, "codec": "pcma"}
        rtp = {"ip": "127.0.0.1", "port": caller.port, "payload_type": PCMA}
        joined = await self.message(handle, {**body, "rtp": rtp})
        caller.send_to(joined["rtp"]["ip"], joined["rtp"]["port"])
        return caller

    def adopt(self, caller: Caller) -> Caller:
        """Takes over a caller whose session was claimed: what is said to it and asked of it goes through here."""
        caller.controller = self
        self.callers[caller.handle] = caller
        return caller

    def abandon(self) -> None:
        """Dies: nothing is said to Janus, and nobody listens any more. Its callers go on speaking."""
        self._listening.cancel()
        self.callers = {}
        self._is_abandoned = True

    async def attach(self, name: str) -> int:
        answer = await self.post(f"/{self.session}", {"janus": "attach", "plugin": PLUGIN, "opaque_id": name})
        handle: int = answer["data"]["id"]
        return handle

    async def message(self, handle: int, body: dict[str, Any]) -> dict[str, Any]:
        """What the plugin answers, at once or in an event. JanusRefused with its code."""
        transaction = new_transaction()
        self._waiting[transaction] = asyncio.get_running_loop().create_future()
        try:
            answer = await self.post(f"/{self.session}/{handle}", {"janus": "message", "body": body}, transaction)
            if answer["janus"] == "ack":
                answer = await asyncio.wait_for(self._waiting[transaction], SECONDS)
        finally:
            del self._waiting[transaction]
        data: dict[str, Any] = answer["plugindata"]["data"]
        if "error_code" in data:
            raise JanusRefused(data["error_code"], data["error"])
        return data

    async def post(self, path: str, body: dict[str, Any], transaction: str | None = None) -> dict[str, Any]:
        sent = {**body, "transaction": transaction or new_transaction(), "apisecret": self.janus.api_secret}
        answer: dict[str, Any] = (await self._client.post(f"{self.janus.url}{path}", json=sent)).json()
        if answer["janus"] == "error":
            raise JanusRefused(answer["error"]["code"], answer["error"]["reason"])
        return answer

    async def aclose(self) -> None:
        for caller in list(self.callers.values()):
            caller.hang_up()
        if not self._is_abandoned:
            with contextlib.suppress(httpx.HTTPError, JanusRefused):  # Janus may be dead by now
                await self.post(f"/{self.session}", {"janus": "destroy"})
        self._listening.cancel()
        await asyncio.gather(self._listening, return_exceptions=True)

    async def _listen(self) -> None:
        """Long polls for what Janus has to tell; it ends with the session, or with Janus."""
        place = f"{self.janus.url}/{self.session}"
        with contextlib.suppress(httpx.HTTPError):
            while True:
                told = await self._client.get(place, params={"maxev": 10, "apisecret": self.janus.api_secret})
                for event in told.json() if isinstance(told.json(), list) else [told.json()]:
                    if event["janus"] in ("error", "timeout"):
                        return
                    self._hear(event)

    def _hear(self, event: dict[str, Any]) -> None:
        waiting = self._waiting.get(event.get("transaction", ""))
        if waiting is not None and event["janus"] == "event" and not waiting.done():
            waiting.set_result(event)
        caller = self.callers.get(event.get("sender", 0))
        if caller is not None:
            caller.hear(event)


class Caller(asyncio.DatagramProtocol):
    """One RTP leg, joined by `Controller.join`; `id` is its participant's."""

    def __init__(self, controller: Controller, handle: int, id: str) -> None:
        self.controller = controller
        self.handle = handle
        self.id = id
        self.heard = 0
        self.port = 0
        self._last_second: deque[bytes] = deque(maxlen=50)
        self._told: list[str] = []
        self._news = asyncio.Event()
        self._came = asyncio.Event()
        self._is_silent = False
        self._speaking: asyncio.Task[None] | None = None
        self._transport: asyncio.DatagramTransport | None = None

    @property
    def loudness(self) -> float:
        """Of the last second that was heard, as `energy` measures it."""
        return energy(b"".join(self._last_second))

    async def leave(self) -> None:
        await self.controller.message(self.handle, {"request": "leave"})
        self.hang_up()

    async def detach(self) -> None:
        """Takes its handle away: the leg is gone without having left."""
        await self.controller.post(f"/{self.controller.session}/{self.handle}", {"janus": "detach"})
        self.hang_up()

    def go_silent(self) -> None:
        self._is_silent = True

    def speak(self) -> None:
        self._is_silent = False

    def hang_up(self) -> None:
        """Ends its own side: the socket is closed. Janus isn't told."""
        if self._speaking is not None:
            self._speaking.cancel()
        if self._transport is not None:
            self._transport.close()

    async def told(self, what: str) -> None:
        """Waits until Janus tells this caller `what` (kicked, left, destroyed, detached)."""
        async with asyncio.timeout(SECONDS):
            while what not in self._told:
                self._news.clear()
                await self._news.wait()

    async def hears(self, packets: int = 10) -> None:
        """Waits until so many more packets have come."""
        wanted = self.heard + packets
        async with asyncio.timeout(SECONDS):
            while self.heard < wanted:
                self._came.clear()
                await self._came.wait()

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self.port = self._transport.get_extra_info("sockname")[1]

    def send_to(self, ip: str, port: int) -> None:
        self._speaking = asyncio.create_task(self._speak_to(ip, port))

    def hear(self, event: dict[str, Any]) -> None:
        """An event of Janus for this handle."""
        data = event.get("plugindata", {}).get("data", {})
        # The plugin says what happened now as a value, {"audiobridge": "left"}, now as a key, {"kicked": id}.
        self._told += [event["janus"], data.get("audiobridge", ""), data.get("result", ""), *data]
        self._news.set()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.heard += 1
        self._came.set()
        self._last_second.append(data[HEADER.size :])

    async def _speak_to(self, ip: str, port: int) -> None:
        assert self._transport is not None
        samples, source = tone(next(TONES)), random.getrandbits(32)
        loop = asyncio.get_running_loop()
        due = loop.time()
        for n in itertools.count(random.randrange(1 << 15)):
            if not self._is_silent:
                at = n * PACKET % len(samples)
                header = HEADER.pack(0x80, PCMA, n & 0xFFFF, n * PACKET & 0xFFFFFFFF, source)
                self._transport.sendto(header + samples[at : at + PACKET], (ip, port))
            due += PACKET / 8000
            await asyncio.sleep(due - loop.time())


@contextlib.asynccontextmanager
async def controlling(janus: Janus) -> AsyncIterator[Controller]:
    """A controller with a session of its own."""
    async with httpx.AsyncClient(timeout=60) as client:
        body = {"janus": "create", "transaction": new_transaction(), "apisecret": janus.api_secret}
        session = (await client.post(janus.url, json=body)).json()["data"]["id"]
        async with contextlib.aclosing(Controller(janus, client, session)) as controller:
            yield controller


@contextlib.asynccontextmanager
async def claiming(janus: Janus, session: int) -> AsyncIterator[Controller]:
    """Another controller, which takes over a session: what Janus tells goes to it from now on."""
    async with httpx.AsyncClient(timeout=60) as client:
        body = {"janus": "claim", "transaction": new_transaction(), "apisecret": janus.api_secret}
        answer = (await client.post(f"{janus.url}/{session}", json=body)).json()
        if answer["janus"] == "error":
            raise JanusRefused(answer["error"]["code"], answer["error"]["reason"])
        async with contextlib.aclosing(Controller(janus, client, session)) as controller:
            yield controller


def new_transaction() -> str:
    return f"{random.getrandbits(64):016x}"
