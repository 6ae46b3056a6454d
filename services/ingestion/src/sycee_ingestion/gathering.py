"""One worker for what many ask at the same time: what waits when it is free is done together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import Context
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Gathering(Generic[K, V]):
    """`answer(keys)` for keys that are asked for one by one; the same key asked for twice is worked on once.

    `work` takes up to `most` different keys and gives a value for each that it has one for. It runs apart from whoever
    asked first: neither its cancellation nor its deadline ends what others wait for. Where `work` fails for several
    keys, it is tried for each of them alone; what it raises then, those get who asked for that key.
    """

    def __init__(self, work: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]], most: int) -> None:
        self._work = work
        self._most = most
        self._waiting: dict[K, asyncio.Future[V | None]] = {}
        self._running: asyncio.Task[None] | None = None

    async def ask(self, key: K) -> V | None:
        """The value of a key, None where there is none. What came into the world before the question is in it."""
        future = self._waiting.get(key)
        if future is None:
            future = self._waiting[key] = asyncio.get_running_loop().create_future()
        if self._running is None:
            self._running = asyncio.get_running_loop().create_task(self._run(), context=Context())
        return await asyncio.shield(future)

    async def _run(self) -> None:
        try:
            while self._waiting:
                keys = list(self._waiting)[: self._most]
                asked = {key: self._waiting.pop(key) for key in keys}
                await self._answer(asked)
        finally:
            self._running = None

    async def _answer(self, asked: Mapping[K, asyncio.Future[V | None]]) -> None:
        try:
            found = await self._work(list(asked))
        except Exception as error:
            if len(asked) > 1:
                for key, future in asked.items():
                    await self._answer({key: future})
                return
            for future in asked.values():
                future.set_exception(error)
                future.exception()  # whoever asked may be gone: then nobody is to be told
            return
        except BaseException:
            for future in asked.values():
                future.cancel()
            raise
        for key, future in asked.items():
            future.set_result(found.get(key))
