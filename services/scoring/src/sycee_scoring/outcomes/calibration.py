"""How true a score is, learnt from outcomes: the inductive Venn–Abers predictor, and a 90 % band made from it.

Venn–Abers (V. Vovk, I. Petej, V. Fedorova, Large-scale probabilistic calibration with and without guarantees of
validity, NeurIPS 2015): isotonic regression of the outcomes on the score is fitted twice, with the new merchant taken
for good and for bad; the two fitted values p0 ≤ p1 bracket a calibrated probability. All brackets come out of one scan
over the corners of the cumulative sum diagram (their algorithms 1 and 2), so that nothing is fitted when serving.

p0 and p1 say how much one outcome more would matter, not how far the outcomes that are there may mislead. The band
therefore reaches from Wilson's lower 95 % limit of p0 to his upper one of p1 (E. B. Wilson, JASA 22, 1927), with the
effective number of loans in the pooled block that the score falls into. With censoring weights both are approximate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from sycee_scoring.domain.combine import INTERVAL_DEVIATIONS, Calibration

Array = npt.NDArray[np.float64]

MOST_STEPS: Final = 256
"""Steps of the committed table: scores are grouped into as many equal groups at most. A grouped score is a score."""

LEAST_PROBABILITY: Final = 1e-6
"""Ends of the band stay within this and its complement, so that their log-odds are finite."""


@dataclass(frozen=True, slots=True)
class VennAbers:
    """Brackets by position: `p0[i]`, `p1[i]` belong to a score equal to `scores[i]`; all three never fall."""

    scores: Array
    p0: Array
    p1: Array

    def bracket(self, score: float) -> tuple[float, float]:
        """p0 and p1 of any score. Between two known ones a good one joins the lower and a bad one the upper."""
        upper = int(np.searchsorted(self.scores, score, side="left"))
        lower = int(np.searchsorted(self.scores, score, side="right")) - 1
        p1 = float(self.p1[upper]) if upper < len(self.scores) else 1.0
        p0 = float(self.p0[lower]) if lower >= 0 else 0.0
        return p0, p1


def venn_abers(score: Array, bad: Array, weight: Array | None = None) -> VennAbers:
    """The brackets for the scores of these outcomes, in O(n log n). The new merchant weighs 1.

    `bad` holds 0.0 and 1.0, `weight` is above 0 (all 1 where left out); at least one row.
    """
    scores, weights, bads = _grouped(score, bad, np.ones(len(score)) if weight is None else weight)
    p1 = _taken_for_bad(weights, bads)
    p0 = 1.0 - _taken_for_bad(weights[::-1], (weights - bads)[::-1])[::-1]  # the same, seen in the mirror
    return VennAbers(scores, p0, p1)


def isotonic(weights: Array, bads: Array) -> tuple[Array, npt.NDArray[np.int64]]:
    """Never falling rates closest to bads / weights by weighted squares, and the number of each row's pooled block
    (pool adjacent violators: Ayer and others 1955)."""
    blocks: list[tuple[float, float, int]] = []  # weight, bads, rows
    for weight, ill in zip(weights.tolist(), bads.tolist(), strict=True):
        blocks.append((weight, ill, 1))
        while len(blocks) > 1 and blocks[-2][1] * blocks[-1][0] >= blocks[-1][1] * blocks[-2][0]:
            last, before = blocks.pop(), blocks.pop()
            blocks.append((before[0] + last[0], before[1] + last[1], before[2] + last[2]))
    rates = np.repeat([ill / weight for weight, ill, _ in blocks], [rows for _, _, rows in blocks])
    return rates, np.repeat(np.arange(len(blocks)), [rows for _, _, rows in blocks])


def calibration_of(log_odds: Array, bad: Array, weight: Array) -> Calibration:
    """The 90 % band of the default rate by log-odds, as the table that serving looks up."""
    grouped, edges = _in_steps(log_odds)
    found = venn_abers(grouped, bad, weight)
    _, weights, bads = _grouped(grouped, bad, weight)
    _, squares, _ = _grouped(grouped, bad, weight**2)
    _, block = isotonic(weights, bads)
    counts = np.bincount(block, weights=weights) ** 2 / np.bincount(block, weights=squares)
    count = counts[block]
    low = _wilson(found.p0, count, -INTERVAL_DEVIATIONS)
    high = _wilson(found.p1, count, INTERVAL_DEVIATIONS)
    # A narrower end beyond a wider one would say that more danger is surer to be less: the wider one holds.
    low = np.minimum.accumulate(low[::-1])[::-1]
    high = np.maximum.accumulate(high)
    return Calibration(tuple(edges.tolist()), tuple(_log_odds(low).tolist()), tuple(_log_odds(high).tolist()))


def _in_steps(score: Array) -> tuple[Array, Array]:
    """Scores replaced by the number of their step, and the edges between the steps."""
    values = np.unique(score)
    if len(values) > MOST_STEPS:
        values = np.unique(np.quantile(score, np.linspace(0.0, 1.0, MOST_STEPS + 1)[:-1]))
    edges = (values[1:] + values[:-1]) / 2.0
    edges = np.unique(edges)
    steps = np.searchsorted(edges, score, side="right")
    kept, inverse = np.unique(steps, return_inverse=True)
    return inverse.astype(np.float64), edges[np.asarray(kept[1:]) - 1]


def _grouped(score: Array, bad: Array, weight: Array) -> tuple[Array, Array, Array]:
    """Distinct scores in order, the weight at each and the weight of its bad ones."""
    scores, inverse = np.unique(score, return_inverse=True)
    weights: Array = np.bincount(inverse, weights=weight).astype(np.float64)
    bads: Array = np.bincount(inverse, weights=weight * bad).astype(np.float64)
    return scores, weights, bads


def _taken_for_bad(weights: Array, bads: Array) -> Array:
    """p1 at each position. `P[i]` is the cumulative sum diagram shifted so that a bad one stands before row `i`.

    With a new bad one at row i the diagram is (−1, −1) + P up to i and P from there: row by row the corner stays the
    greatest convex minorant of what lies to the right, and moving one point is enough (Vovk and others, algorithm 2).
    """
    across = np.concatenate(([0.0], np.cumsum(weights))).tolist()
    up = np.concatenate(([0.0], np.cumsum(bads))).tolist()
    count = len(weights)
    points: list[tuple[float, float]] = list(zip(across, up, strict=True))
    corners: list[tuple[float, float]] = [(-1.0, -1.0)]
    for point in points:
        while len(corners) > 1 and not _turns_left(corners[-2], corners[-1], point):
            corners.pop()
        corners.append(point)
    stack = corners[::-1]  # the leftmost corner on top
    rates = np.empty(count)
    before = (-1.0, -1.0)
    for row in range(count):
        top, following = stack[-1], stack[-2]
        rates[row] = (following[1] - top[1]) / (following[0] - top[0])
        here, there = points[row], points[row + 1]
        moved = (before[0] + there[0] - here[0], before[1] + there[1] - here[1])
        before = moved
        if _at_or_above(moved, top, following):
            continue
        stack.pop()
        while len(stack) > 1 and not _turns_left(moved, stack[-1], stack[-2]):
            stack.pop()
        stack.append(moved)
    return rates


def _turns_left(first: tuple[float, float], second: tuple[float, float], third: tuple[float, float]) -> bool:
    return (second[0] - first[0]) * (third[1] - second[1]) > (second[1] - first[1]) * (third[0] - second[0])


def _at_or_above(point: tuple[float, float], start: tuple[float, float], end: tuple[float, float]) -> bool:
    return (end[0] - start[0]) * (point[1] - start[1]) >= (end[1] - start[1]) * (point[0] - start[0])


def _wilson(rate: Array, count: Array, deviations: float) -> Array:
    """Wilson's limit of a rate among `count`; below the rate for negative `deviations`."""
    square = deviations**2
    middle = rate + square / (2.0 * count)
    half = deviations * np.sqrt(rate * (1.0 - rate) / count + square / (4.0 * count**2))
    limit: Array = (middle + half) / (1.0 + square / count)
    return limit


def _log_odds(probability: Array) -> Array:
    bounded = np.clip(probability, LEAST_PROBABILITY, 1.0 - LEAST_PROBABILITY)
    odds: Array = np.log(bounded / (1.0 - bounded))
    return odds
