"""Rows to events: types, signs, conditions, and rows that cannot be read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sycee.ingestion.v1 import event_pb2
from sycee_ingestion.domain.event import Reject
from sycee_ingestion.mapping import parse
from sycee_ingestion.rows import RowMapper

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
    ("firm", "no", "date", "party", "gross", "valid"),
)


def ledger(*row: object) -> event_pb2.Event | Reject:
    return LEDGER.event(row, 7, "file")


def made(found: event_pb2.Event | Reject) -> event_pb2.Event:
    assert isinstance(found, event_pb2.Event), found
    return found


def refused(found: event_pb2.Event | Reject) -> Reject:
    assert isinstance(found, Reject), found
    return found


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
    assert (found.index, found.reason) == (7, "SKIPPED_BY_MAPPING")


def test_a_row_that_no_rule_fits_says_so() -> None:
    assert refused(ledger("E1", "18", "2017-04-13", "D2", "much", "true")).reason == "SKIPPED_BY_MAPPING"
    assert refused(ledger("E1", "18", "2017-04-13", "D2", None, "true")).reason == "SKIPPED_BY_MAPPING"


@pytest.mark.parametrize("when", ["13.04.2017", "soon", "2017-02-30", "0001-01-01", "9999-12-31T23:59:59-12:00"])
def test_a_time_that_is_none_is_named(when: str) -> None:
    found = refused(ledger("E1", "18", when, "D2", "1", "true"))
    assert (found.reason, found.field) == ("INVALID_FIELD", "occurred_at")
    assert when not in found.description


def test_a_row_without_a_name_is_named_by_file_and_place() -> None:
    mapper = RowMapper(
        parse(
            "{source: s, merchant: m, occurred_at: {column: d}, events: [{kind: order, fields: {amount: {column: a}}}]}"
        ),
        ("d", "a"),
    )
    one, other = (made(mapper.event(("2020-01-01", "1"), index, "abc")) for index in (3, 4))
    assert (one.event_id, one.order.order_id, other.event_id) == ("abc-3", "abc-3", "abc-4")
    assert made(mapper.event(("2020-01-01", "1"), 3, "abc")) == one


def test_a_row_of_another_width_is_refused() -> None:
    assert refused(LEDGER.event(None, 2, "file")).reason == "INVALID_FIELD"


def one_field(kind: str, name: str, spec: str, value: object) -> event_pb2.Event | Reject:
    text = (
        f"{{source: s, merchant: m, occurred_at: '2020-01-01', events: [{{kind: {kind}, fields: {{{name}: {spec}}}}}]}}"
    )
    return RowMapper(parse(text), ("v",)).event((value,), 0, "f")


@pytest.mark.parametrize(
    ("kind", "name", "spec", "value", "read"),
    [
        ("review", "stars", "{column: v}", "4", 4),
        ("review", "stars", "{column: v}", 4.0, 4),
        ("review", "stars", "{column: v, absolute: true}", "-4", 4),
        ("review", "complaint", "{column: v}", "是", True),
        ("review", "complaint", "{column: v}", "No", False),
        ("review", "text", "{column: v, prefix: '> '}", "好", "> 好"),
        ("review", "text", "{column: v}", Decimal("1.50"), "1.50"),
        ("shipment", "mode", "{column: v}", "RAIL", 4),
        ("shipment", "mode", "{column: v, map: {truck: ROAD_HEAVY}}", "truck", 3),
        ("shipment", "origin.latitude", "{column: v}", "30.25", 30.25),
        ("traffic", "page_views", "{column: v}", 10**10, 10**10),
        ("store_penalty", "kind", "FAKE_TRADE", None, 2),
    ],
)
def test_values_are_read_by_the_type_of_their_field(
    kind: str, name: str, spec: str, value: object, read: object
) -> None:
    found: object = getattr(made(one_field(kind, name, spec, value)), kind)
    for part in name.split("."):
        found = getattr(found, part)
    assert found == read


@pytest.mark.parametrize(
    ("kind", "name", "spec", "value"),
    [
        ("review", "stars", "{column: v}", "4.5"),
        ("review", "stars", "{column: v}", "-1"),
        ("review", "stars", "{column: v}", "many"),
        ("review", "stars", "{column: v}", float("nan")),
        ("review", "stars", "{column: v}", "1e999999"),
        ("review", "stars", "{column: v}", str(2**32)),
        ("review", "complaint", "{column: v}", "maybe"),
        ("shipment", "mode", "{column: v}", "SEA"),
        ("shipment", "mode", "{column: v, map: {truck: RAIL}}", "boat"),
        ("shipment", "origin.latitude", "{column: v}", "north"),
        ("order", "amount", "{column: v}", "Infinity"),
        ("order", "amount", "{column: v}", "1e300"),
        ("order", "amount", "{column: v}", "12 yuan"),
        ("tax_record", "period_first", "{column: v}", "2020-02-30"),
        ("review", "text", "{column: v}", "half \ud800 pair"),
    ],
)
def test_what_cannot_be_read_is_named_and_never_shown(kind: str, name: str, spec: str, value: object) -> None:
    found = refused(one_field(kind, name, spec, value))
    assert (found.reason, found.field) == ("INVALID_FIELD", f"{kind}.{name}")


@pytest.mark.parametrize(
    ("dollars", "fen"), [("19.97", 16_535), ("0", 0), ("0.0006", 0), ("0.000604", 1), ("-1.00", -828), (11.77, 9_746)]
)
def test_money_is_exact_at_the_stated_rate(dollars: object, fen: int) -> None:
    amount = made(one_field("order", "amount", '{column: v, from: USD, rate: "8.28"}', dollars)).order.amount
    assert amount.units * 100 + amount.nanos // 10_000_000 == fen
    assert amount.currency_code == "CNY"


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
        ),
        min_size=6,
        max_size=6,
    )
)
def test_any_row_is_an_event_or_a_reject(row: list[object]) -> None:
    assert isinstance(LEDGER.event(row, 0, "file"), event_pb2.Event | Reject)
