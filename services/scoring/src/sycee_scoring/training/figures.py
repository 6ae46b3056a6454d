"""Figures and curves of the cards: what a model ranked, how true it was, and how its applicants moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sycee_scoring.domain.additive import AdditiveTable, Array
from sycee_scoring.learning import metrics

CURVE_POINTS: Final = 50
CALIBRATION_GROUPS: Final = 10
SHAPE_ROWS: Final = 2_000
"""Training rows over which the effect of a feature is averaged."""

PSI_WATCH: Final = 0.10
PSI_ACT: Final = 0.25
"""By custom (Siddiqi 2006)."""

Pairs = list[list[float]]


def probability(log_odds: Array) -> Array:
    """1 / (1 + exp(−log-odds))."""
    return np.asarray(1.0 / (1.0 + np.exp(-log_odds)), dtype=np.float64)


def ranking(bad: Array, risk: Array) -> dict[str, Any]:
    """Rows, AUC (DeLong) and KS (bootstrap), both with 95 % intervals."""
    return {
        "loans": len(bad),
        "bads": int(bad.sum()),
        "bad_rate": round(float(bad.mean()), 4),
        "auc": metrics.auc_interval(bad, risk).as_json(),
        "ks": metrics.with_interval(metrics.ks, bad, risk).as_json(),
    }


def truth(bad: Array, chance: Array) -> dict[str, Any]:
    """Brier score with a 95 % bootstrap interval, that of a constant at the mean of `chance`, and the calibration error
    (adaptive, ten groups)."""
    constant = np.full(len(bad), float(chance.mean()))
    return {
        "brier": metrics.with_interval(metrics.brier, bad, chance).as_json(),
        "brier_of_constant": round(metrics.brier(bad, constant), 4),
        "ece": round(metrics.ece(bad, chance), 4),
    }


def roc(bad: Array, risk: Array) -> Pairs:
    """The ROC curve: share of good ones turned away against share of bad ones, from the riskiest down."""
    order = np.argsort(-risk, kind="stable")
    bads = np.cumsum(bad[order]) / bad.sum()
    goods = np.cumsum(1.0 - bad[order]) / (1.0 - bad).sum()
    picked = _picked(len(bad))
    return [[0.0, 0.0], *_pairs(goods[picked], bads[picked])]


def ks_curve(bad: Array, risk: Array) -> Pairs:
    """Share of all that are turned away, with the shares of bad and of good ones among theirs."""
    order = np.argsort(-risk, kind="stable")
    bads = np.cumsum(bad[order]) / bad.sum()
    goods = np.cumsum(1.0 - bad[order]) / (1.0 - bad).sum()
    picked = _picked(len(bad))
    return [[0.0, 0.0, 0.0], *_pairs((picked + 1.0) / len(bad), bads[picked], goods[picked])]


def calibration(bad: Array, chance: Array) -> Pairs:
    """Stated and observed share of bad ones, with one standard error of the latter, in ten groups of equal size."""
    order = np.argsort(chance, kind="stable")
    groups = np.array_split(order, min(CALIBRATION_GROUPS, len(order)))
    stated = np.array([chance[group].mean() for group in groups])
    seen = np.array([bad[group].mean() for group in groups])
    error = np.sqrt(seen * (1.0 - seen) / np.array([len(group) for group in groups]))
    return _pairs(stated, seen, error)


def shapes(table: AdditiveTable, rows: Array, columns: Sequence[int], seed: int) -> dict[str, Pairs]:
    """What each feature does: for each of its cells (its upper threshold; the last one is above all of them) the mean
    log-odds over training rows with that value, against the mean over the cells as the rows have them. What a missing
    value does comes last, with the value null."""
    sample = rows[np.random.default_rng(seed).permutation(len(rows))[:SHAPE_ROWS]]
    level = float(table.raw_many(sample).mean())
    found: dict[str, Pairs] = {}
    for column in columns:
        thresholds = table.thresholds[column]
        if not thresholds:
            continue
        line: list[list[Any]] = []
        for value in (*thresholds, np.inf, np.nan):
            changed = sample.copy()
            changed[:, column] = value
            shown = None if not np.isfinite(value) else round(float(value), 4)
            line.append([shown, round(float(table.raw_many(changed).mean()) - level, 4)])
        found[table.features[column]] = line
    return found


def drift(
    periods: Mapping[int, npt.NDArray[np.bool_]], quantities: Mapping[str, Array], reference: npt.NDArray[np.bool_]
) -> list[dict[str, Any]]:
    """PSI of the score and CSI of each feature, a row a year, against the reference's rows. `quantities` maps a name to
    one value a row."""
    return [
        {"year": year}
        | {name: round(metrics.psi(values[reference], values[rows]), 3) for name, values in quantities.items()}
        for year, rows in periods.items()
    ]


def verdict(value: float) -> str:
    """What a drift monitor says of a PSI."""
    return "act" if value > PSI_ACT else "watch" if value > PSI_WATCH else "stable"


def _picked(count: int) -> npt.NDArray[np.int64]:
    """At most `CURVE_POINTS` rows, evenly spread, the last one among them."""
    return np.unique(np.linspace(0, count - 1, CURVE_POINTS).astype(np.int64))


def _pairs(*columns: Array) -> Pairs:
    return [[round(float(value), 4) for value in row] for row in zip(*columns, strict=True)]
