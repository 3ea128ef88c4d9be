"""A file of links: each line is a link or a problem with its number."""

from __future__ import annotations

from datetime import date

import pytest

from processes.link_file import FileLink, read_links

LINK = FileLink(1, "7700123", "CL-00417", date(2024, 9, 1), None)
SINCE = date(2024, 9, 1)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("7700123,CL-00417,2024-09-01\n", 1),
        ("7700123;CL-00417;2024-09-01;\r\n", 1),
        ("account,client,valid_from\n7700123, CL-00417 ,2024-09-01", 2),
        ("Account,Client,Valid_From,Valid_To\n\n7700123,CL-00417,2024-09-01,\n", 3),
        ('"7700123","CL-00417","2024-09-01"', 1),
    ],
)
def test_a_line_is_a_link(text: str, line: int) -> None:
    """With names or without, with commas or semicolons, empty lines left out; the number is the file's own."""
    read = read_links(text)
    assert read.problems == ()
    assert read.links == (FileLink(line, "7700123", "CL-00417", SINCE, None),)


def test_a_link_may_end() -> None:
    """On the day that is the first it doesn't hold."""
    assert read_links("7,CL,2024-09-01,2024-09-02").links == (FileLink(1, "7", "CL", SINCE, date(2024, 9, 2)),)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("7700123", "wrong-columns"),
        ("7700123,CL-00417,2024-09-01,2025-01-01,x", "wrong-columns"),
        (",CL-00417,2024-09-01", "no-account"),
        ("7700123,,2024-09-01", "no-client"),
        ("7700123,CL-00417,", "no-date"),
        ("7700123,CL-00417,1. 9. 2024", "no-date"),
        ("7700123,CL-00417,01/09/2024", "no-date"),
        ("7700123,CL-00417,2024-02-30", "no-date"),
        ("7700123,CL-00417,2024-09-01,never", "no-date"),
        ("7700123,CL-00417,2024-09-01,2024-09-01", "no-day-left"),
    ],
)
def test_what_is_no_link_is_a_problem(line: str, code: str) -> None:
    """With its line and why; the good lines around it are read, nothing is guessed."""
    read = read_links(f"7,CL,2024-09-01\n{line}\n8,CL,2024-09-01\n")
    assert [(problem.line, problem.code) for problem in read.problems] == [(2, code)]
    assert [link.line for link in read.links] == [1, 3]
