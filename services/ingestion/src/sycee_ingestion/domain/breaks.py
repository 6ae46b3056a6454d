"""Breaks in a daily series: stretches that are missing, and amounts that jump by a factor of ten or a hundred."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]

SHORTEST_GAP_DAYS = 3
"""A weekend without orders is no gap."""

GAP_ORDERS = 20.0
"""A gap is one in which so many orders were to be expected: at the shop's own mean a chance of e^-20, were orders
independent; they come in waves, which is what the margin is for. (Judgement.)"""

WEEK_DAYS = 7
FEWEST_WEEK_ORDERS = 5
WEEKS_BESIDE = 4
FACTORS = (10, 100)
_TOLERANCE = 0.15  # of the decimal logarithm: the factor, give or take 40 %
_LEAST_STEP = 0.5
_STEADY = 0.35  # the levels on either side vary by less than this
_MOST_COUNT_CHANGE = 3.0


def silent_days(order_count: Whole, closed: NDArray[np.bool_]) -> int:
    """Days in gaps between the first and the last order of a daily series, (n,); days that are `closed` do not
    count."""
    sold = np.flatnonzero(order_count > 0)
    if len(sold) < 2:
        return 0
    begins, lengths = sold[:-1] + 1, np.diff(sold) - 1
    # A run's length is that of its days on which the shop was not to be shut.
    shut = np.concatenate(([0], np.cumsum(closed)))
    open_days = lengths - (shut[begins + lengths] - shut[begins])
    mean_of_others = order_count.sum() / (sold[-1] - sold[0] + 1 - lengths)
    gaps = (open_days >= SHORTEST_GAP_DAYS) & (open_days * mean_of_others >= GAP_ORDERS)
    return int(open_days[gaps].sum())


def unit_shift(order_count: Whole, order_fen: Whole) -> int:
    """The factor (10 or 100) by which the mean order's amount jumped from one week to the next, and stayed; 0 for none.

    Over whole weeks of a daily series, (n,), that ends with it; the week in which it jumped may lie between. The weeks
    on both sides have to be steady, and as many orders have to come (within a factor of three): dearer goods sell less
    often, a mixed-up unit does not.
    """
    counts, amounts = _by_week(order_count), _by_week(order_fen)
    valid = (counts >= FEWEST_WEEK_ORDERS) & (amounts > 0)
    counts, amounts = counts[valid], amounts[valid]
    levels = np.log10(amounts / counts)
    # Within the tolerance of ten, what stays jumps by more than a factor of three in one step or in two.
    steps = np.maximum(np.abs(levels[2:-1] - levels[1:-2]), np.abs(levels[3:] - levels[1:-2]))
    for at in (np.flatnonzero(steps > _LEAST_STEP) + 2).tolist():
        for between in (0, 1):
            before, after = slice(max(0, at - WEEKS_BESIDE), at), slice(at + between, at + between + WEEKS_BESIDE)
            if len(levels[after]) >= 2 and (factor := _jump(levels, counts, before, after)):
                return factor
    return 0


def _by_week(series: Whole) -> Whole:
    weeks = len(series) // WEEK_DAYS
    whole: Whole = series[len(series) - weeks * WEEK_DAYS :].reshape(weeks, WEEK_DAYS)
    sums: Whole = whole.sum(axis=1, dtype=np.int64)
    return sums


def _jump(levels: NDArray[np.float64], counts: Whole, before: slice, after: slice) -> int:
    if np.ptp(levels[before]) > _STEADY or np.ptp(levels[after]) > _STEADY:
        return 0
    change = counts[after].mean() / counts[before].mean()
    if not 1 / _MOST_COUNT_CHANGE <= change <= _MOST_COUNT_CHANGE:
        return 0
    step = abs(float(np.median(levels[after]) - np.median(levels[before])))
    return next((factor for factor in FACTORS if abs(step - np.log10(factor)) <= _TOLERANCE), 0)
