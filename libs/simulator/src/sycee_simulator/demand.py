"""How many orders a day brings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random
from typing import Final

from sycee_simulator.blueprint import Blueprint
from sycee_simulator.seasons import yearly_swings

_COLLAPSE_DAYS: Final = 62.0  # in which a collapsing shop's sales fall to 1/e
_BURST_SHARE: Final = 0.2  # of days on which brushing is done
_LARGE_MEAN: Final = 40.0


def expected_orders(blueprint: Blueprint, rnd: Random, day_factors: Sequence[float]) -> list[float]:
    """Genuine orders to be expected on each day of the history; `day_factors` has one entry a day of it."""
    pattern, count = blueprint.pattern, blueprint.day_count
    swings = yearly_swings(blueprint.first_day, count, pattern.season_strength, blueprint.goods.peak_day)
    drift = blueprint.drift_per_year / 365.25
    week_noise = [rnd.lognormvariate(0, pattern.week_noise) for _ in range(count // 7 + 1)]
    rate, last = blueprint.orders_per_day, count - 1
    expected = [
        rate * math.exp(drift * (day - last)) * swings[day] * day_factors[day] * week_noise[day // 7]
        for day in range(count)
    ]
    if blueprint.collapse_day is not None:
        for day in range(blueprint.collapse_day, count):
            expected[day] *= math.exp((blueprint.collapse_day - day) / _COLLAPSE_DAYS)
    return expected


def expected_brushed(blueprint: Blueprint, rnd: Random, genuine: Sequence[float]) -> list[float]:
    """Brushed orders to be expected on each day: bursts on a fifth of the days, none on the others."""
    if blueprint.brush is None:
        return []
    share = blueprint.brush.share
    burst = share / (1 - share) * math.fsum(genuine) / len(genuine) / _BURST_SHARE
    return [burst if rnd.random() < _BURST_SHARE else 0.0 for _ in genuine]


def poisson(rnd: Random, mean: float) -> int:
    """A Poisson draw: Knuth's product for small means, the rounded normal for large ones."""
    if mean > _LARGE_MEAN:
        return max(0, round(rnd.gauss(mean, math.sqrt(mean))))
    threshold, product, count = math.exp(-mean), rnd.random(), 0
    while product > threshold:
        product *= rnd.random()
        count += 1
    return count
