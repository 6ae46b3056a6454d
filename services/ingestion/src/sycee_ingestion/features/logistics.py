"""Parcels: late ones, what is known of them, how far they go and what they are packed in."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import add

from sycee_ingestion.features.arithmetic import ratio, where
from sycee_ingestion.features.definitions import YEAR_DAYS, DayTotals, Definition, Family, Unit, seen

SHIPMENT = "shipment"

_MODES = {
    "unknown": ("of a mode not said", "运输方式不明"),
    "road_light": ("by light lorry", "轻型货车"),
    "road_medium": ("by medium lorry", "中型货车"),
    "road_heavy": ("by heavy lorry", "重型货车"),
    "rail": ("by rail", "铁路"),
}
_PACKAGINGS = {
    "unknown": ("packaging not said", "包装不明"),
    "single_use": ("new single-use packaging", "一次性新包装"),
    "recycled": ("recycled packaging", "再生材料包装"),
    "reusable": ("packaging that goes round", "循环包装"),
}

_NONE = "Null without a parcel in them."
_NONE_ZH = "期间无包裹则为空。"


def definitions(total: DayTotals) -> Iterator[Definition]:
    """The features of this module."""
    yield from _counts(total)
    yield from _shares(total)
    yield from _freight(total)
    yield from _packaging(total)


def _counts(total: DayTotals) -> Iterator[Definition]:
    for name, column, unit, en, zh in (
        ("parcel_365d_count", "parcel_count", Unit.COUNT, "Parcels sent", "发出的包裹数"),
        ("weighed_parcel_365d_count", "weighed_count", Unit.COUNT, "Parcels with a weight", "有重量的包裹数"),
        ("routed_parcel_365d_count", "routed_count", Unit.COUNT, "Parcels with a distance", "有距离的包裹数"),
        (
            "covered_parcel_365d_count",
            "covered_count",
            Unit.COUNT,
            "Parcels with weight and distance",
            "有重量和距离的包裹数",
        ),
        ("odd_route_365d_count", "odd_route_count", Unit.COUNT, "Parcels whose route cannot be", "路线不可能的包裹数"),
        (
            "parcel_weight_365d_g",
            "weight_g",
            Unit.GRAMS,
            "Weight of the parcels that were weighed",
            "已称重包裹的总重量",
        ),
    ):
        yield Definition(
            name,
            Family.LOGISTICS,
            unit,
            YEAR_DAYS,
            (SHIPMENT,),
            where(seen(total, "parcel_count"), total(column, YEAR_DAYS)),
            f"{en} in the last 365 days. Null where no parcel was ever told of.",
            f"最近365天{zh}。从未有包裹信息则为空。",
        )


def _shares(total: DayTotals) -> Iterator[Definition]:
    for name, column, days, en, zh in (
        ("late_parcel_30d_share", "late_count", 30, "were late", "延误"),
        ("late_parcel_90d_share", "late_count", 90, "were late", "延误"),
        ("late_parcel_365d_share", "late_count", YEAR_DAYS, "were late", "延误"),
        ("weighed_parcel_365d_share", "weighed_count", YEAR_DAYS, "have a weight", "有重量"),
        ("routed_parcel_365d_share", "routed_count", YEAR_DAYS, "have a distance", "有距离"),
        ("covered_parcel_365d_share", "covered_count", YEAR_DAYS, "have both weight and distance", "有重量和距离"),
        (
            "odd_route_365d_share",
            "odd_route_count",
            YEAR_DAYS,
            "went a way that cannot be: between one and the same place, or shorter than the crow flies",
            "路线不可能(起讫相同或短于直线距离)",
        ),
    ):
        yield Definition(
            name,
            Family.LOGISTICS,
            Unit.SHARE,
            days,
            (SHIPMENT,),
            ratio(total(column, days), total("parcel_count", days)),
            f"Share of the last {days} days' parcels that {en}. {_NONE}",
            f"最近{days}天包裹中{zh}的占比。{_NONE_ZH}",
        )
    yield Definition(
        "parcels_per_order_90d_ratio",
        Family.LOGISTICS,
        Unit.RATIO,
        90,
        ("order", SHIPMENT),
        where(seen(total, "parcel_count"), ratio(total("parcel_count", 90), total("order_count", 90))),
        "Parcels over orders in the last 90 days: far below 1, orders were not sent, or not told of. Null without an"
        " order in them, or where no parcel was ever told of.",
        "最近90天包裹数与订单数之比,远低于1说明订单未发货或未报送。期间无订单或从未有包裹信息则为空。",
    )
    yield Definition(
        "mean_parcel_weight_365d_g",
        Family.LOGISTICS,
        Unit.GRAMS,
        YEAR_DAYS,
        (SHIPMENT,),
        ratio(total("weight_g", YEAR_DAYS), total("weighed_count", YEAR_DAYS)),
        "Mean weight of the last 365 days' weighed parcels. Null without one.",
        "最近365天已称重包裹的平均重量。无称重包裹则为空。",
    )


def _freight(total: DayTotals) -> Iterator[Definition]:
    freight = {mode: total(f"gram_km_{mode}", YEAR_DAYS) for mode in _MODES}
    for mode, (en, zh) in _MODES.items():
        yield Definition(
            f"freight_{mode}_365d_gkm",
            Family.LOGISTICS,
            Unit.GRAM_KM,
            YEAR_DAYS,
            (SHIPMENT,),
            where(seen(total, "parcel_count"), freight[mode]),
            f"Freight {en} in the last 365 days: weight times distance, over parcels with both. Null where no parcel"
            " was ever told of.",
            f"最近365天{zh}货运量(重量乘距离,仅计两者皆有的包裹)。从未有包裹信息则为空。",
        )
    everything = reduce(add, freight.values())
    for name, base, en, zh in (
        ("parcel", "covered_count", "a parcel with weight and distance", "每个有重量和距离的包裹"),
        ("order", "order_count", "an order, over parcels with weight and distance", "每笔订单(仅计有重量和距离的包裹)"),
    ):
        yield Definition(
            f"freight_per_{name}_365d_gkm",
            Family.LOGISTICS,
            Unit.GRAM_KM,
            YEAR_DAYS,
            (SHIPMENT,) if name == "parcel" else ("order", SHIPMENT),
            where(total("covered_count", YEAR_DAYS) > 0, ratio(everything, total(base, YEAR_DAYS))),
            f"Freight {en}, over the last 365 days. Null without such a"
            f" parcel{'' if name == 'parcel' else ' or without an order'}.",
            f"最近365天{zh}的平均货运量。无此类包裹{'' if name == 'parcel' else '或无订单'}则为空。",
        )
    yield Definition(
        "rail_freight_365d_share",
        Family.LOGISTICS,
        Unit.SHARE,
        YEAR_DAYS,
        (SHIPMENT,),
        ratio(freight["rail"], everything),
        "Share of the last 365 days' gram-kilometres that went by rail. Null without freight.",
        "最近365天货运量中铁路的占比。无货运量则为空。",
    )


def _packaging(total: DayTotals) -> Iterator[Definition]:
    parcels = {kind: total(f"packaging_{kind}", YEAR_DAYS) for kind in _PACKAGINGS}
    for kind, (en, zh) in _PACKAGINGS.items():
        yield Definition(
            f"packaging_{kind}_365d_count",
            Family.LOGISTICS,
            Unit.COUNT,
            YEAR_DAYS,
            (SHIPMENT,),
            where(seen(total, "parcel_count"), parcels[kind]),
            f"Parcels of the last 365 days: {en}. Null where no parcel was ever told of.",
            f"最近365天{zh}的包裹数。从未有包裹信息则为空。",
        )
    said = parcels["single_use"] + parcels["recycled"] + parcels["reusable"]
    yield Definition(
        "packaging_known_365d_share",
        Family.LOGISTICS,
        Unit.SHARE,
        YEAR_DAYS,
        (SHIPMENT,),
        ratio(said, total("parcel_count", YEAR_DAYS)),
        f"Share of the last 365 days' parcels whose packaging is said. {_NONE}",
        f"最近365天包裹中包装已知的占比。{_NONE_ZH}",
    )
    yield Definition(
        "packaging_green_365d_share",
        Family.LOGISTICS,
        Unit.SHARE,
        YEAR_DAYS,
        (SHIPMENT,),
        ratio(parcels["recycled"] + parcels["reusable"], said),
        "Share of recycled or reusable packaging among the last 365 days' parcels whose packaging is said. Null where"
        " none is.",
        "最近365天包装已知的包裹中再生或循环包装的占比。包装均不明则为空。",
    )
