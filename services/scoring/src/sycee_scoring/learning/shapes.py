"""The shapes of LightGBM that are tried: from few broad trees to many deep ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

_SHARED: Final[dict[str, Any]] = {
    "objective": "binary",
    "metric": "auc",
    "bagging_freq": 1,
    "monotone_constraints_method": "basic",
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}


@dataclass(frozen=True, slots=True)
class Shape:
    """`depth` -1 is without bound; `tree_columns` and `node_columns` are shares drawn by tree and by node, `rows` by
    tree; `bins` a column's histogram."""

    name: str
    leaves: int
    depth: int
    rate: float
    tree_columns: float
    node_columns: float
    ridge: float
    rows: float
    bins: int

    def parameters(self, rows: int, seed: int, monotone: Sequence[int]) -> dict[str, Any]:
        """LightGBM's parameters for so many training rows. A leaf holds at least 1 in 200 of them, 5 to 100."""
        return {
            **_SHARED,
            "num_leaves": self.leaves,
            "max_depth": self.depth,
            "learning_rate": self.rate,
            "feature_fraction": self.tree_columns,
            "feature_fraction_bynode": self.node_columns,
            "bagging_fraction": self.rows,
            "lambda_l2": self.ridge,
            "max_bin": self.bins,
            "min_data_in_leaf": min(100, max(5, rows // 200)),
            "seed": seed,
            **({"monotone_constraints": list(monotone)} if any(monotone) else {}),
        }


DEEP: Final = Shape("deep", 31, -1, 0.1, 0.7, 1.0, 1.0, 0.8, 127)
SHAPES: Final = (
    Shape("shallow", 8, 3, 0.05, 0.3, 1.0, 1.0, 0.7, 63),
    Shape("middle", 12, -1, 0.04, 1.0, 0.2, 2.0, 0.8, 63),
)
"""Tried beside `DEEP`. Judgement; which of them count, and for how many rounds, the training rows decide."""
