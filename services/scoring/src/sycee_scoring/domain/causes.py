"""A cause: something named that moved a component away from where a reference merchant would be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Cause(NamedTuple):
    """`log_odds` is what the component's log-odds of default would lose were the cause removed and all else kept:
    above 0 the cause did harm. `facts` fill the reason's text."""

    code: str
    log_odds: float
    facts: dict[str, float]


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one component says."""

    name: str
    version: str
    log_odds: float  # of default within the horizon, in a portfolio at the base rate
    error: float  # standard error of the log-odds
    weight: float  # 0 to 1, after coverage
    causes: tuple[Cause, ...]
