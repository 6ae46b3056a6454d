"""Conflicts: a handler whose transaction lost a race (serialisation failure, deadlock) runs again, a few times."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import asyncpg

from sycee_service.errors import Aborted
from sycee_service.interceptors.step import Call, Method, Parts, Proceed

MOST_RUNS = 6  # the first and at most five more
BACKOFF_FIRST_S = 0.005

# 40001, 40P01, and a prepared statement that a migration of another process made stale.
LOST_RACES = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError, asyncpg.InvalidCachedStatementError)


def conflicts(method: Method, parts: Parts, proceed: Proceed) -> Proceed:
    """Runs a unary handler again after a lost race; Aborted when it keeps losing."""
    if parts.database is None or method.streams:
        return proceed
    counter = parts.metrics.conflicts.labels(method.path)

    async def step(request: Any, call: Call) -> Any:
        for run in range(MOST_RUNS):
            if run:
                counter.inc()
                await asyncio.sleep(BACKOFF_FIRST_S * 2**run * random.random())
            try:
                return await proceed(request, call)
            except LOST_RACES as error:
                lost = error
        raise Aborted("CONFLICT", f"lost a race {MOST_RUNS} times; try again") from lost

    return step
