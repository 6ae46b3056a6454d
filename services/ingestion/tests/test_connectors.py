"""Connectors by themselves: what each recognises, proposes and makes of its kind of file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import EntryPoint
from pathlib import Path

import polars as pl
import pytest
from export_files import SECRETS, TAOBAO_COLUMNS, report, taobao_row, write_invoices, write_json, write_taobao
from hypothesis import given
from hypothesis import strategies as st
from sycee.ingestion.v1 import event_pb2
from sycee_ingestion.connectors import Proposal, Tree, registry
from sycee_ingestion.connectors.bureau_report import as_row
from sycee_ingestion.connectors.chunks import Broken, Records
from sycee_ingestion.connectors.looks import Look, look_at
from sycee_ingestion.connectors.names import find, personal, unit_in
from sycee_ingestion.connectors.registry import BadConnectorError, connectors
from sycee_ingestion.files import ImportRoot
from sycee_ingestion.intake import guarded
from sycee_ingestion.mapping import FileShape
from sycee_ingestion.planning import Plan, Planner
from sycee_ingestion.rows import Mapped
from sycee_service.errors import InvalidArgument


def plan_of(path: Path, mapping: str) -> Plan:
    return Planner(ImportRoot(path.parent)).plan(path.name, mapping)


def mapped(path: Path, mapping: str) -> Mapped:
    """All rows of a small file, guarded as an import guards them."""
    plan = plan_of(path, mapping)
    (chunk,) = plan.table.chunks(0, 1_000)
    safe = guarded(chunk, plan.mapper.personal, lambda text: f"digest-{len(text)}")
    for number in range(safe.height):
        if number not in safe.broken:
            assert not any(secret in str(safe.row(number)) for secret in SECRETS)
    return plan.mapper.events(safe, lambda number: f"row-{number}")


def fen(amount: object) -> int:
    return amount.units * 100 + int(amount.nanos / 10_000_000)  # type: ignore[attr-defined]


def test_the_connectors_that_ship_are_found_by_their_entry_points() -> None:
    assert {"table", "orders", "invoices", "daily_counts", "bureau_report", "merchants"} <= set(connectors())


@pytest.mark.parametrize(
    ("points", "told"),
    [
        ({"orders": "nowhere:Nothing"}, "does not load"),
        ({"other": "sycee_ingestion.connectors.orders:OrderConnector"}, "must be named as its entry point"),
        ({"orders": "sycee_ingestion.connectors.orders:OrderConnector"}, "is not installed"),
    ],
)
def test_a_connector_that_cannot_be_used_is_named(
    points: dict[str, str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [EntryPoint(name, value, registry.GROUP) for name, value in points.items()]
    monkeypatch.setattr(registry, "entry_points", lambda **_: found)
    with pytest.raises(BadConnectorError, match=told):
        registry.connectors.__wrapped__()


class PairsTable:
    """`name=value` pairs, a row a line."""

    columns = ("day", "paid")

    def __init__(self, path: Path) -> None:
        self._lines = path.read_text().splitlines()

    def count(self) -> int:
        return len(self._lines)

    def chunks(self, skip: int, size: int) -> Iterator[Records]:
        for start in range(skip, len(self._lines), size):
            yield Records([self._row(line) for line in self._lines[start : start + size]])

    @staticmethod
    def _row(line: str) -> dict[str, object] | Broken:
        pairs = [pair.partition("=") for pair in line.split(";")]
        return (
            {name: value for name, _, value in pairs} if all(sign for _, sign, _ in pairs) else Broken("no pairs", line)
        )


class PairsConnector:
    """A connector of one's own, as the guide has it."""

    name = "pairs"

    def recognise(self, look: Look) -> float:
        return 1.0 if look.columns[:1] and "=" in look.columns[0] else 0.0

    def propose(self, look: Look) -> Proposal:
        return Proposal({"connector": self.name, "merchant": "m-1"}, ("say who it is",))

    def open(self, path: Path, shape: FileShape) -> PairsTable:
        return PairsTable(path)

    def defaults(self, columns: Sequence[str], options: Mapping[str, str]) -> Tree:
        events = [{"kind": "order", "fields": {"amount": {"column": "paid"}}}]
        return {"source": options.get("source", "pairs"), "occurred_at": {"column": "day"}, "events": events}


def test_a_connector_of_ones_own_reads_proposes_and_fills_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("day=2026-01-01;paid=5\nnothing\npaid=6;day=2026-01-02\n")
    known = {**connectors(), "pairs": PairsConnector()}
    monkeypatch.setattr(registry, "connectors", lambda: known)
    look = look_at(tmp_path / "a.txt")
    assert registry.surest(look).name == "pairs"
    found = mapped(tmp_path / "a.txt", "{connector: pairs, options: {source: mine}, merchant: m-1}")
    assert [(event.source, event.order.amount.units) for event in found.request.events] == [("mine", 5), ("mine", 6)]
    assert [(reject.index, reject.description) for reject in found.rejects] == [(1, "no pairs")]


# Order exports

ORDERS = "connector: orders\nfile: {format: csv, encoding: gbk}\nmerchant: m-1\n"


def test_an_order_export_becomes_orders_and_refunds(tmp_path: Path) -> None:
    path = write_taobao(
        tmp_path / "a.csv",
        taobao_row(1),
        taobao_row(2, 订单状态="等待买家付款", 订单付款时间="", 买家实际支付金额="0.00"),
        taobao_row(3, 退款金额="40.50"),
        taobao_row(4, 买家实际支付金额="\uffe51,234.50"),
        taobao_row(5, 买家实际支付金额="much"),
    )
    found = mapped(path, ORDERS)
    assert found.places == [0, 2, 3]
    assert [fen(event.order.amount) for event in found.request.events] == [10_000, 10_000, 123_450]
    first = found.request.events[0]
    assert (first.source, first.merchant_id, first.event_id) == ("taobao", "m-1", "314159265350001")
    assert first.order.order_id == "314159265350001"
    assert (first.order.buyer_id, first.order.item_count) == ("digest-8", 2)
    assert first.order.address_digest.startswith("digest-")
    assert first.order.goods_id.startswith("digest-")
    (refund,) = found.further
    assert (refund.event_id, refund.revision, fen(refund.refund.amount)) == ("314159265350003-refund", 40, 4_050)
    assert refund.refund.order_id == "314159265350003"
    assert [(reject.index, reject.reason) for reject in found.rejects] == [
        (1, "SKIPPED_BY_MAPPING"),
        (4, "INVALID_FIELD"),
    ]


def test_an_export_without_refunds_takes_a_closed_order_for_refunded(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "主订单编号,子订单编号,商品ID,商品数量,订单应付金额,支付完成时间,订单状态,收件人\n"
        "1,1-1,g-1,1,10,2026/3/1 9:00,已完成,张三丰\n1,1-2,g-2,1,20,2026/3/1 9:00,已关闭,张三丰\n"
    )
    found = mapped(path, "connector: orders\nmerchant: m-1\n")
    events = found.request.events
    assert [(event.source, event.event_id, event.order.order_id) for event in events] == [
        ("douyin", "1-1", "1"),
        ("douyin", "1-2", "1"),
    ]
    assert [event.order.goods_id for event in events] == ["g-1", "g-2"]
    assert [(event.event_id, fen(event.refund.amount)) for event in found.further] == [("1-2-refund", 2_000)]


def test_personal_columns_of_orders_are_dropped_or_digested_whatever_a_mapping_says() -> None:
    tree = connectors()["orders"].defaults(TAOBAO_COLUMNS, {})
    hidden = {*tree["personal"]["drop"], *tree["personal"]["digest"]}
    assert {
        "收货人姓名",
        "收货地址",
        "联系电话",
        "联系手机",
        "买家会员名",
        "买家支付宝账号",
        "买家留言",
        "订单备注",
    } <= hidden
    assert {"买家会员名", "收货地址"} <= set(tree["personal"]["digest"])


# Invoices

SALES = "connector: invoices\noptions: {direction: sale}\nmerchant: m-1\n"


def test_a_ledger_becomes_invoices_and_voiding_is_a_correction(tmp_path: Path) -> None:
    rows = (
        ("044", "001", "2026-01-05", "张三丰", "100.00", "13.00", "113.00", "正常"),
        ("044", "002", "2026-01-06", "某公司", "-50.00", "-6.50", "-56.50", "正常"),
        ("044", "001", "2026-01-05", "张三丰", "100.00", "13.00", "113.00", "作废"),
    )
    found = mapped(write_invoices(tmp_path / "a.csv", *rows), SALES)
    events = found.request.events
    names = [(event.event_id, event.revision, event.invoice.voided) for event in events]
    assert names == [
        ("sale-044-001-2026-01-05", 0, False),
        ("sale-044-002-2026-01-06", 0, False),
        ("sale-044-001-2026-01-05", 1, True),
    ]
    assert [fen(event.invoice.net_amount) for event in events] == [10_000, -5_000, 10_000]
    assert [fen(event.invoice.tax_amount) for event in events] == [1_300, -650, 1_300]
    assert {event.invoice.direction for event in events} == {event_pb2.Invoice.DIRECTION_SALE}
    assert events[0].invoice.counterparty_id == "digest-3"


def test_a_purchase_ledger_names_its_invoices_apart_and_knows_the_seller(tmp_path: Path) -> None:
    row = ("044", "001", "2026-01-05", "某公司", "100.00", "13.00", "113.00", "正常")
    path = write_invoices(tmp_path / "a.csv", row, side="销方名称")
    event = mapped(path, SALES.replace("sale", "purchase")).request.events[0]
    assert (event.event_id, event.invoice.direction) == ("purchase-044-001-2026-01-05", 2)
    assert event.invoice.counterparty_id == "digest-3"
    assert not mapped(path, SALES).request.events[0].invoice.counterparty_id


def test_an_amount_without_tax_is_reckoned_where_a_ledger_has_only_the_gross_one(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "invoice_no,date,tax,gross,valid\n1,2026-01-05,13.07,113.30,True\n2,2026-01-05,1,2,False\n"
    )
    events = mapped(tmp_path / "a.csv", SALES).request.events
    assert [(fen(event.invoice.net_amount), event.invoice.voided) for event in events] == [(10_023, False), (100, True)]


@pytest.mark.parametrize("options", ["", "options: {direction: both}\n"])
def test_a_direction_is_needed(tmp_path: Path, options: str) -> None:
    path = write_invoices(tmp_path / "a.csv")
    with pytest.raises(InvalidArgument) as error:
        plan_of(path, f"connector: invoices\n{options}merchant: m\n")
    assert error.value.violations[0].field == "mapping_yaml.options.direction"


# Counts of a day


def test_counts_of_a_day_with_or_without_their_sum(tmp_path: Path) -> None:
    frame = {"shop_id": [1, 2], "time_stamp": ["2016-01-02", "2016-01-03"], "count": [188, 0]}
    pl.DataFrame(frame).write_parquet(tmp_path / "a.parquet")
    events = mapped(
        tmp_path / "a.parquet", "connector: daily_counts\nsource: s\nmerchant: {column: shop_id}\n"
    ).request.events
    assert [(e.merchant_id, e.event_id, e.daily_count.payment_count) for e in events] == [
        ("1", "1-2016-01-02", 188),
        ("2", "2-2016-01-03", 0),
    ]
    assert not events[0].daily_count.HasField("amount")
    (tmp_path / "b.csv").write_text("店铺ID,统计日期,支付笔数,支付金额(万元)\n1,2016/1/2,3,1.5\n")
    (event,) = mapped(tmp_path / "b.csv", "connector: daily_counts\nsource: s\nmerchant: m\n").request.events
    assert (event.daily_count.payment_count, fen(event.daily_count.amount)) == (3, 1_500_000)


# Merchants


def test_a_list_of_shops_registers_them(tmp_path: Path) -> None:
    path = tmp_path / "shops.csv"
    path.write_text("shop_id,店铺名称,cate_1,联系手机\n7,某店,美食,138\n8,,奇怪,138\nno good,x,美食,138\n")
    look = look_at(path)
    assert registry.surest(look).name == "merchants"
    mapping = (
        "connector: merchants\nmerchant: {column: shop_id, prefix: k-, register: {borrower_kind: SOLE_TRADER,"
        " name: {column: 店铺名称}, category: {column: cate_1, map: {美食: food}, otherwise: other}}}\n"
    )
    plan = plan_of(path, mapping)
    (chunk,) = plan.table.chunks(0, 10)
    assert plan.mapper.personal.drop == ("联系手机",)
    found, rejects = plan.mapper.registrations(chunk)
    assert [(r.merchant_id, r.name, r.category) for r in found] == [("k-7", "某店", "food"), ("k-8", "k-8", "other")]
    assert [(reject.index, reject.field) for reject in rejects] == [(2, "merchant_id")]


# Bureau reports


def test_a_report_is_added_up_from_what_it_lists(tmp_path: Path) -> None:
    path = write_json(tmp_path / "a.json", [report(), report(report_no="2", accounts=[{"kind": "loan"}]), 7])
    found = mapped(path, "connector: bureau_report\n")
    (event,) = found.request.events
    body = event.bureau_report
    assert (event.merchant_id, event.event_id, body.report_date.day) == ("m-1", "2026030100001", 1)
    assert (body.open_accounts, fen(body.outstanding), fen(body.credit_lines)) == (2, 9_000_050, 25_000_000)
    assert fen(body.monthly_debt_service) == 380_000
    assert body.repayment_grid == "-NNNNNN1NNNNNN"[:1] + "N2NNNN1NNNNNN"
    assert (body.enquiries_3m, body.enquiries_12m, body.public_records) == (1, 3, 1)
    kinds = [(account.kind, account.state, account.repayment_grid) for account in body.accounts]
    assert kinds == [(1, 1, "-NNNNNN1NNNNNN--"), (2, 1, "-N2N"), (3, 1, ""), (1, 3, "")]
    assert [reject.index for reject in found.rejects] == [1, 2]
    assert "accounts[0].state" in found.rejects[0].description


def test_a_summary_stands_in_for_what_a_report_does_not_list() -> None:
    summary = {"open_accounts": 3, "outstanding_yuan": "90,000", "enquiries_3m": 1, "public_records": 0}
    row = as_row({"merchant_id": "m", "报告日期": "2026-03-01", "信息概要": summary})
    assert not isinstance(row, Broken)
    assert (row["open_accounts"], row["enquiries_3m"], row["public_records"], str(row["outstanding_yuan"])) == (
        3,
        1,
        0,
        "90000",
    )
    assert row["report_no"] == "m-2026-03-01"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"report_date": "soon"}, "report_date"),
        ({"report_date": None}, "report_date"),
        ({"accounts": 5}, "accounts"),
        ({"accounts": [{"kind": "house", "state": "normal"}]}, r"accounts\[0\].kind"),
        ({"accounts": [{"kind": "loan", "state": "normal", "granted_yuan": "much"}]}, "granted_yuan"),
        (
            {"accounts": [{"kind": "loan", "state": "normal", "repayment_24m": {"to": "2026-02", "states": "N8"}}]},
            "repayment_24m",
        ),
        (
            {"accounts": [{"kind": "loan", "state": "normal", "repayment_24m": {"to": "2026-04", "states": "N"}}]},
            "repayment_24m.to",
        ),
        ({"enquiries": [{"reason": "loan_approval"}]}, r"enquiries\[0\].date"),
        ({"accounts": [], "summary": {"open_accounts": "x"}}, "summary.open_accounts"),
    ],
)
def test_a_report_that_does_not_follow_the_layout_says_where(change: dict[str, object], told: str) -> None:
    row = as_row(report(**change))
    assert isinstance(row, Broken)
    assert re.search(told, row.rule)


_LEAVES = st.none() | st.integers() | st.text(max_size=5) | st.just("2026-03-01")
_KEYS = st.sampled_from(["kind", "state", "date", "to"])
_INSIDE = st.recursive(
    _LEAVES, lambda inside: st.lists(inside, max_size=2) | st.dictionaries(_KEYS, inside, max_size=2), max_leaves=5
)


@given(st.dictionaries(st.sampled_from(["report_date", "accounts", "enquiries", "summary"]), _INSIDE))
def test_any_report_is_a_row_or_broken(change: dict[str, object]) -> None:
    row = as_row({"merchant_id": "m", **change})
    assert isinstance(row, (dict, Broken))


# Names and looks


def test_names_are_found_by_what_they_say() -> None:
    columns = ["用户实付金额(元)", "Order-ID", "buyer.name", "delivery.address"]
    assert find("paid", columns) == "用户实付金额(元)"
    assert find("order_id", columns) == "Order-ID"
    assert find("address", columns) == "delivery.address"
    assert find("stars", columns) is None
    assert personal(["buyer.phone", "金额", "收货人"]) == ["buyer.phone", "收货人"]
    units = ("金额(万元)", "重量 (kg)", "weight_kg", "distance_m", "kwh", "amount")
    assert [unit_in(name) for name in units] == ["wan", "kg", "kg", "m", "kWh", None]


@pytest.mark.parametrize(
    ("text", "shape", "columns"),
    [
        ("a;b;c\n1;2,5;x\n3;4,5;y\n", ("csv", ";", True, 0), ("a", "b", "c")),
        ("a\tb\n1\t2\n3\t4\n", ("csv", "\t", True, 0), ("a", "b")),
        ("1,2026-01-01,5\n2,2026-01-02,6\n", ("csv", ",", False, 0), ("c1", "c2", "c3")),
        ("账单查询\n起: 2026\n时间,金额\n2026-01-01,5\n2026-01-02,6\n", ("csv", ",", True, 2), ("时间", "金额")),
        (" 01 19970101  1   11.77\n 02 19970112  1   12.00\n", ("text", ",", False, 0), ("c1", "c2", "c3", "c4")),
        ("day  amount\n2026-01-01 5\n2026-01-02 6\n", ("text", ",", True, 0), ("day", "amount")),
    ],
)
def test_a_look_finds_how_a_table_is_written(
    tmp_path: Path, text: str, shape: tuple[str, str, bool, int], columns: Sequence[str]
) -> None:
    (tmp_path / "a.txt").write_text(text)
    look = look_at(tmp_path / "a.txt")
    assert (look.shape.format, look.shape.separator, look.shape.header, look.shape.skip_lines) == shape
    assert look.columns == columns
    assert len(look.rows) == 2
