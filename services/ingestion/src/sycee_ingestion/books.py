"""The books of some merchants as frames, and what of them was known at a point.

A point is a merchant on a day. What counts at it occurred before the day, and was received before another one and not
superseded before that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import cast

import polars as pl

from sycee_ingestion.brushing.details import ORDERS, REFUNDS, REVIEWS, SHIPMENTS, Details
from sycee_ingestion.domain.coverage import Feed
from sycee_ingestion.domain.event import EventKind

YEAR_DAYS = 365
"""Orders are judged over so many days, and quality looks back as far."""

MOST_JUDGED = 300_000
"""Of a merchant with more orders in the year only those of the newest days with so many are judged: memory is
bounded."""

MOST_READ_ORDERS = 300_000
"""Orders of different merchants that are read at a time, but for a merchant that has more by itself."""

RECORDS: Mapping[EventKind, str] = {
    EventKind.BUREAU_REPORT: "bureau",
    EventKind.TAX_RECORD: "taxes",
    EventKind.ENERGY_USE: "energy",
    EventKind.STORE_PENALTY: "penalties",
    EventKind.REPAYMENT: "repayments",
}
"""Names of the frames of snapshot kinds, as in `features.inputs.Frames`."""

_ODD_ROUTE = 128  # in `third` of a shipment: see domain.event.parcel_code


@dataclass(frozen=True, slots=True)
class Point:
    """A merchant on a day: windows end with the day before `as_of`; what was received before `known_on` counts."""

    merchant_no: int
    as_of: date
    known_on: date


def portions(points: Sequence[Point], orders: Mapping[int, int], most: int) -> Iterator[list[Point]]:
    """The points in their order, cut so that no portion has more than `most` of them, nor its merchants too many
    orders.

    `orders` tells how many each merchant has.
    """
    portion: list[Point] = []
    merchants: set[int] = set()
    total = 0
    for point in points:
        new = 0 if point.merchant_no in merchants else orders[point.merchant_no]
        if portion and (len(portion) >= most or total + new > MOST_READ_ORDERS):
            yield portion
            portion, merchants, total = [], set(), 0
            new = orders[point.merchant_no]
        portion.append(point)
        merchants.add(point.merchant_no)
        total += new
    if portion:
        yield portion


@dataclass(frozen=True, slots=True)
class Books:
    """Frames of some merchants: all that was received of the days asked for, known at a point or not.

    The columns are at least those of `features.inputs.SCHEMAS`; where `superseded_on` is not null, a far day is
    "never". `records` holds the frames of RECORDS by name; they and `days` hold all history. `reviews` has moreover
    `order_key`, `has_text`, `is_read`, `has_sketch` and `sketch`. `details`: orders, refunds and shipments, a row a
    revision, none that withdraws: merchant_no, kind, feed (a hash of the source), occurred_at, day, received_on,
    superseded_on, first, second, third, order_key, party, goods, address, device (see `domain.event`). `feeds`: those
    of each merchant that has any.
    """

    days: pl.DataFrame
    splits: pl.DataFrame
    reviews: pl.DataFrame
    traits: pl.DataFrame
    records: Mapping[str, pl.DataFrame]
    details: pl.DataFrame
    feeds: Mapping[int, tuple[Feed, ...]]

    def dated_back(self, day: date) -> Books:
        """The same, but that records of `day` or later count as if they were of the day before: at once."""
        eve = pl.lit(day - timedelta(days=1))
        records = {name: frame.with_columns(day=pl.min_horizontal("day", eve)) for name, frame in self.records.items()}
        return replace(self, records=records)

    def apart(self, points: Sequence[Point]) -> Iterator[Books]:
        """For each point the books of its merchant alone, so that none of them is searched for every point."""
        parts = {
            "days": _parts(self.days),
            "reviews": _parts(self.reviews),
            "details": _parts(self.details),
        }
        records = {name: _parts(frame) for name, frame in self.records.items()}
        for point in points:
            no = point.merchant_no
            frames = {name: of.get(no, getattr(self, name).clear()) for name, of in parts.items()}
            own_records = {name: of.get(no, self.records[name].clear()) for name, of in records.items()}
            yield replace(self, **frames, records=own_records)


def _parts(frame: pl.DataFrame) -> dict[object, pl.DataFrame]:
    parts = frame.partition_by("merchant_no", as_dict=True)
    return {key[0]: part for key, part in parts.items()}


def known(frame: pl.DataFrame, point: Point, *, revised: bool, days: int | None = None) -> pl.DataFrame:
    """The rows of a merchant's frame that count at a point, of the last `days` days or of all.

    Of a `revised` frame, whose rows are revisions, those that something known then had superseded do not count; those
    that withdraw an event are for the caller to leave out.
    """
    counts = (pl.col("day") < point.as_of) & (pl.col("received_on") < point.known_on)
    if days is not None:
        counts &= pl.col("day") >= point.as_of - timedelta(days=days)
    if revised:
        counts &= pl.col("superseded_on").is_null() | (pl.col("superseded_on") >= point.known_on)
    return frame.filter(counts)


def judged_since(days: pl.DataFrame, point: Point) -> date:
    """The day from which on orders are judged at a point, by the `days` of its merchant alone."""
    since = point.as_of - timedelta(days=YEAR_DAYS)
    if days["order_count"].sum() <= MOST_JUDGED:
        return since
    by_day = known(days, point, revised=False, days=YEAR_DAYS).group_by("day").agg(pl.sum("order_count"))
    newest = by_day.sort("day", descending=True).filter(pl.col("order_count").cum_sum() <= MOST_JUDGED)
    if len(newest) == len(by_day):
        return since
    return cast(date, newest["day"].min()) if len(newest) else point.as_of - timedelta(days=1)


def details(books: Books, point: Point) -> Details:
    """What the orders of a point's merchant are judged by; `books` are those of the merchant alone."""
    rows = known(books.details, point, revised=True).filter(pl.col("day") >= judged_since(books.days, point))
    reviews = known(books.reviews, point, revised=True, days=YEAR_DAYS).filter("has_sketch")
    kind = pl.col("kind")
    orders = rows.filter(kind == EventKind.ORDER).rename({"first": "fen", "second": "item_count", "party": "buyer"})
    refunds = rows.filter(kind == EventKind.REFUND).select(
        "day", "order_key", fen="first", goods_returned=pl.col("second") != 0, disputed=pl.col("third") != 0
    )
    shipments = rows.filter(kind == EventKind.SHIPMENT).select(
        "order_key", weight_g="first", distance_km="second", odd_route=(pl.col("third") & _ODD_ROUTE) != 0
    )
    return Details(
        as_of=point.as_of,
        orders=orders.select(*ORDERS, "feed"),
        refunds=refunds.select(*REFUNDS, "day"),
        shipments=shipments.select(*SHIPMENTS),
        reviews=reviews.select(*REVIEWS),
    )
