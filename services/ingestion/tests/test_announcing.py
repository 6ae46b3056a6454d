"""What the service says on the bus."""

from __future__ import annotations

from datetime import date

import nats
from ingestion_calls import Stub, profile_of, publish, register
from ingestion_events import order
from sycee_ingestion.settings import Settings
from sycee_service.testing import until


async def test_registrations_and_changed_portraits_are_told_without_a_flood(stub: Stub, settings: Settings) -> None:
    connection = await nats.connect(settings.nats_url)
    told: list[tuple[str, str]] = []

    async def hear(message: object) -> None:
        import json  # noqa: PLC0415 - only here

        event = json.loads(message.data)
        assert event["data"]["merchant_id"] == event["subject"]
        told.append((event["type"], event["subject"]))

    try:
        await connection.subscribe("sycee.ingestion.>", cb=hear)
        await connection.flush()
        for merchant_id in ("m-1", "m-2"):
            await register(stub, merchant_id)
        batches = [[order(f"{b}-{n}", date(2026, 3, 1)) for n in range(20)] for b in range(30)]
        await publish(stub, *batches, [order("x", date(2026, 3, 1), merchant_id="m-2")])
        registered, changed = "sycee.ingestion.merchant_registered.v1", "sycee.ingestion.profile_changed.v1"
        expected = {(registered, "m-1"), (registered, "m-2"), (changed, "m-1"), (changed, "m-2")}
        await until(lambda: expected <= set(told))
        assert (await profile_of(stub)).trade.order_count_90d == 600
        assert told.count((changed, "m-1")) < len(batches)
        assert told.count((registered, "m-1")) == 1
    finally:
        await connection.close()
