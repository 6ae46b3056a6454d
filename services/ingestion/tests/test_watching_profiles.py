"""Watches over portraits."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import asyncpg
import grpc
import pytest
from ingestion_calls import NOW, Stub, publish, register
from ingestion_events import event, order
from sycee.ingestion.v1 import event_pb2, ingestion_pb2, ingestion_pb2_grpc
from sycee_ingestion.domain.changes import Change
from sycee_ingestion.server import build
from sycee_ingestion.settings import Settings
from sycee_ingestion.store.notices import MOST_WAITING, Watch
from sycee_ingestion.store.portraits import MOST_NOTICE_BYTES, notice, read_notice
from sycee_service.clock import ManualClock
from sycee_service.errors import Unavailable
from sycee_service.testing import running, until


def ago(days: int) -> date:
    return date(2026, 3, 15) - timedelta(days=days)


def orders(merchant_id: str, days: int = 40) -> list[event_pb2.Event]:
    return [order(f"{merchant_id}-{n}", ago(n), 50_000, merchant_id=merchant_id) for n in range(1, days)]


async def begun(stub: Stub, *merchant_ids: str) -> grpc.aio.UnaryStreamCall:
    """A watch, with its first answer read."""
    watch = stub.WatchProfiles(ingestion_pb2.WatchProfilesRequest(merchant_ids=merchant_ids))
    first = await asyncio.wait_for(watch.read(), 10)
    assert first == ingestion_pb2.WatchProfilesResponse()
    return watch


async def test_a_watch_shows_the_portraits_that_change_and_why(stub: Stub) -> None:
    for merchant_id in ("m-1", "m-2"):
        await register(stub, merchant_id)
    of_one, of_all = await begun(stub, "m-2"), await begun(stub)
    await publish(stub, orders("m-1"))
    seen = await asyncio.wait_for(of_all.read(), 10)
    assert (seen.profile.merchant_id, [change.name for change in seen.changes]) == ("m-1", ["quality.score"])
    assert not seen.changes[0].HasField("before")
    assert seen.changes[0].after == seen.profile.quality.score
    assert (seen.profile.trade.order_count_90d, seen.profile.as_of.ToDatetime()) == (39, NOW.replace(tzinfo=None))
    await publish(stub, orders("m-2"))
    for watch in (of_one, of_all):
        assert (await asyncio.wait_for(watch.read(), 10)).profile.merchant_id == "m-2"
    penalty = event("p", ago(1), merchant_id="m-2", store_penalty=event_pb2.StorePenalty(kind=1))
    await publish(stub, [penalty])
    seen = await asyncio.wait_for(of_one.read(), 10)
    assert (seen.changes[0].name, seen.changes[0].before, seen.changes[0].after) == ("store_penalty", 0, 1)
    of_one.cancel()
    of_all.cancel()


async def test_changes_that_another_process_makes_are_seen(stub: Stub, settings: Settings, clock: ManualClock) -> None:
    await register(stub)
    slow = settings.model_copy(update={"portray_quiet_ms": 3_600_000, "portray_latest_ms": 3_600_000})
    async with running(slow, build, clock=clock, peer="operator") as channel:
        watch = await begun(ingestion_pb2_grpc.IngestionServiceStub(channel))
        await publish(stub, orders("m-1"))
        assert (await asyncio.wait_for(watch.read(), 10)).profile.merchant_id == "m-1"
        watch.cancel()


async def test_a_watch_ends_when_changes_may_have_been_missed(stub: Stub, settings: Settings) -> None:
    await register(stub)
    watch = await begun(stub)
    connection = await asyncpg.connect(settings.database_url.get_secret_value())
    try:
        ended = "select count(pg_terminate_backend(pid)) from pg_stat_activity where query ilike 'listen%'"
        assert await connection.fetchval(ended) == 1
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await asyncio.wait_for(watch.read(), 10)
        assert error.value.code() is grpc.StatusCode.UNAVAILABLE

        async def listens_again() -> bool:
            return await connection.fetchval("select count(*) from pg_stat_activity where query ilike 'listen%'") == 1

        await until(listens_again)
    finally:
        await connection.close()
    watch = await begun(stub)
    await publish(stub, orders("m-1"))
    assert (await asyncio.wait_for(watch.read(), 10)).profile.merchant_id == "m-1"
    watch.cancel()


async def test_who_falls_behind_is_told_so_and_not_given_a_gap() -> None:
    watch = Watch(frozenset())
    for n in range(MOST_WAITING):
        watch.hear(f"m-{n}", ())
    assert (await anext(watch))[0] == "m-0"
    watch.hear("m-a", ())
    watch.hear("m-b", ())
    with pytest.raises(Unavailable) as error:
        await anext(watch)
    assert error.value.reason == "WATCH_BEHIND"
    with pytest.raises(Unavailable):
        await anext(watch)


async def test_a_watch_hears_only_of_whom_it_watches() -> None:
    watch = Watch(frozenset({"m-1"}))
    for n in range(3 * MOST_WAITING):
        watch.hear(f"m-{n}", ())
    assert await anext(watch) == ("m-1", ())


def test_a_notice_carries_as_many_changes_as_fit() -> None:
    few = (Change("a", None, 1.5), Change("b", 1.0, None))
    assert read_notice(notice("m-1", few)) == ("m-1", few)
    many = tuple(Change("x" * 400, 1 / 3, n / 7) for n in range(32))
    assert len(notice("m-1", many).encode()) <= MOST_NOTICE_BYTES
    merchant_id, found = read_notice(notice("m-1", many))
    assert (merchant_id, found) == ("m-1", many[: len(found)])
    assert len(found) > 10
