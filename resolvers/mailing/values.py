"""The values of mailing: templates, recipients, exclusions, jobs, notices, and the report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any, Self

import strawberry

from processes.rules.mailing.report import report
from resolvers.access import Scope, asks
from resolvers.building import built_at_once
from sources.records import mailing as records

__all__ = [
    "AudienceCondition",
    "Bounce",
    "CampaignState",
    "ConditionOperator",
    "ExclusionCode",
    "FieldType",
    "LetterDecision",
    "LetterDecisionKind",
    "LetterState",
    "LetterTemplate",
    "LetterValueInput",
    "MailingReport",
    "Notice",
    "PrintJob",
    "Purpose",
    "Recipient",
    "SharedValue",
    "TemplateLanguage",
]


@strawberry.enum
class CampaignState(Enum):
    DRAFT = "DRAFT"
    SNAPSHOT = "SNAPSHOT"
    RENDERED = "RENDERED"
    APPROVED = "APPROVED"
    PRINTING = "PRINTING"
    NOTIFYING = "NOTIFYING"
    DONE = "DONE"
    CANCELLED = "CANCELLED"


@strawberry.enum
class LetterState(Enum):
    """UNKNOWN: nobody can tell whether it was printed; a person looks at the tray and decides."""

    PLANNED = "PLANNED"
    RENDERED = "RENDERED"
    SUBMITTED = "SUBMITTED"
    PRINTED = "PRINTED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"
    CANCELLED = "CANCELLED"


@strawberry.enum
class PrintJobState(Enum):
    """SENDING: its document is on the way, or was when the connection broke."""

    SENDING = "SENDING"
    SENT = "SENT"
    PRINTED = "PRINTED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    UNKNOWN = "UNKNOWN"


@strawberry.enum
class NoticeState(Enum):
    PLANNED = "PLANNED"
    ACCEPTED = "ACCEPTED"
    RETRYING = "RETRYING"
    REFUSED = "REFUSED"
    BOUNCED = "BOUNCED"
    SKIPPED = "SKIPPED"


@strawberry.enum
class ExclusionCode(Enum):
    """NO_EMAIL alone excludes from the notice; the letter goes. AMBIGUOUS: the graph has several values for a field."""

    NO_ADDRESS = "NO_ADDRESS"
    NO_EMAIL = "NO_EMAIL"
    NO_ADDRESS_NO_EMAIL = "NO_ADDRESS_NO_EMAIL"
    OPTED_OUT = "OPTED_OUT"
    DUPLICATE = "DUPLICATE"
    AMBIGUOUS = "AMBIGUOUS"


@strawberry.enum
class ConditionOperator(Enum):
    """As text; AT_LEAST and AT_MOST by number, day or instant. EXISTS, MISSING: is there anything at all?"""

    IS = "IS"
    IS_NOT = "IS_NOT"
    AT_LEAST = "AT_LEAST"
    AT_MOST = "AT_MOST"
    EXISTS = "EXISTS"
    MISSING = "MISSING"


@strawberry.federation.type(requires_scopes=asks(Scope.MAILING_READ))
class AudienceCondition:
    """What a row of the audience has to meet."""

    path: str
    operator: ConditionOperator
    value: str | None

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        return cls(path=kept["path"], operator=ConditionOperator(kept["operator"]), value=kept["value"])


@strawberry.enum
class LetterDecisionKind(Enum):
    PRINTED = "PRINTED"
    PRINT_AGAIN = "PRINT_AGAIN"
    GIVE_UP = "GIVE_UP"


@strawberry.enum
class Purpose(Enum):
    """CONTRACTUAL goes to everybody; MARKETING to those who agreed to it."""

    CONTRACTUAL = "CONTRACTUAL"
    MARKETING = "MARKETING"


@strawberry.enum
class TemplateLanguage(Enum):
    CS = "cs"
    EN = "en"


@strawberry.enum
class FieldType(Enum):
    TEXT = "TEXT"
    AMOUNT = "AMOUNT"
    DATE = "DATE"


@strawberry.federation.type(requires_scopes=asks(Scope.MAILING_READ))
class TemplateField:
    """A value that each letter is given."""

    name: str
    type: FieldType
    required: bool


@strawberry.federation.type(requires_scopes=asks(Scope.MAILING_READ))
class LetterTemplate:
    """A version of a template; one that a mailing uses never changes. `body` is typst.

    `subject` and `notice` are those of the e-mail that announces the letter.
    """

    template: strawberry.ID
    version: int
    name: str
    language: TemplateLanguage
    purpose: Purpose
    body: str
    fields: list[TemplateField]
    subject: str
    notice: str
    used: bool
    saved_by: strawberry.ID
    saved_at: datetime

    @classmethod
    def of(cls, record: records.TemplateVersion) -> Self:
        return cls(
            template=strawberry.ID(record.template),
            version=record.version,
            name=record.name,
            language=TemplateLanguage(record.language),
            purpose=Purpose(record.purpose),
            body=record.body,
            fields=[TemplateField(name=f.name, type=FieldType(f.type), required=f.required) for f in record.fields],
            subject=record.subject,
            notice=record.notice,
            used=record.used,
            saved_by=strawberry.ID(record.saved_by),
            saved_at=record.saved_at,
        )


@built_at_once
@strawberry.input
class LetterValueInput:
    """What a letter says in a field of its template: text, a decimal (1.95, or 1.95 CZK), or a day (2027-01-01)."""

    name: str
    value: str


@strawberry.federation.type(requires_scopes=asks(Scope.ADDRESSES_READ))
class LetterValue:
    """What one letter says in a field of its template."""

    name: str
    value: str


@strawberry.federation.type(requires_scopes=asks(Scope.MAILING_READ))
class SharedValue:
    """What all letters of a mailing say in a field of its template, unless the audience has a value of its own."""

    name: str
    value: str


@strawberry.federation.type(requires_scopes=asks(Scope.ADDRESSES_READ))
class Recipient:
    """Whom a letter is for, as it was when the snapshot was taken; `client` of the letter says what is known now."""

    position: int
    name: str
    street: str
    city: str
    postal_code: str
    country: str
    email: str | None
    values: list[LetterValue]

    @classmethod
    def of(cls, record: records.Recipient) -> Self:
        values = json.loads(record.data)
        return cls(
            position=record.position,
            name=record.name,
            street=record.street,
            city=record.city,
            postal_code=record.postal_code,
            country=record.country,
            email=record.email,
            values=[LetterValue(name=name, value=value) for name, value in values.items()],
        )


@strawberry.federation.type(requires_scopes=asks(Scope.MAILING_READ))
class PrintJob:
    """The `attempt`th time that a letter was handed to a printer."""

    attempt: int
    printer: strawberry.ID
    job: strawberry.ID
    state: PrintJobState
    submitted_at: datetime
    reason: str | None

    @classmethod
    def of(cls, record: records.PrintJob) -> Self:
        return cls(
            attempt=record.attempt,
            printer=strawberry.ID(record.printer),
            job=strawberry.ID(record.job),
            state=PrintJobState(record.state),
            submitted_at=record.submitted_at,
            reason=record.reason,
        )


@strawberry.federation.type(requires_scopes=asks(Scope.MAILING_READ))
class LetterDecision:
    """What a person decided about the `attempt`th print of a letter."""

    attempt: int
    decision: LetterDecisionKind
    decided_by: strawberry.ID
    decided_at: datetime
    reason: str

    @classmethod
    def of(cls, record: records.LetterDecision) -> Self:
        return cls(
            attempt=record.attempt,
            decision=LetterDecisionKind(record.decision),
            decided_by=strawberry.ID(record.decided_by),
            decided_at=record.decided_at,
            reason=record.reason,
        )


@strawberry.federation.type(requires_scopes=asks(Scope.MAILING_READ))
class Notice:
    """The e-mail that announces a letter; `code` and `text` are what the mail server said last."""

    message_id: strawberry.ID
    email: str = strawberry.federation.field(requires_scopes=asks(Scope.ADDRESSES_READ))
    state: NoticeState
    attempts: int
    next_at: datetime | None
    code: str | None
    text: str | None = strawberry.federation.field(requires_scopes=asks(Scope.ADDRESSES_READ))

    @classmethod
    def of(cls, record: records.Notice) -> Self:
        return cls(
            message_id=strawberry.ID(record.message_id),
            email=record.email,
            state=NoticeState(record.state),
            attempts=record.attempts,
            next_at=record.next_at,
            code=record.code,
            text=record.text,
        )


@strawberry.federation.type(requires_scopes=asks(Scope.ADDRESSES_READ))
class Bounce:
    """A notice that came back: sales should look at the address. `status` is as in RFC 3463 (5.1.1)."""

    recipient: str
    status: str
    text: str
    received_at: datetime

    @classmethod
    def of(cls, record: records.Bounce) -> Self:
        return cls(recipient=record.recipient, status=record.status, text=record.text, received_at=record.received_at)


@strawberry.federation.type(requires_scopes=asks(Scope.MAILING_READ))
class NumberOf:
    """How many there are of a state or a code."""

    name: str
    number: int


@strawberry.federation.type(requires_scopes=asks(Scope.MAILING_READ))
class MailingReport:
    """What became of everybody: letters + notices + exclusions + failed + open = recipients.

    `letters` got the letter alone, `notices` the letter and its notice, `exclusions` neither; the letter of `failed`
    was not printed, of `open` it is not decided yet. `balanced`: everybody is accounted for, nobody twice.
    """

    recipients: int
    letters: int
    notices: int
    exclusions: int
    failed: int
    open: int
    balanced: bool
    letters_by_state: list[NumberOf]
    notices_by_state: list[NumberOf]
    exclusions_by_code: list[NumberOf]

    @classmethod
    def of(cls, totals: records.Totals) -> Self:
        counted = report(
            asked=totals.asked,
            letters=totals.letters,
            exclusions=totals.exclusions,
            announced=totals.announced,
            notice_due=totals.notice_due,
        )
        return cls(
            recipients=counted.recipients,
            letters=counted.letters,
            notices=counted.notices,
            exclusions=counted.exclusions,
            failed=counted.failed,
            open=counted.open,
            balanced=counted.is_balanced,
            letters_by_state=listed(totals.letters),
            notices_by_state=listed(totals.notices),
            exclusions_by_code=listed(totals.exclusions),
        )


def listed(numbers: Mapping[str, int]) -> list[NumberOf]:
    return [NumberOf(name=name, number=number) for name, number in sorted(numbers.items())]
