"""Several opinions become one probability with its interval, a score, a grade and reasons.

    log-odds = base + Σ weight_i · (log-odds_i − base)

Each opinion is expressed at the portfolio's base rate (prior correction) and counts as evidence against it, shrunk by
a weight that stands for both reliability and coverage: a weighted sum of weights of evidence (I. J. Good, Probability
and the Weighing of Evidence, 1950), as in a logarithmic opinion pool. Weights below one allow for what the components
share. The weights and errors are judgements until a lender's outcomes refit them.

The 90 % interval is base ± 1.645 standard errors on the log-odds scale, where

    error² = 0.30² + Σ (weight_i · error_i)² + (1.0 · (1 − coverage · quality))²

adds what calibration leaves open, what each component does not know, and what no component has seen or can rely on:
`quality` is ingestion's mark for the data, 0 to 1. Poor data widens the interval; it moves the probability nowhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from sycee_scoring.domain import application, bureau, scale, structural
from sycee_scoring.domain.causes import Cause, Opinion
from sycee_scoring.domain.reasons import Reason, principal
from sycee_scoring.domain.scale import BASE_LOG_ODDS, POINTS_PER_LOG_ODDS, Grade

VERSION: Final = "combined-2026.1"

FULL_WEIGHT: Final = structural.WEIGHT + application.WEIGHT + bureau.REPORT_WEIGHT
"""What the weights of a full portrait add up to."""

CALIBRATION_ERROR: Final = 0.30
MISSING_ERROR: Final = 1.0
INTERVAL_DEVIATIONS: Final = 1.6448536269514722
"""Standard normal quantile at 95 %: both tails leave 90 %."""


@dataclass(frozen=True, slots=True)
class Part:
    """One component as it entered the score."""

    name: str
    version: str
    default_probability: float
    weight: float


@dataclass(frozen=True, slots=True)
class Result:
    """A score. `low` ≤ `default_probability` ≤ `high`, all strictly within 0 and 1."""

    default_probability: float
    low: float
    high: float
    score: int
    grade: Grade
    parts: tuple[Part, ...]
    reasons: tuple[Reason, ...]
    coverage: float


def combine(opinions: tuple[Opinion, ...], quality: float = 1.0) -> Result:
    """The combined result. Without any opinion it is the base rate with the widest interval.

    `quality` is how far the data may be relied on, 0 to 1.
    """
    odds = BASE_LOG_ODDS
    variance = CALIBRATION_ERROR**2
    weight_sum = 0.0
    contributions: list[tuple[float, Cause]] = []
    for opinion in opinions:
        weight = opinion.weight
        odds += weight * (opinion.log_odds - BASE_LOG_ODDS)
        variance += (weight * opinion.error) ** 2
        weight_sum += weight
        contributions.extend((-POINTS_PER_LOG_ODDS * weight * cause.log_odds, cause) for cause in opinion.causes)
    coverage = min(weight_sum / FULL_WEIGHT, 1.0)
    deviation = INTERVAL_DEVIATIONS * math.sqrt(variance + (MISSING_ERROR * (1.0 - coverage * quality)) ** 2)
    default_probability = scale.probability(odds)
    return Result(
        default_probability=default_probability,
        low=scale.probability(odds - deviation),
        high=scale.probability(odds + deviation),
        score=scale.score(odds),
        grade=scale.grade(default_probability),
        parts=tuple(Part(o.name, o.version, scale.probability(o.log_odds), o.weight) for o in opinions),
        reasons=principal(contributions),
        coverage=coverage,
    )
