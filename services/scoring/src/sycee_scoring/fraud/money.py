"""Mule patterns: money that comes, or goes, where it does not belong."""

from __future__ import annotations

import math
import statistics

from sycee_scoring.fraud.evidence import Trade
from sycee_scoring.fraud.judgement import (
    HOUSEHOLD,
    INFLOW_FEN,
    INFLOW_FLOOR_FEN,
    INFLOW_FREE,
    INFLOW_MONTHS,
    INFLOW_WEEKS,
    MULE_FREE,
    MULE_HALF,
    PAYOUT_FREE,
    PAYOUT_MOST,
)
from sycee_scoring.fraud.surroundings import Kind, Surroundings


def strangers_on_account(around: Surroundings) -> int:
    """Distinct operators, other than the applicant's, whose merchants are paid to the same account and share no
    operator, licence or phone with it.

    0 where the applicant's operator is not known: silence does not prove them unrelated.
    """
    if not around.operator_known:
        return 0
    others = {
        member.operator
        for member in around.members
        if member.operator is not None
        and any(shared.kind is Kind.ACCOUNT for shared in member.shared)
        and not any(shared.kind in HOUSEHOLD for shared in member.shared)
    }
    return len(others - around.operators)


def mule_strength(strangers: int) -> float:
    """0 to 1: one stranger may be a spouse or a bookkeeper, three are hardly so."""
    return saturated((strangers - MULE_FREE) / MULE_HALF)


def sudden_inflow(trade: Trade | None) -> tuple[float, float]:
    """Strength 0 to 1, and the least of a young shop's last two weeks over the mean of those before."""
    if trade is None or trade.months_of_history > INFLOW_MONTHS or len(trade.weekly_net_fen) < INFLOW_WEEKS:
        return 0.0, 0.0
    least_fen = min(trade.weekly_net_fen[-INFLOW_WEEKS:])
    before = trade.weekly_net_fen[:-INFLOW_WEEKS] or (0,)
    ratio = least_fen / max(INFLOW_FLOOR_FEN, statistics.fmean(before))
    if least_fen < INFLOW_FEN or ratio <= INFLOW_FREE:
        return 0.0, max(0.0, ratio)
    return saturated(math.log2(ratio / INFLOW_FREE)), ratio


def payouts_over_sales(ratio: float | None) -> tuple[float, float]:
    """Strength 0 to 1, and payouts over sales, at most 100, from sales over payouts (negative where more came back)."""
    if ratio is None:
        return 0.0, 0.0
    times = PAYOUT_MOST if ratio <= 1.0 / PAYOUT_MOST else 1.0 / ratio
    return saturated((times - PAYOUT_FREE) / PAYOUT_FREE), times


def saturated(amount: float) -> float:
    """1 - exp(-amount) from 0 up; 0 below."""
    return -math.expm1(-amount) if amount > 0.0 else 0.0
