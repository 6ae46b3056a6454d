"""What is noted of a merchant when it is scored: the quantities that the models read, as plain numbers.

Amounts are ratios or logarithms of yuan; nothing names a person. What is missing is NaN, never zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from sycee_scoring.domain import application, bureau, structural
from sycee_scoring.domain.evidence import BureauReport, Evidence, Repayments, Trade, Traits
from sycee_scoring.domain.goods import GOODS, goods_of_category

Of = Callable[[Evidence], float]


def _of_trade(measure: Callable[[Trade], float]) -> Of:
    return lambda evidence: math.nan if evidence.trade is None else measure(evidence.trade)


def _of_bureau(measure: Callable[[BureauReport], float]) -> Of:
    return lambda evidence: math.nan if evidence.bureau is None else measure(evidence.bureau)


def _of_repayments(measure: Callable[[Repayments], float]) -> Of:
    return lambda evidence: math.nan if evidence.repayments is None else measure(evidence.repayments)


def _of_traits(measure: Callable[[Traits], float]) -> Of:
    return lambda evidence: math.nan if evidence.traits is None else measure(evidence.traits)


def _log_yuan(fen: int) -> float:
    return math.log1p(max(fen, 0) / 100.0)


def _level(trade: Trade) -> float:
    """The last three months over the last twelve."""
    twelve = trade.monthly_net_12m_fen
    return min(trade.monthly_net_3m_adjusted_fen / twelve, 10.0) if twelve > 0 else math.nan


def _utilisation(report: BureauReport) -> float:
    used = bureau.utilisation(report)
    return math.nan if used is None else used


def _years_open(evidence: Evidence) -> float:
    opened = None if evidence.traits is None else evidence.traits.opened_on
    return math.nan if opened is None else (evidence.day - opened).days / 365.25


def _goods(traits: Traits) -> float:
    """The place of the goods in the list of `domain.goods`: a name, not a size; drift counts each by itself."""
    goods = goods_of_category(traits.category)
    return math.nan if goods is None else float(GOODS.index(goods))


def _requested_months(evidence: Evidence) -> float:
    """The loan asked for over a month's sales."""
    sales = 0 if evidence.trade is None else evidence.trade.monthly_net_12m_fen
    return min(evidence.loan.amount_fen / sales, 1e4) if sales > 0 else math.nan


_STRUCTURAL: Final[Mapping[str, Of]] = {
    "sales_log": _of_trade(lambda trade: _log_yuan(trade.monthly_net_12m_fen)),
    "sales_level": _of_trade(_level),
    "sales_weeks": _of_trade(lambda trade: float(len(trade.weekly_net_fen))),
    "months_of_history": _of_trade(lambda trade: float(trade.months_of_history)),
    "refund_rate": _of_trade(lambda trade: trade.refund_rate),
    "fee_share": lambda evidence: math.nan if evidence.fee_share is None else evidence.fee_share,
    "debt_service_log": _of_bureau(lambda report: _log_yuan(report.monthly_debt_service_fen)),
    "requested_months": _requested_months,
    "term_months": lambda evidence: float(evidence.loan.term_months),
}
_APPLICATION: Final[Mapping[str, Of]] = {
    "employees": _of_traits(lambda traits: math.nan if traits.employee_count is None else float(traits.employee_count)),
    "years_open": _years_open,
    "goods": _of_traits(_goods),
}
_BUREAU: Final[Mapping[str, Of]] = {
    "utilisation": _of_bureau(_utilisation),
    "months_overdue_24m": _of_bureau(lambda report: float(report.months_overdue_24m)),
    "worst_overdue_24m": _of_bureau(lambda report: float(report.worst_overdue_24m)),
    "enquiries_3m": _of_bureau(lambda report: float(report.enquiries_3m)),
    "public_records": _of_bureau(lambda report: float(report.public_records)),
    "repayment_count": _of_repayments(lambda repaid: float(repaid.repayment_count)),
    "worst_days_past_due": _of_repayments(lambda repaid: float(repaid.worst_days_past_due)),
}
_DATA: Final[Mapping[str, Of]] = {"quality": lambda evidence: evidence.quality}

READERS: Final[Mapping[str, Of]] = {**_STRUCTURAL, **_APPLICATION, **_BUREAU, **_DATA}

NAMES: Final = tuple(READERS)
"""Names of what is noted, in the order of the numbers."""

READ_BY: Final[Mapping[str, tuple[str, ...]]] = {
    structural.NAME: tuple(_STRUCTURAL),
    application.NAME: tuple(_APPLICATION),
    bureau.NAME: tuple(_BUREAU),
    "combination": NAMES,
}
"""What each component reads of it."""


def features_of(evidence: Evidence) -> list[float]:
    """The numbers of a merchant, in the order of `NAMES`. About ten microseconds."""
    return [read(evidence) for read in READERS.values()]
