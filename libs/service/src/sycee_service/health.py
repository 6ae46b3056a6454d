"""grpc.health.v1 that really checks: SERVING only while every check passes.

A loop runs all checks side by side, each within a bound; callers get the last result at once, whatever a check does.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
import structlog
from grpc_health.v1 import health_pb2, health_pb2_grpc

from sycee_service.logs import describe
from sycee_service.metrics import Metrics

Check = Callable[[], Awaitable[None]]

_STATUS = health_pb2.HealthCheckResponse
MAX_WATCHERS = 100


class Health(health_pb2_grpc.HealthServicer):  # type: ignore[misc] # grpcio-health-checking ships no types
    """The state of this server, under the empty name and the full name of each of its services."""

    def __init__(self, metrics: Metrics, interval_s: float, timeout_s: float) -> None:
        self._metrics = metrics
        self._interval_s = interval_s
        self._timeout_s = timeout_s
        self._checks: dict[str, Check] = {}
        self._names: set[str] = {""}
        self._failing: frozenset[str] | None = None
        self._draining = False
        self._changed = asyncio.Event()
        self._watchers = 0

    def add_check(self, name: str, check: Check) -> None:
        """Adds a check, which raises while its part is not healthy."""
        if name in self._checks:
            raise ValueError(f"there is a check {name!r} already")
        self._checks[name] = check

    def add_service(self, name: str) -> None:
        """Answers for a service's full name as well."""
        self._names.add(name)

    @property
    def serving(self) -> bool:
        """Whether every check passed the last time, and no drain began."""
        return not self._draining and self._failing is not None and not self._failing

    async def run(self) -> None:
        """Checks until cancelled."""
        while True:
            await self.check_now()
            await asyncio.sleep(self._interval_s)

    async def check_now(self) -> None:
        """Runs every check once."""
        names = list(self._checks)
        results = await asyncio.gather(*(self._passes(name) for name in names))
        failing = frozenset(name for name, ok in zip(names, results, strict=True) if not ok)
        before = self.serving
        self._failing = failing
        if self.serving != before:
            structlog.get_logger().info("health", serving=self.serving, failing=sorted(failing))
            self._announce()

    def drain(self) -> None:
        """Says NOT_SERVING from now on and lets watchers go."""
        self._draining = True
        self._announce()

    async def _passes(self, name: str) -> bool:
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._checks[name]()
        except Exception as error:
            if self._failing is None or name not in self._failing:
                structlog.get_logger().warning("check fails", check=name, **describe(error))
            self._metrics.healthy.labels(name).set(0)
            return False
        self._metrics.healthy.labels(name).set(1)
        return True

    def _announce(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _status(self) -> Any:
        return _STATUS.SERVING if self.serving else _STATUS.NOT_SERVING

    async def Check(self, request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        """The state of a service of this server; NOT_FOUND for another name."""
        if request.service not in self._names:
            await context.abort(grpc.StatusCode.NOT_FOUND, "no such service here")
        return _STATUS(status=self._status())

    async def List(self, request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:  # noqa: ARG002
        """The state of every service of this server."""
        return health_pb2.HealthListResponse(
            statuses={name: _STATUS(status=self._status()) for name in sorted(self._names)}
        )

    async def Watch(self, request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[Any]:
        """The state now and at each change, until the server drains."""
        if self._watchers >= MAX_WATCHERS:
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too many watchers")
        self._watchers += 1
        try:
            last = None
            while True:
                changed = self._changed
                now = self._status() if request.service in self._names else _STATUS.SERVICE_UNKNOWN
                if now != last:
                    yield _STATUS(status=now)
                    last = now
                if self._draining:
                    return
                await changed.wait()
        finally:
            self._watchers -= 1
