"""Finishes what a crash, a ledger that was away or a log that was down left half-way."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog
from sycee_service.clock import Clock
from sycee_service.errors import SyceeError
from sycee_service.logs import describe

from sycee_gateway.domain.decision import Decision
from sycee_gateway.metrics import DecisionMetrics
from sycee_gateway.ports import Decisions
from sycee_gateway.service import DecisionService

log = structlog.get_logger()

BATCH = 50
"""Decisions in one sweep at most."""

LONGEST_WAIT = timedelta(minutes=5)


class Sweeper:
    """Looks for decisions that are due and brings them to their end, one after another."""

    def __init__(
        self, decisions: Decisions, service: DecisionService, clock: Clock, metrics: DecisionMetrics, every: timedelta
    ) -> None:
        self._decisions = decisions
        self._service = service
        self._clock = clock
        self._metrics = metrics
        self._every = every

    async def run(self) -> None:
        """Sweeps as long as the service lives."""
        while True:
            if await self.sweep() < BATCH:
                await asyncio.sleep(self._every.total_seconds())

    async def sweep(self) -> int:
        """Tries each decision that is due once; answers how many there were."""
        due = await self._decisions.due(self._clock.now(), BATCH)
        self._metrics.due(len(due))
        for decision in due:
            try:
                await self._service.finish(decision)
            except SyceeError as error:
                log.info("decision still unfinished", decision_id=decision.decision_id, reason=error.reason)
                await self._decisions.postpone(decision.decision_id, self._next_try(decision))
            except Exception as error:
                # A defect that meets one decision must not hold up all others behind it.
                log.warning("decision cannot be finished", decision_id=decision.decision_id, **describe(error))
                await self._decisions.postpone(decision.decision_id, self._next_try(decision))
        return len(due)

    def _next_try(self, decision: Decision) -> datetime:
        """Waits longer the older the decision is, so that an outage costs few attempts and its end is soon noticed."""
        now = self._clock.now()
        age = now - decision.evaluation.decided_at
        return now + min(max(age / 4, self._every), LONGEST_WAIT)
