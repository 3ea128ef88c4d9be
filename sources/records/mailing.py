"""What mailing knows: what is to be sent, to which address, and its fate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

__all__ = [
    "AudienceRow",
    "Bounce",
    "Campaign",
    "Exclusion",
    "Letter",
    "LetterDecision",
    "Notice",
    "PrintJob",
    "Recipient",
    "ReportLine",
    "TemplateField",
    "TemplateVersion",
    "Totals",
    "Unsubscribe",
    "Wait",
]


@dataclass(frozen=True, slots=True)
class TemplateField:
    """A value that a letter is given: `type` is TEXT, AMOUNT (a decimal) or DATE (2026-11-24)."""

    name: str
    type: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class TemplateVersion:
    """A letter's template: `body` is typst. `language` is cs or en, `purpose` CONTRACTUAL or MARKETING.

    `subject` and `notice` are those of the e-mail that announces the letter, in plain text. A version that a campaign
    uses is `used`, and never changes.
    """

    template: str
    version: int
    name: str
    language: str
    purpose: str
    body: str
    fields: tuple[TemplateField, ...]
    subject: str
    notice: str
    used: bool
    saved_by: str
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class Campaign:
    """One mailing. `audience` is a GraphQL document, `variables` its variables as JSON.

    `conditions` are what its rows have to meet, [{"path", "operator", "value"}]; `letter_values` what all letters say,
    {field: value}; both JSON.

    `state` is DRAFT, SNAPSHOT, RENDERED, APPROVED, PRINTING, NOTIFYING, DONE or CANCELLED. `letter_date` stands on the
    letters. `notify_at` is when notices go out, None for never. With `merges_addresses` equal addresses get one letter.
    `asked` is how many rows of the audience have come, `round` how many snapshots were begun.
    """

    id: str
    title: str
    template: str
    version: int
    audience: str
    variables: str
    state: str
    paused: bool
    printer: str
    letter_date: date
    notify_at: datetime | None
    merges_addresses: bool
    asked: int
    round: int
    created_by: str
    created_at: datetime
    approved_by: str | None = None
    approved_at: datetime | None = None
    conditions: str = "[]"
    letter_values: str = "{}"


@dataclass(frozen=True, slots=True)
class AudienceRow:
    """One row of an audience, as the graph gave it. `marketing_consent` is None where nobody knows of any.

    `ambiguous` is why no one letter can be made of it.
    """

    client: str
    name: str
    street: str | None = None
    city: str | None = None
    postal_code: str | None = None
    country: str | None = None
    email: str | None = None
    marketing_consent: bool | None = None
    ambiguous: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets the letter at `position`, as it was when the snapshot was taken. `data` is JSON: the letter's values.

    `address_key` is the same for equal addresses, however they are written.
    """

    campaign: str
    position: int
    client: str
    name: str
    street: str
    city: str
    postal_code: str
    country: str
    email: str | None
    data: str
    address_key: str


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Why a row of the audience gets no letter or, NO_EMAIL alone, no notice; the `number`th of its campaign.

    `code` is NO_ADDRESS, NO_EMAIL, NO_ADDRESS_NO_EMAIL, OPTED_OUT, DUPLICATE or AMBIGUOUS; `name` is the client's.
    """

    campaign: str
    number: int
    client: str
    code: str
    note: str
    name: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A recipient's letter; `id` is `<campaign>-<position>`, `sha256` that of its PDF.

    `state` is PLANNED, RENDERED, SUBMITTED, PRINTED, FAILED, UNKNOWN or CANCELLED.
    """

    id: str
    campaign: str
    position: int
    client: str
    state: str
    sha256: str | None = None
    pages: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class PrintJob:
    """The `attempt`th time that a letter was handed to a printer, as the printer's `job`.

    `state` is SENDING (its document is on the way, or was when we died), SENT, PRINTED, FAILED, CANCELLED or UNKNOWN.
    """

    letter: str
    attempt: int
    printer: str
    job: str
    state: str
    submitted_at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class LetterDecision:
    """What a person decided about the `attempt`th print of a letter: PRINTED, PRINT_AGAIN or GIVE_UP, and why."""

    letter: str
    attempt: int
    decision: str
    decided_by: str
    decided_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Notice:
    """The e-mail that announces a printed letter.

    `state` is PLANNED, ACCEPTED, RETRYING, REFUSED, BOUNCED or SKIPPED; `code` and `text` are what the server said.
    """

    letter: str
    message_id: str
    email: str
    state: str
    attempts: int
    first_at: datetime
    next_at: datetime | None
    code: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Bounce:
    """A message that came back; `letter` is None where it is none of ours. `status` is as in RFC 3463 (5.1.1)."""

    id: str
    letter: str | None
    message_id: str
    recipient: str
    status: str
    text: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """A client who wants no marketing any more, as they said by the link in a letter's notice."""

    client: str
    letter: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Wait:
    """What keeps a `step` of a campaign (SUBMIT, FOLLOW, NOTIFY): nothing of it has come on `since` then."""

    campaign: str
    step: str
    why: str
    since: datetime


@dataclass(frozen=True, slots=True)
class ReportLine:
    """What became of one row of the audience, from a letter or, EXCLUDED, from an exclusion.

    `number` is the letter's position or the exclusion's number. `outcome` is LETTER, NOTICE, EXCLUDED, FAILED or OPEN,
    `code` the exclusion's or the letter's state, `print_job` that of its last print, `notice` the notice's state.
    """

    number: int
    client: str
    name: str
    outcome: str
    code: str
    reason: str | None
    letter: str | None = None
    sha256: str | None = None
    printer: str | None = None
    print_job: str | None = None
    message_id: str | None = None
    notice: str | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """What became of a campaign's rows, counted. `letters` and `notices` are by state, `exclusions` by code.

    `announced` are printed letters whose notice was accepted and came not back; `notice_due` printed letters whose
    notice is still to go out.
    """

    asked: int
    letters: Mapping[str, int]
    notices: Mapping[str, int]
    exclusions: Mapping[str, int]
    announced: int
    notice_due: int
