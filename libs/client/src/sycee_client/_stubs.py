"""Generated stubs, with each RPC wrapped once: deadline, metadata and typed errors.

gRPC's own client interceptors cost about as much as the call itself, so there are none here: a wrapped RPC is one small
object made when the client is, and a call through it adds a coroutine and no more.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from typing import Any, Generic, TypeVar

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message

from sycee_client.calls import outgoing_metadata, remaining_s
from sycee_client.errors import Cancelled, DeadlineExceeded, SyceeError, error_from_rpc
from sycee_client.policies import deadline_s

Answer = TypeVar("Answer", bound=Message)
Stub = TypeVar("Stub")
Metadata = Iterable[tuple[str, str | bytes]]
Bearer = Callable[[], str]


class UnaryRpc(Generic[Answer]):
    """An RPC with one request and one answer."""

    __slots__ = ("_bearer", "_default_s", "_start")

    def __init__(self, start: Callable[..., Any], default_s: float | None, bearer: Bearer | None) -> None:
        self._start = start
        self._default_s = default_s
        self._bearer = bearer

    async def __call__(
        self,
        request: Message,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 (gRPC's own name for it)
        metadata: Metadata = (),
    ) -> Answer:
        """Sends the request and waits for the answer. Raises a SyceeError.

        `timeout` is in seconds; without one the RPC's default holds. Inside a server's handler neither outlasts the
        call that is being handled.
        """
        timeout_s = _timeout_s(self._default_s if timeout is None else timeout)
        try:
            answer: Answer = await self._start(request, timeout=timeout_s, metadata=_metadata(self._bearer, metadata))
        except grpc.aio.AioRpcError as error:
            raise error_from_rpc(error) from error
        return answer


class StreamRpc(Generic[Answer]):
    """An RPC that streams in one or both directions."""

    __slots__ = ("_bearer", "_start")

    def __init__(self, start: Callable[..., Any], bearer: Bearer | None) -> None:
        self._start = start
        self._bearer = bearer

    def __call__(
        self,
        request: Message | AsyncIterable[Message] | Iterable[Message] | None = None,
        *,
        timeout: float | None = None,
        metadata: Metadata = (),
    ) -> StreamCall[Answer]:
        """Opens the stream. `request` is the one request, or the requests, or None to write them one by one."""
        call: StreamCall[Answer] = StreamCall()
        if isinstance(request, (AsyncIterable, Iterable)) and not isinstance(request, Message):
            request = call.watched(request)
        sent = () if request is None else (request,)
        call.open(self._start(*sent, timeout=_timeout_s(timeout), metadata=_metadata(self._bearer, metadata)))
        return call


class StreamCall(Generic[Answer]):
    """An open stream: iterate over it, or `read()`; `write()` and `done_writing()` where the client streams."""

    def __init__(self) -> None:
        self._call: Any = None
        self._own_error: BaseException | None = None

    def open(self, call: Any) -> None:
        """Takes gRPC's call."""
        self._call = call

    def __getattr__(self, name: str) -> Any:
        return getattr(self._call, name)

    async def watched(self, requests: AsyncIterable[Message] | Iterable[Message]) -> AsyncIterator[Message]:
        """The same requests; an error in making them is kept, where gRPC would turn it into a mere cancellation."""
        try:
            if isinstance(requests, AsyncIterable):
                async for request in requests:
                    yield request
            else:
                for request in requests:
                    yield request
        except Exception as error:
            self._own_error = error
            raise

    async def __aiter__(self) -> AsyncIterator[Answer]:
        try:
            async for answer in self._call:
                yield answer
        except (grpc.aio.AioRpcError, asyncio.CancelledError) as error:
            raise self._typed(error) from error

    async def read(self) -> Answer | None:
        """The next answer; None when the server has ended the stream."""
        try:
            answer = await self._call.read()
        except (grpc.aio.AioRpcError, asyncio.CancelledError) as error:
            raise self._typed(error) from error
        return None if answer is grpc.aio.EOF else answer

    async def write(self, request: Message) -> None:
        """Sends one request; waits while the server is behind."""
        try:
            await self._call.write(request)
        except grpc.aio.AioRpcError as error:
            raise error_from_rpc(error) from error
        except asyncio.InvalidStateError as error:
            raise await self._ended() from error

    async def done_writing(self) -> None:
        """Says that no more requests come."""
        await self._call.done_writing()

    def _typed(self, error: BaseException) -> BaseException:
        if isinstance(error, grpc.aio.AioRpcError):
            return error_from_rpc(error)
        return self._own_error or error

    async def _ended(self) -> SyceeError:
        """Why nothing can be written any more."""
        code = await self._call.code()
        if code is grpc.StatusCode.OK:
            return Cancelled("the server has ended the stream", code=grpc.StatusCode.CANCELLED, reason="STREAM_ENDED")
        return error_from_rpc(
            grpc.aio.AioRpcError(
                code,
                await self._call.initial_metadata(),
                await self._call.trailing_metadata(),
                await self._call.details(),
            )
        )


def wrapped(stub: Stub, service: ServiceDescriptor, bearer: Bearer | None) -> Stub:
    """The stub, its RPCs replaced by wrapped ones. They keep the types that the generated stub states."""
    for method in service.methods:
        setattr(stub, method.name, _wrap(getattr(stub, method.name), method, bearer))
    return stub


def _wrap(start: Callable[..., Any], method: MethodDescriptor, bearer: Bearer | None) -> Any:
    if method.server_streaming:
        return StreamRpc[Message](start, bearer)
    return UnaryRpc[Message](start, deadline_s(method), bearer)


def _timeout_s(wanted_s: float | None) -> float | None:
    left_s = remaining_s(math.inf if wanted_s is None else wanted_s)
    if left_s <= 0:
        raise DeadlineExceeded("no time is left for this call", code=grpc.StatusCode.DEADLINE_EXCEEDED)
    return None if left_s == math.inf else left_s


def _metadata(bearer: Bearer | None, extra: Metadata) -> tuple[tuple[str, str | bytes], ...]:
    sent = (*outgoing_metadata(), *extra)
    return sent if bearer is None else (*sent, ("authorization", f"Bearer {bearer()}"))
