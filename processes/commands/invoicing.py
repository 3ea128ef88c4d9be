"""`spojka invoice`: the documents of an issued invoice, as files."""

import asyncio
import base64
import hashlib
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import click

from processes.commands.opening import OpenGraph, data_option, url_option
from processes.graph import Graph, GraphError

__all__ = ["DOCUMENTS_OF_INVOICE", "invoice"]

DOCUMENTS_OF_INVOICE = """
query DocumentsOfInvoice($number: ID!) {
  invoice(number: $number) {
    number
    documents { kind sha256 contentBase64 }
    creditNote { number documents { kind sha256 contentBase64 } }
  }
}
"""
KINDS = ("pdf", "ubl", "cii")
ROLE = "billing-specialist"


@click.command()
@click.argument("number")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file to be written."
)
@click.option("--kind", type=click.Choice(KINDS), default="pdf", show_default=True, help="EN 16931 is ubl or cii.")
@click.option("--credit-note", is_flag=True, help="What took the invoice back, in its place.")
@data_option
@url_option
@click.pass_obj
def invoice(
    open_graph: OpenGraph, number: str, output: Path, kind: str, credit_note: bool, data: Path, url: str | None
) -> None:
    """Write the document of the invoice NUMBER to a file.

    With --url SPOJKA_TOKEN must be the token of somebody who may see the invoice.
    """
    found = asyncio.run(_ask(open_graph(url, data, role=ROLE), number))
    content = _content(found, number, kind.upper(), of_credit_note=credit_note)
    try:
        output.write_bytes(content)
    except OSError as error:
        raise click.ClickException(f"{output}: it can't be written ({error.strerror})") from error
    click.echo(f"{output}: {len(content)} bytes")


async def _ask(graph: AbstractAsyncContextManager[Graph], number: str) -> dict[str, Any] | None:
    async with graph as opened:
        try:
            answer = await opened.execute(DOCUMENTS_OF_INVOICE, {"number": number})
        except GraphError as error:
            raise click.ClickException(str(error)) from error
    found: dict[str, Any] | None = answer["invoice"]
    return found


def _content(found: dict[str, Any] | None, number: str, kind: str, *, of_credit_note: bool) -> bytes:
    if found is None:
        raise click.ClickException(f"there is no invoice {number}: an invoice has a number once it is issued")
    paper = found["creditNote"] if of_credit_note else found
    if paper is None:
        raise click.ClickException(f"invoice {number} was not taken back: it has no credit note")
    document = next((each for each in paper["documents"] or () if each["kind"] == kind), None)
    if document is None:
        raise click.ClickException(f"invoice {number} has no documents: its buyer wasn't known when it was issued")
    content = base64.b64decode(document["contentBase64"])
    if hashlib.sha256(content).hexdigest() != document["sha256"]:
        raise click.ClickException(f"invoice {number}: what came is not what is kept; ask again")
    return content
