"""How long the merchant is there, and how large it is."""

from __future__ import annotations

from collections.abc import Iterator

import narwhals as nw

from sycee_ingestion.features.arithmetic import Frame, ratio, where
from sycee_ingestion.features.definitions import YEAR_DAYS, DayTotals, Definition, Family, Unit
from sycee_ingestion.features.inputs import age_of
from sycee_ingestion.features.trade import HISTORY, ORDER, TRADES, monthly

ENTERPRISE = 3
"""The contract's number of an enterprise among the kinds of borrower; 0 is not said."""

_KINDS_OF_DAYS = (
    "order_count",
    "refund_count",
    "review_count",
    "parcel_count",
    "settlement_count",
    "traffic_count",
    "social_count",
    "daily_count_count",
)


def trait_facts(points: Frame, traits: Frame) -> Frame:
    """One row a point: what the merchant is, and ages in days; an age below 0 is none."""
    rows = points.join(traits, on="merchant_no", how="inner")
    opened, registered = age_of("opened_on"), age_of("registered_on")
    return rows.select(
        "point",
        "borrower_kind",
        "employee_count",
        "shop_count",
        "platform_count",
        nw.when(opened >= 0).then(opened).alias("shop_age"),
        nw.when(registered >= 0).then(registered).alias("register_age"),
    )


def definitions(total: DayTotals) -> Iterator[Definition]:
    """The features of this module."""
    yield from _history(total)
    yield from _traits()


def _history(total: DayTotals) -> Iterator[Definition]:
    no_order, no_order_zh = "Null without an order before the day.", "此日之前无订单则为空。"
    yield Definition(
        "history_days",
        Family.TENURE,
        Unit.DAYS,
        0,
        (ORDER,),
        HISTORY,
        f"Days between the first day with an order and the day. {no_order}",
        f"首个有订单之日至此日的天数。{no_order_zh}",
    )
    yield Definition(
        "history_months",
        Family.TENURE,
        Unit.MONTHS,
        0,
        (ORDER,),
        nw.col("whole_months"),
        f"Whole months of 30.4375 days in history_days. {no_order}",
        f"history_days 所含的整月数(每月30.4375天)。{no_order_zh}",
    )
    yield Definition(
        "since_last_order_days",
        Family.TENURE,
        Unit.DAYS,
        0,
        (ORDER,),
        nw.col("last_order_age"),
        f"Days between the last day with an order and the day; 1 when yesterday had one. {no_order}",
        f"最近有订单之日至此日的天数,昨日有订单为1。{no_order_zh}",
    )
    kinds = where(total.ever(_KINDS_OF_DAYS[0]) >= 0, (total.ever(_KINDS_OF_DAYS[0]) > 0).cast(nw.Float64))
    for column in _KINDS_OF_DAYS[1:]:
        kinds = kinds + (total.ever(column) > 0).cast(nw.Float64)
    kinds = kinds + (total.ever("sale_invoice_count") + total.ever("purchase_invoice_count") > 0).cast(nw.Float64)
    yield Definition(
        "daily_kind_count",
        Family.TENURE,
        Unit.COUNT,
        0,
        (
            ORDER,
            "refund",
            "review",
            "shipment",
            "settlement",
            "traffic",
            "social_activity",
            "daily_count",
            "invoice",
        ),
        kinds,
        "Kinds of daily events that ever came (orders, refunds, reviews, shipments, settlements, traffic, social"
        " activity, counted payments, invoices): how many sides of the trade are seen. Null where none ever came.",
        "曾收到的日常数据种类数(订单、退款、评价、物流、结算、流量、社交、付款笔数、发票),衡量经营可见面。"
        "从未收到则为空。",
    )


def _traits() -> Iterator[Definition]:
    for name, unit, column, en, zh in (
        ("shop_age_days", Unit.DAYS, "shop_age", "Days since the oldest shop opened", "最早店铺开业以来的天数"),
        (
            "register_age_days",
            Unit.DAYS,
            "register_age",
            "Days since the entry in the business register",
            "工商登记以来的天数",
        ),
        ("employee_count", Unit.COUNT, "employee_count", "People who work there, owner included", "从业人数(含业主)"),
        ("shop_count", Unit.COUNT, "shop_count", "Shops", "店铺数"),
        ("platform_count", Unit.COUNT, "platform_count", "Platforms with a shop", "开店平台数"),
    ):
        yield Definition(
            name,
            Family.TENURE,
            unit,
            0,
            (),
            nw.col(column),
            f"{en}, as it is known now. Null where it is not"
            f" known{', or later than the day' if unit is Unit.DAYS else ''}.",
            f"{zh},按现知信息。未知{'或晚于此日' if unit is Unit.DAYS else ''}则为空。",
        )
    kind = nw.col("borrower_kind")
    yield Definition(
        "enterprise_flag",
        Family.TENURE,
        Unit.FLAG,
        0,
        (),
        where(kind > 0, (kind == ENTERPRISE).cast(nw.Float64)),
        "1 for an enterprise, 0 for a person or sole trader. Null where the legal form is not known.",
        "企业为1,个人或个体工商户为0。法律形式未知则为空。",
    )
    yield Definition(
        "monthly_net_per_employee_12m_fen",
        Family.TENURE,
        Unit.FEN,
        YEAR_DAYS,
        (ORDER, "refund"),
        where(TRADES, ratio(monthly(nw.col(f"net_{YEAR_DAYS}d"), YEAR_DAYS), nw.col("employee_count"))),
        "Mean monthly net sales of the last 365 days (see monthly_net_12m_fen, here not rounded) on each person who"
        " works there. Null without an order, or where the number of people is not known.",
        "最近365天月均净销售额(见 monthly_net_12m_fen,此处未取整)与从业人数之比。无订单或人数未知则为空。",
    )


def whole_months(facts: Frame) -> Frame:
    """Adds `whole_months` of the history: first_order_age over MONTH_DAYS, which is 487/16, cut to a whole number."""
    return facts.with_columns((nw.col("first_order_age") * 16 // 487).alias("whole_months"))
