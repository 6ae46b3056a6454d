"""The merchants of one run: which buyers they have, and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sycee_ingestion.evaluations.brushing_innocents import INNOCENTS, innocent
from sycee_ingestion.evaluations.brushing_patterns import PATTERNS, injected
from sycee_ingestion.evaluations.brushing_trade import (
    Shop,
    cohort,
    draw_as_of,
    dressed,
    told_habits,
    varied_habits,
)

SHARES = (0.05, 0.15, 0.4)
"""Fake orders for each real one: a hint, a habit, a business."""

PLAIN = "like any other"
SMALLEST_BUYERS, LARGEST_BUYERS = 40, 1_500
FEWEST_ORDERS = 40

SPLIT_SEED = 20_160_618
"""Which buyers are for choosing and which for measuring never changes, whatever the seed of the run."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What a merchant is to be: `share` above 0 for a pattern of fakes, 0 for a clean merchant of some kind."""

    kind: str
    share: float


def halves(orders: pl.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The buyers for choosing weights, and those for measuring."""
    buyers = np.random.default_rng(SPLIT_SEED).permutation(np.unique(orders["customer"].to_numpy()))
    return buyers[: len(buyers) // 2], buyers[len(buyers) // 2 :]


def fates(count: int) -> list[Fate]:
    """So many fates: by turns a pattern, a plain merchant and an innocent one, over and over through all kinds."""
    fake = [Fate(pattern, share) for share in reversed(SHARES) for pattern in PATTERNS]
    plain = [Fate(PLAIN, 0.0)] * len(fake)
    innocents = [Fate(kind, 0.0) for kind in INNOCENTS]
    one_round = [fate for turn in zip_longest(fake, plain, innocents) for fate in turn if fate is not None]
    return (one_round * (count // len(one_round) + 1))[:count]


def merchants(
    orders: pl.DataFrame, buyers: NDArray[np.int64], count: int, rng: np.random.Generator
) -> Iterator[tuple[Fate, Shop]]:
    """Merchants of disjoint cohorts of the buyers; when all are dealt out they are dealt anew.

    Raises ValueError when there are too few buyers for a merchant of `FEWEST_ORDERS` orders.
    """
    dealt = _cohorts(buyers, rng)
    for fate in fates(count):
        for _ in range(100):
            as_of = draw_as_of(orders, rng)
            real = cohort(orders, next(dealt), as_of)
            if len(real) >= FEWEST_ORDERS:
                break
        else:
            raise ValueError(f"{len(buyers)} buyers make no merchant of {FEWEST_ORDERS} orders a year")
        yield fate, _shop(fate, real, as_of, rng)


def _shop(fate: Fate, real: pl.DataFrame, as_of: date, rng: np.random.Generator) -> Shop:
    if fate.kind == PLAIN:
        return dressed(real, varied_habits(rng), as_of, rng)
    # What a pattern or a look-alike is about must be told, or there is nothing to see.
    habits = told_habits(rng)
    shop = dressed(real, habits, as_of, rng)
    if fate.share:
        return injected(fate.kind, shop, fate.share, habits, rng)
    return innocent(fate.kind, shop, habits, rng)


def _cohorts(buyers: NDArray[np.int64], rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    largest = min(LARGEST_BUYERS, max(len(buyers) // 4, SMALLEST_BUYERS))
    while True:
        dealt = rng.permutation(buyers)
        while len(dealt) >= SMALLEST_BUYERS:
            size = round(float(np.exp(rng.uniform(np.log(SMALLEST_BUYERS), np.log(largest)))))
            yield dealt[:size]
            dealt = dealt[size:]
        if len(buyers) < SMALLEST_BUYERS:
            yield buyers
