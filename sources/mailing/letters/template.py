"""A template that was looked at, and the letters it makes.

    match read_template(body, fields, language="cs"):
        case TemplateRefused() as refused: ...     # str(refused): "line 12: unknown variable: fiels"
        case Template() as template: template.render(data).pdf

Equal input gives equal bytes: the letter's own day is the document's, and a template's today; fonts are typst's own.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path

from pypdf import PdfReader

from sources.mailing.letters.addressing import PREPOSITION, LetterData, page_of, without_pictures
from sources.mailing.letters.checking import MOST_PAGES, TemplateRefused, problem_of, reason_of
from sources.mailing.letters.fields import Field, LetterRefused, values_written
from sources.mailing.letters.typesetting import NotTypeset, Typesetter
from sources.mailing.letters.writing import Language

__all__ = ["Preview", "RenderedLetter", "Template", "TemplateRefused", "read_template"]

PAPER = Path(__file__).with_name("letter.typ").read_text(encoding="utf-8")
LINES_BEFORE = PAPER.count("\n")
UNDRAWABLE = "could not be displayed"
SCREEN_PPI = 110


@dataclass(frozen=True, slots=True)
class RenderedLetter:
    """A PDF/A-2b; `sha256` is of its bytes, in hexadecimal."""

    pdf: bytes
    pages: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Preview:
    """A letter as it will be printed, and its first page as a picture."""

    pdf: bytes
    png: bytes


@dataclass(frozen=True, slots=True)
class Template:
    """A body with the fields it declares. Several may share a typesetter; `close` ends it."""

    body: str
    fields: tuple[Field, ...]
    language: Language
    typesetter: Typesetter

    def render(self, data: LetterData) -> RenderedLetter:
        """Raises LetterRefused for a value that is missing or can't be meant, and for what can't be drawn."""
        rendered, _ = self._rendered(data)
        return rendered

    def preview(self, data: LetterData) -> Preview:
        """As `render`, with a picture."""
        rendered, letter = self._rendered(data)
        drawn = numbered(letter, rendered.pages)
        try:
            (first, *_) = self.typesetter.typeset(
                PAPER + self.body, drawn, timestamp=timestamp_of(data), format="png", ppi=SCREEN_PPI
            )
        except NotTypeset as error:
            raise LetterRefused(None, reason_of(within_body(error))) from error
        return Preview(rendered.pdf, first)

    def typeset(self, data: LetterData) -> tuple[bytes, int]:
        """The PDF and how many pages it has. Raises NotTypeset with lines of the body, LetterRefused for values."""
        return self._typeset(self._letter(data), data)

    def close(self) -> None:
        self.typesetter.close()

    def _rendered(self, data: LetterData) -> tuple[RenderedLetter, str]:
        """With the data as they were drawn: emoji and symbols that no font here has are left out.

        Letters of a script that none has are refused, as an address can't do without them.
        """
        letter = self._letter(data)
        try:
            try:
                content, pages = self._typeset(letter, data)
            except NotTypeset as error:
                plain = without_pictures_in(letter)
                if UNDRAWABLE not in error.reason or plain == letter:
                    raise
                letter = plain
                content, pages = self._typeset(letter, data)
        except NotTypeset as error:
            if UNDRAWABLE in error.reason:
                raise LetterRefused(*undrawable(error.reason, letter)) from error
            raise LetterRefused(None, reason_of(error)) from error
        if pages > MOST_PAGES:
            raise LetterRefused(None, f"it has {pages} pages, more than {MOST_PAGES}")
        return RenderedLetter(content, pages, hashlib.sha256(content).hexdigest()), letter

    def _typeset(self, letter: str, data: LetterData) -> tuple[bytes, int]:
        try:
            (content,) = self.typesetter.typeset(PAPER + self.body, letter, timestamp=timestamp_of(data))
            pages = pages_of(content)
            if 1 < pages <= MOST_PAGES:
                letter = numbered(letter, pages)
                (content,) = self.typesetter.typeset(PAPER + self.body, letter, timestamp=timestamp_of(data))
        except NotTypeset as error:
            raise within_body(error) from error
        return content, pages

    def _letter(self, data: LetterData) -> str:
        written = values_written(self.fields, data.values, self.language)
        binding = self.language == "cs" and PREPOSITION.search(self.body) is not None
        return letter_of({**page_of(data, written, self.language), "pages": 1, "prepositions": binding})


def read_template(
    body: str, fields: Sequence[Field], *, language: Language = "cs", typesetter: Typesetter | None = None
) -> Template | TemplateRefused:
    """A template whose letters can be made, or what is wrong with it and where.

    `typesetter` is one that others use as well; without it the template gets one of its own.
    """
    own = typesetter or Typesetter()
    template = Template(body.replace("\r\n", "\n"), tuple(fields), language, own)
    problem = problem_of(template.body, template.fields, template.typeset)
    if problem is None:
        return template
    if typesetter is None:
        own.close()
    return problem


def letter_of(page: Mapping[str, object]) -> str:
    return json.dumps(page, ensure_ascii=False, sort_keys=True)


def numbered(letter: str, pages: int) -> str:
    return letter_of({**json.loads(letter), "pages": pages}) if pages > 1 else letter


def pages_of(pdf: bytes) -> int:
    return len(PdfReader(io.BytesIO(pdf)).pages)


def timestamp_of(data: LetterData) -> int:
    """What `datetime.today()` is in a template: the letter's day, not that on which it is printed."""
    return int(datetime.combine(data.date, time(12), tzinfo=UTC).timestamp())


def within_body(error: NotTypeset) -> NotTypeset:
    """Lines are counted from the body's first; what is wrong in the paper itself was called from there."""
    lines = (line - LINES_BEFORE for line in error.lines)
    return NotTypeset(error.reason, tuple(line for line in lines if line > 0))


def without_pictures_in(letter: str) -> str:
    def plain(value: object) -> object:
        match value:
            case str():
                return without_pictures(value)
            case dict():
                return {key: plain(each) for key, each in value.items()}
            case list():
                return [plain(each) for each in value]
            case _:
                return value

    return letter_of({key: plain(each) for key, each in json.loads(letter).items()})


def undrawable(reason: str, letter: str) -> tuple[str | None, str]:
    """(whose value it is, what to tell): typst quotes the letters that no font has."""
    _, _, rest = reason.partition('`"')
    text = rest.partition('"`')[0]
    said = json.loads(letter)
    places = {
        **{name: value or "" for name, value in said["fields"].items()},
        "recipient": " ".join(said["recipient"]["lines"]),
    }
    where = next((name for name, value in places.items() if text and text in value), None)
    return where, f"no font here has the letters {text!r}: write them in another script"
