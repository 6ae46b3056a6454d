"""What of a merchant's books the quality of its portrait is judged by, and which kinds of event stand behind it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sycee_ingestion.books import RECORDS, YEAR_DAYS, Books, Point, known
from sycee_ingestion.brushing.details import Details
from sycee_ingestion.domain import coverage, quality
from sycee_ingestion.domain.coverage import Feed, Received, SourceStatus
from sycee_ingestion.domain.event import DAILY_KINDS, EventKind
from sycee_ingestion.domain.quality import Evidence
from sycee_ingestion.domain.twins import duplicated_share
from sycee_ingestion.features.calendar import Festival, festival_of

TWIN_DAYS = 91
"""Feeds are held against each other over a quarter: long enough to tell, and the newest data is what counts."""

ORPHAN_DAYS = 180
"""Refunds of the last half-year are sought an order for, which lies within the year: nobody takes goods back for
longer."""

_COUNTS: dict[EventKind, tuple[str, ...]] = {
    EventKind.ORDER: ("order_count",),
    EventKind.REFUND: ("refund_count",),
    EventKind.REVIEW: ("review_count",),
    EventKind.SHIPMENT: ("parcel_count",),
    EventKind.SETTLEMENT: ("settlement_count",),
    EventKind.TRAFFIC: ("traffic_count",),
    EventKind.SOCIAL_ACTIVITY: ("social_count",),
    EventKind.INVOICE: ("sale_invoice_count", "sale_void_count", "purchase_invoice_count", "purchase_void_count"),
    EventKind.DAILY_COUNT: ("daily_count_count",),
}
"""The columns of `days` that count the events of a kind."""


def statuses(books: Books, point: Point, *, now: bool) -> tuple[SourceStatus, ...]:
    """The kinds that were received as of a point, in their order; `books` are those of its merchant alone.

    `now`: what came of the day itself counts as well. As of the past, days are told from what counts now of what was
    known then, and sources are those that have ever sent the kind for an earlier day.
    """
    feeds = books.feeds.get(point.merchant_no, ())
    daily = coverage.received_now(feeds) if now else _daily(books, point, feeds)
    received = [*daily, *_records(books, point, now=now)]
    found = [coverage.source_status(entry, point.as_of) for entry in received]
    return tuple(sorted(found, key=lambda status: status.kind))


def _daily(books: Books, point: Point, feeds: tuple[Feed, ...]) -> list[Received]:
    counts = [pl.sum_horizontal(columns).alias(kind.name) for kind, columns in _COUNTS.items()]
    rows = known(books.days, point, revised=False).select("day", *counts)
    received = []
    for kind in DAILY_KINDS:
        days = rows.filter(pl.col(kind.name) > 0)["day"]
        if len(days):
            sources = coverage.sources_before(feeds, kind, point.as_of)
            received.append(Received(kind, int(rows[kind.name].sum()), *_span(days), sources))
    return received


def _records(books: Books, point: Point, *, now: bool) -> list[Received]:
    until = Point(point.merchant_no, point.as_of + timedelta(days=1), point.known_on) if now else point
    received = []
    for kind, name in RECORDS.items():
        rows = known(books.records[name], until, revised=True).filter(~pl.col("withdrawn"))
        if len(rows):
            received.append(Received(kind, len(rows), *_span(rows["day"]), tuple(rows["source"].unique())))
    return received


def _span(days: pl.Series) -> tuple[date, date]:
    return cast(date, days.min()), cast(date, days.max())


def evidence(
    books: Books,
    point: Point,
    details: Details,
    features: Mapping[str, float],
    found: tuple[SourceStatus, ...],
) -> Evidence:
    """What quality is judged by; `books` are those of the point's merchant alone, `features` the known ones.

    Where details do not reach over the whole year, refunds are not held against orders.
    """
    year = known(books.reviews, point, revised=True, days=YEAR_DAYS)
    texts = year.filter(~pl.col("withdrawn") & pl.col("has_text"))["is_read"]
    declared, sold = features.get("declared_365d_fen"), features.get("declared_period_net_fen", 0.0)
    year_books = _year_of(books, point)
    whole = len(details.orders) >= int(year_books.order_count.sum())
    named, orphans = _orphans(details) if whole else (0, 0)
    return Evidence(
        statuses=found,
        books=year_books,
        declared=None if declared is None else (int(declared), int(sold)),
        closed=_closed(point.as_of),
        named_refund_count=named,
        orphan_refund_count=orphans,
        text_count=len(texts),
        unread_count=len(texts) - int(texts.sum()),
        duplicated_share=_duplicated(details),
    )


_SUMS = {
    "order_count": pl.col("order_count"),
    "order_fen": pl.col("order_fen"),
    "refund_count": pl.col("refund_count"),
    "refund_fen": pl.col("refund_fen"),
    "settlement_count": pl.col("settlement_count"),
    "settled_fen": pl.col("settlement_fen") + pl.col("fee_fen"),
    "fee_fen": pl.col("fee_fen"),
    "invoice_count": pl.col("sale_invoice_count"),
    "invoiced_fen": pl.col("sale_net_fen") + pl.col("sale_tax_fen"),
    "traffic_count": pl.col("traffic_count"),
    "page_views": pl.col("page_views"),
    "visitors": pl.col("visitors"),
    "parcel_count": pl.col("parcel_count"),
    "odd_route_count": pl.col("odd_route_count"),
}


def _year_of(books: Books, point: Point) -> quality.Books:
    """Sums of each of the last 365 days, the oldest first."""
    first = point.as_of - timedelta(days=YEAR_DAYS)
    rows = known(books.days, point, revised=False, days=YEAR_DAYS).select(
        place=(pl.col("day") - first).dt.total_days(), **_SUMS
    )
    sums = np.zeros((YEAR_DAYS, len(_SUMS)), np.int64)
    np.add.at(sums, rows["place"].to_numpy(), rows.select(*_SUMS).to_numpy())
    return quality.Books(**{name: sums[:, column] for column, name in enumerate(_SUMS)})


@lru_cache(maxsize=1_024)
def _closed(as_of: date) -> NDArray[np.bool_]:
    """Days of the year before on which a shop may be shut: the Spring Festival's."""
    days = (as_of - timedelta(days=age) for age in range(YEAR_DAYS, 0, -1))
    return np.array([festival_of(day) is Festival.SPRING_FESTIVAL for day in days], np.bool_)


def _orphans(details: Details) -> tuple[int, int]:
    """Refunds of the last half-year that name an order, and those of them whose order is not among the year's."""
    since = details.as_of - timedelta(days=ORPHAN_DAYS)
    named = details.refunds.filter((pl.col("order_key") != 0) & (pl.col("day") >= since))["order_key"]
    orders = details.orders["order_key"].unique()
    return len(named), len(named) - int(named.is_in(orders.implode()).sum())


def _duplicated(details: Details) -> float:
    recent = details.orders.filter(pl.col("day") >= details.as_of - timedelta(days=TWIN_DAYS))
    if recent["feed"].n_unique() < 2:
        return 0.0
    at_s = recent["occurred_at"].dt.epoch("s").to_numpy()
    return duplicated_share(recent["feed"].to_numpy(), at_s, recent["fen"].to_numpy())
