"""Cuts one column into the bins of a scorecard and weighs each bin's evidence (WOE).

WOE of a bin is the log-odds of bad inside it less the log-odds of bad overall, so that 0 is neutral and more is worse.
Each bin is first given `SHRINKAGE_ROWS` rows of ordinary risk, without which a bin of few rows would speak loudest
(the m-estimate of Cestnik 1990; that many rows: judgement). Missing values are a bin of their own.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from sycee_scoring.learning.metrics import Array

FINE_BINS: Final = 20
"""Quantile bins to begin with: as is usual (Siddiqi 2006)."""

LEAST_SHARE: Final = 0.04
"""Least share of the known rows in a bin: judgement, about the usual 5 %."""

LEAST_CATEGORY_ROWS: Final = 15
"""Rarer categories share one bin: judgement."""

SHRINKAGE_ROWS: Final = 20.0
MERGE_DEVIANCE: Final = 2.0
"""Neighbours are joined when keeping them apart gains less deviance than this: AIC's price of one parameter."""

_ALWAYS: Final = 1e12
"""More than any deviance."""


@dataclass(frozen=True, slots=True)
class NumberBins:
    """Bins of numbers: `edges` in order, bin i holds edges[i-1] < x <= edges[i]; `woe` has one more than edges."""

    edges: Array
    woe: Array
    missing: float
    direction: int

    def evidence(self, column: Array) -> Array:
        """WOE of each value."""
        absent = np.isnan(column)
        found: Array = self.woe[np.searchsorted(self.edges, np.where(absent, 0.0, column), side="left")]
        return np.where(absent, self.missing, found)

    def labels(self) -> list[tuple[str, float]]:
        """Each bin's name and WOE, the missing last."""
        if not len(self.edges):
            return [("any", float(self.woe[0])), ("missing", self.missing)]
        texts = [f"{edge:.6g}" for edge in self.edges]
        inner = [f"{low} < x <= {high}" for low, high in itertools.pairwise(texts)]
        names = [f"x <= {texts[0]}", *inner, f"x > {texts[-1]}"]
        return [*zip(names, self.woe.tolist(), strict=True), ("missing", self.missing)]


@dataclass(frozen=True, slots=True)
class CategoryBins:
    """Bins of categories: WOE by name; `other` is for rare and unseen ones, `missing` for "" ."""

    woe: dict[str, float]
    other: float
    missing: float

    def evidence(self, column: Sequence[str]) -> Array:
        """WOE of each value."""
        known = {**self.woe, "": self.missing}
        return np.array([known.get(value, self.other) for value in column], dtype=np.float64)

    def labels(self) -> list[tuple[str, float]]:
        """Each bin's name and WOE, from the safest, other and missing last."""
        return [*sorted(self.woe.items(), key=lambda item: item[1]), ("other", self.other), ("missing", self.missing)]


Bins = NumberBins | CategoryBins


def fit(column: Array | list[str], bad: Array, direction: int | None = None) -> Bins:
    """The bins of a column. Numbers are binned so that WOE rises (direction 1), falls (-1), does either, whichever
    fits better (None), or is free (0). Both outcomes must be in `bad`."""
    if isinstance(column, list):
        return _category_bins(column, bad)
    return _number_bins(column, bad, direction)


def information(bins: Bins, column: Array | list[str], bad: Array) -> float:
    """Deviance per row that the bins explain by themselves (twice the mutual information, in nats)."""
    evidence = bins.evidence(column)  # type: ignore[arg-type]
    base = float(bad.mean())
    risk = np.log(base / (1.0 - base)) + evidence
    gain = bad * (risk - np.log(base / (1.0 - base))) - np.logaddexp(0.0, risk) - np.log1p(-base)
    return 2.0 * float(gain.mean())


def shrunken_woe(bads: Array, rows: Array, base: float) -> Array:
    """WOE of bins with so many bad rows and rows, where `base` is the share of bad rows overall."""
    rate = (bads + SHRINKAGE_ROWS * base) / (rows + SHRINKAGE_ROWS)
    woe: Array = np.log(rate / (1.0 - rate)) - np.log(base / (1.0 - base))
    return woe


def _number_bins(column: Array, bad: Array, direction: int | None) -> NumberBins:
    base = float(bad.mean())
    absent = np.isnan(column)
    lost = float(shrunken_woe(np.array([bad[absent].sum()]), np.array([float(absent.sum())]), base)[0])
    known, outcome = column[~absent], bad[~absent]
    edges = fine_edges(known)
    place = np.searchsorted(edges, known, side="left")
    rows, bads = counted(place, outcome, len(edges) + 1)
    directions = (1, -1) if direction is None else (direction,)
    grouped = [_grouped(rows, bads, way) for way in directions]
    best = int(np.argmax([_likelihood(rows, bads, starts) for starts in grouped]))
    starts = grouped[best]
    woe = shrunken_woe(np.add.reduceat(bads, starts), np.add.reduceat(rows, starts), base)
    way = directions[best]
    if way:  # shrinking by rows can turn the order of neighbours of unlike size
        woe = np.maximum.accumulate(woe) if way > 0 else np.minimum.accumulate(woe)
    return NumberBins(edges[starts[1:] - 1], woe, lost, way)


def fine_edges(known: Array, bins: int = FINE_BINS) -> Array:
    """Upper edges of at most `bins` bins of about equal size; a value that many rows share has a bin to itself."""
    if not len(known):
        return np.empty(0)
    cuts = np.unique(np.quantile(known, np.linspace(0.0, 1.0, bins + 1)[1:-1], method="lower"))
    values = np.unique(known)
    if len(values) <= bins:
        cuts = values
    edges: Array = cuts[cuts < values[-1]]
    return edges


def _grouped(rows: Array, bads: Array, direction: int) -> npt.NDArray[np.int64]:
    """Starts of groups of neighbouring bins: monotone (pool adjacent violators), none too small, and none that could
    as well be joined with its neighbour."""
    starts = pooled(rows, bads, direction).tolist() if direction else list(range(len(rows)))
    counts, gone = np.add.reduceat(rows, starts).tolist(), np.add.reduceat(bads, starts).tolist()
    least = max(LEAST_SHARE * sum(counts), 1.0)
    prices = [_price(counts, gone, at, least) for at in range(len(starts) - 1)]
    while prices and min(prices) < MERGE_DEVIANCE:
        at = prices.index(min(prices))
        counts[at] += counts.pop(at + 1)
        gone[at] += gone.pop(at + 1)
        starts.pop(at + 1)
        prices.pop(at)
        for near in range(max(at - 1, 0), min(at + 1, len(prices))):
            prices[near] = _price(counts, gone, near, least)
    return np.array(starts)


def _price(counts: list[float], gone: list[float], at: int, least: float) -> float:
    """Deviance lost by joining a group with the next, less so much that too small a group always goes first."""
    apart = binomial(counts[at], gone[at]) + binomial(counts[at + 1], gone[at + 1])
    loss = 2.0 * (apart - binomial(counts[at] + counts[at + 1], gone[at] + gone[at + 1]))
    return loss - _ALWAYS if min(counts[at], counts[at + 1]) < least else loss


def pooled(rows: Array, bads: Array, direction: int) -> npt.NDArray[np.int64]:
    """Starts of the groups of bins in which the share of bad rows goes one way only (pool adjacent violators)."""
    groups: list[tuple[int, float, float]] = []
    for one in zip(range(len(rows)), rows.tolist(), bads.tolist(), strict=True):
        groups.append(one)
        while len(groups) > 1 and direction * (groups[-1][2] * groups[-2][1] - groups[-2][2] * groups[-1][1]) <= 0.0:
            _, count, gone = groups.pop()
            first, before, gone_before = groups.pop()
            groups.append((first, before + count, gone_before + gone))
    return np.array([start for start, _, _ in groups])


def counted(place: npt.NDArray[np.int64], bad: Array, bins: int) -> tuple[Array, Array]:
    """Rows and bad rows in each bin, where `place` is each row's bin."""
    rows = np.bincount(place, minlength=bins).astype(np.float64)
    return rows, np.bincount(place, weights=bad, minlength=bins).astype(np.float64)


def binomial(rows: float, bads: float) -> float:
    """Log-likelihood of a bin at its own share of bad rows."""
    goods = rows - bads
    return (bads * math.log(bads / rows) if bads else 0.0) + (goods * math.log(goods / rows) if goods else 0.0)


def _likelihood(rows: Array, bads: Array, starts: npt.NDArray[np.int64]) -> float:
    groups = zip(np.add.reduceat(rows, starts), np.add.reduceat(bads, starts), strict=True)
    return sum(binomial(float(count), float(gone)) for count, gone in groups)


def _category_bins(column: list[str], bad: Array) -> CategoryBins:
    base = float(bad.mean())
    values, place = np.unique(np.array(column), return_inverse=True)
    rows, bads = counted(place, bad, len(values))
    woe = dict(zip(values.tolist(), shrunken_woe(bads, rows, base).tolist(), strict=True))
    missing = woe.pop("", 0.0)
    rare = (rows < LEAST_CATEGORY_ROWS) & (values != "")
    other = float(shrunken_woe(np.array([bads[rare].sum()]), np.array([rows[rare].sum()]), base)[0])
    for value in values[rare].tolist():
        woe.pop(value)
    return CategoryBins(woe, other, missing)
