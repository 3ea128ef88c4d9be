"""The processes' GraphQL documents are valid on the graph they will be sent to."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import OperationDefinitionNode, build_schema, parse, validate

from processes import import_call_records, invoice_conference, link_accounts
from processes.commands import importing

SCHEMA = Path(__file__).parents[2] / "schema.graphql"
DOCUMENTS = (*import_call_records.DOCUMENTS, *invoice_conference.DOCUMENTS, importing.IMPORT, *link_accounts.DOCUMENTS)


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
