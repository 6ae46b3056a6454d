"""Regular customers: the shop's own measure of what is ordinary.

Who brushes uses accounts made or hired for it, so the customers who came back over weeks are, as a group, honest. What
a campus, a carrier without scales or a fashion of pasted praise does to a shop, it does to them as to anybody; what
brushing does, it does to others.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sycee_ingestion.brushing.details import DAY_S, Trade
from sycee_ingestion.brushing.grouping import first_and_last, touched
from sycee_ingestion.brushing.signals import STANDINGS, Evidence, Flags, Signal

BACK_AFTER_S = 28 * DAY_S
"""A buyer whose first and last orders lie so far apart came back. Brushing comes in campaigns. (Judgement.)"""

MARKED = 0.5
"""From this strength of a signal on, on any order, a buyer is no witness about the others."""


def regular_orders(trade: Trade, evidence: Mapping[Signal, Evidence]) -> dict[Signal, Flags]:
    """For each signal, the orders, (n,), of regular customers who carry no other signal that stands alone."""
    first, last = first_and_last(trade.buyer, trade.at_s)
    back = (trade.buyer >= 0) & (last - first >= BACK_AFTER_S)
    marks = {
        signal: touched(trade.buyer, found.strength >= MARKED)
        for signal, found in evidence.items()
        if STANDINGS[signal].alone
    }
    marked = sum(mark.astype(np.int64) for mark in marks.values())
    return {signal: back & (marked == mark) for signal, mark in marks.items() if STANDINGS[signal].by_regulars}
