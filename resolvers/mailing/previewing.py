"""A letter as it would be printed, before anybody approves it: nothing of it is kept."""

from __future__ import annotations

import asyncio
import base64
from typing import Annotated

import strawberry

from resolvers.access import Scope, asks
from resolvers.errors import BadInput
from resolvers.mailing.context import Info
from resolvers.texts import storable
from sources.mailing.outside import Undrawn

__all__ = ["PreviewOutcome", "preview_letter"]

READERS = (Scope.MAILING_READ, Scope.CLIENTS_ALL, Scope.ADDRESSES_READ)


@strawberry.federation.type(requires_scopes=asks(*READERS))
class LetterPreview:
    """The letter as it will be printed, and its first page as a picture."""

    pdf_base64: str
    png_base64: str


@strawberry.federation.type(requires_scopes=asks(*READERS))
class PreviewRefused:
    """Why there is none: `field` is the value to blame, `line` that of the template's body, where it is one's fault."""

    code: str
    message: str
    field: str | None = None
    line: int | None = None


PreviewOutcome = Annotated[LetterPreview | PreviewRefused, strawberry.union("PreviewOutcome")]


async def preview_letter(info: Info, campaign: strawberry.ID, position: int) -> PreviewOutcome | None:
    if not 1 <= position < 2**31:
        raise BadInput(f"position: {position} is no position; the first recipient's is 1")
    source, preview = info.context.source, info.context.delivery.preview
    if preview is None:
        return PreviewRefused(code="no-letters", message="letters can't be rendered here: nothing is set up for that")
    found = await source.campaigns([storable("campaign", campaign)])
    if not found:
        return PreviewRefused(code="unknown-mailing", message=f"there is no mailing {campaign}: check its id")
    recipients = await source.recipients(campaign, first=1, after=position - 1)
    if not recipients or recipients[0].position != position:
        why = f"mailing {campaign} has no recipient {position}: look at its recipients and exclusions"
        return PreviewRefused(code="unknown-recipient", message=why)
    version = await source.template(found[0].template, found[0].version)
    if version is None:
        raise LookupError(f"template {found[0].template} of {campaign} is gone")
    made = await asyncio.to_thread(preview, version, found[0].letter_date, recipients[0])
    if isinstance(made, Undrawn):
        return PreviewRefused(code="no-letter", message=made.reason, field=made.field, line=made.line)
    return LetterPreview(pdf_base64=base64.b64encode(made.pdf).decode(), png_base64=base64.b64encode(made.png).decode())
