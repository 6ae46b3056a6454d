"""Portraits kept up with events in the background, and what the bus is told of them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from time import monotonic

import asyncpg
import nats
import pytest
from ingestion_calls import NOW, Stub, profile_of, publish, register
from ingestion_events import event, fen, order
from sycee.ingestion.v1 import event_pb2, ingestion_pb2_grpc
from sycee_ingestion.keeping_up import MOST_WAITING, Due, Ripening
from sycee_ingestion.server import build
from sycee_ingestion.settings import Settings
from sycee_ingestion.store.claims import Claims
from sycee_ingestion.store.portraits import Marked
from sycee_service.clock import ManualClock
from sycee_service.testing import running, until

REGISTERED, CHANGED = "sycee.ingestion.merchant_registered.v1", "sycee.ingestion.profile_changed.v1"


def ago(days: int) -> date:
    return date(2026, 3, 15) - timedelta(days=days)


@asynccontextmanager
async def told(settings: Settings) -> AsyncIterator[list[dict]]:
    """What the bus is told while this lasts."""
    connection = await nats.connect(settings.nats_url)
    events: list[dict] = []

    async def hear(message: object) -> None:
        events.append(json.loads(message.data))

    try:
        await connection.subscribe("sycee.ingestion.>", cb=hear)
        await connection.flush()
        yield events
    finally:
        await connection.close()


def changes(events: list[dict], merchant_id: str = "m-1") -> list[list[str]]:
    """The names of what has changed, an entry an event."""
    found = [one for one in events if one["type"] == CHANGED and one["subject"] == merchant_id]
    assert all(one["data"]["merchant_id"] == merchant_id for one in found)
    return [[change["name"] for change in one["data"]["changes"]] for one in found]


async def rows(settings: Settings, statement: str, *arguments: object) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(settings.database_url.get_secret_value())
    try:
        return await connection.fetch(statement, *arguments)
    finally:
        await connection.close()


async def no_marks(settings: Settings) -> bool:
    return not await rows(settings, "select from feeds where unportrayed")


async def portrayed(settings: Settings) -> dict[str, asyncpg.Record]:
    statement = "select merchant_id, day, past_version from portraits join merchants using (merchant_no)"
    found = await rows(settings, statement)
    return {row["merchant_id"]: row for row in found}


def steady(days: int, fen_: int = 20_000, name: str = "o") -> list[event_pb2.Event]:
    return [order(f"{name}-{n}", ago(n), fen_, buyer=f"b-{n}") for n in range(1, days + 1)]


async def test_registrations_and_changed_portraits_are_told_without_a_flood(stub: Stub, settings: Settings) -> None:
    async with told(settings) as events:
        for merchant_id in ("m-1", "m-2"):
            await register(stub, merchant_id)
        batches = [[order(f"{b}-{n}", date(2026, 3, 1)) for n in range(20)] for b in range(30)]
        await publish(stub, *batches, [order("x", date(2026, 3, 1), merchant_id="m-2")])
        expected = {(REGISTERED, "m-1"), (REGISTERED, "m-2"), (CHANGED, "m-1"), (CHANGED, "m-2")}
        await until(lambda: expected <= {(one["type"], one["subject"]) for one in events})
        await until(lambda: no_marks(settings))
        assert (await profile_of(stub)).trade.order_count_90d == 600
        assert 1 <= len(changes(events)) < len(batches) / 2
        assert changes(events)[0] == ["quality.score"]


async def test_only_what_is_material_is_told(stub: Stub, settings: Settings) -> None:
    async with told(settings) as events:
        await register(stub)
        await publish(stub, steady(200))
        await until(lambda: len(changes(events)) == 1)
        await publish(stub, [order("one-more", ago(3), 20_000)])
        await until(lambda: no_marks(settings))
        await publish(stub, [order("of-today", NOW - timedelta(hours=1), 9_000_000)])
        penalty = event_pb2.StorePenalty(kind="KIND_FAKE_TRADE", fine=fen(50_000))
        await publish(stub, [event("p", NOW - timedelta(minutes=9), store_penalty=penalty)])
        await until(lambda: len(changes(events)) == 2)
        assert changes(events)[1][0] == "store_penalty"
        (last,) = [one["data"]["changes"] for one in events if one["type"] == CHANGED][1:]
        assert last[0] == {"name": "store_penalty", "before": 0.0, "after": 1.0}
        await publish(stub, steady(80, 90_000, "more"))
        await until(lambda: len(changes(events)) == 3)
        assert "monthly_net_12m_fen" in changes(events)[2]


async def test_a_change_is_told_soon_after_its_events(stub: Stub, settings: Settings) -> None:
    async with told(settings) as events:
        await register(stub)
        await publish(stub, steady(90))
        acknowledged = monotonic()
        await until(lambda: len(changes(events)) == 1)
        # The waits are set to 30 ms here; the rest is the making. A bound with room for a loaded machine.
        assert monotonic() - acknowledged < 5.0


async def test_what_is_asked_for_first_is_told_all_the_same(stub: Stub, settings: Settings) -> None:
    """A portrait that GetProfile makes before the background does is compared and told by it, once."""
    async with told(settings) as events:
        await register(stub)
        await publish(stub, steady(90))
        await profile_of(stub)
        await until(lambda: len(changes(events)) == 1)
        await until(lambda: no_marks(settings))
        assert len(changes(events)) == 1


async def test_two_processes_on_one_database_tell_each_change_once(
    stub: Stub, settings: Settings, clock: ManualClock
) -> None:
    async with told(settings) as events, running(settings, build, clock=clock, peer="operator"):
        merchants = [f"m-{n}" for n in range(6)]
        for merchant_id in merchants:
            await register(stub, merchant_id)
        for size in (20, 60):
            made = [order(f"{m}-{size}-{n}", ago(n), 50_000, merchant_id=m) for m in merchants for n in range(1, size)]
            await publish(stub, made)
            await until(lambda: no_marks(settings))
        await until(lambda: all(changes(events, m) for m in merchants))
        for merchant_id in merchants:
            found = changes(events, merchant_id)
            assert [one for one in found if one == ["quality.score"]] == [["quality.score"]]


async def test_what_a_process_died_over_is_found_by_the_next_one(settings: Settings, clock: ManualClock) -> None:
    async with running(settings, build, clock=clock, peer="operator") as channel:
        stub = ingestion_pb2_grpc.IngestionServiceStub(channel)
        await register(stub)
        await publish(stub, steady(90))
        await until(lambda: no_marks(settings))
    # The mark is gone and the portrait is not there: as after a crash between the two, if they were ever apart.
    await rows(settings, "update feeds set past_version = past_version + 1, unportrayed = false")
    async with told(settings), running(settings, build, clock=clock, peer="operator"):
        (feed,) = await rows(settings, "select past_version from feeds")

        async def caught_up() -> bool:
            return (await portrayed(settings))["m-1"]["past_version"] == feed["past_version"]

        await until(caught_up)


async def test_the_turn_of_the_day_makes_portraits_anew_of_who_traded_lately(
    stub: Stub, settings: Settings, clock: ManualClock
) -> None:
    for merchant_id in ("busy", "idle"):
        await register(stub, merchant_id)
    await publish(stub, [order("b", ago(3), merchant_id="busy"), order("i", ago(60), merchant_id="idle")])
    await until(lambda: no_marks(settings))
    clock.advance(timedelta(hours=12))  # half an hour past midnight

    async def turned() -> bool:
        return (await portrayed(settings))["busy"]["day"] == date(2026, 3, 16)

    await until(turned)
    assert (await portrayed(settings))["idle"]["day"] == date(2026, 3, 15)
    assert (await profile_of(stub, "idle")).sources[0].freshness_days == 61
    assert (await portrayed(settings))["idle"]["day"] == date(2026, 3, 16)


async def test_reviews_are_read_before_their_merchant_is_portrayed(stub: Stub, settings: Settings) -> None:
    await register(stub)
    texts = ["质量非常好，和描述一样，物流也很快", "太差了，用了一天就坏了，客服也不理人", ""]
    reviews = [event_pb2.Review(stars=1 + 4 * (n % 2), text=texts[n % 3]) for n in range(60)]
    await publish(stub, [event(f"r-{n}", ago(2), review=review) for n, review in enumerate(reviews)])
    await until(lambda: no_marks(settings))
    found = await rows(settings, "select has_text, read_by, sentiment_milli, sketch from review_facts")
    assert all((row["read_by"] is not None) is row["has_text"] for row in found)
    section = (await profile_of(stub)).reviews
    assert (section.review_count, section.read_count) == (60, 40)
    assert 0.0 < section.negative_share < 1.0
    assert {"DELIVERY", "QUALITY"} & {topic.code for topic in section.topics}


# Which marked merchants are due.


def marked(**versions: int) -> list[Marked]:
    return [Marked(int(name[1:]), version) for name, version in versions.items()]


def test_a_merchant_is_due_once_it_is_quiet() -> None:
    ripening = Ripening(quiet_s=0.5, latest_s=4.0)
    ripening.see(marked(m1=7), 100.0)
    assert ripening.due(marked(m1=7), 100.4) == Due([], [], busy=True)
    assert ripening.due(marked(m1=7), 100.5) == Due([1], [], busy=False)


def test_one_that_is_still_sent_is_due_at_last() -> None:
    ripening = Ripening(quiet_s=0.5, latest_s=4.0)
    for tick in range(41):
        ripening.see(marked(m1=tick), 100.0 + tick / 10)
        if tick < 40:
            assert ripening.due(marked(m1=tick), 100.0 + tick / 10) == Due([], [], busy=True)
    assert ripening.due(marked(m1=40), 104.0) == Due([], [1], busy=True)
    ripening.forget([1])
    ripening.see(marked(m1=41), 104.1)
    assert ripening.due(marked(m1=41), 104.2) == Due([], [], busy=True)


def test_those_who_waited_longest_come_first() -> None:
    ripening = Ripening(quiet_s=0.5, latest_s=4.0)
    ripening.see(marked(m9=1), 1.0)
    ripening.see(marked(m2=1), 2.0)
    assert ripening.due(marked(m2=1, m9=1, m5=1), 9.0) == Due([9, 2], [], busy=False)


def test_it_remembers_no_more_than_it_may() -> None:
    ripening = Ripening(quiet_s=0.0, latest_s=0.0)
    many = [Marked(no, 1) for no in range(MOST_WAITING + 5)]
    ripening.see(many, 1.0)
    due = ripening.due(many, 1.0)
    assert (len(due.quiet), due.late) == (MOST_WAITING, [])


@pytest.mark.parametrize("quiet_s", [0.0, 0.5])
def test_nothing_marked_is_nothing_due(quiet_s: float) -> None:
    assert Ripening(quiet_s, 4.0).due([], 1.0) == Due([], [], busy=False)


async def test_what_one_process_claims_no_other_one_gets_until_it_is_given_back_or_lost(postgres_url: str) -> None:
    one, other = Claims(postgres_url), Claims(postgres_url)
    try:
        assert await one.take([3, 1, 2]) == [3, 1, 2]
        assert await other.take([4, 2, 1, 5]) == [4, 5]
        await one.give()
        await other.give()
        assert await other.take([1, 2]) == [1, 2]
        connection = await asyncpg.connect(postgres_url)
        try:
            claims = """from pg_locks join pg_database on pg_database.oid = database
                where locktype = 'advisory' and datname = current_database()"""
            assert await connection.fetchval(f"select count(pg_terminate_backend(pid)) {claims}") == 2

            async def lost() -> bool:
                return await connection.fetchval(f"select count(*) {claims}") == 0

            await until(lost)
        finally:
            await connection.close()
        assert await one.take([1, 2]) == [1, 2]
        assert await other.take([1, 6]) == [6]  # on a new connection
    finally:
        await one.close()
        await other.close()
