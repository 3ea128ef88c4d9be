"""What the process does with a mailing, page by page: snapshot, render, print, notify, and hear what came back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated

import strawberry

from resolvers.access import Scope, asks
from resolvers.building import built_at_once
from resolvers.errors import BadInput, limited
from resolvers.mailing.announcing import NO_POST
from resolvers.mailing.context import Info
from resolvers.mailing.entities import Campaign, Client, campaigns_of
from resolvers.mailing.keeping import NO_LETTERS, no_printer
from resolvers.mailing.making import CampaignOutcome, outcome_of
from resolvers.mailing.rules import RULES
from resolvers.mailing.values import LetterValueInput
from resolvers.refused import Refused
from resolvers.texts import storable
from sources.mailing.outside import Printer
from sources.mailing.printing import Handed
from sources.records import mailing as records
from sources.records.refusal import Refusal

__all__ = [
    "HandingOutcome",
    "UnsubscribingOutcome",
    "follow_letters",
    "read_bounces",
    "record_unsubscribe",
    "render_letters",
    "send_notices",
    "snapshot_recipients",
    "submit_letters",
]

PAGE = 100
MOST = 500
MOST_ROWS = 1_000
LONGEST_NAME = 500
LONGEST_VALUE = 5_000


@built_at_once
@strawberry.input
class RecipientInput:
    """One row of an audience, as the graph gave it. Without a word of consent there is none.

    `ambiguous` is why no one letter can be made of it: it is excluded, and a person writes.
    """

    client: strawberry.ID
    name: str
    street: str | None = None
    city: str | None = None
    postal_code: str | None = None
    country: str | None = None
    email: str | None = None
    marketing_consent: bool | None = None
    ambiguous: str | None = None
    values: list[LetterValueInput] | None = None

    def record(self, place: str) -> records.AudienceRow:
        return records.AudienceRow(
            client=storable(f"{place}.client", self.client),
            name=storable(f"{place}.name", self.name, longest=LONGEST_NAME),
            street=optional(f"{place}.street", self.street),
            city=optional(f"{place}.city", self.city),
            postal_code=optional(f"{place}.postalCode", self.postal_code),
            country=optional(f"{place}.country", self.country),
            email=optional(f"{place}.email", self.email),
            marketing_consent=self.marketing_consent,
            ambiguous=optional(f"{place}.ambiguous", self.ambiguous),
            values={each.name: each.value for each in self.values or () if text_of(place, each)},
        )


def optional(place: str, value: str | None) -> str | None:
    """What is empty isn't known."""
    return storable(place, value, longest=LONGEST_NAME) if value else None


def text_of(place: str, given: LetterValueInput) -> bool:
    storable(f"{place}.values.name", given.name)
    return bool(given.value and storable(f"{place}.values.{given.name}", given.value, longest=LONGEST_VALUE))


@strawberry.federation.type(requires_scopes=asks(Scope.MAILING_DELIVER))
class LettersHanded:
    """How many letters, or notices, came on by this call; `waiting` says what keeps the rest, null for nothing.

    `waitingSince`: nothing has come on since then; null where it needs nobody. `waitingCode` is that of the error, or
    PRINTER_WAITS (for paper, or a hand). `through` is the position of the last letter that was looked at; null where
    none is left after it.
    """

    letters: int
    waiting: str | None
    waiting_code: str | None
    waiting_since: datetime | None
    through: int | None
    campaign: Campaign


HandingOutcome = Annotated[LettersHanded | Refused, strawberry.union("HandingOutcome")]


@strawberry.federation.type(requires_scopes=asks(Scope.MAILING_DELIVER))
class Unsubscribed:
    """Who gets no marketing any more."""

    client: Client


UnsubscribingOutcome = Annotated[Unsubscribed | Refused, strawberry.union("UnsubscribingOutcome")]


@strawberry.federation.type(requires_scopes=asks(Scope.MAILING_DELIVER))
class BouncesRead:
    """How many came back that nobody knew of."""

    bounces: int


BouncesOutcome = Annotated[BouncesRead | Refused, strawberry.union("BouncesOutcome")]


async def snapshot_recipients(
    info: Info,
    campaign: strawberry.ID,
    recipients: list[RecipientInput],
    idempotency_key: strawberry.ID,
    after: int = 0,
    is_last: bool = True,
    round: int | None = None,
) -> CampaignOutcome:
    if len(recipients) > MOST_ROWS:
        raise BadInput(f"recipients: there are {len(recipients)}; give at most {MOST_ROWS} at once")
    if after < 0:
        raise BadInput(f"after: {after} is below 0")
    context = info.context
    found = await context.source.take_snapshot(
        storable("campaign", campaign),
        [each.record(f"recipients[{place}]") for place, each in enumerate(recipients)],
        after=after,
        is_last=is_last,
        round=round,
        caller=context.caller,
        key=storable("idempotencyKey", idempotency_key),
        rules=RULES,
    )
    return outcome_of(found)


async def render_letters(
    info: Info, campaign: strawberry.ID, idempotency_key: strawberry.ID, first: int = PAGE
) -> HandingOutcome:
    context = info.context
    if context.delivery.typeset is None:
        return not_here("no-letters", NO_LETTERS)
    found = await context.source.render(
        storable("campaign", campaign),
        first=limited("first", first, largest=MOST),
        typeset=context.delivery.typeset,
        caller=context.caller,
        key=storable("idempotencyKey", idempotency_key),
        rules=RULES,
    )
    return await handed(info, campaign, Handed(found) if isinstance(found, int) else found)


async def submit_letters(
    info: Info, campaign: strawberry.ID, idempotency_key: strawberry.ID, first: int = PAGE, after: int = 0
) -> HandingOutcome:
    return await at_the_printer(info, info.context.source.submit, campaign, idempotency_key, first, after)


async def follow_letters(
    info: Info, campaign: strawberry.ID, idempotency_key: strawberry.ID, first: int = PAGE, after: int = 0
) -> HandingOutcome:
    return await at_the_printer(info, info.context.source.follow, campaign, idempotency_key, first, after)


async def at_the_printer(
    info: Info, tell: Callable[..., Awaitable[Handed | Refusal]], campaign: str, key: str, first: int, after: int
) -> HandingOutcome:
    """`tell` is what the store does with a page of letters and their printer."""
    printer = await printer_of(info, campaign)
    if isinstance(printer, Refused):
        return printer
    context = info.context
    submitting = context.source.submitting(campaign, printer, rules=RULES, clock=context.clock)
    limit = limited("first", first, largest=MOST)
    key = storable("idempotencyKey", key)
    return await handed(
        info, campaign, await tell(submitting, after=after, first=limit, caller=context.caller, key=key)
    )


async def send_notices(
    info: Info, campaign: strawberry.ID, idempotency_key: strawberry.ID, first: int = PAGE
) -> HandingOutcome:
    context = info.context
    if context.delivery.postman is None:
        return not_here("no-post", NO_POST)
    found = await context.source.notify(
        storable("campaign", campaign),
        context.delivery.postman,
        domain=context.delivery.domain,
        first=limited("first", first, largest=MOST),
        caller=context.caller,
        key=storable("idempotencyKey", idempotency_key),
        clock=context.clock,
        rules=RULES,
    )
    return await handed(info, campaign, found)


async def read_bounces(info: Info) -> BouncesOutcome:
    context = info.context
    if context.delivery.bounces is None:
        return not_here("no-bounces", "nobody reads what comes back: say [post.bounces] in spojka.toml")
    came = await context.delivery.bounces.bounces()
    new = await context.source.keep_bounces(came, now=context.now)
    await context.delivery.bounces.acknowledge(came)
    return BouncesRead(bounces=new)


async def record_unsubscribe(info: Info, letter: strawberry.ID) -> UnsubscribingOutcome:
    found = await info.context.source.unsubscribe(storable("letter", letter, longest=400), now=info.context.now)
    if isinstance(found, Refusal):
        return Refused(code=found.code, message=found.message)
    return Unsubscribed(client=Client(id=strawberry.ID(found.client)))


async def printer_of(info: Info, campaign: str) -> Printer | Refused:
    """The campaign's printer, or why there is none."""
    found = await info.context.source.campaigns([storable("campaign", campaign)])
    if not found:
        return Refused(code="unknown-mailing", message=f"there is no mailing {campaign}: check its id")
    printer = (info.context.delivery.printers or {}).get(found[0].printer)
    return printer or not_here("unknown-printer", no_printer(found[0].printer))


def not_here(code: str, message: str) -> Refused:
    return Refused(code=code, message=message)


async def handed(info: Info, campaign: str, found: Handed | Refusal) -> LettersHanded | Refused:
    if isinstance(found, Refusal):
        return Refused(code=found.code, message=found.message)
    [now] = await campaigns_of([campaign], info)
    if now is None:
        return Refused(code="unknown-mailing", message=f"there is no mailing {campaign}: check its id")
    return LettersHanded(
        letters=found.letters,
        waiting=found.waiting,
        waiting_code=found.code,
        waiting_since=found.since,
        through=found.through,
        campaign=now,
    )
