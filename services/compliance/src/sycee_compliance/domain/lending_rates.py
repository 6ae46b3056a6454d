"""The dated table of loan prime rates, 贷款市场报价利率 (rule CN-RATE-05)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class LendingRates:
    """One-year LPR in basis points, each value from its day until the next one's."""

    days: tuple[date, ...]
    values_bp: tuple[int, ...]

    def one_year_bp(self, day: date) -> int | None:
        """The rate in force on a day, or None before the first day of the table."""
        at = bisect_right(self.days, day)
        return self.values_bp[at - 1] if at else None


def lending_rates(rows: Sequence[Mapping[str, object]]) -> LendingRates:
    """Builds the table out of rows with `from` (date) and `one_year_bp` (int). Raises ValueError when one is wrong."""
    days: list[date] = []
    values: list[int] = []
    for row in rows:
        day, value = row.get("from"), row.get("one_year_bp")
        if not isinstance(day, date) or not isinstance(value, int) or value <= 0:
            raise ValueError("each LPR row needs `from` (a date) and `one_year_bp` (above 0)")
        if days and day <= days[-1]:
            raise ValueError(f"LPR rows must be in order of days: {day}")
        days.append(day)
        values.append(value)
    return LendingRates(tuple(days), tuple(values))
