"""Work on the next items of a stream while earlier ones are still under way, with answers in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


async def in_order(items: AsyncIterator[T], work: Callable[[T], Awaitable[R]], depth: int) -> AsyncIterator[R]:
    """Yields `work(item)` for each item, in the order of the items, with up to `depth` under way at a time.

    Reads no further than that: a slow consumer slows the producer. The first error ends it; what is under way is
    cancelled then, and also when the consumer goes away.
    """
    under_way: asyncio.Queue[asyncio.Future[R] | None] = asyncio.Queue()
    free = asyncio.Semaphore(depth)

    async def read() -> None:
        try:
            async for item in items:
                await free.acquire()
                under_way.put_nowait(asyncio.ensure_future(work(item)))
        finally:
            under_way.put_nowait(None)

    reader = asyncio.create_task(read())
    try:
        while (result := await under_way.get()) is not None:
            try:
                yield await result
            finally:
                result.cancel()
                free.release()
        await reader
    finally:
        reader.cancel()
        rest = [reader]
        while not under_way.empty():
            if (left := under_way.get_nowait()) is not None:
                left.cancel()
                rest.append(left)  # type: ignore[arg-type] # only to be waited for
        await asyncio.gather(*rest, return_exceptions=True)
