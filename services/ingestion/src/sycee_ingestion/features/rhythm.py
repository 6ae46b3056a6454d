"""How sales move: trend, season and volatility."""

from __future__ import annotations

from collections.abc import Iterator

import narwhals as nw

from sycee_ingestion.features.arithmetic import ratio, where
from sycee_ingestion.features.definitions import (
    FOUR_WEEKS_DAYS,
    HALF_YEAR_DAYS,
    QUARTER_DAYS,
    YEAR_DAYS,
    DayTotals,
    Definition,
    Family,
    Unit,
)
from sycee_ingestion.features.trade import HISTORY, ORDER, SALES, SEASON_HISTORY_DAYS, TRADES, monthly
from sycee_ingestion.features.weekly import (
    HALF_YEAR_WEEKS,
    YEAR_WEEKS,
    autocorrelation,
    coefficient_of_variation,
    log_slope,
)

LEAST_WEEKS = 13
"""Whole weeks below which nothing is said of how weeks vary. Judgement: a quarter of a year."""

_LINES = {
    "net": ("net sales", "周净销售额"),
    "clean": ("net sales without orders judged fake", "剔除疑似刷单后的周净销售额"),
    "adjusted": (
        "net sales adjusted for weekdays and festivals (by the merchant's own history; a week without level stays as"
        " it is)",
        "经星期与节日因素调整后的周净销售额(因素取自商家自身历史)",
    ),
}

_LIFTS = {
    "mid_year": ("618 (16 to 18 June)", "618(6月16至18日)"),
    "singles": ("双11 (10 and 11 November, since 2020 also 1 to 3)", "双11(11月10至11日,2020年起含1至3日)"),
    "double_twelve": ("双12 (10 to 12 December)", "双12(12月10至12日)"),
    "new_year_goods": ("年货节 (28 to 8 days before lunar new year)", "年货节(农历新年前28天至前8天)"),
    "spring_festival": ("lunar new year (seven days before to seven after)", "春节(农历新年前后各7天)"),
    "national_day": ("National Day (1 to 7 October, or 8)", "国庆(10月1日至7日或8日)"),
}


def definitions(total: DayTotals) -> Iterator[Definition]:
    """The features of this module."""
    yield from _short_over_long()
    yield from _year_on_year(total)
    yield from _slopes()
    yield from _seasons(total)
    yield from _festivals()
    yield from _variation()
    yield from _falls()
    yield from _gaps()


def _short_over_long() -> Iterator[Definition]:
    for kind, (en, zh) in (
        ("net", ("net sales", "净销售额")),
        ("clean", ("clean net sales", "剔除疑似刷单后的净销售额")),
    ):
        for short, short_days, long, long_days in (
            ("1m", FOUR_WEEKS_DAYS, "3m", QUARTER_DAYS),
            ("3m", QUARTER_DAYS, "12m", YEAR_DAYS),
        ):
            recent, base = (monthly(nw.col(f"{kind}_{days}d"), days) for days in (short_days, long_days))
            least_days = QUARTER_DAYS if long == "3m" else HALF_YEAR_DAYS
            yield Definition(
                f"{kind}_{short}_to_{long}_ratio",
                Family.TREND,
                Unit.RATIO,
                long_days,
                SALES,
                where(least_days <= HISTORY, ratio(recent, base)),
                f"Monthly {en} of the last {short_days} days over those of the last {long_days}; above 1 is growth."
                f" Null with less than {least_days} days of history or where the latter are not above zero.",
                f"最近{short_days}天月均{zh}与最近{long_days}天之比,大于1为增长。"
                f"历史不足{least_days}天或后者不大于零则为空。",
            )


def _year_on_year(total: DayTotals) -> Iterator[Definition]:
    for kind, en, zh in (("net", "net sales", "净销售额"), ("clean", "clean net sales", "剔除疑似刷单后的净销售额")):
        yield Definition(
            f"{kind}_3m_year_on_year_ratio",
            Family.TREND,
            Unit.RATIO,
            SEASON_HISTORY_DAYS,
            SALES,
            where(
                HISTORY >= SEASON_HISTORY_DAYS,
                ratio(nw.col(f"{kind}_{QUARTER_DAYS}d"), nw.col(f"net_{QUARTER_DAYS}d_before_{YEAR_DAYS}")),
            ),
            f"{en.capitalize()} of the last 91 days over the net sales of the same 91 days a year before. Null with"
            " less than 456 days of history or where the latter are not above zero.",
            f"最近91天{zh}与上年同期91天净销售额之比。历史不足456天或后者不大于零则为空。",
        )
    yield Definition(
        "net_12m_year_on_year_ratio",
        Family.TREND,
        Unit.RATIO,
        2 * YEAR_DAYS,
        SALES,
        where(
            HISTORY >= 2 * YEAR_DAYS, ratio(nw.col(f"net_{YEAR_DAYS}d"), nw.col(f"net_{YEAR_DAYS}d_before_{YEAR_DAYS}"))
        ),
        "Net sales of the last 365 days over those of the 365 days before. Null with less than 730 days of history or"
        " where the latter are not above zero.",
        "最近365天净销售额与此前365天之比。历史不足730天或后者不大于零则为空。",
    )
    yield Definition(
        "order_3m_year_on_year_ratio",
        Family.TREND,
        Unit.RATIO,
        SEASON_HISTORY_DAYS,
        (ORDER,),
        where(
            HISTORY >= SEASON_HISTORY_DAYS,
            ratio(total("order_count", QUARTER_DAYS), total("order_count", QUARTER_DAYS, YEAR_DAYS)),
        ),
        "Orders of the last 91 days over those of the same 91 days a year before. Null with less than 456 days of"
        " history or where there were none a year before.",
        "最近91天订单数与上年同期91天之比。历史不足456天或上年同期无订单则为空。",
    )


def _slopes() -> Iterator[Definition]:
    for line, (en, zh) in _LINES.items():
        for weeks in (HALF_YEAR_WEEKS, YEAR_WEEKS):
            yield Definition(
                f"weekly_{line}_log_slope_{weeks}w_ratio",
                Family.TREND,
                Unit.RATIO,
                7 * weeks,
                SALES,
                where(nw.col(f"{line}_n_{weeks}") >= LEAST_WEEKS, log_slope(line, weeks)),
                "Growth a week as a logarithm (0.01 is about 1 %): the slope of the least-squares line through the"
                f" logarithms of weekly {en} over the last {weeks} whole weeks of the history; a week below a"
                f" hundredth of the mean week counts as that. Null with fewer than {LEAST_WEEKS} whole weeks or a mean"
                " week not above zero.",
                f"最近{weeks}个完整周{zh}取对数后最小二乘线的斜率,即每周对数增长(0.01约为1%);"
                f"低于周均值百分之一的周按百分之一计。完整周不足{LEAST_WEEKS}个或周均值不大于零则为空。",
            )


def _seasons(total: DayTotals) -> Iterator[Definition]:
    yield Definition(
        "season_index_ratio",
        Family.SEASON,
        Unit.RATIO,
        SEASON_HISTORY_DAYS,
        SALES,
        where(HISTORY >= SEASON_HISTORY_DAYS, nw.col("season_index")),
        "How the season of the last three months compares with a mean one: net sales a day of last year's same 91"
        " days over those of the 365 days that began with them, kept within 0.25 and 4, and 1 where last year did not"
        " sell. Null with less than 456 days of history.",
        "季节指数:上年同期91天日均净销售额与自其起365天日均之比,限于0.25至4之间,上年无销售时为1。历史不足456天则为空。",
    )
    year = total("order_fen", YEAR_DAYS)
    yield Definition(
        "peak_28d_share",
        Family.SEASON,
        Unit.SHARE,
        YEAR_DAYS,
        (ORDER,),
        ratio(nw.col("peak_28d"), year),
        "Share of the last 365 days' paid sales that fell into their best 28 days in a row: how seasonal the trade is"
        " (0.077 for an even year). Null without paid sales in them.",
        "最近365天付款额中最高连续28天所占比例,衡量季节性(全年均匀时为0.077)。期间无付款则为空。",
    )
    yield Definition(
        "festival_365d_share",
        Family.SEASON,
        Unit.SHARE,
        YEAR_DAYS,
        (ORDER,),
        ratio(nw.col("festival_paid_365d"), year),
        "Share of the last 365 days' paid sales on days of sales festivals: 618 and 双11 with their run-ups, 双12,"
        " 年货节. Null without paid sales.",
        "最近365天付款额中大促期间(618、双11及其预热期,双12,年货节)所占比例。期间无付款则为空。",
    )
    yield Definition(
        "weekend_365d_share",
        Family.SEASON,
        Unit.SHARE,
        YEAR_DAYS,
        (ORDER,),
        ratio(nw.col("weekend_paid_365d"), year),
        "Share of the last 365 days' paid sales on Saturdays and Sundays (0.286 for an even week). Null without paid"
        " sales.",
        "最近365天付款额中周六周日所占比例(均匀时为0.286)。期间无付款则为空。",
    )


def _festivals() -> Iterator[Definition]:
    for name, (en, zh) in _LIFTS.items():
        yield Definition(
            f"{name}_lift_ratio",
            Family.SEASON,
            Unit.RATIO,
            728,
            SALES,
            nw.col(f"{name}_factor"),
            f"What the merchant sells at {en} over what it sells on the ordinary days around, net, over at most 104"
            " weeks, shrunk to 1 by three days' weight and kept within 0.1 and 10. Null where no such day with 28"
            " ordinary days of history was seen.",
            f"商家自身历史(最多104周)中{zh}净销售额与前后普通日之比,以三天权重向1收缩,限于0.1至10之间。"
            "无此类日期或普通日不足28天则为空。",
        )


def _variation() -> Iterator[Definition]:
    for line, (en, zh) in _LINES.items():
        for weeks in (HALF_YEAR_WEEKS, YEAR_WEEKS):
            yield Definition(
                f"weekly_{line}_variation_{weeks}w_ratio",
                Family.VOLATILITY,
                Unit.RATIO,
                7 * weeks,
                SALES,
                where(nw.col(f"{line}_n_{weeks}") >= LEAST_WEEKS, coefficient_of_variation(line, weeks)),
                f"Coefficient of variation (standard deviation over mean) of weekly {en} over the last {weeks} whole"
                f" weeks of the history. Null with fewer than {LEAST_WEEKS} whole weeks or a mean week not above zero.",
                f"最近{weeks}个完整周{zh}的变异系数(标准差与均值之比)。"
                f"完整周不足{LEAST_WEEKS}个或周均值不大于零则为空。",
            )
    for line in ("net", "adjusted"):
        en, zh = _LINES[line]
        yield Definition(
            f"weekly_{line}_autocorrelation_52w_ratio",
            Family.VOLATILITY,
            Unit.RATIO,
            364,
            SALES,
            where(nw.col(f"{line}_n_{YEAR_WEEKS}") >= LEAST_WEEKS, autocorrelation(line)),
            f"Correlation of a week's {en} with the next week's over the last 52 whole weeks: near 1 sales swing"
            f" slowly, near 0 each week stands alone. Null with fewer than {LEAST_WEEKS} whole weeks, a mean not above"
            " zero or no variation.",
            f"最近52个完整周{zh}与下一周的自相关:接近1为缓慢波动,接近0为逐周独立。"
            f"完整周不足{LEAST_WEEKS}个、均值不大于零或无波动则为空。",
        )


def _falls() -> Iterator[Definition]:
    enough = nw.col(f"net_n_{YEAR_WEEKS}") >= LEAST_WEEKS
    for name, column, en, zh in (
        ("worst", "worst_fall", "The deepest fall", "最大回撤"),
        ("current", "current_fall", "The present fall", "当前回撤"),
    ):
        yield Definition(
            f"{name}_drawdown_52w_share",
            Family.VOLATILITY,
            Unit.SHARE,
            364,
            SALES,
            where(enough, nw.col(column)),
            f"{en} of four weeks' net sales below the best four weeks before, over the last 52 whole weeks, as a share"
            f" of those; 1 when nothing is left. Null with fewer than {LEAST_WEEKS} whole weeks or a best four weeks"
            " not above zero.",
            f"最近52个完整周内,四周净销售额相对此前最高四周的{zh},1为全部丧失。"
            f"完整周不足{LEAST_WEEKS}个或最高四周不大于零则为空。",
        )
    mean = ratio(nw.col("net_total_52w"), nw.col(f"net_n_{YEAR_WEEKS}"))
    for name, en, zh in (("worst", "worst", "最低"), ("best", "best", "最高")):
        yield Definition(
            f"{name}_week_52w_ratio",
            Family.VOLATILITY,
            Unit.RATIO,
            364,
            SALES,
            where(enough, ratio(nw.col(f"net_{name}_week"), mean)),
            f"Net sales of the {en} of the last 52 whole weeks over those of the mean one. Null with fewer than"
            f" {LEAST_WEEKS} whole weeks or a mean not above zero.",
            f"最近52个完整周中{zh}一周的净销售额与周均之比。完整周不足{LEAST_WEEKS}个或周均不大于零则为空。",
        )
    yield Definition(
        "idle_week_52w_share",
        Family.VOLATILITY,
        Unit.SHARE,
        364,
        SALES,
        where(enough, ratio(nw.col("net_idle_weeks"), nw.col(f"net_n_{YEAR_WEEKS}"))),
        "Share of the last 52 whole weeks whose net sales were not above zero. Null with fewer than 13 whole weeks or"
        " a mean not above zero.",
        "最近52个完整周中净销售额不大于零的周占比。完整周不足13个或周均不大于零则为空。",
    )


def _gaps() -> Iterator[Definition]:
    yield Definition(
        "longest_order_gap_365d_days",
        Family.VOLATILITY,
        Unit.DAYS,
        YEAR_DAYS,
        (ORDER,),
        nw.col("order_longest_gap"),
        "The most whole days in a row without an order in the last 365, the days since the last order among them;"
        " what lies before the first order of the window does not count. Null without an order in them.",
        "最近365天内连续无订单的最长天数,包括末单以来的天数,不计期间首单之前。期间无订单则为空。",
    )
    yield Definition(
        "order_gaps_365d_count",
        Family.VOLATILITY,
        Unit.COUNT,
        YEAR_DAYS,
        (ORDER,),
        where(TRADES, nw.col("order_gaps")),
        "Runs of at least seven whole days without an order in the last 365, each ended by an order or by the day"
        " itself; what lies before the first order of the window does not count. Null without an order before the day.",
        "最近365天内连续7天及以上无订单的次数,不计期间首单之前。此日之前无订单则为空。",
    )
    traded = where(HISTORY < YEAR_DAYS, HISTORY).fill_null(YEAR_DAYS)
    yield Definition(
        "orderless_365d_share",
        Family.VOLATILITY,
        Unit.SHARE,
        YEAR_DAYS,
        (ORDER,),
        where(TRADES, (traded - nw.col(f"order_days_{YEAR_DAYS}d")) / traded),
        "Share of the days without an order over the last 365, or over the history since the first order where that"
        " is shorter. Null without an order before the day.",
        "最近365天(历史较短时为首单以来)中无订单天数的占比。此日之前无订单则为空。",
    )
