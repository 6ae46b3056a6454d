"""Reasons in words. Each is a cause that one of the models found, with the figure that the merchant can check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sycee_scoring.domain.causes import Cause

MAX_REASONS: Final = 4
"""Rule XP-01."""

LEAST_POINTS: Final = 2.0
"""A cause that took less than two score points, a tenth of a doubling of the odds, is no principal reason."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A specific cause. `contribution` in score points: below zero it lowered the score by so much."""

    code: str
    text_zh: str
    text_en: str
    contribution: float


def principal(contributions: list[tuple[float, Cause]]) -> tuple[Reason, ...]:
    """The at most four causes that lowered the score most, worst first; equal ones by code. `contributions` are pairs
    of score points and cause."""
    lowered = [entry for entry in contributions if entry[0] <= -LEAST_POINTS]
    lowered.sort(key=lambda entry: (entry[0], entry[1].code))
    return tuple(_reason(points, cause) for points, cause in lowered[:MAX_REASONS])


def _reason(points: float, cause: Cause) -> Reason:
    text_zh, text_en = TEXTS[cause.code](cause.facts)
    return Reason(cause.code, text_zh, text_en, points)


NO_SALES: Final = Reason(
    "NO_SALES",
    "未收到任何销售记录,无法评估现金流",
    "No sales have been received, so the cash flow cannot be assessed",
    0.0,
)
NO_BUREAU_REPORT: Final = Reason(
    "NO_BUREAU_REPORT", "未收到经营者的征信报告", "No bureau report on the operator has been received", 0.0
)

_Facts = dict[str, float]
_Texts = tuple[str, str]


def _request_heavy(facts: _Facts) -> _Texts:
    share = _percent(facts["value"])
    return (
        f"申请的贷款按期还款约占净销售额的 {share},负担偏重",
        f"Instalments of the loan asked for take about {share} of net sales",
    )


def _debt_elsewhere(facts: _Facts) -> _Texts:
    share = _percent(facts["value"])
    return f"其他贷款的还款约占净销售额的 {share}", f"Debt service on other loans takes about {share} of net sales"


def _sales_falling(facts: _Facts) -> _Texts:
    if facts["value"] >= 0.03 or facts["trend"] >= 0.0:
        drop = _percent(facts["value"])
        return (
            f"近三个月净销售额(季节调整后)比近十二个月均值低 {drop}",
            f"Net sales of the last three months, season allowed for, are {drop} below the mean of twelve months",
        )
    fall = _percent(-facts["trend"])
    return f"周销售额呈下降趋势,折合每年约 {fall}", f"Weekly sales are trending down by about {fall} a year"


def _sales_volatile(facts: _Facts) -> _Texts:
    swing = _percent(facts["volatility"])
    return (
        f"剔除季节和趋势后,周销售额仍波动约 {swing}",
        f"Weekly sales swing by about {swing}, season and trend allowed for",
    )


def _sales_small(facts: _Facts) -> _Texts:
    ten_thousands = facts["value"]
    return (
        f"年净销售额约 {ten_thousands:.1f} 万元,经营规模较小",
        f"The trade is small: net sales of about CNY {ten_thousands * 10_000:,.0f} a year",
    )


def _history_short(facts: _Facts) -> _Texts:
    months, weeks = facts["value"], facts["weeks"]
    return (
        f"经营约 {months:.0f} 个月、仅有 {weeks:.0f} 周销售记录,时间较短",
        f"The record is short: about {months:.0f} months in business and {weeks:.0f} weeks of sales",
    )


def _refunds_high(facts: _Facts) -> _Texts:
    share = _percent(facts["value"])
    return f"近180天退款占收款的 {share}", f"Refunds were {share} of what was paid in the last 180 days"


def _fees_high(facts: _Facts) -> _Texts:
    share = _percent(facts["value"])
    return f"平台扣费占结算额的 {share}", f"Platforms keep {share} of what they settle"


def _trade_stopped(facts: _Facts) -> _Texts:
    weeks = facts["value"]
    return f"最近 {weeks:.0f} 周没有任何销售", f"There has been no sale for {weeks:.0f} weeks"


def _customers_few(facts: _Facts) -> _Texts:
    share = _percent(facts["value"])
    return f"客户集中(赫芬达尔指数 {share})", f"Sales depend on few customers (Herfindahl index {share})"


def _invoices_voided(facts: _Facts) -> _Texts:
    share = _percent(facts["value"])
    return f"近一年 {share} 的销项发票作废", f"{share} of the last year's sales invoices were voided"


def _margin_thin(facts: _Facts) -> _Texts:
    share = _percent(facts["value"])
    return f"近一年进项额为销项额的 {share},毛利偏薄", f"Purchases took {share} of the last year's invoiced sales"


def _no_net_sales(_: _Facts) -> _Texts:
    return "近十二个月扣除退款后没有净销售额", "After refunds there were no net sales in the last twelve months"


def _arrears(facts: _Facts) -> _Texts:
    months, worst = facts["months"], facts["worst"]
    return (
        f"征信报告显示近24个月有 {months:.0f} 个月逾期,最长逾期 {worst:.0f} 个月",
        f"The bureau report shows {months:.0f} months overdue in the last 24, at worst {worst:.0f} months in arrears",
    )


def _lines_used(facts: _Facts) -> _Texts:
    share = _percent(facts["value"])
    return f"已用授信占授信总额的 {share}", f"{share} of the credit lines elsewhere are used"


def _enquiries_many(facts: _Facts) -> _Texts:
    count = facts["value"]
    return f"近三个月被查询征信 {count:.0f} 次", f"Lenders made {count:.0f} bureau enquiries in the last three months"


def _public_records(facts: _Facts) -> _Texts:
    count = facts["value"]
    return f"征信报告载有 {count:.0f} 条公共记录", f"The bureau report lists {count:.0f} public records"


def _repaid_late(facts: _Facts) -> _Texts:
    days = facts["value"]
    return f"以往贷款最长逾期 {days:.0f} 天", f"An earlier loan here was repaid up to {days:.0f} days late"


def _employees_few(facts: _Facts) -> _Texts:
    count = facts["value"]
    return f"从业人数较少({count:.0f} 人)", f"Few people work in the business ({count:.0f})"


def _business_new(_: _Facts) -> _Texts:
    return "开业不足两年", "The business opened less than two years ago"


def _goods_risky(_: _Facts) -> _Texts:
    return (
        "所售商品类目的小企业贷款历史违约率高于零售业平均",
        "Small-business loans to sellers of this category of goods default more often than those to retail as a whole",
    )


def _percent(share: float) -> str:
    return f"{100.0 * share:.0f}%"


TEXTS: Final[dict[str, Callable[[_Facts], _Texts]]] = {
    "REQUEST_HEAVY": _request_heavy,
    "DEBT_SERVICE_ELSEWHERE": _debt_elsewhere,
    "SALES_FALLING": _sales_falling,
    "SALES_VOLATILE": _sales_volatile,
    "SALES_SMALL": _sales_small,
    "HISTORY_SHORT": _history_short,
    "REFUNDS_HIGH": _refunds_high,
    "PLATFORM_FEES_HIGH": _fees_high,
    "TRADE_STOPPED": _trade_stopped,
    "CUSTOMERS_FEW": _customers_few,
    "INVOICES_VOIDED": _invoices_voided,
    "MARGIN_THIN": _margin_thin,
    "NO_NET_SALES": _no_net_sales,
    "ARREARS": _arrears,
    "CREDIT_LINES_USED_UP": _lines_used,
    "ENQUIRIES_MANY": _enquiries_many,
    "PUBLIC_RECORDS": _public_records,
    "REPAID_LATE_BEFORE": _repaid_late,
    "EMPLOYEES_FEW": _employees_few,
    "BUSINESS_NEW": _business_new,
    "GOODS_RISKY": _goods_risky,
}
"""Code → its words. A code never changes its meaning."""
