"""Portraits out of books made by hand: what was known, what counts at once, what quality is judged by."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from sycee_ingestion import books as books_module
from sycee_ingestion.books import RECORDS, Books, Point, details, judged_since, known, portions
from sycee_ingestion.domain.coverage import Feed, Span
from sycee_ingestion.domain.event import EventKind
from sycee_ingestion.evidence import evidence, statuses
from sycee_ingestion.features.catalogue import NAMES
from sycee_ingestion.features.inputs import SCHEMAS
from sycee_ingestion.portraits import Painter
from sycee_ingestion.store.columns import FAR_DAY

TODAY = date(2026, 3, 15)
NOW = Point(1, TODAY, FAR_DAY)

DETAILS = {
    "merchant_no": pl.Int32(),
    "kind": pl.Int16(),
    "feed": pl.Int64(),
    "occurred_at": pl.Datetime("us", "UTC"),
    "day": pl.Date(),
    "received_on": pl.Date(),
    "superseded_on": pl.Date(),
    **dict.fromkeys(("first", "second", "third", "order_key", "party", "goods", "address", "device"), pl.Int64()),
}
REVIEWS = {
    **SCHEMAS["reviews"],
    "order_key": pl.Int64(),
    "has_text": pl.Boolean(),
    "is_read": pl.Boolean(),
    "has_sketch": pl.Boolean(),
    "sketch": pl.Binary(),
}


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def frame(schema: dict[str, pl.DataType], rows: list[dict[str, object]]) -> pl.DataFrame:
    """Rows of merchant 1; what is not said is 0, false, none, or known from the day that it tells of on."""
    zero = {name: 0 if kind.is_integer() else False if kind == pl.Boolean() else None for name, kind in schema.items()}
    whole = [{**zero, "merchant_no": 1, "received_on": row.get("day"), **row} for row in rows]
    return pl.DataFrame([[row[name] for name in schema] for row in whole], dict(schema), orient="row")


def books(
    *,
    days: list[dict[str, object]] = (),
    reviews: list[dict[str, object]] = (),
    details: list[dict[str, object]] = (),
    records: dict[str, list[dict[str, object]]] | None = None,
    feeds: tuple[Feed, ...] = (),
) -> Books:
    return Books(
        days=frame(SCHEMAS["days"], list(days)),
        splits=frame(SCHEMAS["splits"], []),
        reviews=frame(REVIEWS, list(reviews)),
        traits=frame(SCHEMAS["traits"], [{"borrower_kind": 2}]),
        records={name: frame(SCHEMAS[name], (records or {}).get(name, [])) for name in RECORDS.values()},
        details=frame(DETAILS, list(details)),
        feeds={1: feeds},
    )


def noon(day: date, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC) + timedelta(minutes=minute)


def sold(
    day: date, key: int, fen: int = 10_000, *, feed: int = 1, minute: int = 0, **more: object
) -> dict[str, object]:
    return {
        "kind": 1, "day": day, "occurred_at": noon(day, minute), "order_key": key, "first": fen, "feed": feed, **more
    }  # fmt: skip


# What was known.


def test_what_counts_occurred_and_came_before_and_was_not_superseded() -> None:
    rows = frame(
        REVIEWS,
        [
            {"day": ago(10), "stars": 1, "order_key": 1},
            {"day": ago(0), "order_key": 2},
            {"day": ago(10), "received_on": ago(4), "order_key": 3},
            {"day": ago(10), "superseded_on": ago(4), "order_key": 4},
            {"day": ago(10), "superseded_on": ago(5), "order_key": 5},
            {"day": ago(40), "order_key": 6},
        ],
    )

    def keys(point: Point, days: int | None = None) -> list[int]:
        return known(rows, point, revised=True, days=days)["order_key"].to_list()

    assert keys(Point(1, TODAY, ago(4))) == [1, 4, 6]
    assert keys(Point(1, TODAY, ago(3))) == [1, 3, 6]
    assert keys(Point(1, TODAY, FAR_DAY), 30) == [1, 3]
    assert keys(Point(1, ago(-1), ago(4)), 10) == []
    assert keys(Point(1, ago(9), FAR_DAY), 1) == [1, 3]


def test_details_are_what_brushing_judges_by() -> None:
    rows = [
        sold(ago(1), 7, 500, second=3, party=11, goods=12, address=13, device=14),
        sold(ago(366), 8),
        {"kind": 2, "day": ago(1), "order_key": 7, "first": 200, "second": 1, "third": 0, "occurred_at": noon(ago(1))},
        {
            "kind": 4,
            "day": ago(1),
            "order_key": 7,
            "first": 90,
            "second": 40,
            "third": 1 + 128,
            "occurred_at": noon(ago(1)),
        },
    ]
    reviews = [{"day": ago(1), "order_key": 7, "has_sketch": True, "sketch": b"x"}, {"day": ago(1), "order_key": 7}]
    found = details(books(details=rows, reviews=reviews), NOW)
    order = found.orders.row(0, named=True)
    assert len(found.orders) == 1
    assert {name: order[name] for name in ("fen", "item_count", "buyer", "goods", "address", "device")} == {
        "fen": 500, "item_count": 3, "buyer": 11, "goods": 12, "address": 13, "device": 14
    }  # fmt: skip
    assert found.refunds.row(0, named=True) | {} == {
        "order_key": 7, "fen": 200, "goods_returned": True, "disputed": False, "day": ago(1)
    }  # fmt: skip
    assert found.shipments.row(0, named=True) == {"order_key": 7, "weight_g": 90, "distance_km": 40, "odd_route": True}
    assert found.reviews["sketch"].to_list() == [b"x"]


def test_more_orders_than_can_be_judged_leave_the_newest_days(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books_module, "MOST_JUDGED", 100)
    rows = [{"day": ago(age), "order_count": 30} for age in range(1, 11)]
    assert judged_since(books(days=rows).days, NOW) == ago(3)
    assert judged_since(books(days=rows[:3]).days, NOW) == ago(365)
    assert judged_since(books(days=rows).days, replace(NOW, as_of=ago(5))) == ago(8)
    assert judged_since(books(days=[{"day": ago(1), "order_count": 101}]).days, NOW) == ago(1)
    late = [{**row, "received_on": ago(0)} for row in rows]
    assert judged_since(books(days=late).days, replace(NOW, known_on=ago(0))) == ago(365)


# Which kinds stand behind it.


FEEDS = (
    Feed("taobao", 3, {EventKind.ORDER: Span(4, ago(50), ago(0)), EventKind.REVIEW: Span(2, ago(20), ago(20))}),
    Feed("douyin", 1, {EventKind.ORDER: Span(1, ago(5), ago(5))}),
)


def test_as_of_now_all_that_came_counts() -> None:
    record = {"day": ago(0), "source": "bureau", "event_id": "r", "ends_on": ago(0), "occurred_at": noon(ago(0))}
    found = statuses(books(feeds=FEEDS, records={"bureau": [record]}), NOW, now=True)
    assert [(one.kind.name, one.event_count, one.freshness_days, one.sources) for one in found] == [
        ("ORDER", 5, 0, ("douyin", "taobao")),
        ("REVIEW", 2, 20, ("taobao",)),
        ("BUREAU_REPORT", 1, 0, ("bureau",)),
    ]


def test_as_of_the_past_what_had_come_of_the_days_before_counts() -> None:
    rows = [
        {"day": ago(50), "order_count": 2},
        {"day": ago(40), "order_count": 2, "refund_count": 1},
        {"day": ago(40), "received_on": ago(20), "order_count": -1},
        {"day": ago(30), "received_on": ago(10), "order_count": 7},
    ]
    record = {"day": ago(35), "source": "x", "event_id": "r", "ends_on": ago(35), "occurred_at": noon(ago(35))}
    made = books(
        days=rows, feeds=FEEDS, records={"penalties": [record, {**record, "event_id": "w", "withdrawn": True}]}
    )

    def seen(as_of: int, known_on: int) -> list[tuple[str, int, int]]:
        found = statuses(made, Point(1, ago(as_of), ago(known_on)), now=False)
        return [(one.kind.name, one.event_count, one.freshness_days) for one in found]

    assert seen(35, 15) == [("ORDER", 3, 5), ("REFUND", 1, 5)]
    assert seen(34, 25) == [("ORDER", 4, 6), ("REFUND", 1, 6), ("STORE_PENALTY", 1, 1)]
    assert seen(20, 0) == [("ORDER", 10, 10), ("REFUND", 1, 20), ("STORE_PENALTY", 1, 15)]
    assert seen(50, 0) == []
    assert statuses(made, Point(1, ago(20), FAR_DAY), now=False)[0].sources == ("taobao",)


# What quality is judged by.


def judged(made: Books) -> object:
    return evidence(made, NOW, details(made, NOW), {"declared_365d_fen": 500.0}, ())


def test_the_year_is_added_up_by_day() -> None:
    rows = [
        {"day": ago(1), "order_count": 2, "order_fen": 700, "settlement_fen": 90, "fee_fen": 10, "sale_net_fen": 100},
        {"day": ago(1), "received_on": ago(0), "order_count": -1, "order_fen": -300, "sale_tax_fen": 13},
        {"day": ago(365), "order_count": 5},
        {"day": ago(366), "order_count": 9},
    ]
    found = judged(books(days=rows))
    assert (found.books.order_count[-1], found.books.order_count[0], found.books.order_count.sum()) == (1, 5, 6)
    assert (found.books.order_fen[-1], found.books.settled_fen[-1], found.books.invoiced_fen[-1]) == (400, 100, 113)
    assert found.declared == (500, 0)
    assert found.closed.sum() == 15  # the Spring Festival of 2026, wholly within the year before
    assert np.flatnonzero(found.closed)[0] == 365 - (TODAY - date(2026, 2, 10)).days


def test_refunds_are_held_against_orders_where_all_orders_are_there() -> None:
    rows = [sold(ago(9), key) for key in (1, 2, 3)]
    rows += [
        {"kind": 2, "day": ago(age), "occurred_at": noon(ago(age)), "order_key": key, "first": 1}
        for age, key in ((5, 1), (5, 9), (5, 0), (180, 8), (181, 7))
    ]
    day = {"day": ago(9), "order_count": 3}
    found = judged(books(details=rows, days=[day]))
    assert (found.named_refund_count, found.orphan_refund_count) == (3, 2)
    found = judged(books(details=rows, days=[day | {"order_count": 4}]))
    assert (found.named_refund_count, found.orphan_refund_count) == (0, 0)


def test_texts_are_counted_read_or_not() -> None:
    text = {"day": ago(3), "has_text": True}
    rows = [{"day": ago(3)}, text, text | {"is_read": True}, text | {"withdrawn": True}, text | {"day": ago(366)}]
    found = judged(books(reviews=rows))
    assert (found.text_count, found.unread_count) == (2, 1)


@pytest.mark.parametrize(("lag_minutes", "share"), [(0, 1.0), (600, 0.0)])
def test_orders_that_two_feeds_sent_are_found(lag_minutes: int, share: float) -> None:
    rows = [
        sold(ago(age), age * 10 + feed, 1_000 + age, feed=feed, minute=age * 7 % 500 + lag_minutes * feed)
        for age in range(1, 61)
        for feed in (0, 1)
    ]
    assert judged(books(details=rows)).duplicated_share == share


# Portraits.


def shop(fake: int = 0) -> Books:
    """Ten orders a day for 100 days, each of another buyer, and further orders of one address and a few buyers."""
    rows = [
        sold(
            ago(age),
            age * 100 + n,
            8_000 + 13 * n + age,
            minute=n * 50,
            party=age * 100 + n + 1,
            address=age * 100 + n + 1,
        )
        for age in range(1, 101)
        for n in range(10)
    ]
    rows += [
        sold(ago(10 + n % 3), -n - 1, 50_000, minute=900 + n % 5, party=-(n % 40) - 1, address=-1, device=-1)
        for n in range(fake)
    ]
    days: dict[date, list[int]] = {}
    for row in rows:
        days.setdefault(row["day"], []).append(row["first"])
    sums = [{"day": day, "order_count": len(fen), "order_fen": sum(fen)} for day, fen in days.items()]
    span = Span(len(rows), ago(100), ago(1))
    return books(details=rows, days=sums, feeds=(Feed("taobao", 5, {EventKind.ORDER: span}),))


def test_fake_orders_leave_clean_sales() -> None:
    honest, brushed = (Painter("test").portraits(shop(fake), [NOW], now=True)[0] for fake in (0, 400))
    assert honest.features["fake_order_365d_share"] == 0.0
    assert honest.features["monthly_clean_12m_fen"] == honest.features["monthly_net_12m_fen"]
    assert honest.weekly_clean_fen == honest.weekly_net_fen
    assert honest.fake_signals == ()
    assert brushed.features["fake_order_365d_share"] == pytest.approx(400 / 1_400, abs=0.02)
    assert brushed.features["monthly_clean_12m_fen"] == pytest.approx(honest.features["monthly_net_12m_fen"], rel=0.02)
    assert "SHARED_ADDRESS" in {one.code for one in brushed.fake_signals}
    assert all(0 < one.order_count <= 420 and one.text_zh and one.text_en for one in brushed.fake_signals)
    assert sum(brushed.weekly_net_fen) - sum(brushed.weekly_clean_fen) == pytest.approx(400 * 50_000, rel=0.05)


def test_records_of_today_count_at_once_and_only_now() -> None:
    record = {
        "day": ago(0), "received_on": ago(0), "ends_on": ago(0), "occurred_at": noon(ago(0)),
        "source": "b", "event_id": "r", "outstanding_fen": 7_000, "repayment_grid": "NN1", "open_accounts": 2,
    }  # fmt: skip
    made = books(records={"bureau": [record]}, days=[{"day": ago(0), "order_count": 5}])
    (now,) = Painter("test").portraits(made, [NOW], now=True)
    assert (now.features["bureau_outstanding_fen"], now.features["bureau_report_age_days"]) == (7_000.0, 0.0)
    assert "order_365d_count" not in now.features
    (then,) = Painter("test").portraits(made, [NOW], now=False)
    assert "bureau_outstanding_fen" not in then.features
    assert then.statuses == ()


def test_a_point_is_the_same_alone_or_among_others_in_a_portrait_or_for_training() -> None:
    one = shop(100)
    other = replace(
        shop(0),
        **{name: getattr(shop(0), name).with_columns(merchant_no=pl.lit(2, pl.Int32)) for name in ("days", "details")},
    )
    together = replace(
        one,
        days=pl.concat([one.days, other.days]),
        details=pl.concat([one.details, other.details]),
        traits=pl.concat([one.traits, one.traits.with_columns(merchant_no=pl.lit(2, pl.Int32))]),
    )
    points = [Point(no, ago(age), FAR_DAY) for age in (0, 3, 40) for no in (2, 1)]
    rows = Painter("test").features(together, points)
    for point, row in zip(points, rows, strict=True):
        (alone,) = Painter("test").portraits(together, [point], now=False)
        known_ones = {name: value for name, value in zip(NAMES, row, strict=True) if not np.isnan(value)}
        assert alone.features == known_ones


def test_portions_keep_the_order_and_their_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books_module, "MOST_READ_ORDERS", 100)
    points = [Point(no, ago(age), FAR_DAY) for age, no in enumerate((1, 1, 2, 3, 3, 3, 4, 1))]
    orders = {1: 60, 2: 40, 3: 1, 4: 500}
    found = list(portions(points, orders, 4))
    assert [point for portion in found for point in portion] == points
    assert [[point.merchant_no for point in portion] for portion in found] == [[1, 1, 2], [3, 3, 3], [4], [1]]
    assert list(portions([], orders, 4)) == []
