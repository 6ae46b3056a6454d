"""Which way risk goes along a number, where the training rows leave no doubt."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import stats  # type: ignore[import-untyped]

from sycee_scoring.learning import bins
from sycee_scoring.learning.metrics import Array

LEAST_DEVIANCE: Final = 15.0
"""Deviance that a monotone line must explain to be believed: a chance of about 1 in 10,000 for one parameter."""

DOUBT: Final = 0.05
"""A direction is given up where the bins deviate from it by more than chance would at this level."""


def found(column: Array, bad: Array) -> int:
    """1 where risk rises with the number, -1 where it falls, and 0 where neither is plain.

    Bins of about equal size are fitted once each by itself and once in order (pool adjacent violators). The order is
    believed if it explains much, and what it leaves unexplained is no more than chance (likelihood ratio against
    chi-square, with a degree of freedom for each bin that was joined).
    """
    absent = np.isnan(column)
    known, outcome = column[~absent], bad[~absent]
    edges = bins.fine_edges(known)
    if not len(edges) or not 0.0 < outcome.mean() < 1.0:
        return 0
    place = np.searchsorted(edges, known, side="left")
    rows, bads = bins.counted(place, outcome, len(edges) + 1)
    free = _deviance(rows, bads)
    flat = _deviance(rows.sum(keepdims=True), bads.sum(keepdims=True))
    ordered = {way: bins.pooled(rows, bads, way) for way in (1, -1)}
    left = {way: _deviance(*_joined(rows, bads, starts)) - free for way, starts in ordered.items()}
    way = min(left, key=lambda side: left[side])
    joined = len(rows) - len(ordered[way])
    plain = flat - free - left[way] >= LEAST_DEVIANCE
    return way if plain and (joined == 0 or float(stats.chi2.sf(left[way], joined)) > DOUBT) else 0


def _joined(rows: Array, bads: Array, starts: npt.NDArray[np.int64]) -> tuple[Array, Array]:
    return np.add.reduceat(rows, starts), np.add.reduceat(bads, starts)


def _deviance(rows: Array, bads: Array) -> float:
    return -2.0 * sum(bins.binomial(float(count), float(gone)) for count, gone in zip(rows, bads, strict=True))
