"""What a call hands on to the calls it makes: the time that is left and the trace it belongs to.

A server sets these for each RPC it runs; the client reads them for each RPC it sends. Outside a server both are None.
"""

from __future__ import annotations

import time
from contextvars import ContextVar

# time.monotonic() seconds at which the answer is due; None: no deadline.
deadline: ContextVar[float | None] = ContextVar("sycee_deadline", default=None)
# W3C Trace Context header `traceparent` of the work at hand.
traceparent: ContextVar[str | None] = ContextVar("sycee_traceparent", default=None)


def outgoing_metadata() -> tuple[tuple[str, str], ...]:
    """gRPC metadata that an outgoing call carries on."""
    current = traceparent.get()
    return () if current is None else (("traceparent", current),)


def remaining_s(default_s: float) -> float:
    """Seconds an outgoing call may take: `default_s`, or less where less is left; never below zero."""
    due = deadline.get()
    return default_s if due is None else max(0.0, min(default_s, due - time.monotonic()))
