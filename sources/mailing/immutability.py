"""What a campaign used, and what was sent, never changes, whoever writes: the database itself refuses.

A template version that is used; the bytes of a letter that was handed to a printer; what people decided; and a print
job that came to its end, but for a person's word that it was printed after all (domain.md, I11).
"""

from sqlalchemy import MetaData

from sources.constraints import run_ddl

__all__ = ["keep_what_was_sent"]

CONTENT = ("template", "version", "name", "language", "purpose", "body", "fields", "subject", "notice")

SUBMITTED = "EXISTS (SELECT 1 FROM print_jobs WHERE letter = OLD.letter)"
OVER = "OLD.state IN ('PRINTED', 'FAILED', 'CANCELLED')"

KEPT = (
    ("used_template_goes", "DELETE", "letter_templates", "OLD.used", "a template version that is used is immutable"),
    ("sent_document_changes", "UPDATE", "letter_documents", SUBMITTED, "what was sent is immutable"),
    ("sent_document_goes", "DELETE", "letter_documents", SUBMITTED, "what was sent is immutable"),
    ("decision_changes", "UPDATE", "letter_decisions", "1 = 1", "a decision is immutable"),
    ("decision_goes", "DELETE", "letter_decisions", "1 = 1", "a decision is immutable"),
    ("print_job_goes", "DELETE", "print_jobs", "1 = 1", "what was sent is immutable"),
    (
        "ended_job_begins_again",
        "UPDATE",
        "print_jobs",
        f"{OVER} AND (OLD.state = 'PRINTED' OR NEW.state <> 'PRINTED')",
        "a print job that came to its end is immutable",
    ),
)
"""(name, what, table, when, why)."""


def keep_what_was_sent(metadata: MetaData) -> None:
    """Make the triggers together with the tables of `metadata`."""
    for dialect, trigger, differs in (
        ("sqlite", sqlite_trigger, "NEW.{0} IS NOT OLD.{0}"),
        ("postgresql", postgresql_trigger, "NEW.{0} IS DISTINCT FROM OLD.{0}"),
        ("mariadb", mariadb_trigger, "NOT (NEW.{0} <=> OLD.{0})"),
    ):
        changed = " OR ".join(differs.format(column) for column in CONTENT)
        change = ("used_template_changes", "UPDATE", "letter_templates", f"OLD.used AND (NOT NEW.used OR {changed})")
        for kept in ((*change, "a template version that is used is immutable"), *KEPT):
            for statement in trigger(*kept):
                run_ddl(metadata, statement, dialect=dialect)


def sqlite_trigger(name: str, what: str, table: str, when: str, why: str) -> list[str]:
    return [f"CREATE TRIGGER {name} BEFORE {what} ON {table} WHEN {when} BEGIN SELECT RAISE(ABORT, '{why}'); END"]


def postgresql_trigger(name: str, what: str, table: str, when: str, why: str) -> list[str]:
    row = "OLD" if what == "DELETE" else "NEW"
    return [
        f"CREATE OR REPLACE FUNCTION refuse_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {when} THEN RAISE EXCEPTION '{why}'; END IF; RETURN {row}; END $$",
        f"CREATE TRIGGER {name} BEFORE {what} ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_{name}()",
    ]


def mariadb_trigger(name: str, what: str, table: str, when: str, why: str) -> list[str]:
    refuse = f"SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{why}'"
    return [f"CREATE TRIGGER {name} BEFORE {what} ON {table} FOR EACH ROW IF {when} THEN {refuse}; END IF"]
