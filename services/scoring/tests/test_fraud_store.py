"""Who stands around an applicant: counted against a plain walk, bounded at hubs, seen by those who come at once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from contextvars import Context
from dataclasses import replace
from datetime import date, timedelta

import asyncpg
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from fraud_scenes import NOW, application, open_fraud_store
from sqlalchemy import Connection, MetaData
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sycee_scoring.fraud.surroundings import Kind, Verdict
from sycee_scoring.schema import fraud as tables
from sycee_scoring.schema import metadata
from sycee_scoring.store.fraud_statements import APPLY, HUB, LOOK
from sycee_service.testing import until

Thing = tuple[Kind, str]


async def test_migrations_and_tables_agree(postgres_url: str) -> None:
    async with open_fraud_store(postgres_url):
        pass
    engine = create_async_engine(make_url(postgres_url).set(drivername="postgresql+asyncpg"))
    try:
        async with engine.connect() as connection:
            assert await connection.run_sync(_differences) == []
    finally:
        await engine.dispose()


def _differences(connection: Connection) -> list[object]:
    ours = MetaData()
    for name, table in metadata.tables.items():
        if name.startswith("fraud_"):
            table.to_metadata(ours)
    assert set(ours.tables) == {name for name in vars(tables) if name.startswith("fraud_")}
    options = {"compare_type": True, "include_name": lambda name, kind, _: kind != "table" or name in ours.tables}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), ours))


def test_the_statements_stay_prepared() -> None:
    assert max(len(APPLY), len(LOOK)) < 15 * 1024  # from there on asyncpg parses a statement anew each time


async def test_what_is_seen_is_what_a_plain_walk_finds(postgres_url: str) -> None:
    dice = random.Random(4)
    kinds = list(Kind)
    worn: dict[str, set[Thing]] = {
        f"m{number}": {(dice.choice(kinds), f"thing-{dice.randrange(40)}") for _ in range(dice.randrange(1, 6))}
        for number in range(60)
    }
    frauds = set(dice.sample(sorted(worn), 9))
    async with open_fraud_store(postgres_url) as (store, _):
        for merchant_id, things in worn.items():
            await store.apply(application(merchant_id, *things), NOW - timedelta(hours=2))
        for merchant_id in frauds:
            await store.record(merchant_id, Verdict.CONFIRMED, NOW - timedelta(hours=1), "officer")
        for merchant_id, things in worn.items():
            around = await store.look(application(merchant_id, *things, application_id="second"), NOW)
            near, far = _walk(worn, merchant_id)
            assert len(around.members) == len(near)
            assert around.far_count == len(far)
            assert around.confirmed_count == len(frauds & (near | far))
            assert sorted(len(member.shared) for member in around.members) == sorted(
                len(worn[other] & things) for other in near
            )
            assert {(one.kind, one.sharers) for one in around.attributes} == {
                (kind, count) for kind, thing in things if (count := _sharers(worn, (kind, thing))) > 1
            }
            assert around.applications == (0, 1, 1, 1)
            ring = await store.ring(merchant_id, 2)
            assert ring is not None
            assert [member.merchant_id for member in ring] == [*sorted(near), *sorted(far)]
            for member in ring[: len(near)]:
                assert set(member.kinds) == {kind for kind, _ in worn[member.merchant_id] & things}


def _walk(worn: Mapping[str, set[Thing]], middle: str) -> tuple[set[str], set[str]]:
    def step(edge: set[str]) -> set[str]:
        things = set().union(*(worn[one] for one in edge))
        return {other for other, theirs in worn.items() if theirs & things}

    near = step({middle}) - {middle}
    return near, step(near) - near - {middle}


def _sharers(worn: Mapping[str, set[Thing]], thing: Thing) -> int:
    return sum(thing in things for things in worn.values())


async def test_a_hub_is_counted_and_not_walked(postgres_url: str) -> None:
    park = (Kind.ADDRESS, "park")
    async with open_fraud_store(postgres_url) as (store, database):
        for number in range(HUB):
            await store.apply(application(f"m{number}", park, (Kind.PHONE, f"{number // 2}")), NOW)
        inside = await store.look(application("new", park), NOW)
        assert (len(inside.members), inside.attributes[0].walked) == (HUB, True)
        for merchant_id in ("one more", "another", "another"):
            await store.apply(application(merchant_id, park), NOW)
        outside = await store.look(application("new", park), NOW)
        assert (outside.linked_count, outside.attributes[0].walked) == (0, False)
        assert outside.attributes[0].sharers == HUB + 3
        neighbour = await store.look(application("m0", park, (Kind.PHONE, "0"), application_id="again"), NOW)
        assert neighbour.linked_count == 1  # by phone, and no further over the park
        counts = await database.pool.fetch("select merchant_count from fraud_attributes where kind = 4")
        assert [row["merchant_count"] for row in counts] == [HUB + 2]
        ring = await store.ring("m0", 4)
        assert ring is not None
        assert [member.merchant_id for member in ring] == ["m1"]


async def test_an_application_counts_once_and_a_later_one_anew(postgres_url: str) -> None:
    phone = (Kind.PHONE, "p")
    async with open_fraud_store(postgres_url) as (store, database):
        for _ in range(3):
            assert (await store.apply(application("m", phone), NOW)).applications == (0, 0, 0, 0)
        second = await store.apply(application("m", phone, application_id="second"), NOW + timedelta(hours=5))
        assert second.applications == (0, 1, 1, 1)
        assert await _count(database.pool, "fraud_applications") == 2
        assert await _count(database.pool, "fraud_links") == 1
        assert await _count(database.pool, "fraud_attributes where merchant_count = 1") == 1


async def test_a_look_at_the_past_sees_nothing_later(postgres_url: str) -> None:
    phone = (Kind.PHONE, "p")
    before = NOW - timedelta(days=1)
    async with open_fraud_store(postgres_url) as (store, database):
        await store.apply(application("other", phone), NOW)
        await store.record("other", Verdict.CONFIRMED, NOW, "officer")
        assert (await store.look(application("m", phone), before)).linked_count == 0
        assert (await store.look(application("m", phone), NOW)).confirmed_count == 1
        assert await _count(database.pool, "fraud_merchants") == 1  # looking keeps nothing


async def test_the_newest_finding_counts(postgres_url: str) -> None:
    phone = (Kind.PHONE, "p")
    async with open_fraud_store(postgres_url) as (store, database):
        await store.apply(application("other", phone), NOW)
        for verdict in (Verdict.CONFIRMED, Verdict.CLEARED):
            await store.record("other", verdict, NOW, "officer")
        around = await store.look(application("m", phone), NOW)
        assert [member.verdict for member in around.members] == [Verdict.CLEARED]
        assert await _count(database.pool, "fraud_findings") == 2


async def test_one_that_waits_for_another_of_its_ring_sees_it(postgres_url: str) -> None:
    device = (Kind.DEVICE, "d")
    async with open_fraud_store(postgres_url) as (store, database), database.transaction() as first:
        await store.apply(application("one", device), NOW)
        second = asyncio.create_task(store.apply(application("two", device), NOW), context=Context())

        async def waits() -> bool:
            waiting = (
                "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
            )
            return bool(await database.pool.fetchval(waiting))

        await until(waits)
        await first.driver.execute("commit")
        await first.driver.execute("begin")
        around = await second
        assert len(around.members) == 1
        assert around.attributes[0].sharers == 2


async def test_of_many_at_once_each_sees_all_that_committed_before_it(postgres_url: str) -> None:
    things = [(Kind.DEVICE, "d"), (Kind.ACCOUNT, "a"), (Kind.PHONE, "p")]
    async with open_fraud_store(postgres_url) as (store, database):
        dice = random.Random(1)

        async def apply(number: int) -> int:
            mine = [things[0], *dice.sample(things[1:], 1)]
            return len((await store.apply(application(f"m{number}", *mine), NOW)).members)

        seen = await asyncio.gather(*(apply(number) for number in range(16)))
        assert sorted(seen) == list(range(16))
        counts = await database.pool.fetch("select merchant_count from fraud_attributes where kind = 5")
        assert [row["merchant_count"] for row in counts] == [16]


async def test_counts_of_merchants_agree_with_links_after_one_merchant_applied_many_times_at_once(
    postgres_url: str,
) -> None:
    async with open_fraud_store(postgres_url) as (store, database):
        ids = [f"application-{number}" for number in range(12)]
        seen = await asyncio.gather(
            *(store.apply(application("m", (Kind.DEVICE, "d"), application_id=one), NOW) for one in ids)
        )
        assert sorted(around.applications[0] for around in seen) == list(range(12))
        assert await _disagreements(database.pool) == []


async def test_an_erased_merchant_leaves_nothing_but_what_others_share(postgres_url: str) -> None:
    phone, device = (Kind.PHONE, "p"), (Kind.DEVICE, "d")
    async with open_fraud_store(postgres_url) as (store, database):
        await store.apply(application("gone", phone, device), NOW)
        await store.apply(application("stays", phone), NOW)
        await store.apply(application("rogue", phone), NOW)
        await store.record("gone", Verdict.CLEARED, NOW, "officer")
        await store.record("rogue", Verdict.CONFIRMED, NOW, "officer")
        for merchant_id in ("gone", "gone", "rogue", "nobody"):
            await store.erase(merchant_id)
        left = await database.pool.fetch("select merchant_id from fraud_merchants order by merchant_id")
        assert [row["merchant_id"] for row in left] == ["rogue", "stays"]
        assert await _count(database.pool, "fraud_links") == 2
        assert await _count(database.pool, "fraud_attributes") == 1
        assert await _count(database.pool, "fraud_findings") == 1
        assert await _disagreements(database.pool) == []
        assert await store.ring("gone", 2) is None


async def test_what_an_instance_whose_clock_is_ahead_kept_is_seen(postgres_url: str) -> None:
    device = (Kind.DEVICE, "d")
    async with open_fraud_store(postgres_url) as (store, _):
        await store.apply(application("one", device), NOW + timedelta(seconds=30))
        around = await store.apply(application("two", device), NOW)
        assert [member.applications for member in around.members] == [(1, 1, 1, 1)]


async def _disagreements(pool: asyncpg.Pool) -> Sequence[asyncpg.Record]:
    rows: Sequence[asyncpg.Record] = await pool.fetch(
        "select attribute_no from fraud_attributes as one where merchant_count <>"
        " (select count(*) from fraud_links where attribute_no = one.attribute_no)"
    )
    return rows


async def _count(pool: asyncpg.Pool, what: str) -> int:
    found: int = await pool.fetchval(f"select count(*) from {what}")
    return found


async def test_the_day_a_shop_opened_is_kept_of_the_newest_portrait_that_says_it(postgres_url: str) -> None:
    phone = (Kind.PHONE, "p")
    async with open_fraud_store(postgres_url) as (store, _):
        opened = replace(application("other", phone), opened_on=date(2026, 11, 1))
        await store.apply(opened, NOW)
        await store.apply(application("other", phone, application_id="second"), NOW)
        around = await store.look(application("m", phone), NOW)
        assert [member.opened_on for member in around.members] == [date(2026, 11, 1)]
