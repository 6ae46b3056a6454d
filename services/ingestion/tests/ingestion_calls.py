"""What tests say to a running server."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sycee.ingestion.v1 import event_pb2, ingestion_pb2, profile_pb2
from sycee_service.access import EDGE

if TYPE_CHECKING:
    from sycee.ingestion.v1.ingestion_pb2_grpc import IngestionServiceAsyncStub as Stub
else:
    Stub = object

NOW = datetime(2026, 3, 15, 4, 30, tzinfo=UTC)  # 12:30 in Shanghai


async def register(stub: Stub, merchant_id: str = "m-1", **fields: object) -> ingestion_pb2.Merchant:
    """Registers a sole trader, with other fields where they are given."""
    request = registration(merchant_id)
    for name, value in fields.items():
        setattr(request, name, value)
    return (await stub.RegisterMerchant(request)).merchant


def registration(merchant_id: str = "m-1") -> ingestion_pb2.RegisterMerchantRequest:
    """A request that is right in every field."""
    return ingestion_pb2.RegisterMerchantRequest(
        request_id=f"register-{merchant_id}",
        merchant_id=merchant_id,
        name="杭州某某服饰店",
        borrower_kind="BORROWER_KIND_SOLE_TRADER",
        uscc="92330106MA27XXXX1A".replace("X", "7"),
        category="apparel",
        province_code="33",
        operator=ingestion_pb2.Operator(name="测试甲", resident_id="330106199001011234", phone="13800000000"),
    )


async def publish(stub: Stub, *batches: Sequence[event_pb2.Event]) -> list[ingestion_pb2.PublishEventsResponse]:
    """Sends batches over one stream and gives their answers."""
    requests = [ingestion_pb2.PublishEventsRequest(batch_id=n, events=events) for n, events in enumerate(batches)]
    return [answer async for answer in stub.PublishEvents(iter_async(requests))]


async def iter_async(
    requests: list[ingestion_pb2.PublishEventsRequest],
) -> AsyncIterator[ingestion_pb2.PublishEventsRequest]:
    """A stream of requests."""
    for request in requests:
        yield request


async def profile_of(stub: Stub, merchant_id: str = "m-1", as_of: datetime | None = None) -> profile_pb2.Profile:
    """A portrait."""
    request = ingestion_pb2.GetProfileRequest(merchant_id=merchant_id)
    if as_of is not None:
        request.as_of.FromDatetime(as_of)
    return (await stub.GetProfile(request)).profile


def edge(*scopes: str) -> tuple[tuple[str, str], ...]:
    """Metadata of a call through the edge with these scopes."""
    payload = base64.urlsafe_b64encode(json.dumps({"sub": "platform-1", "scope": " ".join(scopes)}).encode()).decode()
    return (("x-test-peer", EDGE), ("x-jwt-payload", payload))
