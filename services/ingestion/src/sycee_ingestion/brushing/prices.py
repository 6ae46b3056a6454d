"""Amounts that are nobody's price: round sums for whatever goods, goods sold off their own price.

A discount moves the price of goods, each to its own; a list price repeats. So what proves something is one round sum
paid for different goods that cost something else. All the rest only strengthens other signals.
"""

from __future__ import annotations

import numpy as np

from sycee_ingestion.brushing.details import DAY_S, Trade
from sycee_ingestion.brushing.grouping import medians, neighbours, sizes
from sycee_ingestion.brushing.signals import Evidence, Flags, Floats, Whole, ramp

FEWEST_SALES = 3
"""Goods sold less often have no price of their own."""

OFF_SHARE = 0.05
OFF_DEVIATIONS = 4.0
"""A unit price is off the goods' own when it is 5 % and four robust deviations from their median."""

ROUND_FEN = 5_000
USUAL_ROUND_SHARE = 0.1
"""Whole fifties of yuan are round; where a tenth of the shop's other sums are, they are its prices."""

MOST_SUMS = 8
FEWEST_OF_SUM = 4
"""The round sums looked into: the most frequent ones, paid at least so often."""

DIFFERENT_GOODS = (1, 4)
"""Goods that were paid with one and the same sum off their price, where the evidence begins and where it is full."""

HINT = 0.2
"""The most that a price may say unless it is a round sum for different goods."""

WEEK_S = 7 * DAY_S
SAME_SUM = (3.0, 10.0)
"""Orders of one sum in a week above its share in the rest of the year, where evidence begins and where it is full."""


def odd_prices(trade: Trade) -> Evidence:
    """Prices off the goods' own; where goods are not said, one sum that crowds into a week."""
    if not trade.count:
        return Evidence.none(0)
    told = trade.goods >= 0
    unit = np.log(np.maximum(trade.fen, 1) / trade.items)
    strength = np.where(told & _off_price(trade.goods, unit), HINT, 0.0)
    if not told.all():
        sums = np.unique(trade.fen, return_inverse=True)[1]
        strength = np.where(told, strength, HINT * ramp(_crowd(sums, trade.at_s), *SAME_SUM))
    for sum_fen in _round_sums(trade.fen[told]):
        paid = told & (trade.fen == sum_fen)
        strength = np.where(paid, np.maximum(strength, _no_price(trade, unit, paid)), strength)
    return Evidence.of(strength, np.ones(trade.count, np.bool_))


def _round_sums(fen: Whole) -> list[int]:
    """The most frequent round sums of a shop that has few."""
    sums, counts = np.unique(fen[(fen % ROUND_FEN == 0) & (fen > 0)], return_counts=True)
    others = counts.sum() - counts < USUAL_ROUND_SHARE * len(fen)
    frequent = np.flatnonzero((counts >= FEWEST_OF_SUM) & others)
    return [int(sums[at]) for at in frequent[np.argsort(-counts[frequent], kind="stable")][:MOST_SUMS]]


def _no_price(trade: Trade, unit: Floats, paid: Flags) -> Floats:
    """How surely the orders of one sum were not paid for goods at their price, (n,); 0 on all other orders.

    The goods' price is what they fetched otherwise. Goods that fetched nothing otherwise fall under the sum's verdict.
    """
    others = (trade.goods >= 0) & ~paid
    price = np.full(trade.goods.max() + 1, np.nan)
    price[trade.goods[others]] = medians(trade.goods[others], unit[others])
    usual = price[trade.goods]
    if paid.sum() > np.isin(trade.goods[others], trade.goods[paid]).sum():
        return np.zeros(trade.count)  # it is their price; what they fetched otherwise were discounts
    off = paid & (np.abs(unit - usual) > OFF_SHARE)
    certainty = float(ramp(np.array(len(np.unique(trade.goods[off]))), *DIFFERENT_GOODS))
    return np.where(paid & (off | np.isnan(usual)), certainty, 0.0)


def _off_price(goods: Whole, unit: Floats) -> Flags:
    """Which orders were paid off their goods' own price."""
    away = np.abs(unit - medians(goods, unit))
    scatter = 1.4826 * medians(goods, away)  # a normal's standard deviation from its median absolute deviation
    return (sizes(goods) >= FEWEST_SALES) & (away > np.maximum(OFF_DEVIATIONS * scatter, OFF_SHARE))


def _crowd(sums: Whole, at_s: Whole) -> Floats:
    """Orders of the same sum in each one's week above what the sum's share in the rest of the year explains."""
    same_week = neighbours(sums, at_s, WEEK_S // 2)
    week = neighbours(np.zeros(len(at_s), np.int64), at_s, WEEK_S // 2)
    share = (sizes(sums) - same_week + 1) / (len(at_s) - week + 1)
    expected = week * np.minimum(share, 1.0)
    return same_week - expected - 2.0 * np.sqrt(expected)
