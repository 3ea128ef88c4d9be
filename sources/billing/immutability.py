"""An issued invoice never changes (domain.md, I5), whoever writes: the database itself refuses.

Only its status goes on (payments, a credit note), and never back to DRAFT. Its lines, VAT and parties are kept in the
same way. A credit note and a document that is kept never change at all, and never go.
"""

from sqlalchemy import MetaData

from sources.constraints import run_ddl

__all__ = ["keep_issued_invoices"]

CONTENT = [
    "id",
    "account",
    "period",
    "currency",
    "base",
    "total",
    "number",
    "issued_on",
    "tax_point_on",
    "due_on",
    "content_hash",
]

PART_TABLES = ("invoice_lines", "invoice_vat", "invoice_parties")
KEPT = ("credit_notes", "documents")

PARTS = [
    (table, what, rows)
    for table in PART_TABLES
    for what, rows in (("INSERT", "NEW.invoice"), ("UPDATE", "NEW.invoice, OLD.invoice"), ("DELETE", "OLD.invoice"))
]
"""What of an issued invoice's parts may not be done, and which invoices that is about."""

KEPT_ROWS = [(table, what) for table in KEPT for what in ("UPDATE", "DELETE")]

REFUSAL = "an issued invoice is immutable: correct it by a credit note"


def keep_issued_invoices(metadata: MetaData) -> None:
    """Make the triggers together with the tables of `metadata`."""
    for dialect, statements in TRIGGERS.items():
        for statement in statements():
            run_ddl(metadata, statement, dialect=dialect)


def sqlite_triggers() -> list[str]:
    changed = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in CONTENT)
    refuse = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    return [
        f"CREATE TRIGGER issued_invoice_changes BEFORE UPDATE ON invoices "
        f"WHEN OLD.status <> 'DRAFT' AND (NEW.status = 'DRAFT' OR {changed}) {refuse}",
        f"CREATE TRIGGER issued_invoice_goes BEFORE DELETE ON invoices WHEN OLD.status <> 'DRAFT' {refuse}",
        *(
            f"CREATE TRIGGER issued_{table}_{what} BEFORE {what} ON {table} WHEN {is_issued(rows)} {refuse}"
            for table, what, rows in PARTS
        ),
        *(f"CREATE TRIGGER kept_{table}_{what} BEFORE {what} ON {table} {refuse}" for table, what in KEPT_ROWS),
    ]


def postgresql_triggers() -> list[str]:
    new, old = (", ".join(f"{row}.{name}" for name in CONTENT) for row in ("NEW", "OLD"))
    refuse = f"RAISE EXCEPTION '{REFUSAL}'"
    return [
        f"CREATE OR REPLACE FUNCTION refuse_issued() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {refuse}; END $$",
        # NEW is null on DELETE, OLD on INSERT.
        f"CREATE OR REPLACE FUNCTION refuse_part_of_issued() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {is_issued('NEW.invoice, OLD.invoice')} THEN {refuse}; END IF; "
        f"IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$",
        f"CREATE TRIGGER issued_invoice_changes BEFORE UPDATE ON invoices FOR EACH ROW "
        f"WHEN (OLD.status <> 'DRAFT' AND (NEW.status = 'DRAFT' OR ROW({new}) IS DISTINCT FROM ROW({old}))) "
        f"EXECUTE FUNCTION refuse_issued()",
        "CREATE TRIGGER issued_invoice_goes BEFORE DELETE ON invoices FOR EACH ROW "
        "WHEN (OLD.status <> 'DRAFT') EXECUTE FUNCTION refuse_issued()",
        *(
            f"CREATE TRIGGER issued_{table} BEFORE INSERT OR UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION refuse_part_of_issued()"
            for table in PART_TABLES
        ),
        *(
            f"CREATE TRIGGER kept_{table} BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION refuse_issued()"
            for table in KEPT
        ),
    ]


def mariadb_triggers() -> list[str]:
    changed = " OR ".join(f"NOT (NEW.{name} <=> OLD.{name})" for name in CONTENT)
    refuse = f"SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{REFUSAL}'"
    return [
        f"CREATE TRIGGER issued_invoice_changes BEFORE UPDATE ON invoices FOR EACH ROW "
        f"IF OLD.status <> 'DRAFT' AND (NEW.status = 'DRAFT' OR {changed}) THEN {refuse}; END IF",
        f"CREATE TRIGGER issued_invoice_goes BEFORE DELETE ON invoices FOR EACH ROW "
        f"IF OLD.status <> 'DRAFT' THEN {refuse}; END IF",
        *(
            f"CREATE TRIGGER issued_{table}_{what} BEFORE {what} ON {table} FOR EACH ROW "
            f"IF {is_issued(rows)} THEN {refuse}; END IF"
            for table, what, rows in PARTS
        ),
        *(
            f"CREATE TRIGGER kept_{table}_{what} BEFORE {what} ON {table} FOR EACH ROW {refuse}"
            for table, what in KEPT_ROWS
        ),
    ]


TRIGGERS = {"sqlite": sqlite_triggers, "postgresql": postgresql_triggers, "mariadb": mariadb_triggers}


def is_issued(ids: str) -> str:
    """The condition, on each database, that one of these is an issued invoice."""
    return f"EXISTS (SELECT 1 FROM invoices WHERE id IN ({ids}) AND status <> 'DRAFT')"  # noqa: S608 - constants
