"""Deadline: every unary RPC has one, a little before the caller's, and hands on the time that is left.

The margin lets the server still say *which* step was late; a caller whose own deadline fires learns nothing.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Any

from sycee_client import calls

from sycee_service.errors import DeadlineExceeded
from sycee_service.interceptors.step import Call, Method, Parts, Proceed

# A caller may wait longer than the default, within reason: nothing holds a handler for hours.
MOST_TIMES_DEFAULT = 60


def deadline(method: Method, parts: Parts, proceed: Proceed) -> Proceed:
    """Stops the handler in time. A stream has a deadline only when its caller sets one."""
    default_s = parts.settings.default_deadline_ms / 1000
    margin_s = parts.settings.deadline_margin_ms / 1000
    streams, alarms, path = method.streams, parts.alarms, method.path

    async def step(request: Any, call: Call) -> Any:
        theirs_s = call.context.time_remaining()
        if theirs_s is None:
            if streams:
                return await proceed(request, call)
            left_s = default_s
        else:
            left_s = theirs_s - margin_s
            if not streams and left_s > default_s * MOST_TIMES_DEFAULT:
                left_s = default_s * MOST_TIMES_DEFAULT
        if left_s <= 0:
            raise _late(path, 0)
        calls.deadline.set(monotonic() + left_s)
        alarm = alarms.set(left_s)
        try:
            return await proceed(request, call)
        except asyncio.CancelledError:
            if alarm.was_the_cause():
                raise _late(path, left_s) from None
            raise
        finally:
            alarms.drop(alarm)

    return step


def _late(path: str, left_s: float) -> DeadlineExceeded:
    allowed_ms = round(left_s * 1000)
    return DeadlineExceeded(
        "DEADLINE_EXCEEDED", f"{path} was not done within {allowed_ms} ms", method=path, allowed_ms=allowed_ms
    )
