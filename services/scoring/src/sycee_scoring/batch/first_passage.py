"""`first_passage.passage_log_odds` on arrays. The complementary error function is Python's own, as online: NumPy has
none, and another library's may differ in the last digit."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from sycee_scoring.batch.book import Floats

_SQRT_2: Final = math.sqrt(2.0)
_LOG_SQRT_2PI: Final = 0.5 * math.log(2.0 * math.pi)
_LARGEST_EXPONENT: Final = 700.0


def erfc(values: Floats) -> Floats:
    """The complementary error function of each value."""
    return np.fromiter(map(math.erfc, values.tolist()), np.float64, len(values))


def log_normal_cdf(x: Floats) -> Floats:
    """log Φ of each value; far out in the left tail by its series."""
    right = x >= 5.0
    tail = 0.5 * erfc(np.where(right, x, -x) / _SQRT_2)
    with np.errstate(divide="ignore"):
        found = np.where(right, np.log1p(-tail), np.log(tail))
    far = np.flatnonzero(x <= -20.0)
    if len(far):
        out = x[far]
        inverse = 1.0 / (out * out)
        series = 1.0 - inverse * (1.0 - 3.0 * inverse * (1.0 - 5.0 * inverse * (1.0 - 7.0 * inverse)))
        found[far] = -0.5 * out * out - np.log(-out) - _LOG_SQRT_2PI + np.log(series)
    return found


def passage_log_odds(distance: Floats, drift: Floats, spread: Floats) -> Floats:
    """Log-odds of reaching 0 within the horizon, row by row."""
    floored = np.maximum(drift, -distance)
    upper, lower = (distance + floored) / spread, (floored - distance) / spread
    reflected = -2.0 * floored * distance / (spread * spread)
    straight = log_normal_cdf(-upper)
    mirrored = reflected + log_normal_cdf(lower)
    larger, smaller = np.maximum(straight, mirrored), np.minimum(straight, mirrored)
    log_p = larger + np.log1p(np.exp(np.maximum(smaller - larger, -_LARGEST_EXPONENT)))
    near = log_p >= -1e-3
    safe = np.where(near, -1.0, log_p)
    found = safe - np.log(-np.expm1(safe))
    rows = np.flatnonzero(near)
    if len(rows):
        survival = _survival(distance[rows], upper[rows], lower[rows], reflected[rows])
        found[rows] = np.log1p(-survival) - np.log(survival)
    return found


def _survival(distance: Floats, upper: Floats, lower: Floats, reflected: Floats) -> Floats:
    left = 0.5 * erfc(-upper / _SQRT_2)
    right = np.exp(np.minimum(reflected, _LARGEST_EXPONENT)) * 0.5 * erfc(-lower / _SQRT_2)
    return np.maximum(left - right, 1e-12 * np.minimum(distance, 1.0))
