"""What the early-warning model was compared with. Each learns from rows and orders others by risk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import lightgbm
import numpy as np

from sycee_scoring.distress.features import FEATURES, RAISES
from sycee_scoring.distress.fitting import Predict, Rows
from sycee_scoring.learning.metrics import Array

_RIDGE: Final = 1.0
"""Penalty on each standardised coefficient, in log-likelihood a hundredth of the rows: strong, as few rows are bad."""

_SEED: Final = 20260101


def falling_ratio(_learnt: Rows, rows: Rows) -> Array:
    """The trade of the last 28 days over the last 56 days', learning nothing."""
    return -rows.falling


def ridge_logistic(learnt: Rows, rows: Rows) -> Array:
    """Logistic regression on the same figures, clipped to the middle 98 % and standardised, with a ridge, by Newton."""
    low, high = np.quantile(learnt.figures, (0.01, 0.99), axis=0)
    clipped = np.clip(learnt.figures, low, high)
    mean, spread = clipped.mean(axis=0), clipped.std(axis=0) + 1e-9
    columns = np.column_stack((np.ones(len(clipped)), (clipped - mean) / spread))
    penalty = np.diag([1e-9, *[_RIDGE * len(clipped) / 100.0] * len(FEATURES)])
    weights = np.zeros(columns.shape[1])
    for _ in range(30):
        fitted = 1.0 / (1.0 + np.exp(-(columns @ weights)))
        gradient = columns.T @ (learnt.bad - fitted) - penalty @ weights
        weights += np.linalg.solve((columns.T * (fitted * (1.0 - fitted))) @ columns + penalty, gradient)
    return np.asarray(((np.clip(rows.figures, low, high) - mean) / spread) @ weights[1:])


def monotone_boosting(learnt: Rows, rows: Rows) -> Array:
    """Sixty small monotone trees on the same figures."""
    settings = {
        "num_leaves": 4,
        "learning_rate": 0.05,
        "min_data_in_leaf": 100,
        "lambda_l2": 20.0,
        "monotone_constraints": list(RAISES),
    }
    return _boosted(learnt, rows, settings, 60)


def default_boosting(learnt: Rows, rows: Rows) -> Array:
    """LightGBM as it comes, on the same figures."""
    return _boosted(learnt, rows, {}, 100)


def _boosted(learnt: Rows, rows: Rows, settings: Mapping[str, object], rounds: int) -> Array:
    fixed = {"objective": "binary", "verbosity": -1, "num_threads": 1, "seed": _SEED, "deterministic": True}
    data = lightgbm.Dataset(learnt.figures, learnt.bad, params={"verbosity": -1})
    booster = lightgbm.train({**fixed, **settings}, data, num_boost_round=rounds)
    return np.asarray(booster.predict(rows.figures, raw_score=True))


RIVALS: Final[Mapping[str, Predict]] = {
    "falling_ratio": falling_ratio,
    "ridge_logistic": ridge_logistic,
    "monotone_boosting": monotone_boosting,
    "default_lightgbm": default_boosting,
}
"""By the names that the card uses."""
