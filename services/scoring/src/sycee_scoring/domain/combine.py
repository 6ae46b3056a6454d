"""Several opinions become one probability with its interval, a score, a grade and reasons.

    log-odds = base + Σ scale_i · weight_i · (log-odds_i − base of the opinions)

Each opinion is expressed at the portfolio's base rate (prior correction) and counts as evidence against it, shrunk by
a weight that stands for both reliability and coverage: a weighted sum of weights of evidence (I. J. Good, Probability
and the Weighing of Evidence, 1950), as in a logarithmic opinion pool. Weights below one allow for what the components
share. Base, scales and errors are a `CombinationModel`: `COMMITTED` holds judgements, and a lender's own outcomes refit
them (`outcomes.refit`).

The 90 % interval, on the log-odds scale, has two sides. Without calibration on outcomes each is 1.645 standard errors,

    error² = calibration² + Σ (weight_i · error_i)² + (missing · (1 − coverage · quality))²

which adds what calibration leaves open, what each component does not know, and what no component has seen or can rely
on: `quality` is ingestion's mark for the data, 0 to 1. With calibration, the distance to the 90 % band of observed
default rates at this score (`outcomes.calibration`) takes the place of the first two terms, which that band has seen at
work. Coverage widens the interval in both, as poor data do; they move the probability nowhere. `Result.missing_error`
says by how much.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from sycee_scoring.domain import application, bureau, scale, structural
from sycee_scoring.domain.causes import Cause, Opinion
from sycee_scoring.domain.reasons import Reason, principal
from sycee_scoring.domain.scale import BASE_LOG_ODDS, POINTS_PER_LOG_ODDS, Grade

VERSION: Final = "combined-2026.1"

FULL_WEIGHTS: Final[Mapping[str, float]] = MappingProxyType(
    {
        structural.NAME: structural.WEIGHT,
        application.NAME: application.WEIGHT,
        bureau.NAME: bureau.REPORT_WEIGHT,
    }
)
"""The weight of each component of a full portrait."""

FULL_WEIGHT: Final = sum(FULL_WEIGHTS.values())
"""What the weights of a full portrait add up to."""

CALIBRATION_ERROR: Final = 0.30
MISSING_ERROR: Final = 1.0
INTERVAL_DEVIATIONS: Final = 1.6448536269514722
"""Standard normal quantile at 95 %: both tails leave 90 %."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """The 90 % band of the default rate by the combined log-odds, a step function learnt from outcomes.

    Step `i` holds from `edges[i - 1]` up to below `edges[i]`; `low` and `high`, one more than edges, are log-odds that
    never fall. Looking one up is a bisection.
    """

    edges: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    def band(self, log_odds: float) -> tuple[float, float]:
        """Lower and upper end for this score, as log-odds."""
        step = bisect_right(self.edges, log_odds)
        return self.low[step], self.high[step]


@dataclass(frozen=True, slots=True)
class CombinationModel:
    """The parameters of the combination.

    `base_log_odds`: of the portfolio. `scales`: what each component's weight is multiplied by; a component that is not
    named keeps its own. `calibration_error`, `missing_error`: standard errors on the log-odds scale. `calibration`:
    None before there are outcomes enough.
    """

    version: str
    base_log_odds: float
    scales: Mapping[str, float]
    calibration_error: float
    missing_error: float
    calibration: Calibration | None = None


COMMITTED: Final = CombinationModel(
    version=VERSION,
    base_log_odds=BASE_LOG_ODDS,
    scales=MappingProxyType(dict.fromkeys(FULL_WEIGHTS, 1.0)),
    calibration_error=CALIBRATION_ERROR,
    missing_error=MISSING_ERROR,
)
"""What holds until a lender's outcomes refit it: judgements."""


@dataclass(frozen=True, slots=True)
class Part:
    """One component as it entered the score. `own_weight` is the weight before the combination scaled it."""

    name: str
    version: str
    default_probability: float
    weight: float
    log_odds: float
    own_weight: float


@dataclass(frozen=True, slots=True)
class Result:
    """A score. `low` ≤ `default_probability` ≤ `high`, all strictly within 0 and 1. `missing_error` is the standard
    error, in log-odds, that missing or unreliable evidence added to the interval; `version` the combination's."""

    default_probability: float
    low: float
    high: float
    score: int
    grade: Grade
    parts: tuple[Part, ...]
    reasons: tuple[Reason, ...]
    coverage: float
    missing_error: float = 0.0
    version: str = VERSION


def combine(opinions: tuple[Opinion, ...], quality: float = 1.0, model: CombinationModel = COMMITTED) -> Result:
    """The combined result. Without any opinion it is the base rate with the widest interval.

    `quality` is how far the data may be relied on, 0 to 1.
    """
    odds = model.base_log_odds
    component_variance = 0.0
    coverage_sum = 0.0
    scales = model.scales
    parts: list[Part] = []
    contributions: list[tuple[float, Cause]] = []
    for opinion in opinions:
        coverage_sum += opinion.weight
        weight = min(opinion.weight * scales.get(opinion.name, 1.0), 1.0)
        odds += weight * (opinion.log_odds - BASE_LOG_ODDS)
        component_variance += (weight * opinion.error) ** 2
        contributions.extend((-POINTS_PER_LOG_ODDS * weight * cause.log_odds, cause) for cause in opinion.causes)
        chance = scale.probability(opinion.log_odds)
        parts.append(Part(opinion.name, opinion.version, chance, weight, opinion.log_odds, opinion.weight))
    coverage = min(coverage_sum / FULL_WEIGHT, 1.0)
    missing_error = model.missing_error * (1.0 - coverage * quality)
    below, above = _interval(model, odds, component_variance, missing_error)
    default_probability = scale.probability(odds)
    return Result(
        default_probability=default_probability,
        low=scale.probability(odds - below),
        high=scale.probability(odds + above),
        score=scale.score(odds),
        grade=scale.grade(default_probability),
        parts=tuple(parts),
        reasons=principal(contributions),
        coverage=coverage,
        missing_error=missing_error,
        version=model.version,
    )


def _interval(
    model: CombinationModel, odds: float, component_variance: float, missing_error: float
) -> tuple[float, float]:
    """How far the interval reaches below and above, in log-odds; a probability outside the band is its own end."""
    if model.calibration is None:
        error = math.sqrt(model.calibration_error**2 + component_variance + missing_error**2)
        return INTERVAL_DEVIATIONS * error, INTERVAL_DEVIATIONS * error
    low, high = model.calibration.band(odds)
    missing = INTERVAL_DEVIATIONS * missing_error
    return math.hypot(max(odds - low, 0.0), missing), math.hypot(max(high - odds, 0.0), missing)
