"""Posts the expiry of holds whose time ran out."""

import asyncio

from sycee_limits.service import LimitsService


class Sweeper:
    """Sweeps in bounded batches, at once again while a batch is full, and every so often otherwise."""

    def __init__(self, service: LimitsService, *, interval_s: float, batch: int) -> None:
        self._service = service
        self._interval_s = interval_s
        self._batch = batch

    async def run(self) -> None:
        """Sweeps as long as the service lives. Several may run on one database: each skips what another holds."""
        while True:
            if await self._service.sweep(self._batch) < self._batch:
                await asyncio.sleep(self._interval_s)
