"""Applications that share things, as messages."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp
from sycee.ingestion.v1 import profile_pb2
from sycee.scoring.v1 import fraud_pb2
from sycee_scoring.fraud.evidence import Application
from sycee_scoring.fraud.surroundings import Attribute, Kind
from sycee_scoring.store.fraud import FraudStore
from sycee_service.clock import SystemClock
from sycee_service.database import Database, open_pool
from sycee_service.migrations import migrate

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
KINDS = profile_pb2.SharedAttribute


def digest(thing: str) -> bytes:
    return hashlib.sha256(thing.encode()).digest()[:16]


def attribute(kind: Kind, thing: str) -> profile_pb2.SharedAttribute:
    return profile_pb2.SharedAttribute(kind=int(kind), digest=digest(thing))  # type: ignore[arg-type] # its numbers


def request(
    merchant_id: str, *shared: tuple[Kind, str], request_id: str | None = None, **fields: object
) -> fraud_pb2.AssessFraudRequest:
    """An application of a merchant with its own operator and what it shares."""
    seconds = int(NOW.timestamp())
    profile = profile_pb2.Profile(merchant_id=merchant_id, as_of=Timestamp(seconds=seconds, nanos=123_456_789))
    things = ((Kind.OPERATOR, f"operator of {merchant_id}"), *shared)
    profile.attributes.extend(sorted((attribute(*one) for one in things), key=lambda one: (one.kind, one.digest)))
    return fraud_pb2.AssessFraudRequest(
        request_id=request_id or f"request-{merchant_id}",
        profile=profile,
        **fields,  # type: ignore[arg-type] # by name
    )


def application(merchant_id: str, *shared: tuple[Kind, str], application_id: str = "first") -> Application:
    """The same, without the wire and without an operator."""
    things = tuple(sorted(Attribute(kind, digest(thing)) for kind, thing in shared))
    return Application(merchant_id, NOW, application_id, things)


@asynccontextmanager
async def open_fraud_store(url: str) -> AsyncIterator[tuple[FraudStore, Database]]:
    """The store on a database of its own, without a server around it."""
    await migrate(url, "sycee_scoring.migrations", upgrade=True)
    pool = await open_pool(url, 8)
    try:
        database = Database(pool, "test", SystemClock())
        yield FraudStore(database), database
    finally:
        await pool.close()
