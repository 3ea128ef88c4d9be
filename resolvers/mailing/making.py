"""Templates are saved, campaigns made."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated

import strawberry

from processes.rules.instants import local_day
from processes.rules.mailing import templates as rules
from processes.rules.mailing.audience_document import read_document
from processes.rules.mailing.audience_rows import Condition
from processes.rules.refusal import Refusal as Unfit
from resolvers.access import Scope, asks
from resolvers.errors import BadInput
from resolvers.mailing.announcing import why_unannounced
from resolvers.mailing.context import Info
from resolvers.mailing.entities import Campaign
from resolvers.mailing.rules import fields_of
from resolvers.mailing.values import (
    ConditionOperator,
    FieldType,
    LetterTemplate,
    LetterValueInput,
    Purpose,
    TemplateLanguage,
)
from resolvers.refused import Refused
from resolvers.texts import storable
from sources.records import mailing as records
from sources.records.refusal import Refusal

__all__ = ["CampaignOutcome", "CampaignRecorded", "TemplateOutcome", "create_campaign", "outcome_of", "save_template"]

LONGEST_TEXT = 100_000
LONGEST_VALUE = 5_000
MOST_FIELDS = 50
MOST_CONDITIONS = 50
VARIABLES = "{}"


@strawberry.input
class TemplateFieldInput:
    """A value that each letter is given; `name` is like `valid_from`."""

    name: str
    type: FieldType = FieldType.TEXT
    required: bool = True


@strawberry.input
class LetterTemplateInput:
    """A letter's text (typst) with its fields, and the e-mail that announces it.

    `subject` and `notice` are plain text, in which `{name}` is the recipient's name and `{FIELD}` a field's value.
    """

    template: strawberry.ID
    name: str
    language: TemplateLanguage
    purpose: Purpose
    body: str
    fields: list[TemplateFieldInput]
    subject: str
    notice: str

    def record(self, *, by: str, now: datetime) -> records.TemplateVersion:
        if len(self.fields) > MOST_FIELDS:
            raise BadInput(f"input.fields: there are {len(self.fields)}; a template has at most {MOST_FIELDS}")
        return records.TemplateVersion(
            template=storable("input.template", self.template, longest=100),
            version=0,
            name=storable("input.name", self.name),
            language=self.language.value,
            purpose=self.purpose.value,
            body=storable("input.body", self.body, longest=LONGEST_TEXT),
            fields=tuple(records.TemplateField(each.name, each.type.value, each.required) for each in self.fields),
            subject=storable("input.subject", self.subject),
            notice=storable("input.notice", self.notice, longest=LONGEST_TEXT),
            used=False,
            saved_by=by,
            saved_at=now,
        )


@strawberry.federation.type(requires_scopes=asks(Scope.MAILING_WRITE))
class TemplateSaved:
    """The version that has this content."""

    template: LetterTemplate


TemplateOutcome = Annotated[TemplateSaved | Refused, strawberry.union("TemplateOutcome")]


@strawberry.input
class AudienceConditionInput:
    """What a row of the audience has to meet: `path` leads by names of its answer, like `billingAccounts.status`.

    Of a list what meets it is kept, for further conditions and for the letter. `value` is text, a number, a day or an
    instant.
    """

    path: str
    operator: ConditionOperator
    value: str | None = None

    def condition(self, place: str) -> Condition:
        value = None if self.value is None else storable(f"{place}.value", self.value)
        return Condition(storable(f"{place}.path", self.path), self.operator.value, value)


@strawberry.input
class CampaignInput:
    """A mailing. `audience` is a GraphQL document that asks for the recipients, `variables` its variables as JSON.

    `recipients` is the name of its rows: a connection of clients, or of what has a `client`, with their id, name,
    email, postalAddress (street, city, postalCode, country) and, for marketing, marketingConsent. What else has the
    name of a field of the template is its value; `values` are those that all letters share. Of the rows those are
    recipients that meet all `conditions`. Without `letterDate` the letters bear today's; without `notifyAt` no notices
    go out.
    """

    title: str
    template: strawberry.ID
    version: int
    audience: str
    variables: str = VARIABLES
    conditions: list[AudienceConditionInput] = strawberry.field(default_factory=list)
    values: list[LetterValueInput] = strawberry.field(default_factory=list)
    printer: strawberry.ID
    letter_date: date | None = None
    notify_at: datetime | None = None
    merges_addresses: bool = False

    def record(self, *, by: str, now: datetime) -> records.Campaign:
        return records.Campaign(
            id="",
            title=storable("input.title", self.title),
            template=storable("input.template", self.template),
            version=self.version,
            audience=storable("input.audience", self.audience, longest=LONGEST_TEXT),
            variables=variables_of(self.variables),
            state="DRAFT",
            paused=False,
            printer=storable("input.printer", self.printer),
            letter_date=self.letter_date or local_day(now),
            notify_at=self.notify_at,
            merges_addresses=self.merges_addresses,
            asked=0,
            round=0,
            created_by=by,
            created_at=now,
            conditions=json.dumps([asdict(each) for each in self.wanted_conditions()], ensure_ascii=False),
            letter_values=json.dumps(self.shared_values(), ensure_ascii=False),
        )

    def wanted_conditions(self) -> list[Condition]:
        if len(self.conditions) > MOST_CONDITIONS:
            raise BadInput(f"input.conditions: there are {len(self.conditions)}; give at most {MOST_CONDITIONS}")
        return [each.condition(f"input.conditions[{place}]") for place, each in enumerate(self.conditions)]

    def shared_values(self) -> dict[str, str]:
        return {
            each.name: storable(f"input.values.{each.name}", each.value, longest=LONGEST_VALUE)
            for each in self.values
            if storable("input.values.name", each.name)
        }


def variables_of(text: str) -> str:
    try:
        read = json.loads(storable("input.variables", text, longest=LONGEST_TEXT))
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise BadInput('input.variables: these are no variables; write a JSON object like {"first": 100}')
    return text


@strawberry.federation.type(requires_scopes=asks(Scope.MAILING_READ))
class CampaignRecorded:
    """The mailing as it is now."""

    campaign: Campaign


CampaignOutcome = Annotated[CampaignRecorded | Refused, strawberry.union("CampaignOutcome")]


def outcome_of(found: records.Campaign | Refusal) -> CampaignRecorded | Refused:
    if isinstance(found, Refusal):
        return Refused(code=found.code, message=found.message)
    return CampaignRecorded(campaign=Campaign.of(found))


def unfit(template: records.TemplateVersion, wanted: records.Campaign, conditions: list[Condition]) -> Unfit | None:
    """Why the audience can't be this template's; what isn't the graph's, the graph says when it is asked."""
    values = json.loads(wanted.letter_values)
    of_rows = [field for field in fields_of(template) if field.name not in values]
    if problem := rules.check_values([field for field in fields_of(template) if field.name in values], values):
        return Unfit("bad-value", f"values: {problem}")
    document = read_document(wanted.audience)
    if isinstance(document, Unfit):
        return document
    for place, condition in enumerate(conditions):
        if problem := condition.problem:
            return Unfit("bad-condition", f"conditions[{place}]: {problem}")
    return document.refuses(
        fields=[field.name for field in of_rows if field.required],
        purpose=template.purpose,
        conditions=[condition.path for condition in conditions],
    )


async def save_template(info: Info, input: LetterTemplateInput, idempotency_key: strawberry.ID) -> TemplateOutcome:
    context = info.context
    wanted = input.record(by=context.caller, now=context.now)
    refusal = rules.check_template(fields_of(wanted), subject=wanted.subject, notice=wanted.notice)
    if refusal is not None:
        return Refused(code=refusal.code, message=f"template {wanted.template}: {refusal.message}")
    if (
        context.delivery.check_body is not None
        and (problem := await asyncio.to_thread(context.delivery.check_body, wanted)) is not None
    ):
        return Refused(code="bad-template", message=f"template {wanted.template}: {problem}")
    key = storable("idempotencyKey", idempotency_key)
    saved = await context.source.save_template(wanted, caller=context.caller, key=key)
    return TemplateSaved(template=LetterTemplate.of(saved))


async def create_campaign(info: Info, input: CampaignInput, idempotency_key: strawberry.ID) -> CampaignOutcome:
    context = info.context
    wanted = input.record(by=context.caller, now=context.now)
    if context.delivery.printers is not None and wanted.printer not in context.delivery.printers:
        there = ", ".join(context.delivery.printers) or "none"
        return Refused(code="unknown-printer", message=f"there is no printer {wanted.printer}; there are {there}")
    version = await context.source.template(wanted.template, wanted.version)
    if version is not None and (refusal := unfit(version, wanted, input.wanted_conditions())) is not None:
        return Refused(code=refusal.code, message=refusal.message)
    if refused := await why_unannounced(info, wanted):
        return refused
    key = storable("idempotencyKey", idempotency_key)
    year = local_day(context.now).year
    return outcome_of(await context.source.create_campaign(wanted, year=year, caller=context.caller, key=key))
