"""The four models that `sycee eval credit` sets beside each other, each learnt from training rows alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sycee_scoring.learning.boosted import Boosted
from sycee_scoring.learning.default_trees import DefaultTrees
from sycee_scoring.learning.derived import Derivation
from sycee_scoring.learning.logistic import Logistic
from sycee_scoring.learning.metrics import Array
from sycee_scoring.learning.scorecard import Scorecard
from sycee_scoring.learning.table import Columns

Model = Callable[[Columns, Array, Columns], Array]
"""(training columns, their outcomes, test columns) -> log-odds of bad of the test rows."""


def scorecard(columns: Columns, bad: Array, test: Columns) -> Array:
    """The scorecard, with what the columns tell between them."""
    derivation = Derivation.find(columns, bad)
    return Scorecard.fit(derivation.add(columns), bad).log_odds(derivation.add(test))


def boosted(columns: Columns, bad: Array, test: Columns) -> Array:
    """Monotone boosting, with what the columns tell between them. Ratios and differences are left free: their
    direction by themselves says little of it beside their parts."""
    derivation = Derivation.find(columns, bad)
    wide = derivation.add(columns)
    return Boosted.fit(wide, bad, dict.fromkeys(derivation.undirected, 0)).log_odds(derivation.add(test))


def logistic(columns: Columns, bad: Array, test: Columns) -> Array:
    """Plain logistic regression."""
    return Logistic.fit(columns, bad).log_odds(test)


def lightgbm_default(columns: Columns, bad: Array, test: Columns) -> Array:
    """LightGBM as it comes."""
    return DefaultTrees.fit(columns, bad).log_odds(test)


MODELS: Final[dict[str, Model]] = {
    "scorecard": scorecard,
    "boosted": boosted,
    "logistic": logistic,
    "lightgbm_default": lightgbm_default,
}
