"""Documents as rows. What is kept for a paper is kept whole: all of its files in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import Connection, select

from sources.billing.documents.rendering import File
from sources.billing.tables import DOCUMENTS, document_of
from sources.database import one_of
from sources.records.papers import Document
from sources.rows import insert_all, row_of

__all__ = ["contents_of", "documents_of", "keep"]

ABOUT = select(*(column for column in DOCUMENTS.c if column.name != "content"))
OF_PAPERS = ABOUT.where(one_of(DOCUMENTS.c.paper)).order_by(DOCUMENTS.c.paper, DOCUMENTS.c.kind)
CONTENTS = select(DOCUMENTS.c.paper, DOCUMENTS.c.kind, DOCUMENTS.c.content).where(one_of(DOCUMENTS.c.paper))
AT_ONCE = 50
"""Rows in one statement: files are large."""


def documents_of(connection: Connection, papers: Collection[str]) -> list[Document]:
    return [document_of(row) for row in connection.execute(OF_PAPERS, {"keys": papers})]


def contents_of(connection: Connection, papers: Collection[str]) -> dict[tuple[str, str], bytes]:
    """The bytes of all documents of these papers, by (paper, kind)."""
    return {(row.paper, row.kind): bytes(row.content) for row in connection.execute(CONTENTS, {"keys": papers})}


def keep(connection: Connection, files: Iterable[File]) -> None:
    """Those of papers that have none yet. IntegrityError when somebody else keeps the same ones at this moment."""
    made = list(files)
    known = {document.paper for document in documents_of(connection, {one.document.paper for one in made})}
    new = [{**row_of(one.document), "content": one.content} for one in made if one.document.paper not in known]
    for place in range(0, len(new), AT_ONCE):
        insert_all(connection, DOCUMENTS, new[place : place + AT_ONCE])
