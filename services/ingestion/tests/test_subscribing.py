"""Subscriptions on a real bus: what platforms push counts once, whatever stops in between, and nothing loops."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import nats
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ingestion_calls import NOW, Stub, profile_of, register
from ingestion_events import order
from nats.aio.client import Client
from nats.js import JetStreamContext
from sycee.ingestion.v1 import ingestion_pb2, ingestion_pb2_grpc
from sycee_ingestion import subscribing
from sycee_ingestion.connectors.chunks import Broken
from sycee_ingestion.intake import Intake
from sycee_ingestion.messages import Events, Rows, read_body
from sycee_ingestion.server import build
from sycee_ingestion.settings import Settings
from sycee_ingestion.subscriptions import BadSubscriptionsError, read_subscriptions
from sycee_service.clock import ManualClock
from sycee_service.host import StartRefusedError
from sycee_service.testing import nats_server, running, until  # noqa: F401 - a fixture by name
from sycee_service.testing.nats import Nats

SUBSCRIPTIONS = """
- subject: shop.orders.>
  durable: shop-orders
  mapping:
    file: {items: data.orders}
    source: shop
    merchant: {column: shop.id, register: {borrower_kind: SOLE_TRADER}}
    occurred_at: {column: paid_ms, format: epoch_ms}
    event_id: {column: id}
    personal: {digest: [buyer], drop: [phone]}
    events:
      - kind: order
        when: [{cel: "row.paid > 0.0"}]
        fields: {buyer_id: {column: buyer}, amount: {cel: "row.paid * row.count"}}
"""
PAID_MS = int(NOW.timestamp() * 1_000) - 86_400_000


def row(number: int, **changes: object) -> dict[str, object]:
    base = {
        "id": f"e-{number}",
        "shop": {"id": "m-1"},
        "paid_ms": PAID_MS,
        "buyer": "张三",
        "phone": "138",
        "paid": 2.5,
        "count": 2,
    }
    return base | changes


@pytest.fixture
def pushed(settings: Settings, nats_server: Nats, tmp_path: Path) -> Settings:  # noqa: F811
    """Settings of a server with a subscription, on a bus of its own."""
    path = tmp_path / "subscriptions.yaml"
    path.write_text(SUBSCRIPTIONS, encoding="utf-8")
    return settings.model_copy(
        update={"nats_url": nats_server.url, "subscriptions_file": path, "subscription_in_flight": 8}
    )


@asynccontextmanager
async def serving(settings: Settings, clock: ManualClock) -> AsyncIterator[Stub]:
    async with running(settings, build, clock=clock, peer="operator") as channel:
        yield ingestion_pb2_grpc.IngestionServiceStub(channel)


@asynccontextmanager
async def platform(url: str) -> AsyncIterator[JetStreamContext]:
    """A platform that pushes; the stream is made by whoever comes first."""
    client: Client = await nats.connect(url)
    try:
        yield client.jetstream()
    finally:
        await client.close()


async def push(bus: JetStreamContext, *bodies: object, **headers: str) -> None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    for body in bodies:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        await bus.publish("shop.orders.paid", data, headers=named or None)


async def with_stream(bus: JetStreamContext) -> None:
    async def there() -> bool:
        try:
            return bool(await bus.find_stream_name_by_subject("shop.orders.>"))
        except nats.js.errors.NotFoundError:
            return False

    await until(there)


async def orders_of(stub: Stub) -> int:
    known = await stub.ListMerchants(ingestion_pb2.ListMerchantsRequest())
    if not known.merchants:
        return 0
    return sum(source.event_count for source in (await profile_of(stub, "m-1")).sources)


async def held(stub: Stub) -> list[ingestion_pb2.QuarantinedRow]:
    return list((await stub.ListQuarantine(ingestion_pb2.ListQuarantineRequest(page_size=500))).rows)


async def settled(bus: JetStreamContext, count: int) -> bool:
    """Whether the first `count` messages are acknowledged."""
    info = await bus.consumer_info("SYCEE-INTAKE-shop-orders", "shop-orders")
    return info.ack_floor is not None and info.ack_floor.stream_seq >= count and info.num_ack_pending == 0


async def test_what_a_platform_pushes_becomes_events(pushed: Settings, clock: ManualClock) -> None:
    async with serving(pushed, clock) as stub, platform(pushed.nats_url or "") as bus:
        await with_stream(bus)
        batch = ingestion_pb2.PublishEventsRequest(events=[order("e-9", NOW.date()), order("e-9b", NOW.date())])
        await push(bus, row(1), [row(2), row(3), row(2)], {"data": {"orders": [row(4), row(1)]}})
        await push(bus, {"specversion": "1.0", "data": row(5)}, Content_Type="application/cloudevents+json")
        await push(bus, batch.SerializeToString(), Content_Type="application/x-protobuf")

        async def counted() -> bool:
            return await orders_of(stub) == 7 and await settled(bus, 5)

        await until(counted)
        assert await held(stub) == []


async def test_what_cannot_be_read_is_held_and_comes_no_more(pushed: Settings, clock: ManualClock) -> None:
    bad: list[object] = [
        b"\xff{",
        b"not json",
        7,
        [row(1), "no row", row(2, paid="much"), row(3, shop={})],
        {"data": {}},
    ]
    async with serving(pushed, clock) as stub, platform(pushed.nats_url or "") as bus:
        await with_stream(bus)
        await push(bus, *bad, row(9))
        await push(bus, b"\x0f\x0f", Content_Type="application/protobuf")
        stranger = ingestion_pb2.PublishEventsRequest(events=[order("e", NOW.date(), merchant_id="m-7")])
        await push(bus, stranger.SerializeToString(), Content_Type="application/protobuf")

        async def all_taken() -> bool:
            return await settled(bus, 8)

        await until(all_taken)
        assert await orders_of(stub) == 2
        rows = await held(stub)
        assert [(one.index, one.reason, one.field) for one in sorted(rows, key=lambda one: one.index)] == [
            (1, "INVALID_FIELD", ""),
            (2, "INVALID_FIELD", ""),
            (3, "INVALID_FIELD", ""),
            (4, "INVALID_FIELD", ""),
            (4, "INVALID_FIELD", "events[0].when[0]"),
            (4, "INVALID_FIELD", "merchant_id"),
            (5, "INVALID_FIELD", ""),
            (7, "INVALID_FIELD", ""),
            (8, "UNKNOWN_MERCHANT", "merchant_id"),
        ]
        assert {(one.subject, one.import_id) for one in rows} == {("shop.orders.paid", "")}

        await register(stub, "m-7")
        ids = [one.quarantine_id for one in rows]
        release = ingestion_pb2.ReleaseQuarantineRequest(request_id="release-1", quarantine_ids=ids)
        done = await stub.ReleaseQuarantine(release)
        assert (done.released_count, done.held_count) == (1, 8)


async def test_restarts_of_either_side_lose_and_double_nothing(
    pushed: Settings,
    clock: ManualClock,
    nats_server: Nats,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(subscribing, "ACK_WAIT_S", 1.0)
    sent = 0
    for _ in range(3):
        async with serving(pushed, clock), platform(nats_server.url) as bus:
            await with_stream(bus)
            await push(bus, *(row(number) for number in range(sent, sent + 30)))
            sent += 30
    async with platform(nats_server.url) as bus:
        await push(bus, *(row(number) for number in range(sent, sent + 30)), row(0), row(7))
    async with serving(pushed, clock) as stub:
        await until(lambda: _has_some(stub), timeout_s=30)
        nats_server.stop()
        nats_server.start()
        async with platform(nats_server.url) as bus:
            await push(bus, row(120), row(1))

            async def all_taken() -> bool:
                return await settled(bus, 124)

            await until(all_taken, timeout_s=30)
        assert await orders_of(stub) == 121
        assert await held(stub) == []


async def _has_some(stub: Stub) -> bool:
    return await orders_of(stub) > 0


async def test_a_message_is_acknowledged_only_once_it_is_committed(
    pushed: Settings, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store fails at first: for a fault of ours the whole batch is parted, and what nothing helps is held."""
    store, failures = Intake.store, 0

    async def failing(self: Intake, ready: object) -> object:
        nonlocal failures
        ids = [event.event_id for event in ready.batch.request.events] if ready.batch is not None else []  # type: ignore[attr-defined]
        if "e-2" in ids:
            failures += 1
            raise RuntimeError("a fault of ours")
        return await store(self, ready)  # type: ignore[arg-type]

    monkeypatch.setattr(Intake, "store", failing)
    async with serving(pushed, clock) as stub, platform(pushed.nats_url or "") as bus:
        await with_stream(bus)
        await push(bus, row(1), row(2), row(3))

        async def all_taken() -> bool:
            return await settled(bus, 3)

        await until(all_taken)
        assert failures >= 1
        assert await orders_of(stub) == 2
        assert [(one.index, one.reason) for one in await held(stub)] == [(2, "NOT_STORED")]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("- subject: shop.orders.>", "- subject: sycee.x"), "sycee"),
        (("    event_id: {column: id}\n", ""), "event_id"),
        (("durable: shop-orders", "durable: a.b"), "durable"),
        (("  mapping:", "  extra: 1\n  mapping:"), "extra"),
        (("    source: shop\n", ""), "source"),
        (("    source: shop\n", "    source: shop\n    connector: orders\n"), "table"),
        ((SUBSCRIPTIONS, SUBSCRIPTIONS + SUBSCRIPTIONS), "durable"),
        ((SUBSCRIPTIONS, "subject: x"), "list"),
        ((SUBSCRIPTIONS, "["), "YAML"),
    ],
)
def test_subscriptions_that_are_wrong_say_where(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    path = tmp_path / "subscriptions.yaml"
    path.write_text(SUBSCRIPTIONS.replace(*change), encoding="utf-8")
    with pytest.raises(BadSubscriptionsError, match=told):
        read_subscriptions(path)


def test_a_mapping_may_lie_in_a_file_beside(tmp_path: Path) -> None:
    (tmp_path / "orders.yaml").write_text(
        "{source: s, merchant: m, occurred_at: {column: t}, event_id: {column: id},"
        " events: [{kind: order, fields: {}}]}"
    )
    path = tmp_path / "subscriptions.yaml"
    path.write_text("- {subject: a.b, durable: d, stream: S, mapping: orders.yaml}\n")
    (one,) = read_subscriptions(path)
    assert (one.subject, one.durable, one.stream) == ("a.b", "d", "S")
    assert read_subscriptions(None) == ()


async def test_a_server_with_wrong_subscriptions_refuses_to_start(pushed: Settings, clock: ManualClock) -> None:
    missing = pushed.model_copy(update={"subscriptions_file": Path("/nowhere.yaml")})
    with pytest.raises(StartRefusedError, match="subscriptions"):
        async with serving(missing, clock):
            raise AssertionError("it must not start")


@given(
    st.binary(max_size=30) | st.text(max_size=20).map(str.encode),
    st.sampled_from(["", "application/json; charset=utf-8", "application/protobuf", "application/cloudevents+json"]),
    st.sampled_from(["", "a", "a.b"]),
)
def test_any_body_is_rows_events_or_broken(body: bytes, content_type: str, items: str) -> None:
    assert isinstance(read_body(body, content_type, items), (Rows, Events, Broken))
