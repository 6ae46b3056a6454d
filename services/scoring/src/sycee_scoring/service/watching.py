"""Watches drift in the background and tells of each crossing once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Final

import structlog
from sycee_service.clock import Clock
from sycee_service.errors import FailedPrecondition
from sycee_service.outbox import Event

from sycee_scoring.outcomes.drift import ACT, WATCH, Level, Shift
from sycee_scoring.service.drifting import DEFAULT_WINDOW_DAYS, Drift, DriftService
from sycee_scoring.store.drift import DriftStore
from sycee_scoring.store.scores import ScoreStore

CROSSED: Final = "sycee.scoring.drift.crossed.v1"
WATCH_EVERY_S: Final = 600.0
SLACK: Final = 0.02
"""How far below a bound an index must fall before its level does: one that trembles at a bound crosses it once."""

_FLOORS: Final[Mapping[Level, float]] = {Level.STABLE: 0.0, Level.WATCH: WATCH, Level.SHIFTED: ACT}


class DriftWatch:
    """Looks at every version that scored of late."""

    def __init__(self, drifts: DriftService, levels: DriftStore, scores: ScoreStore, clock: Clock) -> None:
        self._drifts = drifts
        self._levels = levels
        self._scores = scores
        self._clock = clock

    async def run(self) -> None:
        """Looks every ten minutes until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(WATCH_EVERY_S)

    async def look(self) -> None:
        """Measures each version and tells, through the outbox, of each level that was crossed upwards since."""
        since = self._clock.now() - timedelta(days=DEFAULT_WINDOW_DAYS)
        for version in await self._scores.versions_since(since):
            try:
                drift = await self._drifts.measure(version)
            except FailedPrecondition:  # too few scores yet
                continue
            await self._levels.settle(version, partial(_settled, drift), self._clock.now())
            shifted = [shift.name for shift in (drift.score, *drift.features) if shift.level is not Level.STABLE]
            if shifted:
                structlog.get_logger().info("drift", version=version, shifted=",".join(shifted))


def level_after(before: Level, shift: Shift) -> Level:
    """The level now: at once the higher one, the lower one only below its bound by `SLACK`."""
    if shift.level >= before:
        return shift.level
    return before if shift.index > _FLOORS[before] - SLACK else shift.level


def _settled(drift: Drift, before: Mapping[str, Level]) -> tuple[Sequence[tuple[Shift, Level]], Sequence[Event]]:
    """What changes, given the levels before, and what to tell of it."""
    changes: list[tuple[Shift, Level]] = []
    events: list[Event] = []
    for shift in (drift.score, *drift.features):
        known = before.get(shift.name, Level.STABLE)
        now = level_after(known, shift)
        if now is known:
            continue
        changes.append((shift, now))
        if now > known:
            events.append(_crossed(drift, shift, known, now))
    return changes, events


def _crossed(drift: Drift, shift: Shift, before: Level, now: Level) -> Event:
    return Event(
        type=CROSSED,
        subject=drift.version,
        data={
            "version": drift.version,
            "component": drift.component,
            "name": shift.name,
            "index": round(shift.index, 4),
            "level": now.name.lower(),
            "previous_level": before.name.lower(),
            "reference": drift.reference,
            "window_days": drift.window_days,
            "count": drift.count,
        },
    )
