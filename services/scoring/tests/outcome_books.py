"""Simulated books of loans with a known truth."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
from sycee_scoring.outcomes.labels import Outcome, horizon_end
from sycee_scoring.outcomes.rows import OutcomeRows, ScoredLoan, outcome_rows

COMPONENTS = ("structural", "application", "bureau")
FIRST = date(2024, 1, 1)

Array = npt.NDArray[np.float64]


def evidence_of(random: np.random.Generator, count: int) -> Array:
    """Weights of evidence as spread as those of real portraits; the third component is missing in every other row."""
    evidence = random.normal(size=(count, 3)) * np.array([0.9, 0.3, 0.6])
    evidence[::2, 2] = 0.0
    return evidence


def loans(count: int, base: float, scales: tuple[float, float, float], seed: int, days: int = 365) -> list[ScoredLoan]:
    """A book whose truth is a combination: defaults fall evenly over the year, all is seen for `days` or more."""
    random = np.random.default_rng(seed)
    evidence = evidence_of(random, count)
    truth = 1.0 / (1.0 + np.exp(-(base + evidence @ np.array(scales))))
    bad = random.random(count) < truth
    found = []
    for row in range(count):
        scored = FIRST + timedelta(days=int(random.integers(0, days)))
        until = horizon_end(scored)
        fell = scored + timedelta(days=int(random.integers(95, 365))) if bad[row] else None
        outcome = Outcome(f"loan-{row:06d}", f"shop-{row % (count // 2 + 1):06d}", scored, until, fell)
        said = {name: float(evidence[row, place]) for place, name in enumerate(COMPONENTS) if evidence[row, place]}
        found.append(ScoredLoan(outcome, scored, said, 0.8, float(truth[row])))
    return found


def book(count: int, base: float, scales: tuple[float, float, float], seed: int) -> OutcomeRows:
    """The same as columns."""
    return outcome_rows(loans(count, base, scales, seed), COMPONENTS)
