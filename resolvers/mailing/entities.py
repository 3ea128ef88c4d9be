"""The entities of mailing: campaigns and letters, and clients as those who get them."""

from __future__ import annotations

import base64
import json
from datetime import date, datetime
from typing import Self

import strawberry

from resolvers.access import Scope, asks
from resolvers.batching import Entity, Representation, batched
from resolvers.errors import BadInput, limited
from resolvers.grouping import by_key, grouped
from resolvers.mailing.context import Info
from resolvers.mailing.keeping import waiting_of
from resolvers.mailing.reporting import report_csv, report_pdf
from resolvers.mailing.values import (
    AudienceCondition,
    Bounce,
    CampaignState,
    ExclusionCode,
    LetterDecision,
    LetterState,
    LetterTemplate,
    MailingReport,
    Notice,
    PrintJob,
    Recipient,
    SharedValue,
)
from sources.records import mailing as records

__all__ = ["Campaign", "Client", "Letter"]

PAGE = 100
MOST = 500
MOST_DOCUMENTS = 20


@strawberry.federation.type(requires_scopes=asks(Scope.MAILING_READ))
class Exclusion:
    """Why a client that the audience named got no letter or, with NO_EMAIL, no notice."""

    number: int
    client: Client
    code: ExclusionCode
    note: str
    of_campaign: strawberry.Private[str]

    @batched()
    @staticmethod
    async def campaign(parents: strawberry.Parent[list[Exclusion]], info: Info) -> list[Campaign | None]:
        return await campaigns_of([parent.of_campaign for parent in parents], info)

    @classmethod
    def of(cls, record: records.Exclusion) -> Self:
        return cls(
            number=record.number,
            client=Client(id=strawberry.ID(record.client)),
            code=ExclusionCode(record.code),
            note=record.note,
            of_campaign=record.campaign,
        )


@strawberry.federation.type(requires_scopes=asks(Scope.MAILING_READ))
class ClientMailings:
    """The letters that a client was sent, or is to be sent, and why others were not; by mailing."""

    letters: list[Letter]
    exclusions: list[Exclusion]


@strawberry.federation.type(keys=["id"], requires_scopes=asks(Scope.CLIENTS_READ))
class Client(Entity):
    """A client of sales, known here by its id alone."""

    id: strawberry.ID

    @batched(description="What was sent to this client, and what was not, and why.")
    @staticmethod
    async def mailings(parents: strawberry.Parent[list[Client]], info: Info) -> list[ClientMailings | None]:
        source, ids = info.context.source, [client.id for client in parents]
        letters = grouped(await source.letters_of_clients(ids), lambda letter: letter.client)
        exclusions = grouped(await source.exclusions_of_clients(ids), lambda exclusion: exclusion.client)
        return [
            ClientMailings(
                letters=[Letter.of(each) for each in letters.get(id, [])],
                exclusions=[Exclusion.of(each) for each in exclusions.get(id, [])],
            )
            for id in ids
        ]

    @batched(
        requires_scopes=asks(Scope.ADDRESSES_READ),
        description="E-mails to this client that came back, the latest first: is the address still right?",
    )
    @staticmethod
    async def bounced_emails(parents: strawberry.Parent[list[Client]], info: Info) -> list[list[Bounce] | None]:
        found = grouped(
            await info.context.source.bounces_of_clients([client.id for client in parents]), lambda each: each[0]
        )
        return [[Bounce.of(bounce) for _, bounce in found.get(client.id, [])] for client in parents]

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[Representation]) -> list[Self]:
        return [cls(id=strawberry.ID(str(key["id"]))) for key in keys]


@strawberry.federation.type(
    keys=["id"], requires_scopes=asks(Scope.MAILING_READ), description="A mailing: one template and one audience."
)
class Campaign(Entity):
    id: strawberry.ID
    title: str | None
    audience: str | None = strawberry.field(description="The GraphQL document that asks for the recipients.")
    variables: str | None = strawberry.field(description="The audience's variables, as JSON.")
    state: CampaignState | None
    paused: bool | None
    conditions: list[AudienceCondition] | None = strawberry.field(description="What its rows have to meet, all of it.")
    values: list[SharedValue] | None = strawberry.field(description="What all letters say.")
    printer: strawberry.ID | None
    letter_date: date | None = strawberry.field(description="The day that stands on the letters.")
    notify_at: datetime | None = strawberry.field(description="When notices go out; null for never.")
    merges_addresses: bool | None = strawberry.field(description="Whether equal addresses get one letter.")
    asked: int | None = strawberry.field(description="How many rows of the audience have come.")
    round: int | None = strawberry.field(description="How often the recipients were taken: approve this one.")
    created_by: strawberry.ID | None
    created_at: datetime | None
    approved_by: strawberry.ID | None
    approved_at: datetime | None
    record: strawberry.Private[records.Campaign]

    @batched()
    @staticmethod
    async def template(parents: strawberry.Parent[list[Campaign]], info: Info) -> list[LetterTemplate | None]:
        found = await info.context.source.versions({parent.record.template for parent in parents})
        versions = by_key(found, lambda version: (version.template, version.version))
        return [LetterTemplate.of(versions[parent.record.template, parent.record.version]) for parent in parents]

    @batched(
        requires_scopes=asks(Scope.CLIENTS_ALL),
        description="Letters after a position, in order of positions; `first` is 1 to 500.",
    )
    @staticmethod
    async def letters(
        parents: strawberry.Parent[list[Campaign]],
        info: Info,
        first: int = PAGE,
        after: int = 0,
        state: LetterState | None = None,
    ) -> list[list[Letter] | None]:
        limit, source = limited("first", first, largest=MOST), info.context.source
        named = state.value if state else None
        found = [await source.letters_of_campaign(each.id, first=limit, after=after, state=named) for each in parents]
        return [[Letter.of(letter) for letter in letters] for letters in found]

    @batched(
        requires_scopes=asks(Scope.CLIENTS_ALL),
        description="Exclusions after a number, in order of numbers; `first` is 1 to 500.",
    )
    @staticmethod
    async def exclusions(
        parents: strawberry.Parent[list[Campaign]],
        info: Info,
        first: int = PAGE,
        after: int = 0,
        code: ExclusionCode | None = None,
    ) -> list[list[Exclusion] | None]:
        limit, source = limited("first", first, largest=MOST), info.context.source
        named = code.value if code else None
        found = [await source.exclusions(each.id, first=limit, after=after, code=named) for each in parents]
        return [[Exclusion.of(each) for each in exclusions] for exclusions in found]

    @batched(
        requires_scopes=asks(Scope.CLIENTS_ALL),
        description="Recipients after a position, in order of positions; `first` is 1 to 500.",
    )
    @staticmethod
    async def recipients(
        parents: strawberry.Parent[list[Campaign]], info: Info, first: int = PAGE, after: int = 0
    ) -> list[list[Recipient] | None]:
        limit, source = limited("first", first, largest=MOST), info.context.source
        found = [await source.recipients(each.id, first=limit, after=after) for each in parents]
        return [[Recipient.of(each) for each in recipients] for recipients in found]

    @batched(
        requires_scopes=asks(Scope.CLIENTS_ALL),
        description="Groups of recipients who have the same address, however it is written; `first` is 1 to 100.",
    )
    @staticmethod
    async def equal_addresses(
        parents: strawberry.Parent[list[Campaign]], info: Info, first: int = PAGE
    ) -> list[list[list[Recipient]] | None]:
        limit, source = limited("first", first), info.context.source
        found = [await source.equal_addresses(each.id, first=limit) for each in parents]
        return [[[Recipient.of(each) for each in group] for group in groups] for groups in found]

    @batched(description="What keeps it now, and what would mend that; null where nothing does.")
    @staticmethod
    async def waiting(parents: strawberry.Parent[list[Campaign]], info: Info) -> list[str | None]:
        return await waiting_of([parent.record for parent in parents], info)

    @batched(
        requires_scopes=asks(Scope.CLIENTS_ALL, Scope.ADDRESSES_READ),
        description="The report as CSV (UTF-8), a line for each row of the audience; of one mailing at once.",
    )
    @staticmethod
    async def report_csv_base64(parents: strawberry.Parent[list[Campaign]], info: Info) -> list[str | None]:
        return [await report_csv([parent.record for parent in parents], info)]

    @batched(
        requires_scopes=asks(Scope.CLIENTS_ALL, Scope.ADDRESSES_READ),
        description="The report as a PDF: the sum, exclusions and failed letters; of one mailing at once.",
    )
    @staticmethod
    async def report_pdf_base64(parents: strawberry.Parent[list[Campaign]], info: Info) -> list[str | None]:
        return [await report_pdf([parent.record for parent in parents], info)]

    @batched(description="What became of everybody, counted as it is now.")
    @staticmethod
    async def report(parents: strawberry.Parent[list[Campaign]], info: Info) -> list[MailingReport | None]:
        totals = await info.context.source.totals([parent.record for parent in parents])
        return [MailingReport.of(each) for each in totals]

    @classmethod
    def of(cls, record: records.Campaign) -> Self:
        return cls(
            id=strawberry.ID(record.id),
            title=record.title,
            audience=record.audience,
            variables=record.variables,
            state=CampaignState(record.state),
            paused=record.paused,
            conditions=[AudienceCondition.of(each) for each in json.loads(record.conditions)],
            values=[SharedValue(name=name, value=value) for name, value in json.loads(record.letter_values).items()],
            printer=strawberry.ID(record.printer),
            letter_date=record.letter_date,
            notify_at=record.notify_at,
            merges_addresses=record.merges_addresses,
            asked=record.asked,
            round=record.round,
            created_by=strawberry.ID(record.created_by),
            created_at=record.created_at,
            approved_by=strawberry.ID(record.approved_by) if record.approved_by else None,
            approved_at=record.approved_at,
            record=record,
        )

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[Representation]) -> list[Self | None]:
        ids = [str(key["id"]) for key in keys]
        found = by_key(await info.context.source.campaigns(ids), lambda campaign: campaign.id)
        return [cls.of(found[id]) if id in found else None for id in ids]


@strawberry.federation.type(
    keys=["id"], requires_scopes=asks(Scope.MAILING_READ), description="A recipient's letter, and its fate."
)
class Letter(Entity):
    id: strawberry.ID
    position: int | None
    client: Client | None
    state: LetterState | None
    sha256: str | None = strawberry.field(description="Of its PDF, in hexadecimal; null until it is rendered.")
    pages: int | None
    reason: str | None = strawberry.field(description="Why it is in this state, where that needs a word.")
    of_campaign: strawberry.Private[str]

    @batched()
    @staticmethod
    async def campaign(parents: strawberry.Parent[list[Letter]], info: Info) -> list[Campaign | None]:
        return await campaigns_of([parent.of_campaign for parent in parents], info)

    @batched()
    @staticmethod
    async def recipient(parents: strawberry.Parent[list[Letter]], info: Info) -> list[Recipient | None]:
        found = await info.context.source.recipients_of_letters([letter.id for letter in parents])
        return [Recipient.of(found[letter.id]) if letter.id in found else None for letter in parents]

    @batched(
        requires_scopes=asks(Scope.ADDRESSES_READ),
        description="Its PDF, as it was or will be printed; of at most 20 letters at once.",
    )
    @staticmethod
    async def document_base64(parents: strawberry.Parent[list[Letter]], info: Info) -> list[str | None]:
        if len(parents) > MOST_DOCUMENTS:
            raise BadInput(f"documentBase64: these are {len(parents)} letters; ask for at most {MOST_DOCUMENTS}")
        found = await info.context.source.documents([letter.id for letter in parents])
        return [base64.b64encode(found[letter.id]).decode() if letter.id in found else None for letter in parents]

    @batched(description="Each time that it was handed to a printer; more than one only by a person's order.")
    @staticmethod
    async def print_jobs(parents: strawberry.Parent[list[Letter]], info: Info) -> list[list[PrintJob] | None]:
        jobs = grouped(await info.context.source.jobs([letter.id for letter in parents]), lambda job: job.letter)
        return [[PrintJob.of(job) for job in jobs.get(letter.id, [])] for letter in parents]

    @batched(description="What people decided about it.")
    @staticmethod
    async def decisions(parents: strawberry.Parent[list[Letter]], info: Info) -> list[list[LetterDecision] | None]:
        found = await info.context.source.decisions([letter.id for letter in parents])
        decisions = grouped(found, lambda decision: decision.letter)
        return [[LetterDecision.of(each) for each in decisions.get(letter.id, [])] for letter in parents]

    @batched(description="The e-mail that announces it; null as long as it is not printed, and where there is none.")
    @staticmethod
    async def notice(parents: strawberry.Parent[list[Letter]], info: Info) -> list[Notice | None]:
        found = await info.context.source.notices([letter.id for letter in parents])
        notices = by_key(found, lambda notice: notice.letter)
        return [Notice.of(notices[letter.id]) if letter.id in notices else None for letter in parents]

    @batched(description="Notices of it that came back.")
    @staticmethod
    async def bounces(parents: strawberry.Parent[list[Letter]], info: Info) -> list[list[Bounce] | None]:
        found = await info.context.source.bounces([letter.id for letter in parents])
        bounces = grouped(found, lambda bounce: bounce.letter)
        return [[Bounce.of(each) for each in bounces.get(letter.id, [])] for letter in parents]

    @classmethod
    def of(cls, record: records.Letter) -> Self:
        return cls(
            id=strawberry.ID(record.id),
            position=record.position,
            client=Client(id=strawberry.ID(record.client)),
            state=LetterState(record.state),
            sha256=record.sha256,
            pages=record.pages,
            reason=record.reason,
            of_campaign=record.campaign,
        )

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[Representation]) -> list[Self | None]:
        ids = [str(key["id"]) for key in keys]
        found = by_key(await info.context.source.letters(ids), lambda letter: letter.id)
        return [cls.of(found[id]) if id in found else None for id in ids]


async def campaigns_of(ids: list[str], info: Info) -> list[Campaign | None]:
    found = by_key(await info.context.source.campaigns(set(ids)), lambda campaign: campaign.id)
    return [Campaign.of(found[id]) if id in found else None for id in ids]
