"""Durable consumers: everything once it is there, again after a failure, from where they were after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import nats
import pytest
from sycee_client import calls
from sycee_notes.server import NotesHandlers, Settings, add
from sycee_service.bus import CloudEvent, _backoff_s, parse
from sycee_service.host import Host
from sycee_service.outbox import Event, to_body
from sycee_service.testing import Nats, hosting, until

TRACE = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"


@asynccontextmanager
async def consuming(url: str, handle: Callable[[CloudEvent], Any], subject: str = "sycee.note.>") -> AsyncIterator[Any]:
    async def build(host: Host[Settings]) -> None:
        add(host, NotesHandlers(None), own_idempotency=frozenset({"WriteNote"}))  # type: ignore[arg-type]
        await (await host.bus()).consume("notes-reader", subject, handle)

    async with hosting(Settings(nats_url=url, health_interval_ms=50), build) as host:
        await until(lambda: host._health.serving)
        yield host


async def publish(url: str, *numbers: int, type_: str = "sycee.note.written.v1") -> None:
    client = await nats.connect(url)
    for number in numbers:
        body = to_body(Event(type_, f"n{number}", {"n": number}), "test", datetime(2026, 1, 1, tzinfo=UTC), TRACE)
        await client.jetstream().publish(type_, body)
    await client.close()


async def test_events_are_handled_with_their_trace(nats_url: str) -> None:
    seen: list[CloudEvent] = []
    traces: set[str | None] = set()

    async def handle(event: CloudEvent) -> None:
        seen.append(event)
        traces.add(calls.traceparent.get())

    async with consuming(nats_url, handle):
        await publish(nats_url, *range(20))
        await publish(nats_url, 99, type_="sycee.other.written.v1")
        await until(lambda: len(seen) == 20)
    assert sorted(event.data["n"] for event in seen) == list(range(20))
    assert {event.delivery for event in seen} == {1}
    assert traces == {TRACE}


async def test_an_event_comes_again_until_it_is_handled(nats_url: str) -> None:
    deliveries: list[int] = []

    async def handle(event: CloudEvent) -> None:
        deliveries.append(event.delivery)
        if event.delivery < 3:
            raise RuntimeError("not yet")

    async with consuming(nats_url, handle) as host:
        await publish(nats_url, 1)
        await until(lambda: deliveries == [1, 2, 3])
        consumed = host.metrics.registry.get_sample_value
        await until(lambda: consumed("sycee_consumed_total", {"consumer": "notes-reader", "result": "done"}) == 1)
        assert consumed("sycee_consumed_total", {"consumer": "notes-reader", "result": "failed"}) == 2


async def test_a_consumer_goes_on_where_it_was(nats_url: str) -> None:
    seen: list[int] = []

    async def handle(event: CloudEvent) -> None:
        seen.append(event.data["n"])

    async with consuming(nats_url, handle):
        await publish(nats_url, 1, 2)
        await until(lambda: len(seen) == 2)
    await publish(nats_url, 3)
    async with consuming(nats_url, handle):
        await until(lambda: len(seen) == 3)
    assert sorted(seen) == [1, 2, 3]


async def test_a_consumer_survives_the_bus(nats_server: Nats) -> None:
    seen: list[int] = []

    async def handle(event: CloudEvent) -> None:
        seen.append(event.data["n"])

    async with consuming(nats_server.url, handle) as host:
        await publish(nats_server.url, 1)
        await until(lambda: seen == [1])
        await asyncio.to_thread(nats_server.stop)
        await until(lambda: not host._health.serving)
        await asyncio.to_thread(nats_server.start)
        await until(lambda: host._health.serving, timeout_s=20)
        await publish(nats_server.url, 2)
        await until(lambda: seen == [1, 2], timeout_s=20)


async def test_what_is_no_event_is_dropped_for_good(nats_url: str) -> None:
    seen: list[int] = []

    async def handle(event: CloudEvent) -> None:
        seen.append(event.data["n"])

    async with consuming(nats_url, handle) as host:
        client = await nats.connect(nats_url)
        await client.jetstream().publish("sycee.note.written.v1", b"{not json")
        await client.close()
        await publish(nats_url, 1)
        await until(lambda: seen == [1])
        labels = {"consumer": "notes-reader", "result": "malformed"}
        await until(lambda: host.metrics.registry.get_sample_value("sycee_consumed_total", labels) == 1)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"specversion":"1.0"}',
        b'{"specversion":"1.0","id":1,"source":"s","type":"t","subject":"x","time":"2026-01-01T00:00:00Z","data":{}}',
        b'{"specversion":"1.0","id":"1","source":"s","type":"t","subject":"x","time":"yesterday","data":{}}',
        b'{"specversion":"1.0","id":"1","source":"s","type":"t","subject":"x","time":"2026-01-01T00:00:00Z","data":[]}',
    ],
)
def test_malformed_events_are_told_apart(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse(body)


def test_backoff_grows_to_its_bound() -> None:
    assert 0.16 <= _backoff_s(1) <= 0.24
    assert 48 <= _backoff_s(10_000) <= 72
