"""How well a model ranks and how true its probabilities are, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

RESAMPLES: Final = 500
TAIL: Final = 0.025  # both sides: 95 % intervals
SEED: Final = 20260101


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float

    def as_json(self) -> dict[str, float]:
        """Rounded to four decimals."""
        return {"value": round(self.value, 4), "low": round(self.low, 4), "high": round(self.high, 4)}


def auc(bad: Array, risk: Array) -> float:
    """Area under the ROC curve: the chance that a bad loan has the higher risk, ties counting half (Mann-Whitney)."""
    values, inverse, counts = np.unique(risk, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2.0)[inverse]
    bads = float(bad.sum())
    goods = len(bad) - bads
    return (float(ranks @ bad) - bads * (bads + 1.0) / 2.0) / (bads * goods) if len(values) > 1 else 0.5


def ks(bad: Array, risk: Array) -> float:
    """Kolmogorov-Smirnov: the largest gap between the shares of bad and of good loans above a cut-off."""
    values, inverse = np.unique(risk, return_inverse=True)
    bads = np.bincount(inverse, weights=bad, minlength=len(values))
    goods = np.bincount(inverse, weights=1.0 - bad, minlength=len(values))
    return float(np.abs(np.cumsum(bads) / bads.sum() - np.cumsum(goods) / goods.sum()).max())


def brier(bad: Array, probability: Array) -> float:
    """Mean squared error of the probabilities."""
    return float(np.mean((bad - probability) ** 2))


def with_interval(measure: Callable[[Array, Array], float], bad: Array, predicted: Array) -> Figure:
    """The measure with a 95 % percentile interval over `RESAMPLES` bootstrap samples of loans; same seed, same
    figures."""
    random = np.random.default_rng(SEED)
    count = len(bad)
    drawn = np.empty(RESAMPLES)
    for sample in range(RESAMPLES):
        rows = random.integers(0, count, count)
        drawn[sample] = measure(bad[rows], predicted[rows])
    low, high = np.quantile(drawn, (TAIL, 1.0 - TAIL))
    return Figure(measure(bad, predicted), float(low), float(high))


def logistic_line(bad: Array, risk: Array, offset: Array | float = 0.0) -> tuple[float, float]:
    """Intercept and slope of a logistic regression of outcome on log-odds `risk`, by Newton's method. A slope of 1
    means that the log-odds are spread as they should be, below 1 that they are overstated."""
    columns = np.column_stack((np.ones(len(bad)), risk))
    line = np.array([0.0, 1.0])
    for _ in range(50):
        fitted = 1.0 / (1.0 + np.exp(-(columns @ line + offset)))
        gradient = columns.T @ (bad - fitted)
        hessian = (columns.T * (fitted * (1.0 - fitted))) @ columns
        step = np.linalg.solve(hessian + 1e-9 * np.eye(2), gradient)
        line += step
        if float(np.abs(step).max()) < 1e-10:
            break
    return float(line[0]), float(line[1])


def intercept_for(mean: float, risk: Array) -> float:
    """The intercept with which the probabilities of log-odds `risk` average `mean`, by bisection to 1e-12."""
    low, high = -40.0, 40.0
    while high - low > 1e-12:
        middle = (low + high) / 2.0
        if float(np.mean(1.0 / (1.0 + np.exp(-(risk + middle))))) < mean:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0
