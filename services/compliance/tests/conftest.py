"""A real compliance server on real PostgreSQL and NATS, and what tests ask it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sycee.compliance.v1 import compliance_pb2_grpc
from sycee_compliance.server import build
from sycee_compliance.settings import Settings
from sycee_service.clock import ManualClock
from sycee_service.testing import Postgres, postgres_server, postgres_url, running, shared_nats_url

__all__ = ["postgres_server", "postgres_url", "shared_nats_url"]

# The development renderer wants a stack as text; the service's own logs, and these, give it as a list.
structlog.configure(processors=[structlog.processors.JSONRenderer()])

START = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


def write_key(folder: Path, name: str = "log.pem") -> Path:
    """Makes a signing key and returns its file."""
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = folder / name
    file.write_bytes(pem)
    return file


@pytest.fixture(scope="session")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log's key."""
    return write_key(tmp_path_factory.mktemp("keys"))


@dataclass(frozen=True)
class Server:
    """A running server with a stub that calls it as the gateway, and the clock it goes by."""

    stub: Any
    channel: grpc.aio.Channel
    clock: ManualClock
    settings: Settings


Start = Callable[..., AbstractAsyncContextManager[Server]]


@pytest.fixture(scope="session")
def start(key_file: Path, shared_nats_url: str) -> Start:
    """Starts a server on a database; again on the same one is a restart or a second replica."""

    @asynccontextmanager
    async def begin(database_url: str, *, peer: str = "gateway", **changes: Any) -> AsyncIterator[Server]:
        values = {"database_url": database_url, "nats_url": shared_nats_url, "log_key_file": key_file, **changes}
        settings, clock = Settings(**values), ManualClock(START)
        async with running(settings, build, clock=clock, peer=peer) as channel:
            yield Server(compliance_pb2_grpc.ComplianceServiceStub(channel), channel, clock, settings)

    return begin


@pytest.fixture
async def server(start: Start, postgres_url: str) -> AsyncIterator[Server]:
    """A server on an empty database."""
    async with start(postgres_url) as begun:
        yield begun


@pytest.fixture(scope="module")
def module_database(postgres_server: Postgres) -> str:
    """A database that the tests of one module share."""
    return postgres_server.fresh_database()
