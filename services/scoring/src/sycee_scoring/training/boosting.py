"""Boosts monotone additive models in two stages: first what every merchant has, then what only a full form adds.

The first stage never sees the form, so a merchant without one is judged by a model that was made for merchants without
one; the second starts from the first one's log-odds. Trees join at most two features on a path (LightGBM's interaction
constraints), so that both stages together are an `AdditiveTable`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Final

import lightgbm
import numpy as np

from sycee_scoring.domain.additive import AdditiveTable, Array
from sycee_scoring.domain.trees import Tree, additive, parse_model

SEED: Final = 20260101
DECIMALS: Final = 6
"""Of log-odds in a table: a millionth is a thirty-thousandth of a score point."""

MASKED_SHARE: Final = 0.10
"""Share of each feature that is hidden in training, so that a missing value comes to mean an ordinary one."""

PARAMETERS: Final[dict[str, Any]] = {
    "objective": "binary",
    "learning_rate": 0.05,
    "lambda_l2": 10.0,
    "monotone_constraints_method": "basic",
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a stage may grow."""

    leaves: int
    depth: int
    least_leaf: int  # rows
    bins: int  # a feature


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows to learn from: features (rows, columns), outcomes 0.0 and 1.0, and the log-odds that each row starts at."""

    features: Array
    bad: Array
    start: Array


def boost(  # noqa: PLR0917 - what makes up a stage, in the order it is told
    sample: Sample,
    features: Sequence[str],
    monotone: Sequence[int],
    used: Sequence[int],
    shape: Shape,
    rounds: int,
    seed: int = SEED,
    *,
    together: Sequence[Sequence[int]] | None = None,
) -> tuple[Tree, ...]:
    """The trees of one stage, one a round, splitting on the columns `used` alone. Deterministic by seed. `MASKED_SHARE`
    of each feature is hidden. `together` are the groups of columns that may share a path, of two at most; None = every
    pair."""
    settings = PARAMETERS | {
        "num_leaves": shape.leaves,
        "max_depth": shape.depth,
        "min_data_in_leaf": shape.least_leaf,
        "max_bin": shape.bins,
        "seed": seed,
        "monotone_constraints": list(monotone),
        "interaction_constraints": [list(group) for group in together or combinations(used, 2)] or [list(used)],
    }
    data = lightgbm.Dataset(
        masked(sample.features, seed),
        sample.bad,
        init_score=sample.start,
        feature_name=list(features),
        params={"verbose": -1, "max_bin": shape.bins},
    )
    booster = lightgbm.train(settings, data, num_boost_round=rounds)
    _, trees = parse_model(booster.model_to_string())
    if any(not set(tree.split_feature) <= set(used) for tree in trees):
        raise RuntimeError(f"LightGBM {lightgbm.__version__} did not keep its interaction constraints")
    return trees


def masked(features: Array, seed: int = SEED) -> Array:
    """The features with `MASKED_SHARE` of each column hidden, by a fixed seed."""
    hidden = np.random.default_rng(seed).random(features.shape) < MASKED_SHARE
    return np.where(hidden, np.nan, features)


def table_of(features: Sequence[str], stages: Sequence[tuple[Tree, ...]]) -> AdditiveTable:
    """The stages as one table, rounded as it is kept."""
    return additive(tuple(features), stages, DECIMALS)


def form_at_nought(table: AdditiveTable, form: Sequence[int]) -> AdditiveTable:
    """The same table with the tables of `form` columns adding up to nought where the whole form is missing: a merchant
    without one then has the first stage's log-odds. No table may join a form column with another."""
    missing = [len(thresholds) + 1 for thresholds in table.thresholds]
    offset = sum(term.at(missing) for term in table.terms if set(term.columns) <= set(form))
    return replace(table, intercept=round(table.intercept - offset, DECIMALS))


def scaled(table: AdditiveTable, columns: Sequence[int], factor: float) -> AdditiveTable:
    """The same table with every table of `columns` alone multiplied by `factor`, 0 or more; what they say of a record
    that lacks them all stays."""
    missing = [len(thresholds) + 1 for thresholds in table.thresholds]
    chosen = [set(entry.columns) <= set(columns) for entry in table.terms]
    kept = sum(entry.at(missing) for entry, picked in zip(table.terms, chosen, strict=True) if picked)
    terms = tuple(
        replace(entry, cells=tuple(round(factor * cell, DECIMALS) for cell in entry.cells)) if picked else entry
        for entry, picked in zip(table.terms, chosen, strict=True)
    )
    return replace(table, terms=terms, intercept=round(table.intercept + (1.0 - factor) * kept, DECIMALS))


def without_form(features: Array, form: Sequence[int]) -> Array:
    """The rows as merchants have them who filled in no form."""
    hidden = features.copy()
    hidden[:, list(form)] = np.nan
    return hidden
