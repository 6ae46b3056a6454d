"""What each column of the books adds up: over which kind of event, and what of it (see `domain.event`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sycee_ingestion.domain.event import Dimension, EventKind


@dataclass(frozen=True, slots=True)
class DaySum:
    """A column of `merchant_days`: the sum of `value`, or without one the count, over the events of a kind."""

    column: str
    kind: EventKind
    value: str = ""
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Split:
    """A dimension of `day_splits`: `first` of the events of a kind, by the column `key`."""

    dimension: Dimension
    kind: EventKind
    key: str
    condition: str = ""


def _day_sums() -> Iterator[DaySum]:
    yield DaySum("order_count", EventKind.ORDER)
    yield DaySum("order_fen", EventKind.ORDER, "first")
    yield DaySum("item_count", EventKind.ORDER, "second")
    for bucket in range(6):
        yield DaySum(f"orders_h{bucket * 4:02}", EventKind.ORDER, condition=f"third / 4 = {bucket}")
    yield DaySum("refund_count", EventKind.REFUND)
    yield DaySum("refund_fen", EventKind.REFUND, "first")
    yield DaySum("return_count", EventKind.REFUND, "second")
    yield DaySum("dispute_count", EventKind.REFUND, "third")
    yield DaySum("review_count", EventKind.REVIEW)
    yield DaySum("star_sum", EventKind.REVIEW, "first")
    yield DaySum("low_star_count", EventKind.REVIEW, condition="first <= 2")
    yield DaySum("complaint_count", EventKind.REVIEW, "second")
    yield from _parcels()
    yield DaySum("settlement_count", EventKind.SETTLEMENT)
    yield DaySum("settlement_fen", EventKind.SETTLEMENT, "first")
    yield DaySum("fee_fen", EventKind.SETTLEMENT, "second")
    yield DaySum("traffic_count", EventKind.TRAFFIC)
    yield DaySum("page_views", EventKind.TRAFFIC, "first")
    yield DaySum("visitors", EventKind.TRAFFIC, "second")
    yield DaySum("social_count", EventKind.SOCIAL_ACTIVITY)
    yield DaySum("posts", EventKind.SOCIAL_ACTIVITY, "first")
    yield DaySum("interactions", EventKind.SOCIAL_ACTIVITY, "second")
    yield from _invoices("sale", 1)
    yield from _invoices("purchase", 2)
    yield DaySum("daily_count_count", EventKind.DAILY_COUNT)
    yield DaySum("payment_count", EventKind.DAILY_COUNT, "first")
    yield DaySum("payment_fen", EventKind.DAILY_COUNT, "second")


def _parcels() -> Iterator[DaySum]:
    yield DaySum("parcel_count", EventKind.SHIPMENT)
    yield DaySum("weighed_count", EventKind.SHIPMENT, condition="first > 0")
    yield DaySum("routed_count", EventKind.SHIPMENT, condition="second > 0")
    yield DaySum("covered_count", EventKind.SHIPMENT, condition="first > 0 and second > 0")
    yield DaySum("odd_route_count", EventKind.SHIPMENT, condition="third & 128 <> 0")
    yield DaySum("weight_g", EventKind.SHIPMENT, "first")
    yield DaySum("late_count", EventKind.SHIPMENT, condition="third & 64 <> 0")
    for number, mode in enumerate(("unknown", "road_light", "road_medium", "road_heavy", "rail")):
        yield DaySum(f"gram_km_{mode}", EventKind.SHIPMENT, "first * second", f"third & 15 = {number}")
    for number, packaging in enumerate(("unknown", "single_use", "recycled", "reusable")):
        yield DaySum(f"packaging_{packaging}", EventKind.SHIPMENT, condition=f"(third >> 4) & 3 = {number}")


def _invoices(side: str, direction: int) -> Iterator[DaySum]:
    """Of invoices that are not void; red-letter ones among them, whose amounts are below zero, take amounts off."""
    counts = f"third = {direction}"
    yield DaySum(f"{side}_invoice_count", EventKind.INVOICE, condition=counts)
    yield DaySum(f"{side}_net_fen", EventKind.INVOICE, "first", counts)
    yield DaySum(f"{side}_tax_fen", EventKind.INVOICE, "second", counts)
    yield DaySum(f"{side}_red_count", EventKind.INVOICE, condition=f"{counts} and first < 0")
    yield DaySum(f"{side}_red_fen", EventKind.INVOICE, "(-first)", f"{counts} and first < 0")
    yield DaySum(f"{side}_void_count", EventKind.INVOICE, condition=f"third = {direction} + 4")


DAY_SUMS = tuple(_day_sums())
"""Every column of `merchant_days` that adds up."""

SPLITS = (
    Split(Dimension.BUYER, EventKind.ORDER, "party"),
    Split(Dimension.GOODS, EventKind.ORDER, "goods"),
    Split(Dimension.CUSTOMER, EventKind.INVOICE, "party", "third = 1"),
    Split(Dimension.SUPPLIER, EventKind.INVOICE, "party", "third = 2"),
)
"""Every dimension of `day_splits`."""
