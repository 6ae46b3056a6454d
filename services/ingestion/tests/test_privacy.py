"""What people may ask of their data: exports, erasures, and who has read it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import partial

import grpc
import pytest
import structlog
from google.protobuf.field_mask_pb2 import FieldMask
from google.type.date_pb2 import Date
from ingestion_books import fetch, keep_events, outbox_of, tables_with, whole_outbox
from ingestion_calls import NOW, Stub, publish, register, registration
from ingestion_events import one_of_each, order
from sycee.ingestion.v1 import ingestion_pb2, ingestion_pb2_grpc
from sycee_ingestion.accesses import AccessLog
from sycee_ingestion.domain.access import Access
from sycee_ingestion.domain.erasure import HELD_KINDS
from sycee_ingestion.server import build
from sycee_ingestion.settings import Settings
from sycee_ingestion.store.accesses import AccessStore
from sycee_service.access import Caller, set_caller
from sycee_service.clock import ManualClock
from sycee_service.errors import Unavailable
from sycee_service.testing import running, until

TODAY = date(2026, 3, 15)
ADDRESS, ACCOUNT, PHONE = "浙江省杭州市西湖区文三路90号501室", "6222000011112222", "13800000000"
SECRETS = ("测试甲", "李四乙", "330106199001011234", "330106199001015678", PHONE, "13911112222", ACCOUNT, "文三路")


async def add(stub: Stub, merchant_id: str = "m-1") -> ingestion_pb2.Merchant:
    """Registers a merchant of whom everything is known."""
    request = registration(merchant_id)
    request.shops.add(platform="taobao", shop_id="1", opened_on=Date(year=2021, month=5, day=1))
    request.employee_count, request.address = 3, ADDRESS
    request.register_entry.status, request.register_entry.source = 1, "gsxt"
    request.register_entry.checked_at.FromDatetime(NOW)
    request.settlement_accounts.add(platform="taobao", account_number=ACCOUNT)
    return (await stub.RegisterMerchant(request)).merchant


async def erase(
    stub: Stub, merchant_id: str = "m-1", *, request_id: str = "erase-once", ended_on: date | None = None
) -> ingestion_pb2.EraseMerchantDataResponse:
    """Erases a merchant."""
    request = ingestion_pb2.EraseMerchantDataRequest(request_id=request_id, merchant_id=merchant_id, reason="asked")
    if ended_on is not None:
        day = Date(year=ended_on.year, month=ended_on.month, day=ended_on.day)
        request.relationship_ended_on.CopyFrom(day)
    return await stub.EraseMerchantData(request)


async def export(stub: Stub, merchant_id: str = "m-1", purpose: str = "asked") -> list[dict[str, object]]:
    """Everything stored of a merchant, by lines."""
    request = ingestion_pb2.ExportMerchantDataRequest(merchant_id=merchant_id, purpose=purpose)
    parts = [part.json_lines async for part in stub.ExportMerchantData(request)]
    assert all(part.endswith(b"\n") for part in parts)
    return [json.loads(line) for line in b"".join(parts).splitlines()]


async def accesses(stub: Stub, merchant_id: str = "m-1") -> list[ingestion_pb2.Access]:
    """Who has read a merchant's data, newest first."""
    return list((await stub.ListAccesses(ingestion_pb2.ListAccessesRequest(merchant_id=merchant_id))).accesses)


async def test_an_export_holds_everything(stub: Stub) -> None:
    await add(stub)
    await add(stub, "m-2")
    events = one_of_each(TODAY - timedelta(days=2))
    (answer,) = await publish(stub, events)
    assert answer.accepted_count == len(events)
    links = await stub.LinkShops(ingestion_pb2.LinkShopsRequest(request_id="link-these", merchant_ids=["m-1"]))
    assert len(links.links) == 1
    lines = await export(stub)
    (merchant,) = (line for line in lines if line["kind"] == "merchant")
    assert merchant["operator"] == {"name": "测试甲", "resident_id": "330106199001011234", "phone": PHONE}
    assert (merchant["address"], merchant["settlement_accounts"], merchant["employee_count"]) == (ADDRESS, 1, 3)
    exported = {line["event_id"]: line for line in lines if line["kind"] == "event"}
    assert exported.keys() == {event.event_id for event in events}
    assert exported["review"]["review"] == {"stars": 2, "text": "一般", "complaint": True}
    assert exported["order"]["order"]["amount"] == {"currency_code": "CNY", "units": "100"}
    (link,) = (line for line in lines if line["kind"] == "link")
    assert (link["second_merchant_id"], link["reasons"][0]["code"]) == ("m-2", links.links[0].reasons[0].code)
    assert [line["method"] for line in lines if line["kind"] == "access"] == ["ExportMerchantData"]


async def test_a_long_export_comes_in_parts(stub: Stub) -> None:
    await add(stub)
    day = TODAY - timedelta(days=2)  # many at one moment, so that pages end among equals
    await publish(
        stub, [order(f"e-{number}", day) for number in range(800)], [order(f"f-{n}", day) for n in range(700)]
    )
    request = ingestion_pb2.ExportMerchantDataRequest(merchant_id="m-1", purpose="asked")
    parts = [part.json_lines async for part in stub.ExportMerchantData(request)]
    assert len(parts) > 2
    assert max(map(len, parts)) < 70_000
    names = [json.loads(line).get("event_id") for line in b"".join(parts).splitlines()]
    names = [name for name in names if name is not None]
    assert len(names) == len(set(names)) == 1_500


async def test_erasing_takes_what_may_go_and_locks_what_must_stay(stub: Stub, settings: Settings) -> None:
    await keep_events(settings)
    await add(stub)
    await add(stub, "m-2")
    await publish(stub, one_of_each(TODAY - timedelta(days=2)))
    (link,) = (await stub.LinkShops(ingestion_pb2.LinkShopsRequest(request_id="link-m-1", merchant_ids=["m-1"]))).links
    confirm = ingestion_pb2.ResolveShopLinkRequest(request_id="confirm-m-1", link_id=link.link_id, state=2, note="ok")
    await stub.ResolveShopLink(confirm)
    done = await erase(stub)
    expected = {
        "operator.phone",
        "address",
        "settlement_accounts",
        "employee_count",
        "matching_keys",
        "links",
        *(f"events.{name}" for name in ("review", "traffic", "social_activity", "bureau_report")),
        *(f"events.{name}" for name in ("tax_record", "energy_use", "store_penalty")),
    }
    assert expected <= set(done.erased) <= expected | {"review_facts", "portraits"}
    holds = {hold.what: (hold.rule_id, date(hold.until.year, hold.until.month, hold.until.day)) for hold in done.holds}
    assert holds == {
        "identity": ("CN-AML-02", date(2036, 3, 15)),
        "transactions": ("CN-AML-02", date(2036, 3, 13)),
    }
    (event,) = await outbox_of(settings, "sycee.ingestion.merchant_erased.v1")
    assert event["merchant_id"] == "m-1"
    assert len(await outbox_of(settings, "sycee.ingestion.shops_unlinked.v1")) == 1
    assert await erase(stub) == done  # the same request again
    assert await erase(stub, request_id="erase-again") == done

    shown = (await stub.GetMerchant(ingestion_pb2.GetMerchantRequest(merchant_id="m-1"))).merchant
    bare = ingestion_pb2.Merchant(merchant_id="m-1", created_at=shown.created_at, erased_at=done.erased_at)
    assert shown == bare
    other = (await stub.GetMerchant(ingestion_pb2.GetMerchantRequest(merchant_id="m-2"))).merchant
    assert not other.linked_merchant_ids
    kinds = [row["kind"] for row in await fetch(settings, "select kind from events order by kind")]
    assert kinds == sorted(HELD_KINDS)
    for table in ("merchant_days", "day_splits", "snapshots", "feeds", "review_facts", "portraits", "shop_links"):
        assert await fetch(settings, f"select from {table}") == [], table
    assert await fetch(settings, "select from link_keys where merchant_no = 1") == []


async def test_an_erased_merchant_is_out_of_every_use(stub: Stub) -> None:
    await add(stub)
    await add(stub, "m-2")
    await erase(stub)
    update = ingestion_pb2.UpdateMerchantRequest(
        request_id="update-m-1", merchant_id="m-1", update_mask=FieldMask(paths=["name"]), name="x"
    )
    for call in (
        stub.UpdateMerchant(update),
        stub.GetProfile(ingestion_pb2.GetProfileRequest(merchant_id="m-1", include_identity=True)),
        stub.LinkShops(ingestion_pb2.LinkShopsRequest(request_id="link-m-1", merchant_ids=["m-1"])),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await call
        assert error.value.code() is grpc.StatusCode.FAILED_PRECONDITION
        assert "erased" in (error.value.details() or "")
    (answer,) = await publish(stub, [order("late", TODAY)])
    assert [reject.reason for reject in answer.rejects] == ["MERCHANT_ERASED"]
    found = await stub.LinkShops(ingestion_pb2.LinkShopsRequest(request_id="link-m-2", merchant_ids=["m-2"]))
    assert not found.links
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await register(stub, name="another")
    assert error.value.code() is grpc.StatusCode.ALREADY_EXISTS


async def test_what_is_held_can_be_shown_to_whom_law_says_and_that_is_written_down(stub: Stub) -> None:
    await add(stub)
    await publish(stub, one_of_each(TODAY - timedelta(days=2)))
    await erase(stub, ended_on=date(2026, 2, 1))
    lines = await export(stub, purpose="order of a court")
    (identity,) = (line for line in lines if line["kind"] == "identity")
    assert identity["operator"] == {"name": "测试甲", "resident_id": "330106199001011234"}
    assert identity["uscc"].startswith("92330106")
    text = json.dumps(lines, ensure_ascii=False)
    for gone in (PHONE, "文三路", ACCOUNT, "一般"):
        assert gone not in text
    assert {line["what"]: line["until"] for line in lines if line["kind"] == "hold"} == {
        "identity": "2036-03-13",  # a relationship lasts as long as its last transaction
        "transactions": "2036-03-13",
    }
    methods = [(access.method, access.purpose) for access in await accesses(stub)]
    assert methods == [("ExportMerchantData", "order of a court"), ("EraseMerchantData", "asked")]


async def test_an_end_long_ago_leaves_nothing(stub: Stub, settings: Settings) -> None:
    await add(stub)
    done = await erase(stub, ended_on=date(2015, 1, 1))
    assert len(done.holds) == 1
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await stub.GetMerchant(ingestion_pb2.GetMerchantRequest(merchant_id="m-1"))
    assert error.value.code() is grpc.StatusCode.NOT_FOUND
    assert await tables_with(partial(fetch, settings), "m-1", 1) == {"accesses"}


async def test_a_wrong_erasure_is_refused(stub: Stub) -> None:
    await add(stub)
    cases = {
        grpc.StatusCode.NOT_FOUND: [erase(stub, "nobody")],
        grpc.StatusCode.INVALID_ARGUMENT: [
            erase(stub, request_id="erase-tomorrow", ended_on=TODAY + timedelta(days=1)),
            erase(stub, request_id="erase-before", ended_on=date(1980, 1, 1)),
        ],
    }
    for code, calls in cases.items():
        for call in calls:
            with pytest.raises(grpc.aio.AioRpcError) as error:
                await call
            assert error.value.code() is code
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await export(stub, "nobody")
    assert error.value.code() is grpc.StatusCode.NOT_FOUND
    assert (await stub.GetMerchant(ingestion_pb2.GetMerchantRequest(merchant_id="m-1"))).merchant.name


async def test_answers_that_are_remembered_forget_an_erased_merchant(stub: Stub, settings: Settings) -> None:
    await add(stub)
    await add(stub, "m-12")
    await erase(stub)
    left = await fetch(settings, "select request_id from idempotency order by request_id")
    assert [row["request_id"] for row in left] == ["erase-once", "register-m-12"]


async def test_a_key_that_is_gone_takes_its_values_with_it(stub: Stub, settings: Settings) -> None:
    await add(stub)
    await fetch(settings, "update merchant_keys set contact_key = null")
    with pytest.raises(grpc.aio.AioRpcError):
        await stub.GetMerchant(ingestion_pb2.GetMerchantRequest(merchant_id="m-1"))


async def test_readings_of_identity_are_written_down_soon(stub: Stub, settings: Settings, clock: ManualClock) -> None:
    await add(stub)
    await add(stub, "m-2")
    ask = ingestion_pb2.GetProfileRequest(merchant_id="m-1", include_identity=True)
    await stub.GetProfile(ask, metadata=(("x-test-peer", "gateway"),))
    await stub.GetProfile(ingestion_pb2.GetProfileRequest(merchant_id="m-1"))  # shows nothing personal
    clock.advance(timedelta(seconds=1))
    await stub.GetProfile(ask)

    async def written() -> bool:
        return len(await accesses(stub)) >= 2

    await until(written)
    found = await accesses(stub)
    assert [(one.caller, one.method, one.what) for one in found] == [
        ("operator", "GetProfile", "identity"),
        ("gateway", "GetProfile", "identity"),
    ]
    assert found[0].at.ToDatetime(tzinfo=NOW.tzinfo) == NOW + timedelta(seconds=1)
    assert await accesses(stub, "m-2") == []


async def test_notes_are_written_when_the_server_drains(settings: Settings, clock: ManualClock) -> None:
    async with running(settings, build, clock=clock, peer="operator") as channel:
        stub = ingestion_pb2_grpc.IngestionServiceStub(channel)
        await add(stub)
        await stub.GetProfile(ingestion_pb2.GetProfileRequest(merchant_id="m-1", include_identity=True))
    assert len(await fetch(settings, "select from accesses")) == 1


class AwayStore(AccessStore):
    """A log whose database is away until it is said to be back."""

    def __init__(self) -> None:
        self.is_back = False
        self.written: list[str] = []

    async def write(self, accesses: Sequence[Access]) -> None:
        """Takes readings in, once it is back."""
        if not self.is_back:
            raise Unavailable("DATABASE_UNAVAILABLE", "away", 1)
        self.written += [access.merchant_id for access in accesses]


async def test_notes_wait_for_a_database_that_is_away_up_to_a_bound(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sycee_ingestion.accesses.MOST_PENDING", 3)
    set_caller(Caller("gateway", "gateway"))
    store = AwayStore()
    log = AccessLog(store, clock)
    log.note("m-1", "GetProfile", "identity")
    with pytest.raises(Unavailable):
        await log.flush()
    log.note("m-2", "GetProfile", "identity")
    log.note("m-3", "GetProfile", "identity")
    with pytest.raises(Unavailable) as error:
        log.note("m-4", "GetProfile", "identity")
    assert error.value.reason == "ACCESS_LOG_FULL"
    store.is_back = True
    await log.flush()
    await log.flush()
    assert store.written == ["m-1", "m-2", "m-3"]


async def test_accesses_are_paged_newest_first(stub: Stub) -> None:
    await add(stub)
    for number in range(5):  # all at the same moment
        await export(stub, purpose=f"purpose {number}")
    seen: list[str] = []
    token = ""
    while True:
        request = ingestion_pb2.ListAccessesRequest(merchant_id="m-1", page_size=2, page_token=token)
        page = await stub.ListAccesses(request)
        seen += [access.purpose for access in page.accesses]
        token = page.next_page_token
        if not token:
            break
    assert seen == [f"purpose {number}" for number in reversed(range(5))]
    for bad in ({"merchant_id": "m-1", "page_token": "nonsense"}, {"merchant_id": "m-1", "page_size": 501}):
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await stub.ListAccesses(ingestion_pb2.ListAccessesRequest(**bad))
        assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_unmasked_data_never_goes_through_the_edge(stub: Stub) -> None:
    await add(stub)
    request = ingestion_pb2.ExportMerchantDataRequest(merchant_id="m-1", purpose="asked")
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await stub.ExportMerchantData(request, metadata=(("x-test-peer", "gateway"),)).read()
    assert error.value.code() is grpc.StatusCode.PERMISSION_DENIED


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """What is logged, as text."""
    lines: list[str] = []

    def keep(_logger: object, _method: str, event: dict[str, object]) -> dict[str, object]:
        lines.append(repr(event))
        return event

    before = structlog.get_config()
    structlog.configure(processors=[keep, *before["processors"]])
    try:
        yield lines
    finally:
        structlog.configure(**before)


async def test_no_personal_value_is_logged_answered_or_sent(
    logged: list[str], settings: Settings, clock: ManualClock
) -> None:
    said: list[str] = []
    verbose = settings.model_copy(update={"log_ok_ratio": 1.0})
    async with running(verbose, build, clock=clock, peer="operator") as channel:
        stub = ingestion_pb2_grpc.IngestionServiceStub(channel)
        await keep_events(settings)
        said.append(str(await add(stub)))
        said.append(str(await add(stub, "m-2")))
        twice, wrong = registration("m-1"), registration("m-3")
        twice.request_id, wrong.operator.phone, wrong.operator.resident_id = "register-twice", ACCOUNT, ACCOUNT
        wrong.settlement_accounts.add(platform="taobao", account_number=f"{ACCOUNT}x")
        update = ingestion_pb2.UpdateMerchantRequest(
            request_id="update-m-1", merchant_id="m-1", update_mask=FieldMask(paths=["operator", "settlement_accounts"])
        )
        update.operator.name, update.operator.resident_id = "李四乙", "330106199001015678"
        update.operator.phone = "13911112222"
        bad_update = ingestion_pb2.UpdateMerchantRequest()
        bad_update.CopyFrom(update)
        bad_update.request_id = "update-m-2"
        bad_update.update_mask.paths.append("李四乙 13911112222")
        link = ingestion_pb2.LinkShopsRequest(request_id="link-these", merchant_ids=["m-1", "m-2"])
        erasure = ingestion_pb2.EraseMerchantDataRequest(request_id="erase-m-1", merchant_id="m-1", reason="asked")
        for call in (
            stub.LinkShops(link),
            stub.RegisterMerchant(twice),
            stub.RegisterMerchant(wrong),
            stub.UpdateMerchant(update),
            stub.UpdateMerchant(bad_update),
            stub.ListShopLinks(ingestion_pb2.ListShopLinksRequest()),
            stub.EraseMerchantData(erasure),
            stub.UpdateMerchant(bad_update),
        ):
            try:
                said.append(str(await call))
            except grpc.aio.AioRpcError as error:
                said.append(f"{error.details()} {error.trailing_metadata()}")
    assert len(logged) > 8
    shown = "".join([*said, *logged, await whole_outbox(settings)])
    assert "m-1" in shown
    for secret in SECRETS:
        assert secret not in shown, secret
        assert secret.encode().hex() not in shown
        assert repr(secret.encode())[2:-1] not in shown
        assert json.dumps(secret)[1:-1] not in shown
