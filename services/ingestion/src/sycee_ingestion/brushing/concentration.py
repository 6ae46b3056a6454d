"""Few buyers, addresses or devices behind many orders.

Buying again is what a shop lives on, so it is pace that counts for a buyer: more orders in a week than the buyer's own
steady habit and the shop's usual buyers explain. For addresses and devices it is strangers who share them.
"""

from __future__ import annotations

import numpy as np

from sycee_ingestion.brushing.details import DAY_S, Trade
from sycee_ingestion.brushing.grouping import first_and_last, neighbours, partners, sizes
from sycee_ingestion.brushing.signals import Evidence, Floats, Whole, ramp

FEWEST_BUYERS = 20
"""A shop with fewer lives on wholesale: its few buyers are its trade. (Judgement.)"""

PACES = (
    (1 * DAY_S, 28 * DAY_S, (1.0, 3.0)),
    (7 * DAY_S, 56 * DAY_S, (1.5, 4.0)),
    (28 * DAY_S, 182 * DAY_S, (3.0, 7.0)),
)
"""Windows in which orders are counted; the span over which a buyer's orders are spread at least to tell the buyer's own
pace (a pace kept for so long is a habit); and the orders above what is explained, where evidence begins and where it
is full. (Judgement.)"""

SCATTER = 2.0
"""Standard deviations of chance (Poisson) about a buyer's own pace that are no excess."""

MOST_PART = 0.5
"""However much of the shop's trade lies in a window, a buyer's orders outside tell no more than as many inside."""

USUAL_QUANTILE = 0.5
"""Of the shop's buyers: the busiest window of a usual one."""

ADDRESS_BUYERS = (3, 8)
DEVICE_BUYERS = (2, 6)
"""Different buyers at one address or device within the year, where the evidence begins and where it is full: a family
is three, a small office five. (Judgement.)"""

FINE_SHARE = 0.15
"""Where fewer orders than this have an address to one buyer alone, the field names districts or counters, not homes."""


def by_buyer(trade: Trade) -> Evidence:
    """Buyers who order faster than they ever would. One such buyer alone may be a reseller; several are a ring."""
    if trade.buyer.max(initial=-1) + 1 < FEWEST_BUYERS:
        return Evidence.none(trade.count)
    strength = _excess_pace(trade.buyer, trade.at_s)
    of_one = np.bincount(trade.buyer + 1, strength)[1:]
    return Evidence(strength, trade.buyer >= 0, float(of_one.sum() - of_one.max()))


def by_address(trade: Trade) -> Evidence:
    """Strangers who share an address."""
    return _shared(trade, trade.address, ADDRESS_BUYERS)


def by_device(trade: Trade) -> Evidence:
    """Strangers who share a device."""
    return _shared(trade, trade.device, DEVICE_BUYERS)


def _shared(trade: Trade, codes: Whole, buyers: tuple[int, int]) -> Evidence:
    known = codes >= 0
    if codes.max(initial=-1) + 1 < FEWEST_BUYERS:
        return Evidence.none(trade.count)
    if not (trade.buyer >= 0).any():
        return Evidence.of(_excess_pace(codes, trade.at_s), known)
    strangers = partners(codes, trade.buyer)
    if np.mean(strangers[known] <= 1) < FINE_SHARE:
        return Evidence.none(trade.count)
    return Evidence.of(ramp(strangers, *buyers), known & (trade.buyer >= 0))


def _excess_pace(codes: Whole, at_s: Whole) -> Floats:
    """How far the orders around each one are above what its group's own pace and the shop's usual one explain, 0 to 1.

    A group's own pace is that of its orders outside the window, and follows the shop's: in a festival's week the
    regulars, too, buy more.
    """
    strength = np.zeros(len(codes))
    told = codes >= 0
    groups = int(codes.max(initial=-1)) + 1
    if not groups:
        return strength
    first, last = first_and_last(codes, at_s)
    for window_s, steady_s, excess in PACES:
        around = neighbours(codes, at_s, window_s // 2)
        part = np.maximum(window_s / np.maximum(last - first, steady_s), _flow(around, at_s, window_s // 2))
        part = np.minimum(part, MOST_PART)
        own = (sizes(codes) - around) * part / (1.0 - part)
        busiest = np.zeros(groups + 1, np.int64)
        np.maximum.at(busiest, codes + 1, around)
        usual = np.quantile(busiest[1:], USUAL_QUANTILE, method="lower")
        strength = np.maximum(strength, ramp(around - own - SCATTER * np.sqrt(own) - usual, *excess))
    return np.where(told, strength, 0.0)


def _flow(around: Whole, at_s: Whole, half_window_s: int) -> Floats:
    """The part of the shop's year that lies in the window around each order, each group counted once, (n,)."""
    once = np.concatenate(([0.0], np.cumsum(1.0 / np.maximum(around, 1))))
    upper = np.searchsorted(at_s, at_s + half_window_s, "right")
    lower = np.searchsorted(at_s, at_s - half_window_s, "left")
    part: Floats = (once[upper] - once[lower]) / max(once[-1], 1.0)
    return part
