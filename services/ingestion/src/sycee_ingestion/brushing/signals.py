"""The signals of brushing: their names, how much each one weighs, and what clean shops show of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntFlag

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]


class Signal(IntFlag):
    """Why an order is suspected. Names and bits are stored and sent: they are never re-used."""

    BURST = 1
    FEW_BUYERS = 2
    SHARED_ADDRESS = 4
    SHARED_DEVICE = 8
    ODD_PRICE = 16
    COPIED_REVIEW = 32
    NO_PARCEL = 64
    REFUND_LOOP = 128
    MACHINE_TIME = 256
    ODD_PARCEL = 512


@dataclass(frozen=True, slots=True)
class Standing:
    """What a signal means and what it counts for.

    `weight`: log-odds that a full signal adds. `ordinary_share`: the part of its orders that clean shops show it on.
    `alone`: whether it can carry a verdict; one that cannot only strengthens the others. `by_regulars`: whether the
    shop's regular customers show how ordinary it is there (of what only repeated buying brings about, they cannot).
    """

    text_en: str
    text_zh: str
    weight: float
    ordinary_share: float
    alone: bool = True
    by_regulars: bool = True


STANDINGS: Mapping[Signal, Standing] = {
    Signal.BURST: Standing(
        "more orders in a day or an hour than the shop's own rhythm explains",
        "某日或某时段的订单数超出店铺自身节奏",
        1.0,
        0.03,
        alone=False,
        by_regulars=False,
    ),
    Signal.FEW_BUYERS: Standing(
        "buyers who order far faster than their own habit and the shop's usual buyers",
        "少数买家在短期内密集下单",
        8.0,
        0.01,
        by_regulars=False,
    ),
    Signal.SHARED_ADDRESS: Standing("many strangers at one address", "多个互不相关的买家共用收货地址", 8.0, 0.04),
    Signal.SHARED_DEVICE: Standing("many strangers on one device", "多个互不相关的买家共用设备", 8.0, 0.01),
    Signal.ODD_PRICE: Standing(
        "one round sum for different goods, or prices far off the goods' own",
        "不同商品以同一整数金额成交,或成交价明显偏离商品自身价格",
        8.0,
        0.01,
    ),
    Signal.COPIED_REVIEW: Standing("near-copies of other buyers' reviews", "评价与其他买家的评价近乎雷同", 8.0, 0.06),
    Signal.NO_PARCEL: Standing(
        "no parcel, or one that nobody weighed, where the shop sends and weighs",
        "店铺通常发货并称重,而该订单无包裹或包裹无重量",
        8.0,
        0.09,
    ),
    Signal.REFUND_LOOP: Standing(
        "the same buyer refunded in full again and again, nothing sent back",
        "同一买家反复全额退款且不退货",
        8.0,
        0.01,
        by_regulars=False,
    ),
    Signal.MACHINE_TIME: Standing(
        "orders at even intervals, or in the dead of night",
        "下单间隔过于均匀或集中在深夜",
        1.0,
        0.03,
        alone=False,
        by_regulars=False,
    ),
    Signal.ODD_PARCEL: Standing(
        "a parcel on a route that cannot be, or as light as an empty box",
        "包裹路线不可能或重量如同空包",
        8.0,
        0.01,
    ),
}
"""Chosen on merchants whose truth is known (see `evaluations.brushing_choice`): an ordinary share is what 95 % of clean
ones stay below, and the weights differ by less than is known."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """How strongly each order of a shop carries a signal, 0 to 1, and on which orders it could be seen at all.

    `beyond_one`: the sum of the strengths without those of the one buyer who has most of it, where one alone proves
    nothing; else the sum of all.
    """

    strength: Floats
    visible: Flags
    beyond_one: float

    @classmethod
    def of(cls, strength: Floats, visible: Flags) -> Evidence:
        """Evidence that counts wherever it comes from."""
        return cls(strength, visible, float(strength.sum()))

    @classmethod
    def none(cls, count: int) -> Evidence:
        """What is known where the field is missing: nothing, for or against."""
        return cls(np.zeros(count), np.zeros(count, np.bool_), 0.0)


def ramp(values: NDArray[np.generic], nothing: float, full: float) -> Floats:
    """0 up to `nothing`, 1 from `full`, a straight line between."""
    return np.clip((np.asarray(values, np.float64) - nothing) / (full - nothing), 0.0, 1.0)
