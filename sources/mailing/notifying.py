"""Notices: for letters that were printed, at the time that the campaign says; and what comes back of them.

PLAN  a row for each printed letter that has none       (the database refuses one for a letter that isn't printed)
TAKE  those that are due: their next try is put off before they are sent, so a crash delays them and loses none
SEND  outside any transaction; each message has the same Message-ID however often it is sent
KEEP  what the server said of each, as it says it
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, and_, bindparam, func, select, update

from sources.columns import Instant, Text
from sources.database import Database, one_of
from sources.errors import SourceError
from sources.mailing.campaigns import advance, locked, template
from sources.mailing.leases import HELD_FOR, Lease
from sources.mailing.letters import Field, Language, values_written
from sources.mailing.outside import Delivered, Outgoing, Postman, Returned, Told
from sources.mailing.printing import Handed
from sources.mailing.reading import NOTICE_COLUMNS
from sources.mailing.rules import MailingRules
from sources.mailing.tables import BOUNCES, LETTERS, NOTICES, PRINT_JOBS, RECIPIENTS, UNSUBSCRIBES
from sources.mailing.waits import note_wait
from sources.records.mailing import Bounce, Campaign, Notice, TemplateVersion
from sources.records.refusal import Refusal
from sources.rows import insert_all, insert_new, row_of

__all__ = ["Notifying", "keep_bounces"]

_log = logging.getLogger("spojka.mailing")

LONGEST_SHOWN = 200
TOKEN = 8  # bytes; VERP puts the Message-ID's left part into 64 characters of an address
RENEWED_AFTER = HELD_FOR / 4
OF_CAMPAIGN = bindparam("campaign", type_=Text)
RECIPIENT_OF = and_(RECIPIENTS.c.campaign == LETTERS.c.campaign, RECIPIENTS.c.position == LETTERS.c.position)
PRINTED_JOBS = (
    select(PRINT_JOBS.c.letter, func.max(PRINT_JOBS.c.attempt).label("attempt"))
    .where(PRINT_JOBS.c.state == "PRINTED")
    .group_by(PRINT_JOBS.c.letter)
).subquery()
TO_PLAN = (
    select(LETTERS.c.id, RECIPIENTS.c.email, PRINTED_JOBS.c.attempt)
    .join(RECIPIENTS, RECIPIENT_OF)
    .join(PRINTED_JOBS, PRINTED_JOBS.c.letter == LETTERS.c.id)
    .outerjoin(NOTICES, NOTICES.c.letter == LETTERS.c.id)
    .where(
        LETTERS.c.campaign == OF_CAMPAIGN,
        LETTERS.c.state == "PRINTED",
        RECIPIENTS.c.email.is_not(None),
        NOTICES.c.letter.is_(None),
    )
    .order_by(LETTERS.c.position)
    .limit(bindparam("first", type_=Integer))
)
DUE = (
    select(RECIPIENTS.c.client, RECIPIENTS.c.name, RECIPIENTS.c.data, *NOTICE_COLUMNS)
    .join(LETTERS, LETTERS.c.id == NOTICES.c.letter)
    .join(RECIPIENTS, RECIPIENT_OF)
    .where(
        LETTERS.c.campaign == OF_CAMPAIGN,
        NOTICES.c.state.in_(("PLANNED", "RETRYING")),
        NOTICES.c.next_at <= bindparam("now", type_=Instant),
    )
    .order_by(NOTICES.c.next_at, LETTERS.c.position)
    .limit(bindparam("first", type_=Integer))
)
OPTED_OUT = select(UNSUBSCRIBES.c.client).where(one_of(UNSUBSCRIBES.c.client))
BY_MESSAGE = select(NOTICES.c.message_id, NOTICES.c.letter, NOTICES.c.state).where(one_of(NOTICES.c.message_id))


def new_token() -> str:
    """What of a Message-ID nobody guesses: whoever knows one can say that its message came back."""
    return secrets.token_hex(TOKEN)


@dataclass(frozen=True, slots=True)
class Notifying:
    """One call of `sendNotices`; `domain` is that of the Message-IDs, `new_token` gives each what nobody guesses."""

    database: Database
    campaign: str
    postman: Postman
    rules: MailingRules
    clock: Callable[[], datetime]
    holder: str
    domain: str
    new_token: Callable[[], str] = new_token

    @property
    def lease(self) -> Lease:
        return Lease(self.campaign, "NOTIFY", self.holder)

    async def send(self, *, first: int) -> Handed | Refusal:
        """Sends the next `first` notices that are due. `waiting` says why not, where it is too early or all is down."""
        taken = await self.database.write(lambda connection: self.take(connection, first))
        if not isinstance(taken, list):
            return taken
        waiting, code = None, None
        try:
            async with self.held([each.notice.letter for each in taken]):
                delivered: Sequence[Delivered] = await self.postman(taken, self.keeping(taken)) if taken else ()
        except (SourceError, TimeoutError) as error:
            delivered = ()
            waiting = error.message if isinstance(error, SourceError) else "the mail server doesn't answer in time"
            code = error.code if isinstance(error, SourceError) else "POST_DOWN"
        accepted, since = await self.database.write(lambda connection: self.keep(connection, taken, delivered, waiting))
        return Handed(accepted, waiting, code, since)

    @asynccontextmanager
    async def held(self, letters: Sequence[str]) -> AsyncIterator[None]:
        """The lease stays ours, and nobody else takes these, however slowly they may be sent."""

        async def renewing() -> None:
            while True:
                await asyncio.sleep(RENEWED_AFTER.total_seconds())
                try:
                    await self.database.write(lambda connection: self.renew(connection, letters))
                except SourceError as error:
                    _log.warning("mailing %s: its notices can't be held: %s", self.campaign, error)

        renewal = asyncio.create_task(renewing())
        try:
            yield
        finally:
            renewal.cancel()
            await asyncio.gather(renewal, return_exceptions=True)

    def renew(self, connection: Connection, letters: Sequence[str]) -> None:
        now = self.clock()
        if self.lease.take(connection, now):
            put_off(connection, letters, now)

    def take(self, connection: Connection, first: int) -> list[Outgoing] | Handed | Refusal:
        campaign = locked(connection, self.campaign)
        if isinstance(campaign, Refusal):
            return campaign
        if refusal := self.rules.may_notify(campaign):
            return refusal
        now = self.clock()
        if campaign.notify_at is None:
            return Refusal("no-notices", f"mailing {campaign.id} sends no notices: it has no time for them")
        if campaign.notify_at > now:
            return Handed(0, f"notices go out at {campaign.notify_at:%Y-%m-%dT%H:%M}Z")
        if not self.lease.take(connection, now):
            why = "another request sends its notices at this moment: try again when it has ended"
            return Refusal("busy", f"mailing {campaign.id}: {why}")
        self.plan(connection, first, now)
        version = template(connection, campaign)
        rows = connection.execute(DUE, {"campaign": campaign.id, "now": now, "first": first}).all()
        taken = [self.outgoing(campaign, version, row) for row in rows]
        kept = self.without_opted_out(connection, version, taken)
        put_off(connection, [each.notice.letter for each in kept], now)
        return kept

    def plan(self, connection: Connection, first: int, now: datetime) -> None:
        planned = []
        for letter, email, attempt in connection.execute(TO_PLAN, {"campaign": self.campaign, "first": first}):
            message_id = f"<{letter.lower()}.{self.new_token()}@{self.domain}>"
            notice = Notice(letter, message_id, email, "PLANNED", 0, now, now)
            planned.append({**row_of(notice), "attempt": attempt, "printed": "PRINTED"})
        insert_all(connection, NOTICES, planned)

    def outgoing(self, campaign: Campaign, version: TemplateVersion, row: Any) -> Outgoing:
        client, name, data, *notice = row
        name = " ".join(name.split())
        values = as_written(version, json.loads(data))
        return Outgoing(
            notice=Notice(*notice),
            campaign=campaign.id,
            client=client,
            name=name,
            subject=" ".join(self.rules.filled(version.subject, name, values).split()),
            text=self.rules.filled(version.notice, name, values),
            purpose=version.purpose,
            language=version.language,
        )

    def without_opted_out(
        self, connection: Connection, version: TemplateVersion, taken: list[Outgoing]
    ) -> list[Outgoing]:
        """Whoever has unsubscribed since the snapshot gets no more marketing."""
        if version.purpose != "MARKETING":
            return taken
        gone = set(connection.execute(OPTED_OUT, {"keys": {each.client for each in taken}}).scalars())
        for each in taken:
            if each.client in gone:
                skipped = replace(each.notice, state="SKIPPED", next_at=None, text="unsubscribed since the snapshot")
                write(connection, skipped)
        return [each for each in taken if each.client not in gone]

    def keeping(self, taken: Iterable[Outgoing]) -> Told:
        """Keeps each answer as it comes: whoever dies in the midst of many sends the one in doubt again, and no other.

        Where that fails all of them are kept in the end.
        """
        notices = {each.notice.message_id: each.notice for each in taken}

        async def told(word: Delivered) -> None:
            tried = self.tried(notices[word.message_id], word, self.clock())
            try:
                await self.database.write(lambda connection: write(connection, tried))
            except SourceError as error:
                _log.warning("mailing %s: what became of a notice can't be kept yet: %s", self.campaign, error)

        return told

    def tried(self, notice: Notice, word: Delivered | None, now: datetime) -> Notice:
        """The notice after one more try."""
        attempts = notice.attempts + 1
        told = self.rules.told(word.outcome if word else "UNKNOWN", attempts, notice.first_at, now)
        code, text = (str(word.code) if word and word.code else None, word.text if word else None)
        return replace(notice, state=told.state, next_at=told.next_at, attempts=attempts, code=code, text=text)

    def keep(
        self, connection: Connection, taken: Iterable[Outgoing], delivered: Iterable[Delivered], waiting: str | None
    ) -> tuple[int, datetime | None]:
        """How many were accepted, and since when something keeps the rest.

        Of whom nothing was said it isn't known whether it went: it is tried again.
        """
        campaign = locked(connection, self.campaign)
        now, accepted = self.clock(), 0
        said = {each.message_id: each for each in delivered}
        for each in taken:
            notice = each.notice
            word = said.get(notice.message_id)
            if word is None and waiting is not None:  # nobody was asked: this was no try
                write(connection, replace(notice, next_at=now, state="RETRYING" if notice.attempts else "PLANNED"))
                continue
            tried = self.tried(notice, word, now)
            write(connection, tried)
            accepted += tried.state == "ACCEPTED"
        if not isinstance(campaign, Refusal):
            advance(connection, campaign, self.rules)
        self.lease.give_back(connection)
        return accepted, note_wait(connection, self.campaign, "NOTIFY", waiting, came=accepted, now=now)


def as_written(version: TemplateVersion, values: Mapping[str, str]) -> dict[str, str]:
    """The values as the letter has them: an amount and a day as readers of its language write them."""
    language: Language = "cs" if version.language == "cs" else "en"
    fields = [Field(each.name, each.type, each.required) for each in version.fields]  # type: ignore[arg-type]
    return {name: value or "" for name, value in values_written(fields, values, language).items()}


def put_off(connection: Connection, letters: Collection[str], now: datetime) -> None:
    open_ = NOTICES.c.state.in_(("PLANNED", "RETRYING"))
    connection.execute(
        update(NOTICES).where(one_of(NOTICES.c.letter), open_).values(next_at=now + HELD_FOR), {"keys": list(letters)}
    )


def write(connection: Connection, notice: Notice) -> None:
    """What became of a notice that has not come to its end meanwhile (its campaign may be cancelled)."""
    open_ = (NOTICES.c.letter == notice.letter, NOTICES.c.state.in_(("PLANNED", "RETRYING")))
    values = {name: value for name, value in row_of(notice).items() if name not in ("letter", "message_id", "email")}
    connection.execute(update(NOTICES).where(*open_).values(**values))


def keep_bounces(connection: Connection, returned: Sequence[Returned], now: datetime) -> int:
    """How many were new. The same one again is known; one that is about nothing of ours is kept without a letter.

    While a server goes on trying, nothing has come back: what it says is its last word about the notice until then.
    """
    found = connection.execute(BY_MESSAGE, {"keys": {each.message_id for each in returned}})
    notices = {row.message_id: row for row in found}
    new = 0
    for each in returned:
        notice = notices.get(each.message_id)
        letter = notice.letter if notice else None
        if not each.is_final:
            if letter is not None:
                goes_on_trying(connection, letter, each)
            continue
        parts = (each.message_id, each.recipient, each.status, each.text)
        id = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
        if insert_new(connection, BOUNCES, row_of(Bounce(id, letter, *parts, now))):
            new += 1
            if letter is not None:
                came_back(connection, letter, each)
            else:
                _log.warning("a bounce is not believed: nothing was sent as %r", each.message_id[:LONGEST_SHOWN])
    return new


def goes_on_trying(connection: Connection, letter: str, returned: Returned) -> None:
    accepted = (NOTICES.c.letter == letter, NOTICES.c.state == "ACCEPTED")
    connection.execute(update(NOTICES).where(*accepted).values(code=returned.status, text=returned.text))


def came_back(connection: Connection, letter: str, returned: Returned) -> None:
    connection.execute(
        update(NOTICES)
        .where(NOTICES.c.letter == letter)
        .values(state="BOUNCED", next_at=None, code=returned.status, text=returned.text)
    )
