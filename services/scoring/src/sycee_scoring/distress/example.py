"""Two invented shops, day by day, one beside a campus and one in a street: what the model says of a season."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sycee_scoring.distress.breaks import is_break
from sycee_scoring.distress.features import HORIZON_DAYS, WINDOW_DAYS

_SWING: Final = (18, -31, 7, 42, -24, -9, 35, -38, 3, 26, -15, -28, 21)
"""Percent above or below the day's usual number, over and over. Their spread is 26 %; the daily counts of the middle
half of Koubei shops scatter by 32 % to 57 % around their mean, season and weekdays included."""


@dataclass(frozen=True, slots=True)
class Shop:
    """Usual payments on a weekday and on a weekend day of term, and the part left in school breaks."""

    name: str
    weekday: int
    weekend: int
    left_in_break: float

    def day(self, day: date) -> int:
        """Payments of one day."""
        usual = (self.weekend if day.weekday() >= 5 else self.weekday) * (self.left_in_break if is_break(day) else 1.0)
        return max(0, round(usual * (1.0 + _SWING[day.toordinal() % len(_SWING)] / 100.0)))

    def before(self, as_of: date) -> Sequence[int]:
        """Payments of the 182 days before `as_of`."""
        return [self.day(as_of - timedelta(days=back)) for back in range(WINDOW_DAYS, 0, -1)]

    def outcome(self, as_of: date) -> float:
        """Payments of the 56 days from `as_of` on over those of the 56 before."""
        coming = sum(self.day(as_of + timedelta(days=ahead)) for ahead in range(HORIZON_DAYS))
        return coming / sum(self.before(as_of)[-HORIZON_DAYS:])


CAMPUS: Final = Shop("beside a campus", weekday=130, weekend=90, left_in_break=0.05)
STREET: Final = Shop("in a street", weekday=110, weekend=140, left_in_break=1.05)
"""What is usual is invented; one in twenty Koubei shops kept at most so little in the winter of 2016."""
