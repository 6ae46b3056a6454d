"""The yardstick: a plain logistic regression with the care that any textbook takes.

Numbers are clipped to the range of the middle 98 % of the training rows, skewed ones put on a signed logarithm,
missing ones set to the median beside a column that says so; categories become one column each, rare ones share one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

from sycee_scoring.learning.metrics import Array
from sycee_scoring.learning.table import Columns, count

CLIPPED: Final = 0.01
SKEWED: Final = 1.0
"""Skewness above which a number is put on a logarithm: a usual bound for "strongly skewed"."""

LEAST_CATEGORY_ROWS: Final = 15


@dataclass(frozen=True, slots=True)
class NumberScale:
    """How a number is made fit: clip, take the logarithm where `logged`, fill with `middle`, centre and divide."""

    low: float
    high: float
    logged: bool
    middle: float
    mean: float
    spread: float
    flagged: bool

    def parts(self, column: Array) -> list[Array]:
        """The scaled number and, where some were missing in training, whether it is missing."""
        absent = np.isnan(column)
        scaled = (
            np.where(absent, self.middle, _bent(column, self.low, self.high, self.logged)) - self.mean
        ) / self.spread
        return [scaled, absent.astype(np.float64)] if self.flagged else [scaled]


@dataclass(frozen=True, slots=True)
class CategoryScale:
    """The categories that have a column; all others share none."""

    values: tuple[str, ...]

    def parts(self, column: Sequence[str]) -> list[Array]:
        """1.0 where the category is the column's."""
        texts = np.array(column)
        return [(texts == value).astype(np.float64) for value in self.values]


@dataclass(frozen=True, slots=True)
class Logistic:
    """log-odds of bad = intercept + scaled columns · factors."""

    scales: dict[str, NumberScale | CategoryScale]
    factors: Array
    intercept: float

    @classmethod
    def fit(cls, columns: Columns, bad: Array) -> Logistic:
        """Learns scales and factors (ridge of scikit-learn's default strength)."""
        scales = {
            name: _category_scale(column) if isinstance(column, list) else _number_scale(column)
            for name, column in columns.items()
        }
        matrix = _matrix(scales, columns)
        if not matrix.shape[1]:
            base = float(bad.mean())
            return cls(scales, np.empty(0), float(np.log(base / (1.0 - base))))
        model = LogisticRegression(C=1.0, max_iter=1_000).fit(matrix, bad)
        return cls(scales, model.coef_[0].astype(np.float64), float(model.intercept_[0]))

    def log_odds(self, columns: Columns) -> Array:
        """Log-odds of bad, one a row."""
        risk: Array = self.intercept + _matrix(self.scales, columns) @ self.factors
        return risk


def _matrix(scales: dict[str, NumberScale | CategoryScale], columns: Columns) -> Array:
    parts = [part for name, scale in scales.items() for part in scale.parts(columns[name])]  # type: ignore[arg-type]
    return np.column_stack(parts) if parts else np.empty((count(columns), 0))


def _number_scale(column: Array) -> NumberScale:
    known = column[~np.isnan(column)]
    if not len(known):
        return NumberScale(0.0, 0.0, False, 0.0, 0.0, 1.0, False)
    low, high = np.quantile(known, (CLIPPED, 1.0 - CLIPPED))
    clipped = np.clip(known, low, high)
    logged = abs(_skewness(clipped)) > SKEWED
    bent = _bent(known, float(low), float(high), logged)
    spread = float(bent.std())
    flagged = len(known) < len(column)
    return NumberScale(
        float(low),
        float(high),
        logged,
        float(np.median(bent)),
        float(bent.mean()),
        spread if spread > 0 else 1.0,
        flagged,
    )


def _bent(column: Array, low: float, high: float, logged: bool) -> Array:
    clipped: Array = np.clip(column, low, high)
    return np.sign(clipped) * np.log1p(np.abs(clipped)) if logged else clipped


def _skewness(values: Array) -> float:
    spread = float(values.std())
    return float(np.mean(((values - values.mean()) / spread) ** 3)) if spread > 0 else 0.0


def _category_scale(column: Sequence[str]) -> CategoryScale:
    values, rows = np.unique(np.array(column), return_counts=True)
    return CategoryScale(tuple(values[rows >= LEAST_CATEGORY_ROWS].tolist()))
