"""One message after the other, whatever takes them on: what is refused here, and what is left when it goes away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from sources.errors import PostUnavailable
from sources.post.mailer import Delivery, Message, Origin, Outcome, Told
from sources.post.mime import MessageRefused, Ready, written

__all__ = ["Clock", "deliver_each", "utc_now"]

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


async def deliver_each(
    messages: Sequence[Message],
    origin: Origin,
    clock: Clock,
    deliver: Callable[[Ready], Awaitable[Delivery]],
    told: Told | None = None,
) -> list[Delivery]:
    """A delivery for each, in order. `deliver` raises PostUnavailable when it can't go on.

    That is raised on only while nothing was handed over: later the outcomes there are must not be lost.
    """
    deliveries: list[Delivery] = []
    has_handed_over = False
    for number, message in enumerate(messages):
        try:
            ready = written(message, origin, at=clock())
        except MessageRefused as refused:
            text = str(refused)
            deliveries.append(Delivery(message_id=message.message_id, outcome=Outcome.REFUSED, code=None, text=text))
            continue
        try:
            deliveries.append(await deliver(ready))
            has_handed_over = True
            if told is not None:
                await told(deliveries[-1])
        except PostUnavailable as down:
            if not has_handed_over:
                raise
            deliveries += [
                Delivery(message_id=left.message_id, outcome=Outcome.DEFERRED, code=None, text=down.message)
                for left in messages[number:]
            ]
            break
    return deliveries
