"""Shapley values by enumeration: what each player added, averaged over every order in which they may join.

    φ_i = Σ_S |S|!·(n − |S| − 1)!/n! · (v(S ∪ i) − v(S))        over all S without i

L. S. Shapley, A Value for n-Person Games, 1953. They are the only shares that add up to v(all) − v(none), treat equals
equally and give nothing to who changes nothing; for a model that is a sum of one function a feature they are that
function's own differences.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import factorial
from typing import Final

import numpy as np
import numpy.typing as npt

MAX_PLAYERS: Final = 16
"""2^16 values of a closed form are half a second: the most that one explanation may take."""


def shapley(players: int, value: Callable[[int], float]) -> tuple[float, ...]:
    """The share of each of `players` in value(all) − value(none), to which they add up but for rounding.

    `value` takes a bit mask of who has joined, bit i for player i, and is asked once for each. Raises ValueError for
    more than `MAX_PLAYERS`.
    """
    if players > MAX_PLAYERS:
        raise ValueError(f"{players} players; at most {MAX_PLAYERS} can be enumerated")
    values = np.array([value(mask) for mask in range(1 << players)], dtype=np.float64)
    weights = _weights(players)
    shares = []
    for player in range(players):
        by_player = values.reshape(-1, 2, 1 << player)  # the middle axis: without the player, with
        joined = weights.reshape(-1, 2, 1 << player)[:, 0, :]
        shares.append(float((joined * (by_player[:, 1, :] - by_player[:, 0, :])).sum()))
    return tuple(shares)


@lru_cache(maxsize=MAX_PLAYERS + 1)
def _weights(players: int) -> npt.NDArray[np.float64]:
    """The weight of joining those in each mask."""
    whole = factorial(players)
    by_count = [factorial(joined) * factorial(players - joined - 1) / whole for joined in range(players)]
    return np.array([*(by_count[mask.bit_count()] for mask in range((1 << players) - 1)), 0.0])
