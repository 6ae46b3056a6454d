"""Weeks of seven days that end with the last whole day, and how sales move from week to week.

Statistics are taken over whole weeks of the history only (the oldest one mostly began before the first order), and over
weeks as parts of 10⁵ of the mean week of the last 52: integers, so that their sums are exact. A week counts as no more
than 1,000 mean weeks either way.
"""

from __future__ import annotations

import narwhals as nw

from sycee_ingestion.features.arithmetic import Frame, as_integer, least, natural_log, ratio
from sycee_ingestion.features.series import SERIES_WEEKS

MEAN = 100_000
"""A mean week in parts."""

_MOST = 1_000.0 * MEAN

LEAST_LOGGED = MEAN // 100
"""What a week counts as at least when its logarithm is taken: a hundredth of the mean week. Judgement: without a floor,
one empty week would be the whole trend."""

LOG_PARTS = 1_000_000_000

YEAR_WEEKS, HALF_YEAR_WEEKS = 52, 26
WINDOWS = (HALF_YEAR_WEEKS, YEAR_WEEKS)

MONTH_WEEKS = 4
"""Weeks that are added up before the fall from a peak is measured: single weeks fall by themselves."""

LINES = {
    "net": "first_order_age",
    "clean": "first_order_age",
    "adjusted": "first_order_age",
    "payments": "first_payment_age",
}
"""Lines of figures, each with the column that tells where it begins."""

PAIRED = ("net", "adjusted")
"""Lines whose weeks are held against the next ones."""


def weeks(days: Frame) -> Frame:
    """One row a point and `week` (0 = the last seven days): sums of the lines, from the week of the first day on."""
    begun = nw.col("age") <= 7 * ((nw.col("first_order_age") + 6) // 7)
    paying = nw.col("age") <= 7 * ((nw.col("first_payment_age") + 6) // 7)
    days = days.filter(begun.fill_null(False) | paying.fill_null(False), nw.col("age") <= 7 * SERIES_WEEKS)
    days = days.with_columns(((nw.col("age") - 1) // 7).alias("week"))
    return days.group_by("point", "week").agg(
        nw.col(*LINES).sum(), nw.col("first_order_age", "first_payment_age").max()
    )


def weekly_series(by_week: Frame) -> Frame:
    """The weeks as the portrait shows them: `point`, `week` from 0 (the oldest), `net_fen`, `clean_fen`."""
    count = least((nw.col("first_order_age") + 6) // 7, nw.col("first_order_age") * 0 + SERIES_WEEKS)
    return (
        by_week.with_columns(count.alias("count"))
        .filter(nw.col("week") < nw.col("count"))
        .select(
            "point",
            (nw.col("count") - 1 - nw.col("week")).cast(nw.Int32).alias("week"),
            nw.col("net").alias("net_fen"),
            nw.col("clean").alias("clean_fen"),
        )
    )


def weekly_facts(by_week: Frame) -> Frame:
    """One row a point: counts and sums over whole weeks, by line and window; see `_line_sums`."""
    by_week = _in_parts(by_week.filter(nw.col("week") < YEAR_WEEKS))
    return by_week.group_by("point").agg(
        *[part for line in LINES for window in WINDOWS for part in _line_sums(line, window)],
        *[part for line in PAIRED for part in _pair_sums(line)],
        nw.col("net_whole").sum().alias("net_total_52w"),
        nw.col("net_whole").min().alias("net_worst_week"),
        nw.col("net_whole").max().alias("net_best_week"),
        nw.when(nw.col("net_whole") <= 0).then(1).otherwise(0).sum().alias("net_idle_weeks"),
        nw.col("fall").max().alias("worst_fall"),
        nw.when(nw.col("week") == 0).then(nw.col("fall")).max().alias("current_fall"),
    )


def _in_parts(by_week: Frame) -> Frame:
    """Adds of each line: `<line>_whole` (null where the week is not whole), `_parts`, `_next` and `_log`; and"
    " `fall`."""
    by_week = by_week.with_columns(
        *[
            nw.when(7 * (nw.col("week") + 1) <= nw.col(first)).then(nw.col(line)).alias(f"{line}_whole")
            for line, first in LINES.items()
        ],
        (0 - nw.col("week")).alias("time"),
    )
    by_week = by_week.with_columns(
        *[nw.col(f"{line}_whole").sum().over("point").alias(f"{line}_total") for line in LINES],
        nw.col("net_whole")
        .rolling_sum(MONTH_WEEKS, min_samples=MONTH_WEEKS)
        .over("point", order_by="time")
        .alias("month"),
    )
    by_week = by_week.with_columns(
        *[_parts(line).alias(f"{line}_parts") for line in LINES],
        nw.col("month").cum_max().over("point", order_by="time").alias("peak"),
    )
    fall = ratio(nw.col("peak") - nw.col("month"), nw.col("peak"))
    by_week = by_week.with_columns(
        *[nw.col(f"{line}_parts").shift(1).over("point", order_by="week").alias(f"{line}_next") for line in PAIRED],
        *[nw.col(f"{line}_parts").clip(LEAST_LOGGED, None).alias(f"{line}_floored") for line in LINES],
        nw.when(fall > 1.0).then(1.0).otherwise(fall).alias("fall"),
    )
    by_week = natural_log(by_week, [f"{line}_floored" for line in LINES])
    return by_week.with_columns(
        *[as_integer(nw.col(f"ln_{line}_floored") * float(LOG_PARTS)).alias(f"{line}_log") for line in LINES]
    )


def _parts(line: str) -> nw.Expr:
    """The week in parts of the mean week; null where the mean is not above zero."""
    whole_weeks = nw.col(LINES[line]) // 7
    count = nw.when(whole_weeks < YEAR_WEEKS).then(whole_weeks).otherwise(YEAR_WEEKS)
    mean = nw.col(f"{line}_whole") * (count * float(MEAN))
    return as_integer(ratio(mean, nw.col(f"{line}_total")).clip(-_MOST, _MOST))


def _line_sums(line: str, window: int) -> list[nw.Expr]:
    """n weeks, Σq and Σq² of the parts q, Σy and Σk·y of the logs y of weeks k."""
    q, y, k = nw.col(f"{line}_parts"), nw.col(f"{line}_log"), nw.col("week").cast(nw.Int64)
    within = (k < window) & ~q.is_null()
    sums = {"n": q * 0 + 1, "q": q, "qq": q * q, "y": y, "ky": k * y}
    return [
        nw.when(within).then(part).otherwise(0).sum().alias(f"{line}_{name}_{window}") for name, part in sums.items()
    ]


def _pair_sums(line: str) -> list[nw.Expr]:
    """Over weeks with their next one: Σq, Σq of the next ones, and Σ of the products."""
    q, following = nw.col(f"{line}_parts"), nw.col(f"{line}_next")
    pair = ~q.is_null() & ~following.is_null()
    sums = {"earlier": q, "later": following, "product": q * following}
    return [nw.when(pair).then(part).otherwise(0).sum().alias(f"{line}_{name}") for name, part in sums.items()]


def coefficient_of_variation(line: str, window: int) -> nw.Expr:
    """Standard deviation (of the population) over mean of a line's weeks, over the wide frame."""
    n, q, qq = (nw.col(f"{line}_{name}_{window}") for name in ("n", "q", "qq"))
    spread = n * qq - q * q
    return ratio(nw.when(spread > 0).then(spread).otherwise(spread * 0.0).sqrt(), q)


def log_slope(line: str, window: int) -> nw.Expr:
    """Slope a week of the least-squares line through the weeks' logarithms, over the wide frame; above 0 is growth."""
    n, y, ky = (nw.col(f"{line}_{name}_{window}") for name in ("n", "y", "ky"))
    # The weeks k are 0 to n − 1, backwards, so that the sign turns: Σk = n(n − 1)/2 and n·Σk² − (Σk)² = n²(n² − 1)/12.
    rise = y * (n - 1.0) * 0.5 - ky
    return ratio(rise * (12.0 / LOG_PARTS), n * (n * n - 1.0))


def autocorrelation(line: str) -> nw.Expr:
    """Correlation of a week with the next one over the last 52, about their common mean, over the wide frame."""
    n, q, qq = (nw.col(f"{line}_{name}_{YEAR_WEEKS}") for name in ("n", "q", "qq"))
    earlier, later, product = (nw.col(f"{line}_{name}") for name in ("earlier", "later", "product"))
    # Both moments times n², so that they stay whole and a line without spread has exactly none.
    return ratio(n * n * product - n * q * (earlier + later) + (n - 1.0) * q * q, n * (n * qq - q * q))
