"""Documents of invoices and credit notes: kept as they were made, the same whenever they are made, and inert."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from facturx import get_xml_from_pdf, xml_check_xsd
from lxml import etree
from pypdf import PdfReader
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import sources.billing.system
from resolvers.billing.rules import RULES
from sources.billing import METADATA, Billing, TooManyToMake
from sources.records.billing import Invoice
from sources.records.papers import CreditNote
from sources.records.refusal import Refusal
from tests.calls import (
    NOVEMBER,
    OCTOBER,
    a_charged_leg,
    a_period,
    a_rate_of_the_cnb,
    an_account,
    charges,
    the_parties,
    worked_charges,
)
from tests.conftest import MakeDatabase

NOW = datetime(2026, 11, 25, 11, tzinfo=UTC)
HOSTILE = '#panic() ]#[ *b* $x$ @ref <label> `raw` \\ "q" & </x> '
NAMES = {
    "markup": HOSTILE,
    "very long": "Sdružení " + "velmi dlouhých názvů " * 60,
    "one endless word": "x" * 600,
    "right to left": "שלום עולם \u202e شركة الاتصالات",
    "no font has it": "株式会社 😀",
    "line breaks": "Novák\nKonference\x0b\x00s.r.o.".replace("\x00", ""),
}


@pytest.fixture
def billing(database: MakeDatabase) -> Billing:
    fill = partial(
        Billing.fill,
        accounts=[an_account(), an_account("7700555", currency="EUR")],
        periods=[a_period(OCTOBER, NOVEMBER, status="CLOSED"), a_period()],
        invoices=[],
        lines=[],
        vat=[],
        calls=[],
        exchange_rates=[a_rate_of_the_cnb()],
    )
    return Billing(database("billing", METADATA, fill))


async def issued(billing: Billing, call: Any = None, *, key: str = "k", **buyer: Any) -> Invoice:
    draft = await billing.record_charges(call or worked_charges(), caller="tests", key=key, now=NOW, rules=RULES)
    assert isinstance(draft, Invoice), draft
    invoice = await billing.issue_invoice(draft.id, the_parties(**buyer), caller="tests", key=key, now=NOW, rules=RULES)
    assert isinstance(invoice, Invoice), invoice
    return invoice


async def credited(billing: Billing, invoice: str, *, key: str = "c") -> CreditNote | Refusal:
    return await billing.create_credit_note(invoice, "Účtováno dvakrát", caller="tests", key=key, now=NOW, rules=RULES)


async def credit_note(billing: Billing, invoice: str) -> CreditNote:
    note = await credited(billing, invoice)
    assert isinstance(note, CreditNote), note
    return note


async def files(billing: Billing, paper: str) -> dict[str, bytes]:
    """The documents' bytes by kind, each what its row says of it."""
    kept = await billing.documents([paper], rules=RULES)
    contents = await billing.contents([paper])
    for one in kept:
        assert one.size == len(contents[paper, one.kind])
    return {one.kind: contents[paper, one.kind] for one in kept}


async def forgotten(billing: Billing) -> None:
    """As after a crash between issuing and drawing: no document is there."""
    drop = {
        "sqlite": ["DROP TRIGGER kept_documents_DELETE"],
        "postgresql": ["DROP TRIGGER kept_documents ON documents"],
        "mariadb": ["DROP TRIGGER kept_documents_DELETE"],
    }

    def forget(connection: Any) -> None:
        for statement in [*drop[connection.dialect.name], "DELETE FROM documents"]:
            connection.execute(text(statement))

    await billing.database.write(forget)


def pages(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]


def squeezed(words: str) -> str:
    return "".join(words.split())


def values(xml: bytes, name: str) -> list[str]:
    """What stands in all elements of this name."""
    return [node.text or "" for node in etree.fromstring(xml).iter(f"{{*}}{name}")]


async def test_documents_come_with_the_number(billing: Billing) -> None:
    """PDF, UBL and CII, whoever issues; asked again they are the same rows."""
    invoice = await issued(billing)
    found = await billing.documents([invoice.id], rules=RULES)
    assert [(one.kind, one.media_type) for one in found] == [
        ("CII", "application/xml"),
        ("PDF", "application/pdf"),
        ("UBL", "application/xml"),
    ]
    assert await billing.documents([invoice.id], rules=RULES) == found


async def test_page_says_what_the_law_wants(billing: Billing) -> None:
    """The worked example, in Czech: both parties, numbers, days, lines, VAT, total, and where to pay."""
    [page] = pages((await files(billing, (await issued(billing)).id))["PDF"])
    for wanted in (
        "2026000001",
        "Konference po telefonu s.r.o.",
        "CZ04170415",
        "Novák Konference s.r.o.",
        "Dlouhá 12/7",
        "27604977",
        "CZ27604977",
        "25. 11. 2026",
        "9. 12. 2026",
        "Konference 24. 11. 2026 17:30, příchozí hovory, špička",
        "56:25 min",
        "1,80 / min",
        "101,55",
        "43,30",
        "144,85",
        "30,42",
        "175,27 CZK",
        "CZ65 0800 0000 1920 0014 5399",
        "strana 1 / 1",
    ):
        assert squeezed(wanted) in squeezed(page), wanted


async def test_foreign_currency_has_its_vat_in_crowns_too(billing: Billing) -> None:
    """Rule 8: at the ČNB rate of the tax point, on the page and in the XML (BT-6, BT-111)."""
    call = charges(a_charged_leg(peak=6000), account="7700555", currency="EUR")
    made = await files(billing, (await issued(billing, call, country="DE")).id)
    [page] = pages(made["PDF"])
    assert squeezed("kurzem ČNB 24,315 CZK za 1 EUR") in squeezed(page)
    assert squeezed("919,11") in squeezed(page)  # 37.80 EUR of VAT
    assert values(made["UBL"], "TaxCurrencyCode") == ["CZK"]
    assert "Německo" in page


@pytest.mark.parametrize("currency", ["CZK", "EUR"])
async def test_xml_is_valid(billing: Billing, currency: str) -> None:
    """Against the XSD of UBL 2.1 and of CII, for an invoice and for its credit note; the PDF carries the CII."""
    account = {"CZK": "7700123", "EUR": "7700555"}[currency]
    call = charges(a_charged_leg(peak=61, off_peak=7), account=account, currency=currency, minimum_charge=None)
    invoice = await issued(billing, call)
    note = await credit_note(billing, invoice.id)
    for paper, ubl in ((invoice.id, "ubl-2.1-invoice"), (note.id, "ubl-2.1-creditnote")):
        made = await files(billing, paper)
        assert xml_check_xsd(made["UBL"], flavor=ubl)
        assert xml_check_xsd(made["CII"], flavor="factur-x", level="en16931")
        assert get_xml_from_pdf(made["PDF"], check_xsd=True)[1] == made["CII"]


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
async def test_what_a_customer_is_called_is_only_text(billing: Billing, name: str) -> None:
    """Markup, endless, from right to left, in a script without a font: a valid invoice to whoever that is."""
    made = await files(billing, (await issued(billing, name=name, street=name, city=name)).id)
    assert xml_check_xsd(made["UBL"], flavor="ubl-2.1-invoice")
    assert xml_check_xsd(made["CII"], flavor="factur-x", level="en16931")
    assert " ".join(name.split()).replace("\x0b", " ") in values(made["UBL"], "RegistrationName")
    shown = squeezed("".join(pages(made["PDF"])))
    assert squeezed("175,27 CZK") in shown
    if name == HOSTILE:
        assert squeezed(HOSTILE) in shown


async def test_long_invoice_goes_on_over_pages(billing: Billing) -> None:
    """Each page has its number and the head of the table; nothing is cut."""
    for n in range(120):
        call = charges(a_charged_leg(f"pbx-praha:{n}"), conference=f"CF-{n}")
        await billing.record_charges(call, caller="tests", key=f"c{n}", now=NOW, rules=RULES)
    invoice = await issued(billing, charges(a_charged_leg("pbx-praha:last"), conference="CF-last"), key="last")
    found = pages((await files(billing, invoice.id))["PDF"])
    assert len(found) > 2
    for n, page in enumerate(found, start=1):
        assert squeezed(f"strana {n} / {len(found)}") in squeezed(page)
    lines = await billing.lines([invoice.id])
    assert "".join(found).count("Konference 24") == len(lines) == 121


async def test_replay_gives_identical_bytes(billing: Billing) -> None:
    """A crash between the number and the page: whoever asks next makes the same documents, to the byte."""
    invoice = await issued(billing)
    note = await credit_note(billing, invoice.id)
    before = [await files(billing, paper) for paper in (invoice.id, note.id)]
    await forgotten(billing)
    again = await billing.issue_invoice(
        invoice.id, the_parties(), caller="tests", key="k", now=NOW + timedelta(days=3), rules=RULES
    )
    assert isinstance(again, Invoice)
    assert [await files(billing, paper) for paper in (invoice.id, note.id)] == before


@pytest.mark.parametrize("statement", ["UPDATE documents SET sha256 = 'x'", "DELETE FROM documents"])
async def test_document_is_kept_for_good(billing: Billing, statement: str) -> None:
    """I5: the database itself refuses, whoever writes; so it does for the parties and for a credit note."""
    invoice = await issued(billing)
    await credit_note(billing, invoice.id)
    for each in (
        statement,
        "UPDATE invoice_parties SET name = 'x'",
        "DELETE FROM invoice_parties",
        "UPDATE credit_notes SET reason = 'x'",
        "DELETE FROM credit_notes",
    ):
        with pytest.raises(DBAPIError, match="immutable"):
            await billing.database.write(lambda connection, each=each: connection.execute(text(each)))  # type: ignore[misc]


async def test_draft_has_no_documents_and_many_are_not_made_at_once(
    billing: Billing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A question makes a few at most; the others are asked for next."""
    draft = await billing.record_charges(worked_charges(), caller="tests", key="d", now=NOW, rules=RULES)
    assert isinstance(draft, Invoice)
    assert await billing.documents([draft.id], rules=RULES) == []
    invoice = await issued(billing)
    await forgotten(billing)
    monkeypatch.setattr(sources.billing.system, "MOST_MADE", 0)
    with pytest.raises(TooManyToMake, match="documents of 1 invoices"):
        await billing.documents([invoice.id], rules=RULES)


async def test_credit_note_takes_back_the_whole_invoice(billing: Billing) -> None:
    """Below zero on the page, positive in type 381 of the XML; it names the invoice, the reason and its own series."""
    invoice = await issued(billing)
    note = await credit_note(billing, invoice.id)
    assert (note.number, note.base, note.total) == ("2026900001", -invoice.base, -invoice.total)
    [now] = await billing.invoices([invoice.id])
    assert (now.status, now.number, now.content_hash) == ("CREDITED", invoice.number, invoice.content_hash)
    made = await files(billing, note.id)
    [page] = pages(made["PDF"])
    for wanted in ("Opravný daňový doklad", "2026900001", "2026000001", "Účtováno dvakrát", "\u2212175,27 CZK"):
        assert squeezed(wanted) in squeezed(page), wanted
    assert "QR" not in page
    assert values(made["UBL"], "CreditNoteTypeCode") == ["381"]
    assert values(made["UBL"], "PayableAmount") == ["175.27"]


async def test_what_was_credited_can_be_charged_anew(billing: Billing) -> None:
    """The same legs, once more on a new draft; the invoice that was taken back keeps its lines."""
    invoice = await issued(billing)
    lines = await billing.lines([invoice.id])
    await credit_note(billing, invoice.id)
    again = await issued(billing, key="again")
    assert (again.id, again.number, again.total) != (invoice.id, invoice.number, None)
    assert again.total == invoice.total
    assert await billing.lines([invoice.id]) == lines
    rows = await billing.database.read(
        lambda connection: connection.execute(text("SELECT leg, credited FROM rated_calls")).all()
    )
    assert len(rows) == 8
    assert sum(not row.credited for row in rows) == 4


async def test_credit_note_is_refused_with_the_reason(billing: Billing) -> None:
    """A draft, an unknown invoice, and one that was taken back already."""
    draft = await billing.record_charges(worked_charges(), caller="tests", key="d", now=NOW, rules=RULES)
    assert isinstance(draft, Invoice)
    refusals = [await credited(billing, id, key=id) for id in (draft.id, "IN-nowhere")]
    invoice = await issued(billing)
    note = await credit_note(billing, invoice.id)
    assert await credited(billing, invoice.id) == note  # the same key
    refusals.append(await credited(billing, invoice.id, key="another"))
    assert [refusal.code for refusal in refusals if isinstance(refusal, Refusal)] == [
        "not-issued",
        "unknown-invoice",
        "credited-already",
    ]
