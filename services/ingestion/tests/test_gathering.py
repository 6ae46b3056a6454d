"""Work that many ask for at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest
from sycee_ingestion.gathering import Gathering


class Bench:
    """Works when it is let, and remembers on what."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = asyncio.Event()

    async def work(self, keys: Sequence[int]) -> Mapping[int, str]:
        self.batches.append(list(keys))
        await self.gate.wait()
        if 13 in keys:
            raise ValueError("thirteen")
        return {key: str(key) for key in keys if key}


async def asked(gathering: Gathering[int, str], *keys: int) -> list[asyncio.Task[str | None]]:
    tasks = [asyncio.create_task(gathering.ask(key)) for key in keys]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


async def test_what_waits_is_done_together_and_once() -> None:
    bench = Bench()
    gathering = Gathering(bench.work, 3)
    tasks = await asked(gathering, 1)
    tasks += await asked(gathering, 2, 3, 2, 4, 5, 0)
    bench.gate.set()
    assert await asyncio.gather(*tasks) == ["1", "2", "3", "2", "4", "5", None]
    assert bench.batches == [[1], [2, 3, 4], [5, 0]]
    assert await gathering.ask(1) == "1"


async def test_a_question_after_work_began_is_answered_by_later_work() -> None:
    bench = Bench()
    gathering = Gathering(bench.work, 3)
    tasks = await asked(gathering, 1)
    tasks += await asked(gathering, 1)
    bench.gate.set()
    await asyncio.gather(*tasks)
    assert bench.batches == [[1], [1]]


async def test_one_who_goes_away_takes_nothing_from_the_others() -> None:
    bench = Bench()
    gathering = Gathering(bench.work, 3)
    gone, other = await asked(gathering, 1, 1)
    gone.cancel()
    bench.gate.set()
    assert await other == "1"
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_a_failure_is_of_its_key_alone() -> None:
    bench = Bench()
    gathering = Gathering(bench.work, 5)
    tasks = await asked(gathering, 12, 13, 14)
    bench.gate.set()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert (found[0], found[2]) == ("12", "14")
    assert isinstance(found[1], ValueError)
    assert bench.batches == [[12, 13, 14], [12], [13], [14]]
