"""From measurements to scores, a band and a discount.

Three properties hold by construction:
- A missing metric counts as the neutral 50, neither less nor more, and lowers coverage: a pillar's score is
  50 + Σ weight × (score - 50) over what was measured.
- A penalty or a bad register entry only takes points off, caps the band, and leaves coverage as it is: it never raises.
- The discount is a row of the grid, so at most 50 bp (ESG-11).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sycee_esg.domain import emissions as environment
from sycee_esg.domain import governance, social
from sycee_esg.domain.book import Book, Factor, Materiality, MetricRule, Pillar, Rating
from sycee_esg.domain.emissions import Emissions
from sycee_esg.domain.measurement import Measurement
from sycee_esg.domain.portrait import PenaltyKind, Portrait

NEUTRAL: Final = 50.0
_PENALTY_UNIT: Final = "penalties/730 days"


@dataclass(frozen=True, slots=True)
class Metric:
    """One thing measured, or missing: then value and score are None."""

    code: str
    pillar: Pillar
    unit: str
    method: str
    weight: float  # within the pillar, 0 to 1; 0 for penalties, which take points off instead
    value: float | None = None
    score: float | None = None  # 0 to 100
    data_quality: int = 0
    factors: tuple[Factor, ...] = ()


@dataclass(frozen=True, slots=True)
class PillarScore:
    """A pillar's score, 0 to 100, with its coverage and its weight in the total, 0 to 1."""

    pillar: Pillar
    score: float
    coverage: float
    weight: float


@dataclass(frozen=True, slots=True)
class Assessment:
    """A merchant's standing. `rating` is None when there was nothing to rate."""

    score: float
    rating: Rating | None
    coverage: float
    pillars: tuple[PillarScore, ...]
    metrics: tuple[Metric, ...]
    emissions: Emissions | None
    discount_bp: int
    version: str


def assess(portrait: Portrait, book: Book) -> Assessment:
    """Judges a portrait by one version of the book. Pure."""
    materiality = book.materiality(portrait.category)
    emitted, measured = environment.measure(portrait, book)
    measurements = {**measured, **social.measure(portrait), **governance.measure(portrait, book)}
    pillars: list[PillarScore] = []
    metrics: list[Metric] = []
    for pillar in Pillar:
        judged = [judge(rule, measurements.get(rule.code), materiality) for rule in book.metrics_by_pillar[pillar]]
        lost = points_lost(portrait.penalties or {}, pillar, book)
        pillars.append(pillar_score(pillar, judged, lost, materiality.pillar_weights[pillar]))
        metrics += (*judged, penalty_metric(portrait.penalties, pillar, lost, book))
    score = sum(pillar.score * pillar.weight for pillar in pillars)
    coverage = sum(pillar.coverage * pillar.weight for pillar in pillars)
    rated = coverage > 0 or any((portrait.penalties or {}).values())
    rating = max(band(score, book), cap(portrait, book)) if rated else None
    return Assessment(
        score=score,
        rating=rating,
        coverage=coverage,
        pillars=tuple(pillars),
        metrics=tuple(metrics),
        emissions=emitted,
        discount_bp=discount_bp(rating, coverage, book) if rating else 0,
        version=book.version,
    )


def judge(rule: MetricRule, measurement: Measurement | None, materiality: Materiality) -> Metric:
    """A metric with its score, or without one when it was not measured."""
    weight = materiality.metric_weights[rule.code]
    if measurement is None:
        return Metric(rule.code, rule.pillar, rule.unit, rule.method, weight)
    stretch = materiality.figures[rule.stretch] if rule.stretch else 1.0
    return Metric(
        rule.code,
        rule.pillar,
        rule.unit,
        rule.method,
        weight,
        value=measurement.value,
        score=interpolate(rule.values, rule.scores, measurement.value / stretch),
        data_quality=measurement.data_quality,
        factors=measurement.factors,
    )


def interpolate(values: tuple[float, ...], scores: tuple[float, ...], value: float) -> float:
    """The height at `value` of the straight lines between points, flat outside them."""
    place = bisect_right(values, value)
    if place == 0:
        return scores[0]
    if place == len(values):
        return scores[-1]
    left, right, low, high = values[place - 1], values[place], scores[place - 1], scores[place]
    return low + (high - low) * (value - left) / (right - left)


def pillar_score(pillar: Pillar, metrics: list[Metric], lost: float, weight: float) -> PillarScore:
    """50 + Σ weight × (score - 50) over what was measured, less the points lost to penalties, within 0 and 100."""
    score, coverage = NEUTRAL - lost, 0.0
    for metric in metrics:
        if metric.score is not None:
            score += metric.weight * (metric.score - NEUTRAL)
            coverage += metric.weight
    return PillarScore(pillar, min(100.0, max(0.0, score)), min(1.0, coverage), weight)


def points_lost(penalties: Mapping[PenaltyKind, int], pillar: Pillar, book: Book) -> float:
    """Points that penalties take off a pillar."""
    rules = ((book.penalties[kind], count) for kind, count in penalties.items())
    return sum(rule.points * count for rule, count in rules if rule.pillar is pillar)


def penalty_metric(penalties: Mapping[PenaltyKind, int] | None, pillar: Pillar, lost: float, book: Book) -> Metric:
    """The penalties of a pillar as a metric of weight 0: it shows what was taken off; coverage is left alone."""
    method, code = book.penalty_methods[pillar], f"{pillar.value}_penalties"
    if penalties is None:
        return Metric(code, pillar, _PENALTY_UNIT, method, weight=0.0)
    count = sum(count for kind, count in penalties.items() if book.penalties[kind].pillar is pillar)
    return Metric(code, pillar, _PENALTY_UNIT, method, 0.0, value=float(count), score=max(0.0, NEUTRAL - lost))


def band(score: float, book: Book) -> Rating:
    """The band of a score."""
    return next((rating for rating, lowest in book.bands if score >= lowest), Rating.CCC)


def cap(portrait: Portrait, book: Book) -> Rating:
    """The best band that penalties and the register entry leave open."""
    caps = [Rating.AAA]
    for kind, count in (portrait.penalties or {}).items():
        if count:
            caps.append(Rating(min(Rating.CCC, book.penalties[kind].cap + count - 1)))
    if portrait.register_status:
        caps.append(book.register_caps.get(portrait.register_status, Rating.AAA))
    return max(caps)


def discount_bp(rating: Rating, coverage: float, book: Book) -> int:
    """Basis points off the annual rate: the first row of the grid that band and coverage both reach, else 0."""
    rows = (row for row in book.discounts if rating <= row.rating and coverage >= row.coverage)
    return next((row.discount_bp for row in rows), 0)
