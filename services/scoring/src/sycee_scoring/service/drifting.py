"""Measures drift of a version from what was noted of its scores."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sycee_service.clock import Clock
from sycee_service.errors import FailedPrecondition, NotFound

from sycee_scoring.outcomes import drift
from sycee_scoring.outcomes.drift import Reference, Shift, from_json, reference_of, shifts_of
from sycee_scoring.outcomes.noted import READ_BY
from sycee_scoring.store.drift import DriftStore
from sycee_scoring.store.models import ModelStore
from sycee_scoring.store.score_rows import Lineup, Sample
from sycee_scoring.store.scores import ScoreStore

DEFAULT_WINDOW_DAYS: Final = 30
CARD_KEY: Final = "drift_reference"
"""Where a card may state the distribution that its model was trained on."""


@dataclass(frozen=True, slots=True)
class Drift:
    """How far the scores of a window lie from the reference. Features are largest first."""

    version: str
    component: str
    reference: str
    window_days: int
    count: int
    score: Shift
    features: tuple[Shift, ...]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """How many scores a reference and a window want."""

    reference: int = drift.LEAST_REFERENCE
    window: int = drift.LEAST_WINDOW


class DriftService:
    """GetDrift's use case, and what the watch asks."""

    def __init__(
        self,
        scores: ScoreStore,
        references: DriftStore,
        models: ModelStore,
        clock: Clock,
        thresholds: Thresholds | None = None,
    ) -> None:
        self._scores = scores
        self._references = references
        self._models = models
        self._clock = clock
        self._thresholds = thresholds if thresholds is not None else Thresholds()

    async def measure(self, version: str, window_days: int = 0) -> Drift:
        """The drift of the last days, 0 meaning 30.

        Raises NotFound for a version that is neither registered nor ever scored, FailedPrecondition (TOO_FEW_SCORES).
        """
        days = window_days or DEFAULT_WINDOW_DAYS
        lineups = await self._scores.lineups(version)
        if not lineups:
            await self._models.get(version)
            raise _too_few("the window", 0, self._thresholds.window)
        component = next(iter(lineups.values())).component_of(version)
        window = await self._scores.window(version, lineups, self._clock.now() - timedelta(days=days))
        if window.count < self._thresholds.window:
            raise _too_few("the window", window.count, self._thresholds.window)
        reference = await self._reference(version, lineups)
        score, features = await asyncio.to_thread(shifts_of, reference, _columns(window, component))
        return Drift(version, component, reference.described, days, window.count, score, features)

    async def _reference(self, version: str, lineups: dict[int, Lineup]) -> Reference:
        kept = await self._references.reference(version)
        if kept is not None:
            return kept
        stated = await self._of_card(version)
        if stated is None:
            first = await self._scores.first(version, lineups, self._thresholds.reference)
            if first.count < self._thresholds.reference:
                raise _too_few("the reference", first.count, self._thresholds.reference)
            component = next(iter(lineups.values())).component_of(version)
            described = f"scores of {first.first_day} to {first.last_day}"
            stated = await asyncio.to_thread(reference_of, described, _columns(first, component))
        return await self._references.fix(version, stated, self._clock.now())

    async def _of_card(self, version: str) -> Reference | None:
        try:
            card = json.loads((await self._models.get(version)).card_json)
        except NotFound:
            return None  # it comes with the code and is no registered model
        return from_json(card[CARD_KEY]) if CARD_KEY in card else None


def _columns(sample: Sample, component: str) -> dict[str, drift.Array]:
    read = READ_BY.get(component, ())
    return {drift.SCORE: sample.score} | {name: sample.features[name] for name in read if name in sample.features}


def _too_few(what: str, found: int, wanted: int) -> FailedPrecondition:
    return FailedPrecondition(
        "TOO_FEW_SCORES", f"{found} scores for {what}; {wanted} are needed", found=found, wanted=wanted
    )
