"""What every RPC promises: lists, schedules, bad input by name, and who may call."""

from __future__ import annotations

import base64
import json
from datetime import date
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2
from google.type.date_pb2 import Date
from google.type.money_pb2 import Money
from sycee.common.v1 import common_pb2
from sycee.limits.v1 import limits_pb2 as pb
from sycee_limits.access import ACCESS
from sycee_service.wire import fen_to_money, page_token_encode


def fen(money: Money) -> int:
    return int(money.units * 100 + money.nanos // 10_000_000)


def fields_of(error: grpc.aio.AioRpcError) -> set[str]:
    """The fields that the error's BadRequest names."""
    status = status_pb2.Status()
    status.ParseFromString(dict(error.trailing_metadata() or ())["grpc-status-details-bin"])
    found: set[str] = set()
    for detail in status.details:
        bad = error_details_pb2.BadRequest()
        if detail.Unpack(bad):
            found.update(violation.field for violation in bad.field_violations)
    return found


async def refused_field(call: Any, field: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT, raised.value.details()
    assert any(name.startswith(field) for name in fields_of(raised.value)), (fields_of(raised.value), field)


def a_schedule(**changes: Any) -> pb.QuoteScheduleRequest:
    values: dict[str, Any] = {
        "principal": fen_to_money(12_000_000),
        "annual_rate_bp": 1_560,
        "term_months": 12,
        "repayment_method": common_pb2.REPAYMENT_METHOD_EQUAL_INSTALMENT,
        "first_day": Date(year=2026, month=1, day=31),
    }
    return pb.QuoteScheduleRequest(**{**values, **changes})


async def test_products_are_listed_by_id(ledger: Any) -> None:
    whole = await ledger.stub.ListProducts(pb.ListProductsRequest())
    assert [product.product_id for product in whole.products] == ["festival", "green", "shopkeeper", "startup"]
    assert whole.next_page_token == ""
    shopkeeper = whole.products[2]
    assert shopkeeper.name_zh == "店主贷"
    assert fen(shopkeeper.max_amount) == 50_000_000
    assert shopkeeper.sales_multiple_milli == 1_500
    assert shopkeeper.purpose == common_pb2.LOAN_PURPOSE_WORKING_CAPITAL
    assert list(shopkeeper.terms_months) == [3, 6, 12, 18, 24]
    assert shopkeeper.version.startswith("catalogue-2026.1+")
    assert whole.products[3].min_months_of_history == 0


async def test_lists_are_paged(ledger: Any) -> None:
    first = await ledger.stub.ListProducts(pb.ListProductsRequest(page_size=3))
    rest = await ledger.stub.ListProducts(pb.ListProductsRequest(page_size=3, page_token=first.next_page_token))
    assert len(first.products) == 3
    assert [product.product_id for product in rest.products] == ["startup"]
    assert rest.next_page_token == ""
    lenders = await ledger.stub.ListLenders(pb.ListLendersRequest(page_size=2))
    more = await ledger.stub.ListLenders(pb.ListLendersRequest(page_size=2, page_token=lenders.next_page_token))
    assert [lender.lender_id for lender in lenders.lenders] == ["hill-microloan", "lake-consumer"]
    assert [lender.lender_id for lender in more.lenders] == ["river-bank"]


async def test_lenders_say_what_is_drawn_and_held(ledger: Any, asks: Any) -> None:
    await ledger.stub.Reserve(asks.reserve("r1"))
    await ledger.stub.Reserve(asks.reserve("r2", merchant_id="m2"))
    await ledger.stub.Capture(asks.capture("r1", 1_000_000))
    listed = await ledger.stub.ListLenders(pb.ListLendersRequest())
    lenders = {lender.lender_id: lender for lender in listed.lenders}
    assert fen(lenders["river-bank"].exposure) == 6_000_000
    assert fen(lenders["hill-microloan"].exposure) == 0
    assert lenders["hill-microloan"].capital_date == Date(year=2025, month=12, day=31)
    assert fen(lenders["hill-microloan"].capital) == 6_000_000_000
    assert lenders["river-bank"].worst_grade == common_pb2.GRADE_C


async def test_a_schedule_with_a_guarantee_fee(ledger: Any) -> None:
    """Worked case 6 over the wire."""
    fee = pb.Fee(kind="guarantee", monthly=fen_to_money(48_000))
    answer = await ledger.stub.QuoteSchedule(a_schedule(fees=[fee]))
    assert round(answer.nominal_rate, 4) == 0.2396
    assert round(answer.effective_rate, 4) == 0.2678
    assert answer.monthly_irr * 12 == pytest.approx(answer.nominal_rate)
    assert fen(answer.net_received) == 12_000_000
    assert len(answer.payments) == 12
    assert sum(fen(payment.principal) for payment in answer.payments) == 12_000_000
    assert answer.payments[0].due_date == Date(year=2026, month=2, day=28)
    assert fen(answer.payments[-1].balance) == 0
    paid = sum(fen(payment.total) for payment in answer.payments)
    assert fen(answer.total_cost) == paid - 12_000_000


async def test_an_up_front_fee_lowers_what_is_received(ledger: Any) -> None:
    """Worked case 7 over the wire."""
    request = a_schedule(
        principal=fen_to_money(10_000_000),
        annual_rate_bp=1_200,
        fees=[pb.Fee(kind="service", upfront=fen_to_money(1_000_000))],
    )
    answer = await ledger.stub.QuoteSchedule(request)
    assert fen(answer.net_received) == 9_000_000
    assert round(answer.nominal_rate, 4) == 0.3250
    assert round(answer.effective_rate, 4) == 0.3781


BAD_SCHEDULES: list[tuple[dict[str, Any], str]] = [
    ({"principal": Money()}, "principal"),
    ({"principal": Money(currency_code="USD", units=1)}, "principal"),
    ({"principal": Money(currency_code="CNY", units=-1)}, "principal"),
    ({"principal": Money(currency_code="CNY", units=1, nanos=1)}, "principal"),
    ({"principal": Money(currency_code="CNY", units=2**62)}, "principal"),
    ({"annual_rate_bp": 10_001}, "annual_rate_bp"),
    ({"term_months": 0}, "term_months"),
    ({"term_months": 61}, "term_months"),
    ({"repayment_method": 0}, "repayment_method"),
    ({"repayment_method": 99}, "repayment_method"),
    ({"first_day": None}, "first_day"),
    ({"first_day": Date(year=2026, month=2, day=30)}, "first_day"),
    ({"first_day": Date(year=9999, month=12, day=31)}, "first_day"),
    ({"fees": [pb.Fee(kind="x", upfront=fen_to_money(12_000_000))]}, "fees"),
    ({"fees": [pb.Fee(kind="", upfront=fen_to_money(1))]}, "fees"),
    ({"fees": [pb.Fee(kind="x", monthly=Money(currency_code="CNY", units=-1))]}, "fees"),
    ({"fees": [pb.Fee(kind="x")] * 21}, "fees"),
]


async def test_a_bad_schedule_is_named(ledger: Any) -> None:
    for changes, field in BAD_SCHEDULES:
        await refused_field(ledger.stub.QuoteSchedule(a_schedule(**changes)), field)


BAD_APPLICATIONS: list[tuple[dict[str, Any], str]] = [
    ({"merchant_id": ""}, "application.merchant_id"),
    ({"merchant_id": "a b"}, "application.merchant_id"),
    ({"merchant_id": "m" * 65}, "application.merchant_id"),
    ({"product_id": "../etc"}, "application.product_id"),
    ({"requested_amount": Money()}, "application.requested_amount"),
    ({"requested_amount": Money(currency_code="EUR", units=5)}, "application.requested_amount"),
    ({"requested_amount": Money(currency_code="CNY", units=-5)}, "application.requested_amount"),
    ({"requested_amount": Money(currency_code="CNY", units=1_000_000_001)}, "application.requested_amount"),
    ({"term_months": 0}, "application.term_months"),
    ({"term_months": 2**31}, "application.term_months"),
    ({"repayment_method": 77}, "application.repayment_method"),
    ({"lender_id": "?"}, "application.lender_id"),
    ({"as_of": Date()}, "application.as_of"),
    ({"as_of": Date(year=2026, month=2, day=29)}, "application.as_of"),
    ({"as_of": date(2026, 11, 25)}, "application.as_of"),
    ({"as_of": Date(year=1, month=1, day=1)}, "application.as_of"),
    ({"borrower_kind": 9}, "application.borrower_kind"),
    ({"province_code": "x1"}, "application.province_code"),
    ({"months_of_history": 1_201}, "application.months_of_history"),
    ({"default_probability": 1.01}, "application.default_probability"),
    ({"default_probability": -0.01}, "application.default_probability"),
    ({"default_probability": float("nan")}, "application.default_probability"),
    ({"default_probability": float("inf")}, "application.default_probability"),
    ({"grade": 6}, "application.grade"),
    ({"other_debt_fen": -1}, "application.other_debt_fen"),
    ({"other_debt_service_fen": -1}, "application.other_debt_service_fen"),
    ({"peak_28d_share": 2.0}, "application.peak_28d_share"),
    ({"esg_discount_bp": 51}, "application.esg_discount_bp"),
]


async def test_a_bad_application_is_named(ledger: Any, asks: Any) -> None:
    for changes, field in BAD_APPLICATIONS:
        message = asks.message(**{key: value for key, value in changes.items() if key != "requested_amount"})
        if "requested_amount" in changes:
            message.requested_amount.CopyFrom(changes["requested_amount"])
        await refused_field(ledger.stub.QuoteLimit(pb.QuoteLimitRequest(application=message)), field)
        request = pb.ReserveRequest(request_id=asks.request_id(), reservation_id="r1", application=message)
        await refused_field(ledger.stub.Reserve(request), field)


async def test_extreme_numbers_are_answered(ledger: Any, asks: Any) -> None:
    most = 2**63 - 1
    extremes: list[dict[str, Any]] = [
        {"monthly_net_fen": most, "requested_fen": 10**11},
        {"monthly_net_fen": -most - 1},
        {"other_debt_fen": most},
        {"other_debt_service_fen": most},
        {"default_probability": 1.0},
        {"default_probability": 0.0},
    ]
    for changes in extremes:
        for product_id, terms in (("shopkeeper", 24), ("festival", 3), ("startup", 6), ("green", 6)):
            request = asks.quote(product_id=product_id, term_months=terms, **changes)
            assert (await ledger.stub.QuoteLimit(request)).quote.product_id == product_id


async def test_other_bad_input_is_named(ledger: Any, asks: Any) -> None:
    stub = ledger.stub
    await refused_field(stub.QuoteLimit(pb.QuoteLimitRequest()), "application")
    await refused_field(stub.Reserve(pb.ReserveRequest(request_id="request-x", reservation_id="r1")), "application")
    short = asks.reserve("r1")
    short.request_id = "short"
    await refused_field(stub.Reserve(short), "request_id")
    await refused_field(stub.Reserve(asks.reserve("")), "reservation_id")
    for hold_for in (Duration(seconds=0), Duration(seconds=-5), Duration(seconds=2_592_001)):
        request = asks.reserve("r1")
        request.hold_for.CopyFrom(hold_for)
        await refused_field(stub.Reserve(request), "hold_for")
    await refused_field(stub.Capture(asks.capture("r1", 0)), "amount")
    wrong = asks.capture("r1", 5)
    wrong.amount.currency_code = "USD"
    await refused_field(stub.Capture(wrong), "amount")
    await refused_field(stub.Void(asks.void("no/such")), "reservation_id")
    await refused_field(stub.GetFacility(pb.GetFacilityRequest()), "facility_id")


async def test_a_bad_page_is_named(ledger: Any) -> None:
    stub = ledger.stub
    for call, request in (
        (stub.ListProducts, pb.ListProductsRequest),
        (stub.ListLenders, pb.ListLendersRequest),
        (stub.ListEntries, pb.ListEntriesRequest),
    ):
        for token in ("x", "AAAA", page_token_encode("a", "b")):
            await refused_field(call(request(page_token=token)), "page_token")
        await refused_field(call(request(page_size=501)), "page_size")
        await refused_field(call(request(page_size=-1)), "page_size")
    for key in ("-1", "1.5", "9" * 20, "²"):
        await refused_field(stub.ListEntries(pb.ListEntriesRequest(page_token=page_token_encode(key))), "page_token")


async def test_a_bad_account_is_named(ledger: Any) -> None:
    for account in ("river-bank", "lender/", "lender/x/y", "group/x", "lender/a\x00b", "lender/x/held/held"):
        await refused_field(ledger.stub.ListEntries(pb.ListEntriesRequest(account=account)), "account")


def jwt(*scopes: str) -> tuple[tuple[str, str], ...]:
    """Metadata as the edge forwards it."""
    payload = json.dumps({"sub": "platform-1", "scope": " ".join(scopes)}).encode()
    return (("x-test-peer", "edge"), ("x-jwt-payload", base64.urlsafe_b64encode(payload).rstrip(b"=").decode()))


async def test_who_may_call(ledger: Any, asks: Any) -> None:
    stub = ledger.stub
    reader, other = jwt("limits.read"), jwt("scoring.read")
    assert (await stub.QuoteLimit(asks.quote(), metadata=reader)).quote.offered
    await stub.ListProducts(pb.ListProductsRequest(), metadata=(("x-test-peer", "operator"),))
    for metadata in (other, (("x-test-peer", "ingestion"),)):
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await stub.QuoteLimit(asks.quote(), metadata=metadata)
        assert raised.value.code() is grpc.StatusCode.PERMISSION_DENIED
    for call, request in (
        (stub.Reserve, asks.reserve("r1")),
        (stub.Capture, asks.capture("r1")),
        (stub.Void, asks.void("r1")),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await call(request, metadata=reader)
        assert raised.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert await ledger.used_fen("merchant/m1") == 0


def test_money_moves_for_gateway_and_operator_alone() -> None:
    for rpc in ("Reserve", "Capture", "Void"):
        assert ACCESS[rpc].scope is None
        assert ACCESS[rpc].peers == {"gateway", "operator"}
    names = {method.name for method in pb.DESCRIPTOR.services_by_name["LimitsService"].methods}
    assert set(ACCESS) == names
