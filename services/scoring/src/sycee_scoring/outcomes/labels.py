"""How a loan turned out, as a label: 90 days past due within twelve months of scoring.

Right-censoring is respected. A loan that is not known to the end of the twelve months is neither good nor bad; it is
left out and the known ones stand in for it, each weighing 1 / G(t), where G is the Kaplan–Meier estimate of the chance
of being still observed at t, the day its label became certain (inverse probability of censoring weights: Robins and
Finkelstein, Biometrics 56, 2000). Dropping the unknown without weights would keep early defaults of young loans and
lose their goods, and call the book worse than it is. A loan that was repaid early without default is good from then on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from sycee_scoring.domain.scale import HORIZON_MONTHS

Array = npt.NDArray[np.float64]

LEAST_OBSERVED_SHARE: Final = 0.05
"""G is never taken to be lower, so that no loan weighs more than 20: judgement, a little bias for much less noise."""


class Label(IntEnum):
    """What is known at the horizon."""

    UNKNOWN = -1
    GOOD = 0
    BAD = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a loan turned out, as far as it is known. Days are business days; None where it did not happen."""

    loan_id: str
    merchant_id: str
    opened_on: date
    observed_until: date
    defaulted_on: date | None = None
    closed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A label and the days from scoring until it was certain; for an unknown one, until observation ended."""

    label: Label
    days: int


def horizon_end(scored_on: date, months: int = HORIZON_MONTHS) -> date:
    """The last day that the probability of that day looks ahead to; the 29th of February becomes the 28th."""
    total = scored_on.month - 1 + months
    year, month = scored_on.year + total // 12, total % 12 + 1
    for day in range(scored_on.day, 27, -1):
        try:
            return date(year, month, day)
        except ValueError:
            continue
    return date(year, month, scored_on.day)


def judge(scored_on: date, outcome: Outcome) -> Judged:
    """The label of a loan scored on a day, at or before it was drawn."""
    end = horizon_end(scored_on)
    if outcome.defaulted_on is not None and outcome.defaulted_on <= end:
        return Judged(Label.BAD, max((outcome.defaulted_on - scored_on).days, 0))
    if outcome.closed_on is not None and outcome.closed_on <= end:
        return Judged(Label.GOOD, max((outcome.closed_on - scored_on).days, 0))
    if outcome.observed_until >= end:
        return Judged(Label.GOOD, (end - scored_on).days)
    return Judged(Label.UNKNOWN, max((outcome.observed_until - scored_on).days, 0))


def censoring_weights(days: npt.NDArray[np.int64], known: npt.NDArray[np.bool_]) -> Array:
    """1 / G(t−) for the known, 0 for the unknown, one a row; `days` as in `Judged`.

    Of one day, labels come before losses of sight. With nothing censored all weights are 1; those of the known add up
    to about the number of rows.
    """
    lost, labelled = np.sort(days[~known]), np.sort(days[known])
    moments, ended = np.unique(lost, return_counts=True)
    at_risk = len(lost) - np.searchsorted(lost, moments, side="left")
    at_risk += len(labelled) - np.searchsorted(labelled, moments, side="right")
    observed = np.concatenate(([1.0], np.cumprod(1.0 - ended / at_risk)))
    before = observed[np.searchsorted(moments, days, side="left")]
    weights: Array = np.where(known, 1.0 / np.maximum(before, LEAST_OBSERVED_SHARE), 0.0)
    return weights
