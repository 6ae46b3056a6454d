"""Registering, reading and listing merchants on a real server."""

from __future__ import annotations

import asyncio
from hashlib import sha256

import asyncpg
import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.type.date_pb2 import Date
from ingestion_books import keep_events, outbox_of
from ingestion_calls import NOW, Stub, edge, register, registration
from sycee.ingestion.v1 import ingestion_pb2
from sycee_ingestion.settings import Settings

TABLES = ("merchants", "merchant_keys", "link_keys", "outbox", "idempotency")
TOMORROW = Date(year=2026, month=3, day=16)


async def test_a_merchant_comes_back_masked_and_lies_sealed(stub: Stub, settings: Settings) -> None:
    request = registration("m-1")
    request.shops.add(platform="taobao", shop_id="1", opened_on=Date(year=2021, month=5, day=1))
    request.employee_count = 3
    request.register_entry.status = 1
    request.register_entry.source = "gsxt"
    request.register_entry.checked_at.FromDatetime(NOW)
    request.address = "浙江省杭州市西湖区文三路90号501室"
    request.settlement_accounts.add(platform="taobao", account_number="6222000011112222")
    made = (await stub.RegisterMerchant(request)).merchant
    assert (made.merchant_id, made.name, made.uscc) == ("m-1", request.name, request.uscc)
    assert made.operator_masked == "测** ****************34"
    assert (made.employee_count, made.register_entry.status, made.shops[0].opened_on.year) == (3, 1, 2021)
    assert made.created_at.ToDatetime(tzinfo=NOW.tzinfo) == NOW
    assert (await stub.GetMerchant(ingestion_pb2.GetMerchantRequest(merchant_id="m-1"))).merchant == made

    connection = await asyncpg.connect(settings.database_url.get_secret_value())
    try:
        rows = [await connection.fetch(f"select * from {name}") for name in TABLES]
        digests = await connection.fetchrow(
            "select resident_id_digest, phone_digest, account_digests[1] from merchants"
        )
    finally:
        await connection.close()
    stored = "".join(str(tuple(row)) for table in rows for row in table)
    for secret in ("测试甲", "330106199001011234", "13800000000", "6222000011112222", "文三路"):
        assert secret not in stored
        assert repr(secret.encode())[2:-1] not in stored
    assert all(len(digest) == 32 for digest in digests)


async def test_an_individual_needs_no_code_and_its_name_is_masked(stub: Stub) -> None:
    request = registration("m-1")
    request.borrower_kind = 1
    request.uscc = ""
    request.name = "测试甲"
    made = (await stub.RegisterMerchant(request)).merchant
    assert (made.name, made.uscc) == ("测**", "")
    assert (await stub.GetMerchant(ingestion_pb2.GetMerchantRequest(merchant_id="m-1"))).merchant.name == "测**"
    answer = await stub.GetProfile(ingestion_pb2.GetProfileRequest(merchant_id="m-1", include_identity=True))
    assert answer.identity.name == "测试甲"


async def test_one_identifier_is_one_merchant(stub: Stub) -> None:
    first = await register(stub)
    assert (await stub.RegisterMerchant(registration("m-1"))).merchant == first  # the same request again
    other = registration("m-1")
    other.request_id = "another-request"
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await stub.RegisterMerchant(other)
    assert error.value.code() is grpc.StatusCode.ALREADY_EXISTS
    changed = registration("m-1")
    changed.name = "another name"
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await stub.RegisterMerchant(changed)
    assert error.value.code() is grpc.StatusCode.ALREADY_EXISTS


async def test_registrations_that_race_make_one_merchant(stub: Stub) -> None:
    requests = [registration("m-1") for _ in range(6)]
    for number, request in enumerate(requests):
        request.request_id = f"racing-{number}"
    results = await asyncio.gather(*(stub.RegisterMerchant(r) for r in requests), return_exceptions=True)
    lost = [r for r in results if isinstance(r, grpc.aio.AioRpcError)]
    assert [error.code() for error in lost] == [grpc.StatusCode.ALREADY_EXISTS] * 5


def _without(**changes: object) -> ingestion_pb2.RegisterMerchantRequest:
    request = registration("m-1")
    for name, value in changes.items():
        if value is None:
            request.ClearField(name)
        else:
            setattr(request, name, value)
    return request


def _bad_registrations() -> dict[str, ingestion_pb2.RegisterMerchantRequest]:
    future_shop = _without()
    future_shop.shops.add(platform="taobao", shop_id="1", opened_on=TOMORROW)
    twice = _without()
    twice.shops.add(platform="taobao", shop_id="1")
    twice.shops.add(platform="taobao", shop_id="1")
    part_of_a_day = _without()
    part_of_a_day.shops.add(platform="taobao", shop_id="1", opened_on=Date(year=2020))
    granted = _without()
    granted.register_entry.registered_on.CopyFrom(TOMORROW)
    read = _without()
    read.register_entry.checked_at.seconds = 2**61
    nul_shop = _without()
    nul_shop.shops.add(platform="taobao", shop_id="a\x00b")
    resident = _without()
    resident.operator.resident_id = "33010619900101"
    return {
        "uscc": _without(uscc=""),
        "shops[0].opened_on": future_shop,
        "shops[1]": twice,
        "opened_on": part_of_a_day,
        "register_entry.registered_on": granted,
        "register_entry.checked_at": read,
        "shops[0].shop_id": nul_shop,
        "name": _without(name="a\x00b"),
        "operator.resident_id": resident,
        "operator": _without(operator=None),
        "borrower_kind": _without(borrower_kind=9),
        "employee_count": _without(employee_count=2_000_000),
        "merchant_id": _without(merchant_id="no body"),
        "request_id": _without(request_id="short"),
    }


async def test_what_is_wrong_is_named(stub: Stub) -> None:
    for field, request in _bad_registrations().items():
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await stub.RegisterMerchant(request)
        assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT, field
        assert field in (error.value.details() or "")
        assert "33010619900101" not in (error.value.details() or "")
    assert not (await stub.ListMerchants(ingestion_pb2.ListMerchantsRequest())).merchants


def _update(*paths: str, **values: object) -> ingestion_pb2.UpdateMerchantRequest:
    digest = sha256(repr((paths, values)).encode()).hexdigest()[:12]
    return ingestion_pb2.UpdateMerchantRequest(
        request_id=f"update-{digest}", merchant_id="m-1", update_mask=FieldMask(paths=paths), **values
    )


async def test_an_update_replaces_what_it_names_and_nothing_else(stub: Stub, settings: Settings) -> None:
    request = registration("m-1")
    request.shops.add(platform="taobao", shop_id="1")
    request.employee_count, request.address = 3, "文三路90号501室"
    request.settlement_accounts.add(platform="taobao", account_number="6222000011112222")
    before = (await stub.RegisterMerchant(request)).merchant
    accounts = await _column(settings, "account_digests")

    changes = _update("name", "shops", "operator", name="另一家店", category="ignored")
    changes.operator.name, changes.operator.resident_id = "李四", "330106199001015678"
    changes.shops.add(platform="douyin", shop_id="2")
    after = (await stub.UpdateMerchant(changes)).merchant
    expected = ingestion_pb2.Merchant()
    expected.CopyFrom(before)
    expected.name, expected.operator_masked = "另一家店", "李** ****************78"
    del expected.shops[:]
    expected.shops.add(platform="douyin", shop_id="2")
    assert after == expected
    assert (await stub.GetMerchant(ingestion_pb2.GetMerchantRequest(merchant_id="m-1"))).merchant == expected
    assert (await stub.UpdateMerchant(changes)).merchant == expected  # the same request again
    assert await _column(settings, "account_digests") == accounts
    assert await _column(settings, "phone_digest") is None  # the operator is replaced as a whole

    emptied = await stub.UpdateMerchant(_update("employee_count", "settlement_accounts", "address", "register_entry"))
    assert not emptied.merchant.HasField("employee_count")
    assert await _column(settings, "account_digests") == []
    assert await _column(settings, "address_sealed") is None


async def test_an_update_says_which_fields_have_changed_and_not_how(stub: Stub, settings: Settings) -> None:
    await keep_events(settings)
    await register(stub)
    await stub.UpdateMerchant(_update("uscc", "address", uscc="91350100M000100Y43", address="文三路90号"))
    assert await outbox_of(settings, "sycee.ingestion.merchant_updated.v1") == [
        {"merchant_id": "m-1", "fields": ["address", "uscc"]}
    ]


async def test_what_is_wrong_with_an_update_is_named(stub: Stub) -> None:
    before = await register(stub)
    future = _update("shops")
    future.shops.add(platform="taobao", shop_id="1", opened_on=TOMORROW)
    bad = {
        "update_mask": [_update(), _update("merchant_id"), _update("name.first", name="x"), _update("simulated")],
        "name": [_update("name")],
        "borrower_kind": [_update("borrower_kind")],
        "uscc": [_update("uscc"), _update("name", "uscc", name="x")],
        "operator": [_update("operator")],
        "shops[0].opened_on": [future],
    }
    for field, requests in bad.items():
        for request in requests:
            with pytest.raises(grpc.aio.AioRpcError) as error:
                await stub.UpdateMerchant(request)
            assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT, field
            assert field in (error.value.details() or "")
    nobody = _update("name", name="x")
    nobody.merchant_id = "nobody"
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await stub.UpdateMerchant(nobody)
    assert error.value.code() is grpc.StatusCode.NOT_FOUND
    assert (await stub.GetMerchant(ingestion_pb2.GetMerchantRequest(merchant_id="m-1"))).merchant == before


async def test_becoming_an_enterprise_takes_a_code(stub: Stub) -> None:
    request = registration("m-1")
    request.borrower_kind, request.uscc = 1, ""
    await stub.RegisterMerchant(request)
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await stub.UpdateMerchant(_update("borrower_kind", borrower_kind=3))
    assert "uscc" in (error.value.details() or "")
    both = _update("borrower_kind", "uscc", borrower_kind=3, uscc="91350100M000100Y43")
    assert (await stub.UpdateMerchant(both)).merchant.uscc == "91350100M000100Y43"


async def _column(settings: Settings, name: str) -> object:
    connection = await asyncpg.connect(settings.database_url.get_secret_value())
    try:
        return await connection.fetchval(f"select {name} from merchants")
    finally:
        await connection.close()


async def test_pages_hold_every_merchant_once_in_order(stub: Stub) -> None:
    names = [f"m-{n:03}" for n in range(7)]
    for name in reversed(names):
        await register(stub, name)
    seen: list[str] = []
    token = ""
    sizes = []
    while True:
        page = await stub.ListMerchants(ingestion_pb2.ListMerchantsRequest(page_size=3, page_token=token))
        seen += [merchant.merchant_id for merchant in page.merchants]
        sizes.append(len(page.merchants))
        token = page.next_page_token
        if not token:
            break
    assert (seen, sizes) == (names, [3, 3, 1])
    everything = await stub.ListMerchants(ingestion_pb2.ListMerchantsRequest())
    assert (len(everything.merchants), everything.next_page_token) == (7, "")
    exact = await stub.ListMerchants(ingestion_pb2.ListMerchantsRequest(page_size=7))
    assert exact.next_page_token == ""


async def test_a_bad_page_is_refused(stub: Stub) -> None:
    for bad in ({"page_size": -1}, {"page_size": 501}, {"page_token": "nonsense"}, {"page_token": "x" * 600}):
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await stub.ListMerchants(ingestion_pb2.ListMerchantsRequest(**bad))
        assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT, bad


async def test_nobody_is_not_found(stub: Stub) -> None:
    calls = (
        stub.GetMerchant(ingestion_pb2.GetMerchantRequest(merchant_id="nobody")),
        stub.GetProfile(ingestion_pb2.GetProfileRequest(merchant_id="nobody")),
        stub.GetImport(ingestion_pb2.GetImportRequest(import_id="nothing")),
        stub.WatchImport(ingestion_pb2.WatchImportRequest(import_id="nothing")).read(),
    )
    for call in calls:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await call
        assert error.value.code() is grpc.StatusCode.NOT_FOUND


async def test_who_may_do_what(stub: Stub) -> None:
    await register(stub)
    ask = ingestion_pb2.GetProfileRequest(merchant_id="m-1")
    ask_who = ingestion_pb2.GetProfileRequest(merchant_id="m-1", include_identity=True)
    gateway = (("x-test-peer", "gateway"),)
    assert (await stub.GetProfile(ask_who, metadata=gateway)).identity.operator.resident_id == "330106199001011234"
    assert not (await stub.GetProfile(ask, metadata=gateway)).HasField("identity")
    assert (await stub.GetProfile(ask, metadata=edge("ingestion.read"))).profile.merchant_id == "m-1"
    refusals = (
        stub.GetProfile(ask_who, metadata=edge("ingestion.read", "ingestion.write")),
        stub.GetProfile(ask, metadata=edge("ingestion.write")),
        stub.GetProfile(ask, metadata=(("x-test-peer", "scoring"),)),
        stub.GetMerchant(ingestion_pb2.GetMerchantRequest(merchant_id="m-1"), metadata=gateway),
        stub.RegisterMerchant(registration("m-2"), metadata=edge("ingestion.read")),
        stub.RegisterMerchant(registration("m-2"), metadata=gateway),
    )
    for call in refusals:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await call
        assert error.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert (await stub.RegisterMerchant(registration("m-2"), metadata=edge("ingestion.write"))).merchant.name
