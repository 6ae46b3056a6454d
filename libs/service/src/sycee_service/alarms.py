"""Many deadlines on few timers.

`asyncio.timeout` makes and drops a timer for each use, which on uvloop costs each RPC 10 µs. Deadlines hardly ever
fire; here those that fall due within the same 5 ms share a timer, and setting one costs less than 1 µs.
"""

from __future__ import annotations

import asyncio
from typing import Any

RESOLUTION_PER_S = 200


class Alarm:
    """One deadline of one task."""

    __slots__ = ("_cancelling", "_task", "fired", "tick")

    def __init__(self, task: asyncio.Task[Any], tick: int) -> None:
        self.fired = False
        self.tick = tick
        self._task = task
        self._cancelling = task.cancelling()

    def ring(self) -> None:
        """Cancels the task."""
        self.fired = True
        self._task.cancel()

    def was_the_cause(self) -> bool:
        """Whether a CancelledError just caught came of this alarm alone; then the task is no longer being cancelled."""
        return self.fired and self._task.uncancel() <= self._cancelling


class Alarms:
    """The alarms of one event loop."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._due: dict[int, set[Alarm]] = {}

    def set(self, after_s: float) -> Alarm:
        """Has the current task cancelled `after_s` from now, at most 5 ms later. Drop it when the work is done."""
        loop = self._loop
        if loop is None:
            loop = self._loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        if task is None:
            raise RuntimeError("an alarm wants a task")
        tick = int((loop.time() + after_s) * RESOLUTION_PER_S) + 1
        alarm = Alarm(task, tick)
        bucket = self._due.get(tick)
        if bucket is None:
            bucket = self._due[tick] = set()
            loop.call_at(tick / RESOLUTION_PER_S, self._ring, tick)
        bucket.add(alarm)
        return alarm

    def drop(self, alarm: Alarm) -> None:
        """Forgets an alarm; one that rang is forgotten already."""
        bucket = self._due.get(alarm.tick)
        if bucket is not None:
            bucket.discard(alarm)

    def _ring(self, tick: int) -> None:
        for alarm in self._due.pop(tick):
            alarm.ring()
