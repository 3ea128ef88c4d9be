"""Which account pays (domain.md section 1 "Identity", edge case 22)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from processes.rules.accounts import Ownership, paying_account
from processes.rules.refusal import Refusal

AT = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)
OWN = Ownership("7700123", "CL-00417", date(2024, 9, 1), None)
SECOND = Ownership("7700124", "CL-00417", date(2024, 9, 1), None)
ENDED = Ownership("7700125", "CL-00417", date(2024, 9, 1), date(2026, 11, 24))
FUTURE = Ownership("7700126", "CL-00417", date(2026, 11, 25), None)
FOREIGN = Ownership("7700999", "CL-00001", date(2024, 9, 1), None)


@pytest.mark.parametrize(
    ("chosen", "owned", "answer"),
    [
        (None, [OWN], "7700123"),
        (None, [OWN, OWN], "7700123"),
        (None, [OWN, ENDED, FUTURE, FOREIGN], "7700123"),
        ("7700124", [OWN, SECOND], "7700124"),
        (None, [], "no-account"),
        (None, [ENDED, FOREIGN], "no-account"),
        (None, [OWN, SECOND], "ambiguous-account"),
        ("7700999", [OWN, FOREIGN], "foreign-account"),
        ("7700125", [OWN, ENDED], "foreign-account"),
    ],
)
def test_the_paying_account(chosen: str | None, owned: list[Ownership], answer: str) -> None:
    """The booking's own choice, else the client's only account on the local day of the conference's start."""
    found = paying_account(chosen, owned, client="CL-00417", booking="BK-2026-000123", at=AT)
    assert (found.code if isinstance(found, Refusal) else found) == answer


def test_an_ambiguous_account_names_all_and_the_remedy() -> None:
    """A person acts on it."""
    found = paying_account(None, [SECOND, OWN], client="CL-00417", booking="BK-2026-000123", at=AT)
    assert isinstance(found, Refusal)
    assert found.message == (
        "client CL-00417 has several billing accounts on 2026-11-24 (7700123, 7700124) "
        "and booking BK-2026-000123 names none: choose one in the booking"
    )
