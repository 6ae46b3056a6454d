"""Rows to events: types, units, signs, conditions, expressions, several events a row, and rows that cannot be read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mapped_rows import event_of, made, mapped, one_field, refused
from sycee.ingestion.v1 import event_pb2
from sycee_ingestion.connectors.chunks import Broken, Guarded, Records
from sycee_ingestion.domain.event import Reject
from sycee_ingestion.mapping import parse
from sycee_ingestion.rows import RowMapper
from sycee_service.errors import InvalidArgument

COLUMNS = ("firm", "no", "date", "party", "gross", "valid")
LEDGER = RowMapper(
    parse("""
source: ledger
merchant: {column: firm, prefix: "firm-"}
occurred_at: {column: date, time_zone: Asia/Shanghai}
event_id: {columns: [firm, no]}
skip: [{column: valid, equals: false}]
events:
  - kind: refund
    when: [{column: gross, below: 0}]
    fields:
      amount: {column: gross, absolute: true}
      goods_returned: true
  - kind: order
    when: [{column: gross, at_least: 0}]
    fields: {buyer_id: {column: party}, amount: {column: gross}}
"""),
    COLUMNS,
)


def ledger(*row: object) -> event_pb2.Event | Reject:
    return event_of(LEDGER, dict(zip(COLUMNS, row, strict=True)))


def test_a_row_of_text_and_a_row_of_values_are_the_same_event() -> None:
    text = made(ledger("E1", "18", "2017-04-13", "D2", "90000.00", "true"))
    typed = made(ledger("E1", 18, date(2017, 4, 13), "D2", 90_000.0, True))
    assert text == typed
    assert (text.source, text.merchant_id, text.event_id) == ("ledger", "firm-E1", "E1-18")
    assert text.occurred_at.ToDatetime(tzinfo=UTC) == datetime(2017, 4, 12, 16, tzinfo=UTC)
    assert (text.order.order_id, text.order.buyer_id, text.order.amount.units) == ("E1-18", "D2", 90_000)


def test_a_negative_amount_is_a_refund() -> None:
    found = made(ledger("E1", "18", "2017-04-13", "D2", "-12.345", "true"))
    assert found.WhichOneof("body") == "refund"
    assert (found.refund.amount.units, found.refund.amount.nanos, found.refund.goods_returned) == (
        12,
        350_000_000,
        True,
    )


@pytest.mark.parametrize("valid", ["false", False])
def test_what_the_mapping_skips_says_so(valid: object) -> None:
    found = refused(ledger("E1", "18", "2017-04-13", "D2", "1", valid))
    assert (found.index, found.reason) == (0, "SKIPPED_BY_MAPPING")


def test_a_row_that_no_rule_fits_says_so() -> None:
    assert refused(ledger("E1", "18", "2017-04-13", "D2", "much", "true")).reason == "SKIPPED_BY_MAPPING"
    assert refused(ledger("E1", "18", "2017-04-13", "D2", None, "true")).reason == "SKIPPED_BY_MAPPING"


@pytest.mark.parametrize("when", ["13.04.2017", "soon", "2017-02-30", "0001-01-01", "9999-12-31T23:59:59-12:00"])
def test_a_time_that_is_none_is_named(when: str) -> None:
    found = refused(ledger("E1", "18", when, "D2", "1", "true"))
    assert (found.reason, found.field) == ("INVALID_FIELD", "occurred_at")
    assert when not in found.description


@pytest.mark.parametrize(
    ("text", "form", "moment"),
    [
        ("2026-03-15 09:30:00", None, (2026, 3, 15, 1, 30)),
        ("2026/3/5 9:07", None, (2026, 3, 5, 1, 7)),
        ("2026年3月5日", None, (2026, 3, 4, 16, 0)),
        ("20260305", "%Y%m%d", (2026, 3, 4, 16, 0)),
        ("1773538200", "epoch_s", (2026, 3, 15, 1, 30)),
        (1773538200000, "epoch_ms", (2026, 3, 15, 1, 30)),
        ("2026-03-15T09:30:00+09:00", None, (2026, 3, 15, 0, 30)),
    ],
)
def test_times_in_many_forms(text: object, form: str | None, moment: tuple[int, ...]) -> None:
    said = "" if form is None else f", format: '{form}'"
    mapping = f"{{source: s, merchant: m, occurred_at: {{column: t{said}}}, events: [{{kind: order, fields: {{}}}}]}}"
    found = made(event_of(RowMapper(parse(mapping), ("t",)), {"t": text}))
    assert found.occurred_at.ToDatetime(tzinfo=UTC) == datetime(*moment, tzinfo=UTC)


def test_a_row_without_a_name_is_named_by_file_and_place() -> None:
    mapper = RowMapper(
        parse(
            "{source: s, merchant: m, occurred_at: {column: d}, events: [{kind: order, fields: {amount: {column: a}}}]}"
        ),
        ("d", "a"),
    )
    found = mapped(mapper, {"d": "2020-01-01", "a": "1"}, {"d": "2020-01-01", "a": "1"})
    names = [(event.event_id, event.order.order_id) for event in found.request.events]
    assert names == [("file-0", "file-0"), ("file-1", "file-1")]


def test_a_broken_row_is_refused_by_its_rule_and_its_neighbours_are_read() -> None:
    good = dict(zip(COLUMNS, ("E1", "1", "2017-04-13", "D2", "1", "true"), strict=True))
    found = mapped(LEDGER, good, Broken("must have as many values as the file has columns", ["x"]), good)
    assert found.places == [0, 2]
    assert [(reject.index, reject.reason) for reject in found.rejects] == [(1, "INVALID_FIELD")]


@pytest.mark.parametrize(
    ("kind", "name", "spec", "value", "read"),
    [
        ("review", "stars", "{column: v}", "4", 4),
        ("review", "stars", "{column: v}", 4.0, 4),
        ("review", "stars", "{column: v, absolute: true}", "-4", 4),
        ("review", "stars", "{column: v, negate: true}", "-4", 4),
        ("review", "complaint", "{column: v}", "是", True),
        ("review", "complaint", "{column: v}", "No", False),
        ("review", "text", "{column: v, prefix: '> '}", "好", "> 好"),
        ("review", "text", "{column: v}", Decimal("1.50"), "1.50"),
        ("shipment", "mode", "{column: v}", "RAIL", 4),
        ("shipment", "mode", "{column: v, map: {truck: ROAD_HEAVY}}", "truck", 3),
        ("shipment", "mode", "{column: v, map: {truck: ROAD_HEAVY}, otherwise: ROAD_LIGHT}", "cart", 1),
        ("shipment", "origin.latitude", "{column: v}", "30.25", 30.25),
        ("shipment", "weight_g", "{column: v, unit: kg}", "0.3505", 351),
        ("shipment", "weight_g", "{column: v, unit: g}", "350", 350),
        ("shipment", "distance_km", "{column: v, unit: m}", 12_500, 13),
        ("energy_use", "electricity_wh", "{column: v, unit: kWh}", "12.5", 12_500),
        ("energy_use", "electricity_wh", "{column: v, unit: MWh}", 1.5, 1_500_000),
        ("traffic", "page_views", "{column: v}", 10**10, 10**10),
        ("traffic", "page_views", "{column: v}", "1,234", 1_234),
        ("store_penalty", "kind", "FAKE_TRADE", None, 2),
        ("bureau_report", "enquiries_12m", "{column: v}", 0, 0),
    ],
)
def test_values_are_read_by_the_type_of_their_field(
    kind: str, name: str, spec: str, value: object, read: object
) -> None:
    found: object = getattr(made(one_field(kind, name, spec, value)), kind)
    for part in name.split("."):
        found = getattr(found, part)
    assert found == read


def test_a_zero_of_an_optional_field_is_said() -> None:
    report = made(one_field("bureau_report", "enquiries_12m", "{column: v}", "0")).bureau_report
    assert report.HasField("enquiries_12m")
    assert not made(one_field("bureau_report", "enquiries_12m", "{column: v}", "")).bureau_report.HasField(
        "enquiries_12m"
    )


@pytest.mark.parametrize(
    ("kind", "name", "spec", "value"),
    [
        ("review", "stars", "{column: v}", "4.5"),
        ("review", "stars", "{column: v}", "-1"),
        ("review", "stars", "{column: v}", "many"),
        ("review", "stars", "{column: v}", True),
        ("review", "stars", "{column: v}", float("nan")),
        ("review", "stars", "{column: v}", "1e999999"),
        ("review", "stars", "{column: v}", str(2**32)),
        ("review", "complaint", "{column: v}", "maybe"),
        ("shipment", "mode", "{column: v}", "SEA"),
        ("shipment", "mode", "{column: v, map: {truck: RAIL}}", "boat"),
        ("shipment", "origin.latitude", "{column: v}", "north"),
        ("order", "amount", "{column: v}", "Infinity"),
        ("order", "amount", "{column: v}", "1e300"),
        ("order", "amount", "{column: v}", "1e18"),
        ("order", "amount", "{column: v}", "12 yuan"),
        ("order", "amount", "{column: v}", "12,50"),
        ("order", "amount", "{column: v}", "1.234,50"),
        ("tax_record", "period_first", "{column: v}", "2020-02-30"),
        ("review", "text", "{column: v}", "half \ud800 pair"),
    ],
)
def test_what_cannot_be_read_is_named_and_never_shown(kind: str, name: str, spec: str, value: object) -> None:
    found = refused(one_field(kind, name, spec, value))
    assert (found.reason, found.field) == ("INVALID_FIELD", f"{kind}.{name}")
    assert str(value) not in found.description


@pytest.mark.parametrize(
    ("dollars", "fen"), [("19.97", 16_535), ("0", 0), ("0.0006", 0), ("0.000604", 1), ("-1.00", -828), (11.77, 9_746)]
)
def test_money_is_exact_at_the_stated_rate(dollars: object, fen: int) -> None:
    amount = made(one_field("order", "amount", '{column: v, from: USD, rate: "8.28"}', dollars)).order.amount
    assert amount.units * 100 + amount.nanos // 10_000_000 == fen
    assert amount.currency_code == "CNY"


@pytest.mark.parametrize(
    ("spec", "value", "fen"),
    [
        ("{column: v}", "¥1,234.50", 123_450),
        ("{column: v}", "￥ 12元", 1_200),
        ("{column: v}", "-¥3.10", -310),
        ("{column: v, unit: fen}", "1999", 1_999),
        ("{column: v, unit: wan}", "1.23456", 1_234_560),
        ("{column: v, negate: true}", "-5", 500),
        ("{column: v}", 0.125, 13),
        ("{column: v}", 87378.64, 8_737_864),
        ("{cel: 'row.v * 3.0'}", "6.67", 2_001),
    ],
)
def test_amounts_in_many_dresses(spec: str, value: object, fen: int) -> None:
    amount = made(one_field("order", "amount", spec, value)).order.amount
    assert amount.units * 100 + int(amount.nanos / 10_000_000) == fen


@given(st.integers(-(10**11), 10**11))
def test_an_amount_of_whole_fen_is_that_amount_whether_text_or_number(fen: int) -> None:
    as_text = f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02}"
    for value in (as_text, float(as_text), Decimal(as_text)):
        amount = made(one_field("invoice", "net_amount", "{column: v}", value)).invoice.net_amount
        assert amount.units * 100 + int(amount.nanos / 10_000_000) == fen


NESTED = RowMapper(
    parse("""
source: platform
merchant: {column: shop.id}
occurred_at: {column: "times[0].paid", format: epoch_ms}
event_id: {column: id}
revision: {column: version}
withdrawn: {column: status, map: {cancelled: "true"}, otherwise: "false"}
skip: [{cel: 'row.status == "unpaid"'}]
events:
  - kind: order
    when: [{cel: 'row.lines.size() > 0'}]
    fields:
      amount: {cel: "row.qty * row.price"}
      buyer_id: {column: buyer.name.nick}
"""),
    ("shop", "times", "id", "version", "status", "lines", "qty", "price", "buyer"),
)
PUSHED: dict[str, object] = {
    "shop": {"id": "m-1"},
    "times": [{"paid": 1_773_538_200_000}],
    "id": "e-1",
    "version": 3,
    "status": "paid",
    "lines": [1],
    "qty": 3,
    "price": 6.67,
    "buyer": {"name": {"nick": "b"}},
}


def test_nested_values_are_reached_by_paths_and_derived_ones_by_expressions() -> None:
    found = made(event_of(NESTED, PUSHED))
    assert (found.merchant_id, found.revision, found.withdrawn, found.order.buyer_id) == ("m-1", 3, False, "b")
    assert found.order.amount.units * 100 + found.order.amount.nanos // 10_000_000 == 2_001
    assert made(event_of(NESTED, PUSHED | {"status": "cancelled"})).withdrawn
    assert not made(event_of(NESTED, PUSHED | {"buyer": None})).order.buyer_id


@pytest.mark.parametrize(
    ("change", "reason", "field"),
    [
        ({"status": "unpaid"}, "SKIPPED_BY_MAPPING", ""),
        ({"lines": []}, "SKIPPED_BY_MAPPING", ""),
        ({"lines": None}, "INVALID_FIELD", "events[0].when[0]"),
        ({"qty": "three"}, "INVALID_FIELD", "order.amount"),
        ({"price": None}, "INVALID_FIELD", "order.amount"),
        ({"price": 1e308}, "INVALID_FIELD", "order.amount"),
        ({"times": []}, None, ""),
    ],
)
def test_an_expression_without_a_value_refuses_its_row_alone(
    change: dict[str, object], reason: str | None, field: str
) -> None:
    found = mapped(NESTED, PUSHED, PUSHED | change, PUSHED)
    if reason is None:
        assert found.places == [0, 1, 2]
        assert not found.request.events[1].HasField("occurred_at")
        return
    assert found.places == [0, 2]
    assert [(reject.reason, reject.field) for reject in found.rejects] == [(reason, field)]


@pytest.mark.parametrize(
    "source",
    [
        "row.qty *",
        "qty * 2",
        "size(row) > 0",
        'row["q" + "ty"]',
        "row",
        "row.lines.map(x, row.lines.map(y, y))",
        "'a' + row.missing",
        '"row.qty" + other',
    ],
)
def test_an_expression_that_cannot_be_meant_is_refused_before_reading(source: str) -> None:
    text = "{source: s, merchant: m, occurred_at: '2020-01-01', events: [{kind: order, fields: {amount: {cel: '%s'}}}]}"
    with pytest.raises(InvalidArgument) as error:
        RowMapper(parse(text % source.replace("'", "''")), ("qty", "lines"))
    assert error.value.violations[0].field.startswith("mapping_yaml.events[0]")


def test_a_row_may_make_further_events() -> None:
    mapper = RowMapper(
        parse("""
source: shop
merchant: m-1
occurred_at: {column: paid_at}
event_id: {column: no}
events: [{kind: order, fields: {order_id: {column: no}, amount: {column: paid}}}]
also:
  - kind: refund
    when: [{column: back, at_least: "0.01"}]
    revision: {column: back}
    occurred_at: {column: back_at}
    fields: {order_id: {column: no}, amount: {column: back}}
"""),
        ("no", "paid_at", "paid", "back", "back_at"),
    )
    row = {"no": "o-1", "paid_at": "2026-01-01", "paid": "9", "back": "2.50", "back_at": "2026-01-05"}
    found = mapped(mapper, row, row | {"no": "o-2", "back": "0"}, row | {"no": "o-3", "back_at": "later"})
    assert (found.places, found.further_places) == ([0, 1], [0])
    (refund,) = found.further
    assert (refund.event_id, refund.revision, refund.refund.order_id, refund.refund.amount.units) == (
        "o-1-refund",
        2,
        "o-1",
        2,
    )
    assert refund.occurred_at.ToDatetime(tzinfo=UTC) == datetime(2026, 1, 4, 16, tzinfo=UTC)
    assert [(reject.index, reject.field) for reject in found.rejects] == [(2, "occurred_at")]


def test_lists_become_repeated_fields() -> None:
    mapper = RowMapper(
        parse("""
source: bureau
merchant: m-1
occurred_at: {column: day}
events:
  - kind: bureau_report
    fields: {report_date: {column: day}}
    lists:
      accounts: {each: loans, fields: {kind: LOAN, outstanding: {column: owed}, opened_on: {column: since}}}
"""),
        ("day", "loans"),
    )
    loans = [{"owed": 10, "since": "2020-01-02"}, {"owed": "20.5"}]
    found = mapped(
        mapper,
        {"day": "2026-01-01", "loans": loans},
        {"day": "2026-01-01"},
        {"day": "2026-01-01", "loans": [{"owed": "much"}]},
        {"day": "2026-01-01", "loans": "none"},
    )
    assert found.places == [0, 1]
    first, second = (event.bureau_report.accounts for event in found.request.events)
    assert [(a.kind, a.outstanding.units, a.opened_on.day) for a in first] == [(1, 10, 2), (1, 20, 0)]
    assert not second
    assert [(reject.index, reject.field) for reject in found.rejects] == [
        (2, "bureau_report.accounts.outstanding"),
        (3, "bureau_report.accounts"),
    ]


def test_personal_columns_say_nothing_but_a_digest() -> None:
    row = {"buyer": " 张三 ", "phone": "13800000000", "to": {"street": "某路 1 号", "city": "杭州"}, "n": None}
    chunk = Guarded(Records([row]), ("phone", "to.street"), ("buyer", "n"), lambda text: f"<{len(text)}>")
    assert (list(chunk.column("buyer")), list(chunk.column("phone")), list(chunk.column("n"))) == (
        ["<2>"],
        [None],
        [None],
    )
    assert chunk.row(0) == {"buyer": "<2>", "phone": None, "to": {"street": None, "city": "杭州"}, "n": None}
    assert row["to"] == {"street": "某路 1 号", "city": "杭州"}


@given(
    st.lists(
        st.one_of(
            st.none(),
            st.text(max_size=30),
            st.integers(),
            st.floats(),
            st.booleans(),
            st.decimals(),
            st.datetimes(),
            st.dates(),
            st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
        ),
        min_size=6,
        max_size=6,
    )
)
def test_any_row_is_an_event_or_a_reject(row: list[object]) -> None:
    assert isinstance(ledger(*row), event_pb2.Event | Reject)


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates() | st.datetimes(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.sampled_from(["id", "paid", "name"]), inside),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(PUSHED)), _ANYTHING))
def test_any_nested_row_is_an_event_or_a_reject(row: dict[str, object]) -> None:
    assert isinstance(event_of(NESTED, PUSHED | row), event_pb2.Event | Reject)
