"""What mailing's resolvers may use besides its database: who renders, prints, sends and reads what comes back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import strawberry

from resolvers.context import Context
from sources.mailing import Mailing
from sources.mailing.outside import Postman, Preview, Printer, Returned, Typeset
from sources.records.mailing import TemplateVersion

__all__ = ["Bounces", "Delivery", "Info", "MailingContext"]


class Bounces(Protocol):
    """What came back, and is given again until it was acknowledged."""

    async def bounces(self) -> Sequence[Returned]: ...
    async def acknowledge(self, bounces: Sequence[Any]) -> None: ...


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """Who renders, prints and sends. What is None isn't set up here: then what needs it is refused, and says so.

    `check_body` says what is wrong with a template's text. `domain` is that of Message-IDs. `can_unsubscribe`: the
    postman's marketing has a link for it. `hang_up` ends what the postman has open.
    """

    typeset: Typeset | None = None
    preview: Preview | None = None
    check_body: Callable[[TemplateVersion], str | None] | None = None
    printers: Mapping[str, Printer] | None = None
    postman: Postman | None = None
    domain: str = "localhost"
    can_unsubscribe: bool = False
    bounces: Bounces | None = None
    hang_up: Callable[[], Awaitable[None]] | None = None

    async def close(self) -> None:
        """Gives up the connections to printers and to the mail server."""
        for printer in (self.printers or {}).values():
            await printer.close()
        if self.hang_up is not None:
            await self.hang_up()


@dataclass(frozen=True, kw_only=True)
class MailingContext(Context[Mailing]):
    """Of mailing. `clock` gives the time of each transaction: to print a page of letters takes a while."""

    delivery: Delivery = field(default_factory=Delivery)
    clock: Callable[[], datetime] = utc_now


Info = strawberry.Info[MailingContext, None]
