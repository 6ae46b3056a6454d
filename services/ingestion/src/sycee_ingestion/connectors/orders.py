"""Order exports of marketplaces: one order a row, with what was paid and what went back.

Known by its columns: an order's number, what was paid, when. Orders that were never paid are left out. What went back
becomes a refund of the same order; a later export with a larger refund corrects it. Buyers and delivery addresses enter
as keyed digests; names, phones and whatever else tells of persons is dropped as soon as a row is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sycee_service.errors import InvalidArgument, Violation

from sycee_ingestion.connectors import Proposal, Tree, names, proposing
from sycee_ingestion.connectors.looks import Look
from sycee_ingestion.connectors.opening import AnyTable, ExportTable, open_export
from sycee_ingestion.mapping import FIELD, FileShape

UNPAID = (
    "等待买家付款",
    "待付款",
    "未付款",
    "待支付",
    "未支付",
    "已取消",
    "订单取消",
    "交易取消",
    "unpaid",
    "pending",
    "created",
)
"""States of orders that nobody has paid, where a file does not say when one was."""

CLOSED = ("交易关闭", "已关闭", "订单关闭", "已退款", "退款成功", "canceled", "cancelled", "refunded")
"""States of orders whose whole amount went back, where a file does not say how much did."""

_PLATFORMS = (
    ("taobao", ("买家会员名", "宝贝标题")),
    ("douyin", ("主订单编号",)),
    ("pinduoduo", ("商家实收金额(元)",)),
    ("jd", ("京东价",)),
    ("jd", ("下单帐号",)),
)
_IDS = (
    "商品ID",
    "宝贝ID",
    "商家编码",
    "商品编码",
    "货号",
    "SKU",
    "SKU编码",
    "goods_id",
    "product_id",
    "sku_id",
    "item_id",
)
_PLAIN_IDS = frozenset(names.plain(name) for name in _IDS)
_NEEDED = (("order_id", "an order's number"), ("paid", "what was paid"))


class OrderConnector:
    """See above."""

    name = "orders"

    def recognise(self, look: Look) -> float:
        """Sure of a number, an amount and a time; a state or a Chinese name makes it surer."""
        columns = proposing.names_in(look)
        has = {role for role in ("order_id", "paid", "status", "buyer") if names.find(role, columns) is not None}
        if "order_id" not in has or _time_column(columns) is None:
            return 0.0
        return 0.5 + 0.2 * ("paid" in has) + 0.1 * ("status" in has) + 0.1 * ("buyer" in has)

    def propose(self, look: Look) -> Proposal:
        """The connector's own mapping of the columns, with what it takes a person to say."""
        columns = proposing.names_in(look)
        points: list[str] = []
        tree: Tree = {
            "connector": self.name,
            "file": proposing.file_section(look.shape),
            "source": _platform(columns),
            "merchant": proposing.merchant_section(look, points),
        }
        for role, meaning in _NEEDED:
            column = names.find(role, columns)
            if column is None:
                points.append(f"no column of {meaning} was found: without it every row is held")
        when = _time_column(columns)
        if when is not None:
            tree["occurred_at"] = proposing.time_value(look, when, points)
        if (paid := names.find("paid", columns)) is not None:
            value = proposing.money_value(look, paid, points)
            if set(value) > {"column"}:
                tree["options"] = {name: text for name, text in value.items() if name != "column"}
        return Proposal(tree, tuple(points))

    def open(self, path: Path, shape: FileShape) -> AnyTable | ExportTable:
        """The file as rows."""
        return open_export(path, shape)

    def defaults(self, columns: Sequence[str], options: Mapping[str, str]) -> Tree:
        """Everything but the merchant. Options: `from` with `rate`, and `unit`, of its amounts.

        A file without amounts is taken: its rows are held until a mapping says where they are.
        """
        unknown = sorted(set(options) - {"from", "rate", "unit"})
        if unknown:
            raise InvalidArgument.many([Violation(f"{FIELD}.options.{name}", "is no option") for name in unknown])
        order_id, when = names.find("order_id", columns), _time_column(columns)
        if order_id is None or when is None:
            raise InvalidArgument(f"{FIELD}.connector", "wants a file with a column of order numbers and one of times")
        digest = [column for role in ("buyer", "address") if (column := names.find(role, columns)) is not None]
        goods = names.find("goods", columns)
        if goods is not None and names.plain(goods) not in _PLAIN_IDS:
            digest.append(goods)  # a title: too long for an identifier
        drop = [column for column in names.personal(columns) if column not in digest]
        tree: Tree = {
            "source": _platform(columns),
            "occurred_at": {"column": when},
            "event_id": {"column": _row_id(columns, order_id)},
            "personal": {"drop": drop, "digest": digest},
            "events": [{"kind": "order", "fields": _order_fields(columns, order_id, goods, options)}],
            "also": _refunds(columns, order_id, when, options),
        }
        skip = _unpaid(columns)
        return tree | ({"skip": skip} if skip else {})


def _platform(columns: Sequence[str]) -> str:
    present = {names.plain(column) for column in columns}
    wanted = ((platform, {names.plain(name) for name in telling}) for platform, telling in _PLATFORMS)
    return next((platform for platform, telling in wanted if telling <= present), "orders")


def _time_column(columns: Sequence[str]) -> str | None:
    return names.find("paid_at", columns) or names.find("created_at", columns) or names.find("day", columns)


def _row_id(columns: Sequence[str], order_id: str) -> str:
    """What names a row: the part of an order where a file has one a row."""
    return next((column for column in columns if names.plain(column) == names.plain("子订单编号")), order_id)


def _amount(column: str, options: Mapping[str, str]) -> Tree:
    return {"column": column, **options}


def _order_fields(columns: Sequence[str], order_id: str, goods: str | None, options: Mapping[str, str]) -> Tree:
    fields: Tree = {"order_id": {"column": order_id}}
    for field, role in (("buyer_id", "buyer"), ("item_count", "pieces"), ("address_digest", "address")):
        if (column := names.find(role, columns)) is not None:
            fields[field] = {"column": column}
    if goods is not None:
        fields["goods_id"] = {"column": goods}
    if (paid := names.find("paid", columns)) is not None:
        fields["amount"] = _amount(paid, options)
    return fields


def _refunds(columns: Sequence[str], order_id: str, when: str, options: Mapping[str, str]) -> list[Tree]:
    """What went back: the amount where the file says it, else all of an order that ended closed."""
    refunded_at = names.find("refunded_at", columns)
    refund, paid, status = (names.find(role, columns) for role in ("refund", "paid", "status"))
    rule: Tree = {"kind": "refund", "occurred_at": {"column": refunded_at or when}}
    if refund is not None:
        rule["when"] = [{"column": refund, "at_least": "0.01"}]
        rule["revision"] = {"column": refund}
        amount = refund
    elif paid is not None and status is not None:
        rule["when"] = [{"column": status, "equals": list(CLOSED)}]
        amount = paid
    else:
        return []
    return [rule | {"fields": {"order_id": {"column": order_id}, "amount": _amount(amount, options)}}]


def _unpaid(columns: Sequence[str]) -> list[Tree]:
    paid_at, status = names.find("paid_at", columns), names.find("status", columns)
    if paid_at is not None:
        return [{"column": paid_at, "equals": ""}]
    return [] if status is None else [{"column": status, "equals": list(UNPAID)}]
