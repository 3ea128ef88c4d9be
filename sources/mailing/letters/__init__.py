"""Letters: a template and what is said to one recipient become a PDF. A library; it knows no database and no campaign.

    fields       what a template declares: fields with a type, and how values are read and written out
    writing      amounts and days as Czech or English readers expect them
    addressing   recipient and sender as they stand on paper; customers' text made harmless and drawable
    template     read_template -> Template | TemplateRefused; Template.render, Template.preview
    checking     what a template may be refused for
    typesetting  typst in a process of its own, which can open nothing and is bounded in time and memory
    shipped      the templates that come along

A template is a typst body. What stands before it (letter.typ) gives it the paper: letterhead, address in the window of
the envelope, date, page numbers, and the names `fields`, `recipient`, `sender`, `date`, `subject`, `salutation`,
`facts`, `closing`. All that is said to a recipient arrives as JSON, so nothing a customer is called can be markup.
"""

from sources.mailing.letters.addressing import Addressee, LetterData, Sender
from sources.mailing.letters.fields import Field, FieldType, LetterRefused, values_written
from sources.mailing.letters.shipped import SHIPPED, ShippedTemplate
from sources.mailing.letters.template import Preview, RenderedLetter, Template, TemplateRefused, read_template
from sources.mailing.letters.typesetting import Bounds, Typesetter
from sources.mailing.letters.writing import Amount, Language

__all__ = [
    "SHIPPED",
    "Addressee",
    "Amount",
    "Bounds",
    "Field",
    "FieldType",
    "Language",
    "LetterData",
    "LetterRefused",
    "Preview",
    "RenderedLetter",
    "Sender",
    "ShippedTemplate",
    "Template",
    "TemplateRefused",
    "Typesetter",
    "read_template",
    "values_written",
]
