"""Figures of the early-warning card: how well it ordered, how true it was, and how its shops moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import numpy as np

from sycee_scoring.distress.features import FEATURES
from sycee_scoring.distress.fitting import Rows, line
from sycee_scoring.distress.model import DistressModel
from sycee_scoring.evaluations.distress import average_precision
from sycee_scoring.learning.metrics import Array, auc, brier, ece, psi, with_interval

_CURVE_POINTS: Final = 60


def ranked(rows: Rows, risk: Array) -> dict[str, Any]:
    """How well `risk` orders `rows`: together, and at each cut-off."""
    months: list[dict[str, Any]] = []
    for day in np.unique(rows.days):
        here = rows.days == day
        bad = rows.bad[here]
        both = 0.0 < bad.mean() < 1.0
        months.append(
            {
                "cutoff": str(date.fromordinal(int(day))),
                "pairs": len(bad),
                "bads": int(bad.sum()),
                "auc": round(auc(bad, risk[here]), 4) if both else None,
            }
        )
    ranked = [month["auc"] for month in months if month["auc"] is not None]
    if not ranked:
        return {"months": months}
    return {
        "auc": with_interval(auc, rows.bad, risk, rows.shops).as_json(),
        "mean_auc_of_months": round(float(np.mean(ranked)), 4),
        "average_precision": round(average_precision(rows.bad, risk), 4),
        "months": months,
    }


def calibration(rows: Rows, risk: Array, learnt: Sequence[float]) -> dict[str, Any]:
    """How true the probabilities of the test are, with the line learnt before it."""
    log_odds = learnt[0] + learnt[1] * risk
    probability = 1.0 / (1.0 + np.exp(-log_odds))
    intercept, slope = line(rows.bad, log_odds)
    months = []
    for day in np.unique(rows.days):
        here = rows.days == day
        model = DistressModel("", (), *learnt)
        ends = [model.probability(float(value))[1:] for value in log_odds[here]]
        low, high = np.mean(ends, axis=0)
        months.append(
            {
                "cutoff": str(date.fromordinal(int(day))),
                "predicted": round(float(probability[here].mean()), 4),
                "low": round(float(low), 4),
                "high": round(float(high), 4),
                "observed": round(float(rows.bad[here].mean()), 4),
            }
        )
    return {
        "brier": with_interval(brier, rows.bad, probability, rows.shops).as_json(),
        "brier_of_constant": round(float(rows.bad.mean() * (1.0 - rows.bad.mean())), 4),
        "ece": with_interval(ece, rows.bad, probability, rows.shops).as_json(),
        "intercept": round(intercept, 4),
        "slope": round(slope, 4),
        "groups": _groups(rows.bad, probability),
        "months": months,
    }


def _groups(bad: Array, probability: Array) -> list[dict[str, float]]:
    """Ten groups of equal size in order of probability: mean predicted and observed."""
    order = np.argsort(probability, kind="stable")
    return [
        {"predicted": round(float(probability[part].mean()), 4), "observed": round(float(bad[part].mean()), 4)}
        for part in np.array_split(order, min(10, len(order)))
    ]


def before_a_break(rows: Rows) -> list[Mapping[str, Any]]:
    """How often shops fell by what the coming break was expected to do to them, at each cut-off of the test."""
    turn = rows.figures[:, FEATURES.index("season_turn")]
    found: list[Mapping[str, Any]] = []
    for day in np.unique(rows.days):
        cutoff = str(date.fromordinal(int(day)))
        for name, kind in (("to halve or worse", turn <= np.log(0.5)), ("to fare better", turn > np.log(0.5))):
            here = (rows.days == day) & kind
            if here.any():
                bads = int(rows.bad[here].sum())
                found.append({"cutoff": cutoff, "expected": name, "pairs": int(here.sum()), "bads": bads})
    return found


def roc(rows: Rows, risk: Array) -> list[list[float]]:
    """The ROC curve: share of steady shops warned of against share of falling ones, riskiest first."""
    order = np.argsort(-risk, kind="stable")
    falling = np.cumsum(rows.bad[order]) / rows.bad.sum()
    steady = np.cumsum(1.0 - rows.bad[order]) / (1.0 - rows.bad).sum()
    picked = np.unique(np.linspace(0, len(order) - 1, _CURVE_POINTS).astype(np.int64))
    return [[0.0, 0.0], *([round(float(steady[at]), 4), round(float(falling[at]), 4)] for at in picked)]


def drift(model: DistressModel, learn: Rows, test: Rows) -> dict[str, dict[str, float]]:
    """PSI of the risk and of each figure at each cut-off of the test, against the learning period."""
    found = {}
    for day in np.unique(test.days):
        here = test.figures[test.days == day]
        row = {"risk": psi(model.log_odds(learn.figures), model.log_odds(here))}
        row |= {name: psi(learn.figures[:, place], here[:, place]) for place, name in enumerate(FEATURES)}
        found[str(date.fromordinal(int(day)))] = {name: round(value, 4) for name, value in row.items()}
    return found
