"""Use cases: a score opened down to its features, the cheapest change that would pass, and scores in a row."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from sycee_scoring.domain.combine import Result
from sycee_scoring.domain.evidence import Evidence
from sycee_scoring.domain.explain.explanation import Explanation
from sycee_scoring.domain.panel import Panel
from sycee_scoring.domain.recourse.loan_actions import ANY_LOAN, Offered
from sycee_scoring.domain.recourse.recourse import Outcome, Recourse, Target, find
from sycee_scoring.service.scores import ScoringService, Unscorable


@dataclass(frozen=True, slots=True)
class Advice:
    """A recourse and the score that it starts from."""

    before: Result | Unscorable
    recourse: Recourse


class ExplainingService:
    """Explains scores and finds what would change them. Safe to share between calls.

    `panel` gives the models that score now, asked once a call. A search takes tens of milliseconds and an explanation
    up to ten; both run beside the event loop, so that scores do not wait for them.
    """

    def __init__(self, scoring: ScoringService, panel: Callable[[], Panel]) -> None:
        self._scoring = scoring
        self._panel = panel

    def score(self, evidence: Evidence, *, reasons: bool) -> Result | Unscorable:
        """As `ScoringService.score`, and about twice as fast without reasons."""
        if reasons or (evidence.trade is None and evidence.bureau is None):
            return self._scoring.score(evidence)
        return self._panel().score_without_reasons(evidence)

    async def explain(self, evidence: Evidence) -> Explanation | Unscorable:
        """The score down to its features; without a score, what is missing."""
        unscorable = self._unscorable(evidence)
        if unscorable is not None:
            return unscorable
        return await asyncio.to_thread(self._panel().explain, evidence)

    async def recourse(self, evidence: Evidence, target: Target, offered: Offered = ANY_LOAN) -> Advice:
        """The cheapest change within bounds that reaches the target."""
        unscorable = self._unscorable(evidence)
        if unscorable is not None:
            return Advice(unscorable, Recourse(Outcome.NOT_SCORABLE))
        return await asyncio.to_thread(_advise, self._panel(), evidence, target, offered)

    def _unscorable(self, evidence: Evidence) -> Unscorable | None:
        if evidence.trade is not None or evidence.bureau is not None:
            return None
        result = self._scoring.score(evidence)
        return result if isinstance(result, Unscorable) else None


def _advise(panel: Panel, evidence: Evidence, target: Target, offered: Offered) -> Advice:
    before = panel.score(evidence)
    return Advice(before, find(evidence, before, target, panel.score_without_reasons, panel.score, offered=offered))
