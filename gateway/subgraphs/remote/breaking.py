"""A circuit breaker: a subgraph that failed several times in a row is left alone, and then tried with one request.

closed --(failed `after` times in a row)--> open --(`pause` is over)--> half-open: one probe --went well--> closed
                                              ^-----------------------------------went wrong----'
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from gateway.subgraphs.remote.faults import NoAnswer, Unavailable

__all__ = ["Breaker"]

log = logging.getLogger(__name__)


class Breaker:
    """Of one subgraph. Only what says that it is down counts; `after` 0 never opens."""

    def __init__(self, service: str, *, after: int, pause: float, clock: Callable[[], float] = monotonic) -> None:
        self._service = service
        self._after = after
        self._pause = pause
        self._clock = clock
        self._failures = 0
        self._opened: float | None = None
        self._probing = False

    @property
    def is_open(self) -> bool:
        """Whether nobody but a probe is let through."""
        return self._opened is not None

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Around one request. Raises Unavailable instead of letting it through."""
        is_probe = self._enter()
        try:
            yield
        except NoAnswer as error:
            if error.is_down:
                self._failed(is_probe=is_probe)
            else:
                self._worked()
            raise
        else:
            self._worked()
        finally:
            if is_probe:  # also one that was given up: the next request is the probe then
                self._probing = False

    def _enter(self) -> bool:
        if self._opened is None:
            return False
        if self._probing or self._clock() - self._opened < self._pause:
            raise Unavailable("is down: it is tried again in a moment", again=False)
        self._probing = True
        return True

    def _failed(self, *, is_probe: bool) -> None:
        self._failures += 1
        if is_probe or (self._opened is None and 0 < self._after <= self._failures):
            if not is_probe:
                log.warning("%s failed %d times in a row: it is left alone for a while", self._service, self._failures)
            self._opened = self._clock()

    def _worked(self) -> None:
        if self._opened is not None:
            log.warning("%s answers again", self._service)
        self._failures, self._opened = 0, None
