"""Invoices issued and credited: the mutations, and who the two parties of an invoice are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields
from typing import Annotated

import strawberry

from processes.rules.papers import Party as BuyerFound
from processes.rules.refusal import Refusal as RuleRefusal
from resolvers.access import Scope, asks
from resolvers.billing.documents import CreditNote
from resolvers.billing.entities import Invoice
from resolvers.billing.rules import RULES
from resolvers.billing.settings import BillingSettings
from resolvers.context import Context
from resolvers.errors import BadInput
from resolvers.refused import Refused
from resolvers.texts import storable
from sources.billing import Billing
from sources.records.papers import Parties, Party
from sources.records.refusal import Refusal

__all__ = [
    "BillingContext",
    "BuyerInput",
    "CreditingOutcome",
    "FindBuyer",
    "Info",
    "IssuingOutcome",
    "create_credit_note",
    "issue_invoice",
]

LONGEST = 2_000
COUNTRY_LETTERS = 2

FindBuyer = Callable[[str], Awaitable[BuyerFound | RuleRefusal]]
"""(invoice's id) -> whom it is made out to, as the other systems know it now."""


@dataclass(frozen=True, kw_only=True)
class BillingContext(Context[Billing]):
    """Of billing, with who looks a buyer up. Without, as where billing is served alone, a buyer must be named."""

    find_buyer: FindBuyer | None = None


Info = strawberry.Info[BillingContext, None]


@strawberry.input
class BuyerInput:
    """Whom an invoice is made out to, as it will stand there for good. `country` is an ISO 3166 code of two letters."""

    name: str
    street: str
    city: str
    postal_code: str
    country: str
    company_number: str | None = None
    vat_number: str | None = None
    email: str | None = None

    def record(self) -> Party:
        country = self.country.upper()
        if len(country) != COUNTRY_LETTERS or not (country.isascii() and country.isalpha()):
            raise BadInput(f"buyer.country: {self.country!r} is no code of two letters, like CZ")
        given = {each.name: getattr(self, each.name) for each in fields(self)}
        checked = {
            name: storable(f"buyer.{name}", value, longest=LONGEST)
            for name, value in given.items()
            if value is not None
        }
        return Party(**{**checked, "country": country})


@strawberry.federation.type(requires_scopes=asks(Scope.BILLING_ISSUE))
class InvoiceIssued:
    """The invoice with its number; it never changes again."""

    invoice: Invoice


@strawberry.federation.type(requires_scopes=asks(Scope.BILLING_ISSUE))
class CreditNoteCreated:
    """The credit note, and the invoice that it took back."""

    credit_note: CreditNote
    invoice: Invoice


IssuingOutcome = Annotated[InvoiceIssued | Refused, strawberry.union("IssuingOutcome")]
CreditingOutcome = Annotated[CreditNoteCreated | Refused, strawberry.union("CreditingOutcome")]


async def issue_invoice(
    info: Info, id: strawberry.ID, idempotency_key: strawberry.ID, buyer: BuyerInput | None = None
) -> IssuingOutcome:
    context = info.context
    named = buyer.record() if buyer else None
    outcome = await context.source.issue_invoice(
        id,
        await parties_of(context, id, named),
        named=named,
        caller=context.caller,
        key=storable("idempotencyKey", idempotency_key),
        now=context.now,
        rules=RULES,
    )
    if isinstance(outcome, Refusal):
        return Refused(code=outcome.code, message=outcome.message)
    return InvoiceIssued(invoice=Invoice.of(outcome))


async def parties_of(context: BillingContext, invoice: str, named: Party | None) -> Parties | Refusal:
    settings: BillingSettings = context.settings or BillingSettings()
    if settings.seller is None:
        return Refusal(
            "no-seller", "nobody is named who issues invoices: set [company] in spojka.toml, then issue again"
        )
    if named is not None:
        return Parties(settings.seller, named, context.now)
    if context.find_buyer is None:
        return Refusal("no-buyer", f"invoice {invoice} is made out to nobody: name the buyer")
    found = await context.find_buyer(invoice)
    if isinstance(found, RuleRefusal):
        return Refusal(found.code, found.message)
    buyer = Party(**{each.name: getattr(found, each.name) for each in fields(found)})
    return Parties(settings.seller, buyer, context.now)


async def create_credit_note(
    info: Info, invoice: strawberry.ID, reason: str, idempotency_key: strawberry.ID
) -> CreditingOutcome:
    context = info.context
    outcome = await context.source.create_credit_note(
        invoice,
        storable("reason", reason.strip(), longest=LONGEST),
        caller=context.caller,
        key=storable("idempotencyKey", idempotency_key),
        now=context.now,
        rules=RULES,
    )
    if isinstance(outcome, Refusal):
        return Refused(code=outcome.code, message=outcome.message)
    [credited] = await context.source.invoices([invoice])
    return CreditNoteCreated(credit_note=CreditNote.of(outcome, credited.currency), invoice=Invoice.of(credited))
