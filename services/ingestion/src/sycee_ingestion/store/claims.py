"""Merchants that this process is portraying in the background, so that no other one does the same work meanwhile.

Claims are advisory locks of a session on a connection of its own: they end with it, however the process ends. They
spare work and guard nothing: a portrait that two processes make is stored and told once all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import asyncpg
from sycee_service.errors import Unavailable

from sycee_ingestion.store.locks import PORTRAY

RETRY_AFTER_MS = 500

_TAKE = "select merchant_no from unnest($1::integer[]) as merchant_no where pg_try_advisory_lock($2, merchant_no)"
_GIVE = "select pg_advisory_unlock_all()"


class Claims:
    """One task at a time claims."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: asyncpg.Connection | None = None

    async def take(self, merchant_nos: Sequence[int]) -> list[int]:
        """Those of the merchants that nobody else has claimed, in their order. Raises Unavailable."""
        try:
            if self._connection is None or self._connection.is_closed():
                self._connection = await asyncpg.connect(self._url)
            rows = await self._connection.fetch(_TAKE, merchant_nos, PORTRAY)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            await self.close()
            raise Unavailable("DATABASE_UNAVAILABLE", "the database cannot be reached", RETRY_AFTER_MS) from error
        taken = {row["merchant_no"] for row in rows}
        return [merchant_no for merchant_no in merchant_nos if merchant_no in taken]

    async def give(self) -> None:
        """Gives all back. Where that fails, they end with the connection."""
        try:
            async with asyncio.timeout(1.0):
                if self._connection is not None:
                    await self._connection.execute(_GIVE)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await self.close()

    async def close(self) -> None:
        """Ends the connection, and with it all claims."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()
