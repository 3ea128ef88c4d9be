"""Equal queries in flight share one request: whoever asks while the same is under way waits for that answer.

Only bytes are shared: each asker reads an answer of its own, so that nobody changes another's.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

__all__ = ["InFlight"]

Answer = TypeVar("Answer")


class InFlight(Generic[Answer]):
    """What is under way, by key."""

    def __init__(self) -> None:
        self._running: dict[Hashable, _Shared[Answer]] = {}

    async def ask(self, key: Hashable, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer of `ask`, or of an equal one that is under way. It ends with the last who waits for it."""
        shared = self._running.get(key)
        if shared is None:
            task = asyncio.ensure_future(ask())
            shared = self._running[key] = _Shared(task)
            task.add_done_callback(lambda _: self._forget(key, task))
        shared.waiting += 1
        try:
            return await asyncio.shield(shared.task)
        finally:
            shared.waiting -= 1
            if shared.waiting == 0 and not shared.task.done():
                self._forget(key, shared.task)  # before it has ended: nobody may join what is being given up
                shared.task.cancel()

    def _forget(self, key: Hashable, task: "asyncio.Future[Answer]") -> None:
        known = self._running.get(key)
        if known is not None and known.task is task:
            del self._running[key]
        if task.done() and not task.cancelled():
            task.exception()  # everybody who waited has it; without anybody it is nobody's


class _Shared(Generic[Answer]):
    def __init__(self, task: "asyncio.Future[Answer]") -> None:
        self.task = task
        self.waiting = 0
