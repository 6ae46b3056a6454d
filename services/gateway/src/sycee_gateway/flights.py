"""One piece of work for each key at a time: whoever asks for the same meanwhile waits for the same answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from typing import Any, Generic, TypeVar

from sycee_client import calls
from sycee_service.errors import ResourceExhausted

T = TypeVar("T")


class Flights(Generic[T]):
    """Runs work apart from its callers: one that goes away (deadline, broken connection) stops nothing.

    Nor does a caller in a hurry shorten the steps, which would refer a decision for want of the caller's own patience:
    the work is bounded by the deadlines of its steps alone.
    At most `limit` pieces run at once; more are refused with RESOURCE_EXHAUSTED before they begin.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._tasks: dict[str, asyncio.Task[T]] = {}

    async def join(self, key: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The answer of the work under way for `key`, which is begun when there is none."""
        task = self._tasks.get(key)
        if task is None:
            if len(self._tasks) >= self._limit:
                raise ResourceExhausted("TOO_MANY_DECISIONS", f"{self._limit} decisions are under way", 200)
            task = asyncio.create_task(work(), name=f"flight-{key}", context=_unhurried())
            self._tasks[key] = task
            task.add_done_callback(lambda done: self._land(key, done))
        return await asyncio.shield(task)

    def _land(self, key: str, task: asyncio.Task[T]) -> None:
        del self._tasks[key]
        if not task.cancelled():
            task.exception()  # marks it as seen where every caller has gone away

    async def drain(self) -> None:
        """Waits until all that is under way has ended; each piece is bounded by its own deadlines."""
        while self._tasks:
            await asyncio.wait(tuple(self._tasks.values()))


def _unhurried() -> Context:
    """The context of the call at hand, its trace included, without its deadline."""
    context = copy_context()
    context.run(calls.deadline.set, None)
    return context
