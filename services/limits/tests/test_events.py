"""The events of the ledger on a real NATS: one for each thing that happened, once, after it committed."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import nats
from nats.js.errors import NotFoundError
from sycee_service.testing import nats_url, until  # noqa: F401 - pytest finds fixtures by name

Told = list[dict[str, Any]]


async def told_by(url: str) -> Told:
    """All messages of the stream, oldest first."""
    client = await nats.connect(url)
    try:
        stream = client.jetstream()
        last = (await stream.stream_info("SYCEE")).state.last_seq
        messages = [await stream.get_msg("SYCEE", number) for number in range(1, last + 1)]
        return [json.loads(message.data or b"") for message in messages]
    except NotFoundError:
        return []
    finally:
        await client.close()


async def test_each_step_is_told_once(request: Any, start: Any, asks: Any) -> None:
    url = request.getfixturevalue("nats_url")
    async with start(nats_url=url, sweep_interval_ms=20) as ledger:
        again = asks.reserve("r1")
        for _ in range(2):
            await ledger.stub.Reserve(again)
        await ledger.stub.Capture(asks.capture("r1", 2_000_000))
        for name, hold_for_s in (("r2", 3_600), ("r3", 60)):
            await ledger.stub.Reserve(asks.reserve(name, requested_fen=1_000_000, hold_for_s=hold_for_s))
        for _ in range(2):
            await ledger.stub.Void(asks.void("r2"))
        await ledger.stub.Reserve(asks.reserve("r4", months_of_history=1))
        ledger.clock.advance(timedelta(seconds=61))

        async def all_told() -> bool:
            return len(await told_by(url)) >= 6

        await until(all_told)
        told = await told_by(url)
    types = Counter(event["type"] for event in told)
    assert types == {
        "sycee.limits.reserved.v1": 3,
        "sycee.limits.captured.v1": 1,
        "sycee.limits.voided.v1": 1,
        "sycee.limits.expired.v1": 1,
    }
    assert {event["subject"] for event in told} == {"m1"}
    reserved, captured = told[0]["data"], next(e for e in told if e["type"] == "sycee.limits.captured.v1")["data"]
    assert (reserved["reservation_id"], reserved["amount_fen"], reserved["above_four_lpr"]) == ("r1", 5_000_000, False)
    assert (captured["captured_fen"], captured["released_fen"]) == (2_000_000, 3_000_000)
    expired = next(e for e in told if e["type"] == "sycee.limits.expired.v1")["data"]
    assert expired["reservation_id"] == "r3"
