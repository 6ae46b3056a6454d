"""Getting the next items of a stream ready while others are being worked on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


async def ahead(items: AsyncIterator[T], prepare: Callable[[T], Awaitable[R]], depth: int) -> AsyncGenerator[R, None]:
    """Yields `prepare(item)` for each item, in order, while up to `depth` more are read and prepared, one by one.

    Reads no further than that: a slow consumer slows the producer. An error of `items` or `prepare` is raised in its
    place, after what came before it. Close it (`contextlib.aclosing`): the reading stops then.
    """
    async with aclosing(ahead_in_groups(items, prepare, depth, 1)) as groups:
        async for group in groups:
            yield group[0]


async def ahead_in_groups(
    items: AsyncIterator[T], prepare: Callable[[T], Awaitable[R]], depth: int, most: int
) -> AsyncGenerator[list[R], None]:
    """As `ahead`, but yields all that is ready: at least one item and at most `most`. A slow consumer takes more."""
    ready: asyncio.Queue[R | _End] = asyncio.Queue()
    free = asyncio.Semaphore(depth)

    async def read() -> None:
        end = _End(None)
        try:
            async for item in items:
                await free.acquire()
                ready.put_nowait(await prepare(item))
        except BaseException as error:
            end = _End(error)
            raise
        finally:
            ready.put_nowait(end)  # whatever happened: a consumer never waits for nothing

    reader = asyncio.create_task(read())
    try:
        group: list[R] = []
        while not isinstance(found := await ready.get(), _End):
            free.release()
            group.append(found)
            if len(group) == most or ready.empty():
                yield group
                group = []
        if group:
            yield group
        if found.error is not None:
            raise found.error
    finally:
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)


class _End:
    """The end of the items, or what ended them."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error
