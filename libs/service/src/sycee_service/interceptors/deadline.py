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


def deadline(method: Method, parts: Parts, proceed: Proceed) -> Proceed:
    """Stops the handler in time. A stream has a deadline only when its caller sets one."""
    default_s = None if method.streams else parts.settings.default_deadline_ms / 1000
    margin_s = parts.settings.deadline_margin_ms / 1000
    path = method.path

    async def step(request: Any, call: Call) -> Any:
        left_s = call.context.time_remaining()
        if left_s is not None:
            left_s -= margin_s
            if default_s is not None and left_s > default_s * _MOST_TIMES_DEFAULT:
                left_s = default_s * _MOST_TIMES_DEFAULT
        else:
            left_s = default_s
        if left_s is None:
            return await proceed(request, call)
        if left_s <= 0:
            raise _late(path, left_s)
        calls.deadline.set(monotonic() + left_s)
        try:
            async with asyncio.timeout(left_s) as limit:
                return await proceed(request, call)
        except TimeoutError:
            if not limit.expired():
                raise
            raise _late(path, left_s) from None

    return step


# A caller may wait longer than the default, within reason: nothing holds a handler for hours.
_MOST_TIMES_DEFAULT = 60


def _late(path: str, left_s: float) -> DeadlineExceeded:
    return DeadlineExceeded(
        "DEADLINE_EXCEEDED",
        f"{path} was not done within {max(left_s, 0.0) * 1000:.0f} ms",
        method=path,
        allowed_ms=round(max(left_s, 0.0) * 1000),
    )
