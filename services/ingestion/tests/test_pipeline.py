"""Preparing ahead: order, bounds, errors and endings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
from sycee_ingestion.pipeline import ahead


async def count_to(limit: int, taken: list[int]) -> AsyncIterator[int]:
    for number in range(limit):
        taken.append(number)
        yield number


async def double(number: int) -> int:
    await asyncio.sleep(0)
    return number * 2


async def test_items_come_prepared_and_in_order() -> None:
    assert [n async for n in ahead(count_to(20, []), double, 3)] == [n * 2 for n in range(20)]


async def test_it_reads_no_further_than_its_depth() -> None:
    taken: list[int] = []
    async with aclosing(ahead(count_to(100, taken), double, 2)) as found:
        async for number in found:
            for _ in range(20):
                await asyncio.sleep(0)
            assert len(taken) <= number // 2 + 1 + 3
            if number == 40:
                break
    settled = len(taken)
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(taken) == settled


@pytest.mark.parametrize("error", [ValueError("bad"), asyncio.CancelledError()])
async def test_an_error_comes_in_its_place(error: BaseException) -> None:
    async def fail_at_three(number: int) -> int:
        if number == 3:
            raise error
        return number

    found: list[int] = []

    async def collect() -> None:
        async for number in ahead(count_to(9, []), fail_at_three, 4):
            found.append(number)

    with pytest.raises(type(error)):
        await collect()
    assert found == [0, 1, 2]
