"""Alarms cancel their task in time, tell their own cancellation from another's, and leave nothing behind."""

from __future__ import annotations

import asyncio
from time import monotonic

import pytest
from sycee_service.alarms import Alarms


async def test_rings_in_time_and_not_before() -> None:
    alarms = Alarms()
    began = monotonic()
    alarm = alarms.set(0.03)
    with pytest.raises(asyncio.CancelledError):
        await asyncio.sleep(10)
    assert 0.025 < monotonic() - began < 5
    assert alarm.was_the_cause()
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_dropped_alarm_is_silent() -> None:
    alarms = Alarms()
    alarms.drop(alarms.set(0.0))
    await asyncio.sleep(0.03)


async def test_a_cancellation_from_outside_is_not_its_own() -> None:
    alarms = Alarms()
    found: list[bool] = []

    async def work() -> None:
        alarm = alarms.set(10)
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            found.append(alarm.was_the_cause())
            raise

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert found == [False]


async def test_alarms_of_one_moment_share_a_timer() -> None:
    alarms = Alarms()
    first, second = alarms.set(10), alarms.set(10)
    assert abs(first.tick - second.tick) <= 1
    alarms.drop(first)
    alarms.drop(second)
