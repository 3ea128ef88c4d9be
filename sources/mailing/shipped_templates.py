"""The templates that come along (sources/mailing/letters/shipped), as a new database has them: `price-change-cs` ..."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time

from sqlalchemy import Connection

from sources.mailing.letters import SHIPPED
from sources.mailing.reading import row_of_template
from sources.mailing.tables import TEMPLATES
from sources.records.mailing import TemplateField, TemplateVersion
from sources.rows import insert_all

__all__ = ["fill_templates", "shipped_templates"]

SAVED_BY = "spojka"


def shipped_templates(day: date) -> list[TemplateVersion]:
    """Each in its first version, saved on `day`; its id ends with its language, as each language is a template."""
    return [
        TemplateVersion(
            template=f"{each.template}-{each.language}",
            version=1,
            name=each.name,
            language=each.language,
            purpose=each.purpose,
            body=each.body,
            fields=tuple(TemplateField(field.name, field.type, field.required) for field in each.fields),
            subject=each.subject,
            notice=each.notice,
            used=False,
            saved_by=SAVED_BY,
            saved_at=datetime.combine(day, time(), UTC),
        )
        for each in SHIPPED
    ]


def fill_templates(day: date) -> Callable[[Connection], None]:
    """What puts them into a database that is made on `day`."""
    return lambda connection: insert_all(
        connection, TEMPLATES, [row_of_template(each) for each in shipped_templates(day)]
    )
