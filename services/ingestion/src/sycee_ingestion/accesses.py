"""Writes down who reads personal data.

`record` writes in the transaction of the RPC: nothing is shown that was not written down. `note` is for GetProfile,
which stands in the path of every decision: it costs an append, and a task writes what was noted in one statement,
within 200 ms and when the server drains. What a crash can lose is the notes of those 200 ms; while the database is away
notes are kept, up to a bound, and then readings are refused.
"""

from __future__ import annotations

import asyncio

from sycee_service.access import current_caller
from sycee_service.clock import Clock
from sycee_service.errors import Unavailable

from sycee_ingestion.domain.access import Access
from sycee_ingestion.store.accesses import AccessStore

FLUSH_AFTER_S = 0.2
MOST_PENDING = 50_000
RETRY_AFTER_MS = 1_000


class AccessLog:
    """Takes down readings of personal data; the caller is that of the RPC at hand."""

    def __init__(self, accesses: AccessStore, clock: Clock, *, flush_after_s: float = FLUSH_AFTER_S) -> None:
        self._accesses = accesses
        self._clock = clock
        self._flush_after_s = flush_after_s
        self._pending: list[Access] = []
        self._noted = asyncio.Event()

    def note(self, merchant_id: str, method: str, what: str, purpose: str = "") -> None:
        """Notes a reading, to be written soon. Raises Unavailable when too much waits to be written."""
        if len(self._pending) >= MOST_PENDING:
            raise Unavailable("ACCESS_LOG_FULL", "readings cannot be written down at present", RETRY_AFTER_MS)
        self._pending.append(self._access(merchant_id, method, what, purpose))
        self._noted.set()

    async def record(self, merchant_id: str, method: str, what: str, purpose: str = "") -> None:
        """Writes a reading, in the caller's transaction if there is one. Raises Unavailable."""
        await self._accesses.write([self._access(merchant_id, method, what, purpose)])

    async def run(self) -> None:
        """Writes notes until cancelled. Raises Unavailable when the database is away; the notes stay."""
        while True:
            await self._noted.wait()
            await asyncio.sleep(self._flush_after_s)
            await self.flush()

    async def flush(self) -> None:
        """Writes whatever was noted. Raises Unavailable; the notes stay."""
        pending, self._pending = self._pending, []
        self._noted.clear()
        if not pending:
            return
        try:
            await self._accesses.write(pending)
        except BaseException:  # a cancelled write as well: written twice is better than not at all
            self._pending = [*pending, *self._pending]
            self._noted.set()
            raise

    def _access(self, merchant_id: str, method: str, what: str, purpose: str) -> Access:
        return Access(merchant_id, self._clock.now(), current_caller().key, method, what, purpose)
