"""A database to judge the search for fraud on: one that is given, or one of its own that goes when it is done."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg
from sycee_service.clock import SystemClock
from sycee_service.database import Database, open_pool
from sycee_service.migrations import migrate

CONNECTIONS = 4


class DatabaseError(Exception):
    """The database cannot be used; the message names the option and the rule."""


@asynccontextmanager
async def fraud_database(url: str) -> AsyncIterator[Database]:
    """The database at an address, which must hold no applications, brought to this version's schema; without an address
    one of its own. Raises DatabaseError."""
    async with AsyncExitStack() as opened:
        try:
            address = url or await opened.enter_async_context(_own())
            database = await opened.enter_async_context(_opened(address))
            used = await database.pool.fetchval("select exists (select from fraud_merchants)")
        except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise DatabaseError(f"--database: cannot be used: {type(error).__name__}") from error
        if used:
            raise DatabaseError("--database: it holds applications already; an empty database is wanted")
        yield database


@asynccontextmanager
async def _own() -> AsyncIterator[str]:
    try:
        from sycee_service.testing import Postgres  # noqa: PLC0415 - its package is only there for tests

        server = Postgres()
    except (ImportError, RuntimeError) as error:
        raise DatabaseError(f"--database: is needed here, since no PostgreSQL of its own can start: {error}") from error
    try:
        server.start()
        yield server.fresh_database()
    finally:
        server.remove()


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[Database]:
    pool = await open_pool(url, CONNECTIONS)
    try:
        await migrate(url, "sycee_scoring.migrations", upgrade=True)
        yield Database(pool, "sycee-scoring", SystemClock())
    finally:
        await pool.close()
