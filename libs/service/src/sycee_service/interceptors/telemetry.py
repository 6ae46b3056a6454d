"""Telemetry: the trace is joined or begun, the RPC counted and timed, and errors (and a share of the rest) logged.

Nothing of the request goes into it; ids and names are payload.
"""

from __future__ import annotations

import asyncio
import random
from time import perf_counter
from typing import Any

import grpc
import structlog
from sycee_client import calls

from sycee_service.interceptors.step import Call, Method, Parts, Proceed
from sycee_service.logs import describe
from sycee_service.tracing import end_span

_SERVER_FAULTS = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.DATA_LOSS}


def telemetry(method: Method, parts: Parts, proceed: Proceed) -> Proceed:
    """The outermost step: it sees every outcome, cancellation too."""
    metrics, tracing, path = parts.metrics, parts.tracing, method.path
    stats = metrics.method(path)
    log_ok_ratio = parts.settings.log_ok_ratio
    log = structlog.get_logger()

    def finish(call: Call, code: grpc.StatusCode, began: float) -> None:
        metrics.in_flight -= 1
        took = perf_counter() - began
        stats.add(code.name, took)
        if code is grpc.StatusCode.OK and (log_ok_ratio == 0.0 or random.random() >= log_ok_ratio):
            return
        write = log.error if code in _SERVER_FAULTS else log.info
        write("rpc", method=path, code=code.name, ms=round(took * 1000, 3), peer=call.peer, **_about(call))

    async def step(request: Any, call: Call) -> Any:
        began = perf_counter()
        metrics.in_flight += 1
        header, span = tracing.begin(call.metadata.get("traceparent"), path)
        calls.traceparent.set(header)
        code = grpc.StatusCode.OK
        try:
            return await proceed(request, call)
        except asyncio.CancelledError:
            code = grpc.StatusCode.CANCELLED
            raise
        except BaseException:
            code = call.code or grpc.StatusCode.UNKNOWN
            raise
        finally:
            finish(call, code, began)
            if span is not None:
                number: int = code.value[0]
                end_span(span, method.service, method.name, code.name, number)

    return step


def _about(call: Call) -> dict[str, Any]:
    about: dict[str, Any] = {"trace": (calls.traceparent.get() or "")[3:35]}
    if call.answered is not None:
        about["reason"] = call.answered.reason
        if "correlation_id" in call.answered.metadata:
            about["correlation_id"] = call.answered.metadata["correlation_id"]
    if call.cause is not None:
        about.update(describe(call.cause))
    return about
