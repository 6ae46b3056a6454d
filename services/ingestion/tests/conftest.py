"""A real server on a real PostgreSQL and NATS."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sycee.ingestion.v1 import ingestion_pb2_grpc
from sycee_ingestion.server import build
from sycee_ingestion.settings import Settings
from sycee_service.clock import ManualClock
from sycee_service.testing import postgres_server, postgres_url, running, shared_nats_url  # noqa: F401 - fixtures by name

sys.path.insert(0, str(Path(__file__).parent))  # for the helpers here: importlib mode leaves the folder out

from ingestion_calls import NOW, Stub


@pytest.fixture
def clock() -> ManualClock:
    """Noon of 2026-03-15."""
    return ManualClock(NOW)


@pytest.fixture
def import_root(tmp_path: Path) -> Path:
    """The folder that imports are read from."""
    root = tmp_path / "imports"
    root.mkdir()
    return root


@pytest.fixture
def settings(postgres_url: str, shared_nats_url: str, tmp_path: Path, import_root: Path) -> Settings:  # noqa: F811
    """A server of this test's own."""
    key = tmp_path / "data.key"
    key.write_bytes(bytes(range(32)))
    return Settings(
        database_url=postgres_url,
        nats_url=shared_nats_url,
        data_key_file=key,
        import_root=import_root,
        import_poll_ms=20,
        watch_interval_ms=10,
        portray_poll_ms=10,
        portray_quiet_ms=30,
        portray_latest_ms=500,
    )


@pytest.fixture
async def stub(settings: Settings, clock: ManualClock) -> AsyncIterator[Stub]:
    """The running server as its operator sees it."""
    async with running(settings, build, clock=clock, peer="operator") as channel:
        yield ingestion_pb2_grpc.IngestionServiceStub(channel)
