"""What a feature is, and the sums over windows of days that features are made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import narwhals as nw

from sycee_ingestion.features.arithmetic import where

MONTH_DAYS = 30.4375
"""Days of a mean month (365.25 / 12)."""

YEAR_DAYS = 365
HALF_YEAR_DAYS = 182
QUARTER_DAYS = 91
"""Three months: thirteen whole weeks, so that each weekday counts alike. A half-year is twenty-six of them."""
FOUR_WEEKS_DAYS = 28


class Unit(StrEnum):
    """What a feature is counted in; its name ends with it."""

    FEN = "fen"
    """Hundredths of a yuan."""
    SHARE = "share"
    """Part of a whole, 0 to 1."""
    RATIO = "ratio"
    """One amount over another; 1 means alike."""
    COUNT = "count"
    """Things counted, or a mean of such counts."""
    DAYS = "days"
    MONTHS = "months"
    LEVEL = "level"
    """An order without distances; more is better."""
    FLAG = "flag"
    """1 for yes, 0 for no."""
    STARS = "stars"
    """1 to 5."""
    SCORE = "score"
    """0 (bad) to 1 (good)."""
    GRAMS = "g"
    GRAM_KM = "gkm"
    """Gram-kilometres; 10⁶ of them are one tonne-kilometre."""
    WATT_HOURS = "wh"


class Family(StrEnum):
    """What a feature belongs to."""

    TRADE = "trade"
    TREND = "trend"
    SEASON = "season"
    VOLATILITY = "volatility"
    CONCENTRATION = "concentration"
    REFUNDS = "refunds"
    HOURS = "hours"
    BASKET = "basket"
    BRUSHING = "brushing"
    LOGISTICS = "logistics"
    REVIEWS = "reviews"
    TRAFFIC = "traffic"
    SOCIAL = "social"
    SETTLEMENT = "settlement"
    TAX = "tax"
    ENERGY = "energy"
    BUREAU = "bureau"
    PENALTIES = "penalties"
    REPAYMENTS = "repayments"
    INVOICES = "invoices"
    PAYMENTS = "payments"
    TENURE = "tenure"


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """One feature: what it is, and how it is made.

    `value` is an expression over the wide frame of points (one row a point, the columns that the families' steps leave
    there, all as Float64); where it is null, the feature is not known: missing, never zero and never bad.
    `sources` are the kinds of event that it is made of, as they are called on the wire; empty for what is known of the
    merchant itself. `window_days` is how far it looks back from the point; 0 where it knows no window.
    """

    name: str
    family: Family
    unit: Unit
    window_days: int
    sources: tuple[str, ...]
    value: nw.Expr
    meaning_en: str
    meaning_zh: str


class DayTotals:
    """The sums over windows of days that features ask for, each made once.

    Calling it gives the column of the wide frame that will hold the sum, and notes that it is wanted.
    """

    def __init__(self) -> None:
        self._wanted: dict[str, tuple[str, int, int | None]] = {}

    def __call__(self, column: str, days: int, until: int = 0) -> nw.Expr:
        """Sum of a column of `days` over the `days` whole days that end `until` days before the point."""
        name = f"{column}_{days}d_before_{until}" if until else f"{column}_{days}d"
        self._wanted[name] = (column, until, until + days)
        return nw.col(name)

    def ever(self, column: str) -> nw.Expr:
        """Sum of a column of `days` over all days before the point; 0 for a count tells that there was never any."""
        name = f"{column}_ever"
        self._wanted[name] = (column, 0, None)
        return nw.col(name)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of `days` that are summed, each once."""
        return tuple(dict.fromkeys(column for column, _, _ in self._wanted.values()))

    def sums(self) -> list[nw.Expr]:
        """The aggregations, over rows that hold the columns and their `age` in days before the point."""
        return [self._sum(*wanted).alias(name) for name, wanted in self._wanted.items()]

    @staticmethod
    def _sum(column: str, above_age: int, to_age: int | None) -> nw.Expr:
        if to_age is None:
            return nw.col(column).sum()
        within = nw.col("age") <= to_age
        if above_age:
            within &= nw.col("age") > above_age
        return nw.when(within).then(nw.col(column)).otherwise(0).sum()


def seen(total: DayTotals, count: str) -> nw.Expr:
    """Whether any event of a kind came, ever: a condition."""
    return total.ever(count) > 0


def known(condition: nw.Expr, definitions: Iterable[Definition]) -> tuple[Definition, ...]:
    """The definitions, each null where the condition does not hold."""
    return tuple(
        Definition(
            name=d.name,
            family=d.family,
            unit=d.unit,
            window_days=d.window_days,
            sources=d.sources,
            value=where(condition, d.value),
            meaning_en=d.meaning_en,
            meaning_zh=d.meaning_zh,
        )
        for d in definitions
    )
