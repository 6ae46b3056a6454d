"""The frames that features are computed from, and what of them was known at a point.

Nothing later than a point enters its features, neither occurred nor received: `known_rows` is the only way from a frame
to the rows of a point, so that this stands in one place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import narwhals as nw
import polars as pl

from sycee_ingestion.domain.day_sums import DAY_SUMS
from sycee_ingestion.features.arithmetic import Frame, ordinal

_RECORD = {
    "merchant_no": pl.Int32(),
    "day": pl.Date(),
    "received_on": pl.Date(),
    "superseded_on": pl.Date(),
    "withdrawn": pl.Boolean(),
    "ends_on": pl.Date(),
    "occurred_at": pl.Datetime("us", "UTC"),
    "source": pl.String(),
    "event_id": pl.String(),
}

SCHEMAS: Mapping[str, Mapping[str, pl.DataType]] = {
    "points": {"point": pl.Int32(), "merchant_no": pl.Int32(), "as_of": pl.Date(), "known_on": pl.Date()},
    "days": {
        "merchant_no": pl.Int32(),
        "day": pl.Date(),
        "received_on": pl.Date(),
        **dict.fromkeys((*DAY_SUMS, "followers_mark"), pl.Int64()),
    },
    "splits": {
        "merchant_no": pl.Int32(),
        "day": pl.Date(),
        "dimension": pl.Int16(),
        "key": pl.Int64(),
        "received_on": pl.Date(),
        "count": pl.Int64(),
        "fen": pl.Int64(),
    },
    "reviews": {
        "merchant_no": pl.Int32(),
        "day": pl.Date(),
        "received_on": pl.Date(),
        "superseded_on": pl.Date(),
        "withdrawn": pl.Boolean(),
        "sentiment_milli": pl.Int16(),
        "topics": pl.Int32(),
    },
    "fake_days": {
        "point": pl.Int32(),
        "day": pl.Date(),
        "fake_count": pl.Int64(),
        "fake_fen": pl.Int64(),
        "fake_refunded_fen": pl.Int64(),
    },
    "traits": {
        "merchant_no": pl.Int32(),
        "borrower_kind": pl.Int16(),
        "opened_on": pl.Date(),
        "registered_on": pl.Date(),
        "employee_count": pl.Int32(),
        "shop_count": pl.Int16(),
        "platform_count": pl.Int16(),
    },
    "bureau": {
        **_RECORD,
        "open_accounts": pl.Int64(),
        "outstanding_fen": pl.Int64(),
        "credit_lines_fen": pl.Int64(),
        "monthly_debt_service_fen": pl.Int64(),
        "repayment_grid": pl.String(),
        "enquiries_3m": pl.Int64(),
        "public_records": pl.Int64(),
    },
    "taxes": {
        **_RECORD,
        "period_first": pl.Date(),
        "declared_sales_fen": pl.Int64(),
        "rating": pl.Int64(),
        "late": pl.Boolean(),
    },
    "energy": {**_RECORD, "period_first": pl.Date(), "electricity_wh": pl.Int64()},
    "penalties": {**_RECORD, "kind": pl.Int64(), "fine_fen": pl.Int64(), "points": pl.Int64()},
    "repayments": {
        **_RECORD,
        "facility_id": pl.String(),
        "due_date": pl.Date(),
        "amount_fen": pl.Int64(),
        "days_past_due": pl.Int64(),
    },
}
"""The columns that are read of each frame, by its name in `Frames`, with their types in Polars; a frame may hold more.
Spark's types are the like ones (Int32 int, Int64 bigint, Datetime timestamp)."""


@dataclass(frozen=True, slots=True)
class Frames:
    """All that is known of some merchants, and the points that features are wanted of.

    Each one is a Polars DataFrame or LazyFrame, or each one is a PySpark DataFrame; `SCHEMAS` has their columns.

    - `points`: a point is a merchant on a day: windows hold the whole days before `as_of`, and only what was received
      before `known_on` counts (a far day lets everything known now count). `point` numbers the points, each once.
    - `days`: what happened on a business day, by the day of receipt; rows of one day add up. `splits`: what a day's
      trade splits into, likewise, by dimension (1 buyer, 2 goods, 3 customer, 4 supplier) and key (0 = not said).
    - `reviews`, `bureau`, `taxes`, `energy`, `penalties`, `repayments`: a row a revision.
    - `fake_days`: orders judged fake, by point and day of the order; `fake_refunded_fen` was refunded of them.
    - `traits`: a row a merchant, as it is known now.

    Of `days`, all history is wanted, since the first order's day counts; of `splits` and `reviews` the days that
    `concentration.SPLIT_DAYS` and `reviews.REVIEW_DAYS` tell are enough.
    """

    points: Any
    days: Any
    splits: Any
    reviews: Any
    fake_days: Any
    traits: Any
    bureau: Any
    taxes: Any
    energy: Any
    penalties: Any
    repayments: Any


FRAME_NAMES = tuple(field.name for field in fields(Frames))


def lazy(native: Any) -> Frame:
    """A Narwhals lazy frame of a native one."""
    frame: Frame = nw.from_native(native).lazy()
    return frame


def beside(frame: Frame, columns: Mapping[str, Sequence[int]]) -> Frame:
    """A small table of Int32 columns in the same engine as `frame`. Raises TypeError for an engine that is not"
    " served."""
    if frame.implementation.is_polars():
        return lazy(pl.LazyFrame(columns, schema=dict.fromkeys(columns, pl.Int32)))
    if frame.implementation.is_pyspark():
        rows = list(zip(*columns.values(), strict=True))
        schema = ", ".join(f"{name} int" for name in columns)
        return lazy(frame.to_native().sparkSession.createDataFrame(rows, schema))
    raise TypeError(f"features are computed on Polars or PySpark, not on {frame.implementation}")


def with_today(points: Frame) -> Frame:
    """The points with `today`, the ordinal of `as_of`."""
    return points.select("point", "merchant_no", "as_of", "known_on", ordinal("as_of").alias("today"))


def known_rows(points: Frame, frame: Frame, *, revised: bool = False, within_days: int | None = None) -> Frame:
    """The rows of `frame` that count at each point, with `age`, the days from their day to the point (1 = yesterday).

    They occurred before `as_of` and were received before `known_on`. Of a `revised` frame, whose rows are revisions,
    only those count that nothing received before `known_on` had superseded, and that withdraw nothing. Rows of more
    than `within_days` days ago are left out.
    """
    rows = points.join(frame, on="merchant_no", how="inner").filter(
        nw.col("day") < nw.col("as_of"), nw.col("received_on") < nw.col("known_on")
    )
    if revised:
        standing = nw.col("superseded_on").is_null() | (nw.col("superseded_on") >= nw.col("known_on"))
        rows = rows.filter(standing, ~nw.col("withdrawn"))
    rows = rows.with_columns(age_of("day").alias("age"))
    return rows if within_days is None else rows.filter(nw.col("age") <= within_days)


def age_of(day: str) -> nw.Expr:
    """Days between a day and the point."""
    return nw.col("today") - ordinal(day)


NEWEST_LAST = ("ends_on", "occurred_at", "source", "event_id")
"""The order of records: by the day that they tell of, then by when they were made. The rest makes it total."""


def newest(rows: Frame) -> Frame:
    """The newest record of each point."""
    return rows.unique("point", keep="last", order_by=NEWEST_LAST)
