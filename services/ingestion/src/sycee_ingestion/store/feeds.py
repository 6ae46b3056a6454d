"""Feeds: what each source has sent for a merchant over all time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import asyncpg

from sycee_ingestion.domain.coverage import Feed, Span
from sycee_ingestion.domain.event import DAILY_KINDS
from sycee_ingestion.schema.books import FEED_KINDS

_FIND = "select * from feeds where merchant_no = any($1::integer[]) order by merchant_no, source"

_COLUMNS = tuple(
    (kind, f"{name}_count", f"{name}_first", f"{name}_last") for kind, name in zip(DAILY_KINDS, FEED_KINDS, strict=True)
)


async def of_merchants(driver: asyncpg.Connection, merchant_nos: list[int]) -> Mapping[int, tuple[Feed, ...]]:
    """The feeds of each of the merchants that has any, by source."""
    found: dict[int, list[Feed]] = defaultdict(list)
    for row in await driver.fetch(_FIND, merchant_nos):
        found[row["merchant_no"]].append(feed(row))
    return {merchant_no: tuple(feeds) for merchant_no, feeds in found.items()}


def feed(row: asyncpg.Record) -> Feed:
    """A row of the table, all of its columns."""
    spans = {
        kind: Span(row[count], row[first], row[last]) for kind, count, first, last in _COLUMNS if row[first] is not None
    }
    return Feed(row["source"], row["past_version"], spans)
