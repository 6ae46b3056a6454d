"""A component's opinion, opened down to its features."""

from __future__ import annotations

from dataclasses import dataclass

from sycee_scoring.domain.causes import Opinion


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one feature added to the component's log-odds of default: above 0 it did harm."""

    name: str
    value: float | None  # None where it is missing
    reference_value: float | None  # None where the reference merchant has none
    log_odds: float
    reason_code: str  # empty where no reason speaks of it


@dataclass(frozen=True, slots=True)
class Opened:
    """The features add up to the opinion's log-odds less `reference_log_odds`, but for rounding."""

    opinion: Opinion
    reference_log_odds: float
    features: tuple[Contribution, ...]
