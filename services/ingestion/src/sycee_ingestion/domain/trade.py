"""Sales: the windows, the season and the weeks of a merchant's trade."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from operator import sub

MONTH_DAYS = 30.4375
"""Days of a mean month (365.25 / 12)."""

YEAR_DAYS = 365
QUARTER_DAYS = 91
"""Three months: thirteen whole weeks, so that each weekday counts alike."""

WEEKS = 104
SERIES_DAYS = 732
"""Days of daily sales behind a portrait: 104 weeks, and a tax period of 366 days that ended 365 days ago."""

SEASON_HISTORY_DAYS = YEAR_DAYS + QUARTER_DAYS
"""Fifteen months: last year's three months and the year that begins with them."""

SEASON_INDEX_LEAST, SEASON_INDEX_MOST = 0.25, 4.0
"""A quarter of a year that sold less than a quarter, or more than four times, its share tells of a break in the trade
and not of a season. Judgement."""


@dataclass(frozen=True, slots=True)
class DailySales:
    """Paid and refunded by day over the `SERIES_DAYS` whole days before `today`, in fen.

    The oldest day comes first and yesterday last; `paid` and `net` are running totals with a leading zero, so that a
    window is one subtraction.
    """

    today: date
    paid: list[int]
    net: list[int]

    @classmethod
    def of(cls, today: date, ages: Sequence[int], paid_fen: Sequence[int], refunded_fen: Sequence[int]) -> DailySales:
        """From the days that had sales or refunds, each once, in any order: day i lies `ages[i]` days before `today`.

        Ages run from 1 (yesterday) to `SERIES_DAYS`.
        """
        paid, refunded = [0] * SERIES_DAYS, [0] * SERIES_DAYS
        for age, sold, returned in zip(ages, paid_fen, refunded_fen, strict=True):
            paid[-age] = sold
            refunded[-age] = returned
        return cls(today, list(accumulate(paid, initial=0)), list(accumulate(map(sub, paid, refunded), initial=0)))

    def net_of_last(self, days: int, until_age: int = 0) -> int:
        """Net sales over `days` whole days that end `until_age` days before `today`."""
        end = SERIES_DAYS - until_age
        return self.net[end] - self.net[max(0, end - days)]

    def net_between(self, first: date, last: date) -> int:
        """Net sales over whole days, both included; days outside the series count as none."""
        begin = SERIES_DAYS - (self.today - first).days
        end = SERIES_DAYS - (self.today - last).days + 1
        begin, end = (min(max(index, 0), SERIES_DAYS) for index in (begin, end))
        return self.net[end] - self.net[begin]

    def peak_share(self, run_days: int = 28) -> float:
        """Share of the last 365 days' paid sales that fell into their best run of consecutive days; 0 without sales."""
        year = self.paid[-(YEAR_DAYS + 1) :]
        total = year[-1] - year[0]
        if total <= 0:
            return 0.0
        best: int = max(map(sub, year[run_days:], year))
        return best / total


@dataclass(frozen=True, slots=True)
class TradeCounts:
    """Counts and sums of the last whole days that need no series."""

    order_count_90d: int
    order_count_365d: int
    buyer_days_90d: int
    active_days_90d: int
    paid_180d_fen: int
    refunded_180d_fen: int
    order_count_180d: int
    dispute_count_180d: int


@dataclass(frozen=True, slots=True)
class Trade:
    """The sales section of a portrait; amounts in fen. The contract says what each figure means."""

    first_day: date
    last_day: date
    months_of_history: int
    monthly_net_12m_fen: int
    monthly_net_3m_fen: int
    monthly_net_3m_adjusted_fen: int
    order_count_90d: int
    order_count_365d: int
    buyer_days_90d: int
    refund_rate_180d: float
    dispute_rate_180d: float
    active_day_share_90d: float
    peak_28d_share: float
    weekly_first_day: date | None
    weekly_net_fen: tuple[int, ...]


def trade_section(first_day: date, last_day: date, sales: DailySales, counts: TradeCounts) -> Trade:
    """Sales as of the morning of `sales.today`; `first_day` and `last_day` are those of an order, over all history."""
    today = sales.today
    history_days = max(0, (today - first_day).days)
    weekly = weekly_net(sales, history_days)
    quarter_fen = monthly_net(sales, QUARTER_DAYS, history_days)
    return Trade(
        first_day=first_day,
        last_day=last_day,
        months_of_history=int(history_days / MONTH_DAYS),
        monthly_net_12m_fen=round(monthly_net(sales, YEAR_DAYS, history_days)),
        monthly_net_3m_fen=round(quarter_fen),
        monthly_net_3m_adjusted_fen=round(quarter_fen / season_index(sales, history_days)),
        order_count_90d=counts.order_count_90d,
        order_count_365d=counts.order_count_365d,
        buyer_days_90d=counts.buyer_days_90d,
        refund_rate_180d=refund_rate(counts.paid_180d_fen, counts.refunded_180d_fen),
        dispute_rate_180d=counts.dispute_count_180d / max(1, counts.order_count_180d),
        active_day_share_90d=counts.active_days_90d / 90,
        peak_28d_share=sales.peak_share(),
        weekly_first_day=today - timedelta(days=7 * len(weekly)) if weekly else None,
        weekly_net_fen=weekly,
    )


def monthly_net(sales: DailySales, window_days: int, history_days: int) -> float:
    """Mean monthly net sales in fen over a window, or over the history where that is shorter.

    The divisor is at least one month: three good days are not a monthly income ten times as large.
    """
    days = min(window_days, history_days)
    return sales.net_of_last(days) * MONTH_DAYS / max(days, MONTH_DAYS)


def season_index(sales: DailySales, history_days: int) -> float:
    """How the last three months' season compares with a mean one: last year's same three months over the mean of the
    twelve months that began with them. 1 where the history is shorter than fifteen months or last year did not sell.
    """
    if history_days < SEASON_HISTORY_DAYS:
        return 1.0
    quarter = sales.net_of_last(QUARTER_DAYS, until_age=YEAR_DAYS) / QUARTER_DAYS
    year = sales.net_of_last(YEAR_DAYS, until_age=QUARTER_DAYS) / YEAR_DAYS
    if quarter <= 0 or year <= 0:
        return 1.0
    return min(max(quarter / year, SEASON_INDEX_LEAST), SEASON_INDEX_MOST)


def refund_rate(paid_fen: int, refunded_fen: int) -> float:
    """Refunded over paid; where nothing was paid, 0 without refunds and 1 with them."""
    if paid_fen > 0:
        return refunded_fen / paid_fen
    return 1.0 if refunded_fen > 0 else 0.0


def weekly_net(sales: DailySales, history_days: int) -> tuple[int, ...]:
    """Net sales by week that ends yesterday, oldest first, from the week that holds the first order on."""
    weeks = min(WEEKS, -(-history_days // 7))
    net = sales.net
    return tuple(net[end] - net[end - 7] for end in range(SERIES_DAYS - 7 * (weeks - 1), SERIES_DAYS + 1, 7))
