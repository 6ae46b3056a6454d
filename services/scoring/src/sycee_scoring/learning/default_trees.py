"""The other yardstick: LightGBM as it comes, with its own handling of categories and of missing values."""

from __future__ import annotations

from dataclasses import dataclass

import lightgbm
import numpy as np

from sycee_scoring.learning.metrics import SEED, Array
from sycee_scoring.learning.table import Columns

ROUNDS = 100
"""What LightGBM's classifier grows when told nothing."""


@dataclass(frozen=True, slots=True)
class DefaultTrees:
    """LightGBM with its default settings; `levels` number the categories seen in training."""

    booster: lightgbm.Booster
    levels: dict[str, dict[str, int]]

    @classmethod
    def fit(cls, columns: Columns, bad: Array) -> DefaultTrees:
        """Learns from columns (at least one)."""
        levels = {
            name: {value: at for at, value in enumerate(sorted(set(column) - {""}))}
            for name, column in columns.items()
            if isinstance(column, list)
        }
        places = [at for at, name in enumerate(columns) if name in levels]
        parameters = {
            "objective": "binary",
            "num_threads": 1,
            "deterministic": True,
            "force_row_wise": True,
            "verbose": -1,
        }
        data = lightgbm.Dataset(_matrix(columns, levels), bad, categorical_feature=places)
        return cls(lightgbm.train({**parameters, "seed": SEED}, data, ROUNDS), levels)

    def log_odds(self, columns: Columns) -> Array:
        """Log-odds of bad, one a row."""
        return np.asarray(self.booster.predict(_matrix(columns, self.levels), raw_score=True))


def _matrix(columns: Columns, levels: dict[str, dict[str, int]]) -> Array:
    return np.column_stack(
        [
            np.array([levels[name].get(value, np.nan) for value in column]) if isinstance(column, list) else column
            for name, column in columns.items()
        ]
    )
