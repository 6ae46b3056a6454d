"""Capacity: beyond so many RPCs at once, more are turned away at the door, so that those inside still finish.

grpc.aio has the same bound as an option, which costs every RPC some 20 µs; here it is one comparison.
"""

from __future__ import annotations

from typing import Any

from sycee_service.errors import ResourceExhausted
from sycee_service.interceptors.step import Call, Method, Parts, Proceed

RETRY_AFTER_MS = 100


def capacity(method: Method, parts: Parts, proceed: Proceed) -> Proceed:  # noqa: ARG001 - every step takes the same
    """ResourceExhausted while more than `max_concurrent_rpcs` are under way. The telemetry step counts them."""
    metrics, most = parts.metrics, parts.settings.max_concurrent_rpcs

    async def step(request: Any, call: Call) -> Any:
        if metrics.in_flight > most:
            raise ResourceExhausted("TOO_MANY_CALLS", "too many calls are under way", RETRY_AFTER_MS)
        return await proceed(request, call)

    return step
