"""A scorecard: bins with weights of evidence, one factor a column, and a table of points that a person can add up."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from sycee_scoring.learning import bins
from sycee_scoring.learning.bins import Bins
from sycee_scoring.learning.folds import stratified
from sycee_scoring.learning.metrics import SEED, Array
from sycee_scoring.learning.stacking import nonnegative_logistic
from sycee_scoring.learning.table import Columns, count, take

POINTS_TO_DOUBLE: Final = 20
"""Points that double the odds of good."""

ANCHOR_POINTS: Final = 600
ANCHOR_ODDS: Final = 30.0
"""Goods to one bad at the anchor: the textbook choice (Siddiqi 2006)."""

RIDGE: Final = 3.0
"""Pull of each factor towards nought, in units of deviance per squared factor: judgement, hardly felt above a few
hundred rows."""


FOLDS: Final = 5
LEAST_FOLDS: Final = 2
CALIBRATION_RIDGE: Final = 1.0


@dataclass(frozen=True, slots=True)
class Points:
    """One line of the points table."""

    column: str
    bin: str
    woe: float
    points: int


@dataclass(frozen=True, slots=True)
class Scorecard:
    """log-odds of bad = intercept + sum of factor · WOE. Factors are never negative, so a bin that is worse by itself
    is never better in the card."""

    columns: dict[str, Bins]
    factors: dict[str, float]
    intercept: float

    @classmethod
    def fit(
        cls, columns: Columns, bad: Array, monotone: Mapping[str, int] | None = None, ridge: float = RIDGE
    ) -> Scorecard:
        """Learns bins and factors, and draws the log-odds in by as much as they prove too far apart on rows held out of
        `FOLDS` parts of these (shrinkage after fitting: van Houwelingen & le Cessie 1990). `monotone` gives directions
        of number columns: 1 (risk rises), -1, 0 (free); those not named go whichever way fits better. `bad` holds 0.0
        and 1.0, both present."""
        card = cls._fitted(columns, bad, monotone or {}, ridge)
        folds = int(min(FOLDS, bad.sum(), len(bad) - bad.sum()))
        if folds < LEAST_FOLDS:
            return card
        held = np.empty(len(bad))
        for rows, out in stratified(bad, folds, SEED):
            part = cls._fitted(take(columns, rows), bad[rows], monotone or {}, ridge)
            held[out] = part.log_odds(take(columns, out))
        return card._drawn_in(*nonnegative_logistic(held[:, np.newaxis], bad, CALIBRATION_RIDGE))

    def _drawn_in(self, shift: float, slopes: Array) -> Scorecard:
        slope = float(slopes[0])
        factors = {name: slope * factor for name, factor in self.factors.items()}
        return Scorecard(self.columns, factors, shift + slope * self.intercept)

    @classmethod
    def _fitted(cls, columns: Columns, bad: Array, given: Mapping[str, int], ridge: float) -> Scorecard:
        cut = {name: bins.fit(column, bad, given.get(name)) for name, column in columns.items()}
        evidence = _evidence(cut, columns)
        intercept, factors = nonnegative_logistic(evidence, bad, ridge)
        kept = {name: float(factor) for name, factor in zip(cut, factors, strict=True) if factor > 0.0}
        return cls({name: cut[name] for name in kept}, kept, intercept)

    def log_odds(self, columns: Columns) -> Array:
        """Log-odds of bad, one a row."""
        factors = np.array(list(self.factors.values()))
        if not len(factors):
            return np.full(count(columns), self.intercept)
        risk: Array = self.intercept + _evidence(self.columns, columns) @ factors
        return risk

    @property
    def points(self) -> tuple[Points, ...]:
        """The table: a loan's score is `base_points` and the points of its bins, higher = safer."""
        scale = POINTS_TO_DOUBLE / math.log(2.0)
        return tuple(
            Points(name, label, woe, round(-scale * self.factors[name] * woe))
            for name, cut in self.columns.items()
            for label, woe in cut.labels()
        )

    @property
    def base_points(self) -> int:
        """Points of a loan whose every bin is neutral."""
        scale = POINTS_TO_DOUBLE / math.log(2.0)
        return round(ANCHOR_POINTS - scale * (self.intercept + math.log(ANCHOR_ODDS)))


def _evidence(cut: Mapping[str, Bins], columns: Columns) -> Array:
    rows = count(columns)
    found = [each.evidence(columns[name]) for name, each in cut.items()]  # type: ignore[arg-type]
    return np.column_stack(found) if found else np.empty((rows, 0))
