"""Books for tests of features: frames written by hand, and made-up merchants of every sort."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any

import numpy as np
import polars as pl
from sycee_ingestion.features.inputs import FRAME_NAMES, SCHEMAS, Frames
from sycee_ingestion.features.online import Prepared

TODAY = date(2026, 3, 15)
LATER = date(2100, 1, 1)
"""A day of knowledge at which everything counts."""

Row = Mapping[str, Any]


def ago(days: int, day: date = TODAY) -> date:
    """The day so many days before `day`."""
    return day - timedelta(days=days)


def table(name: str, rows: Iterable[Row]) -> pl.DataFrame:
    """A frame of `Frames`: what a row leaves out is 0, or null where that is the way to say so."""
    rows = list(rows)
    schema = SCHEMAS[name]
    for row in rows:
        assert set(row) <= set(schema), set(row) - set(schema)
    return pl.DataFrame(
        {column: [row.get(column, _blank(name, column, dtype)) for row in rows] for column, dtype in schema.items()},
        schema=dict(schema),
    )


def _blank(name: str, column: str, dtype: pl.DataType) -> Any:
    if name == "days" and dtype == pl.Int64():
        return 0
    return {"merchant_no": 1, "point": 0, "withdrawn": False}.get(column)


def day(age: int, *, merchant_no: int = 1, late: int = 0, today: date = TODAY, **figures: int) -> Row:
    """A row of `days`, received `late` days after it occurred."""
    return {"merchant_no": merchant_no, "day": ago(age, today), "received_on": ago(age - late, today), **figures}


def split(dimension: int, age: int, key: int, count: int, fen: int, *, late: int = 0) -> Row:
    """A row of `splits`."""
    when = {"day": ago(age), "received_on": ago(age - late)}
    return {"merchant_no": 1, "dimension": dimension, "key": key, "count": count, "fen": fen, **when}


def record(age: int, *, ends: int | None = None, delay: int = 0, event_id: str = "e", **facts: Any) -> Row:
    """A row of one of the frames of records: made `age` days ago, telling of a day `ends` days ago."""
    made = ago(age)
    return {
        "merchant_no": 1,
        "day": made,
        "received_on": ago(age - delay),
        "superseded_on": None,
        "withdrawn": False,
        "ends_on": ago(age if ends is None else ends),
        "occurred_at": datetime.combine(made, time(4), UTC),
        "source": "s",
        "event_id": event_id,
        **facts,
    }


def review(age: int, **facts: Any) -> Row:
    """A row of `reviews`."""
    return {"merchant_no": 1, "day": ago(age), "received_on": ago(age), "withdrawn": False, **facts}


def point(as_of: date = TODAY, known_on: date = LATER, *, point: int = 0, merchant_no: int = 1) -> Row:
    """A row of `points`."""
    return {"point": point, "merchant_no": merchant_no, "as_of": as_of, "known_on": known_on}


def book(points: Iterable[Row] = (), **rows: Iterable[Row]) -> Frames:
    """Frames of the rows given; one point today where none is."""
    given = {name: table(name, rows.get(name, ())) for name in FRAME_NAMES}
    given["points"] = table("points", points or [point()])
    return Frames(**given)


@cache
def prepared() -> Prepared:
    """The plan for few points, made once for all tests."""
    return Prepared()


def features_of(frames: Frames) -> dict[str, float | None]:
    """The features of the only point."""
    features, _ = prepared()(frames)
    (row,) = features.drop("point", "merchant_no", "as_of").to_dicts()
    return row


def features(**rows: Iterable[Row]) -> dict[str, float | None]:
    """The features of a merchant with these rows, today."""
    return features_of(book(**rows))


def weeks_of(frames: Frames) -> list[tuple[int, int, int]]:
    """(week, net, clean) of the only point."""
    _, weeks = prepared()(frames)
    return weeks.select("week", "net_fen", "clean_fen").rows()


def bits(frame: pl.DataFrame) -> pl.DataFrame:
    """A frame whose floats are replaced by their bits: what is equal there is the same to the last one."""
    return frame.with_columns(
        pl.Series(column.name, column.fill_null(np.nan).to_numpy().copy().view(np.int64))
        for column in frame.select(pl.col(pl.Float64))
    )


def with_rows(frames: Frames, **rows: Iterable[Row]) -> Frames:
    """The frames with further rows."""
    return replace(
        frames, **{name: pl.concat([getattr(frames, name), table(name, more)]) for name, more in rows.items()}
    )


# ---- made-up books ----

_SORTS = ("long", "short", "seasonal", "broken", "invoices", "payments", "silent", "orders_of_nobody")


def made_up(seed: int, merchants: int, points_each: int = 2) -> Frames:
    """Merchants of every sort with corrections, late events and holes, and points on days of their history.

    The same seed gives the same book on every machine.
    """
    rng = np.random.default_rng(seed)
    rows: dict[str, list[Row]] = {name: [] for name in FRAME_NAMES}
    for merchant_no in range(1, merchants + 1):
        sort = _SORTS[(merchant_no - 1) % len(_SORTS)]
        _merchant(rng, rows, merchant_no, sort)
        for _ in range(points_each):
            number = len(rows["points"])
            as_of = ago(int(rng.integers(0, 200)))
            known_on = as_of if rng.random() < 0.5 else LATER
            rows["points"].append(point(as_of, known_on, point=number, merchant_no=merchant_no))
            for age in rng.choice(400, 12, replace=False):
                fen = int(rng.integers(0, 30_000))
                fake = {"point": number, "day": ago(int(age)), "fake_count": int(rng.integers(1, 4)), "fake_fen": fen}
                rows["fake_days"].append(fake)
    return Frames(**{name: table(name, rows[name]) for name in FRAME_NAMES})


def _merchant(rng: np.random.Generator, rows: dict[str, list[Row]], merchant_no: int, sort: str) -> None:
    length = {"short": 60, "seasonal": 900, "broken": 700}.get(sort, int(rng.integers(200, 850)))
    rows["traits"].append(
        {
            "merchant_no": merchant_no,
            "borrower_kind": int(rng.integers(0, 4)),
            "opened_on": ago(length + 30) if rng.random() < 0.7 else None,
            "registered_on": ago(length) if rng.random() < 0.5 else None,
            "employee_count": int(rng.integers(0, 9)) or None,
            "shop_count": int(rng.integers(1, 4)),
            "platform_count": 1,
        }
    )
    if sort == "silent":
        return
    for age in range(length, 0, -1):
        if rng.random() < (0.6 if sort == "broken" else 0.1):
            continue
        rows["days"].append({**_day(rng, age, sort), "merchant_no": merchant_no})
        if rng.random() < 0.05:  # a correction, or something that comes late
            late = int(rng.integers(1, 40))
            more = {
                "order_count": 1,
                "order_fen": int(rng.integers(-900, 5_000)),
                "refund_fen": int(rng.integers(0, 900)),
            }
            rows["days"].append({"merchant_no": merchant_no, **day(age, late=late, **more)})
        for _ in range(int(rng.integers(0, 3))):
            key = 0 if sort == "orders_of_nobody" else int(rng.integers(0, 40)) * 7_919_000_000_000_000
            one = split(int(rng.integers(1, 5)), age, key, int(rng.integers(1, 3)), int(rng.integers(-500, 9_000)))
            rows["splits"].append({**one, "merchant_no": merchant_no})
    _records(rng, rows, merchant_no, length)


def _day(rng: np.random.Generator, age: int, sort: str) -> Row:
    level = 3.0 if sort == "seasonal" and age % 365 < 60 else 1.0
    names = [c for c in SCHEMAS["days"] if c not in ("merchant_no", "day", "received_on", "followers_mark")]
    most = [int(90_000 * level) if name.endswith("_fen") else 12 for name in names]
    most[names.index("refund_fen")] = 20_000  # shops that live, but for the broken ones
    figures = dict(zip(names, rng.integers(0, most).tolist(), strict=True))
    kept = {"invoices": ("sale_", "purchase_"), "payments": ("daily_count", "payment")}.get(sort)
    if kept:
        figures = {name: value if name.startswith(kept) else 0 for name, value in figures.items()}
    if sort == "broken":
        figures["refund_fen"] = int(rng.integers(0, 200_000))
    mark = int(rng.integers(0, 86_400)) << 34 | int(rng.integers(0, 10**6))
    return day(age, late=int(rng.integers(0, 3)), followers_mark=mark if figures["social_count"] else 0, **figures)


def _records(rng: np.random.Generator, rows: dict[str, list[Row]], merchant_no: int, length: int) -> None:
    def add(name: str, age: int, **more: Any) -> None:
        row = dict(record(age, delay=int(rng.integers(0, 20)), event_id=f"{name}-{len(rows[name])}", **more))
        if rng.random() < 0.2:
            row["superseded_on"] = row["received_on"] + timedelta(days=int(rng.integers(0, 60)))
        row["withdrawn"] = bool(rng.random() < 0.05)
        rows[name].append({**row, "merchant_no": merchant_no})

    def fen(most: int = 10**7) -> int:
        return int(rng.integers(0, most))

    for age in range(20, min(length, 800), 85):
        ends = age + int(rng.integers(1, 30))
        bill_days, tax_days = int(rng.integers(5, 120)), int(rng.integers(20, 200))
        add(
            "bureau",
            age,
            open_accounts=3,
            outstanding_fen=fen(),
            credit_lines_fen=fen(),
            monthly_debt_service_fen=fen(),
            repayment_grid="".join(rng.choice(list("NNNNN12347-"), int(rng.integers(0, 25)))),
            enquiries_3m=2,
            public_records=0,
        )
        add(
            "taxes",
            age,
            ends=ends,
            period_first=ago(ends + tax_days),
            rating=int(rng.integers(0, 6)),
            declared_sales_fen=fen() if rng.random() < 0.8 else None,
            late=bool(rng.random() < 0.2),
        )
        add("energy", age, ends=ends, period_first=ago(ends + bill_days), electricity_wh=fen())
        add("penalties", age, kind=int(rng.integers(0, 8)), fine_fen=fen(), points=int(rng.integers(0, 12)))
        delay = int(rng.integers(0, 50))
        add("repayments", age, facility_id="f", due_date=ago(age), amount_fen=fen(2), days_past_due=delay)
    for _ in range(min(length, 120)):
        age = int(rng.integers(1, length + 1))
        row = dict(review(age))
        row["merchant_no"] = merchant_no
        row["sentiment_milli"] = int(rng.integers(0, 1001)) if rng.random() < 0.8 else None
        row["topics"] = int(rng.integers(0, 1 << 15)) if row["sentiment_milli"] is not None else None
        row["superseded_on"] = ago(age - 5) if rng.random() < 0.1 else None
        rows["reviews"].append(row)
