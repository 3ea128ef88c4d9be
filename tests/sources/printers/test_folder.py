"""The folder in the place of a printer: numbered PDFs, whole or not at all, found again by name."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from sources.errors import PrinterDown, PrinterRefused
from sources.printers import PrintState, folder_printer


async def printed(folder: Path, *names: str) -> list[str]:
    printer = folder_printer(folder)
    jobs = [await printer.create(name) for name in names]
    for job, name in zip(jobs, names, strict=True):
        await printer.send(job, name, name.encode("utf-8", "surrogatepass"))
    return jobs


def pdfs(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


async def test_letters_are_numbered_in_order(tmp_path: Path) -> None:
    """A job is its number; whoever comes later, or deletes what was there, gets the next one."""
    assert await printed(tmp_path / "out", "CA-1-1", "CA-1-2") == ["000001", "000002"]
    assert pdfs(tmp_path / "out") == ["000001-CA-1-1.pdf", "000002-CA-1-2.pdf"]
    (tmp_path / "out" / "000002-CA-1-2.pdf").unlink()
    assert await printed(tmp_path / "out", "CA-1-3") == ["000003"]
    (tmp_path / "out" / ".number").unlink()
    assert await printed(tmp_path / "out", "CA-1-4") == ["000004"]


async def test_several_at_once_share_no_number(tmp_path: Path) -> None:
    """As several processes would: each printer knows only the folder."""
    jobs = await asyncio.gather(*(folder_printer(tmp_path).create(f"CA-1-{number}") for number in range(20)))
    assert sorted(jobs) == [f"{number:06}" for number in range(1, 21)]


async def test_a_job_is_found_again_by_id_and_name(tmp_path: Path) -> None:
    """After a crash at any place: created, sent, or neither; and it says that it is a folder."""
    printer = folder_printer(tmp_path)
    assert await printer.found(None, "CA-1-1") is None
    job = await printer.create("CA-1-1")
    waiting = PrintState("PENDING", "its document hasn't come yet", 0, job)
    assert [await printer.found(each, "CA-1-1") for each in (job, None)] == [waiting, waiting]
    for content in (b"letter", b"another"):
        await printer.send(job, "CA-1-1", content)
    done = PrintState("PRINTED", "a PDF in a folder, not on paper", 1, job)
    assert [await printer.found(each, "CA-1-1") for each in (job, None)] == [done, done]
    assert (tmp_path / "000001-CA-1-1.pdf").read_bytes() == b"letter"
    assert [await printer.found(*other) for other in ((job, "CA-1-2"), ("000009", "CA-1-1"), ("../x", "CA-1-1"))] == [
        None
    ] * 3
    with pytest.raises(PrinterRefused, match="no job 000001 called CA-1-2"):
        await printer.send(job, "CA-1-2", b"")
    await printer.create("CA-1-1")
    twice = await printer.found(None, "CA-1-1")
    assert twice is not None
    assert twice.state == "UNKNOWN"
    assert "nothing is printed on paper" in (await printer.state()).about


async def test_half_written_letter_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash while it is written leaves a job that waits for its document, and takes it."""
    printer = folder_printer(tmp_path)
    job = await printer.create("CA-1-1")

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", crash)
        with pytest.raises(KeyboardInterrupt):
            printer._send(job, "CA-1-1", b"half")
    assert pdfs(tmp_path) == []
    found = await printer.found(job, "CA-1-1")
    assert found is not None
    assert found.documents == 0
    await printer.send(job, "CA-1-1", b"whole")
    assert pdfs(tmp_path) == ["000001-CA-1-1.pdf"]
    assert (tmp_path / "000001-CA-1-1.pdf").read_bytes() == b"whole"


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "/etc/passwd", "..", "a/b\\c", "a\x00b\n", "č" * 300, "\ud800", "CON", "a%2Fb", "-rf *"],
)
async def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    """What a letter is called is a name in the folder, and is found by it."""
    folder = tmp_path / "out"
    (job,) = await printed(folder, name)
    assert pdfs(tmp_path) == ["out"]
    assert len(pdfs(folder)) == 1
    found = await folder_printer(folder).found(job, name)
    assert found is not None
    assert found.state == "PRINTED"


async def test_folder_that_cannot_be_used_is_a_printer_that_is_down(tmp_path: Path) -> None:
    """Something else stands where the folder is to be: said as what it is, and nothing is lost."""
    (tmp_path / "out").write_text("a file")
    printer = folder_printer(tmp_path / "out", "archive")
    for ask in (printer.state(), printer.create("CA-1-1"), printer.found(None, "CA-1-1")):
        with pytest.raises(PrinterDown, match="printer archive can't print now: its folder can't be used"):
            await ask
