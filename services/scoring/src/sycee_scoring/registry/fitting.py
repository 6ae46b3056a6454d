"""Fits a monotone additive model to rows, in the two stages of `training.boosting`.

Nothing is chosen on what is tested: rounds and calibration slope come from a fifth of the training rows, held back for
that. The level is not learnt: each row starts from the log-odds of its stretch of time, so that trees learn what sets
loans of one time apart, and the portfolio's level is put in where the model is used (prior correction).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from sycee_scoring.domain.additive import AdditiveTable
from sycee_scoring.domain.trees import Tree
from sycee_scoring.learning import metrics
from sycee_scoring.registry.training_table import Array, Rows
from sycee_scoring.training.boosting import DECIMALS, Sample, Shape, boost, form_at_nought, table_of, without_form

Index = npt.NDArray[np.int64]
Stages = tuple[tuple[Tree, ...], ...]

HELD_BACK: Final = 5
"""One row in so many chooses rounds and slope and teaches nothing."""

ROUNDS: Final = (20, 40, 60, 80, 100, 150, 200)
TIME_SLICES: Final = 4
LEAST_RATE: Final = 1e-4


@dataclass(frozen=True, slots=True)
class Plan:
    """What is fitted: `first` are the columns that every merchant has, `form` those that only a full form adds."""

    names: tuple[str, ...]
    directions: tuple[int, ...]
    first: tuple[int, ...]
    form: tuple[int, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Fit:
    """A fitted model, its slope worked into the table. `rounds` of each stage and `slope` are what was chosen."""

    table: AdditiveTable
    rounds: tuple[int, ...]
    slope: float


def fit(rows: Rows, chosen: Index, plan: Plan, seed: int) -> Fit:
    """Fits the chosen rows. Deterministic: the same rows and seed give the same tables."""
    part = folds(rows.bad[chosen], HELD_BACK, seed)
    held, learning = chosen[part == 0], chosen[part != 0]
    rounds, trial = _choose(rows, learning, held, plan, seed)
    start = level(rows, chosen)[part == 0]
    raw = trial.raw_many(rows.features[held])
    slope = metrics.logistic_line(rows.bad[held], raw, start)[1] if float(np.ptp(raw)) > 0.0 else 0.0
    slope = round(min(max(slope, 0.0), 1.0), 4)
    sample = _sample(rows, chosen)
    stages: Stages = ()
    for count in rounds:
        stages = (*stages, _boost(sample, plan, stages, count, seed))
    return Fit(_scaled(_table(plan, stages), slope), rounds, slope)


def folds(bad: Array, count: int, seed: int) -> Index:
    """A fold, 0 to count − 1, for each row, with equally many bad ones in each. Deterministic by seed."""
    random = np.random.default_rng(seed)
    part = np.empty(len(bad), dtype=np.int64)
    for kind in (0.0, 1.0):
        index = np.flatnonzero(bad == kind)
        part[random.permutation(index)] = np.arange(len(index)) % count
    return part


def level(rows: Rows, chosen: Index) -> Array:
    """The log-odds of each chosen row's stretch of time, of `TIME_SLICES` equally long in rows; of all of them where
    there is no time."""
    bad = rows.bad[chosen]
    if rows.time is None:
        place = np.zeros(len(chosen), dtype=np.int64)
    else:
        time = rows.time[chosen]
        edges = np.unique(np.quantile(time, np.linspace(0.0, 1.0, TIME_SLICES + 1)[1:-1]))
        place = np.searchsorted(edges, time, side="left")
    counts = np.bincount(place)
    overall = float(bad.mean())
    # One row at the overall rate is added to each stretch, so that none is all good or all bad.
    rates = (np.bincount(place, weights=bad) + overall) / (counts + 1.0)
    rates = np.clip(rates, LEAST_RATE, 1.0 - LEAST_RATE)
    return np.asarray(np.log(rates / (1.0 - rates))[place], dtype=np.float64)


def _choose(rows: Rows, learning: Index, held: Index, plan: Plan, seed: int) -> tuple[tuple[int, ...], AdditiveTable]:
    """Rounds of each stage by log-loss on the rows held back, and the model of those rounds."""
    both = np.concatenate((learning, held))
    raw = level(rows, both)[len(learning) :]
    sample, features, bad = _sample(rows, learning), rows.features[held], rows.bad[held]
    stages: Stages = ()
    rounds: list[int] = []
    known = not np.isnan(rows.features[both][:, list(plan.form)]).all()
    for _ in range(2 if known else 1):
        trees = _boost(sample, plan, stages, max(ROUNDS), seed)
        grown = [raw + added for added in _growing(plan, trees, features)]
        best = int(np.argmin([_log_loss(bad, log_odds) for log_odds in grown]))
        rounds.append(ROUNDS[best])
        raw, stages = grown[best], (*stages, trees[: ROUNDS[best]])
    return tuple(rounds), _table(plan, stages)


def _growing(plan: Plan, trees: tuple[Tree, ...], features: Array) -> list[Array]:
    """What the first trees of a stage add to each row, for each of `ROUNDS`: tables add up."""
    total = np.zeros(len(features))
    found = []
    for first, last in pairwise((0, *ROUNDS)):
        total = total + _table(plan, (trees[first:last],)).raw_many(features)
        found.append(total)
    return found


def _boost(sample: Sample, plan: Plan, before: Stages, count: int, seed: int) -> tuple[Tree, ...]:
    """`count` trees of the stage after `before`."""
    columns = plan.form if before else plan.first
    start = sample.start
    if before:
        start = start + _table(plan, before).raw_many(without_form(sample.features, plan.form))
    shape = Shape(leaves=4, depth=2, least_leaf=min(300, max(20, len(start) // 100)), bins=63)
    return boost(replace(sample, start=start), plan.names, plan.directions, columns, shape, count, seed)


def _sample(rows: Rows, chosen: Index) -> Sample:
    return Sample(rows.features[chosen], rows.bad[chosen], level(rows, chosen))


def _table(plan: Plan, stages: Stages) -> AdditiveTable:
    table = table_of(plan.names, stages)
    return form_at_nought(table, plan.form) if plan.form else table


def _scaled(table: AdditiveTable, slope: float) -> AdditiveTable:
    terms = tuple(
        replace(term, cells=tuple(round(slope * cell, DECIMALS) for cell in term.cells)) for term in table.terms
    )
    return replace(table, intercept=round(slope * table.intercept, DECIMALS), terms=terms)


def _log_loss(bad: Array, log_odds: Array) -> float:
    """Mean of −log of the probability given to what happened."""
    return float(np.mean(np.logaddexp(0.0, log_odds) - bad * log_odds))
