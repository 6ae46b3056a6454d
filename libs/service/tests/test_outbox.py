"""Events leave after their commit, at least once, whatever dies meanwhile; the stream drops what comes twice."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import grpc
import nats
import notes_pb2
import notes_pb2_grpc
import pytest
from sycee_client import calls
from sycee_notes.server import Settings, build
from sycee_service.bus import parse
from sycee_service.clock import ManualClock
from sycee_service.database import open_pool
from sycee_service.outbox import Event, Relay, to_body
from sycee_service.testing import Nats, hosting, running, until
from sycee_service.testing.postgres import connect

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
TRACE = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-00"


def request(number: int) -> Any:
    return notes_pb2.WriteNoteRequest(request_id=f"r-{number:04}", note_id=f"n{number}", text="x")


async def stored(url: str) -> list[Any]:
    """Every message in the stream, oldest first; none while there is no stream."""
    client = await nats.connect(url)
    try:
        stream = client.jetstream()
        try:
            state = (await stream.stream_info("SYCEE")).state
        except nats.js.errors.NotFoundError:
            return []
        return [
            await stream.get_msg("SYCEE", seq) for seq in range(state.first_seq, state.last_seq + 1) if state.messages
        ]
    finally:
        await client.close()


async def waiting(url: str) -> int:
    driver = await connect(url)
    try:
        return int(await driver.fetchval("select count(*) from outbox"))
    finally:
        await driver.close()


def settings(postgres_url: str, nats_url: str, **more: Any) -> Settings:
    return Settings(database_url=postgres_url, nats_url=nats_url, outbox_poll_ms=100, outbox_linger_ms=0, **more)


@pytest.mark.parametrize("type_", ["sycee.note", "other.note.written.v1", "sycee.Note.written", "sycee.note.*", ""])
def test_wrong_event_types_are_refused(type_: str) -> None:
    with pytest.raises(ValueError, match="not an event type"):
        Event(type_, "x", {})


def test_an_event_is_a_cloud_event() -> None:
    event = Event("sycee.note.written.v1", "注", {"text": "注", "n": 1})
    body = to_body(event, "sycee-notes", NOW, TRACE)
    assert json.loads(body) == {
        "specversion": "1.0",
        "id": event.id,
        "source": "sycee-notes",
        "type": "sycee.note.written.v1",
        "subject": "注",
        "time": "2026-03-01T12:30:00Z",
        "datacontenttype": "application/json",
        "data": {"text": "注", "n": 1},
        "traceparent": TRACE,
    }
    back = parse(body)
    assert (back.id, back.time, back.data, back.traceparent) == (event.id, NOW, event.data, TRACE)


def test_huge_events_are_refused() -> None:
    with pytest.raises(ValueError, match="bytes"):
        to_body(Event("sycee.note.written.v1", "x", {"text": "x" * 300_000}), "s", NOW, None)


async def test_events_reach_the_stream_with_their_id_and_trace(postgres_url: str, nats_url: str) -> None:
    async with running(settings(postgres_url, nats_url), build, clock=ManualClock(NOW), peer="gateway") as channel:
        stub = notes_pb2_grpc.NotesServiceStub(channel)
        await stub.WriteNote(request(1), metadata=(("traceparent", TRACE),))

        async def arrived() -> bool:
            return len(await stored(nats_url)) == 1 and await waiting(postgres_url) == 0

        await until(arrived)
    (message,) = await stored(nats_url)
    event = parse(message.data)
    assert (message.subject, event.type, event.subject) == ("sycee.note.written.v1", "sycee.note.written.v1", "n1")
    assert (event.source, event.time, event.data) == ("sycee-notes", NOW, {"note_id": "n1"})
    assert event.traceparent == TRACE
    assert message.headers["Nats-Msg-Id"] == event.id
    assert message.headers["Content-Type"] == "application/cloudevents+json"


async def test_events_wait_for_a_bus_that_is_down(postgres_url: str, nats_server: Nats) -> None:
    url = nats_server.url
    await asyncio.to_thread(nats_server.stop)
    async with hosting(settings(postgres_url, url, health_interval_ms=50), build, peer="gateway") as host:
        assert not host._health.serving
        async with grpc.aio.insecure_channel(f"127.0.0.1:{host.port}") as channel:
            stub = notes_pb2_grpc.NotesServiceStub(channel)
            for number in range(3):
                await stub.WriteNote(request(number))
            assert await waiting(postgres_url) == 3
            await asyncio.to_thread(nats_server.start)

            async def drained() -> bool:
                return host._health.serving and await waiting(postgres_url) == 0

            await until(drained, timeout_s=20)
            await asyncio.to_thread(nats_server.stop)
            await until(lambda: not host._health.serving)
            await stub.WriteNote(request(3))
            await asyncio.to_thread(nats_server.start)
            await until(drained, timeout_s=20)
    subjects = [parse(message.data).subject for message in await stored(url)]
    assert sorted(subjects) == ["n0", "n1", "n2", "n3"]


async def test_a_wiped_stream_is_made_again(postgres_url: str, nats_url: str) -> None:
    async with running(settings(postgres_url, nats_url), build, peer="gateway") as channel:
        stub = notes_pb2_grpc.NotesServiceStub(channel)
        await stub.WriteNote(request(1))

        async def holds(count: int) -> bool:
            return len(await stored(nats_url)) == count

        await until(lambda: holds(1))
        client = await nats.connect(nats_url)
        await client.jetstream().delete_stream("SYCEE")
        await client.close()
        await stub.WriteNote(request(2))
        await until(lambda: holds(1))
    assert parse((await stored(nats_url))[0].data).subject == "n2"


class Unreliable:
    """A bus that takes messages and loses acknowledgements as told."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.acknowledge: Any = lambda _id: True

    async def publish_all(self, messages: list[tuple[str, str, bytes]], timeout_s: float) -> list[bool]:
        self.taken += [message_id for _, message_id, _ in messages]
        await asyncio.sleep(0)
        return [self.acknowledge(message_id) for _, message_id, _ in messages]


async def write_many(postgres_url: str, count: int) -> None:
    async with running(Settings(database_url=postgres_url), build, peer="gateway") as channel:
        stub = notes_pb2_grpc.NotesServiceStub(channel)
        await asyncio.gather(*(stub.WriteNote(request(number)) for number in range(count)))


def relay(pool: Any, bus: Any, batch: int = 10) -> Relay:
    return Relay(pool, bus, batch=batch, poll_s=0.05, linger_s=0, sent=lambda _count: None)


async def test_only_what_was_acknowledged_is_forgotten(postgres_url: str) -> None:
    await write_many(postgres_url, 6)
    pool, bus = await open_pool(postgres_url, 2), Unreliable()
    bus.acknowledge = lambda message_id: int(message_id[-1], 16) % 2 == 0
    lost = {message_id for message_id in await ids(pool) if int(message_id[-1], 16) % 2}
    try:
        if len(lost) < 6:
            await relay(pool, bus).relay_once()
        assert set(await ids(pool)) == lost
        if lost:
            with pytest.raises(ConnectionError):
                await relay(pool, bus).relay_once()
        bus.acknowledge = lambda _id: True
        await relay(pool, bus).relay_once()
        assert await ids(pool) == []
        assert lost <= {message_id for message_id in bus.taken if bus.taken.count(message_id) > 1}
    finally:
        await pool.close()


async def ids(pool: Any) -> list[str]:
    return [row["event_id"] for row in await pool.fetch("select event_id from outbox order by seq")]


async def test_several_relays_share_the_work(postgres_url: str) -> None:
    await write_many(postgres_url, 40)
    pool, bus = await open_pool(postgres_url, 4), Unreliable()
    everything = await ids(pool)
    tasks = [asyncio.create_task(relay(pool, bus, batch=7).run()) for _ in range(4)]

    async def empty() -> bool:
        return await ids(pool) == []

    await until(empty)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await pool.close()
    assert sorted(bus.taken) == sorted(everything)


async def test_a_relay_that_dies_before_it_forgets_sends_again_and_the_stream_drops_it(
    postgres_url: str, nats_url: str
) -> None:
    await write_many(postgres_url, 5)
    async with hosting(settings(postgres_url, nats_url, outbox_batch=3), build, peer="gateway") as host:
        assert host._bus is not None
        await until(host._bus._ready.is_set)
        pool = await open_pool(postgres_url, 1)
        driver = await pool.acquire()
        # A first relay published these and was killed before its delete committed.
        rows = await driver.fetch("select event_id, subject, body from outbox")
        for row in rows:
            await host._bus.publish_all([(row["subject"], row["event_id"], row["body"])], 5)
        await pool.release(driver)
        await pool.close()

        async def drained() -> bool:
            return await waiting(postgres_url) == 0

        await until(drained)
    assert sorted(parse(message.data).subject for message in await stored(nats_url)) == [f"n{i}" for i in range(5)]


async def test_events_outside_of_an_rpc_carry_no_trace() -> None:
    assert calls.traceparent.get() is None
