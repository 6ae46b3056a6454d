"""The use case: evidence in, score and reasons out. Pure and synchronous: nothing is stored, nothing waits."""

from __future__ import annotations

from dataclasses import dataclass

from sycee_scoring.domain import application, bureau, structural
from sycee_scoring.domain.application import ApplicationModel
from sycee_scoring.domain.combine import VERSION, Result, combine
from sycee_scoring.domain.evidence import Evidence
from sycee_scoring.domain.reasons import NO_BUREAU_REPORT, NO_SALES, Reason


@dataclass(frozen=True, slots=True)
class Unscorable:
    """There was neither a sale nor a bureau report to judge by."""

    reasons: tuple[Reason, ...]
    coverage: float


class ScoringService:
    """Scores merchants with the models that it was given. Safe to share between calls."""

    def __init__(self, application_model: ApplicationModel) -> None:
        self._application_model = application_model
        self.version = VERSION

    def score(self, evidence: Evidence) -> Result | Unscorable:
        """The combined score; the same evidence and models give the same answer. Without sales and without a bureau
        report there is no score, and the reasons say what is missing."""
        opinion_of_application = application.assess(self._application_model, evidence)
        if evidence.trade is None and evidence.bureau is None:
            known = combine((opinion_of_application,) if opinion_of_application else ())
            return Unscorable((NO_SALES, NO_BUREAU_REPORT), known.coverage)
        opinions = (structural.assess(evidence), opinion_of_application, bureau.assess(evidence))
        return combine(tuple(opinion for opinion in opinions if opinion is not None), evidence.quality)
