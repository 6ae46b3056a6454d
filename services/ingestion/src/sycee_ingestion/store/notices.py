"""What processes on one database tell each other of portraits: PostgreSQL's LISTEN and NOTIFY, to watches.

A notice comes when the transaction commits that made it true, in whichever process that was. It is sent once: who does
not listen just then misses it. A watch therefore ends rather than go on with a gap.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg
from sycee_service.errors import Unavailable

from sycee_ingestion.domain.changes import Change
from sycee_ingestion.store.portraits import CHANNEL, read_notice

MOST_WAITING = 1_000
"""Changes that a watch may be behind by."""

RETRY_AFTER_MS = 500
LISTENING_TIMEOUT_S = 5.0

Notice = tuple[str, tuple[Change, ...]]
"""The merchant, and what has changed of its portrait."""


class Watch:
    """The notices of some merchants, or of all, from when it was made on."""

    def __init__(self, merchant_ids: frozenset[str]) -> None:
        self._merchant_ids = merchant_ids
        self._waiting: deque[Notice] = deque()
        self._woken = asyncio.Event()
        self._over: Unavailable | None = None

    def __aiter__(self) -> Watch:
        return self

    async def __anext__(self) -> Notice:
        """The next notice. Raises Unavailable when some have been missed, or may have been."""
        while self._over is None:
            if self._waiting:
                return self._waiting.popleft()
            self._woken.clear()
            await self._woken.wait()
        raise self._over

    def hear(self, merchant_id: str, changes: tuple[Change, ...]) -> None:
        """Takes a notice in, if it is of a merchant that is watched."""
        if self._merchant_ids and merchant_id not in self._merchant_ids:
            return
        if len(self._waiting) >= MOST_WAITING:
            self.end("WATCH_BEHIND", f"the watch is more than {MOST_WAITING} changes behind")
            return
        self._waiting.append((merchant_id, changes))
        self._woken.set()

    def end(self, reason: str, message: str) -> None:
        """Ends it: what was not read is not to be had from it any more."""
        self._over = self._over or Unavailable(reason, message, RETRY_AFTER_MS)
        self._woken.set()


class Notices:
    """Listens on a connection of its own, which the pool must not lend to others."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._listening = asyncio.Event()
        self._watches: set[Watch] = set()

    async def run(self) -> None:
        """Listens until cancelled. Raises when the connection is lost, after ending all watches."""
        connection = await asyncpg.connect(self._url)
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        try:
            await connection.add_listener(CHANNEL, self._hear)
            self._listening.set()
            await lost.wait()
            raise ConnectionError("the connection that listens was lost")
        finally:
            self._listening.clear()
            for watch in self._watches:
                watch.end("WATCH_BROKEN", "changes may have been missed")
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await connection.close(timeout=1.0)

    @asynccontextmanager
    async def watch(self, merchant_ids: frozenset[str]) -> AsyncIterator[Watch]:
        """A watch over these merchants, or over all where none is named, that misses nothing from now on.

        Raises Unavailable when the database cannot be listened to.
        """
        try:
            async with asyncio.timeout(LISTENING_TIMEOUT_S):
                await self._listening.wait()
        except TimeoutError as error:
            raise Unavailable("DATABASE_UNAVAILABLE", "the database cannot be reached", RETRY_AFTER_MS) from error
        watch = Watch(merchant_ids)
        self._watches.add(watch)
        try:
            yield watch
        finally:
            self._watches.discard(watch)

    def _hear(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        merchant_id, changes = read_notice(str(payload))
        for watch in list(self._watches):
            watch.hear(merchant_id, changes)
