"""Two feeds that send the same orders: a shop that is connected twice counts double."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]

SAME_MOMENT_S = 120
"""Two systems stamp one order within a minute or two of each other. (Judgement.)"""

FEWEST_ORDERS = 30
"""A feed with fewer tells nothing. (Judgement.)"""

FEWEST_DAYS = 14
"""Of feeds that only tell the day, both must have sold on so many days. (Judgement.)"""

_DAY_S = 86_400
_ONE_SECOND_SHARE = 0.3  # from here on the clock of a feed is a constant: it only tells the day
_SPREAD = np.int64(1_000_003)  # a prime: spreads moments under amounts without collisions that matter


def duplicated_share(feed: Whole, at_s: Whole, fen: Whole) -> float:
    """Of any two feeds, the greatest part of the smaller one's orders that the other one sent as well; 0 to 1.

    `feed`, `at_s` (seconds since 1970) and `fen` are arrays (n,) of orders in any order. Orders are the same where
    amount and moment agree; in feeds that only tell the day, where the whole day's amount agrees to the fen.
    """
    feeds = [np.flatnonzero(feed == one) for one in np.unique(feed)]
    large = [place for place in feeds if len(place) >= FEWEST_ORDERS]
    shares = (_of_pair(at_s[one], fen[one], at_s[other], fen[other]) for one, other in combinations(large, 2))
    return max(shares, default=0.0)


def _of_pair(at_s: Whole, fen: Whole, other_s: Whole, other_fen: Whole) -> float:
    if _tells_the_clock(at_s) and _tells_the_clock(other_s):
        return _same_orders(at_s, fen, other_s, other_fen)
    return _same_days(at_s, fen, other_s, other_fen)


def _tells_the_clock(at_s: Whole) -> bool:
    return bool(np.unique(at_s % _DAY_S, return_counts=True)[1].max() <= _ONE_SECOND_SHARE * len(at_s))


def _same_orders(at_s: Whole, fen: Whole, other_s: Whole, other_fen: Whole) -> float:
    """Orders of the smaller feed with one of the same amount in the other's same or next stretch of two minutes."""
    if len(at_s) > len(other_s):
        at_s, fen, other_s, other_fen = other_s, other_fen, at_s, fen
    mine, theirs = at_s // SAME_MOMENT_S, other_s // SAME_MOMENT_S
    known = np.unique(np.concatenate([_key(theirs + step, other_fen) for step in (-1, 0, 1)]))
    return float(np.isin(_key(mine, fen), known).mean())


def _same_days(at_s: Whole, fen: Whole, other_s: Whole, other_fen: Whole) -> float:
    """Days on which both sold and sold for the same amount, among the days on which both sold."""
    days, amounts = _by_day(at_s, fen)
    other_days, other_amounts = _by_day(other_s, other_fen)
    _, mine, theirs = np.intersect1d(days, other_days, assume_unique=True, return_indices=True)
    if len(mine) < FEWEST_DAYS or len(np.unique(amounts[mine])) < FEWEST_DAYS // 2:
        return 0.0
    return float((amounts[mine] == other_amounts[theirs]).mean())


def _by_day(at_s: Whole, fen: Whole) -> tuple[Whole, Whole]:
    days, place = np.unique(at_s // _DAY_S, return_inverse=True)
    amounts = np.zeros(len(days), np.int64)
    np.add.at(amounts, place, fen)
    return days, amounts


def _key(moments: Whole, fen: Whole) -> Whole:
    return fen * _SPREAD + moments
