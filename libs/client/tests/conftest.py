"""Real gRPC servers for the client to call: what they answer is set by each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from google.protobuf import any_pb2
from google.rpc import status_pb2
from sycee.ingestion.v1 import ingestion_pb2_grpc
from sycee.limits.v1 import limits_pb2, limits_pb2_grpc

Behaviour = Callable[[Any, grpc.aio.ServicerContext], Awaitable[Any]]


@dataclass
class Seen:
    """What one call brought along."""

    request: Any
    metadata: dict[str, str]
    remaining_s: float | None


@dataclass
class Stage:
    """A server whose unary answers a test sets; it keeps what it saw."""

    behaviour: Behaviour
    seen: list[Seen] = field(default_factory=list)
    address: str = ""

    async def play(self, request: Any, context: grpc.aio.ServicerContext) -> Any:
        metadata = {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}
        self.seen.append(Seen(request, metadata, context.time_remaining()))
        return await self.behaviour(request, context)


class Limits(limits_pb2_grpc.LimitsServiceServicer):
    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def ListProducts(self, request, context):
        return await self._stage.play(request, context)

    async def Void(self, request, context):
        return await self._stage.play(request, context)


class Ingestion(ingestion_pb2_grpc.IngestionServiceServicer):
    """Echoes streams; `behaviour` may end one."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def PublishEvents(self, request_iterator, context):
        async for request in request_iterator:
            yield await self._stage.play(request, context)

    async def WatchImport(self, request, context):
        yield await self._stage.play(request, context)
        yield await self._stage.play(request, context)


async def products(request: Any, context: grpc.aio.ServicerContext) -> limits_pb2.ListProductsResponse:
    """A good answer."""
    return limits_pb2.ListProductsResponse(next_page_token="next")


async def refuse(context: grpc.aio.ServicerContext, code: grpc.StatusCode, message: str, *details: Any) -> None:
    """Ends the call with a status and google.rpc details, as the suite's servers do."""
    packed = [any_pb2.Any() for _ in details]
    for target, detail in zip(packed, details, strict=True):
        target.Pack(detail)
    status = status_pb2.Status(code=code.value[0], message=message, details=packed)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    await context.abort(code, message, context.trailing_metadata())


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """A running server without TLS on a free port."""
    stage = Stage(products)
    server = grpc.aio.server()
    limits_pb2_grpc.add_LimitsServiceServicer_to_server(Limits(stage), server)
    ingestion_pb2_grpc.add_IngestionServiceServicer_to_server(Ingestion(stage), server)
    stage.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()
    yield stage
    await server.stop(0)
