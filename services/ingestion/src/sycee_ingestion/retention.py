"""Takes away what must not be kept any longer, once a day and when the server starts, a bounded batch at a time.

Every step may be repeated, and stopped anywhere: the next run goes on with what is left. One process at a time works on
a batch; another that comes to it at the same moment leaves the day's work to the first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import structlog
from sycee_service.clock import SHANGHAI, Clock
from sycee_service.database import Database

from sycee_ingestion.domain.erasure import ACCESSES_KEPT_YEARS, years_before
from sycee_ingestion.sealing import Sealer
from sycee_ingestion.store.accesses import AccessStore
from sycee_ingestion.store.erasures import ErasureStore
from sycee_ingestion.store.keys import rewrap
from sycee_ingestion.store.link_keys import enter_payouts
from sycee_ingestion.store.locks import RETENTION
from sycee_ingestion.store.quarantine import QuarantineStore

POLL_S = 60.0
MOST_BATCHES = 10_000
"""Of one step in one run; what is left then waits for the next day."""

PAYOUTS_SEEN_DAYS = 40
"""How far back settlement events are looked at: an account in use is paid to at least once a month. Judgement."""


@dataclass(frozen=True, slots=True)
class Step:
    """One kind of clearing: `batch` does a bounded part of it as of a moment and returns how much that was."""

    name: str
    batch: Callable[[datetime], Awaitable[int]]
    repeats: bool = True
    """Whether it goes on until there is nothing left; otherwise one batch is all of it."""


class Retention:
    """Runs in the background; several processes may run it on one database. `hour` is one of Asia/Shanghai."""

    def __init__(self, database: Database, steps: Sequence[Step], clock: Clock, hour: int) -> None:
        self._database = database
        self._steps = steps
        self._clock = clock
        self._hour = hour

    async def run(self) -> None:
        """Clears now and then every day, until cancelled. Raises Unavailable when the database is away."""
        done_for: date | None = None
        while True:
            today = self._day()
            if today != done_for:
                await self.clear()
                done_for = today
            await asyncio.sleep(POLL_S)

    async def clear(self) -> dict[str, int]:
        """Runs every step as of now; how much each one did."""
        now = self._clock.now()
        counts = {step.name: await self._step(step, now) for step in self._steps}
        if any(counts.values()):
            structlog.get_logger().info("cleared away", **counts)
        return counts

    async def _step(self, step: Step, now: datetime) -> int:
        total = 0
        for _ in range(MOST_BATCHES):
            done = await self._alone(step, now)
            total += done
            if not done or not step.repeats:
                break
        return total

    async def _alone(self, step: Step, now: datetime) -> int:
        """One batch and the lock that keeps other processes off it, in one transaction."""
        async with self._database.transaction() as tx:
            if not await tx.driver.fetchval("select pg_try_advisory_xact_lock($1)", RETENTION):
                return 0
            return await step.batch(now)

    def _day(self) -> date:
        """The day whose clearing is due: it begins at the hour."""
        return (self._clock.now().astimezone(SHANGHAI) - timedelta(hours=self._hour)).date()


def steps(
    database: Database,
    sealer: Sealer,
    *,
    accesses: AccessStore,
    erasures: ErasureStore,
    quarantine: QuarantineStore,
    quarantine_kept_days: int,
) -> list[Step]:
    """What is cleared, in order."""

    async def old_quarantine(now: datetime) -> int:
        return await quarantine.purge_before(now - timedelta(days=quarantine_kept_days))

    async def old_accesses(now: datetime) -> int:
        return await accesses.purge_before(_start_of(years_before(_business_day(now), ACCESSES_KEPT_YEARS)))

    async def stray(_now: datetime) -> int:
        return await erasures.clear_stray()

    async def old_transactions(now: datetime) -> int:
        return await erasures.expire_transactions(_business_day(now))

    async def held_merchants(now: datetime) -> int:
        return await erasures.expire_merchant(_business_day(now))

    async def merchant_keys(_now: datetime) -> int:
        return await rewrap(database, sealer)

    async def quarantine_keys(_now: datetime) -> int:
        return await quarantine.rewrap()

    async def payouts(now: datetime) -> int:
        return await enter_payouts(database, now - timedelta(days=PAYOUTS_SEEN_DAYS))

    return [
        Step("quarantined_rows", old_quarantine, repeats=False),
        Step("accesses", old_accesses),
        Step("stray_rows", stray),
        Step("held_transactions", old_transactions),
        Step("held_merchants", held_merchants),
        Step("rewrapped_keys", merchant_keys),
        Step("rewrapped_quarantine_keys", quarantine_keys),
        Step("payout_accounts", payouts, repeats=False),
    ]


def _business_day(moment: datetime) -> date:
    return moment.astimezone(SHANGHAI).date()


def _start_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).astimezone(UTC)
