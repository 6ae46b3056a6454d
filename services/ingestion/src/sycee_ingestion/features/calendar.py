"""The Chinese trade calendar, 2015 to 2035: which day belongs to which festival.

Lunar new year and mid-autumn come from `lunar_python`. How long the sales run before and around a festival differs by
platform and year; the windows here are what sellers of general goods plan with: judgement, from practice, the same for
every year but where it is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from enum import IntEnum
from functools import cache

from lunar_python import Lunar  # type: ignore[import-untyped]

FIRST_YEAR, LAST_YEAR = 2015, 2035
"""The years of the calendar; days outside are ordinary."""


class Festival(IntEnum):
    """What a day belongs to. The numbers are in no contract and stored nowhere."""

    NONE = 0
    """An ordinary day."""
    MID_YEAR_RUN_UP = 1
    """618 is being sold: pre-sale and the weeks before, 24 May to 15 June."""
    MID_YEAR = 2
    """618 itself, 16 to 18 June."""
    SINGLES_RUN_UP = 3
    """双11 is being sold: pre-sale and between the waves, 21 October to 9 November."""
    SINGLES = 4
    """双11 itself, 10 and 11 November; since 2020 also its first wave, 1 to 3 November."""
    DOUBLE_TWELVE = 5
    """双12, 10 to 12 December."""
    NEW_YEAR_GOODS = 6
    """年货节: four weeks to eight days before lunar new year, after which parcels stop."""
    SPRING_FESTIVAL = 7
    """Seven days before to seven days after lunar new year: parcels rest and so do buyers."""
    NATIONAL_DAY = 8
    """1 to 7 October, and the eighth where mid-autumn falls among them."""


SALES_FESTIVALS = (
    Festival.MID_YEAR_RUN_UP,
    Festival.MID_YEAR,
    Festival.SINGLES_RUN_UP,
    Festival.SINGLES,
    Festival.DOUBLE_TWELVE,
    Festival.NEW_YEAR_GOODS,
)
"""Festivals that shops stock up for, as against holidays on which they rest."""

BASELINE: Mapping[Festival, float] = {
    Festival.NONE: 1.0,
    Festival.MID_YEAR_RUN_UP: 1.15,
    Festival.MID_YEAR: 2.0,
    Festival.SINGLES_RUN_UP: 1.1,
    Festival.SINGLES: 3.0,
    Festival.DOUBLE_TWELVE: 1.5,
    Festival.NEW_YEAR_GOODS: 1.3,
    Festival.SPRING_FESTIVAL: 0.5,
    Festival.NATIONAL_DAY: 0.9,
}
"""What an online shop of general goods sells on such a day over what it sells on an ordinary one. Judgement, for
whoever has no history to go by; no feature uses it. For scale: the sales invoices of 302 Chinese firms (2016 to 2020,
mostly between firms) give 0.4 around lunar new year, 1.45 in the three weeks before and 1.5 on 10 to 12 December."""


@cache
def lunar_new_year(year: int) -> date:
    """The first day of the lunar year that begins in `year`."""
    return _solar(year, 1, 1)


@cache
def mid_autumn(year: int) -> date:
    """The fifteenth of the eighth lunar month of `year`."""
    return _solar(year, 8, 15)


def _solar(year: int, month: int, day: int) -> date:
    solar = Lunar.fromYmd(year, month, day).getSolar()
    return date(solar.getYear(), solar.getMonth(), solar.getDay())


def festival_of(day: date) -> Festival:
    """The festival that `day` belongs to; NONE outside the years of the calendar."""
    return _festivals().get(day, Festival.NONE)


def baseline_index(day: date) -> float:
    """What is sold on `day` over what is sold on an ordinary day, by `BASELINE`."""
    return BASELINE[festival_of(day)]


@cache
def table() -> tuple[tuple[int, int], ...]:
    """(ordinal of the day, festival) of every day that is not ordinary, ascending."""
    return tuple(sorted((day.toordinal(), int(festival)) for day, festival in _festivals().items()))


@cache
def _festivals() -> dict[date, Festival]:
    days: dict[date, Festival] = {}
    for year in range(FIRST_YEAR, LAST_YEAR + 2):  # new year's sales begin in the year before
        for first, last, festival in _windows(year):
            for offset in range((last - first).days + 1):
                days[first + timedelta(days=offset)] = festival
    return {day: festival for day, festival in days.items() if FIRST_YEAR <= day.year <= LAST_YEAR}


def _windows(year: int) -> tuple[tuple[date, date, Festival], ...]:
    """First day, last day and festival; where windows overlap, the later one in this list stands."""
    new_year, autumn = lunar_new_year(year), mid_autumn(year)
    national_last = 8 if date(year, 10, 1) <= autumn <= date(year, 10, 8) else 7
    first_wave = ((date(year, 11, 1), date(year, 11, 3), Festival.SINGLES),) if year >= 2020 else ()
    return (
        (new_year - timedelta(days=28), new_year - timedelta(days=8), Festival.NEW_YEAR_GOODS),
        (new_year - timedelta(days=7), new_year + timedelta(days=7), Festival.SPRING_FESTIVAL),
        (date(year, 5, 24), date(year, 6, 15), Festival.MID_YEAR_RUN_UP),
        (date(year, 6, 16), date(year, 6, 18), Festival.MID_YEAR),
        (date(year, 10, 1), date(year, 10, national_last), Festival.NATIONAL_DAY),
        (date(year, 10, 21), date(year, 11, 9), Festival.SINGLES_RUN_UP),
        (date(year, 11, 10), date(year, 11, 11), Festival.SINGLES),
        *first_wave,
        (date(year, 12, 10), date(year, 12, 12), Festival.DOUBLE_TWELVE),
    )
