"""The final report: everybody of the audience once, with the same numbers in the graph, as CSV and as a PDF."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from pypdf import PdfReader

from processes.rules.mailing import campaigns
from processes.rules.mailing.report import Report, outcome, report
from resolvers.mailing.rules import RULES
from sources.mailing import METADATA, Mailing
from sources.mailing.reports import ReportPage, drawn, failed_lines, report_lines, written
from sources.mailing.reports.written import cell
from sources.records.mailing import ReportLine
from tests.conftest import MakeDatabase
from tests.sources.mailing.scene import NOON, Scene, Word, a_row, opened

AUDIENCE = (
    a_row(1),
    a_row(2, email=None),
    a_row(3, street=None, name="=HYPERLINK(1)"),
    a_row(4, name="\N{SNOWMAN}"),
    a_row(5, email="gone@example.cz"),
    a_row(1),
    a_row(6, name="#strong[Řízek] $x$ *a* @b"),
)


@pytest.fixture
def any_scene(database: MakeDatabase) -> Scene:
    """On each kind of database."""
    return Scene(Mailing(database("mailing", METADATA)))


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with opened(tmp_path) as mailing:
        yield Scene(mailing)


async def delivered(scene: Scene) -> None:
    scene.postman.words["gone@example.cz"] = Word("", "REFUSED", "550", "no such user")
    await scene.to_approved(*AUDIENCE)
    await scene.submit()
    await scene.follow()
    await scene.notify()


async def counted(scene: Scene) -> Report:
    [totals] = await scene.mailing.totals([await scene.campaign()])
    return report(
        asked=totals.asked,
        letters=totals.letters,
        exclusions=totals.exclusions,
        announced=totals.announced,
        notice_due=totals.notice_due,
    )


async def rows(scene: Scene, *, page: int = 2) -> list[dict[str, str]]:
    lines = report_lines(scene.mailing.database, await scene.campaign(), RULES, page=page)
    return list(csv.DictReader(io.StringIO((await written(lines)).decode(), newline="")))


async def paper(scene: Scene, language: str = "cs") -> str:
    """The text of the PDF."""
    campaign, sum = await scene.campaign(), await counted(scene)
    excluded, failed = await failed_lines(scene.mailing.database, campaign, RULES, first=100)
    page = ReportPage(
        campaign=campaign,
        language=language,  # type: ignore[arg-type]
        at=NOON,
        recipients=sum.recipients,
        numbers={name: getattr(sum, name) for name in ("letters", "notices", "exclusions", "failed", "open")},
        by_code={},
        exclusions=excluded,
        failed=failed,
        balanced=sum.is_balanced,
    )
    return "\n".join(each.extract_text() for each in PdfReader(io.BytesIO(drawn(page))).pages)


NUMBERS = {"LETTER": "letters", "NOTICE": "notices", "EXCLUDED": "exclusions", "FAILED": "failed", "OPEN": "open"}


async def test_every_row_of_the_audience_has_one_line(any_scene: Scene) -> None:
    """At each step the lines, page by page, are what the report counts; in the end nobody is open."""
    scene = any_scene
    await scene.to_approved(*AUDIENCE)
    await agree(scene)
    await scene.submit(2)
    await scene.follow()
    await agree(scene)
    await scene.submit()
    await scene.follow()
    await agree(scene)
    scene.postman.words["gone@example.cz"] = Word("", "DEFERRED", "450", "later")
    await scene.notify()
    await agree(scene)
    await scene.edit(campaigns.cancelled)
    await agree(scene)
    assert (await counted(scene)).open == 0


async def agree(scene: Scene) -> None:
    sum, found = await counted(scene), await rows(scene)
    assert len(found) == sum.recipients == len(AUDIENCE)
    counts = Counter(row["outcome"] for row in found)
    assert {name: counts[code] for code, name in NUMBERS.items()} == {n: getattr(sum, n) for n in NUMBERS.values()}


async def test_a_line_says_what_became_of_a_letter_and_its_notice(scene: Scene) -> None:
    await delivered(scene)
    found = await rows(scene)
    [letter] = [each for each in await scene.letters() if each.position == 1]
    first = next(row for row in found if row["letter"] == letter.id)
    assert (first["outcome"], first["code"], first["notice"]) == ("NOTICE", "PRINTED", "ACCEPTED")
    assert (first["sha256"], first["printer"], first["print_job"]) == (letter.sha256, "letters", "1")
    assert first["message_id"].startswith(f"<{letter.id.lower()}.")
    by_client = {row["client"]: row for row in found if row["outcome"] != "EXCLUDED"}
    assert by_client["CL-00002"]["outcome"] == "LETTER"
    refused = by_client["CL-00005"]
    assert (refused["outcome"], refused["notice"], refused["reason"]) == ("LETTER", "REFUSED", "no such user")
    assert by_client["CL-00004"]["outcome"] == "FAILED"
    assert "snowman" in by_client["CL-00004"]["reason"]
    assert [(row["client"], row["name"], row["code"]) for row in found if row["outcome"] == "EXCLUDED"] == [
        ("CL-00003", "'=HYPERLINK(1)", "NO_ADDRESS"),
        ("CL-00001", AUDIENCE[0].name, "DUPLICATE"),
    ]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+420 1", "'+420 1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("  =1", "'  =1"),
        ("\uff1d1", "'\uff1d1"),
        ("Novák = syn", "Novák = syn"),
        ("", ""),
        (None, ""),
    ],
)
def test_no_cell_is_a_formula(value: str | None, shown: str) -> None:
    assert cell(value) == shown


@pytest.mark.parametrize(
    ("letter", "notice", "has_email", "sends", "said"),
    [
        ("PRINTED", None, True, True, "OPEN"),
        ("PRINTED", None, False, True, "LETTER"),
        ("PRINTED", None, True, False, "LETTER"),
        ("PRINTED", "RETRYING", True, True, "OPEN"),
        ("PRINTED", "BOUNCED", True, True, "LETTER"),
        ("PRINTED", "SKIPPED", True, True, "LETTER"),
        ("PRINTED", "ACCEPTED", True, False, "NOTICE"),
        ("UNKNOWN", None, True, False, "OPEN"),
        ("CANCELLED", None, True, False, "FAILED"),
    ],
)
def test_where_a_recipient_is_counted(letter: str, notice: str | None, has_email: bool, sends: bool, said: str) -> None:
    assert outcome(letter, notice, has_email=has_email, sends_notices=sends) == said


@pytest.mark.parametrize(("language", "heading"), [("cs", "Závěrečná zpráva"), ("en", "Report of a mailing")])
async def test_the_paper_has_the_sum_and_who_got_no_letter(scene: Scene, language: str, heading: str) -> None:
    """In the template's language; names stand as they are, whatever they would mean to typst."""
    await delivered(scene)
    text = await paper(scene, language)
    sum = await counted(scene)
    assert heading in text
    parts = (sum.letters, sum.notices, sum.exclusions, sum.failed, sum.open)
    assert " + ".join(map(str, parts)) + f" = {sum.recipients}" in re.sub(r"\s+", " ", text)
    assert parts == (2, 2, 2, 1, 0)
    for said in ("CL-00003", "=HYPERLINK(1)", "NO_ADDRESS", "DUPLICATE", f"{scene.id}-3"):
        assert said in text


async def test_a_report_of_many_is_cut_and_says_so(scene: Scene) -> None:
    """The paper is of a size to be read; a name in a script that no font has is no reason to have none."""
    await scene.make()
    line = ReportLine(1, "CL-00001", "漢字 #panic() \N{SNOWMAN}", "EXCLUDED", "NO_ADDRESS", "no street")
    page = ReportPage(
        campaign=replace(await scene.campaign(), title="漢字"),
        language="en",
        at=NOON,
        recipients=10_000,
        numbers={"letters": 0, "notices": 0, "exclusions": 10_000, "failed": 0, "open": 0},
        by_code={"NO_ADDRESS": 10_000},
        exclusions=[line] * 500,
        failed=[],
        balanced=True,
    )
    text = "".join(each.extract_text() for each in PdfReader(io.BytesIO(drawn(page))).pages)
    assert "9500" in text
    assert "#panic()" in text
