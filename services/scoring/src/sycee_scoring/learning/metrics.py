"""How well a model ranks and how true its probabilities are, with intervals.

Everywhere `bad` holds 0.0 and 1.0, one a row, with both present; `risk` is anything that grows with the danger, and
`probability` lies in 0–1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

RESAMPLES: Final = 500
TAIL: Final = 0.025
"""On both sides: 95 % intervals."""

TAIL_DEVIATIONS: Final = 1.959963984540054
"""Standard deviations that leave `TAIL` outside on each side of a normal distribution."""

SEED: Final = 20260101
ECE_BINS: Final = 10
PSI_BINS: Final = 10
PSI_FLOOR: Final = 1e-4
"""The least share of a bin in PSI, so that an empty one does not make it infinite: judgement, as is usual."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float

    def as_json(self) -> dict[str, float]:
        """Rounded to four decimals."""
        return {"value": round(self.value, 4), "low": round(self.low, 4), "high": round(self.high, 4)}


def auc(bad: Array, risk: Array) -> float:
    """Area under the ROC curve: the chance that a bad one has the higher risk, ties counting half (Mann-Whitney)."""
    bads = float(bad.sum())
    goods = len(bad) - bads
    return (float(_midranks(risk) @ bad) - bads * (bads + 1.0) / 2.0) / (bads * goods)


def ks(bad: Array, risk: Array) -> float:
    """Kolmogorov-Smirnov: the largest gap between the shares of bad and of good ones above a cut-off."""
    values, inverse = np.unique(risk, return_inverse=True)
    bads = np.bincount(inverse, weights=bad, minlength=len(values))
    goods = np.bincount(inverse, weights=1.0 - bad, minlength=len(values))
    return float(np.abs(np.cumsum(bads) / bads.sum() - np.cumsum(goods) / goods.sum()).max())


def brier(bad: Array, probability: Array) -> float:
    """Mean squared error of the probabilities."""
    return float(np.mean((bad - probability) ** 2))


def ece(bad: Array, probability: Array, bins: int = ECE_BINS) -> float:
    """Expected calibration error: the mean gap between stated and observed share of bad ones over `bins` groups of
    equal size, in order of probability (Nguyen & O'Connor 2015, the adaptive form of Naeini et al. 2015). Groups of
    equal width would say little here, as most probabilities of default lie close together."""
    order = np.argsort(probability, kind="stable")
    gaps = [
        abs(float(bad[group].sum() - probability[group].sum()))
        for group in np.array_split(order, min(bins, len(order)))
    ]
    return sum(gaps) / len(bad)


def auc_interval(bad: Array, risk: Array) -> Figure:
    """AUC with the 95 % interval of DeLong et al. (1988), computed from ranks (Sun & Xu 2014), put on the logit scale
    (Pepe 2003) so that it stays within 0–1. Without variance, as where all bad ones stand apart, it has no width."""
    value = auc(bad, risk)
    is_bad = bad > 0.5
    ranks = _midranks(risk)
    bads, goods = int(is_bad.sum()), int((~is_bad).sum())
    above = (ranks[is_bad] - _midranks(risk[is_bad])) / goods
    below = 1.0 - (ranks[~is_bad] - _midranks(risk[~is_bad])) / bads
    variance = sum(float(part.var(ddof=1)) / len(part) for part in (above, below) if len(part) > 1)
    if not 0.0 < value < 1.0:
        return Figure(value, value, value)
    half = TAIL_DEVIATIONS * float(np.sqrt(variance)) / (value * (1.0 - value))
    middle = float(np.log(value / (1.0 - value)))
    low, high = (1.0 / (1.0 + float(np.exp(-side))) for side in (middle - half, middle + half))
    return Figure(value, low, high)


def with_interval(
    measure: Callable[[Array, Array], float], bad: Array, predicted: Array, groups: npt.NDArray[np.int64] | None = None
) -> Figure:
    """The measure with a 95 % percentile interval over `RESAMPLES` bootstrap samples; same seed, same figures.

    Rows are drawn, or whole groups where `groups` gives each row's (any integers): rows of one shop are not
    independent. Samples with one kind of outcome are drawn again.
    """
    random = np.random.default_rng(SEED)
    members = None if groups is None else _members(groups)
    drawn = np.empty(RESAMPLES)
    for sample in range(RESAMPLES):
        rows = _drawn(random, bad, members)
        drawn[sample] = measure(bad[rows], predicted[rows])
    low, high = np.quantile(drawn, (TAIL, 1.0 - TAIL))
    return Figure(measure(bad, predicted), float(low), float(high))


def psi(expected: Array, actual: Array, bins: int = PSI_BINS) -> float:
    """Population stability index between two samples of one quantity, over bins that hold equal shares of `expected`;
    missing values (NaN) are a bin of their own. By custom (Siddiqi 2006) 0.10 is worth a look and 0.25 an alarm."""
    known = expected[~np.isnan(expected)]
    edges = np.unique(np.quantile(known, np.linspace(0.0, 1.0, bins + 1)[1:-1])) if len(known) else np.empty(0)
    before, after = _shares(expected, edges), _shares(actual, edges)
    return float(np.sum((after - before) * np.log(after / before)))


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


def _midranks(values: Array) -> Array:
    """Ranks from 1; equal values share the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    middles: Array = np.cumsum(counts) - (counts - 1) / 2.0
    return middles[inverse]


def _members(groups: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    order = np.argsort(groups, kind="stable")
    _, starts = np.unique(groups[order], return_index=True)
    return np.split(order, starts[1:])


def _drawn(
    random: np.random.Generator, bad: Array, members: list[npt.NDArray[np.int64]] | None
) -> npt.NDArray[np.int64]:
    """Rows of one bootstrap sample with both outcomes."""
    while True:
        if members is None:
            rows = random.integers(0, len(bad), len(bad))
        else:
            rows = np.concatenate([members[pick] for pick in random.integers(0, len(members), len(members))])
        if 0.0 < bad[rows].mean() < 1.0:
            return rows


def _shares(values: Array, edges: Array) -> Array:
    missing = np.isnan(values)
    bins = np.where(missing, len(edges) + 1, np.searchsorted(edges, np.where(missing, 0.0, values), side="right"))
    counts = np.bincount(bins, minlength=len(edges) + 2)
    shares: Array = np.maximum(counts / max(len(values), 1), PSI_FLOOR)
    return shares
