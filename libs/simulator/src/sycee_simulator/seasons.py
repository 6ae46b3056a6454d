"""How much a day sells beside an ordinary one: weekdays, 618, 双11, stocking for the new year and the lull after it.

The uplifts are judgements that put the festivals of rule LM-03 in their place; Spring Festival goes by the lunar date.
"""

from __future__ import annotations

import math
from datetime import date
from typing import Final

FIRST_DAY: Final = date(2015, 1, 1)
LAST_DAY: Final = date(2037, 12, 31)
"""The days that the table of Spring Festivals covers."""

SPRING_FESTIVALS: Final[tuple[date, ...]] = (
    date(2015, 2, 19),
    date(2016, 2, 8),
    date(2017, 1, 28),
    date(2018, 2, 16),
    date(2019, 2, 5),
    date(2020, 1, 25),
    date(2021, 2, 12),
    date(2022, 2, 1),
    date(2023, 1, 22),
    date(2024, 2, 10),
    date(2025, 1, 29),
    date(2026, 2, 17),
    date(2027, 2, 6),
    date(2028, 1, 26),
    date(2029, 2, 13),
    date(2030, 2, 3),
    date(2031, 1, 23),
    date(2032, 2, 11),
    date(2033, 1, 31),
    date(2034, 2, 19),
    date(2035, 2, 8),
    date(2036, 1, 28),
    date(2037, 2, 15),
)
"""First day of the lunar year, one entry a year from 2015."""

_WEEKDAYS: Final = (0.99, 0.96, 0.96, 0.97, 1.0, 1.07, 1.05)


def day_factor(day: date) -> float:
    """Sales of `day` over those of an ordinary day, above 0. `day` must lie within `FIRST_DAY` and `LAST_DAY`."""
    return _WEEKDAYS[day.weekday()] * _campaign(day) * _spring_festival(day)


def _campaign(day: date) -> float:
    """618 and 双11, each with a warm-up and a peak, and 双12."""
    if day.month == 6:
        return 2.2 if 16 <= day.day <= 18 else 1.35 if day.day <= 20 else 0.8
    if day.month == 11:
        return 3.4 if day.day == 11 else 1.5 if day.day < 11 else 0.8 if day.day <= 20 else 1.0
    return 1.7 if (day.month, day.day) == (12, 12) else 1.0


def _spring_festival(day: date) -> float:
    """年货节 from 30 to 8 days before the first day of the lunar year, then the lull while parcels stand still."""
    until = (SPRING_FESTIVALS[day.year - FIRST_DAY.year] - day).days
    if 8 <= until <= 30:
        return 1.4
    if -8 <= until <= 4:
        return 0.35
    return 1.0


def yearly_swings(first: date, day_count: int, strength: float, peak_day: int) -> list[float]:
    """One factor a day from `first` on: a swing with one peak a year, on `peak_day` of the year, and mean 1.

    It is exp(strength × cos(angle from the peak)) divided by its mean, which is the modified Bessel function
    I0(strength), summed here as its power series.
    """
    mean = sum((strength / 2) ** (2 * k) / math.factorial(k) ** 2 for k in range(8))
    turn = 2 * math.pi / 365.25
    start = first.timetuple().tm_yday - peak_day
    return [math.exp(strength * math.cos(turn * (start + offset))) / mean for offset in range(day_count)]
