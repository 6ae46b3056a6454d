"""Learns the early-warning model: ranks of the training cut-offs, and a line from risk to probability on predictions
made for later months and other shops."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student  # type: ignore[import-untyped] # ships no types

from sycee_scoring.distress.features import FEATURES, HORIZON_DAYS
from sycee_scoring.distress.model import DistressModel, Ranks, risk
from sycee_scoring.distress.panel import Cutoff
from sycee_scoring.learning.metrics import intercept_for, logistic_line

Array = NDArray[np.float64]

SHOP_FOLDS: Final = 4
SEED: Final = 20260101

LEAST_ROWS: Final = 200
"""Fewer rows to learn from, or to be checked on, are not used: judgement."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Shops at cut-offs, one row each: figures (rows, 7), outcomes 0.0 or 1.0, places of shops, number of the cut-off's
    day, and the falling ratio."""

    figures: Array
    bad: Array
    shops: NDArray[np.int64]
    days: NDArray[np.int64]
    falling: Array

    def only(self, kept: NDArray[np.bool_]) -> Rows:
        """The rows where `kept` is true."""
        return Rows(self.figures[kept], self.bad[kept], self.shops[kept], self.days[kept], self.falling[kept])


_NO_SPREAD: Final = 1e-9

Predict = Callable[[Rows, Rows], Array]
"""Learns from the first rows and orders the second by risk."""


def stacked(cutoffs: Sequence[Cutoff]) -> Rows:
    """All rows of some cut-offs, at least one."""
    return Rows(
        figures=np.concatenate([cutoff.figures for cutoff in cutoffs]),
        bad=np.concatenate([cutoff.bad.astype(np.float64) for cutoff in cutoffs]),
        shops=np.concatenate([cutoff.shops for cutoff in cutoffs]),
        days=np.concatenate([np.full(len(cutoff.shops), cutoff.day.toordinal()) for cutoff in cutoffs]),
        falling=np.concatenate([cutoff.falling for cutoff in cutoffs]),
    )


def ranks_of(figures: Array) -> tuple[Ranks, ...]:
    """One table for each figure."""
    return tuple(Ranks.of(figures[:, place]) for place in range(len(FEATURES)))


def shop_folds(count: int) -> NDArray[np.int64]:
    """A fold for each of `count` shops, the same for the same count."""
    return np.random.default_rng(SEED).permutation(count) % SHOP_FOLDS


def rolled(learning: Rows, asked: Rows, folds: NDArray[np.int64], predict: Predict) -> tuple[Rows, Array]:
    """What `predict` says of rows of `asked`, each learnt from cut-offs whose outcomes were known on its day and from
    other shops; days with too little to learn from are left out. Returns the rows asked, and what was said."""
    kept, predicted = [], []
    for day in np.unique(asked.days):
        known = learning.only(learning.days + HORIZON_DAYS <= day)
        if len(known.bad) < LEAST_ROWS or not 0.0 < known.bad.mean() < 1.0:
            continue
        for rows, learnt in _by_shop(known, asked.only(asked.days == day), folds):
            kept.append(rows)
            predicted.append(predict(learnt, rows))
    if not kept:
        return asked.only(np.zeros(len(asked.bad), dtype=np.bool_)), np.zeros(0)
    together = Rows(
        *(
            np.concatenate([getattr(rows, name) for rows in kept])
            for name in ("figures", "bad", "shops", "days", "falling")
        )
    )
    return together, np.concatenate(predicted)


def across_shops(learning: Rows, asked: Rows, folds: NDArray[np.int64], predict: Predict) -> tuple[Rows, Array]:
    """What `predict` says of `asked`, each row learnt from other shops of `learning`."""
    pairs = [(rows, predict(learnt, rows)) for rows, learnt in _by_shop(learning, asked, folds)]
    names = ("figures", "bad", "shops", "days", "falling")
    together = Rows(*(np.concatenate([getattr(rows, name) for rows, _ in pairs]) for name in names))
    return together, np.concatenate([said for _, said in pairs])


def by_ranks(simulated: Array) -> Predict:
    """Orders by ranks among the rows learnt from and `simulated` figures."""

    def predict(learnt: Rows, rows: Rows) -> Array:
        return risk(ranks_of(np.concatenate((learnt.figures, simulated))), rows.figures)

    return predict


def line(bad: Array, risks: Array) -> tuple[float, float]:
    """Intercept and slope of a logistic regression of outcome on risk, begun at the mean rate and a spread of 1, from
    where Newton's steps do not run away; risks that are all equal have no slope."""
    mean, spread, rate = float(risks.mean()), float(risks.std()), float(bad.mean())
    base = float(np.log(rate / (1.0 - rate)))
    if spread <= _NO_SPREAD:
        return base, 0.0
    above, slope = logistic_line(bad, (risks - mean) / spread, base)
    return base + above - slope / spread * mean, slope / spread


def calibrated(bad: Array, risks: Array, days: NDArray[np.int64]) -> tuple[float, float, float]:
    """Intercept, slope and half-width of the 90 % interval of the line from risk to log-odds.

    The half-width comes from how far the intercepts of single cut-offs lie from the line, since base rates swing with
    the calendar. Cut-offs within 56 days share outcomes, so that there are only as many as the days hold spans of 56;
    Student's distribution widens the interval for their being few.
    """
    intercept, slope = line(bad, risks)
    apart = []
    for day in np.unique(days):
        here = days == day
        # half a bad and half a good one more: a month without any has a finite intercept
        rate = (bad[here].sum() + 0.5) / (here.sum() + 1.0)
        apart.append(intercept_for(float(rate), slope * risks[here]) - intercept)
    periods = max(1, round((int(days.max()) - int(days.min())) / HORIZON_DAYS))
    return intercept, slope, float(student.ppf(0.95, periods) * np.sqrt(np.mean(np.square(apart))))


def model_of(version: str, figures: Array, line: tuple[float, float, float]) -> DistressModel:
    """The model with ranks among `figures` and a calibration line."""
    return DistressModel(version, ranks_of(figures), *line)


def _by_shop(learning: Rows, asked: Rows, folds: NDArray[np.int64]) -> Iterator[tuple[Rows, Rows]]:
    for fold in range(SHOP_FOLDS):
        rows = asked.only(folds[asked.shops] == fold)
        if len(rows.bad):
            yield rows, learning.only(folds[learning.shops] != fold)
