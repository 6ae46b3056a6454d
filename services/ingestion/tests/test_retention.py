"""What is cleared away, and when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest
from ingestion_books import tables_with
from sycee_ingestion.domain.access import Access
from sycee_ingestion.domain.erasure import Ending, holds, relationship_end, years_after, years_before
from sycee_ingestion.domain.event import EventKind
from sycee_ingestion.domain.merchant import BorrowerKind, Merchant, Operator
from sycee_ingestion.retention import Retention, Step, steps
from sycee_ingestion.sealing import Keyring, Sealer
from sycee_ingestion.service.links import LinkService
from sycee_ingestion.store.accesses import AccessStore
from sycee_ingestion.store.erasures import ErasureStore
from sycee_ingestion.store.keys import open_sealer
from sycee_ingestion.store.links import LinkStore
from sycee_ingestion.store.locks import RETENTION
from sycee_ingestion.store.merchants import MerchantStore
from sycee_ingestion.store.quarantine import QuarantineStore
from sycee_service.clock import ManualClock
from sycee_service.database import Database, open_pool
from sycee_service.errors import InvalidArgument
from sycee_service.migrations import migrate
from sycee_service.testing import until

NOW = datetime(2026, 3, 15, 4, 30, tzinfo=UTC)
TODAY = date(2026, 3, 15)


class Books:
    """A database with its stores and the clearing, a clock at hand."""

    def __init__(self, database: Database, sealer: Sealer, clock: ManualClock) -> None:
        self.database, self.sealer, self.clock = database, sealer, clock
        self.accesses, self.quarantine = AccessStore(database), QuarantineStore(database, sealer)
        self.merchants = MerchantStore(database, sealer)
        self.erasures = ErasureStore(database, sealer, self.accesses, self.quarantine)
        self.steps = steps(
            database,
            sealer,
            accesses=self.accesses,
            erasures=self.erasures,
            quarantine=self.quarantine,
            quarantine_kept_days=90,
        )
        self.retention = Retention(database, self.steps, clock, hour=3)

    async def rows(self, statement: str, *values: object) -> list[asyncpg.Record]:
        """The rows of a statement."""
        async with self.database.reading() as tx:
            return await tx.driver.fetch(statement, *values)

    async def add(self, merchant_id: str) -> None:
        """Registers a merchant."""
        await self.merchants.add(
            Merchant(
                merchant_id=merchant_id,
                name="某某服饰店",
                borrower_kind=BorrowerKind.SOLE_TRADER,
                uscc="92330106MA27777771",
                category="",
                province_code="33",
                shops=(),
                employee_count=None,
                operator=Operator("测试甲", "330106199001011234", "13800000000"),
                register_entry=None,
                simulated=True,
                created_at=self.clock.now(),
            )
        )

    async def add_events(
        self, merchant_no: int, days: list[date], each: int = 1, *, kind: EventKind = EventKind.ORDER, party: int = 0
    ) -> None:
        """Stores events of some days as a merge leaves them."""
        for month in sorted({(day.year, day.month) for day in days}):
            begin = datetime(*month, 1, tzinfo=UTC)
            end = datetime(month[0] + month[1] // 12, month[1] % 12 + 1, 1, tzinfo=UTC)
            name = f"events_{month[0]:04}_{month[1]:02}"
            await self.rows(
                f"create table if not exists {name} partition of events for values from ('{begin}') to ('{end}')"
            )
        for day in days:
            await self.rows(
                """
                insert into events (source, event_id, merchant_no, kind, revision, withdrawn, occurred_at, received_at,
                    day, received_on, first, second, third, order_key, party, goods, address, device, body)
                select 'taobao', 'e-' || n, $1::integer, $4::smallint, 0, false, $2::date + time '12:00', now(),
                    $2::date, $2::date, 100, 1, 12, 0, $5::bigint, 0, 0, 0, ''
                from generate_series(1, $3::integer) as n
                """,
                merchant_no,
                day,
                each,
                kind,
                party,
            )

    async def erase(self, merchant_id: str, ended_on: date) -> None:
        """Erases a merchant."""
        now = self.clock.now()
        await self.erasures.erase(merchant_id, Ending("operator", "asked", now, ended_on), now.date())


@pytest.fixture
async def books(postgres_url: str) -> AsyncIterator[Books]:
    """A migrated database of this test's own."""
    await migrate(postgres_url, "sycee_ingestion.migrations", upgrade=True)
    clock = ManualClock(NOW)
    pool = await open_pool(postgres_url, 4)
    try:
        database = Database(pool, "sycee-ingestion", clock)
        yield Books(database, await open_sealer(database, Keyring([bytes(range(32))])), clock)
    finally:
        await pool.close()


async def test_transactions_go_ten_years_after_each_and_the_rest_after_the_last(books: Books) -> None:
    await books.add("m-1")
    await books.add("m-2")
    await books.add_events(1, [date(2020, 1, 5), date(2025, 6, 1)], each=3)
    await books.add_events(2, [date(2020, 1, 5)])
    await books.erase("m-1", TODAY)
    assert await books.retention.clear() == {step.name: 0 for step in books.steps}

    books.clock.advance(timedelta(days=(date(2030, 1, 5) - TODAY).days))
    assert (await books.retention.clear())["held_transactions"] == 0  # the last day of the hold
    books.clock.advance(timedelta(days=1))
    assert (await books.retention.clear())["held_transactions"] == 3
    assert [row["day"] for row in await books.rows("select day from events where merchant_no = 1")] == [
        date(2025, 6, 1)
    ] * 3
    assert len(await books.rows("select from events where merchant_no = 2")) == 1  # of a merchant that is not erased
    assert await books.rows("select from merchant_keys where merchant_no = 1 and contact_key is null")

    books.clock.advance(timedelta(days=(date(2036, 3, 15) - date(2030, 1, 6)).days))
    assert (await books.retention.clear())["held_merchants"] == 0
    books.clock.advance(timedelta(days=1))
    assert (await books.retention.clear())["held_merchants"] == 1
    assert await tables_with(books.rows, "m-1", 1) == set()
    assert {"merchants", "merchant_keys", "events", "link_keys"} <= await tables_with(books.rows, "m-2", 2)


async def test_many_events_go_in_batches(books: Books) -> None:
    await books.add("m-1")
    await books.add_events(1, [date(2015, 1, 5), date(2015, 1, 6)], each=4_000)
    await books.erase("m-1", TODAY)
    assert await books.erasures.expire_transactions(TODAY) == 8_000  # the 5,000th and all at the same moment
    assert await books.erasures.expire_transactions(TODAY) == 0


async def test_what_came_by_a_race_is_cleared(books: Books) -> None:
    await books.add("m-1")
    await books.erase("m-1", TODAY)
    await books.rows("insert into link_keys values (1, 1, 1)")
    assert (await books.retention.clear())["stray_rows"] == 1
    assert await books.rows("select from link_keys") == []


async def test_payout_accounts_of_settlements_find_shops(books: Books) -> None:
    for number, party in ((1, 77), (2, 77), (3, 78)):
        await books.add(f"m-{number}")
        await books.add_events(number, [TODAY - timedelta(days=5)], kind=EventKind.SETTLEMENT, party=party)
    await books.add_events(3, [TODAY - timedelta(days=50)], kind=EventKind.SETTLEMENT, party=77)  # too long ago
    assert (await books.retention.clear())["payout_accounts"] == 3
    assert (await books.retention.clear())["payout_accounts"] == 0
    service = LinkService(LinkStore(books.database, books.sealer), books.clock)
    found = await service.link_shops(["m-1"])
    shared = {link.second_merchant_id: {reason.code for reason in link.reasons} for link in found}
    assert "SAME_PAYOUT" in shared["m-2"]
    assert "SAME_PAYOUT" not in shared["m-3"]


async def test_readings_are_kept_three_years(books: Books) -> None:
    await books.add("m-1")
    for days in (0, 1):
        moment = datetime(2023, 3, 14, 16, tzinfo=UTC) - timedelta(days=days)  # midnight in Shanghai
        await books.accesses.write([Access("m-1", moment, "gateway", "GetProfile", "identity", "")])
    assert (await books.retention.clear())["accesses"] == 1
    assert len(await books.rows("select from accesses")) == 1


async def test_nobody_clears_while_another_does(books: Books) -> None:
    await books.add("m-1")
    await books.accesses.write([Access("m-1", datetime(2020, 1, 1, tzinfo=UTC), "gateway", "GetProfile", "", "")])
    async with books.database.pool.acquire() as other, other.transaction():
        await other.execute("select pg_advisory_xact_lock($1)", RETENTION)
        assert (await books.retention.clear())["accesses"] == 0
    assert (await books.retention.clear())["accesses"] == 1


class CountingClock(ManualClock):
    """Counts how often it is looked at."""

    looks = 0

    def now(self) -> datetime:
        """The moment."""
        self.looks += 1
        return super().now()


async def test_it_runs_at_once_and_again_when_the_day_turns_at_its_hour(books: Books, monkeypatch) -> None:
    ran: list[datetime] = []

    async def note(now: datetime) -> int:
        ran.append(now)
        return 0

    monkeypatch.setattr("sycee_ingestion.retention.POLL_S", 0.001)
    clock = CountingClock(NOW - timedelta(hours=12))  # half past midnight in Shanghai
    running = asyncio.create_task(Retention(books.database, [Step("note", note)], clock, hour=3).run())
    try:
        await until(lambda: len(ran) == 1)
        clock.advance(timedelta(hours=2))
        looks = clock.looks
        await until(lambda: clock.looks > looks + 2)
        assert len(ran) == 1
        clock.advance(timedelta(hours=1))
        await until(lambda: len(ran) == 2)
    finally:
        running.cancel()


def test_holds_last_ten_years_after_the_end_or_the_last_transaction() -> None:
    found = {hold.what: hold.until for hold in holds(date(2026, 2, 1), date(2026, 3, 1), documents=True)}
    assert found == dict.fromkeys(("identity", "identity_documents", "transactions"), date(2036, 3, 1))
    found = {hold.what: hold.until for hold in holds(date(2026, 2, 1), None, documents=False)}
    assert found == {"identity": date(2036, 2, 1)}


def test_a_leap_day_is_held_no_shorter_than_others() -> None:
    assert years_after(date(2024, 2, 29), 10) == date(2034, 3, 1)
    assert years_after(date(2024, 2, 29), 4) == date(2028, 2, 29)
    assert years_before(date(2024, 2, 29), 3) == date(2021, 2, 28)


def test_a_relationship_cannot_end_tomorrow() -> None:
    assert relationship_end(None, TODAY) == TODAY
    assert relationship_end(date(2020, 1, 1), TODAY) == date(2020, 1, 1)
    for day in (TODAY + timedelta(days=1), date(1989, 12, 31)):
        with pytest.raises(InvalidArgument):
            relationship_end(day, TODAY)
