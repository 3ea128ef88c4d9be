"""What the garbage collector is told while a process works, and that it is told otherwise when that is over."""

import gc

import pytest

from gateway.collecting import sparing_what_stays


class Stopped(Exception):
    pass


def test_what_exists_is_spared_for_a_while() -> None:
    before = gc.get_threshold()
    with sparing_what_stays():
        assert gc.get_freeze_count() > 10_000  # what Python and the tests have loaded
        assert gc.get_threshold()[0] > before[0]
    assert gc.get_freeze_count() == 0
    assert gc.get_threshold() == before


def test_it_ends_with_whatever_ends_the_work() -> None:
    before = gc.get_threshold()
    with pytest.raises(Stopped), sparing_what_stays():
        raise Stopped
    assert (gc.get_freeze_count(), gc.get_threshold()) == (0, before)
