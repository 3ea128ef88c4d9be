"""Czech public holidays: off-peak all day by the contracts' calendar CZ."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from sources.records.sales import Holiday

__all__ = ["CZECH", "czech_holidays", "easter"]

CZECH = "CZ"

FIXED = (
    (1, 1, "Den obnovy samostatného českého státu"),
    (5, 1, "Svátek práce"),
    (5, 8, "Den vítězství"),
    (7, 5, "Den slovanských věrozvěstů Cyrila a Metoděje"),
    (7, 6, "Den upálení mistra Jana Husa"),
    (9, 28, "Den české státnosti"),
    (10, 28, "Den vzniku samostatného československého státu"),
    (11, 17, "Den boje za svobodu a demokracii"),
    (12, 24, "Štědrý den"),
    (12, 25, "1. svátek vánoční"),
    (12, 26, "2. svátek vánoční"),
)


def czech_holidays(first_year: int, last_year: int) -> Iterator[Holiday]:
    """The holidays of these years, in order of time."""
    for year in range(first_year, last_year + 1):
        sunday = easter(year)
        moving = [
            Holiday(CZECH, sunday - timedelta(days=2), "Velký pátek"),
            Holiday(CZECH, sunday + timedelta(days=1), "Velikonoční pondělí"),
        ]
        fixed = [Holiday(CZECH, date(year, month, day), name) for month, day, name in FIXED]
        yield from sorted(moving + fixed, key=lambda holiday: holiday.day)


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar: the Sunday after the first full moon (by tables) from 21 March on.

    Within the 19-year cycle of the moon, corrected for centuries, the full moon falls `moon` days after 21 March.
    """
    century = year // 100
    leap_days_dropped = century - century // 4
    moon_correction = (8 * century + 13) // 25
    moon = (19 * (year % 19) + leap_days_dropped - moon_correction + 15) % 30
    # The tables never let it fall on 19 April, nor twice on 18 April within one cycle.
    if moon == 29 or (moon == 28 and year % 19 > 10):
        moon -= 1
    full_moon = date(year, 3, 21) + timedelta(days=moon)
    return full_moon + timedelta(days=7 - full_moon.isoweekday() % 7)
