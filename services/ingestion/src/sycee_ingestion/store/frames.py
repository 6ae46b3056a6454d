"""What portraits and training rows are computed from, as frames of some merchants.

All statements of one load see the same state of the database.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import asyncpg
import polars as pl
from sycee_service.database import Database

from sycee_ingestion.books import RECORDS, Books, Point, judged_since
from sycee_ingestion.brushing.shingling import SKETCH_BYTES
from sycee_ingestion.domain.day_sums import DAY_SUMS
from sycee_ingestion.domain.event import EventKind
from sycee_ingestion.features.concentration import SPLIT_DAYS
from sycee_ingestion.features.inputs import SCHEMAS
from sycee_ingestion.features.reviews import REVIEW_DAYS
from sycee_ingestion.store import columns, feeds
from sycee_ingestion.store.columns import BIG, DAY, FAR_DAY, FLAG, MOMENT, SMALL, WHOLE, Kind, Query


class FrameStore:
    """Reads frames."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, points: Sequence[Point]) -> Books:
        """The books of the points' merchants: all that occurred before the last day of each, and records of that
        day."""
        merchant_nos = sorted({point.merchant_no for point in points})
        first, last = min(point.as_of for point in points), max(point.as_of for point in points)
        whom = _among(merchant_nos)
        async with (
            self._database.reading() as tx,
            tx.driver.transaction(isolation="repeatable_read", readonly=True),
        ):
            days = await columns.fetch(tx.driver, _days(whom, last))
            return Books(
                days=days,
                splits=await columns.fetch(tx.driver, _splits(whom, first, last)),
                reviews=_with_nulls(await columns.fetch(tx.driver, _reviews(whom, first, last))),
                traits=await _traits(tx.driver, merchant_nos),
                records=await _records(tx.driver, merchant_nos, last),
                details=await _details(tx.driver, days, points),
                feeds=await feeds.of_merchants(tx.driver, merchant_nos),
            )


def _among(merchant_nos: Iterable[int]) -> str:
    return f"merchant_no = any('{{{','.join(str(int(no)) for no in merchant_nos)}}}'::integer[])"


def _days(whom: str, until: date) -> Query:
    sums = {name: (BIG, name) for name in (*DAY_SUMS, "followers_mark")}
    return Query({**_WHEN, **sums}, f"from merchant_days where {whom} and day < '{until}'")


_WHEN: Mapping[str, tuple[Kind, str]] = {
    "merchant_no": (WHOLE, "merchant_no"),
    "day": (DAY, "day"),
    "received_on": (DAY, "received_on"),
}
_UNTIL = {"superseded_on": (DAY, f"coalesce(superseded_on, '{FAR_DAY}')")}


def _within(whom: str, since: date, until: date) -> str:
    return f"where {whom} and day >= '{since}' and day < '{until}'"


def _splits(whom: str, first: date, last: date) -> Query:
    wanted = {"dimension": (SMALL, "dimension"), "key": (BIG, "key"), "count": (BIG, "count"), "fen": (BIG, "fen")}
    return Query({**_WHEN, **wanted}, f"from day_splits {_within(whom, first - timedelta(days=SPLIT_DAYS), last)}")


def _reviews(whom: str, first: date, last: date) -> Query:
    sketched = f"coalesce(octet_length(sketch) = {SKETCH_BYTES}, false)"
    wanted = {
        "order_key": (BIG, "order_key"),
        "withdrawn": (FLAG, "withdrawn"),
        "has_text": (FLAG, "has_text"),
        "is_read": (FLAG, "read_by is not null"),
        "sentiment": (SMALL, "coalesce(sentiment_milli, -1)"),
        "topic_mask": (WHOLE, "coalesce(topics, -1)"),
        "has_sketch": (FLAG, sketched),
        "sketch": (columns.blob(SKETCH_BYTES), f"case when {sketched} then sketch else '\\x{'00' * SKETCH_BYTES}' end"),
    }
    rest = f"from review_facts {_within(whom, first - timedelta(days=REVIEW_DAYS), last)}"
    return Query({**_WHEN, **_UNTIL, **wanted}, rest)


def _with_nulls(reviews: pl.DataFrame) -> pl.DataFrame:
    """What was read, null where nothing was."""
    return reviews.select(
        pl.exclude("sentiment", "topic_mask"),
        sentiment_milli=pl.when(pl.col("sentiment") >= 0).then(pl.col("sentiment")),
        topics=pl.when(pl.col("topic_mask") >= 0).then(pl.col("topic_mask")),
    )


_DETAIL_KINDS = f"{EventKind.ORDER:d}, {EventKind.REFUND:d}, {EventKind.SHIPMENT:d}"
_MEASURES = ("first", "second", "third", "order_key", "party", "goods", "address", "device")
_DETAIL_COLUMNS: Mapping[str, tuple[Kind, str]] = {
    **_WHEN,
    **_UNTIL,
    "kind": (SMALL, "kind"),
    "feed": (BIG, "hashtextextended(source, 0)"),
    "occurred_at": (MOMENT, "occurred_at"),
    **{name: (BIG, name) for name in _MEASURES},
}


async def _details(driver: asyncpg.Connection, days: pl.DataFrame, points: Sequence[Point]) -> pl.DataFrame:
    """Orders, refunds and shipments that are judged at any of the points, of merchants that have any days."""
    until = max(point.as_of for point in points)
    own_days = {key[0]: part for key, part in days.partition_by("merchant_no", as_dict=True).items()}
    since: dict[int, date] = {}
    for point in points:
        no = point.merchant_no
        if no in own_days:
            since[no] = min(since.get(no, point.as_of), judged_since(own_days[no], point))
    by_reach = {reach: [no for no in since if since[no] == reach] for reach in set(since.values())}
    by_reach = by_reach or {until: []}
    parts = [await columns.fetch(driver, _details_of(nos, reach, until)) for reach, nos in by_reach.items()]
    return pl.concat(parts)


def _details_of(merchant_nos: Collection[int], since: date, until: date) -> Query:
    rest = f"""from events where {_among(merchant_nos)} and kind in ({_DETAIL_KINDS}) and not withdrawn
        and occurred_at >= '{since} 00:00+08' and occurred_at < '{until} 00:00+08'"""
    return Query(_DETAIL_COLUMNS, rest)


_FIND_TRAITS = """
select merchant_no, borrower_kind, opened_on, registered_on, employee_count, jsonb_array_length(shops) as shop_count,
    (select count(distinct shop ->> 'platform') from jsonb_array_elements(shops) as shop) as platform_count
from merchants where merchant_no = any($1::integer[])
"""

_FIND_RECORDS = """
select merchant_no, kind, day, received_on, superseded_on, withdrawn, ends_on, occurred_at, source, event_id, facts
from snapshots where merchant_no = any($1::integer[]) and day <= $2
"""


async def _traits(driver: asyncpg.Connection, merchant_nos: list[int]) -> pl.DataFrame:
    rows = await driver.fetch(_FIND_TRAITS, merchant_nos)
    schema = SCHEMAS["traits"]
    return pl.DataFrame([tuple(row[name] for name in schema) for row in rows], schema, orient="row")


async def _records(driver: asyncpg.Connection, merchant_nos: list[int], last: date) -> Mapping[str, pl.DataFrame]:
    of_kind: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in await driver.fetch(_FIND_RECORDS, merchant_nos, last):
        of_kind[row["kind"]].append({**row, **json.loads(row["facts"])})
    return {name: _record_frame(name, of_kind[kind]) for kind, name in RECORDS.items()}


def _record_frame(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Facts are what JSON gives: days are texts there."""
    schema = SCHEMAS[name]
    values = [tuple(_plain(row, column, kind) for column, kind in schema.items()) for row in rows]
    return pl.DataFrame(values, schema, orient="row")


def _plain(row: Mapping[str, Any], column: str, kind: pl.DataType) -> object:
    value = row["ends_on"] if column == "due_date" else row[column]
    return date.fromisoformat(value) if isinstance(value, str) and kind == pl.Date() else value
