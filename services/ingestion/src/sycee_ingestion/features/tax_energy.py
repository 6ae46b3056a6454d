"""Tax reports and energy bills: records of periods."""

from __future__ import annotations

from collections.abc import Iterator

import narwhals as nw

from sycee_ingestion.features.arithmetic import Frame, least, most, number, ratio, where
from sycee_ingestion.features.definitions import YEAR_DAYS, DayTotals, Definition, Family, Unit, seen
from sycee_ingestion.features.inputs import NEWEST_LAST, age_of, newest
from sycee_ingestion.features.series import SERIES_DAYS
from sycee_ingestion.features.trade import HISTORY

TAX, ENERGY = "tax_record", "energy_use"

_NEW_RATING = 3
_RATING_LEVELS = {1: 4, 2: 3, 4: 2, 5: 1}
"""Levels of the contract's ratings A, B, C, D. M (new, not rated by points) and none have no level."""

_FILED_LAST = ("occurred_at", "ends_on", "period_first", "source", "event_id")
"""The order in which records were filed; the rest makes it total."""


def tax_facts(rows: Frame, days: Frame) -> Frame:
    """One row a point: rating of the newest record, and what was declared over the last 365 days.

    A record counts where its period ended in those days. Where periods overlap, the one filed last stands for them,
    since it corrects the others: a record is left out when one filed later overlaps it. `days` is the daily series;
    sales are summed over exactly the declared days, so that the two can be held against each other (CN-ID-08).
    """
    head = newest(rows).select("point", nw.col("rating").alias("tax_rating"))
    rows = rows.with_columns(age_of("ends_on").alias("last_age"), age_of("period_first").alias("first_age"))
    rows = rows.filter(nw.col("last_age") >= 1, nw.col("last_age") <= YEAR_DAYS)
    declared = _standing(rows.filter(~nw.col("declared_sales_fen").is_null()))
    # Net sales over a period are those since its first day less those since the day after its last one.
    reach = days.select("point", nw.col("age").alias("first_age"), nw.col("cum_net").alias("since_first"))
    after = days.select(
        "point", nw.col("age").alias("last_age"), (nw.col("cum_net") - nw.col("net")).alias("since_last")
    )
    declared = declared.with_columns(
        least(nw.col("first_age"), nw.col("first_age") * 0 + SERIES_DAYS).alias("first_age")
    )
    declared = declared.join(reach, on=["point", "first_age"], how="left").join(
        after, on=["point", "last_age"], how="left"
    )
    sums = declared.group_by("point").agg(
        nw.col("declared_sales_fen").sum().alias("declared_365d"),
        (nw.col("since_first") - nw.col("since_last")).sum().alias("declared_net_365d"),
        (nw.col("first_age") - nw.col("last_age") + 1).sum().alias("declared_days_365d"),
    )
    filed_late = (
        rows.unique(["point", "period_first", "ends_on"], keep="last", order_by=_FILED_LAST)
        .group_by("point")
        .agg(nw.when(nw.col("late")).then(1).otherwise(0).sum().alias("late_filings_365d"))
    )
    return head.join(sums, on="point", how="left").join(filed_late, on="point", how="left")


def _standing(rows: Frame) -> Frame:
    """The records that none filed later overlaps."""
    rows = rows.select("point", "declared_sales_fen", "first_age", "last_age", *_FILED_LAST)
    rows = rows.with_columns((nw.col("last_age") * 0 + 1).alias("filing"))
    rows = rows.with_columns(nw.col("filing").cum_sum().over("point", order_by=_FILED_LAST))
    others = rows.select(
        "point",
        nw.col("filing").alias("later"),
        nw.col("first_age").alias("later_first"),
        nw.col("last_age").alias("later_last"),
    )
    overlapped = (
        rows.select("point", "filing", "first_age", "last_age")
        .join(others, on="point", how="inner")
        .filter(
            nw.col("later") > nw.col("filing"),
            nw.col("later_first") >= nw.col("last_age"),
            nw.col("later_last") <= nw.col("first_age"),
        )
    )
    return rows.join(overlapped.select("point", "filing").unique(), on=["point", "filing"], how="anti")


def energy_facts(rows: Frame) -> Frame:
    """One row a point: electricity of the last 365 days, and the days that bills cover.

    A bill that reaches beyond them counts by its days within, rounded down to a watt-hour. Bills of several meters add
    up; a day that two bills cover is one day.
    """
    rows = rows.with_columns(age_of("ends_on").alias("last_age"), age_of("period_first").alias("first_age"))
    whole_days = nw.col("first_age") - nw.col("last_age") + 1
    # Time runs with the number: -365 is the window's first day and -1 its last.
    begin, end = (0 - nw.col("first_age")).clip(-YEAR_DAYS, None), (0 - nw.col("last_age")).clip(None, -1)
    rows = rows.with_columns(whole_days.alias("whole_days"), begin.alias("begin"), end.alias("end"))
    rows = rows.with_columns((nw.col("end") - nw.col("begin") + 1).cast(nw.Int64).alias("days"))
    in_window = rows.filter(nw.col("days") > 0).with_columns(
        nw.col("end").cum_max().over("point", order_by=["begin", "end", *NEWEST_LAST]).alias("reached")
    )
    before = nw.col("reached").shift(1).over("point", order_by=["begin", "end", *NEWEST_LAST])
    in_window = in_window.with_columns(before.fill_null(-YEAR_DAYS - 1).alias("before"))
    fresh = nw.col("end") - most(nw.col("begin") - 1, nw.col("before"))
    used = nw.col("electricity_wh") * nw.col("days") // nw.col("whole_days")
    sums = in_window.group_by("point").agg(
        used.sum().alias("electricity_365d"),
        nw.when(fresh > 0).then(fresh).otherwise(0).sum().alias("electricity_days_365d"),
    )
    present = rows.select("point").unique()
    return present.join(sums, on="point", how="left").with_columns(
        nw.col("electricity_365d", "electricity_days_365d").fill_null(0)
    )


def definitions(total: DayTotals) -> Iterator[Definition]:
    """The features of this module."""
    yield from _taxes(total)
    yield from _rating()
    yield from _electricity()


def _taxes(total: DayTotals) -> Iterator[Definition]:
    declared, sold = nw.col("declared_365d"), where(seen(total, "order_count"), nw.col("declared_net_365d"))
    rule = "Null where no period with declared sales ended in them."
    rule_zh = "期间无申报销售额的所属期结束则为空。"
    yield Definition(
        "declared_365d_fen",
        Family.TAX,
        Unit.FEN,
        YEAR_DAYS,
        (TAX,),
        declared,
        "Sales declared for periods that ended in the last 365 days; where periods overlap, the record filed last"
        f" stands. {rule}",
        f"所属期在最近365天内结束的申报销售额,所属期重叠时以最后申报者为准。{rule_zh}",
    )
    yield Definition(
        "declared_period_net_fen",
        Family.TAX,
        Unit.FEN,
        SERIES_DAYS,
        (TAX, "order", "refund"),
        sold,
        f"Platform sales net of refunds on exactly the days of the periods behind declared_365d_fen. {rule} Null"
        " without an order.",
        f"与 declared_365d_fen 所属期完全相同日期的平台净销售额。{rule_zh}无订单则为空。",
    )
    yield Definition(
        "declared_to_sales_365d_ratio",
        Family.TAX,
        Unit.RATIO,
        SERIES_DAYS,
        (TAX, "order", "refund"),
        ratio(declared, sold),
        "Declared sales over platform sales net of refunds on the same days (rule CN-ID-08); near 1 when both tell"
        f" the same. {rule} Null where the latter are not above zero.",
        f"申报销售额与同期平台净销售额之比(规则CN-ID-08),一致时接近1。{rule_zh}后者不大于零则为空。",
    )
    yield Definition(
        "declared_365d_days",
        Family.TAX,
        Unit.DAYS,
        YEAR_DAYS,
        (TAX,),
        nw.col("declared_days_365d"),
        f"Days of the periods behind declared_365d_fen. {rule}",
        f"declared_365d_fen 所含所属期的天数。{rule_zh}",
    )
    yield Definition(
        "late_filing_365d_count",
        Family.TAX,
        Unit.COUNT,
        YEAR_DAYS,
        (TAX,),
        where(~nw.col("tax_rating").is_null(), nw.col("late_filings_365d").fill_null(0.0)),
        "Periods that ended in the last 365 days and were filed late, by the record of each that was filed last. Null"
        " where there was never a tax record.",
        "所属期在最近365天内结束且逾期申报的期数,每期以最后申报者为准。从未有税务记录则为空。",
    )


def _rating() -> Iterator[Definition]:
    rating = nw.col("tax_rating")
    level = where(rating == 1, rating * 0.0 + 4.0)
    for number_, points in list(_RATING_LEVELS.items())[1:]:
        level = nw.when(rating == number_).then(rating * 0.0 + float(points)).otherwise(level)
    yield Definition(
        "tax_rating_level",
        Family.TAX,
        Unit.LEVEL,
        0,
        (TAX,),
        level,
        "Tax-credit rating of the newest record: 4 for A, 3 for B, 2 for C, 1 for D (rule ESG-09). Null for M (new),"
        " for none and without a record: not rated is missing, not bad.",
        "最新税务记录的纳税信用级别:A为4,B为3,C为2,D为1(规则ESG-09)。M级、未评级或无记录为空:未评级是缺失,不是不良。",
    )
    yield Definition(
        "tax_rating_new_flag",
        Family.TAX,
        Unit.FLAG,
        0,
        (TAX,),
        (rating == _NEW_RATING).cast(nw.Float64),
        "1 when the newest tax record rates M (new, not rated by points), otherwise 0. Null without a record.",
        "最新税务记录为M级(新设,未按分评级)时为1,否则为0。无记录则为空。",
    )


def _electricity() -> Iterator[Definition]:
    electricity, days = nw.col("electricity_365d"), nw.col("electricity_days_365d")
    yield Definition(
        "electricity_365d_wh",
        Family.ENERGY,
        Unit.WATT_HOURS,
        YEAR_DAYS,
        (ENERGY,),
        electricity,
        "Electricity of the last 365 days in watt-hours; a bill that reaches beyond them counts by its days within."
        " Null where there was never a bill.",
        "最近365天的用电量(瓦时),跨期账单按期内天数折算。从未有账单则为空。",
    )
    yield Definition(
        "electricity_365d_days",
        Family.ENERGY,
        Unit.DAYS,
        YEAR_DAYS,
        (ENERGY,),
        days,
        "Days of the last 365 that electricity bills cover, each once. Null where there was never a bill.",
        "最近365天中有电费账单覆盖的天数,重叠只计一次。从未有账单则为空。",
    )
    yield Definition(
        "electricity_365d_share",
        Family.ENERGY,
        Unit.SHARE,
        YEAR_DAYS,
        (ENERGY,),
        days / number(YEAR_DAYS),
        "Share of the last 365 days that electricity bills cover. Null where there was never a bill.",
        "最近365天中有电费账单覆盖的天数占比。从未有账单则为空。",
    )
    a_day = ratio(electricity, days)
    sold = ratio(where(nw.col(f"net_{YEAR_DAYS}d") > 0, nw.col(f"net_{YEAR_DAYS}d")), least(HISTORY, number(YEAR_DAYS)))
    yield Definition(
        "electricity_per_10000_yuan_365d_wh",
        Family.ENERGY,
        Unit.WATT_HOURS,
        YEAR_DAYS,
        (ENERGY, "order", "refund"),
        ratio(a_day * 1_000_000.0, sold),
        "Watt-hours on ten thousand yuan of net sales: electricity a covered day over net sales a day, in the last"
        " 365 days (or since the first order). Null without a covered day or net sales.",
        "每万元净销售额的用电量(瓦时):最近365天(或首单以来)账单覆盖日的日均用电与日均净销售额之比。"
        "无覆盖日或净销售额不大于零则为空。",
    )
