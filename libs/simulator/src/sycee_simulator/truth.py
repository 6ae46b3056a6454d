"""What is true of a simulated shop and no service is told: the answer key of evaluations."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

from sycee_simulator.archetypes import Archetype

OUTCOME_DAYS: Final = 365
"""Outcomes are those of the year after the market's end."""
_BUFFER_SLOPE: Final = 0.9  # of the log-odds, for each e-fold of the buffer
_REFERENCE_BUFFER_MONTHS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Truth:
    """The hidden truth of a shop. `default_day` is set exactly when `will_default` is true."""

    archetype: Archetype
    will_default: bool
    default_day: date | None
    default_probability: float  # that `will_default` was drawn with
    buffer_months: float  # outgoings held in cash
    brushed_share: float  # of its orders, as planned
    ring_id: str | None  # shops of one ring share buyers, devices and addresses


def default_probability(default_logit: float, buffer_months: float) -> float:
    """Chance of default within a year: logistic in the archetype's log-odds and the logarithm of the buffer."""
    logit = default_logit - _BUFFER_SLOPE * math.log(buffer_months / _REFERENCE_BUFFER_MONTHS)
    return 1 / (1 + math.exp(-logit))


def draw_default_day(rnd: Random, end: date, probability: float) -> date | None:
    """The day of default within `OUTCOME_DAYS` after `end`, later days being likelier, or None for a good loan."""
    if rnd.random() >= probability:
        return None
    return end + timedelta(days=1 + int((OUTCOME_DAYS - 1) * math.sqrt(rnd.random())))
