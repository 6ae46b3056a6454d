"""School breaks: the season that shops near schools share and others hardly feel."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

_FIRST_YEAR: Final = 2014
_LUNAR_NEW_YEARS: Final = (
    *(131, 219, 208, 128, 216, 205, 125, 212, 201, 122),  # from 2014
    *(210, 129, 217, 206, 126, 213, 203, 123, 211, 131),  # from 2024
    *(219, 208, 128, 215, 204, 124, 212, 201, 122, 210),  # from 2034
    *(130, 217, 206, 126, 214, 202, 123),  # from 2044
)
"""First day of the lunar year, month × 100 + day, 2014 to 2050, from the lunar calendar."""

_USUAL_NEW_YEAR: Final = 205
"""For years outside the table: the middle of the days on which the lunar year can begin."""

_WINTER_BEFORE_DAYS: Final = 25
_WINTER_AFTER_DAYS: Final = 14
"""Winter break around the lunar new year. In the winter of 2016 the trade of shops that closed had halved 26 days
before it and was half way back 14 to 17 days after it (Koubei counts); universities' and schools' terms differ by a
week."""

_SUMMER: Final = ((7, 5), (8, 31))
"""First and last day of the summer break, between universities' dates and schools': judgement."""


def is_break(day: date) -> bool:
    """Whether schools rest on that day."""
    # a new year of 21 January has its break begin in December
    from_new_year = (day - _lunar_new_year(day.year + (day.month == 12))).days
    winter = -_WINTER_BEFORE_DAYS <= from_new_year <= _WINTER_AFTER_DAYS
    return winter or _SUMMER[0] <= (day.month, day.day) <= _SUMMER[1]


@lru_cache(maxsize=4096)
def break_days(first: date, days: int) -> NDArray[np.float64]:
    """1.0 for each of `days` days from `first` on that is a break day, else 0.0; read-only, shape (days,)."""
    marks = np.array([float(is_break(first + timedelta(days=offset))) for offset in range(days)])
    marks.flags.writeable = False
    return marks


def _lunar_new_year(year: int) -> date:
    place = year - _FIRST_YEAR
    month_day = _LUNAR_NEW_YEARS[place] if 0 <= place < len(_LUNAR_NEW_YEARS) else _USUAL_NEW_YEAR
    return date(year, month_day // 100, month_day % 100)
