"""How rows are split into those learnt from and those tested on, and what the models say of the latter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from sycee_scoring.evaluations.credit_models import MODELS
from sycee_scoring.learning import metrics
from sycee_scoring.learning.folds import Rows, stratified
from sycee_scoring.learning.metrics import SEED, Array, Figure
from sycee_scoring.learning.table import Column, Columns, count, take

TEST_SHARE: Final = 0.3
"""Share of the rows, the last by time, that a test out of time is held on: judgement."""

LEAST_OUTCOMES: Final = 5
"""Bad rows, and good rows, that the training and the test rows must hold each for any figure to mean something."""

MOST_COPIES: Final = 10
MOST_COPIES_SHARE: Final = 0.01
"""From more equal rows than both allow they are alike by nature: judgement."""


class SplitError(Exception):
    """The rows cannot be split; the message says why."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One model's figures; `by_fold` are its AUCs fold by fold, one where there is one test."""

    auc: Figure
    ks: float
    brier: float
    ece: float
    by_fold: tuple[float, ...]


def by_folds(columns: Columns, bad: Array, folds: int) -> list[tuple[Rows, Rows]]:
    """Stratified folds. Copies of a row stay together, so that no model is tested on what it learnt; but where columns
    hold so few values that many loans are alike by nature, likeness is no sign of a copy."""
    least = int(min(bad.sum(), len(bad) - bad.sum()))
    if least < LEAST_OUTCOMES * 2:
        raise SplitError(f"the rarer outcome has {least} rows; at least {LEAST_OUTCOMES * 2} are needed")
    alike = copies({**columns, "": bad})
    by_nature = int(np.bincount(alike).max()) > max(MOST_COPIES, MOST_COPIES_SHARE * len(bad))
    splits = stratified(bad, min(folds, least), SEED, None if by_nature else alike)
    if any(not len(held) or not 0.0 < bad[held].mean() < 1.0 for _, held in splits):
        raise SplitError("too few different rows: a fold would hold one outcome only")
    return splits


def by_time(bad: Array, times: Array) -> list[tuple[Rows, Rows]]:
    """One split: the last `TEST_SHARE` of the rows by time are the test. Rows of one time are never parted, so the
    share is as near as whole times allow."""
    values, counts = np.unique(times, return_counts=True)
    if len(values) == 1:
        raise SplitError("all rows have one time; the test needs a later one")
    after = 1.0 - np.cumsum(counts)[:-1] / len(times)
    cut = values[int(np.argmin(np.abs(after - TEST_SHARE)))]
    rows, held = np.flatnonzero(times <= cut), np.flatnonzero(times > cut)
    for part, name in ((rows, "earlier"), (held, "later")):
        least = int(min(bad[part].sum(), len(part) - bad[part].sum()))
        if least < LEAST_OUTCOMES:
            raise SplitError(
                f"the {name} {len(part)} rows hold {least} of the rarer outcome; at least {LEAST_OUTCOMES} are needed"
            )
    return [(rows, held)]


def measured(
    columns: Columns, bad: Array, splits: list[tuple[Rows, Rows]], done: Callable[[], None]
) -> dict[str, Measured]:
    """Each model's figures over the held-out rows, all splits together. `done` is called after every model grown."""
    said: dict[str, list[Array]] = {name: [] for name in MODELS}
    for rows, held in splits:
        learnt, tested = take(columns, rows), take(columns, held)
        for name, model in MODELS.items():
            said[name].append(model(learnt, bad[rows], tested))
            done()
    outcomes = [bad[held] for _, held in splits]
    return {name: _figures(outcomes, risks) for name, risks in said.items()}


def copies(columns: Columns) -> Rows:
    """A number for each row that equal rows, and only they, share."""
    key = np.zeros(count(columns), dtype=np.int64)
    for column in columns.values():
        _, place = np.unique(_comparable(column), return_inverse=True)
        _, key = np.unique(key * (int(place.max(initial=0)) + 1) + place, return_inverse=True)
    return key


def _comparable(column: Column) -> np.ndarray:
    return np.array(column) if isinstance(column, list) else np.where(np.isnan(column), np.inf, column)


def _figures(outcomes: list[Array], risks: list[Array]) -> Measured:
    bad, risk = np.concatenate(outcomes), np.concatenate(risks)
    probability = 0.5 * (1.0 + np.tanh(0.5 * risk))
    return Measured(
        metrics.auc_interval(bad, risk),
        metrics.ks(bad, risk),
        metrics.brier(bad, probability),
        metrics.ece(bad, probability),
        tuple(metrics.auc(outcome, each) for outcome, each in zip(outcomes, risks, strict=True)),
    )
