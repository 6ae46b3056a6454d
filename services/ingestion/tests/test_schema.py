"""The migrations add up to the tables that the code names."""

from __future__ import annotations

import re

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from event_books import open_books
from ingestion_calls import NOW
from sqlalchemy import Connection, MetaData
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sycee_ingestion.domain.day_sums import DAY_SUMS
from sycee_ingestion.domain.event import DAILY_KINDS, EventKind
from sycee_ingestion.schema import metadata
from sycee_ingestion.schema.books import FEED_KINDS
from sycee_ingestion.store import sums
from sycee_ingestion.store.merge import merge_of, signed_merge
from sycee_service.schema import metadata as standard

MOST_KEPT = 15 * 1024
"""Bytes from which on asyncpg keeps no statement prepared (its `max_cacheable_statement_size`)."""


async def test_migrations_and_tables_agree(postgres_url: str) -> None:
    async with open_books(postgres_url) as books:
        await books.store.make_room([NOW.date()])
    engine = create_async_engine(make_url(postgres_url).set(drivername="postgresql+asyncpg"))
    try:
        async with engine.connect() as connection:
            assert await connection.run_sync(_differences) == []
    finally:
        await engine.dispose()


def _differences(connection: Connection) -> list[object]:
    whole = MetaData()
    for tables in (metadata, standard):
        for table in tables.tables.values():
            table.to_metadata(whole)
    options = {"compare_type": True, "include_name": _is_no_partition}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), whole))


def _is_no_partition(name: str | None, kind: str, _parents: object) -> bool:
    """Partitions of `events` are made as events come, and are in no migration."""
    return kind != "table" or re.fullmatch(r"events_\d{4}_\d{2}", name or "") is None


def test_every_sum_is_reckoned() -> None:
    assert tuple(added.column for added in sums.DAY_SUMS) == DAY_SUMS
    assert [kind.event_type for kind in DAILY_KINDS] == list(FEED_KINDS)


def test_the_merge_is_kept_prepared() -> None:
    """A statement that is too long would be parsed and planned for every batch: several milliseconds."""
    assert max(len(merge_of(set(EventKind))), len(signed_merge())) < MOST_KEPT
