"""Owing less elsewhere, and leaving arrears behind."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Final

from sycee_scoring.domain.evidence import BureauReport, Evidence, Trade
from sycee_scoring.domain.recourse.action import DAYS_PER_MONTH, RUNGS, Action

REPAY_COST: Final = 0.4
"""For all that is owed, and"""

REPAY_COST_A_MONTH_OF_SALES: Final = 0.2
"""for each month of net sales that repaying takes."""

LEAST_UTILISATION: Final = 0.1
DRAW_LESS_OF_REPAY: Final = 0.6
"""What is drawn less can be drawn again."""

BUREAU_DAYS: Final = 30
"""Lenders report to the bureau every month."""

ARREARS_MONTHS: Final = 24
ARREARS_COST_A_MONTH: Final = 0.04


def _repay_cost(fen: float, report: BureauReport, trade: Trade | None) -> float:
    of_sales = fen / trade.monthly_net_12m_fen if trade is not None and trade.monthly_net_12m_fen > 0 else 0.0
    return REPAY_COST * fen / report.outstanding_fen + REPAY_COST_A_MONTH_OF_SALES * of_sales


def repay(report: BureauReport, trade: Trade | None) -> Action | None:
    """Debt that is served is repaid: what is owed and the instalments fall alike."""
    owed, service = report.outstanding_fen, report.monthly_debt_service_fen
    if owed <= 0 or service <= 0:
        return None
    rungs = min(RUNGS, owed)

    def left(rung: int) -> int:
        return owed * (rungs - rung) // rungs

    def take(merchant: Evidence, rung: int) -> Evidence:
        return _with_bureau(
            merchant, outstanding_fen=left(rung), monthly_debt_service_fen=service * (rungs - rung) // rungs
        )

    return Action(
        "REPAY_DEBT",
        "outstanding_fen",
        rungs,
        lambda rung: float(left(rung)),
        take,
        lambda rung: _repay_cost(owed - left(rung), report, trade),
        lambda _: BUREAU_DAYS,
    )


def draw_less(report: BureauReport, trade: Trade | None) -> Action | None:
    """Debt without instalments is drawn on lines, and can be drawn less."""
    owed, lines = report.outstanding_fen, report.credit_lines_fen
    least = round(LEAST_UTILISATION * lines)
    if report.monthly_debt_service_fen > 0 or lines <= 0 or owed <= least:
        return None
    rungs = min(RUNGS, owed - least)

    def left(rung: int) -> int:
        return owed - (owed - least) * rung // rungs

    return Action(
        "USE_LESS_OF_LINES",
        "utilisation",
        rungs,
        lambda rung: left(rung) / lines,
        lambda merchant, rung: _with_bureau(merchant, outstanding_fen=left(rung)),
        lambda rung: DRAW_LESS_OF_REPAY * _repay_cost(owed - left(rung), report, trade),
        lambda _: BUREAU_DAYS,
    )


def stay_without_arrears(report: BureauReport) -> Action | None:
    """Months overdue fall out of the report's 24 months, one after the other. When they were is not known: they count
    as just past and in a row, which is the longest that it can take. The worst of them is gone when all are."""
    months, worst = report.months_overdue_24m, report.worst_overdue_24m
    overdue = max(months, 1 if worst else 0)
    if overdue < 1:
        return None

    def days(rung: int) -> int:
        return math.ceil(DAYS_PER_MONTH * max(ARREARS_MONTHS - (overdue - rung), 1))

    def take(merchant: Evidence, rung: int) -> Evidence:
        if rung == 0:
            return merchant
        left = overdue - rung
        return _with_bureau(merchant, months_overdue_24m=left, worst_overdue_24m=worst if left else 0)

    return Action(
        "STAY_WITHOUT_ARREARS",
        "months_overdue_24m" if months else "worst_overdue_24m",
        overdue,
        lambda rung: float(overdue - rung) if rung else float(months or worst),
        take,
        lambda rung: ARREARS_COST_A_MONTH * days(rung) / DAYS_PER_MONTH,
        days,
    )


def _with_bureau(merchant: Evidence, **changes: Any) -> Evidence:
    return merchant if merchant.bureau is None else replace(merchant, bureau=replace(merchant.bureau, **changes))
