"""On how few buyers, goods, invoice customers and suppliers the trade rests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import narwhals as nw

from sycee_ingestion.features.arithmetic import Frame, as_integer, ratio, where
from sycee_ingestion.features.definitions import HALF_YEAR_DAYS, YEAR_DAYS, Definition, Family, Unit
from sycee_ingestion.features.trade import HISTORY, ORDER, TRADES

SPLIT_DAYS = YEAR_DAYS
"""How far back splits are read."""

NOT_SAID = 0
"""The key of what named nobody."""

BUYER, GOODS, CUSTOMER, SUPPLIER = 1, 2, 3, 4

LEAST_SAID = 0.5
"""Share of the amount that must name somebody. Judgement: with less, what is named may be no picture of the rest."""

_SHARE_PARTS = 1_000_000_000.0  # squares of shares in these parts add up to at most 10^18, which an Int64 holds


@dataclass(frozen=True, slots=True)
class _Side:
    """One thing that trade splits into."""

    name: str
    dimension: int
    source: str
    top: int
    en: str
    zh: str
    base_en: str
    base_zh: str


_SIDES = (
    _Side("buyer", BUYER, ORDER, 10, "buyer", "买家", "paid", "付款额"),
    _Side("goods", GOODS, ORDER, 5, "article of goods", "商品", "paid", "付款额"),
    _Side("customer", CUSTOMER, "invoice", 5, "customer", "客户", "invoiced sales (without tax)", "不含税开票额"),
    _Side("supplier", SUPPLIER, "invoice", 5, "supplier", "供应商", "invoiced purchases (without tax)", "不含税进项额"),
)


def split_facts(rows: Frame) -> Frame:
    """One row a point: shares and numbers by dimension, of the `splits` of the last SPLIT_DAYS."""
    age, key = nw.col("age"), nw.col("key")
    keys = rows.group_by("point", "dimension", "key").agg(
        nw.col("count", "fen").sum(),
        nw.when(age <= 90).then(nw.col("count")).otherwise(0).sum().alias("recent"),
        nw.when(age > 90).then(nw.col("count")).otherwise(0).sum().alias("older"),
    )
    said = key != NOT_SAID
    # What was taken off again in full, or in more than full, is nobody's share.
    amount = nw.when(nw.col("fen") > 0).then(nw.col("fen")).otherwise(0)
    keys = keys.with_columns(amount.alias("amount"), nw.when(said).then(amount).otherwise(0).alias("said"))
    keys = keys.with_columns(
        nw.col("said").sum().over("point", "dimension").alias("all_said"),
        nw.col("said").rank("ordinal", descending=True).over("point", "dimension").alias("rank"),
    )
    share = as_integer(ratio(nw.col("said") * _SHARE_PARTS, nw.col("all_said")))
    keys = keys.with_columns(share.fill_null(0).alias("share"))
    return keys.group_by("point").agg(*[part for side in _SIDES for part in _side_sums(side)], *_buyer_sums())


def _side_sums(side: _Side) -> list[nw.Expr]:
    here = nw.col("dimension") == side.dimension
    there = here & (nw.col("key") != NOT_SAID) & (nw.col("count") > 0)

    def total(condition: nw.Expr, value: nw.Expr | int) -> nw.Expr:
        return nw.when(condition).then(value).otherwise(0).sum()

    return [
        total(here, nw.col("amount")).alias(f"{side.name}_amount"),
        total(here, nw.col("said")).alias(f"{side.name}_said"),
        total(here & (nw.col("rank") <= 1), nw.col("said")).alias(f"{side.name}_top1"),
        total(here & (nw.col("rank") <= side.top), nw.col("said")).alias(f"{side.name}_top{side.top}"),
        total(here, nw.col("share") * nw.col("share")).alias(f"{side.name}_squares"),
        total(there, 1).alias(f"{side.name}_keys"),
        total(there & (nw.col("recent") > 0), 1).alias(f"{side.name}_recent_keys"),
    ]


def _buyer_sums() -> list[nw.Expr]:
    buyer = (nw.col("dimension") == BUYER) & (nw.col("key") != NOT_SAID)
    recent, older, again = nw.col("recent") > 0, nw.col("older") > 0, nw.col("count") >= 2
    conditions = {"new": recent & ~older, "older": older, "returned": older & recent, "again": again}
    return [
        *[nw.when(buyer & met).then(1).otherwise(0).sum().alias(f"buyers_{name}") for name, met in conditions.items()],
        nw.when(buyer & again).then(nw.col("said")).otherwise(0).sum().alias("buyers_again_amount"),
        nw.when(buyer).then(nw.col("count")).otherwise(0).sum().alias("buyers_orders"),
    ]


def buyer_days(rows: Frame) -> Frame:
    """One row a point: `buyer_days`, the sum of the daily numbers of distinct buyers over 90 days.

    Each order without a buyer is a buyer of its own: not known is not the same one.
    """
    by_day = (
        rows.filter(nw.col("dimension") == BUYER, nw.col("age") <= 90)
        .group_by("point", "age", "key")
        .agg(nw.col("count").sum())
    )
    once = nw.when(nw.col("key") == NOT_SAID).then(nw.col("count")).otherwise(1)
    return by_day.group_by("point").agg(nw.when(nw.col("count") > 0).then(once).otherwise(0).sum().alias("buyer_days"))


def definitions() -> Iterator[Definition]:
    """The features of this module."""
    for side in _SIDES:
        yield from _shares(side)
    yield from _buyers()


def _shares(side: _Side) -> Iterator[Definition]:
    amount, said = nw.col(f"{side.name}_amount"), nw.col(f"{side.name}_said")
    enough = said >= amount * LEAST_SAID
    rule = f"Null where less than half of the {side.base_en} names one, or nothing was."
    rule_zh = f"指明{side.zh}的{side.base_zh}不足一半或为零则为空。"
    for top in (1, side.top):
        few, few_zh = ("one", "第一") if top == 1 else (str(top), f"前{top}")
        yield Definition(
            f"{side.name}_top{top}_365d_share",
            Family.CONCENTRATION,
            Unit.SHARE,
            SPLIT_DAYS,
            (side.source,),
            where(enough, ratio(nw.col(f"{side.name}_top{top}"), said)),
            f"Share of the last 365 days' {side.base_en} that the {few} largest {side.en} stood for, of what names"
            f" one. {rule}",
            f"最近365天指明{side.zh}的{side.base_zh}中{few_zh}大{side.zh}的占比。{rule_zh}",
        )
    yield Definition(
        f"{side.name}_hhi_365d_ratio",
        Family.CONCENTRATION,
        Unit.RATIO,
        SPLIT_DAYS,
        (side.source,),
        where(enough & (said > 0), nw.col(f"{side.name}_squares") * 1e-18),
        f"Herfindahl index of the last 365 days' {side.base_en} by {side.en}: the sum of squared shares, 1 when there"
        f" is one alone, 1/n for n alike. Of what names one. {rule}",
        f"最近365天按{side.zh}计算的{side.base_zh}赫芬达尔指数(份额平方和),唯一时为1,n个均等时为1/n。{rule_zh}",
    )
    keys = nw.col(f"{side.name}_keys")
    yield Definition(
        f"{side.name}_365d_count",
        Family.CONCENTRATION,
        Unit.COUNT,
        SPLIT_DAYS,
        (side.source,),
        where(keys > 0, keys),
        f"Different ones ({side.en}) in the last 365 days, those not named left out. Null where none is named.",
        f"最近365天不同{side.zh}的数量,不含未指明者。均未指明则为空。",
    )


def _buyers() -> Iterator[Definition]:
    buyers, recent = nw.col("buyer_keys"), nw.col("buyer_recent_keys")
    long_enough = HISTORY >= HALF_YEAR_DAYS
    named = "Null where no order of the time names its buyer."
    named_zh = "期间订单均未指明买家则为空。"
    yield Definition(
        "buyer_90d_count",
        Family.CONCENTRATION,
        Unit.COUNT,
        90,
        (ORDER,),
        where(recent > 0, recent),
        f"Different buyers in the last 90 days. {named}",
        f"最近90天不同买家的数量。{named_zh}",
    )
    yield Definition(
        "buyer_days_90d_count",
        Family.CONCENTRATION,
        Unit.COUNT,
        90,
        (ORDER,),
        where(TRADES, nw.col("buyer_days").fill_null(0)),
        "Sum of the daily numbers of different buyers over the last 90 days; each order that names none is a buyer of"
        " its own. Null without an order before the day.",
        "最近90天每日不同买家数之和,未指明买家的订单各算一个。此日之前无订单则为空。",
    )
    yield Definition(
        "repeat_buyer_365d_share",
        Family.CONCENTRATION,
        Unit.SHARE,
        SPLIT_DAYS,
        (ORDER,),
        ratio(nw.col("buyers_again"), buyers),
        f"Share of the last 365 days' buyers that ordered at least twice. {named}",
        f"最近365天买家中下单两次及以上者的占比。{named_zh}",
    )
    yield Definition(
        "repeat_amount_365d_share",
        Family.CONCENTRATION,
        Unit.SHARE,
        SPLIT_DAYS,
        (ORDER,),
        ratio(nw.col("buyers_again_amount"), nw.col("buyer_said")),
        "Share of what named buyers paid in the last 365 days that came from those who ordered at least twice."
        f" {named}",
        f"最近365天指明买家的付款额中来自下单两次及以上者的占比。{named_zh}",
    )
    yield Definition(
        "orders_per_buyer_365d_ratio",
        Family.CONCENTRATION,
        Unit.RATIO,
        SPLIT_DAYS,
        (ORDER,),
        ratio(nw.col("buyers_orders"), buyers),
        f"Orders a buyer over the last 365 days, of orders that name one. {named}",
        f"最近365天平均每个买家的订单数,仅计指明买家的订单。{named_zh}",
    )
    yield Definition(
        "new_buyer_90d_share",
        Family.CONCENTRATION,
        Unit.SHARE,
        SPLIT_DAYS,
        (ORDER,),
        where(long_enough, ratio(nw.col("buyers_new"), recent)),
        "Share of the last 90 days' buyers that had not ordered in the 275 days before. Null with less than 182 days"
        " of history or where no order names its buyer.",
        "最近90天买家中此前275天未下单者的占比。历史不足182天或订单均未指明买家则为空。",
    )
    yield Definition(
        "returned_buyer_90d_share",
        Family.CONCENTRATION,
        Unit.SHARE,
        SPLIT_DAYS,
        (ORDER,),
        where(long_enough, ratio(nw.col("buyers_returned"), nw.col("buyers_older"))),
        "Share of the buyers of the 275 days before the last 90 that ordered again in the last 90. Null with less"
        " than 182 days of history or where there was none.",
        "在最近90天之前的275天内下单的买家中,最近90天再次下单者的占比。历史不足182天或无此类买家则为空。",
    )
