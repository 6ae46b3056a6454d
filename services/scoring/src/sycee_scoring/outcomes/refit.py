"""The combination, refitted from a lender's own outcomes.

    logit P(bad) = base + Σ scale_i · evidence_i          evidence_i = weight_i · (log-odds_i − base of the opinions)

is fitted by penalised likelihood, which is the posterior mode under normal priors that say what is believed before any
outcome: base is the committed one within its calibration error of 0.30, each scale is 1 within 0.50. The priors weigh
like a few dozen defaults: ten outcomes hardly move anything, thousands decide. Scales stay within 0 and what brings the
component's full weight to 1, so that no component's evidence is turned around or counted more than once over.
The intercept is the prior correction to the lender's own base rate.

Loans weigh 1 / G (`labels`). The curvature of the posterior, with that of the weights allowed for by the sandwich where
it is larger, and what prior and outcomes still disagree on give the calibration error that the interval keeps; never
below 0.10, since next year is not last year (judgement). On `CALIBRATION_BADS` defaults and more, the interval comes
from the outcomes themselves (`calibration`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt
from sycee_service.errors import FailedPrecondition

from sycee_scoring.domain.combine import COMMITTED, FULL_WEIGHTS, CombinationModel
from sycee_scoring.outcomes.calibration import calibration_of
from sycee_scoring.outcomes.rows import OutcomeRows

Array = npt.NDArray[np.float64]

SCALE_PRIOR_SD: Final = 0.50
"""How far a component's scale is believed to lie from 1. Judgement."""

LEAST_OUTCOMES: Final = 50
LEAST_BADS: Final = 5
"""Below either there is nothing to learn and a refit is refused. Judgement."""

CALIBRATION_OUTCOMES: Final = 1000
CALIBRATION_BADS: Final = 100
"""Known outcomes, and defaults among them, from which on the band of observed rates gives the interval. Judgement: with
a hundred defaults Wilson's interval of the overall rate is a third of it wide."""

LEAST_CALIBRATION_ERROR: Final = 0.10
MOST_ITERATIONS: Final = 100
CONVERGED: Final = 1e-10


@dataclass(frozen=True, slots=True)
class Fit:
    """Base and scales, and the covariance of both in this order."""

    base_log_odds: float
    scales: Array
    covariance: Array

    def log_odds(self, evidence: Array) -> Array:
        """Combined log-odds, one a row."""
        odds: Array = self.base_log_odds + evidence @ self.scales
        return odds


def fit(rows: OutcomeRows) -> Fit:
    """The posterior mode by Newton's method over the free parameters; bounds hold by an active set. Any rows will do,
    none at all give the committed values."""
    known = rows.known
    columns = np.column_stack((np.ones(int(known.sum())), rows.evidence[known]))
    bad, weight = rows.bad[known], rows.weight[known]
    prior: Array = np.array([COMMITTED.base_log_odds, *(COMMITTED.scales.get(name, 1.0) for name in rows.components)])
    deviation = np.array([COMMITTED.calibration_error, *([SCALE_PRIOR_SD] * len(rows.components))])
    low: Array = np.array([-np.inf, *([0.0] * len(rows.components))])
    high: Array = np.array([np.inf, *(1.0 / FULL_WEIGHTS.get(name, 1.0) for name in rows.components)])
    precision = 1.0 / deviation**2

    def loss(at: Array) -> float:
        odds = columns @ at
        likelihood = float(weight @ (np.logaddexp(0.0, odds) - bad * odds))
        return likelihood + float(precision @ (at - prior) ** 2) / 2.0

    at: Array = prior.copy()
    for _ in range(MOST_ITERATIONS):
        fitted = _probability(columns @ at)
        gradient = columns.T @ (weight * (fitted - bad)) + precision * (at - prior)
        curvature = (columns.T * (weight * fitted * (1.0 - fitted))) @ columns + np.diag(precision)
        free = ~(((at <= low) & (gradient > 0.0)) | ((at >= high) & (gradient < 0.0)))
        step = np.zeros(len(at))
        step[free] = -np.linalg.solve(curvature[np.ix_(free, free)], gradient[free])
        moved = _descended(loss, at, step, low, high)
        if float(np.abs(moved - at).max()) < CONVERGED:
            break
        at = moved
    fitted = _probability(columns @ at)
    return Fit(float(at[0]), at[1:], _covariance(columns, weight, bad, fitted, precision))


def _descended(loss: Callable[[Array], float], at: Array, step: Array, low: Array, high: Array) -> Array:
    """The end of a Newton step, halved until it is no worse than where it began."""
    before = loss(at)
    share = 1.0
    while share > 1e-9:
        moved: Array = np.clip(at + share * step, low, high)
        if loss(moved) <= before:
            return moved
        share /= 2.0
    return at


def _covariance(columns: Array, weight: Array, bad: Array, fitted: Array, precision: Array) -> Array:
    """Of the posterior; by the sandwich where weights of censoring make that the larger one."""
    spread = fitted * (1.0 - fitted)
    inverse = np.asarray(np.linalg.inv((columns.T * (weight * spread)) @ columns + np.diag(precision)), np.float64)
    meat = (columns.T * (weight * (bad - fitted)) ** 2) @ columns + np.diag(precision)
    sandwich: Array = inverse @ meat @ inverse
    return sandwich if float(np.trace(sandwich)) > float(np.trace(inverse)) else inverse


def _probability(odds: Array) -> Array:
    probability: Array = 1.0 / (1.0 + np.exp(-np.clip(odds, -700.0, 700.0)))
    return probability


def calibration_error(found: Fit, rows: OutcomeRows) -> float:
    """Standard error of the log-odds of an average merchant, at least `LEAST_CALIBRATION_ERROR`.

    The posterior's, and what it cannot have seen: where outcomes and prior disagree by more than chance explains, the
    rest of the gap between observed and fitted rate counts as error, so that a lender far from the committed base rate
    is not told that its first outcomes settled it.
    """
    evidence, bad, weight = rows.evidence[rows.known], rows.bad[rows.known], rows.weight[rows.known]
    if not len(bad):
        return COMMITTED.calibration_error
    mean = np.concatenate(([1.0], evidence.mean(axis=0)))
    posterior = float(mean @ found.covariance @ mean)
    count = float(weight.sum() ** 2 / (weight @ weight))
    fitted = float(weight @ _probability(found.log_odds(evidence)) / weight.sum())
    observed = (float(weight @ bad / weight.sum()) * count + fitted) / (count + 1.0)  # never 0 nor 1
    gap = math.log(observed / (1.0 - observed)) - math.log(fitted / (1.0 - fitted))
    chance = 1.0 / (count * fitted * (1.0 - fitted))
    return max(math.sqrt(posterior + max(gap**2 - chance, 0.0)), LEAST_CALIBRATION_ERROR)


def refit(rows: OutcomeRows, version: str) -> CombinationModel:
    """The refitted model, under a version that the caller names.

    Raises FailedPrecondition (TOO_FEW_OUTCOMES) with fewer known outcomes or defaults than can teach anything.
    """
    require_enough(rows)
    found = fit(rows)
    known, bads = rows.counts()
    enough = known >= CALIBRATION_OUTCOMES and bads >= CALIBRATION_BADS
    seen = rows.known
    return CombinationModel(
        version=version,
        base_log_odds=found.base_log_odds,
        scales=MappingProxyType(dict(zip(rows.components, found.scales.tolist(), strict=True))),
        calibration_error=calibration_error(found, rows),
        missing_error=COMMITTED.missing_error,
        calibration=calibration_of(found.log_odds(rows.evidence[seen]), rows.bad[seen], rows.weight[seen])
        if enough
        else None,
    )


def require_enough(rows: OutcomeRows) -> None:
    """Raises FailedPrecondition (TOO_FEW_OUTCOMES) unless there is something to learn from."""
    known, bads = rows.counts()
    if known < LEAST_OUTCOMES or bads < LEAST_BADS or known - bads < LEAST_BADS:
        raise FailedPrecondition(
            "TOO_FEW_OUTCOMES",
            f"{known} known outcomes with {bads} defaults; {LEAST_OUTCOMES} with {LEAST_BADS} of each kind are needed",
            known=known,
            bads=bads,
        )
