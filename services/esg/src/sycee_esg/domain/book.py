"""The book of an assessment: factors, metrics, weights and grid of one version, as plain values."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from sycee_esg.domain.portrait import PenaltyKind, RegisterStatus


class Pillar(enum.Enum):
    """The three pillars."""

    ENVIRONMENT = "environment"
    SOCIAL = "social"
    GOVERNANCE = "governance"


class Rating(enum.IntEnum):
    """Bands, best first: a larger number is a worse band."""

    AAA = 1
    AA = 2
    A = 3
    BBB = 4
    BB = 5
    B = 6
    CCC = 7


@dataclass(frozen=True, slots=True)
class Factor:
    """A published number."""

    factor_id: str
    value: float
    unit: str
    source: str
    year: int
    rule_id: str


@dataclass(frozen=True, slots=True)
class MetricRule:
    """How one metric is judged: straight lines between two or more points, `values` rising, `scores` beside them."""

    code: str
    pillar: Pillar
    unit: str
    values: tuple[float, ...]
    scores: tuple[float, ...]
    stretch: str | None  # figure of the category that `values` are multiplied by
    method: str


@dataclass(frozen=True, slots=True)
class Materiality:
    """What matters how much for one category of goods."""

    pillar_weights: Mapping[Pillar, float]  # sum to 1
    metric_weights: Mapping[str, float]  # sum to 1 within each pillar
    figures: Mapping[str, float]  # typical_parcel_kg, return_stretch


@dataclass(frozen=True, slots=True)
class PenaltyRule:
    """What a penalty of one kind does."""

    pillar: Pillar
    points: float
    cap: Rating


@dataclass(frozen=True, slots=True)
class DiscountRule:
    """A row of the discount grid."""

    rating: Rating
    coverage: float
    discount_bp: int


@dataclass(frozen=True)
class Book:
    """One version of everything that an assessment stands on."""

    version: str
    effective_from: date
    factors: Mapping[str, Factor]
    grids: Mapping[str, str]  # province code to factor id
    metrics: tuple[MetricRule, ...]
    disclosable: frozenset[str]
    default_materiality: Materiality
    materiality_by_category: Mapping[str, Materiality]
    bands: tuple[tuple[Rating, float], ...]  # lowest score of each, best first, CCC left out
    penalties: Mapping[PenaltyKind, PenaltyRule]
    register_caps: Mapping[RegisterStatus, Rating]
    discounts: tuple[DiscountRule, ...]

    def materiality(self, category: str) -> Materiality:
        """Weights for a category; what the book does not know is weighed by the default."""
        return self.materiality_by_category.get(category, self.default_materiality)

    def grid_factor(self, province_code: str) -> Factor:
        """The electricity factor of a province's grid, or the national one (ESG-05)."""
        return self.factors[self.grids.get(province_code, "grid.cn")]

    @cached_property
    def metrics_by_pillar(self) -> Mapping[Pillar, tuple[MetricRule, ...]]:
        """The metrics of each pillar, in the order of the book."""
        return {pillar: tuple(m for m in self.metrics if m.pillar is pillar) for pillar in Pillar}

    @cached_property
    def penalty_methods(self) -> Mapping[Pillar, str]:
        """What the penalties of each pillar do, in words."""
        names = {
            pillar: ", ".join(sorted(kind.value for kind, rule in self.penalties.items() if rule.pillar is pillar))
            for pillar in Pillar
        }
        return {
            pillar: f"penalties of these kinds take points off the pillar and cap the band: {kinds}"
            for pillar, kinds in names.items()
        }
