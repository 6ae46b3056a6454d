"""The models that score together: one snapshot, so that no call sees two of them."""

from __future__ import annotations

from dataclasses import dataclass

from sycee_scoring.domain import application, bureau, structural
from sycee_scoring.domain.application import ApplicationModel
from sycee_scoring.domain.bureau import EXPERT, BureauModel
from sycee_scoring.domain.causes import Opinion
from sycee_scoring.domain.combine import COMMITTED, CombinationModel, Result, combine
from sycee_scoring.domain.evidence import Evidence
from sycee_scoring.domain.explain.explanation import Explanation, explain
from sycee_scoring.domain.explain.opened import Opened
from sycee_scoring.domain.explain.structural import open_structural
from sycee_scoring.domain.explain.tables import open_application, open_bureau
from sycee_scoring.domain.plain import application_opinion, bureau_opinion, structural_opinion


@dataclass(frozen=True, slots=True)
class Panel:
    """One model of each component that has any, and the one that combines their opinions."""

    application: ApplicationModel
    bureau: BureauModel = EXPERT
    combination: CombinationModel = COMMITTED

    def opinions(self, evidence: Evidence) -> tuple[Opinion, ...]:
        """What each component says that has anything to say."""
        found = (
            structural.assess(evidence),
            application.assess(self.application, evidence),
            bureau.assess(evidence, self.bureau),
        )
        return tuple(opinion for opinion in found if opinion is not None)

    def score(self, evidence: Evidence) -> Result:
        """The combined score of evidence with sales or a report."""
        return combine(self.opinions(evidence), evidence.quality, self.combination)

    def score_without_reasons(self, evidence: Evidence) -> Result:
        """As `score`, with no reasons, at half the cost."""
        found = (
            structural_opinion(evidence),
            application_opinion(self.application, evidence),
            bureau_opinion(self.bureau, evidence),
        )
        opinions = tuple(opinion for opinion in found if opinion is not None)
        return combine(opinions, evidence.quality, self.combination)

    def explain(self, evidence: Evidence) -> Explanation:
        """The score opened down to its features."""
        opened = tuple(self._open(evidence, opinion) for opinion in self.opinions(evidence))
        return explain(opened, evidence.quality, self.combination)

    def _open(self, evidence: Evidence, opinion: Opinion) -> Opened:
        if opinion.name == structural.NAME:
            return open_structural(evidence, opinion)
        if opinion.name == application.NAME:
            return open_application(self.application, evidence, opinion)
        return open_bureau(self.bureau, evidence, opinion)
