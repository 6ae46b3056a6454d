"""A score down to its features, in score points against a reference merchant, adding up exactly.

Two steps, each exact. What each component did is its Shapley value in the combination, the reference merchant's
opinion standing in for one that has not joined; for a weighted sum that is weight × difference. What each feature of a
component did is its Shapley value in the model that decided (`structural`, `tables`), put on the same
scale. So

    points − reference points = Σ components = Σ features

The reference merchant is judged with the weights of the merchant's own evidence, and asks for a loan of the same term.

Contributions and reasons answer different questions. A reason says what the score would gain were that one cause as
usual and all else kept, and only harm is told; so a reason is what a merchant can check. A contribution shares out the
whole distance, good and bad. Where causes work together, as debt and falling sales do, the two differ in size and may
differ in order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

from sycee_scoring.domain import scale
from sycee_scoring.domain.causes import Opinion
from sycee_scoring.domain.combine import INTERVAL_DEVIATIONS, CombinationModel, Result, combine
from sycee_scoring.domain.explain.opened import Opened
from sycee_scoring.domain.explain.shapley import shapley
from sycee_scoring.domain.scale import POINTS_PER_LOG_ODDS

_NO_DISTANCE: Final = 1e-9


@dataclass(frozen=True, slots=True)
class FeatureShare:
    """What one feature did, in score points: below 0 it lowered the score."""

    name: str
    value: float | None
    reference_value: float | None
    points: float
    reason_code: str


@dataclass(frozen=True, slots=True)
class ComponentShare:
    """What one component did, in score points, weight included. Its features, largest effect first, add up to it."""

    name: str
    version: str
    points: float
    features: tuple[FeatureShare, ...]


@dataclass(frozen=True, slots=True)
class Width:
    """Where the interval's width comes from: standard errors of the log-odds, whose squares add up to `total`²."""

    calibration: float
    components: float
    missing: float
    total: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """`points` − `reference_points` is the sum of the components' points."""

    result: Result
    points: float  # before rounding and bounds
    reference_points: float
    components: tuple[ComponentShare, ...]
    width: Width


def explain(opened: tuple[Opened, ...], quality: float, model: CombinationModel) -> Explanation:
    """Explains the combination of the opinions that were opened, by the model that combined them."""
    opinions = tuple(one.opinion for one in opened)
    usual = tuple(replace(one.opinion, log_odds=one.reference_log_odds) for one in opened)

    def points(mask: int) -> float:
        mixed = tuple((opinions if mask >> place & 1 else usual)[place] for place in range(len(opened)))
        return _points(combine(mixed, quality, model))

    shares = shapley(len(opinions), points)
    result = combine(opinions, quality, model)
    return Explanation(
        result=result,
        points=_points(result),
        reference_points=_points(combine(usual, quality, model)),
        components=tuple(
            _component(one, share, part.weight) for one, share, part in zip(opened, shares, result.parts, strict=True)
        ),
        width=_width(opinions, result, model),
    )


def _points(result: Result) -> float:
    return scale.points(scale.log_odds(result.default_probability))


def _component(opened: Opened, points: float, weight: float) -> ComponentShare:
    """Puts the features' log-odds on the scale of points on which the component's share is."""
    opinion = opened.opinion
    distance = math.fsum(feature.log_odds for feature in opened.features)
    each = points / distance if abs(distance) > _NO_DISTANCE else -POINTS_PER_LOG_ODDS * weight
    features = [
        FeatureShare(
            feature.name, feature.value, feature.reference_value, each * feature.log_odds + 0.0, feature.reason_code
        )
        for feature in opened.features
    ]
    features.sort(key=lambda feature: (-abs(feature.points), feature.name))
    return ComponentShare(opinion.name, opinion.version, points, tuple(features))


def _width(opinions: tuple[Opinion, ...], result: Result, model: CombinationModel) -> Width:
    """The pieces of the interval. A combination that was calibrated on outcomes has the components' share within its
    own band, which need not lie evenly: half of its width is the deviations that a standard error stands for."""
    missing = result.missing_error
    if model.calibration is None:
        weights = {part.name: part.weight for part in result.parts}
        components = math.hypot(*(weights[opinion.name] * opinion.error for opinion in opinions))
        calibration = model.calibration_error
    else:
        low, high = scale.log_odds(result.low), scale.log_odds(result.high)
        reach = (high - low) / 2.0 / INTERVAL_DEVIATIONS
        components, calibration = 0.0, math.sqrt(max(reach**2 - missing**2, 0.0))
    return Width(calibration, components, missing, math.hypot(calibration, components, missing))
