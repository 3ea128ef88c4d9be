"""The tables of the system mailing. Wrong states have no place here: see also `immutability.py`.

letter_templates ---< campaigns ---< recipients --- letters ---< print_jobs
                          |                            |             |  (the printed one)
                          +---< exclusions             +--- documents, decisions, notices ---< bounces
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
)
from sqlalchemy.dialects.mysql import LONGBLOB

from sources.columns import Instant, MadeOfText, Prose, Text
from sources.constraints import unique_where
from sources.idempotency import keys_table
from sources.mailing.immutability import keep_what_was_sent
from sources.mapping.requirements import one_of_these, only_for_writing

__all__ = [
    "BOUNCES",
    "CAMPAIGNS",
    "DECISIONS",
    "DOCUMENTS",
    "EXCLUSIONS",
    "KEYS",
    "LEASES",
    "LETTERS",
    "METADATA",
    "NOTICES",
    "NUMBERS",
    "PRINT_JOBS",
    "RECIPIENTS",
    "TEMPLATES",
    "UNSUBSCRIBES",
    "WAITS",
]

METADATA = MetaData()
KEYS = keys_table(METADATA)

CAMPAIGN_STATES = ("DRAFT", "SNAPSHOT", "RENDERED", "APPROVED", "PRINTING", "NOTIFYING", "DONE", "CANCELLED")
EXCLUSION_CODES = ("NO_ADDRESS", "NO_EMAIL", "NO_ADDRESS_NO_EMAIL", "OPTED_OUT", "DUPLICATE", "AMBIGUOUS")
LETTER_STATES = ("PLANNED", "RENDERED", "SUBMITTED", "PRINTED", "FAILED", "UNKNOWN", "CANCELLED")
JOB_STATES = ("SENDING", "SENT", "PRINTED", "FAILED", "CANCELLED", "UNKNOWN")
OPEN_JOBS = ("SENDING", "SENT", "UNKNOWN")
DECIDED = ("PRINTED", "PRINT_AGAIN", "GIVE_UP")
STEPS = ("SUBMIT", "FOLLOW", "NOTIFY")
NOTICE_STATES = ("PLANNED", "ACCEPTED", "RETRYING", "REFUSED", "BOUNCED", "SKIPPED")


def limited_to(table: str, column: str, choices: tuple[str, ...]) -> CheckConstraint:
    listed = ", ".join(f"'{choice}'" for choice in choices)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{table}_{column}_is_one_of_these")


TEMPLATES = Table(
    "letter_templates",
    METADATA,
    Column("template", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("name", Prose, nullable=False),
    Column("language", Text, nullable=False, info=one_of_these("cs", "en")),
    Column("purpose", Text, nullable=False, info=one_of_these("CONTRACTUAL", "MARKETING")),
    Column("body", Prose, nullable=False),
    Column("fields", Prose, nullable=False),  # JSON: [{"name", "type", "required"}]
    Column("subject", Prose, nullable=False),
    Column("notice", Prose, nullable=False),
    Column("used", Boolean, nullable=False),
    Column("saved_by", Text, nullable=False),
    Column("saved_at", Instant, nullable=False),
    limited_to("letter_templates", "language", ("cs", "en")),
    limited_to("letter_templates", "purpose", ("CONTRACTUAL", "MARKETING")),
)

NUMBERS = Table(  # gapless: the last number given in a year, raised in the transaction that makes the campaign
    "campaign_numbers",
    METADATA,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("last", Integer, nullable=False),
    info=only_for_writing(),
)

CAMPAIGNS = Table(
    "campaigns",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("title", Prose, nullable=False),
    Column("template", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("audience", Prose, nullable=False),
    Column("variables", Prose, nullable=False),
    Column("state", Text, nullable=False, info=one_of_these(*CAMPAIGN_STATES)),
    Column("paused", Boolean, nullable=False),
    Column("printer", Text, nullable=False),
    Column("letter_date", Date, nullable=False),
    Column("notify_at", Instant),
    Column("merges_addresses", Boolean, nullable=False),
    Column("asked", Integer, nullable=False),
    Column("round", Integer, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("approved_by", Text),
    Column("approved_at", Instant),
    Column("conditions", Prose, nullable=False),
    Column("letter_values", Prose, nullable=False),
    ForeignKeyConstraint(["template", "version"], [TEMPLATES.c.template, TEMPLATES.c.version]),
    limited_to("campaigns", "state", CAMPAIGN_STATES),
    CheckConstraint(  # nothing is printed that no person has approved
        "state NOT IN ('APPROVED', 'PRINTING', 'NOTIFYING', 'DONE') OR approved_by IS NOT NULL",
        name="campaigns_are_approved_by_a_person",
    ),
)

RECIPIENTS = Table(
    "recipients",
    METADATA,
    Column("campaign", Text, ForeignKey(CAMPAIGNS.c.id), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("client", Text, nullable=False),
    Column("name", Prose, nullable=False),
    Column("street", Prose, nullable=False),
    Column("city", Prose, nullable=False),
    Column("postal_code", Prose, nullable=False),
    Column("country", Text, nullable=False),
    Column("email", Prose),
    Column("data", Prose, nullable=False),
    Column("address_key", Text, nullable=False),
    UniqueConstraint("campaign", "client", name="a_client_gets_one_letter"),
    Index("recipients_of_client", "client"),
    Index("recipients_by_address", "campaign", "address_key"),
)

EXCLUSIONS = Table(
    "exclusions",
    METADATA,
    Column("campaign", Text, ForeignKey(CAMPAIGNS.c.id), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("client", Text, nullable=False, index=True),
    Column("code", Text, nullable=False, info=one_of_these(*EXCLUSION_CODES)),
    Column("note", Prose, nullable=False),
    Column("name", Prose, nullable=False),
    limited_to("exclusions", "code", EXCLUSION_CODES),
)

LETTERS = Table(
    "letters",
    METADATA,
    Column("id", MadeOfText, primary_key=True),
    Column("campaign", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("client", Text, nullable=False, index=True),
    Column("state", Text, nullable=False, info=one_of_these(*LETTER_STATES)),
    Column("sha256", Text),
    Column("pages", Integer),
    Column("reason", Prose),
    ForeignKeyConstraint(["campaign", "position"], [RECIPIENTS.c.campaign, RECIPIENTS.c.position]),
    UniqueConstraint("campaign", "position", name="a_recipient_gets_one_letter"),
    Index("letters_by_state", "campaign", "state", "position"),
    limited_to("letters", "state", LETTER_STATES),
    CheckConstraint(
        "state NOT IN ('RENDERED', 'SUBMITTED', 'PRINTED', 'UNKNOWN') OR (sha256 IS NOT NULL AND pages > 0)",
        name="letters_are_rendered_before_they_are_sent",
    ),
)

DOCUMENTS = Table(
    "letter_documents",
    METADATA,
    Column("letter", MadeOfText, ForeignKey(LETTERS.c.id), primary_key=True),
    Column("sha256", Text, nullable=False),
    Column("content", LargeBinary().with_variant(LONGBLOB(), "mariadb"), nullable=False),
    info=only_for_writing(),
)

DECISIONS = Table(
    "letter_decisions",
    METADATA,
    Column("letter", MadeOfText, ForeignKey(LETTERS.c.id), primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("decision", Text, primary_key=True, info=one_of_these(*DECIDED)),
    Column("decided_by", Text, nullable=False),
    Column("decided_at", Instant, nullable=False),
    Column("reason", Prose, nullable=False),
    limited_to("letter_decisions", "decision", DECIDED),
)

PRINT_JOBS = Table(
    "print_jobs",
    METADATA,
    Column("letter", MadeOfText, ForeignKey(DOCUMENTS.c.letter), primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("printer", Text, nullable=False),
    Column("job", Text, nullable=False),
    Column("state", Text, nullable=False, info=one_of_these(*JOB_STATES)),
    Column("submitted_at", Instant, nullable=False),
    Column("reason", Prose),
    # Who ordered it, from the second one on: the decision about the attempt before.
    Column("ordered_after", Integer),
    Column("ordered", Text),
    ForeignKeyConstraint(
        ["letter", "ordered_after", "ordered"], [DECISIONS.c.letter, DECISIONS.c.attempt, DECISIONS.c.decision]
    ),
    limited_to("print_jobs", "state", JOB_STATES),
    CheckConstraint(
        "(attempt = 1 AND ordered_after IS NULL AND ordered IS NULL) OR "
        "(attempt > 1 AND ordered_after IS NOT NULL AND ordered_after = attempt - 1 "
        "AND ordered IS NOT NULL AND ordered = 'PRINT_AGAIN')",
        name="nothing_is_printed_again_unless_a_person_ordered_it",
    ),
    UniqueConstraint("letter", "attempt", "state", name="print_jobs_by_state"),
    Index("print_jobs_of_printer", "printer", "job"),
)
unique_where("a_letter_has_one_open_job", PRINT_JOBS.c.letter, where=PRINT_JOBS.c.state.in_(OPEN_JOBS))

NOTICES = Table(
    "notices",
    METADATA,
    Column("letter", MadeOfText, ForeignKey(LETTERS.c.id), primary_key=True),
    Column("message_id", MadeOfText, nullable=False, unique=True),
    Column("email", Prose, nullable=False),
    Column("state", Text, nullable=False, info=one_of_these(*NOTICE_STATES)),
    Column("attempts", Integer, nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("next_at", Instant),
    Column("code", Text),
    Column("text", Prose),
    # The print that it announces: there is none without, and the job stays PRINTED.
    Column("attempt", Integer, nullable=False),
    Column("printed", Text, nullable=False),
    ForeignKeyConstraint(
        ["letter", "attempt", "printed"], [PRINT_JOBS.c.letter, PRINT_JOBS.c.attempt, PRINT_JOBS.c.state]
    ),
    limited_to("notices", "state", NOTICE_STATES),
    CheckConstraint("printed = 'PRINTED'", name="notices_are_of_printed_letters"),
    CheckConstraint(
        "(next_at IS NOT NULL) = (state IN ('PLANNED', 'RETRYING'))", name="notices_are_tried_until_they_end"
    ),
    Index("notices_to_send", "state", "next_at"),
)

BOUNCES = Table(
    "bounces",
    METADATA,
    Column("id", Text, primary_key=True),  # a sha256 of what came: the same one again is known
    Column("letter", MadeOfText, ForeignKey(NOTICES.c.letter), index=True),
    Column("message_id", Prose, nullable=False),
    Column("recipient", Prose, nullable=False),
    Column("status", Prose, nullable=False),
    Column("text", Prose, nullable=False),
    Column("received_at", Instant, nullable=False),
)

UNSUBSCRIBES = Table(
    "unsubscribes",
    METADATA,
    Column("client", Text, primary_key=True),
    Column("letter", MadeOfText, ForeignKey(LETTERS.c.id), nullable=False),
    Column("received_at", Instant, nullable=False),
)

LEASES = Table(  # who prints or mails for a campaign at this moment: one at a time, so that the order is kept
    "mailing_leases",
    METADATA,
    Column("campaign", Text, ForeignKey(CAMPAIGNS.c.id), primary_key=True),
    Column("work", Text, primary_key=True),
    Column("holder", Text),
    Column("held_until", Instant),
    info=only_for_writing(),
)

WAITS = Table(  # what keeps a step of a campaign from going on, and since when nothing came on
    "mailing_waits",
    METADATA,
    Column("campaign", Text, ForeignKey(CAMPAIGNS.c.id), primary_key=True),
    Column("step", Text, primary_key=True, info=one_of_these(*STEPS)),
    Column("why", Prose, nullable=False),
    Column("since", Instant, nullable=False),
    limited_to("mailing_waits", "step", STEPS),
    info=only_for_writing(),
)

keep_what_was_sent(METADATA)
