"""What is sent by e-mail, and what became of it: the protocol that the folder and the SMTP server both follow.

A message goes to one recipient. Its Message-ID is the caller's and the same whenever it is sent again, so that whoever
gets it twice (see `Outcome.UNKNOWN`) has one message: mail programs put the two together.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

__all__ = ["Delivery", "Mailer", "Message", "Origin", "Outcome", "Told"]


class Outcome(StrEnum):
    """What a mail server made of a message; what it takes on may still come back as a bounce (sources/post/bounces.py).

    ACCEPTED  2xx: the server sees to it from here on
    DEFERRED  4xx, or the server was gone before it got the message: worth sending again later
    REFUSED   5xx, or an address or Message-ID that can't be: sending again won't help
    UNKNOWN   the connection was lost after the message went out and before its answer: it may have been sent. Sending
              it again is safe for the reader, thanks to its Message-ID, yet may be a second copy
    """

    ACCEPTED = "ACCEPTED"
    DEFERRED = "DEFERRED"
    REFUSED = "REFUSED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """An e-mail to one recipient. `sender` is `Name <address>` or an address; `message_id` is `<left@right>`.

    `html` is None where there is only the plain text (sources/post/bodies.py makes both). Its reader unsubscribes at
    `unsubscribe_url`, by one click (RFC 8058) where it is https. `campaign` is a name for filters: `X-Campaign`.
    Line breaks and other control characters in names and the subject become spaces; in anything else they are refused.
    """

    message_id: str
    sender: str
    recipient_name: str
    recipient: str
    subject: str
    text: str
    html: str | None = None
    unsubscribe_url: str | None = None
    campaign: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """`code` is SMTP's, None where no server said anything; `text` is for people, and has no secret in it."""

    message_id: str
    outcome: Outcome
    code: int | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where messages are from: `domain` is that of Message-IDs, `return_path` the address to which bounces come.

    The return path of each message has its Message-ID in it (VERP): bounces+c7-12@... for <c7-12@...>; the mail server
    that owns the address has to deliver what stands behind the plus to it too. `unsubscribe_mailto` is the address to
    which old mail programs write in place of the click.
    """

    domain: str
    return_path: str
    unsubscribe_mailto: str | None = None

    def message_id(self, name: str) -> str:
        """`<name@domain>`, in lower case, as some servers change the case of addresses and VERP has it in one."""
        return f"<{name.lower()}@{self.domain}>"


Told = Callable[[Delivery], Awaitable[None]]


class Mailer(Protocol):
    """Whatever takes messages on."""

    async def send(self, messages: Sequence[Message], *, told: Told | None = None) -> Sequence[Delivery]:
        """One delivery for each message, in their order; one that is refused never stops the others.

        `told` hears of each as soon as it is known: whoever dies on the way doubts one of them and no more.

        Raises SystemUnavailable when nothing could be handed over at all. If the server goes away later, what it hadn't
        got by then is DEFERRED, so that no outcome is lost.
        """
        ...

    async def greeted(self) -> str:
        """What takes messages on, for people, once it has greeted us and let us in. Raises PostUnavailable."""
        ...

    async def close(self) -> None: ...
