"""Documents of what was issued, and credit notes."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import date
from enum import Enum
from typing import Self

import strawberry

from resolvers.access import Scope, asks
from resolvers.batching import batched
from resolvers.billing.rules import RULES
from resolvers.context import Context
from resolvers.errors import BadInput
from resolvers.grouping import grouped
from resolvers.money import Money
from sources.billing import Billing, TooManyToMake
from sources.records import papers as records

__all__ = ["CreditNote", "InvoiceDocument", "documents_of"]

Info = strawberry.Info[Context[Billing], None]


@strawberry.enum
class DocumentKind(Enum):
    """PDF for people (it carries the CII, as Factur-X does); UBL 2.1 and CII are EN 16931 for machines."""

    PDF = "PDF"
    UBL = "UBL"
    CII = "CII"


@strawberry.federation.type(requires_scopes=asks(Scope.BILLING_READ))
class InvoiceDocument:
    """A file as it was issued; it never changes. `size` is in bytes, `sha256` of them in hex."""

    kind: DocumentKind
    media_type: str
    sha256: str
    size: int
    paper: strawberry.Private[str]

    @batched(description="The bytes.")
    @staticmethod
    async def content_base64(parents: strawberry.Parent[list[InvoiceDocument]], info: Info) -> list[str]:
        contents = await info.context.source.contents({document.paper for document in parents})
        return [base64.b64encode(contents[document.paper, document.kind.value]).decode() for document in parents]

    @classmethod
    def of(cls, record: records.Document) -> Self:
        return cls(
            kind=DocumentKind(record.kind),
            media_type=record.media_type,
            sha256=record.sha256,
            size=record.size,
            paper=record.paper,
        )


@strawberry.federation.type(requires_scopes=asks(Scope.BILLING_READ))
class CreditNote:
    """Takes back a whole invoice: `base` and `total` are what it was, below zero. It never changes."""

    id: strawberry.ID
    number: strawberry.ID
    reason: str
    issued_on: date
    tax_point_on: date
    base: Money
    total: Money

    @batched(description="PDF, UBL and CII.")
    @staticmethod
    async def documents(parents: strawberry.Parent[list[CreditNote]], info: Info) -> list[list[InvoiceDocument] | None]:
        return await documents_of([note.id for note in parents], info)

    @classmethod
    def of(cls, record: records.CreditNote, currency: str) -> Self:
        return cls(
            id=strawberry.ID(record.id),
            number=strawberry.ID(record.number),
            reason=record.reason,
            issued_on=record.issued_on,
            tax_point_on=record.tax_point_on,
            base=Money.of(record.base, currency),
            total=Money.of(record.total, currency),
        )


async def documents_of(papers: Sequence[str], info: Info) -> list[list[InvoiceDocument] | None]:
    """Of each invoice or credit note, in their order."""
    try:
        found = grouped(await info.context.source.documents(papers, rules=RULES), lambda document: document.paper)
    except TooManyToMake as error:
        raise BadInput(f"documents: {error}: ask for fewer invoices at once") from error
    return [[InvoiceDocument.of(document) for document in found.get(paper, [])] for paper in papers]
