"""From the rows of days to sums over windows, and to what needs one figure a day."""

from __future__ import annotations

import narwhals as nw

from sycee_ingestion.features.arithmetic import Frame
from sycee_ingestion.features.definitions import YEAR_DAYS, DayTotals

FOLLOWERS_BITS = 34
"""`followers_mark` holds the followers below this bit; what stands above it orders marks of a day."""

FOLLOWERS_BEFORE_DAYS = 90
"""Growth of followers is measured against the newest count that is older than this."""

GAP_DAYS = 7
"""Whole days without an order that make a gap. Judgement: a shop that rests a weekend has none."""

_BY_DAY = (
    "order_count",
    "order_fen",
    "refund_fen",
    "settlement_count",
    "social_count",
    "sale_invoice_count",
    "daily_count_count",
    "payment_count",
)

_MARKS = {"order": "order_count", "payout": "settlement_count", "invoice": "sale_invoice_count"}
"""What days are marked by whose gaps are looked at."""


def window_totals(rows: Frame, totals: DayTotals) -> Frame:
    """One row a point: the sums that `totals` was asked for."""
    return rows.select("point", "age", *totals.columns).group_by("point").agg(*totals.sums())


def by_day(rows: Frame) -> Frame:
    """One row a point and day that anything is known of: figures of the day, corrections taken in."""
    return rows.group_by("point", "age").agg(nw.col(*_BY_DAY).sum(), nw.col("followers_mark").max())


def day_facts(daily: Frame) -> Frame:
    """One row a point: first and last days, days with and without, the longest gaps, followers."""
    daily = _with_gaps(daily)
    social = nw.col("social_count") > 0
    older = social & (nw.col("age") > FOLLOWERS_BEFORE_DAYS)
    age = nw.col("age")
    daily = daily.with_columns(
        nw.when(social).then(age).min().over("point").alias("social_age"),
        nw.when(older).then(age).min().over("point").alias("older_social_age"),
    )
    facts = daily.group_by("point").agg(
        *_order_days(),
        *_payout_days(),
        *_invoice_days(),
        *_payment_days(),
        nw.when(social & (age == nw.col("social_age"))).then(nw.col("followers_mark")).max().alias("followers"),
        nw.when(older & (age == nw.col("older_social_age")))
        .then(nw.col("followers_mark"))
        .max()
        .alias("followers_before"),
    )
    return facts.with_columns(_followers("followers"), _followers("followers_before"))


def _with_gaps(daily: Frame) -> Frame:
    """Adds, for each mark, the whole days without it between a marked day and the next younger one (or the point)."""
    daily = daily.with_columns(
        *[nw.when(nw.col(c) > 0).then(nw.col("age")).otherwise(0).alias(f"{m}_age") for m, c in _MARKS.items()]
    )
    daily = daily.with_columns(
        *[nw.col(f"{m}_age").cum_max().over("point", order_by="age").alias(f"{m}_reached") for m in _MARKS]
    )
    daily = daily.with_columns(
        *[
            nw.col(f"{m}_reached").shift(1).over("point", order_by="age").fill_null(0).alias(f"{m}_reached")
            for m in _MARKS
        ]
    )
    return daily.with_columns(
        *[(nw.col("age") - nw.col(f"{m}_reached") - 1).alias(f"{m}_gap") for m in _MARKS],
    )


def _within(count: str, days: int) -> nw.Expr:
    return (nw.col(count) > 0) & (nw.col("age") <= days)


def _days_with(count: str, days: int) -> nw.Expr:
    return nw.when(_within(count, days)).then(1).otherwise(0).sum()


def _longest_gap(mark: str) -> nw.Expr:
    return nw.when(_within(_MARKS[mark], YEAR_DAYS)).then(nw.col(f"{mark}_gap")).max().alias(f"{mark}_longest_gap")


def _first_and_last(count: str, mark: str) -> list[nw.Expr]:
    age = nw.when(nw.col(count) > 0).then(nw.col("age"))
    return [age.max().alias(f"first_{mark}_age"), age.min().alias(f"last_{mark}_age")]


def _order_days() -> list[nw.Expr]:
    gap = _within("order_count", YEAR_DAYS) & (nw.col("order_gap") >= GAP_DAYS)
    return [
        *_first_and_last("order_count", "order"),
        *[_days_with("order_count", days).alias(f"order_days_{days}d") for days in (28, 90, YEAR_DAYS)],
        _longest_gap("order"),
        nw.when(gap).then(1).otherwise(0).sum().alias("order_gaps"),
    ]


def _payout_days() -> list[nw.Expr]:
    half_year = nw.when(_within("settlement_count", 180)).then(nw.col("age"))
    return [
        *_first_and_last("settlement_count", "payout"),
        _days_with("settlement_count", YEAR_DAYS).alias("payout_days_365d"),
        _days_with("settlement_count", 180).alias("payout_days_180d"),
        half_year.max().alias("oldest_payout_age_180d"),
        _longest_gap("payout"),
    ]


def _invoice_days() -> list[nw.Expr]:
    return [
        *_first_and_last("sale_invoice_count", "invoice"),
        _days_with("sale_invoice_count", YEAR_DAYS).alias("invoice_days_365d"),
        _longest_gap("invoice"),
    ]


def _payment_days() -> list[nw.Expr]:
    return [
        *_first_and_last("daily_count_count", "payment"),
        *[_days_with("payment_count", days).alias(f"payment_days_{days}d") for days in (90, YEAR_DAYS)],
    ]


def _followers(name: str) -> nw.Expr:
    # A remainder, since Spark would divide such large numbers inexactly.
    followers: nw.Expr = nw.col(name) % 2**FOLLOWERS_BITS
    return followers.alias(name)
