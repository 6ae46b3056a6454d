"""The steps of every RPC in order, and how a servicer's method is put behind them.

The steps are composed once for each method when the server starts, not as nested `grpc.aio` interceptors: those cost
tens of microseconds each for every call.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import grpc

from sycee_service.interceptors.capacity import capacity
from sycee_service.interceptors.conflicts import conflicts
from sycee_service.interceptors.deadline import deadline
from sycee_service.interceptors.errors import map_errors
from sycee_service.interceptors.idempotency import idempotency
from sycee_service.interceptors.identity import identity
from sycee_service.interceptors.step import Call, Method, Parts, Proceed, ServicerContext, Step
from sycee_service.interceptors.telemetry import telemetry
from sycee_service.interceptors.validation import validation

# Outermost first.
STEPS: tuple[Step, ...] = (
    telemetry,  # sees every outcome: trace, metrics, log
    map_errors,  # errors become codes with details; strangers are masked
    capacity,  # is there room
    identity,  # who calls, and may they
    deadline,  # how long it may take
    validation,  # is the request what its contract says
    conflicts,  # run again after a lost race
    idempotency,  # one request_id, one answer, one transaction
)


def behind_steps(
    method: Method, parts: Parts, handler: grpc.RpcMethodHandler[Any, Any]
) -> grpc.RpcMethodHandler[Any, Any]:
    """The same method with every step before it."""
    proceed = _innermost(handler)
    for step in reversed(STEPS):
        proceed = step(method, parts, proceed)

    async def entry(request: Any, context: ServicerContext) -> Any:
        return await proceed(request, Call(context))

    make = _MAKERS[method.streams_requests, method.streams_responses]
    return make(
        entry,
        request_deserializer=handler.request_deserializer,
        response_serializer=_taking_bytes(handler.response_serializer)
        if method.remembers
        else handler.response_serializer,
    )


_MAKERS: dict[tuple[bool, bool], Callable[..., grpc.RpcMethodHandler[Any, Any]]] = {
    (False, False): grpc.unary_unary_rpc_method_handler,
    (False, True): grpc.unary_stream_rpc_method_handler,
    (True, False): grpc.stream_unary_rpc_method_handler,
    (True, True): grpc.stream_stream_rpc_method_handler,
}


def _innermost(handler: grpc.RpcMethodHandler[Any, Any]) -> Proceed:
    """The servicer's method as the last step."""
    behavior: Any = handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream
    if not handler.response_streaming:

        async def answer(request: Any, call: Call) -> Any:
            return await behavior(request, call.context)

        return answer

    async def stream(request: Any, call: Call) -> None:
        """Writes what the method yields: a coroutine can hold a timeout and an error handler, a generator cannot."""
        responses = behavior(request, call.context)
        if inspect.isawaitable(responses):  # a method that writes to the context by itself
            await responses
            return
        try:
            async for response in responses:
                await call.context.write(response)
        finally:
            if inspect.isasyncgen(responses):
                await responses.aclose()

    return stream


def _taking_bytes(serialize: Any) -> Callable[[Any], bytes]:
    """A remembered answer is serialised already."""

    def to_bytes(answer: Any) -> bytes:
        if type(answer) is bytes:
            return answer
        body: bytes = serialize(answer)
        return body

    return to_bytes
