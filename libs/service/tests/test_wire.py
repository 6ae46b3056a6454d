"""Contract types to plain ones: exact one way and back, and total on whatever comes."""

from __future__ import annotations

import base64
import json
import zlib
from datetime import UTC, date, datetime

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from google.type.money_pb2 import Money
from hypothesis import given
from hypothesis import strategies as st
from sycee_service.errors import InvalidArgument
from sycee_service.wire import (
    MAX_FEN,
    date_from_proto,
    date_to_proto,
    fen_to_money,
    money_to_fen,
    page_token_decode,
    page_token_encode,
    time_from_proto,
    time_to_proto,
)

INT64 = st.integers(-(2**63), 2**63 - 1)
INT32 = st.integers(-(2**31), 2**31 - 1)


@given(st.integers(0, MAX_FEN))
def test_money_returns_as_it_went(fen: int) -> None:
    assert money_to_fen("amount", fen_to_money(fen)) == fen


def test_negative_fen_follow_google_money() -> None:
    assert fen_to_money(-250) == Money(currency_code="CNY", units=-2, nanos=-500_000_000)
    assert fen_to_money(-50) == Money(currency_code="CNY", units=0, nanos=-500_000_000)


@pytest.mark.parametrize(
    ("money", "field"),
    [
        (Money(units=5), "amount.currency_code"),
        (Money(currency_code="USD", units=5), "amount.currency_code"),
        (Money(currency_code="CNY", units=-1), "amount"),
        (Money(currency_code="CNY", units=1, nanos=-10_000_000), "amount"),
        (Money(currency_code="CNY", nanos=1), "amount.nanos"),
        (Money(currency_code="CNY", nanos=1_000_000_000), "amount.nanos"),
        (Money(currency_code="CNY", units=2**62), "amount.units"),
    ],
)
def test_wrong_money_names_its_field(money: Money, field: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        money_to_fen("amount", money)
    assert caught.value.violations[0].field == field


@given(st.sampled_from(["CNY", "cny", ""]), INT64, INT32)
def test_money_is_total(currency: str, units: int, nanos: int) -> None:
    try:
        fen = money_to_fen("amount", Money(currency_code=currency, units=units, nanos=nanos))
    except InvalidArgument:
        return
    assert fen * 10_000_000 == units * 1_000_000_000 + nanos


@given(st.dates())
def test_days_return_as_they_went(day: date) -> None:
    assert date_from_proto("day", date_to_proto(day)) == day


@given(INT32, INT32, INT32)
def test_days_are_total(year: int, month: int, day: int) -> None:
    try:
        found = date_from_proto("day", Date(year=year, month=month, day=day))
    except InvalidArgument:
        return
    assert (found.year, found.month, found.day) == (year, month, day)


@given(st.datetimes(timezones=st.just(UTC)))
def test_times_return_to_the_microsecond(moment: datetime) -> None:
    assert time_from_proto("at", time_to_proto(moment)) == moment


@given(INT64, INT32)
def test_times_are_total(seconds: int, nanos: int) -> None:
    try:
        found = time_from_proto("at", Timestamp(seconds=seconds, nanos=nanos))
    except InvalidArgument:
        return
    assert found.microsecond == nanos // 1000
    assert int((found - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() // 1) == seconds


@given(st.lists(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])), min_size=1, max_size=4))
def test_page_tokens_return_their_keys(keys: list[str]) -> None:
    token = page_token_encode(*keys)
    assert page_token_decode("page_token", token, len(keys)) == tuple(keys)
    with pytest.raises(InvalidArgument):
        page_token_decode("page_token", token, len(keys) + 1)


@given(st.text(max_size=80))
def test_page_tokens_are_total(token: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        page_token_decode("page_token", token, 1)
    assert caught.value.reason == "PAGE_TOKEN_INVALID"


@pytest.mark.parametrize("keys", [["a\x00b"], ["\ud800"], [1], [None], "ab", {"a": 1}, [["a"]]])
def test_forged_page_tokens_are_refused(keys: object) -> None:
    body = json.dumps(keys).encode()
    token = base64.urlsafe_b64encode(zlib.crc32(body).to_bytes(4, "big") + body).decode().rstrip("=")
    with pytest.raises(InvalidArgument):
        page_token_decode("page_token", token, 1)


def test_a_changed_page_token_is_noticed() -> None:
    token = page_token_encode("m-00017")
    changed = token[:-1] + ("A" if token[-1] != "A" else "B")
    with pytest.raises(InvalidArgument):
        page_token_decode("page_token", changed, 1)
