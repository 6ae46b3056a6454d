"""Sales: their level, refunds, hours, baskets, and what of them was judged fake."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import reduce
from operator import add

import narwhals as nw

from sycee_ingestion.features.arithmetic import Frame, as_integer, least, most, natural_log, number, ratio, where, whole
from sycee_ingestion.features.definitions import (
    FOUR_WEEKS_DAYS,
    HALF_YEAR_DAYS,
    MONTH_DAYS,
    QUARTER_DAYS,
    YEAR_DAYS,
    DayTotals,
    Definition,
    Family,
    Unit,
)

ORDER, REFUND = "order", "refund"
SALES = (ORDER, REFUND)

SPANS = {"1m": FOUR_WEEKS_DAYS, "3m": QUARTER_DAYS, "6m": HALF_YEAR_DAYS, "12m": YEAR_DAYS}
"""Names of windows: 28, 91, 182 and 365 days."""

SEASON_HISTORY_DAYS = YEAR_DAYS + QUARTER_DAYS
"""Fifteen months: last year's three months and the year that begins with them."""

SEASON_INDEX_LEAST, SEASON_INDEX_MOST = 0.25, 4.0
"""A quarter of a year that sold less than a quarter, or more than four times, its share tells of a break in the trade
and not of a season. Judgement."""

HOUR_BANDS = ("h00", "h04", "h08", "h12", "h16", "h20")

LN_6 = 1.791759469228055

HISTORY = nw.col("first_order_age")
"""Days between the first day with an order and the point; null without one."""

TRADES = nw.col("trades")
"""Whether there was an order before the day: a condition, of SHARED."""

_NO_ORDER = "Null without an order before the day."
_NO_ORDER_ZH = "此日之前无订单则为空。"


def monthly(total: nw.Expr, days: int) -> nw.Expr:
    """Mean a month of a sum over `days` days, or over the history where that is shorter. Not rounded.

    The divisor is at least a month (or the window): three good days are not a monthly income ten times as large.
    """
    return total * MONTH_DAYS / nw.col(f"divisor_{days}d")


def _divisor(days: int) -> nw.Expr:
    return most(least(HISTORY, number(days)), number(min(days, MONTH_DAYS)))


def _season_index() -> nw.Expr:
    """Last year's same 91 days over the mean of the 365 days that began with them, kept within 0.25 and 4.

    1 where the history is shorter than fifteen months or last year did not sell.
    """
    quarter = nw.col(f"net_{QUARTER_DAYS}d_before_{YEAR_DAYS}") / number(QUARTER_DAYS)
    year = nw.col(f"net_{YEAR_DAYS}d_before_{QUARTER_DAYS}") / number(YEAR_DAYS)
    index = ratio(where(quarter > 0, quarter), year).clip(SEASON_INDEX_LEAST, SEASON_INDEX_MOST)
    return where(HISTORY >= SEASON_HISTORY_DAYS, index).fill_null(1.0)


SHARED = {
    "trades": ~HISTORY.is_null(),
    "season_index": _season_index(),
    **{f"divisor_{days}d": _divisor(days) for days in SPANS.values()},
}
"""Columns of the wide frame that several features share."""


def definitions(total: DayTotals) -> Iterator[Definition]:
    """The features of this module."""
    yield from _levels(total)
    yield from _orders(total)
    yield from _refunds(total)
    yield from _hours(total)
    yield from _baskets(total)
    yield from _fakes(total)


def _levels(total: DayTotals) -> Iterator[Definition]:
    kinds: dict[str, tuple[Callable[[int], nw.Expr], str, str]] = {
        "gross": (lambda days: total("order_fen", days), "paid", "付款额"),
        "net": (lambda days: nw.col(f"net_{days}d"), "sales net of refunds", "扣除退款后的净销售额"),
        "clean": (
            lambda days: nw.col(f"clean_{days}d"),
            "sales net of refunds and of what orders judged fake brought, refunds of them aside (judged over 365 days)",
            "扣除退款及疑似刷单付款后的净销售额(刷单判断覆盖最近365天)",
        ),
    }
    for kind, (sum_over, en, zh) in kinds.items():
        for span, days in SPANS.items():
            least_en, least_zh = ("28 days", "28天") if days < MONTH_DAYS else ("a month", "一个月")
            yield Definition(
                f"monthly_{kind}_{span}_fen",
                Family.TRADE,
                Unit.FEN,
                days,
                (ORDER,) if kind == "gross" else SALES,
                where(TRADES, whole(monthly(sum_over(days), days))),
                f"Mean {en} in a month (30.4375 days) over the last {days} days, or over the history since the first"
                f" order where that is shorter, divided by no less than {least_en}. Whole fen, half to even."
                f" {_NO_ORDER}",
                f"最近{days}天(历史较短时以首单以来为准,除数不少于{least_zh})平均每月(30.4375天)的{zh},取整到分。"
                f"{_NO_ORDER_ZH}",
            )
    for kind, (sum_over, en, zh) in list(kinds.items())[1:]:
        yield Definition(
            f"monthly_{kind}_3m_adjusted_fen",
            Family.SEASON,
            Unit.FEN,
            SEASON_HISTORY_DAYS,
            SALES,
            where(TRADES, whole(monthly(sum_over(QUARTER_DAYS), QUARTER_DAYS) / nw.col("season_index"))),
            f"Mean {en} in a month over the last 91 days, divided by the season's index (see season_index_ratio) where"
            f" fifteen months of history allow it, otherwise by 1. Whole fen. {_NO_ORDER}",
            f"最近91天平均每月的{zh},历史满十五个月时除以季节指数(见 season_index_ratio),否则不调整,取整到分。"
            f"{_NO_ORDER_ZH}",
        )


def _orders(total: DayTotals) -> Iterator[Definition]:
    for days in (28, 90, YEAR_DAYS):
        yield Definition(
            f"order_{days}d_count",
            Family.TRADE,
            Unit.COUNT,
            days,
            (ORDER,),
            where(TRADES, total("order_count", days)),
            f"Orders in the last {days} days. {_NO_ORDER}",
            f"最近{days}天的订单数。{_NO_ORDER_ZH}",
        )
    for days in (28, 90, YEAR_DAYS):
        yield Definition(
            f"active_{days}d_share",
            Family.TRADE,
            Unit.SHARE,
            days,
            (ORDER,),
            where(TRADES, nw.col(f"order_days_{days}d") / number(days)),
            f"Days with at least one order over the last {days} days; days before the first order count as days"
            f" without. {_NO_ORDER}",
            f"最近{days}天中有订单的天数占比,首单之前的天视为无订单。{_NO_ORDER_ZH}",
        )


def _refunds(total: DayTotals) -> Iterator[Definition]:
    for days in (30, 90, 180, YEAR_DAYS):
        paid, refunded = total("order_fen", days), total("refund_fen", days)
        orders = most(total("order_count", days), number(1.0))
        rate = nw.when(paid > 0).then(ratio(refunded, paid)).otherwise((refunded > 0).cast(nw.Float64))
        yield Definition(
            f"refund_{days}d_ratio",
            Family.REFUNDS,
            Unit.RATIO,
            days,
            SALES,
            where(TRADES, rate),
            f"Refunded over paid in the last {days} days, above 1 when more went back than came in. Where nothing was"
            f" paid, 0, or 1 if there were refunds. {_NO_ORDER}",
            f"最近{days}天退款额与付款额之比,退多于收时大于1;无付款时为0,若有退款则为1。{_NO_ORDER_ZH}",
        )
        for kind, column, en, zh in (
            ("return", "return_count", "Refunds with goods sent back", "退货退款"),
            (
                "dispute",
                "dispute_count",
                "Refunds that the buyer disputed through the platform",
                "经平台介入的纠纷退款",
            ),
        ):
            yield Definition(
                f"{kind}_{days}d_ratio",
                Family.REFUNDS,
                Unit.RATIO,
                days,
                SALES,
                where(TRADES, total(column, days) / orders),
                f"{en} over orders in the last {days} days (over 1 where there was no order). {_NO_ORDER}",
                f"最近{days}天{zh}笔数与订单数之比(无订单时除以1)。{_NO_ORDER_ZH}",
            )
    yield Definition(
        "return_365d_count",
        Family.REFUNDS,
        Unit.COUNT,
        YEAR_DAYS,
        (REFUND,),
        where(TRADES, total("return_count", YEAR_DAYS)),
        f"Refunds with goods sent back in the last 365 days. {_NO_ORDER}",
        f"最近365天的退货退款笔数。{_NO_ORDER_ZH}",
    )
    recent, year = (ratio(total("refund_fen", days), total("order_fen", days)) for days in (90, YEAR_DAYS))
    yield Definition(
        "refund_90d_to_365d_ratio",
        Family.REFUNDS,
        Unit.RATIO,
        YEAR_DAYS,
        SALES,
        where(HISTORY >= HALF_YEAR_DAYS, ratio(recent, year)),
        "The refund rate of the last 90 days over that of the last 365; above 1 when refunds grow. Null with less"
        " than 182 days of history, without refunds in 365 days or without payments in 90.",
        "最近90天退款率与最近365天退款率之比,大于1表示退款上升。历史不足182天、365天内无退款或90天内无付款则为空。",
    )


def _hours(total: DayTotals) -> Iterator[Definition]:
    bands = {band: total(f"orders_{band}", YEAR_DAYS) for band in HOUR_BANDS}
    all_bands = reduce(add, bands.values())
    for band, orders in bands.items():
        first = int(band[1:])
        yield Definition(
            f"orders_{band}_365d_share",
            Family.HOURS,
            Unit.SHARE,
            YEAR_DAYS,
            (ORDER,),
            ratio(orders, all_bands),
            f"Share of the last 365 days' orders that were paid from {first}:00 to before {first + 4}:00"
            " (Asia/Shanghai). Null without an order in them.",
            f"最近365天订单中在北京时间{first}点至{first + 4}点之间付款的占比。期间无订单则为空。",
        )
    late = total("orders_h00", 90) + total("orders_h04", 90)
    all_late = reduce(add, (total(f"orders_{band}", 90) for band in HOUR_BANDS))
    yield Definition(
        "night_90d_share",
        Family.HOURS,
        Unit.SHARE,
        90,
        (ORDER,),
        ratio(late, all_late),
        "Share of the last 90 days' orders that were paid between midnight and 8:00 (Asia/Shanghai). Null without an"
        " order in them.",
        "最近90天订单中在北京时间0点至8点之间付款的占比。期间无订单则为空。",
    )
    yield Definition(
        "hour_entropy_365d_ratio",
        Family.HOURS,
        Unit.RATIO,
        YEAR_DAYS,
        (ORDER,),
        nw.col("hour_entropy") / number(LN_6),
        "Entropy of the last 365 days' orders over the six bands of four hours, over the highest one (ln 6): 1 when"
        " orders come at all hours alike, 0 when all come in one band. Null without an order in them.",
        "最近365天订单在六个四小时时段上的熵与最大熵(ln 6)之比:1为全天均匀,0为集中于一个时段。期间无订单则为空。",
    )


def _baskets(total: DayTotals) -> Iterator[Definition]:
    for days in (90, YEAR_DAYS):
        yield Definition(
            f"mean_order_{days}d_fen",
            Family.BASKET,
            Unit.FEN,
            days,
            (ORDER,),
            ratio(total("order_fen", days), total("order_count", days)),
            f"Paid an order over the last {days} days. Null without an order in them.",
            f"最近{days}天的平均订单付款额。期间无订单则为空。",
        )
    recent, year = (ratio(total("order_fen", days), total("order_count", days)) for days in (90, YEAR_DAYS))
    yield Definition(
        "mean_order_90d_to_365d_ratio",
        Family.BASKET,
        Unit.RATIO,
        YEAR_DAYS,
        (ORDER,),
        where(HISTORY >= HALF_YEAR_DAYS, ratio(recent, year)),
        "The mean order of the last 90 days over that of the last 365. Null with less than 182 days of history or"
        " without an order in 90 days.",
        "最近90天平均订单额与最近365天之比。历史不足182天或90天内无订单则为空。",
    )
    items, orders = total("item_count", YEAR_DAYS), total("order_count", YEAR_DAYS)
    yield Definition(
        "items_per_order_365d_ratio",
        Family.BASKET,
        Unit.RATIO,
        YEAR_DAYS,
        (ORDER,),
        ratio(where(items > 0, items), orders),
        "Pieces of goods an order over the last 365 days. Null without an order in them, or where no order says how"
        " many.",
        "最近365天平均每单件数。期间无订单或订单均未说明件数则为空。",
    )
    yield Definition(
        "mean_item_365d_fen",
        Family.BASKET,
        Unit.FEN,
        YEAR_DAYS,
        (ORDER,),
        ratio(total("order_fen", YEAR_DAYS), items),
        "Paid a piece of goods over the last 365 days. Null where no order says how many pieces.",
        "最近365天平均每件付款额。订单均未说明件数则为空。",
    )


def _fakes(total: DayTotals) -> Iterator[Definition]:
    for days in (90, YEAR_DAYS):
        for what, column, en, zh in (
            ("order", "order_count", "Orders judged fake over orders", "疑似刷单订单数与订单数之比"),
            (
                "amount",
                "order_fen",
                "What orders judged fake had paid over all that was paid",
                "疑似刷单付款额与付款额之比",
            ),
        ):
            fake = nw.col(f"fake_{'count' if what == 'order' else 'fen'}_{days}d")
            yield Definition(
                f"fake_{what}_{days}d_share",
                Family.BRUSHING,
                Unit.SHARE,
                days,
                ("order", "refund", "review", "shipment"),
                ratio(fake, total(column, days)),
                f"{en} in the last {days} days. A judgement from signals, never a proof. Null where there was none of"
                " the latter.",
                f"最近{days}天{zh}。依据信号判断,并非证据。分母为零则为空。",
            )


_ENTROPY_PARTS = 1_000_000_000.0


def hour_entropy(totals: Frame) -> Frame:
    """One row a point with an order in 365 days: `hour_entropy` of the bands' counts c, Σ c/N · (ln N − ln c), in nats.

    The terms are rounded to parts of 10⁹, so that their sum is exact.
    """
    names = [f"orders_{band}_{YEAR_DAYS}d" for band in HOUR_BANDS]
    orders = totals.select("point", *names, reduce(add, (nw.col(name) for name in names)).alias("orders"))
    bands = orders.unpivot(names, index=["point", "orders"], variable_name="band", value_name="count")
    # A share's logarithm is the difference of two; a band without an order adds nothing.
    share = ratio(nw.col("count").cast(nw.Float64), nw.col("orders"))
    bands = bands.with_columns(nw.col("count").clip(1, None).alias("counted"), share.alias("share"))
    bands = natural_log(bands, ["counted", "orders"])
    term = nw.col("share") * (nw.col("ln_orders") - nw.col("ln_counted"))
    bands = bands.filter(nw.col("orders") > 0).with_columns(as_integer(term * _ENTROPY_PARTS).alias("term"))
    sums = bands.group_by("point").agg(nw.col("term").sum())
    return sums.select("point", (nw.col("term") * (1.0 / _ENTROPY_PARTS)).alias("hour_entropy"))
