"""What keeps mailings: what was noted when something did not go on, and what isn't set up here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from processes.rules.mailing.waiting import what_keeps
from resolvers.grouping import grouped
from resolvers.mailing.announcing import NO_POST
from resolvers.mailing.context import Delivery, Info
from sources.records.mailing import Campaign

__all__ = ["NO_LETTERS", "no_printer", "waiting_of"]

NO_LETTERS = "letters can't be rendered here: nothing is set up for that"


def no_printer(name: str) -> str:
    return f"there is no printer {name}: say [printers.{name}] in spojka.toml"


async def waiting_of(campaigns: Sequence[Campaign], info: Info) -> list[str | None]:
    """Of each, in their order."""
    source, now = info.context.source, info.context.now
    ids = [campaign.id for campaign in campaigns]
    waits = grouped(await source.waits(ids), lambda wait: wait.campaign)
    letters = await source.letter_counts(ids)
    return [
        what_keeps(
            state=campaign.state,
            paused=campaign.paused,
            printer=campaign.printer,
            letters=letters.get(campaign.id, {}),
            waits={wait.step: wait.why for wait in waits.get(campaign.id, ())},
            missing=missing(campaign, info.context.delivery),
            notices_later=campaign.notify_at if campaign.notify_at and campaign.notify_at > now else None,
        )
        for campaign in campaigns
    ]


def missing(campaign: Campaign, delivery: Delivery) -> Iterator[str]:
    """What its next steps need and nobody has set up."""
    if campaign.state == "SNAPSHOT" and delivery.typeset is None:
        yield NO_LETTERS
    if campaign.state in ("APPROVED", "PRINTING") and campaign.printer not in (delivery.printers or {}):
        yield no_printer(campaign.printer)
    if campaign.state in ("PRINTING", "NOTIFYING") and campaign.notify_at is not None and delivery.postman is None:
        yield NO_POST
