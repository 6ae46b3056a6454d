"""A publisher on a database of its own, without a server around it, and a look into the books that it keeps."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import asyncpg
from ingestion_calls import NOW
from sycee.ingestion.v1 import event_pb2, ingestion_pb2
from sycee_ingestion.domain.day_sums import DAY_SUMS
from sycee_ingestion.domain.event import Outcome, followers_of
from sycee_ingestion.publishing import Publisher
from sycee_ingestion.schema.books import FEED_KINDS
from sycee_ingestion.store.events import EventStore
from sycee_service.clock import ManualClock
from sycee_service.database import Database, open_pool
from sycee_service.migrations import migrate

_REGISTER = """
insert into merchants
    (merchant_id, borrower_kind, uscc, category, province_code, shops, account_digests, simulated, created_at)
select merchant_id, 1, '', '', '', '[]', '{}', true, now() from unnest($1::text[]) as merchant_id
"""


@dataclass(frozen=True, slots=True)
class Books:
    """A publisher and its database."""

    publisher: Publisher
    store: EventStore
    database: Database
    clock: ManualClock

    async def register(self, *merchant_ids: str) -> None:
        """Registers merchants."""
        await self.database.pool.execute(_REGISTER, merchant_ids)

    async def publish(self, *events: event_pb2.Event) -> Outcome:
        """Publishes one batch."""
        request = ingestion_pb2.PublishEventsRequest(events=events)
        return await self.publisher.publish(await self.publisher.judge(request))

    async def rows(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
        """What a statement finds."""
        return await self.database.pool.fetch(statement, *arguments)

    async def days(self, *merchant_ids: str, known_on: date = date.max) -> dict[tuple[str, date], dict[str, int]]:
        """What `merchant_days` comes to as known on a day: of each day what is not zero, and the followers."""
        sums = ", ".join(f"sum({column})::bigint as {column}" for column in DAY_SUMS)
        found = await self.rows(
            f"select merchant_id, day, {sums}, max(followers_mark) as mark"
            " from merchant_days join merchants using (merchant_no)"
            " where merchant_id = any($1::text[]) and received_on < $2 group by merchant_id, day",
            merchant_ids,
            known_on,
        )
        days = {}
        for row in found:
            counts = {column: row[column] for column in DAY_SUMS if row[column]}
            if followers := followers_of(row["mark"]):
                counts["followers"] = followers
            if counts:
                days[row["merchant_id"], row["day"]] = counts
        return days

    async def splits(
        self, *merchant_ids: str, known_on: date = date.max
    ) -> dict[tuple[str, date, int, int], tuple[int, int]]:
        """What `day_splits` comes to, without what adds up to nothing: of each key the count and the fen."""
        found = await self.rows(
            "select merchant_id, day, dimension, key, sum(count)::bigint as count, sum(fen)::bigint as fen"
            " from day_splits join merchants using (merchant_no)"
            " where merchant_id = any($1::text[]) and received_on < $2"
            " group by merchant_id, day, dimension, key having sum(count) <> 0 or sum(fen) <> 0",
            merchant_ids,
            known_on,
        )
        return {(row[0], row[1], row[2], row[3]): (row[4], row[5]) for row in found}

    async def feeds(self, *merchant_ids: str) -> dict[tuple[str, str], tuple[Any, ...]]:
        """Counts and first and last days of each merchant's feeds."""
        columns = [f"{kind}_{part}" for kind in FEED_KINDS for part in ("count", "first", "last")]
        found = await self.rows(
            f"select merchant_id, source, {', '.join(columns)} from feeds join merchants using (merchant_no)"
            " where merchant_id = any($1::text[])",
            merchant_ids,
        )
        return {(row["merchant_id"], row["source"]): tuple(row[column] for column in columns) for row in found}

    async def current(self, table: str, columns: Sequence[str], *merchant_ids: str) -> Counter[tuple[object, ...]]:
        """The rows of `events`, `snapshots` or `review_facts` that nothing has superseded."""
        found = await self.rows(
            f"select merchant_id, {', '.join(columns)} from {table} join merchants using (merchant_no)"
            " where merchant_id = any($1::text[]) and superseded_on is null",
            merchant_ids,
        )
        return Counter(tuple(row) for row in found)


@asynccontextmanager
async def open_books(url: str, clock: ManualClock | None = None, *, connections: int = 4) -> AsyncIterator[Books]:
    """Books in an empty database."""
    await migrate(url, "sycee_ingestion.migrations", upgrade=True)
    pool = await open_pool(url, connections)
    clock = clock or ManualClock(NOW)
    try:
        database = Database(pool, "test", clock)
        store = EventStore(database)
        yield Books(Publisher(store, clock), store, database, clock)
    finally:
        await pool.close()
