"""What a foreign column holds, and what it is to a source: laws of the conversions, and what they refuse."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.mapping.clocks import instant_of, shown_at
from sources.mapping.conversions import (
    Coded,
    Conversion,
    Days,
    Decimals,
    Flags,
    Moments,
    NumberedTexts,
    Texts,
    Unfit,
    UuidTexts,
    WallClocks,
    Wholes,
)
from sources.mapping.formats import DAY_FORMATS, TIME_FORMATS

PRAGUE = ZoneInfo("Europe/Prague")
ZONES = [ZoneInfo(name) for name in ("Europe/Prague", "UTC", "Australia/Lord_Howe", "America/St_Johns", "Asia/Gaza")]
PATTERNS = ["0", "CL-00000", "00000000", "A0B000"]
BYTES = st.characters(exclude_categories=["Cs"], exclude_characters="\0")

instants = st.datetimes(min_value=datetime(1900, 1, 2), max_value=datetime(2200, 1, 1), timezones=st.just(UTC))
local_times = st.datetimes(min_value=datetime(1971, 1, 2), max_value=datetime(2199, 1, 1))


def around_changes(zone: ZoneInfo, year: int) -> list[datetime]:
    """Instants within a day of each change of the clocks, a quarter of an hour apart."""
    start = datetime(year, 1, 1, tzinfo=UTC)
    days = [start + timedelta(days=day) for day in range(365)]
    changes = [
        day
        for day in days
        if day.astimezone(zone).utcoffset() != (day + timedelta(days=1)).astimezone(zone).utcoffset()
    ]
    return [day + timedelta(minutes=15 * step) for day in changes for step in range(96)]


@pytest.mark.parametrize("pattern", PATTERNS)
@given(number=st.integers(-(2**63) + 1, 2**63 - 1))
def test_numbers_as_texts_lose_nothing(pattern: str, number: int) -> None:
    """A number's text is that number's again, whatever the pattern."""
    conversion = NumberedTexts(pattern)
    assert conversion.write(conversion.read(number)) == number
    assert conversion.read(Decimal(number)) == conversion.read(number)


@pytest.mark.parametrize("pattern", PATTERNS)
@given(text=st.one_of(st.text(), st.from_regex(r"(CL-|A0B)?-?\d{0,25}", fullmatch=True)))
def test_only_the_text_of_a_number_finds_it(pattern: str, text: str) -> None:
    """0417, +417, " 417" and ٤١٧ are not 417: one number has one text."""
    conversion = NumberedTexts(pattern)
    try:
        number = conversion.write(text)
    except Unfit:
        return
    assert text == "" or conversion.read(number) == text


@pytest.mark.parametrize("text", ["", "x", "4.0", "0417", " 417", "417 ", "٤١٧", "9" * 19, "9" * 4000, "\0", "4_17"])
def test_what_is_no_number_is_none(text: str) -> None:
    """It finds nothing; only the empty text, which comes before every other, stands before every number."""
    if text == "":
        assert NumberedTexts().write(text) == -(2**63)
    else:
        with pytest.raises(Unfit):
            NumberedTexts().write(text)


@given(text=st.text(BYTES))
def test_text_is_text(text: str) -> None:
    """Plain text goes through as it is."""
    assert Texts().read(Texts().write(text)) == text


@given(text=st.text(BYTES, max_size=12))
def test_padded_text_is_found_by_its_letters_only(text: str) -> None:
    """The blanks behind it are not part of it; what is longer than the column isn't cut to something else."""
    padded = Texts(width=8)
    if len(text) > 8 or text.endswith(" "):
        with pytest.raises(Unfit):
            padded.write(text)
    else:
        assert padded.read(padded.write(text).ljust(8)) == text


@given(identity=st.uuids())
def test_uuids_are_texts_in_one_way(identity: UUID) -> None:
    """As the driver's value and as text; capitals are another text."""
    assert UuidTexts().read(UuidTexts().write(str(identity))) == str(identity)
    assert UuidTexts().read(identity) == str(identity)
    if str(identity) != str(identity).upper():
        with pytest.raises(Unfit):
            UuidTexts().write(str(identity).upper())


@pytest.mark.parametrize("unit", ["1", "0.01", "0.0001", "60", "1000"])
@given(number=st.integers(-(10**30), 10**30))
def test_money_is_kept_to_the_last_digit(unit: str, number: int) -> None:
    """Thirty digits of cents are thirty digits, which the usual context of decimals would round."""
    conversion = Decimals(4, Decimal(unit))
    value = conversion.read(number)
    assert value.as_tuple().exponent == -4
    assert conversion.write(value) == number
    assert Fraction(value) == number * Fraction(unit)


@given(cents=st.integers(-(10**13), 10**13))
def test_a_float_is_what_was_once_written(cents: int) -> None:
    """Fifteen digits survive a column of floats; none is made up."""
    value = Decimal(cents).scaleb(-2)
    assert Decimals(2).read(float(value)) == value


@pytest.mark.parametrize(
    "raw", [0.1 + 0.2, "0.005", Decimal("1.001"), float("nan"), float("inf"), True, "1,80", b"1", "1e3"]
)
def test_money_is_never_rounded(raw: object) -> None:
    """What has more places than it may, or is no number, is refused."""
    with pytest.raises(ValueError, match=r"places|number"):
        Decimals(2).read(raw)


@pytest.mark.parametrize(
    ("raw", "unit", "number"), [(3, "60", 180), (Decimal("3.0"), "1", 3), (1500, "0.001", None), ("7", "1", 7)]
)
def test_whole_numbers_have_units_too(raw: object, unit: str, number: int | None) -> None:
    """Three minutes are 180 seconds; a second and a half is no whole number of them."""
    if number is None:
        with pytest.raises(ValueError, match="whole"):
            Wholes(Decimal(unit)).read(raw)
    else:
        assert Wholes(Decimal(unit)).read(raw) == number
        assert Wholes(Decimal(unit)).write(number) == Decimal(str(raw))


@pytest.mark.parametrize("raw", [2, -1, "A", None, 0.5])
def test_a_flag_is_true_or_false(raw: object) -> None:
    """Nothing else is taken for either."""
    with pytest.raises(ValueError, match="neither"):
        Flags().read(raw)
    assert [Flags().read(raw) for raw in (0, 1, True, False)] == [False, True, True, False]


@pytest.mark.parametrize("name", DAY_FORMATS)
@given(day=st.dates())
def test_days_are_written_and_read(name: str, day: date) -> None:
    """In every format, also years of three digits; and what is written sorts as days do."""
    conversion = Days(DAY_FORMATS[name])
    written = conversion.write(day)
    assert conversion.read(written) == day
    if day < date.max:
        assert written < conversion.write(day + timedelta(days=1))


@given(day=st.dates())
def test_a_midnight_is_a_day(day: date) -> None:
    """Old databases have no type of days; a time of day beside it is refused."""
    conversion = Days(as_time=True)
    midnight = conversion.write(day)
    assert conversion.read(midnight) == day
    with pytest.raises(ValueError, match="time of day"):
        conversion.read(midnight + timedelta(seconds=1))


@pytest.mark.parametrize("raw", ["2026-11-31", "2026-1-2", "24.11.2026", "", "20261124", 20261124, 1.5, "٢٠٢٦-11-24"])
def test_a_day_is_written_as_agreed(raw: object) -> None:
    """What is written otherwise is not guessed at."""
    with pytest.raises(ValueError, match=r"written|day|unconverted|range"):
        Days(DAY_FORMATS["YYYY-MM-DD"]).read(raw)


@pytest.mark.parametrize("name", [name for name, each in TIME_FORMATS.items() if each.utc])
@given(instant=instants)
def test_instants_are_written_and_read(name: str, instant: datetime) -> None:
    """To the tick of the format; an instant between two ticks is equal to none of them."""
    format_ = TIME_FORMATS[name]
    conversion = Moments(format=format_, as_number=format_.counts)
    low, high = (conversion.read(conversion.bound(instant, up=up)) for up in (False, True))
    assert low <= instant <= high
    assert high - low in (timedelta(), format_.tick)
    assert conversion.read(conversion.write(low)) == low
    if low != instant:
        with pytest.raises(Unfit):
            conversion.write(instant)


@pytest.mark.parametrize("name", [name for name, each in TIME_FORMATS.items() if not each.counts])
@given(first=local_times, second=local_times)
def test_written_times_sort_as_time_does(name: str, first: datetime, second: datetime) -> None:
    """So a database can compare them without knowing what they are."""
    format_ = TIME_FORMATS[name]
    first, second = first - format_.beyond(first), second - format_.beyond(second)
    assert (format_.write(first) < format_.write(second)) == (first < second)
    assert format_.read(format_.write(first)) == first


@pytest.mark.parametrize(
    "raw", ["2026-11-24 16:30", "2026-11-24T16:30:00", "2026-11-24 16:30:00.5", "2026-11-24 24:00:00", 5, True]
)
def test_a_time_is_written_as_agreed(raw: object) -> None:
    """To the letter: another way of writing would sort elsewhere."""
    with pytest.raises(ValueError, match=r"written|time|does not match"):
        Moments(PRAGUE, format=TIME_FORMATS["YYYY-MM-DD hh:mm:ss"]).read(raw)


class TestClocks:
    @pytest.mark.parametrize("zone", ZONES, ids=str)
    def test_local_times_come_back(self, zone: ZoneInfo) -> None:
        """Around every change of the clocks too: what a clock shows once names its instant."""
        for instant in around_changes(zone, 2026):
            local = shown_at(instant, zone)
            readings = {local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
            if len(readings) == 1:
                assert instant_of(local, zone) == instant
            else:
                with pytest.raises(ValueError, match="twice"):
                    instant_of(local, zone)
                assert {instant_of(local, zone, which) for which in ("first", "second")} == readings

    def test_the_hour_that_spring_leaves_out_is_refused(self) -> None:
        """It names no instant, whatever is said of the other one (domain.md 4.24)."""
        for ambiguous in (None, "first", "second"):
            with pytest.raises(ValueError, match="leaves out"):
                instant_of(datetime(2027, 3, 28, 2, 30), PRAGUE, ambiguous)
        assert instant_of(datetime(2027, 3, 28, 3), PRAGUE) == datetime(2027, 3, 28, 1, tzinfo=UTC)

    def test_the_hour_that_autumn_has_twice_is_refused(self) -> None:
        """Unless the mapping says which of the two it is."""
        twice = datetime(2026, 10, 25, 2, 30)
        with pytest.raises(ValueError, match="ambiguous"):
            instant_of(twice, PRAGUE)
        assert instant_of(twice, PRAGUE, "first") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
        assert instant_of(twice, PRAGUE, "second") == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)

    @pytest.mark.parametrize("zone", ZONES, ids=str)
    @pytest.mark.parametrize("ambiguous", ["first", "second"])
    def test_comparing_local_times_compares_instants(self, zone: ZoneInfo, ambiguous: str) -> None:
        """A local column is compared as it is: with every bound, that gives the rows that instants would give."""
        around = around_changes(zone, 2026)
        column = []
        for instant in around:
            local = instant.astimezone(zone).replace(tzinfo=None, fold=0)
            try:
                column.append((local, instant_of(local, zone, ambiguous)))
            except ValueError:
                continue
        assert column or zone.key == "UTC"
        for bound in around[::3]:
            shown = shown_at(bound, zone, ambiguous)
            for local, instant in column:
                assert (local < shown, local > shown) == (instant < bound, instant > bound), (local, bound)

    @pytest.mark.parametrize("zone", [None, *ZONES], ids=str)
    @given(instant=instants)
    def test_instants_come_back(self, zone: ZoneInfo | None, instant: datetime) -> None:
        """From a column of the zone's local times, where they name one instant."""
        conversion = Moments(zone)
        try:
            back = conversion.read(conversion.write(instant))
        except ValueError:
            return
        assert back == instant
        assert back.tzinfo is UTC


class TestWallClocks:
    def test_a_clock_shows_minutes_or_more(self) -> None:
        """As bookings say it: without seconds where there are none."""
        assert WallClocks().read(datetime(2026, 11, 24, 17, 30)) == "2026-11-24T17:30"
        assert WallClocks().read(datetime(2026, 11, 24, 17, 30, 5)) == "2026-11-24T17:30:05"
        assert WallClocks(days=True).read(date(2026, 11, 24)) == "2026-11-24"

    def test_an_instant_is_shown_on_somebodys_clock(self) -> None:
        """Without a zone there is no telling whose."""
        instant = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)
        assert WallClocks(PRAGUE).read(instant) == "2026-11-24T17:30"
        with pytest.raises(ValueError, match="zone"):
            WallClocks().read(instant)

    @given(wall=local_times)
    def test_what_a_clock_shows_comes_back(self, wall: datetime) -> None:
        """It is found by the text that it is read as."""
        assert WallClocks().write(WallClocks().read(wall)) == wall
        with pytest.raises(Unfit):
            WallClocks().write(f"{wall.isoformat()}Z")


@pytest.mark.parametrize(
    ("conversion", "raw", "why"),
    [
        (Coded(("ACTIVE",), ("1",)), "unknown code: 9", "'9' is none of the codes 1"),
        (Coded((True, False), ("A", "N")), "unknown code: X", "'X' is none of the codes A, N"),
        (Texts(choices=("DRAFT",)), "CLOSED", "none of DRAFT"),
        (Texts(), b"x", "bytes"),
        (Texts(), 1.5, "float"),
        (Days(), datetime(2026, 1, 1, 12), "time of day"),
        (Days(), 5, "int"),
        (Moments(), date(2026, 1, 1), "date"),
        (NumberedTexts(), Decimal("1.5"), "whole"),
        (UuidTexts(), "x", "badly formed"),
    ],
)
def test_what_cannot_be_meant_is_refused(conversion: Conversion, raw: object, why: str) -> None:
    """In words that say what is wrong."""
    with pytest.raises(ValueError, match=why):
        conversion.read(raw)
