"""The mapping's shape: what is wrong is named by its key, and nothing in a YAML text does harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sycee_ingestion.mapping import parse, read
from sycee_ingestion.rows import RowMapper
from sycee_service.errors import InvalidArgument

GOOD = """
file: {header: false, columns: [buyer, day, pieces, dollars]}
source: shop
merchant: cdnow
occurred_at: {column: day, format: "%Y%m%d"}
events:
  - kind: order
    fields:
      buyer_id: {column: buyer}
      item_count: {column: pieces}
      amount: {column: dollars, from: USD, rate: "8.28"}
"""
COLUMNS = ("buyer", "day", "pieces", "dollars")


def test_a_good_mapping_fits_its_columns() -> None:
    RowMapper(parse(GOOD), COLUMNS)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("source: shop\n", "", "mapping_yaml.source"),
        ("source: shop", "source: {column: shop}", "mapping_yaml.source.column"),
        ("column: day", "column: tag", "mapping_yaml.occurred_at.column"),
        ("column: day", "column: day, constant: x", "mapping_yaml.occurred_at"),
        ("column: buyer", "columns: [buyer, who]", "mapping_yaml.events[0].fields.buyer_id.column"),
        ("kind: order", "kind: sale", "mapping_yaml.events[0].kind"),
        ("buyer_id:", "buyer:", "mapping_yaml.events[0].fields.buyer"),
        ("item_count:", "amount.units:", "mapping_yaml.events[0].fields.amount.units"),
        ('rate: "8.28"', 'rate: "zero"', "mapping_yaml.events[0].fields.amount.rate"),
        ('rate: "8.28"', "rate: 0", "mapping_yaml.events[0].fields.amount.rate"),
        (', rate: "8.28"', "", "mapping_yaml.events[0].fields.amount"),
        ("from: USD", "from: dollars", "mapping_yaml.events[0].fields.amount.from"),
        ('format: "%Y%m%d"', "time_zone: Mars/Crater", "mapping_yaml.occurred_at.time_zone"),
        ("header: false, ", "", "mapping_yaml.file"),
        ("header: false", "header: false, encoding: latin-1", "mapping_yaml.file.encoding"),
        ("header: false", "header: false, format: xls", "mapping_yaml.file.format"),
        ("column: pieces", "column: pieces, unit: kg", "mapping_yaml.events[0].fields.item_count.unit"),
        (', rate: "8.28"', ', rate: "8.28", unit: kg', "mapping_yaml.events[0].fields.amount.unit"),
        ("column: pieces", "cel: row.pieces +", "mapping_yaml.events[0].fields.item_count.cel"),
        ("column: pieces", "cel: row.bits", "mapping_yaml.events[0].fields.item_count.cel"),
        ("column: pieces", "column: pieces, absolute: true, negate: true", "mapping_yaml.events[0].fields.item_count"),
        ("column: pieces", "column: pieces, otherwise: x", "mapping_yaml.events[0].fields.item_count"),
        ("events:", "skip: [{cel: row.day, equals: x}]\nevents:", "mapping_yaml.skip[0]"),
        ("events:", "skip: [{equals: x}]\nevents:", "mapping_yaml.skip[0]"),
        ("events:", "personal: {drop: [phone]}\nevents:", "mapping_yaml.personal.drop[0]"),
        ("events:", "revision: {column: version}\nevents:", "mapping_yaml.revision.column"),
        (
            "    fields:",
            "    lists: {buyers: {each: buyer, fields: {a: b}}}\n    fields:",
            "mapping_yaml.events[0].lists.buyers",
        ),
        ("events:", "options: {Direction: sale}\nevents:", "mapping_yaml.options.Direction.[key]"),
        (
            "merchant: cdnow",
            "merchant: {constant: cdnow, register: {borrower_kind: SHOP}}",
            "mapping_yaml.merchant.register.borrower_kind",
        ),
        (
            "merchant: cdnow",
            "merchant: {constant: cdnow, register: {borrower_kind: ENTERPRISE, category: Mode}}",
            "mapping_yaml.merchant.register.category",
        ),
        ("header: false", "header: false, separator: ab", "mapping_yaml.file.separator"),
        ("events:", "skip: [{column: buyer}]\nevents:", "mapping_yaml.skip[0]"),
        ("events:", "skip: [{column: state, equals: x}]\nevents:", "mapping_yaml.skip[0].column"),
        ("events:", "extra: 1\nevents:", "mapping_yaml.extra"),
        (
            "merchant: cdnow",
            "merchant: {constant: cdnow, register: {}}",
            "mapping_yaml.merchant.register.borrower_kind",
        ),
        ("source: shop", "source: shop\nsource: shop", "mapping_yaml"),
        ("source: shop", "source: &a shop\nevent_id: *a", "mapping_yaml"),
        ("source: shop", "source: [", "mapping_yaml"),
        ("source: shop", "? [a]\n: b", "mapping_yaml"),
    ],
)
def test_each_mistake_is_named_by_its_key(old: str, new: str, field: str) -> None:
    assert old in GOOD
    with pytest.raises(InvalidArgument) as error:
        RowMapper(parse(GOOD.replace(old, new, 1)), COLUMNS)
    assert error.value.violations[0].field == field


@pytest.mark.parametrize(
    "text", ["", "just text", "[1, 2]", "[" * 60_000, "{a: " * 20_000, "\x00", "!!python/object:os.system {}"]
)
def test_what_is_no_mapping_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        parse(text)


@given(st.text(max_size=200))
def test_any_text_is_a_mapping_or_refused(text: str) -> None:
    fields = ["mapping_yaml"]
    try:
        parse(text)
    except InvalidArgument as error:
        fields = [violation.field for violation in error.violations]
    assert all(field.startswith("mapping_yaml") for field in fields)


def test_an_enum_that_the_contract_does_not_have_is_refused_before_reading() -> None:
    text = """
source: shop
merchant: m-1
occurred_at: {column: day}
events:
  - kind: shipment
    fields:
      mode: {column: how, map: {truck: ROAD_HEAVY, boat: SEA}}
"""
    with pytest.raises(InvalidArgument) as error:
        RowMapper(parse(text), ("day", "how"))
    assert error.value.violations[0].field == "mapping_yaml.events[0].fields.mode"


def test_a_connector_fills_in_what_a_mapping_leaves_out() -> None:
    draft = read("{connector: ledgers, options: {side: left}, source: own, merchant: m, personal: {drop: [a]}}")
    assert (draft.connector, draft.options, draft.file.format) == ("ledgers", {"side": "left"}, None)
    events = [{"kind": "order", "fields": {"amount": {"column": "a"}}}]
    defaults = {"source": "theirs", "occurred_at": {"column": "t"}, "events": events, "personal": {"drop": ["b"]}}
    filled = draft.filled(defaults)
    assert filled.source is not None
    assert (filled.source.constant, filled.events[0].kind) == ("own", "order")
    assert set(filled.personal.drop) == {"a", "b"}  # nobody lays a personal column open by naming another


def test_without_events_a_file_registers_merchants() -> None:
    with pytest.raises(InvalidArgument) as error:
        parse("{merchant: {column: shop}}")
    assert [violation.field for violation in error.value.violations] == ["mapping_yaml.events"]
    mapping = parse("{merchant: {column: shop, register: {borrower_kind: SOLE_TRADER, name: {column: name}}}}")
    assert RowMapper(mapping, ("shop", "name")).registers_only
