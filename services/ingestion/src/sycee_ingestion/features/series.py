"""The daily series of a point: 732 days without holes, with festivals, levels and sales adjusted for the calendar.

How a day is adjusted. A merchant's own history of at most 104 weeks tells how a weekday and a festival compare with the
days around them:

- The level of a day is the mean net sales of the 28 ordinary days (of no festival) around it, 14 to each side, itself
  among them where it is ordinary; nearer to either end of the history, of the 28 ordinary days nearest to it. A
  festival, however long, thus cannot lift its own level. Fewer than 28 ordinary days in all give no level.
- The weekday's ratio is the sum of net sales over the sum of the levels, over the ordinary days of that weekday whose
  level is above zero; the festival's ratio the same over its days, after the weekday's factor is in the level.
- Both are shrunk to 1: (n × ratio + k) / (n + k) with n days seen and k = 4 for a weekday (as much weight as a month of
  it) and 3 for a festival (as much as one long weekend of it), and kept within 0.1 and 10. k and the bounds are
  judgement.
- A day's adjusted sales are its net sales over both factors, in whole fen.
"""

from __future__ import annotations

import narwhals as nw

from sycee_ingestion.features import calendar
from sycee_ingestion.features.arithmetic import Frame, as_integer, least, most, ordinal, ratio
from sycee_ingestion.features.calendar import Festival
from sycee_ingestion.features.definitions import FOUR_WEEKS_DAYS, HALF_YEAR_DAYS, QUARTER_DAYS, YEAR_DAYS
from sycee_ingestion.features.inputs import beside

SERIES_DAYS = 732
"""104 weeks, and a tax period of 366 days that ended 365 days ago."""

SERIES_WEEKS = 104
LEVEL_DAYS = 28
WEEKDAY_WEIGHT, FESTIVAL_WEIGHT = 4.0, 3.0
FACTOR_LEAST, FACTOR_MOST = 0.1, 10.0

LIFTS = {
    "mid_year": Festival.MID_YEAR,
    "singles": Festival.SINGLES,
    "double_twelve": Festival.DOUBLE_TWELVE,
    "new_year_goods": Festival.NEW_YEAR_GOODS,
    "spring_festival": Festival.SPRING_FESTIVAL,
    "national_day": Festival.NATIONAL_DAY,
}
"""Festivals whose own factor is a feature."""

NET_WINDOWS = (
    (FOUR_WEEKS_DAYS, 0),
    (QUARTER_DAYS, 0),
    (HALF_YEAR_DAYS, 0),
    (YEAR_DAYS, 0),
    (YEAR_DAYS, YEAR_DAYS),
    (QUARTER_DAYS, YEAR_DAYS),
    (YEAR_DAYS, QUARTER_DAYS),
)
"""(days, until): the windows over which net and clean sales are summed, each ending `until` days before the point."""

_FIGURES = ("order_count", "order_fen", "refund_fen", "payment_count", "fake_count", "fake_fen", "fake_refunded_fen")


def by_day_fakes(points: Frame, fakes: Frame) -> Frame:
    """Orders judged fake: one row a point and day before it."""
    rows = points.select("point", "as_of", "today").join(fakes, on="point", how="inner")
    rows = rows.filter(nw.col("day") < nw.col("as_of")).with_columns((nw.col("today") - ordinal("day")).alias("age"))
    return rows.group_by("point", "age").agg(nw.col("fake_count", "fake_fen", "fake_refunded_fen").sum())


def series(points: Frame, daily: Frame, facts: Frame, fakes: Frame) -> Frame:
    """One row a point and `age` from 1 to 732, days before the opening included.

    Columns: `paid`, `net` (of refunds), `clean` (net of refunds and of what fake orders brought), `payments`,
    `fake_count`, `fake_fen`; `weekday` (0 = Monday), `festival`; `first_order_age` and `first_payment_age` of the
    point, null where there is none; `cum_net`, net sales of this day and all younger ones; `paid_28d`, paid on this day
    and the 27 younger ones, null where there are fewer; `adjusted` and what made it. Amounts in fen.
    """
    days = points.select("point", "today").join(beside(points, {"age": range(1, SERIES_DAYS + 1)}), how="cross")
    days = days.with_columns((nw.col("today") - nw.col("age")).alias("ordinal"))
    ordinals, festivals = zip(*calendar.table(), strict=True)
    days = (
        days.join(beside(points, {"ordinal": ordinals, "festival": festivals}), on="ordinal", how="left")
        .join(daily.select("point", "age", *_FIGURES[:4]), on=["point", "age"], how="left")
        .join(fakes, on=["point", "age"], how="left")
        .join(facts.select("point", "first_order_age", "first_payment_age"), on="point", how="left")
    )
    days = days.with_columns(nw.col("festival", *_FIGURES).fill_null(0), ((nw.col("ordinal") - 1) % 7).alias("weekday"))
    net = nw.col("order_fen") - nw.col("refund_fen")
    days = days.select(
        "point",
        "age",
        "weekday",
        "festival",
        "first_order_age",
        "first_payment_age",
        "fake_count",
        "fake_fen",
        nw.col("order_fen").alias("paid"),
        net.alias("net"),
        (net - nw.col("fake_fen") + nw.col("fake_refunded_fen")).alias("clean"),
        nw.col("payment_count").alias("payments"),
    )
    days = days.with_columns(
        nw.col("net").cum_sum().over("point", order_by="age").alias("cum_net"),
        nw.col("paid")
        .rolling_sum(FOUR_WEEKS_DAYS, min_samples=FOUR_WEEKS_DAYS)
        .over("point", order_by="age")
        .alias("paid_28d"),
    )
    return _adjusted(days)


def _adjusted(days: Frame) -> Frame:
    """Adds `weekday_factor`, `festival_factor` (null where the festival was not seen) and `adjusted` sales."""
    usable = (nw.col("level") > 0).fill_null(False)
    sold = nw.col("net") * LEVEL_DAYS
    ordinary = usable & (nw.col("festival") == 0)
    days = _with_level(days).with_columns(
        *_sums_over(ordinary, sold, nw.col("level"), "weekday"),
    )
    days = days.with_columns(_factor("weekday", WEEKDAY_WEIGHT).fill_null(1.0).alias("weekday_factor"))
    days = days.with_columns(as_integer(nw.col("level") * nw.col("weekday_factor")).alias("expected"))
    festive = usable & (nw.col("festival") > 0)
    days = days.with_columns(*_sums_over(festive, sold, nw.col("expected"), "festival"))
    days = days.with_columns(_factor("festival", FESTIVAL_WEIGHT).alias("festival_factor"))
    both = nw.col("weekday_factor") * nw.col("festival_factor").fill_null(1.0)
    return days.with_columns(as_integer(nw.col("net") / both).alias("adjusted"))


def _with_level(days: Frame) -> Frame:
    """Adds `level`: net sales of the 28 ordinary days around each day of the history; null where there is none."""
    history = least(nw.col("first_order_age"), nw.col("first_order_age") * 0 + 7 * SERIES_WEEKS)
    days = days.with_columns((nw.col("age") <= history).fill_null(False).alias("traded"))
    ordinary = nw.when(nw.col("traded") & (nw.col("festival") == 0)).then(1).otherwise(0)
    days = days.with_columns(ordinary.cast(nw.Int64).alias("ordinary"))
    days = days.with_columns(
        nw.col("ordinary").cum_sum().over("point", order_by="age").alias("rank"),
        nw.col("ordinary").sum().over("point").alias("ordinary_days"),
    )
    levels = days.filter(nw.col("ordinary") == 1).with_columns(
        nw.col("net").rolling_sum(LEVEL_DAYS, min_samples=LEVEL_DAYS).over("point", order_by="age").alias("level")
    )
    levels = levels.filter(~nw.col("level").is_null()).select("point", "rank", "level")
    # The window of a rank reaches back to the 27 younger ordinary days: 14 ranks older, it lies around the day.
    rank = most(least(nw.col("rank") + LEVEL_DAYS // 2, nw.col("ordinary_days")), nw.col("rank") * 0 + LEVEL_DAYS)
    return days.with_columns(nw.when(nw.col("traded")).then(rank).alias("rank")).join(
        levels, on=["point", "rank"], how="left"
    )


def _sums_over(condition: nw.Expr, sold: nw.Expr, level: nw.Expr, key: str) -> list[nw.Expr]:
    """Days, sales and levels where the condition holds, of each point and value of `key`."""
    parts = {
        "days": nw.when(condition).then(1),
        "sold": nw.when(condition).then(sold),
        "level": nw.when(condition).then(level),
    }
    return [part.sum().over("point", key).alias(f"{key}_{name}") for name, part in parts.items()]


def _factor(key: str, weight: float) -> nw.Expr:
    """The shrunk ratio of a weekday or festival; null where no day of it was seen."""
    days = nw.col(f"{key}_days")
    found = ratio(nw.col(f"{key}_sold"), nw.col(f"{key}_level"))
    return ((days * found + weight) / (days + weight)).clip(FACTOR_LEAST, FACTOR_MOST)


def series_facts(days: Frame) -> Frame:
    """One row a point: sums over windows of the history, the best 28 days, festivals."""
    age = nw.col("age")
    since_opening = age <= nw.col("first_order_age")
    sales = [
        nw.when(since_opening & (age > until) & (age <= until + length))
        .then(nw.col(name))
        .otherwise(0)
        .sum()
        .alias(f"{name}_{length}d_before_{until}" if until else f"{name}_{length}d")
        for name in ("net", "clean")
        for length, until in NET_WINDOWS
    ]
    year = age <= YEAR_DAYS
    return days.group_by("point").agg(
        *sales,
        *[
            nw.when(age <= length).then(nw.col(name)).otherwise(0).sum().alias(f"{name}_{length}d")
            for name in ("fake_count", "fake_fen")
            for length in (90, YEAR_DAYS)
        ],
        nw.when((age >= FOUR_WEEKS_DAYS) & year).then(nw.col("paid_28d")).max().alias("peak_28d"),
        nw.when(year & nw.col("festival").is_in([int(f) for f in calendar.SALES_FESTIVALS]))
        .then(nw.col("paid"))
        .otherwise(0)
        .sum()
        .alias("festival_paid_365d"),
        nw.when(year & (nw.col("weekday") >= 5)).then(nw.col("paid")).otherwise(0).sum().alias("weekend_paid_365d"),
        *[
            nw.when(nw.col("festival") == int(festival)).then(nw.col("festival_factor")).max().alias(f"{name}_factor")
            for name, festival in LIFTS.items()
        ],
    )
