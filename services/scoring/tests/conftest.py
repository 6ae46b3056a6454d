"""Merchants to score, and the real server in this process."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
from pydantic import SecretStr
from sycee.scoring.v1 import scoring_pb2_grpc
from sycee_scoring.domain.application import ApplicationModel
from sycee_scoring.domain.panel import Panel
from sycee_scoring.model_files import load_application_model, load_bureau_model
from sycee_scoring.server import build
from sycee_scoring.service.scores import ScoringService
from sycee_scoring.settings import Settings
from sycee_service.testing import postgres_url, running, shared_nats_url

__all__ = ["postgres_url", "shared_nats_url"]

sys.path.insert(0, str(Path(__file__).parent))  # for scoring_merchants: importlib mode leaves the folder out


@pytest.fixture(scope="session")
def model() -> ApplicationModel:
    return load_application_model()


@pytest.fixture(scope="session")
def service(model: ApplicationModel) -> ScoringService:
    panel = Panel(model, load_bureau_model())
    return ScoringService(lambda: panel)


@pytest.fixture
def settings(postgres_url: str, shared_nats_url: str) -> Settings:
    """Of a service with its own fresh database and the bus."""
    return Settings(database_url=SecretStr(postgres_url), nats_url=shared_nats_url)


@pytest.fixture
async def channel(settings: Settings) -> AsyncIterator[grpc.aio.Channel]:
    async with running(settings, build, peer="gateway") as channel:
        yield channel


@pytest.fixture
def stub(channel: grpc.aio.Channel) -> Any:
    return scoring_pb2_grpc.ScoringServiceStub(channel)
