"""The score scale, the grades and the log-odds arithmetic that every component shares."""

from __future__ import annotations

import enum
import math
from typing import Final

HORIZON_MONTHS: Final = 12
"""Months that every probability looks ahead."""

PORTFOLIO_BASE_RATE: Final = 0.03
"""Share of a book of online-merchant loans that goes 90 days past due within twelve months. A judgement, between the
non-performing ratios that lenders to small merchants report (1.5 to 3 %) and those ratios' blindness to what was
written off: the level that prior correction moves every component to. A lender's own outcomes replace it."""

ANCHOR_SCORE: Final = 660.0
ANCHOR_ODDS: Final = 30.0
"""660 points stand for 30 good loans to each bad one."""

POINTS_TO_DOUBLE: Final = 20.0
"""Points that double the odds of good against bad."""

POINTS_PER_LOG_ODDS: Final = POINTS_TO_DOUBLE / math.log(2.0)
"""28.85 points for each unit of log-odds."""

SCORE_MIN: Final = 300
SCORE_MAX: Final = 850


class Grade(enum.IntEnum):
    """Credit grade, best first."""

    A = 1
    B = 2
    C = 3
    D = 4
    E = 5


GRADE_CEILINGS: Final = ((Grade.A, 0.01), (Grade.B, 0.02), (Grade.C, 0.05), (Grade.D, 0.10))
"""Each grade reaches from the ceiling before it to just below its own; E is 10 % and up. C holds the base rate."""


def log_odds(probability: float) -> float:
    """Log-odds of a probability strictly between 0 and 1."""
    return math.log(probability / (1.0 - probability))


def probability(log_odds_bad: float) -> float:
    """Probability, strictly within 0 and 1 for |log-odds| up to 36, of log-odds of default."""
    if log_odds_bad >= 0.0:
        return 1.0 / (1.0 + math.exp(-min(log_odds_bad, 700.0)))
    odds = math.exp(max(log_odds_bad, -700.0))
    return odds / (1.0 + odds)


BASE_LOG_ODDS: Final = log_odds(PORTFOLIO_BASE_RATE)


def points(log_odds_bad: float) -> float:
    """Score before rounding and before the bounds 300 and 850: 660 at 30:1, 20 points a doubling."""
    return ANCHOR_SCORE - POINTS_PER_LOG_ODDS * (log_odds_bad + math.log(ANCHOR_ODDS))


def score(log_odds_bad: float) -> int:
    """The score, a whole number from 300 to 850."""
    return round(min(max(points(log_odds_bad), SCORE_MIN), SCORE_MAX))


def grade(default_probability: float) -> Grade:
    """The grade whose band holds the probability."""
    for name, ceiling in GRADE_CEILINGS:
        if default_probability < ceiling:
            return name
    return Grade.E
