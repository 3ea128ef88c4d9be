"""From what a rule decided to the bytes of a PDF and of two kinds of XML.

The PDF is typst's, drawn by invoice.typ beside this file, with the fonts that typst brings (a machine's own would give
other bytes) and the day of issue as its date. It carries the CII, as Factur-X has it. typst embeds that itself, since
factur-x writes the time of writing into what it embeds: equal invoices would have other bytes each time.
"""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass
from importlib.resources import as_file, files
from typing import Literal

import segno
import typst
from facturx import generate_xml

from sources.records.papers import Document, DocumentContent

__all__ = ["File", "render"]

TEMPLATE = files("sources.billing.documents") / "invoice.typ"
LEVEL = "en16931"
ARCHIVE: Literal["a-3b"] = "a-3b"
"""PDF/A-3b: for archives, with attachments. It wants every letter to be drawn by some font."""


@dataclass(frozen=True, slots=True)
class File:
    """A document with its bytes."""

    document: Document
    content: bytes


def render(paper: str, content: DocumentContent) -> list[File]:
    """The documents of one invoice or credit note; equal content gives equal bytes."""
    cii = xml(content, "factur-x")
    return [
        file(paper, "PDF", "application/pdf", pdf(content, cii)),
        file(paper, "UBL", "application/xml", xml(content, "ubl-2.1")),
        file(paper, "CII", "application/xml", cii),
    ]


def file(paper: str, kind: str, media_type: str, content: bytes) -> File:
    return File(Document(paper, kind, media_type, hashlib.sha256(content).hexdigest(), len(content)), content)


def xml(content: DocumentContent, flavor: str) -> bytes:
    """Not validated each time, as that parses the schemas anew (50 ms): the tests do, for every kind of paper."""
    made: bytes = generate_xml(
        dict(content.en16931), flavor=flavor, level=LEVEL, check_xsd=False, check_schematron=False
    )
    return made


def pdf(content: DocumentContent, cii: bytes) -> bytes:
    """PDF/A-3b; a plain PDF for a name in a script that no font here has: a box stands for each of its letters."""
    inputs = {
        "data": json.dumps(content.page, ensure_ascii=False, sort_keys=True),
        "cii": cii.decode(),
        "qr": payment_code(content.payment_code),
    }
    with as_file(TEMPLATE) as template:
        compiler = typst.Compiler(str(template), root=str(template.parent), ignore_system_fonts=True)
        try:
            return compiled(compiler, inputs, ARCHIVE)
        except typst.TypstError as error:
            if "could not be displayed" not in str(error):
                raise
            return compiled(compiler, inputs, None)


def compiled(compiler: typst.Compiler, inputs: dict[str, str], standard: Literal["a-3b"] | None) -> bytes:
    made = compiler.compile(format="pdf", sys_inputs=inputs, pdf_standards=standard)
    assert isinstance(made, bytes)
    return made


def payment_code(text: str | None) -> str:
    """The QR code as SVG; nothing where there is nothing to pay."""
    if text is None:
        return ""
    drawn = io.BytesIO()
    segno.make(text, error="m", micro=False).save(drawn, kind="svg", xmldecl=False, border=0)
    return drawn.getvalue().decode()
