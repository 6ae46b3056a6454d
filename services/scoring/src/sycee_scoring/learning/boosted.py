"""Monotone gradient boosting whose shape, length, directions and calibration are chosen within the training rows.

The training rows are cut into folds. Each candidate shape of LightGBM is grown on all folds but one and judged on that
one; its length is where the mean AUC over the folds is highest. The shapes' out-of-fold log-odds are then weighed by a
logistic regression whose factors cannot be negative, which at once combines and calibrates them (stacking: Wolpert
1992, Breiman 1996) and keeps monotone what is monotone. Last, each shape that has a weight is grown on all training
rows with several seeds, or, of many rows, the folds' own models are averaged. No row outside the training rows is
ever looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import lightgbm
import numpy as np

from sycee_scoring.learning import directions
from sycee_scoring.learning.coding import Coding
from sycee_scoring.learning.folds import Rows, stratified
from sycee_scoring.learning.metrics import SEED, Array, auc
from sycee_scoring.learning.shapes import DEEP, SHAPES, Shape
from sycee_scoring.learning.stacking import nonnegative_logistic
from sycee_scoring.learning.table import Columns, count, take

# Judgement, tried within the training folds of German, Taiwan and HMEQ.
FOLDS: Final = 5
SMALL_ROWS: Final = 3_000
SMALL_REPEATS: Final = 2
"""Below `SMALL_ROWS` rows the folds are drawn this many times: there a single drawing decides by luck."""

SEEDS: Final = 3
SMALL_SEEDS: Final = 8
LARGE_ROWS: Final = 10_000
"""From here on a fifth of the rows more teaches less than five models average out: the folds' own models are kept."""

HUGE_ROWS: Final = 50_000
HUGE_FOLDS: Final = 3
"""Folds from `HUGE_ROWS` rows on, for time's sake."""

MOST_ROUNDS: Final = 1_000
PATIENCE: Final = 40
STACK_RIDGE: Final = 1.0
LEAST_WEIGHT: Final = 0.02
TOLERANCE: Final = 0.001
"""AUC, out of fold within the training rows, that the directions found may cost before they are given up."""


@dataclass(frozen=True, slots=True)
class Member:
    """A grown model, how it reads columns, and how much of its log-odds counts."""

    coding: Coding
    booster: lightgbm.Booster
    rounds: int
    weight: float


@dataclass(frozen=True, slots=True)
class Boosted:
    """log-odds of bad = intercept + sum of weight · member. `directions` are 1 (risk rises with the column), -1 or 0
    (free), by column; of a category column 1 means that it rises with the category's weight of evidence. `rounds` are
    the trees by shape."""

    members: tuple[Member, ...]
    intercept: float
    directions: dict[str, int]
    rounds: dict[str, int]

    @classmethod
    def fit(cls, columns: Columns, bad: Array, monotone: Mapping[str, int] | None = None, seed: int = SEED) -> Boosted:
        """Learns from columns (at least one) and `bad` (0.0 and 1.0, both at least twice). Directions in `monotone`
        hold whatever the data say; others are found where they are plain, and kept unless they cost ranking."""
        splits = _splits(bad, seed)
        parts = [_Part.of(columns, bad, *split) for split in splits]
        ways, deep = _directions(columns, bad, monotone or {}, parts, seed)
        others = [_Tried.of(shape, parts, list(ways.values()), seed) for shape in SHAPES]
        tried = [*others, deep]
        outcome = np.concatenate([part.held_bad for part in parts])
        intercept, weights = nonnegative_logistic(np.column_stack([each.held for each in tried]), outcome, STACK_RIDGE)
        chosen = [(each, float(weight)) for each, weight in zip(tried, weights, strict=True) if weight > LEAST_WEIGHT]
        if len(bad) >= LARGE_ROWS:
            members = [member for each, weight in chosen for member in each.kept(parts, weight)]
        else:
            whole = _Part.of(columns, bad, np.arange(len(bad)), np.empty(0, dtype=np.int64))
            members = [member for each, weight in chosen for member in each.grown_again(whole, weight, seed + 1_000)]
        return cls(tuple(members), intercept, ways, {each.shape.name: each.rounds for each in tried})

    def log_odds(self, columns: Columns) -> Array:
        """Log-odds of bad, one a row."""
        total = np.full(count(columns), self.intercept)
        if not len(total):
            return total
        matrices = {
            id(coding): coding.matrix(columns) for coding in {id(m.coding): m.coding for m in self.members}.values()
        }
        for member in self.members:
            said = member.booster.predict(matrices[id(member.coding)], raw_score=True, num_iteration=member.rounds)
            total += member.weight * np.asarray(said)
        return total


@dataclass(frozen=True, slots=True)
class _Part:
    """One split of the training rows: what is grown on and what is held out."""

    coding: Coding
    matrix: Array
    bad: Array
    held: Array
    held_bad: Array

    @classmethod
    def of(cls, columns: Columns, bad: Array, rows: Rows, held: Rows) -> _Part:
        grown = take(columns, rows)
        coding = Coding.fit(grown, bad[rows])
        matrix = coding.training_matrix(grown, bad[rows], SEED)
        return cls(coding, matrix, bad[rows], coding.matrix(take(columns, held)), bad[held])


@dataclass(frozen=True, slots=True)
class _Tried:
    """A shape with its length and its log-odds of the held-out rows, split after split."""

    shape: Shape
    ways: tuple[int, ...]
    rounds: int
    held: Array
    boosters: tuple[lightgbm.Booster, ...]

    @classmethod
    def of(cls, shape: Shape, parts: Sequence[_Part], ways: Sequence[int], seed: int) -> _Tried:
        boosters, rounds = _grown_together(shape, parts, ways, seed)
        held = [
            np.asarray(booster.predict(part.held, raw_score=True, num_iteration=rounds))
            for booster, part in zip(boosters, parts, strict=True)
        ]
        return cls(shape, tuple(ways), rounds, np.concatenate(held), tuple(boosters))

    def kept(self, parts: Sequence[_Part], weight: float) -> list[Member]:
        """The splits' own models, which share the weight."""
        return [
            Member(part.coding, booster, self.rounds, weight / len(parts))
            for part, booster in zip(parts, self.boosters, strict=True)
        ]

    def grown_again(self, whole: _Part, weight: float, seed: int) -> list[Member]:
        """The shape grown on all rows with several seeds, which share the weight."""
        seeds = SMALL_SEEDS if len(whole.bad) < SMALL_ROWS else SEEDS
        data = lightgbm.Dataset(whole.matrix, whole.bad)
        return [
            Member(
                whole.coding,
                lightgbm.train(self.shape.parameters(len(whole.bad), seed + at, self.ways), data, self.rounds),
                self.rounds,
                weight / seeds,
            )
            for at in range(seeds)
        ]


def _splits(bad: Array, seed: int) -> list[tuple[Rows, Rows]]:
    folds = int(min(HUGE_FOLDS if len(bad) >= HUGE_ROWS else FOLDS, bad.sum(), len(bad) - bad.sum()))
    repeats = SMALL_REPEATS if len(bad) < SMALL_ROWS else 1
    return [split for repeat in range(repeats) for split in stratified(bad, folds, seed + repeat)]


def _directions(
    columns: Columns, bad: Array, given: Mapping[str, int], parts: Sequence[_Part], seed: int
) -> tuple[dict[str, int], _Tried]:
    """The directions that hold, and the deep shape grown with them."""
    free = {name: given.get(name, int(isinstance(column, list))) for name, column in columns.items()}
    ways = {
        name: given[name] if name in given else 1 if isinstance(column, list) else directions.found(column, bad)
        for name, column in columns.items()
    }
    loose = _Tried.of(DEEP, parts, list(free.values()), seed)
    if ways == free:
        return free, loose
    bound = _Tried.of(DEEP, parts, list(ways.values()), seed)
    outcome = np.concatenate([part.held_bad for part in parts])
    kept = auc(outcome, bound.held) >= auc(outcome, loose.held) - TOLERANCE
    return (ways, bound) if kept else (free, loose)


def _grown_together(
    shape: Shape, parts: Sequence[_Part], ways: Sequence[int], seed: int
) -> tuple[list[lightgbm.Booster], int]:
    """A model for each split, grown in step until the mean held-out AUC has not risen for `PATIENCE` rounds, and the
    round at which it was highest. AUC, not the loss: trees may go on to rank better after they have begun to overstate,
    and overstatement is what the weights take back. Were each stopped by itself, its held-out log-odds would be those
    of another length than what is kept, and the calibration learnt from them wrong."""
    boosters = []
    for at, part in enumerate(parts):
        parameters = shape.parameters(len(part.bad), seed + at, ways)
        data = lightgbm.Dataset(part.matrix, part.bad, params=parameters)
        booster = lightgbm.Booster(parameters, data)
        booster.add_valid(lightgbm.Dataset(part.held, part.held_bad, reference=data, params=parameters), "held")
        boosters.append(booster)
    best, highest = 0, -np.inf
    for rounds in range(1, MOST_ROUNDS + 1):
        for booster in boosters:
            booster.update()
        ranking = float(np.mean([booster.eval_valid()[0][2] for booster in boosters]))
        if ranking > highest:
            best, highest = rounds, ranking
        if rounds - best >= PATIENCE:
            break
    return boosters, best
