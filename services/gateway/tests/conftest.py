"""A real gateway on a real PostgreSQL and NATS, with the small services of `fakes` around it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from sycee.decision.v1 import decision_pb2, decision_pb2_grpc
from sycee_gateway.server import build
from sycee_gateway.settings import Settings
from sycee_service.clock import ManualClock
from sycee_service.testing import postgres_url, running, shared_nats_url
from sycee_service.wire import fen_to_money

from .fakes import START, World, serving

__all__ = ["postgres_url", "shared_nats_url"]

OPERATOR = (("x-test-peer", "operator"),)


@dataclass(frozen=True)
class Gateway:
    """Calls a running gateway as the operator."""

    stub: Any
    world: World
    settings: Settings

    async def decide(self, request_id: str = "request-0001", **changes: Any) -> decision_pb2.Decision:
        """Asks for 100,000 yuan over 12 months unless told otherwise."""
        answer = await self.stub.Decide(application(request_id, **changes), metadata=OPERATOR, timeout=10)
        decision: decision_pb2.Decision = answer.decision
        return decision

    async def get(self, decision_id: str) -> decision_pb2.Decision:
        """Reads a decision."""
        request = decision_pb2.GetDecisionRequest(decision_id=decision_id)
        decision: decision_pb2.Decision = (await self.stub.GetDecision(request, metadata=OPERATOR)).decision
        return decision

    async def accept(self, decision_id: str, request_id: str = "accept-0001") -> decision_pb2.AcceptOfferResponse:
        """Accepts an offer."""
        request = decision_pb2.AcceptOfferRequest(request_id=request_id, decision_id=decision_id)
        answer: decision_pb2.AcceptOfferResponse = await self.stub.AcceptOffer(request, metadata=OPERATOR, timeout=10)
        return answer


def application(request_id: str, *, fen: int = 10_000_000, **changes: Any) -> decision_pb2.DecideRequest:
    """A request for a decision."""
    values: dict[str, Any] = {"merchant_id": "m1", "product_id": "shopkeeper", **changes}
    return decision_pb2.DecideRequest(request_id=request_id, requested_amount=fen_to_money(fen), **values)


@pytest.fixture(scope="session", autouse=True)
def grpc_kept_alive() -> Iterator[None]:
    """One poller for all tests. gRPC otherwise ends it with the last channel of a test and begins another one in the
    next, and now and then events get lost in between: a call then never ends.
    """
    loop = asyncio.new_event_loop()  # it begins in the current loop, and between tests there may be none
    asyncio.set_event_loop(loop)
    grpc.aio.init_grpc_aio()
    asyncio.set_event_loop(None)
    yield
    grpc.aio.shutdown_grpc_aio()
    loop.close()


@pytest.fixture
def world() -> World:
    """What the other services answer."""
    return World(clock=ManualClock(START))


Start = Callable[..., Any]


@pytest.fixture
async def start(world: World, postgres_url: str, shared_nats_url: str) -> AsyncIterator[Start]:
    """Starts a gateway; a second start is a restart, or a second replica, on the same database."""
    async with serving(world) as address:

        @asynccontextmanager
        async def begin(**changes: Any) -> AsyncIterator[Gateway]:
            values: dict[str, Any] = {
                "allow_plaintext": True,
                "database_url": postgres_url,
                "nats_url": shared_nats_url,
                "sweep_interval_ms": 3_600_000,
                # Events stay in the outbox: only one test listens to the bus, and asks for them.
                "outbox_linger_ms": 3_600_000,
                **dict.fromkeys((f"{name}_address" for name in SERVICES), address),
                **changes,
            }
            settings = Settings(**values)
            async with running(settings, build, clock=world.clock) as channel:
                yield Gateway(decision_pb2_grpc.DecisionServiceStub(channel), world, settings)

        yield begin


SERVICES = ("ingestion", "scoring", "esg", "limits", "compliance")


@pytest.fixture
async def gateway(start: Start) -> AsyncIterator[Gateway]:
    """A gateway."""
    async with start() as begun:
        yield begun


def code_of(error: grpc.aio.AioRpcError) -> str:
    """The canonical code, such as NOT_FOUND."""
    name: str = error.code().name
    return name
