"""Letters: customers' text is inert, templates are refused with line and reason, equal input gives equal bytes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from pypdf import PdfReader

from sources.mailing.letters import (
    SHIPPED,
    Addressee,
    Amount,
    Field,
    LetterData,
    LetterRefused,
    RenderedLetter,
    Sender,
    ShippedTemplate,
    Template,
    TemplateRefused,
    Typesetter,
    read_template,
)

SENDER = Sender(
    name="Konference po telefonu s.r.o.",
    street="Na Příkladu 2240/7",
    city="Praha 4",
    postal_code="140 00",
    phone="+420 222 333 444",
    facts=("IČO 04170415",),
    signatory="Ing. Kateřina Dvořáková",
)
JAN = Addressee("Jan Žďárský", "Křížíkova 12/34", "Žďár nad Sázavou", "591 01")
WIDE = Addressee("nejkulaťoulinkatějšíWMN " * 6, "UliceWWWWWWWWWWWWWWW " * 4, "MěstoMMMMMMMMMMM " * 4, "110 00", "DE")
LONG = Addressee("Dlouhé jméno " * 14, "Ulice " * 30, "Město " * 30, "110 00", "DE")
DAY = date(2026, 11, 24)
VALUES = {
    "contract": "SM-2024-0815",
    "valid_from": "2027-01-01",
    "old_price": "1.80 CZK",
    "new_price": "1.9525 CZK",
    "reason": "Důvodem jsou vyšší ceny operátorů v zahraničí.",
    "objection_until": date(2026, 12, 31),
    "invoice": "2026000123",
    "total": Amount(Decimal("1494.11"), "CZK"),
    "due_date": "2026-12-14",
    "year": "2027",
}


@pytest.fixture(scope="module")
def typesetter() -> Iterator[Typesetter]:
    """One process for all tests, as for all letters of a campaign."""
    with Typesetter() as typesetter:
        yield typesetter


def taken(found: Template | TemplateRefused) -> Template:
    assert isinstance(found, Template), str(found)
    return found


def text_of(letter: RenderedLetter) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(letter.pdf)).pages)


def letter_to(recipient: Addressee, values: dict[str, object] | None = None) -> LetterData:
    return LetterData(recipient, DAY, SENDER, values or {})


@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda each: f"{each.template}-{each.language}")
def test_shipped_template_makes_a_letter_of_one_page(shipped: ShippedTemplate, typesetter: Typesetter) -> None:
    """Each names the recipient and has what only its language writes; PDF and picture are what they are called."""
    template = taken(read_template(shipped.body, shipped.fields, language=shipped.language, typesetter=typesetter))
    data = letter_to(JAN, VALUES)
    preview, rendered = template.preview(data), template.render(data)
    assert rendered.pages == 1
    assert (preview.pdf, preview.png[:8]) == (rendered.pdf, b"\x89PNG\r\n\x1a\n")
    text = text_of(rendered).replace("\u00a0", " ")
    assert "Jan Žďárský" in text
    assert "591 01 Žďár nad Sázavou" in text
    assert ("24. listopadu 2026" if shipped.language == "cs" else "24 November 2026") in text
    wanted = {
        ("price-change", "cs"): ("1,80 Kč", "1,9525 Kč", "1. ledna 2027", "31. prosince 2026"),
        ("price-change", "en"): ("CZK 1.80", "CZK 1.9525", "1 January 2027"),
        ("invoice-cover", "cs"): ("1 494,11 Kč", "14. prosince 2026"),
        ("invoice-cover", "en"): ("CZK 1,494.11", "14 December 2026"),
    }
    expected = wanted.get((shipped.template, shipped.language), ())
    whole = "".join(text.split())  # in a justified line an extractor sees spaces of its own
    assert [each for each in expected if each.replace(" ", "") not in whole] == []


MARKUP = (
    "#panic() #sys.inputs",
    "*tučně* _kurzíva_ `raw` $x^2$ <label> @ref",
    '\\u{41} \\ " \' \\\\ "); evil("',
    "= nadpis", "- položka", "// poznámka /* a */ konec",
    "../../etc/passwd", "C:\\CON\\..\\x.pdf", "/dev/null",
    "https://example.org/?a=1&b=2", "50 % & < > {{ }} ${x} %s", "-- --- ... ~",
)  # fmt: skip


@pytest.mark.parametrize("text", MARKUP)
def test_what_a_customer_is_called_is_inert(text: str, typesetter: Typesetter) -> None:
    """Markup, quotes, backslashes and paths in a name, an address or a value stand in the letter as they are."""
    template = taken(read_template("Pro #fields.note.", [Field("note")], typesetter=typesetter))
    rendered = template.render(letter_to(Addressee(text, text, "Praha", "110 00"), {"note": text}))
    lines = [" ".join(line.replace("\u00a0", " ").split()) for line in text_of(rendered).splitlines()]
    assert lines.count(" ".join(text.split())) == 2
    assert f"Pro {' '.join(text.split())}." in lines


@pytest.mark.parametrize(
    ("name", "drawn"),
    [
        ("Jan\x00 \x1bNovák\x7f", "Jan Novák"),
        ("Jan\r\nNovák\nBcc: x", "Jan Novák Bcc: x"),
        ("\u202eJan\u2066 Novák", "Jan Novák"),
        ("Kate\u0159ina Z\u030c", "Kateřina Ž"),
        ("Kavárna \U0001f600\u200d\U0001f525 U Lva", "Kavárna U Lva"),
        ("\ud800Jan", "Jan"),
        ("\ufeffJan\ue000", "Jan"),
        ("שלום", "שלום"),
        ("Ελλάς Иван", "Ελλάς Иван"),
    ],
)
def test_strange_letters_in_a_name(name: str, drawn: str, typesetter: Typesetter) -> None:
    """No control character and nothing that turns text around; emoji are left out; other scripts are drawn."""
    template = taken(read_template("Text.", [], typesetter=typesetter))
    assert drawn in text_of(template.render(letter_to(replace(JAN, name=name)))).splitlines()


def test_right_to_left_and_letters_without_a_font(typesetter: Typesetter) -> None:
    """Arabic is drawn; Chinese is refused, naming whose text it is, rather than printed as boxes."""
    template = taken(read_template("#fields.note", [Field("note", required=False)], typesetter=typesetter))
    assert template.render(letter_to(replace(JAN, name="أهلا"))).pages == 1
    with pytest.raises(LetterRefused, match="no font here has the letters") as refused:
        template.render(letter_to(replace(JAN, name="中文")))
    assert refused.value.field == "recipient"
    with pytest.raises(LetterRefused) as refused:
        template.render(letter_to(JAN, {"note": "新年"}))
    assert refused.value.field == "note"


def test_a_very_long_word_stays_on_the_paper(typesetter: Typesetter) -> None:
    """A long name is broken and gets smaller in the window; one that no window shows is refused, not cut."""
    template = taken(read_template("Text.", [], typesetter=typesetter))
    rendered = template.render(letter_to(Addressee("N" * 120, "U" * 80, "P" * 60, "110 00")))
    text = "".join(text_of(rendered).split())
    assert all(whole in text for whole in ("N" * 120, "U" * 80, "P" * 60))
    with pytest.raises(LetterRefused, match="longer than 200 characters") as refused:
        template.render(letter_to(replace(JAN, name="N" * 201)))
    assert refused.value.field == "recipient.name"
    with pytest.raises(LetterRefused, match="longer than what the window") as refused:
        template.render(letter_to(Addressee("W" * 200, "W" * 200, "W" * 180, "110 00")))
    assert refused.value.field == "recipient"


def test_letter_of_several_pages_has_them_numbered(typesetter: Typesetter) -> None:
    """One of a single page has no number, as there is nothing to put in order."""
    template = taken(read_template("#fields.note", [Field("note")], typesetter=typesetter))
    two = template.render(letter_to(JAN, {"note": "slovo " * 800}))
    assert two.pages == 2
    assert [f"{page} / 2" in text_of(two) for page in (1, 2)] == [True, True]
    assert " / 1" not in text_of(template.render(letter_to(JAN, {"note": "slovo"})))


@pytest.mark.parametrize("recipient", [JAN, LONG, WIDE])
def test_address_is_seen_in_the_window(recipient: Addressee, typesetter: Typesetter) -> None:
    """However the sheet lies in the envelope, every line of the address is seen (DIN 5008 form B: letter.typ)."""
    template = taken(read_template("Text.", [], typesetter=typesetter))
    data = LetterData(recipient, DAY, SENDER, {})
    places: list[tuple[float, float, str]] = []

    def visit(text: str, cm: list[float], tm: list[float], *_: object) -> None:
        x, y = (tm[4] * cm[at] + tm[5] * cm[at + 2] + cm[at + 4] for at in (0, 1))
        x, y = x * 25.4 / 72, 297 - y * 25.4 / 72
        if text.strip() and 45 < y < 95 and 20 <= x < 100:
            places.append((x, y, text))

    (page,) = PdfReader(io.BytesIO(template.render(data).pdf)).pages
    page.extract_text(visitor_text=visit)
    seen = "".join(text for _, _, text in places)
    code = recipient.postal_code.split()[0]
    assert [word for word in (recipient.name.split()[0], recipient.city.split()[-1], code) if word not in seen] == []
    assert [place for place in places if not 50 <= place[1] <= 90] == []


def test_equal_input_gives_equal_bytes() -> None:
    """Also in another process and on another day: what a template calls today is the letter's day."""
    body = "#fields.note, #datetime.today().display()"
    made = []
    for _ in range(2):
        template = taken(read_template(body, [Field("note")]))
        made.append(template.render(letter_to(JAN, {"note": "ahoj"})))
        template.close()
    assert made[0] == made[1]
    assert "2026-11-24" in text_of(made[0])
    assert template.render(letter_to(JAN, {"note": "jinak"})).sha256 != made[0].sha256
    template.close()


def test_one_letter_prepositions_do_not_end_a_line(typesetter: Typesetter) -> None:
    """Czech typography, also for a template whose author never thought of it."""
    body = "Sešli jsme se v domě a v poli, k lesu i s tebou u potoka. " * 8
    text = text_of(taken(read_template(body, [], typesetter=typesetter)).render(letter_to(JAN)))
    assert [line for line in text.splitlines() if line.split() and line.split()[-1] in set("vakisu")] == []
    assert "v\u00a0domě a\u00a0v\u00a0poli" in text


REFUSED = [
    ("První řádek\n\n#neznama", [], 3, "unknown variable: neznama"),
    ("Text\n#fields.rate", [], 2, "uses the field rate, which isn't declared"),
    ('\n#fields.at("rate")', [], 2, "uses the field rate, which isn't declared"),
    ("#if false [#fields.rate]", [], 1, "uses the field rate, which isn't declared"),
    ("Text", [Field("rate")], None, "the field rate is declared, and stands nowhere in the text"),
    ("// #fields.rate", [Field("rate")], None, "the field rate is declared, and stands nowhere in the text"),
    ("#{\n", [], 1, "unclosed delimiter"),
    ("#fields.rate.len()", [Field("rate", required=False)], 1, "type none has no method"),
    ("#let f(x) = x.b\n#f((a: 1))", [], 1, 'does not contain key "b"'),
    ("#facts(1)", [], 1, ""),
    ("#fields.a", [Field("a"), Field("a")], None, "declared twice"),
    ("#fields.A", [Field("A")], None, "a field can't be called 'A'"),
    ("x", [Field("keys")], None, "a field can't be called 'keys'"),
    ('\n#image("/etc/hostname")', [], 2, "a template has nothing but itself"),
    ('#read("../../etc/passwd")', [], 1, "a template has nothing but itself"),
    ('#import "@preview/cetz:0.2.0"', [], 1, "a template has nothing but itself"),
    ('#include "letter.typ"', [], 1, "a template has nothing but itself"),
    ("#for _ in range(60) { pagebreak() }", [], None, "61 pages, more than 50"),
    ("x" * 100_001, [], None, "longer than 100000 characters"),
]


@pytest.mark.parametrize(("body", "fields", "line", "reason"), REFUSED, ids=lambda each: str(each)[:30])
def test_template_is_refused_with_line_and_reason(
    body: str, fields: list[Field], line: int | None, reason: str, typesetter: Typesetter
) -> None:
    """What is wrong is found before anybody gets a letter, and said where it stands in the template."""
    refused = read_template(body, fields, typesetter=typesetter)
    assert isinstance(refused, TemplateRefused)
    assert refused.line == line
    assert reason in refused.reason


def test_a_field_may_be_used_in_any_way(typesetter: Typesetter) -> None:
    """By name, by key, or by going through all of them."""
    fields = [Field("a"), Field("b", "DATE", required=False)]
    for body in ('#fields.a #fields.at("b")', "#for (key, value) in fields [#value]", "#fields.values().join()"):
        taken(read_template(body, fields, typesetter=typesetter))


@pytest.mark.parametrize(
    ("type", "value", "reason"),
    [
        ("TEXT", None, "required"),
        ("TEXT", "  ", "required"),
        ("TEXT", ["a"], "not a text"),
        ("TEXT", "x" * 5_001, "longer than"),
        ("AMOUNT", None, "required"),
        ("AMOUNT", 1.5, "binary fraction"),
        ("AMOUNT", "1,50", "not an amount"),
        ("AMOUNT", "1e5", "not an amount"),
        ("AMOUNT", True, "not an amount"),
        ("AMOUNT", Decimal("NaN"), "not an amount"),
        ("DATE", "1.1.2027", "not a day"),
        ("DATE", "2027-02-30", "not a day"),
    ],
)
def test_letter_is_refused_naming_the_field(type: str, value: object, reason: str, typesetter: Typesetter) -> None:
    """A missing or meaningless value stops this letter, and says which value it is."""
    template = taken(read_template("#fields.what", [Field("what", type)], typesetter=typesetter))
    with pytest.raises(LetterRefused, match=reason) as refused:
        template.render(letter_to(JAN, {"what": value}))
    assert refused.value.field == "what"


@pytest.mark.parametrize("missing", ["name", "city"])
def test_recipient_without_name_or_place_is_refused(missing: str, typesetter: Typesetter) -> None:
    """A letter needs whom it is for, and where."""
    template = taken(read_template("Text.", [], typesetter=typesetter))
    nowhere = replace(JAN, **({"name": " "} if missing == "name" else {"city": "", "postal_code": ""}))
    with pytest.raises(LetterRefused) as refused:
        template.render(letter_to(nowhere))
    assert refused.value.field == f"recipient.{missing}"
