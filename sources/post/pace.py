"""At most so many messages within any minute: providers count so, and shut out whoever sends faster."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

__all__ = ["Pace"]

MINUTE = 60.0


class Pace:
    """Counts in this process; two that send have a minute each."""

    def __init__(
        self,
        per_minute: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._most = per_minute
        self._clock = clock
        self._sleep = sleep
        self._turns: deque[float] = deque()

    async def turn(self) -> None:
        """Returns when one more may go."""
        while not self.try_turn():
            await self._sleep(max(self._turns[0] + MINUTE - self._clock(), 0.001))

    def try_turn(self) -> bool:
        """Whether one more may go now; it counts as gone if so."""
        now = self._clock()
        while self._turns and self._turns[0] <= now - MINUTE:
            self._turns.popleft()
        if len(self._turns) >= self._most:
            return False
        self._turns.append(now)
        return True
