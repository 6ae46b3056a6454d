"""Drives a call as hard as it goes, one at a time, or at a steady pace, and counts.

A closed loop (`saturate`) finds the rate; an open loop (`paced`) finds the waiting times at a rate, and measures each
from the moment it was due, so that a stall is charged to everyone who waited behind it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

Call = Callable[[int], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Run:
    """What a drive of calls came to. Times in milliseconds, ascending."""

    seconds: float
    times_ms: Sequence[float]

    @property
    def per_s(self) -> float:
        """Calls finished in a second."""
        return len(self.times_ms) / self.seconds

    def percentile_ms(self, percent: float) -> float:
        """The time that `percent` per cent of the calls kept within (nearest rank)."""
        rank = max(1, -(-len(self.times_ms) * percent // 100))
        return self.times_ms[int(rank) - 1]


async def saturate(call: Call, *, in_flight: int, calls: int) -> Run:
    """Makes `calls` calls with `in_flight` of them under way at all times. `call` gets its number."""
    times: list[float] = []
    numbers = iter(range(calls))

    async def worker() -> None:
        for number in numbers:
            begin = time.perf_counter()
            await call(number)
            times.append((time.perf_counter() - begin) * 1000)

    begin = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(in_flight)))
    return Run(time.perf_counter() - begin, sorted(times))


async def paced(call: Call, *, per_s: float, calls: int) -> Run:
    """Makes `calls` calls, one every 1/`per_s` seconds whether or not the ones before have ended."""
    begin = time.perf_counter()

    async def one(number: int) -> float:
        due = begin + number / per_s
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        await call(number)
        return (time.perf_counter() - due) * 1000

    times = await asyncio.gather(*(one(number) for number in range(calls)))
    return Run(time.perf_counter() - begin, sorted(times))
