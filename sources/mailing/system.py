"""The source of the system mailing: batches of keys in, records out; and the mutations."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select

from sources.database import Connection, Database
from sources.idempotency import Call, claim, input_hash, write_once
from sources.mailing import deciding, reading
from sources.mailing.campaigns import Edit, create, edit, save_template
from sources.mailing.notifying import Notifying, keep_bounces
from sources.mailing.outside import Postman, Printer, Returned, Typeset
from sources.mailing.printing import Handed, Submitting, follow_letters
from sources.mailing.recipients import snapshot
from sources.mailing.rendering import render_letters
from sources.mailing.rules import MailingRules
from sources.mailing.tables import KEYS, UNSUBSCRIBES
from sources.records.mailing import (
    AudienceRow,
    Bounce,
    Campaign,
    Exclusion,
    Letter,
    LetterDecision,
    Notice,
    PrintJob,
    Recipient,
    TemplateVersion,
    Totals,
    Unsubscribe,
    Wait,
)
from sources.records.refusal import Refusal
from sources.rows import insert_new, row_of

__all__ = ["Mailing"]

T = TypeVar("T")
Statement = Select[*tuple[Any, ...]]


class Mailing:
    """Mailing's database. Answers of batches are in no particular order unless said otherwise."""

    def __init__(self, database: Database, *, new_holder: Callable[[], str] = lambda: secrets.token_hex(8)) -> None:
        self.database = database
        self._new_holder = new_holder

    async def templates(self) -> list[TemplateVersion]:
        """The last version of each, by id."""
        return await self._read(reading.LATEST_TEMPLATES, {}, reading.template_of)

    async def template(self, template: str, version: int) -> TemplateVersion | None:
        of = {"template": template, "version": version}
        found = await self._read(reading.TEMPLATE, of, reading.template_of)
        return found[0] if found else None

    async def versions(self, templates: Collection[str]) -> list[TemplateVersion]:
        """Every version of these, by id and version."""
        return await self._read(reading.VERSIONS, {"keys": templates}, reading.template_of)

    async def campaigns(self, ids: Collection[str]) -> list[Campaign]:
        return await self._read(reading.CAMPAIGNS_BY_ID, {"keys": ids}, lambda row: Campaign(*row))

    async def latest_campaigns(self, *, first: int, before: str | None) -> list[Campaign]:
        """The `first` that were made last, before that one; the newest first."""
        statement = reading.LATEST_CAMPAIGNS if before is None else reading.CAMPAIGNS_BEFORE
        of = {"first": first} if before is None else {"first": first, "before": before}
        return await self._read(statement, of, lambda row: Campaign(*row))

    async def campaigns_under_way(self, *, first: int) -> list[Campaign]:
        """Those that have not come to their end, the oldest first. None where nothing can be written."""
        if self.database.is_read_only:
            return []
        return await self._read(reading.UNDER_WAY, {"first": first}, lambda row: Campaign(*row))

    async def campaigns_to_deliver(self, *, at: datetime, first: int) -> list[Campaign]:
        """Of which something can be done at this time; the oldest first."""
        return await self._read(reading.TO_DELIVER, {"at": at, "first": first}, lambda row: Campaign(*row))

    async def recipients(self, campaign: str, *, first: int, after: int) -> list[Recipient]:
        """By position."""
        of = {"campaign": campaign, "first": first, "after": after}
        return await self._read(reading.RECIPIENTS_IN_ORDER, of, lambda row: Recipient(*row))

    async def recipients_of_letters(self, letters: Collection[str]) -> dict[str, Recipient]:
        found = await self._read(
            reading.RECIPIENTS_OF_LETTERS, {"keys": letters}, lambda row: (row[0], Recipient(*row[1:]))
        )
        return dict(found)

    async def equal_addresses(self, campaign: str, *, first: int) -> list[list[Recipient]]:
        """Recipients who have the same address, group by group, in the order of their positions."""

        def work(connection: Connection) -> list[list[Recipient]]:
            keys = connection.execute(reading.SHARED_KEYS, {"campaign": campaign, "first": first}).scalars().all()
            groups: dict[str, list[Recipient]] = {key: [] for key in keys}
            for row in connection.execute(reading.RECIPIENTS_AT, {"campaign": campaign, "keys": keys}):
                groups[row.address_key].append(Recipient(*row))
            return list(groups.values())

        return await self.database.read(work)

    async def exclusions(self, campaign: str, *, first: int, after: int, code: str | None = None) -> list[Exclusion]:
        """By number."""
        of = {"campaign": campaign, "first": first, "after": after, "code": code}
        return await self._read(reading.EXCLUSIONS_IN_ORDER, of, lambda row: Exclusion(*row))

    async def exclusions_of_clients(self, clients: Collection[str]) -> list[Exclusion]:
        """By campaign and number."""
        return await self._read(reading.EXCLUSIONS_OF_CLIENTS, {"keys": clients}, lambda row: Exclusion(*row))

    async def letters(self, ids: Collection[str]) -> list[Letter]:
        return await self._read(reading.LETTERS_BY_ID, {"keys": ids}, lambda row: Letter(*row))

    async def letters_of_campaign(
        self, campaign: str, *, first: int, after: int, state: str | None = None
    ) -> list[Letter]:
        """By position."""
        of = {"campaign": campaign, "first": first, "after": after, "state": state}
        return await self._read(reading.LETTERS_IN_ORDER, of, lambda row: Letter(*row))

    async def letters_of_clients(self, clients: Collection[str]) -> list[Letter]:
        """By campaign and position."""
        return await self._read(reading.LETTERS_OF_CLIENTS, {"keys": clients}, lambda row: Letter(*row))

    async def documents(self, letters: Collection[str]) -> dict[str, bytes]:
        """The PDFs of these letters; ask for few at once."""
        found = await self._read(
            reading.DOCUMENTS_OF_LETTERS, {"keys": letters}, lambda row: (row.letter, bytes(row.content))
        )
        return dict(found)

    async def jobs(self, letters: Collection[str]) -> list[PrintJob]:
        """By letter and attempt."""
        return await self._read(reading.JOBS_OF_LETTERS, {"keys": letters}, lambda row: PrintJob(*row))

    async def decisions(self, letters: Collection[str]) -> list[LetterDecision]:
        """By letter, attempt and time."""
        return await self._read(reading.DECISIONS_OF_LETTERS, {"keys": letters}, lambda row: LetterDecision(*row))

    async def notices(self, letters: Collection[str]) -> list[Notice]:
        return await self._read(reading.NOTICES_OF_LETTERS, {"keys": letters}, lambda row: Notice(*row))

    async def bounces(self, letters: Collection[str]) -> list[Bounce]:
        """By letter and time."""
        return await self._read(reading.BOUNCES_OF_LETTERS, {"keys": letters}, lambda row: Bounce(*row))

    async def bounces_of_clients(self, clients: Collection[str]) -> list[tuple[str, Bounce]]:
        """With whose they are, the latest first."""
        found = {"keys": clients}
        return await self._read(reading.BOUNCES_OF_CLIENTS, found, lambda row: (row[0], Bounce(*row[1:])))

    async def unsubscribed(self, clients: Collection[str]) -> list[Unsubscribe]:
        return await self._read(reading.UNSUBSCRIBED, {"keys": clients}, lambda row: Unsubscribe(*row))

    async def totals(self, campaigns: Sequence[Campaign]) -> list[Totals]:
        """Of each, in their order."""
        return await self.database.read(
            lambda connection: [reading.totals(connection, campaign) for campaign in campaigns]
        )

    async def waits(self, campaigns: Collection[str]) -> list[Wait]:
        """What keeps these, by campaign, the longest first. None where nothing can be written."""
        if self.database.is_read_only:
            return []
        return await self._read(reading.WAITS_OF_CAMPAIGNS, {"keys": campaigns}, lambda row: Wait(*row))

    async def letter_counts(self, campaigns: Collection[str]) -> dict[str, dict[str, int]]:
        """Of each of these that has letters: how many, by state."""
        counts: dict[str, dict[str, int]] = {}
        for campaign, state, number in await self._read(reading.LETTERS_OF_CAMPAIGNS, {"keys": campaigns}, tuple):
            counts.setdefault(campaign, {})[state] = number
        return counts

    # What is written. Idempotent by caller and key; KeyReused for another input under the same key.

    async def save_template(self, wanted: TemplateVersion, *, caller: str, key: str) -> TemplateVersion:
        """The version that has this content now: the last one as long as it isn't used, else a new one."""
        named = [getattr(wanted, name) for name in ("template", "name", "language", "purpose", "body")]
        hashed = input_hash([*named, list(wanted.fields), wanted.subject, wanted.notice])
        answer = await self._once("saveTemplate", caller, key, hashed, lambda c: save_template(c, wanted))
        found = await self.template(answer["template"], answer["version"])
        if found is None:
            raise LookupError(f"template {answer} is gone")
        return found

    async def create_campaign(self, wanted: Campaign, *, year: int, caller: str, key: str) -> Campaign | Refusal:
        """A DRAFT with the next id; its template version never changes from now on. Refused `unknown-template`."""
        kept = ("title", "template", "version", "audience", "variables", "printer", "letter_date", "notify_at")
        hashed = input_hash([*(getattr(wanted, name) for name in kept), wanted.merges_addresses])
        return await self._campaign("createCampaign", caller, key, hashed, lambda c: create(c, wanted, year=year))

    async def edit(self, campaign: str, decide: Edit, *, call: Call) -> Campaign | Refusal:
        """The campaign after what `decide` made of it, or its refusal; also refused `unknown-mailing`."""
        return await self._campaign(
            call.mutation, call.caller, call.key, call.input_hash, lambda c: edit(c, campaign, decide)
        )

    async def take_snapshot(
        self,
        campaign: str,
        rows: Sequence[AudienceRow],
        *,
        after: int,
        is_last: bool,
        round: int | None = None,
        caller: str,
        key: str,
        rules: MailingRules,
    ) -> Campaign | Refusal:
        """Takes rows of the audience, of this round or whichever it is.

        Refused `unknown-mailing`, `wrong-state`, `other-round`, `rows-missing`, `bad-value`.
        """
        of_rows = [{**row_of(row), "values": dict(row.values)} for row in rows]
        hashed = input_hash([campaign, of_rows, after, is_last, round])
        return await self._campaign(
            "snapshotRecipients",
            caller,
            key,
            hashed,
            lambda c: snapshot(c, campaign, rows, after=after, is_last=is_last, round=round, rules=rules),
        )

    async def render(
        self, campaign: str, *, first: int, typeset: Typeset, caller: str, key: str, rules: MailingRules
    ) -> int | Refusal:
        """How many of the next `first` letters were rendered; what is rendered stays so."""
        await self._claim("renderLetters", caller, key, [campaign, first])
        return await render_letters(self.database, campaign, first=first, typeset=typeset, rules=rules)

    def submitting(
        self, campaign: str, printer: Printer, *, rules: MailingRules, clock: Callable[[], datetime]
    ) -> Submitting:
        return Submitting(self.database, campaign, printer, rules, clock, self._new_holder())

    async def submit(
        self, submitting: Submitting, *, after: int, first: int, caller: str, key: str
    ) -> Handed | Refusal:
        """Hands letters to the printer. Refused `unknown-mailing`, `wrong-state`, `paused`, `busy`."""
        await self._claim("submitLetters", caller, key, [submitting.campaign, after, first])
        return await submitting.submit(after=after, first=first)

    async def follow(
        self, submitting: Submitting, *, after: int, first: int, caller: str, key: str
    ) -> Handed | Refusal:
        """Asks what became of print jobs. Refused `unknown-mailing`."""
        await self._claim("followLetters", caller, key, [submitting.campaign, after, first])
        return await follow_letters(submitting, after=after, first=first)

    async def decide(
        self, letter: str, decision: str, *, reason: str, caller: str, key: str, now: datetime, rules: MailingRules
    ) -> Letter | Refusal:
        """A person's decision. Refused `unknown-letter`, `not-submitted`, `wrong-state`."""
        answer = await self._once(
            "decideLetter",
            caller,
            key,
            input_hash([letter, decision, reason]),
            lambda c: deciding.decide(c, letter, decision, reason=reason, caller=caller, now=now, rules=rules),
        )
        if "refused" in answer:
            return Refusal(**answer["refused"])
        [found] = await self.letters([answer["letter"]])
        return found

    async def notify(
        self,
        campaign: str,
        postman: Postman,
        *,
        domain: str,
        first: int,
        caller: str,
        key: str,
        clock: Callable[[], datetime],
        rules: MailingRules,
    ) -> Handed | Refusal:
        """Sends notices. Refused `unknown-mailing`, `wrong-state`, `paused`, `no-notices`, `busy`."""
        await self._claim("sendNotices", caller, key, [campaign, first])
        notifying = Notifying(self.database, campaign, postman, rules, clock, self._new_holder(), domain)
        return await notifying.send(first=first)

    async def keep_bounces(self, returned: Sequence[Returned], *, now: datetime) -> int:
        """How many of them were new."""
        return await self.database.write(lambda connection: keep_bounces(connection, returned, now))

    async def unsubscribe(self, letter: str, *, now: datetime) -> Unsubscribe | Refusal:
        """The client of this letter wants no marketing any more; once is enough. Refused `unknown-letter`."""
        found = await self.letters([letter])
        if not found:
            return Refusal("unknown-letter", f"there is no letter {letter}: check its id")
        wanted = Unsubscribe(found[0].client, letter, now)
        await self.database.write(lambda connection: insert_new(connection, UNSUBSCRIBES, row_of(wanted)))
        [kept] = await self.unsubscribed([wanted.client])
        return kept

    async def _read(self, statement: Statement, values: Mapping[str, Any], of: Callable[[Any], T]) -> list[T]:
        return await self.database.read(lambda connection: [of(row) for row in connection.execute(statement, values)])

    async def _once(
        self, mutation: str, caller: str, key: str, hashed: str, effect: Callable[[Connection], dict[str, Any]]
    ) -> dict[str, Any]:
        return await write_once(self.database, KEYS, call=Call(mutation, caller, key, hashed), effect=effect)

    async def _campaign(
        self, mutation: str, caller: str, key: str, hashed: str, effect: Callable[[Connection], dict[str, Any]]
    ) -> Campaign | Refusal:
        answer = await self._once(mutation, caller, key, hashed, effect)
        if "refused" in answer:
            return Refusal(**answer["refused"])
        [found] = await self.campaigns([answer["campaign"]])
        return found

    async def _claim(self, mutation: str, caller: str, key: str, given: object) -> None:
        """What goes on outside the database is looked at anew each time; the key only holds it to one input."""
        call = Call(mutation, caller, key, input_hash(given))
        await self.database.write(lambda connection: claim(connection, KEYS, call))
