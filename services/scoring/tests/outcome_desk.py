"""The whole server with the stores of outcomes beside it, for tests that look where only the service does; `desk` is a
fixture."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import grpc.aio
import pytest
from sycee.scoring.v1 import scoring_pb2_grpc
from sycee_scoring.server import build
from sycee_scoring.service.drifting import DriftService
from sycee_scoring.settings import Settings
from sycee_scoring.store.drift import DriftStore
from sycee_scoring.store.models import ModelStore
from sycee_scoring.store.scores import ScoreStore
from sycee_service.bus import Bus
from sycee_service.clock import ManualClock
from sycee_service.database import Database
from sycee_service.testing import hosting

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


class Desk:
    """The server's stub, database and bus, and a clock that it shares."""

    def __init__(self, stub: Any, database: Database, bus: Bus, clock: ManualClock) -> None:
        self.stub = stub
        self.bus = bus
        self.database = database
        self.clock = clock
        self.scores = ScoreStore(database)
        self.levels = DriftStore(database)
        self.models = ModelStore(database)
        self.drifts = DriftService(self.scores, self.levels, self.models, clock)


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[Desk]:
    clock = ManualClock(NOW)
    async with (
        hosting(settings, build, clock=clock, peer="operator") as host,
        grpc.aio.insecure_channel(f"127.0.0.1:{host.port}") as channel,
    ):
        yield Desk(scoring_pb2_grpc.ScoringServiceStub(channel), host._parts.database, host._bus, clock)
