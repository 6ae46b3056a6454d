"""The details of one merchant's trade as arrays, in one order whatever order they came in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from sycee_ingestion.brushing.signals import Flags, Whole

SHANGHAI_OFFSET_S = 8 * 3_600  # no summer time since 1992
DAY_S = 86_400
_MICROSECONDS = 1_000_000
_SAME_SECOND_SHARE = 0.3

Columns = Mapping[str, pl.DataType | type[pl.DataType]]

_MOMENT = pl.Datetime("us", "UTC")
ORDERS: Columns = {
    "occurred_at": _MOMENT,
    "order_key": pl.Int64,
    "day": pl.Date,
    "fen": pl.Int64,
    "item_count": pl.Int64,
    "buyer": pl.Int64,
    "address": pl.Int64,
    "device": pl.Int64,
    "goods": pl.Int64,
}
REFUNDS: Columns = {"order_key": pl.Int64, "fen": pl.Int64, "goods_returned": pl.Boolean, "disputed": pl.Boolean}
SHIPMENTS: Columns = {"order_key": pl.Int64, "weight_g": pl.Int64, "distance_km": pl.Int64, "odd_route": pl.Boolean}
REVIEWS: Columns = {"order_key": pl.Int64, "withdrawn": pl.Boolean, "sketch": pl.Binary}


@dataclass(frozen=True, slots=True)
class Details:
    """What is known of one merchant's orders: frames with at least the columns of the schemas above, rows in any order.

    `as_of`: the windows hold whole days before it. The frames hold nothing later and nothing that was not yet known.
    A key or hash of 0 or null is one that was not said, and so is a weight or distance of 0.
    """

    as_of: date
    orders: pl.DataFrame
    refunds: pl.DataFrame
    shipments: pl.DataFrame
    reviews: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Trade:
    """A merchant's orders, each array (n,), sorted by moment and then by everything else that tells them apart.

    `at_s`: seconds since 1970 UTC, `day` and `as_of_day`: days since 1970. Of the order's refunds: `refunded_fen`,
    `returned`, `disputed`. Of its parcels: `parcels` (a count), `weight_g` and `distance_km` of all together,
    `odd_route` of any. `buyer`, `address`, `device` and `goods` are small numbers from 0, −1 where not said.
    `review_*` are arrays (m,) of the reviews with a sketch: the order's place (−1 unknown), and the sketches.
    """

    as_of_day: int
    frame: pl.DataFrame
    at_s: Whole
    day: Whole
    fen: Whole
    items: Whole
    buyer: Whole
    address: Whole
    device: Whole
    goods: Whole
    refunded_fen: Whole
    returned: Flags
    disputed: Flags
    parcels: Whole
    weight_g: Whole
    distance_km: Whole
    odd_route: Flags
    review_order: Whole
    review_sketches: list[bytes]

    @property
    def count(self) -> int:
        """How many orders there are."""
        return len(self.at_s)

    @property
    def clock_told(self) -> bool:
        """Whether the orders tell their hour. A feed of bare dates puts them all on one second of the day."""
        if not self.count:
            return False
        return bool(np.unique(self.at_s % DAY_S, return_counts=True)[1].max() <= _SAME_SECOND_SHARE * self.count)

    @property
    def hour(self) -> Whole:
        """The hour of the day in Shanghai, 0 to 23."""
        return ((self.at_s + SHANGHAI_OFFSET_S) % DAY_S) // 3_600


def trade_of(details: Details) -> Trade:
    """Arrays of the details. Raises polars' ColumnNotFoundError when a frame lacks a column."""
    orders = _ordered(details.orders, ORDERS)
    places = _Places(_whole(orders, "order_key"))
    refunds = _ordered(details.refunds, REFUNDS)
    shipments = _ordered(details.shipments, SHIPMENTS)
    reviews = _ordered(details.reviews, REVIEWS).filter(~pl.col("withdrawn") & (pl.col("sketch").bin.size() > 0))
    refunded, parcel = places.of(_whole(refunds, "order_key")), places.of(_whole(shipments, "order_key"))
    return Trade(
        as_of_day=(details.as_of - date(1970, 1, 1)).days,
        frame=orders,
        at_s=orders["occurred_at"].dt.epoch("us").to_numpy() // _MICROSECONDS,
        day=orders["day"].cast(pl.Int32).cast(pl.Int64).to_numpy(),
        fen=_whole(orders, "fen"),
        items=np.maximum(_whole(orders, "item_count"), 1),
        **{name: _codes(_whole(orders, name)) for name in ("buyer", "address", "device", "goods")},
        refunded_fen=places.total(refunded, _whole(refunds, "fen")),
        returned=places.total(refunded, _flag(refunds, "goods_returned")) > 0,
        disputed=places.total(refunded, _flag(refunds, "disputed")) > 0,
        parcels=places.total(parcel, np.ones(len(shipments), np.int64)),
        weight_g=places.total(parcel, _whole(shipments, "weight_g")),
        distance_km=places.total(parcel, _whole(shipments, "distance_km")),
        odd_route=places.total(parcel, _flag(shipments, "odd_route")) > 0,
        review_order=places.of(_whole(reviews, "order_key")),
        review_sketches=reviews["sketch"].to_list(),
    )


class _Places:
    """Where the orders of a key stand. Orders that share a key share what belongs to it."""

    def __init__(self, keys: Whole) -> None:
        self._keys, self._first, self._spread = np.unique(keys, return_index=True, return_inverse=True)

    def of(self, keys: Whole) -> Whole:
        """The place of the first order of each key; −1 where there is none or the key was not said."""
        if not len(self._keys):
            return np.full(len(keys), -1, np.int64)
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return np.where((self._keys[at] == keys) & (keys != 0), self._first[at], -1)

    def total(self, places: Whole, amounts: Whole) -> Whole:
        """The sum of the amounts at each order's key, (n,)."""
        sums = np.zeros(len(self._spread), np.int64)
        np.add.at(sums, places[places >= 0], amounts[places >= 0])
        return sums[self._first][self._spread]


def _ordered(frame: pl.DataFrame, schema: Columns) -> pl.DataFrame:
    """The columns of the schema, nulls as 0 or false, sorted by all of them: equal rows cannot be told apart."""
    plain = frame.select(pl.col(name).cast(dtype) for name, dtype in schema.items())
    return plain.with_columns(pl.col(pl.Int64).fill_null(0), pl.col(pl.Boolean).fill_null(False)).sort(list(schema))


def _whole(frame: pl.DataFrame, name: str) -> Whole:
    return frame[name].to_numpy()


def _flag(frame: pl.DataFrame, name: str) -> Whole:
    return frame[name].cast(pl.Int64).to_numpy()


def _codes(hashes: Whole) -> Whole:
    """Numbers from 0 without gaps for hashes, in their order; −1 for 0."""
    values, codes = np.unique(hashes, return_inverse=True)
    unsaid = int(np.searchsorted(values, 0))
    if unsaid == len(values) or values[unsaid] != 0:
        return codes
    return np.where(codes == unsaid, -1, codes - (codes > unsaid))
