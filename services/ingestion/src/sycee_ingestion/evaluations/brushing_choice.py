"""How weights and ordinary shares are chosen: on merchants of the buyers for choosing alone.

Ordinary shares are what 95 % of clean merchants stay below, 1 % at least. Weights are those of a logistic regression
of the truth on strength times excess, none below 0, with the prior log-odds of the judgement as its intercept. Signals
that stand alone come out between 7 and 9, and 8 stands for all of these: what a simulation finds is not known more
closely. Bursts and machine-like times come out between 0 and 1, since the others find what they would; 1 stands for
them, because a pattern that nobody simulated may show in little else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sycee_ingestion.brushing.details import trade_of
from sycee_ingestion.brushing.judgement import PRIOR, excesses, gather
from sycee_ingestion.brushing.signals import Evidence, Signal
from sycee_ingestion.evaluations.brushing_cohorts import PLAIN, Fate
from sycee_ingestion.evaluations.brushing_trade import Shop, details_of, truth_of

RIDGE = 1e-5
"""Holds the weight of a signal that never errs; per squared unit of log-odds, against the mean loss of an order."""

STEPS = 10_000
FEWEST_ORDERS = 100
"""Smaller merchants say little about shares."""


@dataclass(frozen=True, slots=True)
class Choice:
    """For one signal: quantiles of its share of orders among plain merchants, and the fitted weight."""

    median_share: float
    high_share: float
    highest_share: float
    weight: float


def chosen(merchants: Iterable[tuple[Fate, Shop]]) -> dict[Signal, Choice]:
    """Shares and weights from merchants whose truth is known."""
    features, truths, shares = [], [], []
    for fate, shop in merchants:
        details = details_of(shop)
        trade = trade_of(details)
        evidence = gather(trade)
        excess = excesses(trade, evidence)
        features.append(np.column_stack([evidence[signal].strength * excess[signal] for signal in Signal]))
        truths.append(truth_of(shop, trade.frame))
        if fate.kind == PLAIN and trade.count >= FEWEST_ORDERS:
            shares.append([_share(evidence[signal]) for signal in Signal])
    weights = _fit(np.concatenate(features), np.concatenate(truths).astype(np.float64))
    median, high, highest = np.nanquantile(np.array(shares, np.float64), (0.5, 0.95, 1.0), axis=0).tolist()
    return {signal: Choice(median[at], high[at], highest[at], float(weights[at])) for at, signal in enumerate(Signal)}


def _share(found: Evidence) -> float:
    return found.beyond_one / float(found.visible.sum()) if found.visible.any() else np.nan


def _fit(features: NDArray[np.float64], truth: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights ≥ 0 of least penalised log loss, the intercept held: projected gradient steps of the safe length."""
    # Orders without any signal are all alike and have no gradient.
    told = features.any(axis=1)
    features, truth, count = features[told], truth[told], len(features)
    step = 1.0 / (0.25 * np.linalg.eigvalsh(features.T @ features / count)[-1] + 2 * RIDGE)
    weights = np.zeros(features.shape[1])
    momentum, previous = weights, weights
    for at in range(1, STEPS + 1):
        chance = 1.0 / (1.0 + np.exp(-(PRIOR + features @ momentum)))
        slope = features.T @ (chance - truth) / count + 2 * RIDGE * momentum
        previous, weights = weights, np.maximum(momentum - step * slope, 0.0)
        momentum = weights + (at - 1) / (at + 2) * (weights - previous)  # Nesterov, 1983
    return weights
