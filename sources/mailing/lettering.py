"""Letters of a campaign, made by the library `sources.mailing.letters`: its words for ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from sources.mailing.letters import (
    Addressee,
    Field,
    LetterData,
    LetterRefused,
    Sender,
    Template,
    TemplateRefused,
    read_template,
)
from sources.mailing.outside import Previewed, Render, Rendered, Undrawn, Unrendered
from sources.records.mailing import Recipient, TemplateVersion
from sources.records.papers import Party

__all__ = ["Lettering", "check_body"]


def read(version: TemplateVersion) -> Template | TemplateRefused:
    fields: list[Any] = [Field(field.name, field.type, field.required) for field in version.fields]  # type: ignore[arg-type]
    language: Any = version.language
    return read_template(version.body, fields, language=language)


def check_body(version: TemplateVersion) -> str | None:
    """What is wrong with a template, with its line; None where nothing is."""
    template = read(version)
    if isinstance(template, TemplateRefused):
        return str(template)
    template.close()
    return None


@dataclass(frozen=True, slots=True)
class Lettering:
    """Renders letters from `seller`, whose paper it is."""

    seller: Party

    @contextmanager
    def __call__(self, version: TemplateVersion, day: date) -> Iterator[Render]:
        template = read(version)
        if isinstance(template, TemplateRefused):

            def refuse(_: Recipient) -> Rendered:
                raise Unrendered(f"template {version.template}, version {version.version}: {template}")

            yield refuse
            return
        sender = sender_of(self.seller)

        def render(recipient: Recipient) -> Rendered:
            try:
                return template.render(LetterData(addressee_of(recipient), day, sender, json.loads(recipient.data)))
            except LetterRefused as refused:
                raise Unrendered(str(refused)) from refused

        try:
            yield render
        finally:
            template.close()

    def preview(self, version: TemplateVersion, day: date, recipient: Recipient) -> Previewed | Undrawn:
        """The letter as it would be, and its first page as a picture."""
        template = read(version)
        if isinstance(template, TemplateRefused):
            return Undrawn(template.reason, line=template.line)
        values = json.loads(recipient.data)
        try:
            return template.preview(LetterData(addressee_of(recipient), day, sender_of(self.seller), values))
        except LetterRefused as refused:
            return Undrawn(refused.reason, field=refused.field)
        finally:
            template.close()


def addressee_of(recipient: Recipient) -> Addressee:
    return Addressee(recipient.name, recipient.street, recipient.city, recipient.postal_code, recipient.country)


def sender_of(seller: Party) -> Sender:
    numbers = (("IČO", seller.company_number), ("DIČ", seller.vat_number))
    facts = (seller.register_entry, *(f"{name} {number}" if number else None for name, number in numbers))
    return Sender(
        name=seller.name,
        street=seller.street,
        city=seller.city,
        postal_code=seller.postal_code,
        country=seller.country,
        email=seller.email or "",
        facts=tuple(fact for fact in facts if fact),
    )
