"""The processes' GraphQL documents are valid on the graph they will be sent to."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import OperationDefinitionNode, build_schema, parse, validate

from processes import (
    audience,
    book_conference,
    cancel_conference,
    charge_fee,
    close_period,
    collect_call,
    deliver_mailing,
    import_call_records,
    invoice_backlog,
    invoice_call,
    invoice_conference,
    issue_invoice,
    link_accounts,
    move_conference,
    note_call,
    provision_conference,
    read_bounces,
    resolve_exceptions,
    restore_room,
    settle_booking,
    watches,
)
from processes.commands import catching_up, importing, invoicing, watching
from processes.commands.mailing import MAILING_TO_WATCH, REPORT_CSV, REPORT_PDF

SCHEMA = Path(__file__).parents[2] / "schema.graphql"
DOCUMENTS = (
    *book_conference.DOCUMENTS,
    *book_conference.CALLER_DOCUMENTS,
    *audience.DOCUMENTS,
    *audience.CALLER_DOCUMENTS,
    *cancel_conference.DOCUMENTS,
    *deliver_mailing.DOCUMENTS,
    *charge_fee.DOCUMENTS,
    *note_call.DOCUMENTS,
    *move_conference.DOCUMENTS,
    *provision_conference.DOCUMENTS,
    *settle_booking.DOCUMENTS,
    *collect_call.DOCUMENTS,
    *import_call_records.DOCUMENTS,
    *invoice_conference.DOCUMENTS,
    catching_up.BACKLOG,
    catching_up.INVOICE_BACKLOG,
    importing.IMPORT,
    invoicing.DOCUMENTS_OF_INVOICE,
    watching.PROCESSES,
    MAILING_TO_WATCH,
    REPORT_CSV,
    REPORT_PDF,
    *watches.DOCUMENTS,
    *link_accounts.DOCUMENTS,
    *close_period.DOCUMENTS,
    *invoice_backlog.DOCUMENTS,
    *invoice_call.DOCUMENTS,
    *issue_invoice.DOCUMENTS,
    *read_bounces.DOCUMENTS,
    *resolve_exceptions.DOCUMENTS,
    *restore_room.DOCUMENTS,
)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda text: text.split("(")[0].strip())
def test_a_document_holds_one_named_operation(document: str) -> None:
    """`Graph.execute` takes no operation name."""
    (operation,) = parse(document).definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert operation.name


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda text: text.split("(")[0].strip())
def test_a_document_is_valid_on_the_companys_graph(document: str) -> None:
    """Fields, arguments and input types are those of schema.graphql."""
    errors = validate(build_schema(SCHEMA.read_text()), parse(document))
    assert [error.message for error in errors] == []
