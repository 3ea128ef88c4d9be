"""How a count is said."""

import pytest

from processes.rules.counts import counted


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 accounts"), (1, "1 account"), (2, "2 accounts"), (21, "21 accounts")]
)
def test_one_is_said_as_one(count: int, said: str) -> None:
    """And nothing as many."""
    assert counted(count, "account") == said


def test_a_noun_may_have_a_plural_of_its_own() -> None:
    """That is taken for every count but one."""
    assert [counted(count, "company", "companies") for count in (0, 1, 2)] == [
        "0 companies",
        "1 company",
        "2 companies",
    ]
