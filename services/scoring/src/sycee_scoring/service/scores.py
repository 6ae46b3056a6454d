"""The use case: evidence in, score and reasons out. Pure and synchronous: nothing is stored, nothing waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sycee_scoring.domain import application
from sycee_scoring.domain.combine import Result, combine
from sycee_scoring.domain.evidence import Evidence
from sycee_scoring.domain.panel import Panel
from sycee_scoring.domain.reasons import NO_BUREAU_REPORT, NO_SALES, Reason


@dataclass(frozen=True, slots=True)
class Unscorable:
    """There was neither a sale nor a bureau report to judge by."""

    reasons: tuple[Reason, ...]
    coverage: float


class ScoringService:
    """Scores merchants with the models that are in force when it is asked. Safe to share between calls."""

    def __init__(self, panel: Callable[[], Panel]) -> None:
        self._panel = panel

    def score(self, evidence: Evidence) -> Result | Unscorable:
        """The combined score; the same evidence and models give the same answer. Without sales and without a bureau
        report there is no score, and the reasons say what is missing."""
        panel = self._panel()
        if evidence.trade is None and evidence.bureau is None:
            opinion = application.assess(panel.application, evidence)
            known = combine((opinion,) if opinion else ())
            return Unscorable((NO_SALES, NO_BUREAU_REPORT), known.coverage)
        return panel.score(evidence)
