"""Running the shop otherwise: fewer refunds, lower fees, more sales, or the same for longer."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from sycee_scoring.domain.cashflow import MAX_WEEKS
from sycee_scoring.domain.evidence import Evidence, Trade
from sycee_scoring.domain.recourse.action import DAYS_PER_MONTH, RUNGS, Action

REFUND_FLOOR: Final = 0.5
"""Of what is refunded, at the least; from `REFUND_LEAST` down there is nothing to mend."""

REFUND_LEAST: Final = 0.02
REFUND_COST: Final = 0.3
"""For halving it."""

REFUND_DAYS: Final = 180
"""The window of the rate: all of it must be lived through at the floor."""

FEE_FLOOR: Final = 0.7
FEE_LEAST: Final = 0.01
FEE_COST: Final = 0.25
"""For coming down to the floor."""

FEE_DAYS: Final = 365

WAIT_MONTHS: Final = 12
WAIT_COST_A_MONTH: Final = 0.06
REPLAYED_WEEKS: Final = 13

MOST_GROWTH_PERCENT: Final = 20
GROWTH_STEP_PERCENT: Final = 2
LEAST_SALES_FEN: Final = 10_000
"""Of a month: where it sells less there is nothing that could grow."""

GROWTH_COST: Final = 0.6
"""For a fifth more."""

GROWTH_WEEKS: Final = 13
GROWTH_DAYS: Final = 90


def refund_less(trade: Trade) -> Action | None:
    """Fewer refunds, down to half."""
    rate = trade.refund_rate
    if rate <= REFUND_LEAST:
        return None

    def value(rung: int) -> float:
        return rate * (1.0 - (1.0 - REFUND_FLOOR) * rung / RUNGS)

    return Action(
        "REFUND_LESS",
        "refund_rate_180d",
        RUNGS,
        value,
        lambda merchant, rung: _with_trade(merchant, refund_rate=value(rung)),
        lambda rung: REFUND_COST * rung / RUNGS,
        lambda rung: math.ceil(REFUND_DAYS * rung / RUNGS),
    )


def pay_lower_fees(share: float) -> Action | None:
    """Cheaper platforms or advertising, down to seven tenths of the fees."""
    if share <= FEE_LEAST:
        return None

    def value(rung: int) -> float:
        return share * (1.0 - (1.0 - FEE_FLOOR) * rung / RUNGS)

    return Action(
        "PAY_LOWER_FEES",
        "fee_share",
        RUNGS,
        value,
        lambda merchant, rung: replace(merchant, fee_share=value(rung)),
        lambda rung: FEE_COST * rung / RUNGS,
        lambda rung: math.ceil(FEE_DAYS * rung / RUNGS),
    )


def keep_trading(trade: Trade) -> Action:
    """The same, up to a year later: a longer record."""
    return Action(
        "KEEP_TRADING",
        "months_of_history",
        WAIT_MONTHS,
        lambda rung: float(trade.months_of_history + rung),
        _later,
        lambda rung: WAIT_COST_A_MONTH * rung,
        lambda rung: math.ceil(DAYS_PER_MONTH * rung),
        steady=False,
    )


def _later(merchant: Evidence, months: int) -> Evidence:
    """The same merchant so many months on, its trade gone on as in the last three months and its report renewed."""
    trade = merchant.trade
    if trade is None or months == 0:
        return merchant
    passed = timedelta(days=math.ceil(DAYS_PER_MONTH * months))
    kept = max(min(trade.months_of_history + months, 12) - months, 0)
    mean = (kept * trade.monthly_net_12m_fen + months * trade.monthly_net_3m_adjusted_fen) / (kept + months)
    newest = trade.weekly_net_fen[-REPLAYED_WEEKS:]
    count = passed.days // 7
    added = (newest * math.ceil(count / len(newest)))[:count] if newest else ()
    bureau = merchant.bureau
    return replace(
        merchant,
        as_of=merchant.as_of + passed,
        day=merchant.day + passed,
        trade=replace(
            trade,
            months_of_history=trade.months_of_history + months,
            monthly_net_12m_fen=round(mean),
            weekly_net_fen=(*trade.weekly_net_fen, *added)[-MAX_WEEKS:],
        ),
        bureau=replace(bureau, report_date=bureau.report_date + passed) if bureau is not None else None,
    )


def sell_more(trade: Trade) -> Action | None:
    """Up to a fifth more than of late, for three months: modest, for growth is no one's to promise."""
    if trade.monthly_net_12m_fen <= 0 or trade.monthly_net_3m_adjusted_fen < LEAST_SALES_FEN:
        return None

    def take(merchant: Evidence, rung: int) -> Evidence:
        """So much more than now in each of the three months to come, which take the place of the newest ones."""
        was, more = merchant.trade, _growth(rung)
        if was is None or rung == 0:
            return merchant
        share = min(3.0 / max(min(was.months_of_history, 12), 3), 1.0)
        old, new = was.weekly_net_fen[:-GROWTH_WEEKS], was.weekly_net_fen[-GROWTH_WEEKS:]
        return _with_trade(
            merchant,
            monthly_net_3m_adjusted_fen=round(was.monthly_net_3m_adjusted_fen * (1.0 + more)),
            monthly_net_12m_fen=round(was.monthly_net_12m_fen + share * more * was.monthly_net_3m_adjusted_fen),
            weekly_net_fen=(*old, *(round(week * (1.0 + more)) for week in new)),
        )

    return Action(
        "SELL_MORE",
        "monthly_net_3m_fen",
        MOST_GROWTH_PERCENT // GROWTH_STEP_PERCENT,
        lambda rung: float(round(trade.monthly_net_3m_adjusted_fen * (1.0 + _growth(rung)))),
        take,
        lambda rung: GROWTH_COST * _growth(rung) / _growth(MOST_GROWTH_PERCENT // GROWTH_STEP_PERCENT),
        lambda _: GROWTH_DAYS,
        steady=False,
    )


def _growth(rung: int) -> float:
    return rung * GROWTH_STEP_PERCENT / 100.0


def _with_trade(merchant: Evidence, **changes: Any) -> Evidence:
    return merchant if merchant.trade is None else replace(merchant, trade=replace(merchant.trade, **changes))
