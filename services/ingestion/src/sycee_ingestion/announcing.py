"""Tells the bus which portraits have changed: at most once an interval for each merchant, however much came in.

A batch of a thousand events may touch hundreds of merchants; an event for each of them and batch would cost more than
the merge itself. The merge marks a feed instead, in its own transaction, and this task turns marks into events.
"""

from __future__ import annotations

import asyncio

from sycee_ingestion.store.events import ANNOUNCED_AT_ONCE, EventStore


class Announcer:
    """Runs in the background; several may run on one database."""

    def __init__(self, events: EventStore, interval_s: float) -> None:
        self._events = events
        self._interval_s = interval_s

    async def run(self) -> None:
        """Announces until cancelled. Raises Unavailable when the database is away; marks stay where they are."""
        while True:
            await asyncio.sleep(self._interval_s)
            while await self._events.announce() >= ANNOUNCED_AT_ONCE:
                pass
