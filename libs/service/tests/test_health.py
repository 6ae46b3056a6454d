"""Health says what the checks say, within their bound, and NOT_SERVING from the first moment of a drain."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from sycee_notes.server import NotesHandlers, Settings, add
from sycee_service.health import Health
from sycee_service.host import Host
from sycee_service.metrics import Metrics
from sycee_service.testing import running, until

SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


class Part:
    """A part that can be broken or made to hang."""

    def __init__(self) -> None:
        self.broken = False
        self.hangs = False

    async def check(self) -> None:
        if self.hangs:
            await asyncio.Event().wait()
        if self.broken:
            raise ConnectionError("broken")


def building(part: Part) -> Any:
    async def build(host: Host[Settings]) -> None:
        add(host, NotesHandlers(None), own_idempotency=frozenset({"WriteNote"}))  # type: ignore[arg-type]
        host.add_check("part", part.check)

    return build


@pytest.mark.parametrize("fault", ["broken", "hangs"])
async def test_a_failing_or_hanging_check_flips_health(fault: str) -> None:
    part = Part()
    settings = Settings(health_interval_ms=10, health_timeout_ms=50)
    async with running(settings, building(part)) as channel:
        health = health_pb2_grpc.HealthStub(channel)

        async def is_(status: int, name: str = "") -> bool:
            return bool((await health.Check(health_pb2.HealthCheckRequest(service=name))).status == status)

        assert await is_(SERVING)
        setattr(part, fault, True)
        await until(lambda: is_(NOT_SERVING))
        assert await is_(NOT_SERVING, "sycee.notes.v1.NotesService")
        setattr(part, fault, False)
        await until(lambda: is_(SERVING))
        assert await is_(SERVING, "sycee.notes.v1.NotesService")
        listed = await health.List(health_pb2.HealthListRequest())
        assert listed.statuses.keys() == {"", "sycee.notes.v1.NotesService"}


async def test_unknown_names() -> None:
    async with running(Settings(), building(Part())) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await health.Check(health_pb2.HealthCheckRequest(service="sycee.other.v1.OtherService"))
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND
        watching = health.Watch(health_pb2.HealthCheckRequest(service="sycee.other.v1.OtherService"))
        assert (await watching.read()).status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
        watching.cancel()


async def test_nothing_is_serving_before_the_first_check() -> None:
    health = Health(Metrics(), 1, 1)
    assert not health.serving
    await health.check_now()
    assert health.serving
    health.drain()
    await health.check_now()
    assert not health.serving


async def test_two_checks_of_one_name_are_refused() -> None:
    health = Health(Metrics(), 1, 1)
    health.add_check("part", Part().check)
    with pytest.raises(ValueError, match="already"):
        health.add_check("part", Part().check)
