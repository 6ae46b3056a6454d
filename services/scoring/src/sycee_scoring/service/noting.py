"""Notes what was scored, for drift and comparison, without the answer waiting for it.

`add` costs an append; a task writes what was noted within 200 ms, and what is left when the server drains. It also has
the challengers score along, so that nobody waits for those. What a crash can lose is the notes of those 200 ms. While
the database is away notes are kept, up to a bound; then the oldest are dropped and counted.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sycee_service.clock import Clock, business_day
from sycee_service.errors import Unavailable

from sycee_scoring.domain import scale
from sycee_scoring.domain.combine import Result
from sycee_scoring.domain.evidence import Evidence
from sycee_scoring.outcomes import noted
from sycee_scoring.store.score_rows import Lineup, Note
from sycee_scoring.store.scores import ScoreStore

FLUSH_AFTER_S: Final = 0.2
MOST_PENDING: Final = 10_000
"""Notes that wait at most: about 70 MB."""

BATCH: Final = 200
PAUSE_EVERY: Final = 8
"""Notes made between two looks at what else there is to do: a note takes 30 µs, a challenger 100 µs more."""

RETENTION: Final = timedelta(days=763)
"""25 months: a loan of twelve months granted on a score of up to 90 days before, and as much again to judge it by."""

FORGET_EVERY_S: Final = 3_600.0
FORGET_ROWS: Final = 5_000

Challengers = Callable[[Evidence], Iterable[tuple[str, Result]]]
"""The versions that score along, and what each would have answered."""


@dataclass(frozen=True, slots=True)
class _Pending:
    evidence: Evidence
    result: Result
    at: datetime


class ScoreNotes:
    """Takes down scores. `dropped` is told how many notes were lost."""

    def __init__(
        self,
        scores: ScoreStore,
        clock: Clock,
        challengers: Challengers = lambda _evidence: (),
        dropped: Callable[[int], None] = lambda _count: None,
        flush_after_s: float = FLUSH_AFTER_S,
    ) -> None:
        self._scores = scores
        self._clock = clock
        self._challengers = challengers
        self._dropped = dropped
        self._flush_after_s = flush_after_s
        self._pending: deque[_Pending] = deque()
        self._noted = asyncio.Event()

    def add(self, evidence: Evidence, result: Result) -> None:
        """Notes a score, to be written soon. Never waits and never fails."""
        if len(self._pending) >= MOST_PENDING:
            self._pending.popleft()
            self._dropped(1)
        self._pending.append(_Pending(evidence, result, self._clock.now()))
        self._noted.set()

    async def run(self) -> None:
        """Writes notes until cancelled. Raises Unavailable when the database is away; the notes stay."""
        while True:
            await self._noted.wait()
            await asyncio.sleep(self._flush_after_s)
            await self.flush()

    async def flush(self) -> None:
        """Writes whatever was noted. Raises Unavailable; the notes stay."""
        self._noted.clear()
        while self._pending:
            batch = [self._pending.popleft() for _ in range(min(len(self._pending), BATCH))]
            try:
                await self._write(batch)
            except (Unavailable, asyncio.CancelledError):  # written twice is better than not at all
                self._put_back(batch)
                raise
            except Exception:
                self._dropped(len(batch))
                raise

    def _put_back(self, batch: list[_Pending]) -> None:
        room = max(MOST_PENDING - len(self._pending), 0)
        kept = batch[max(len(batch) - room, 0) :]
        self._pending.extendleft(reversed(kept))
        self._noted.set()
        if len(kept) < len(batch):
            self._dropped(len(batch) - len(kept))

    async def _write(self, batch: list[_Pending]) -> None:
        notes: list[Note] = []
        for place, pending in enumerate(batch):
            if place % PAUSE_EVERY == 0:
                await asyncio.sleep(0)
            features = noted.features_of(pending.evidence)
            notes.append(_note(pending, "", pending.result, features))
            for version, result in self._challengers(pending.evidence):
                notes.append(_note(pending, version, result, features))
        await self._scores.add(notes)


class NoteRetention:
    """Forgets notes that nothing can be learnt from any more."""

    def __init__(self, scores: ScoreStore, clock: Clock) -> None:
        self._scores = scores
        self._clock = clock

    async def run(self) -> None:
        """Forgets every hour until cancelled."""
        while True:
            await self.forget()
            await asyncio.sleep(FORGET_EVERY_S)

    async def forget(self) -> int:
        """Deletes notes older than `RETENTION`, few at a time; returns how many."""
        before, total = self._clock.now() - RETENTION, 0
        while gone := await self._scores.forget_before(before, FORGET_ROWS):
            total += gone
        return total


def _note(pending: _Pending, challenger: str, result: Result, features: list[float]) -> Note:
    parts, evidence = result.parts, pending.evidence
    return Note(
        lineup=Lineup(
            challenger_version=challenger,
            combination_version=result.version,
            component_names=tuple([part.name for part in parts]),
            component_versions=tuple([part.version for part in parts]),
            feature_names=noted.NAMES,
        ),
        merchant_id=evidence.merchant_id,
        as_of_day=evidence.day,
        scored_on=business_day(pending.at),
        scored_at=pending.at,
        default_probability=result.default_probability,
        log_odds=scale.log_odds(result.default_probability),
        coverage=result.coverage,
        component_log_odds=[part.log_odds for part in parts],
        component_weights=[part.own_weight for part in parts],
        features=features,
    )
