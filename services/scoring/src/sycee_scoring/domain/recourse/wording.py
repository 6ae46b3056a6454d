"""Steps in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_Texts = tuple[str, str]
_Wording = Callable[[float, float], _Texts]


def _yuan(fen: float) -> str:
    return f"{fen / 100.0:,.0f}"


def _percent(share: float) -> str:
    return f"{100.0 * share:.1f}%"


def _request_less(now: float, then: float) -> _Texts:
    return (
        f"将申请金额由 {_yuan(now)} 元降至 {_yuan(then)} 元",
        f"Ask for CNY {_yuan(then)} instead of CNY {_yuan(now)}",
    )


def _longer_term(now: float, then: float) -> _Texts:
    return f"将期限由 {now:.0f} 个月延长至 {then:.0f} 个月", f"Repay over {then:.0f} months instead of {now:.0f}"


def _shorter_term(now: float, then: float) -> _Texts:
    return f"将期限由 {now:.0f} 个月缩短至 {then:.0f} 个月", f"Repay within {then:.0f} months instead of {now:.0f}"


def _repay_debt(now: float, then: float) -> _Texts:
    return (
        f"将其他贷款余额由 {_yuan(now)} 元还至 {_yuan(then)} 元",
        f"Repay debt elsewhere from CNY {_yuan(now)} down to CNY {_yuan(then)}",
    )


def _use_less_of_lines(now: float, then: float) -> _Texts:
    return (
        f"将已用授信占比由 {_percent(now)} 降至 {_percent(then)}",
        f"Use {_percent(then)} of the credit lines elsewhere instead of {_percent(now)}",
    )


def _stay_without_arrears(now: float, then: float) -> _Texts:
    return (
        f"保持按时还款,直至近24个月内逾期月数由 {now:.0f} 降至 {then:.0f}",
        f"Pay on time until the report's last 24 months hold {then:.0f} months overdue instead of {now:.0f}",
    )


def _refund_less(now: float, then: float) -> _Texts:
    return (
        f"将近180天退款占收款的比例由 {_percent(now)} 降至 {_percent(then)}",
        f"Bring refunds from {_percent(now)} down to {_percent(then)} of what is paid",
    )


def _pay_lower_fees(now: float, then: float) -> _Texts:
    return (
        f"将平台扣费占结算额的比例由 {_percent(now)} 降至 {_percent(then)}",
        f"Bring what platforms keep from {_percent(now)} down to {_percent(then)} of what they settle",
    )


def _keep_trading(now: float, then: float) -> _Texts:
    return (
        f"继续经营 {then - now:.0f} 个月(经营记录由 {now:.0f} 个月增至 {then:.0f} 个月)后再申请",
        f"Keep trading for {then - now:.0f} months, until the record is {then:.0f} months long, and ask then",
    )


def _sell_more(now: float, then: float) -> _Texts:
    return (
        f"将月净销售额由 {_yuan(now)} 元提高至 {_yuan(then)} 元,并保持三个月",
        f"Raise monthly net sales from CNY {_yuan(now)} to CNY {_yuan(then)} and hold that for three months",
    )


WORDING: Final[dict[str, _Wording]] = {
    "REQUEST_LESS": _request_less,
    "LONGER_TERM": _longer_term,
    "SHORTER_TERM": _shorter_term,
    "REPAY_DEBT": _repay_debt,
    "USE_LESS_OF_LINES": _use_less_of_lines,
    "STAY_WITHOUT_ARREARS": _stay_without_arrears,
    "REFUND_LESS": _refund_less,
    "PAY_LOWER_FEES": _pay_lower_fees,
    "KEEP_TRADING": _keep_trading,
    "SELL_MORE": _sell_more,
}
"""Code → its words, from what is and what would be. A code never changes its meaning."""
