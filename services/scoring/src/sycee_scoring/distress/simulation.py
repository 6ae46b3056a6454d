"""Made-up shops by the day, for what real files lack: shops that close for good, and files of any size for tests.

Every figure is a judgement, and the same seed makes the same shops.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sycee_scoring.distress.breaks import break_days
from sycee_scoring.distress.panel import Panel

Array = NDArray[np.float64]

_SCHOOL_SHARE: Final = 0.15
_COLLAPSE_SHARE: Final = 0.3
_LEAST_KNOWN_DAYS: Final = 70
"""Every shop trades at least so long, so that it can be judged once."""


def simulate(shops: int, first_day: date, days: int, seed: int) -> Panel:
    """`shops` shops over `days` days, at least 140, from `first_day` on. A part lives on schools and rests with them, a
    part collapses: within weeks or overnight, some for good; all drift, and breathe by week and day."""
    random = np.random.default_rng(seed)
    breaks = break_days(first_day, days)
    weekend = np.array([(first_day + timedelta(days=day)).weekday() >= 5 for day in range(days)])
    counts = np.zeros((shops, days))
    starts = random.integers(0, days - 2 * _LEAST_KNOWN_DAYS + 1, shops)
    for shop in range(shops):
        expected = _expected(random, breaks, weekend)
        expected[: starts[shop]] = 0.0
        # a gamma mixture of Poisson draws: days scatter more than a Poisson process would
        counts[shop] = random.poisson(expected * random.gamma(12.0, 1.0 / 12.0, days))
    traded = counts > 0.0
    first_trade = np.where(traded.any(axis=1), traded.argmax(axis=1), days)
    width = len(str(shops))
    return Panel(tuple(f"s{shop:0{width}d}" for shop in range(shops)), first_day, counts, first_trade.astype(np.int64))


def _expected(random: np.random.Generator, breaks: Array, weekend: NDArray[np.bool_]) -> Array:
    """Payments to be expected on each day by one shop."""
    days = len(breaks)
    school = random.random() < _SCHOOL_SHARE
    on_weekend = random.normal(-0.15 if school else 0.15, 0.2)
    in_break = random.normal(-2.5, 0.8) if school else random.normal(0.0, 0.2)
    drift = random.normal(0.1, 0.4) / 365.0
    weeks = np.cumsum(random.normal(0.0, random.uniform(0.03, 0.2), days // 7 + 1)) * 0.5
    level = random.normal(4.4, 0.9) + drift * np.arange(days) + weeks[np.arange(days) // 7]
    level += on_weekend * weekend + in_break * breaks
    if random.random() < _COLLAPSE_SHARE:
        level += _collapse(random, days)
    return np.asarray(np.exp(np.clip(level, -8.0, 8.0)))


def _collapse(random: np.random.Generator, days: int) -> Array:
    """A fall of the logarithm that begins on one day, takes up to two months, and heals in half of the cases."""
    begin = int(random.integers(_LEAST_KNOWN_DAYS, days))
    depth, pace = random.uniform(1.0, 5.0), random.uniform(1.0, 60.0)
    since = np.maximum(0.0, np.arange(days) - begin)
    fall = -depth * (1.0 - np.exp(-since / pace))
    if random.random() < 0.5:
        fall *= np.exp(-since / random.uniform(30.0, 120.0))
    return np.asarray(fall)
