"""Invoices, and sources that only count a day's payments."""

from __future__ import annotations

from collections.abc import Iterator

import narwhals as nw

from sycee_ingestion.features.arithmetic import least, most, number, ratio, where, whole
from sycee_ingestion.features.definitions import (
    HALF_YEAR_DAYS,
    MONTH_DAYS,
    QUARTER_DAYS,
    YEAR_DAYS,
    DayTotals,
    Definition,
    Family,
    Unit,
)
from sycee_ingestion.features.rhythm import LEAST_WEEKS
from sycee_ingestion.features.weekly import HALF_YEAR_WEEKS, YEAR_WEEKS, coefficient_of_variation, log_slope

INVOICE, DAILY_COUNT = "invoice", "daily_count"

_SIDES = {"sale": ("sale", "销项"), "purchase": ("purchase", "进项")}

_HISTORY = nw.col("first_invoice_age")
"""Days between the first day with a sales invoice and the point; null without one."""


def definitions(total: DayTotals) -> Iterator[Definition]:
    """The features of this module."""
    yield from _levels(total)
    yield from _defects(total)
    yield from _against(total)
    yield from _regularity()
    yield from _payments(total)


def _any(total: DayTotals) -> nw.Expr:
    counts = [total.ever(f"{side}_{kind}_count") for side in _SIDES for kind in ("invoice", "red", "void")]
    some = counts[0] > 0
    for count in counts[1:]:
        some = some | (count > 0)
    return some


def _levels(total: DayTotals) -> Iterator[Definition]:
    for side, (en, zh) in _SIDES.items():
        yield Definition(
            f"{side}_invoice_365d_count",
            Family.INVOICES,
            Unit.COUNT,
            YEAR_DAYS,
            (INVOICE,),
            where(_any(total), total(f"{side}_invoice_count", YEAR_DAYS)),
            f"Invoices of {en}s in the last 365 days, red-letter ones among them, voided ones left out. Null where"
            " there was never an invoice.",
            f"最近365天{zh}发票张数,含红字,不含作废。从未有发票则为空。",
        )
        yield Definition(
            f"{side}_invoiced_365d_fen",
            Family.INVOICES,
            Unit.FEN,
            YEAR_DAYS,
            (INVOICE,),
            where(_any(total), total(f"{side}_net_fen", YEAR_DAYS)),
            f"Invoiced {en}s without tax in the last 365 days, red-letter invoices taken off. Null where there was"
            " never an invoice.",
            f"最近365天{zh}发票不含税金额,已扣红字。从未有发票则为空。",
        )
    for span, days in (("3m", QUARTER_DAYS), ("12m", YEAR_DAYS)):
        within = most(least(_HISTORY, number(days)), number(MONTH_DAYS))
        yield Definition(
            f"monthly_invoiced_{span}_fen",
            Family.INVOICES,
            Unit.FEN,
            days,
            (INVOICE,),
            where(~_HISTORY.is_null(), whole(total("sale_net_fen", days) * MONTH_DAYS / within)),
            f"Mean invoiced sales without tax in a month (30.4375 days) over the last {days} days, or since the first"
            " sales invoice where that is shorter, divided by no less than a month. Whole fen. Null without a sales"
            " invoice.",
            f"最近{days}天(历史较短时以首张销项发票以来为准,除数不少于一个月)平均每月的不含税开票额,取整到分。"
            "无销项发票则为空。",
        )


def _defects(total: DayTotals) -> Iterator[Definition]:
    for kind, en, zh in (("red", "Red-letter invoices", "红字发票"), ("void", "Voided invoices", "作废发票")):
        yield Definition(
            f"{kind}_invoice_365d_count",
            Family.INVOICES,
            Unit.COUNT,
            YEAR_DAYS,
            (INVOICE,),
            where(_any(total), total(f"sale_{kind}_count", YEAR_DAYS) + total(f"purchase_{kind}_count", YEAR_DAYS)),
            f"{en} in the last 365 days, of sales and purchases. Null where there was never an invoice.",
            f"最近365天销项与进项{zh}张数。从未有发票则为空。",
        )
    for side, (en, zh) in _SIDES.items():
        valid, void = total(f"{side}_invoice_count", YEAR_DAYS), total(f"{side}_void_count", YEAR_DAYS)
        yield Definition(
            f"{side}_void_365d_share",
            Family.INVOICES,
            Unit.SHARE,
            YEAR_DAYS,
            (INVOICE,),
            ratio(void, valid + void),
            f"Share of the last 365 days' {en} invoices that were voided. Null without such an invoice.",
            f"最近365天{zh}发票中作废的占比。无{zh}发票则为空。",
        )
        net, red = total(f"{side}_net_fen", YEAR_DAYS), total(f"{side}_red_fen", YEAR_DAYS)
        yield Definition(
            f"{side}_red_365d_ratio",
            Family.INVOICES,
            Unit.RATIO,
            YEAR_DAYS,
            (INVOICE,),
            ratio(red, net + red),
            f"What red-letter invoices took off over the {en}s invoiced before that, without tax, in the last 365"
            " days; above 1 when more was taken off. Null without such sums.",
            f"最近365天{zh}红字冲减额与冲减前不含税金额之比。无金额则为空。",
        )


def _against(total: DayTotals) -> Iterator[Definition]:
    sales, purchases = total("sale_net_fen", YEAR_DAYS), total("purchase_net_fen", YEAR_DAYS)
    yield Definition(
        "purchases_to_sales_365d_ratio",
        Family.INVOICES,
        Unit.RATIO,
        YEAR_DAYS,
        (INVOICE,),
        where(total.ever("purchase_invoice_count") > 0, ratio(purchases, sales)),
        "Invoiced purchases over invoiced sales, without tax, in the last 365 days. Null without invoiced sales in"
        " them, or where there was never a purchase invoice.",
        "最近365天不含税进项额与销项额之比。期间销项额不大于零或从未有进项发票则为空。",
    )
    sold = total("order_fen", YEAR_DAYS) - total("refund_fen", YEAR_DAYS)
    yield Definition(
        "invoiced_to_sales_365d_ratio",
        Family.INVOICES,
        Unit.RATIO,
        YEAR_DAYS,
        ("order", "refund", INVOICE),
        where(total.ever("sale_invoice_count") > 0, ratio(sales + total("sale_tax_fen", YEAR_DAYS), sold)),
        "Invoiced sales with tax over platform sales net of refunds, in the last 365 days; low where buyers ask for"
        " no invoices. Null without net sales in them, or where there was never a sales invoice.",
        "最近365天含税开票额与平台净销售额之比,买家少索票时偏低。期间净销售额不大于零或从未有销项发票则为空。",
    )
    yield Definition(
        "sale_tax_365d_ratio",
        Family.INVOICES,
        Unit.RATIO,
        YEAR_DAYS,
        (INVOICE,),
        ratio(total("sale_tax_fen", YEAR_DAYS), sales),
        "Tax over invoiced sales without tax in the last 365 days. Null without invoiced sales in them.",
        "最近365天销项税额与不含税销项额之比。期间销项额不大于零则为空。",
    )
    yield Definition(
        "invoiced_3m_to_12m_ratio",
        Family.INVOICES,
        Unit.RATIO,
        YEAR_DAYS,
        (INVOICE,),
        where(
            _HISTORY >= HALF_YEAR_DAYS,
            ratio(
                total("sale_net_fen", QUARTER_DAYS) / number(QUARTER_DAYS), sales / least(_HISTORY, number(YEAR_DAYS))
            ),
        ),
        "Invoiced sales a day of the last 91 days over those of the last 365, or since the first sales invoice where"
        " that is shorter. Null with less than 182 days since, or without invoiced sales.",
        "最近91天日均开票额与最近365天(历史较短时为首张销项发票以来)之比。不足182天或无开票额则为空。",
    )
    yield Definition(
        "invoiced_12m_year_on_year_ratio",
        Family.INVOICES,
        Unit.RATIO,
        2 * YEAR_DAYS,
        (INVOICE,),
        where(_HISTORY >= 2 * YEAR_DAYS, ratio(sales, total("sale_net_fen", YEAR_DAYS, YEAR_DAYS))),
        "Invoiced sales of the last 365 days over those of the 365 days before. Null with less than 730 days since"
        " the first sales invoice, or without invoiced sales in the latter.",
        "最近365天开票额与此前365天之比。首张销项发票不足730天或此前无开票额则为空。",
    )


def _regularity() -> Iterator[Definition]:
    yield Definition(
        "invoice_days_365d_count",
        Family.INVOICES,
        Unit.COUNT,
        YEAR_DAYS,
        (INVOICE,),
        where(~_HISTORY.is_null(), nw.col("invoice_days_365d")),
        "Days with a sales invoice in the last 365. Null without a sales invoice.",
        "最近365天中有销项发票的天数。无销项发票则为空。",
    )
    yield Definition(
        "longest_invoice_gap_365d_days",
        Family.INVOICES,
        Unit.DAYS,
        YEAR_DAYS,
        (INVOICE,),
        nw.col("invoice_longest_gap"),
        "The most whole days in a row without a sales invoice in the last 365, the days since the last one among"
        " them; what lies before the first one of the window does not count. Null without a sales invoice in them.",
        "最近365天内连续无销项发票的最长天数,包括末张以来,不计期间首张之前。期间无销项发票则为空。",
    )
    yield Definition(
        "since_last_invoice_days",
        Family.INVOICES,
        Unit.DAYS,
        0,
        (INVOICE,),
        nw.col("last_invoice_age"),
        "Days since the last sales invoice. Null without one.",
        "距最近一张销项发票的天数。无销项发票则为空。",
    )


def _payments(total: DayTotals) -> Iterator[Definition]:
    history = nw.col("first_payment_age")
    for days in (28, 90, YEAR_DAYS):
        yield Definition(
            f"payments_per_day_{days}d_count",
            Family.PAYMENTS,
            Unit.COUNT,
            days,
            (DAILY_COUNT,),
            where(~history.is_null(), total("payment_count", days) / least(history, number(days))),
            f"Payments a day over the last {days} days, or since the first day that was told of where that is shorter,"
            " by sources that only count them. Null where there is none.",
            f"仅报送笔数的来源中,最近{days}天(历史较短时为首次报送以来)日均付款笔数。无此类来源则为空。",
        )
    yield Definition(
        "payment_days_90d_share",
        Family.PAYMENTS,
        Unit.SHARE,
        90,
        (DAILY_COUNT,),
        where(~history.is_null(), nw.col("payment_days_90d") / least(history, number(90))),
        "Share of the last 90 days, or of those since the first day that was told of, with a counted payment. Null"
        " where there is no such source.",
        "最近90天(历史较短时为首次报送以来)中有付款笔数的天数占比。无此类来源则为空。",
    )
    yield Definition(
        "payments_3m_year_on_year_ratio",
        Family.PAYMENTS,
        Unit.RATIO,
        QUARTER_DAYS + YEAR_DAYS,
        (DAILY_COUNT,),
        where(
            history >= QUARTER_DAYS + YEAR_DAYS,
            ratio(total("payment_count", QUARTER_DAYS), total("payment_count", QUARTER_DAYS, YEAR_DAYS)),
        ),
        "Counted payments of the last 91 days over those of the same 91 days a year before. Null with less than 456"
        " days since the first day told of, or where there were none a year before.",
        "最近91天付款笔数与上年同期之比。首次报送不足456天或上年同期为零则为空。",
    )
    for weeks in (HALF_YEAR_WEEKS, YEAR_WEEKS):
        enough = nw.col(f"payments_n_{weeks}") >= LEAST_WEEKS
        yield Definition(
            f"weekly_payments_log_slope_{weeks}w_ratio",
            Family.PAYMENTS,
            Unit.RATIO,
            7 * weeks,
            (DAILY_COUNT,),
            where(enough, log_slope("payments", weeks)),
            f"Growth a week of counted payments as a logarithm, as weekly_net_log_slope_{weeks}w_ratio measures sales."
            f" Null with fewer than {LEAST_WEEKS} whole weeks or without payments.",
            f"付款笔数的每周对数增长,算法同 weekly_net_log_slope_{weeks}w_ratio。"
            f"完整周不足{LEAST_WEEKS}个或无付款则为空。",
        )
        yield Definition(
            f"weekly_payments_variation_{weeks}w_ratio",
            Family.PAYMENTS,
            Unit.RATIO,
            7 * weeks,
            (DAILY_COUNT,),
            where(enough, coefficient_of_variation("payments", weeks)),
            f"Coefficient of variation of weekly counted payments over the last {weeks} whole weeks. Null with fewer"
            f" than {LEAST_WEEKS} whole weeks or without payments.",
            f"最近{weeks}个完整周付款笔数的变异系数。完整周不足{LEAST_WEEKS}个或无付款则为空。",
        )
