"""Refund loops: paid, refunded in full without the goods coming back, and bought again by the same buyer."""

from __future__ import annotations

import numpy as np

from sycee_ingestion.brushing.details import Trade
from sycee_ingestion.brushing.grouping import sizes
from sycee_ingestion.brushing.signals import Evidence, ramp

WHOLE_SHARE = 0.95
"""A refund of 95 % of what was paid is one of all: postage or a coupon may stay behind."""

LOOPS = (1, 4)
"""Such orders of one buyer, where the evidence begins and where it is full: anybody cancels once, few do four times."""

LOOPED_SHARE = (0.2, 0.5)
"""Of a buyer's orders: a firm that orders every day has a few refunds in a year, an account that loops has little else.
(Judgement.)"""

FEWEST_REFUNDS = 10
"""So many whole refunds of buyers who did it once, and never a return among them: returns are not recorded."""


def refund_loops(trade: Trade) -> Evidence:
    """Orders whose buyer is refunded in full, without a return or a dispute, again and again."""
    whole = (trade.fen > 0) & (trade.refunded_fen >= WHOLE_SHARE * trade.fen)
    known = trade.buyer >= 0
    kept = whole & known & ~trade.returned & ~trade.disputed
    rounds = sizes(np.where(kept, trade.buyer, -1))
    once = whole & known & (sizes(np.where(whole, trade.buyer, -1)) == 1)
    if once.sum() >= FEWEST_REFUNDS and not trade.returned.any():
        return Evidence.none(trade.count)
    looped = ramp(rounds / np.maximum(sizes(trade.buyer), 1), *LOOPED_SHARE)
    return Evidence.of(np.where(kept, ramp(rounds, *LOOPS) * looped, 0.0), known)
