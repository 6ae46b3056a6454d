"""AssessFraud, RecordFraudFinding and GetFraudRing through the real server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import grpc
import grpc.aio
import nats
import pytest
from fraud_scenes import KINDS, NOW, attribute, digest, request
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from sycee.scoring.v1 import fraud_pb2 as pb
from sycee.scoring.v1 import scoring_pb2_grpc
from sycee_scoring.fraud.surroundings import Kind
from sycee_scoring.keeping_fraud import ERASED
from sycee_scoring.server import build
from sycee_scoring.settings import Settings
from sycee_service.clock import ManualClock
from sycee_service.testing import running, until

DEVICE, ACCOUNT, PHONE = (Kind.DEVICE, "phone in a drawer"), (Kind.ACCOUNT, "62-1"), (Kind.PHONE, "139")
CONFIRMED, CLEARED = pb.FraudFinding.VERDICT_CONFIRMED, pb.FraudFinding.VERDICT_CLEARED
Assessment = pb.FraudAssessment


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
async def fraud(settings: Settings, clock: ManualClock) -> AsyncIterator[Any]:
    async with running(settings, build, clock=clock, peer="operator") as channel:
        yield scoring_pb2_grpc.ScoringServiceStub(channel)


async def look(fraud: Any, *args: Any, **fields: Any) -> pb.FraudAssessment:
    return (await fraud.AssessFraud(request(*args, **fields))).assessment


async def find(fraud: Any, merchant_id: str, verdict: Any, request_id: str = "finding-1") -> pb.FraudFinding:
    asked = pb.RecordFraudFindingRequest(request_id=request_id, merchant_id=merchant_id, verdict=verdict)
    return (await fraud.RecordFraudFinding(asked)).finding


async def rows(settings: Settings, statement: str) -> list[asyncpg.Record]:
    assert settings.database_url is not None
    driver = await asyncpg.connect(settings.database_url.get_secret_value())
    try:
        return await driver.fetch(statement)
    finally:
        await driver.close()


def codes(found: pb.FraudAssessment) -> list[str]:
    return [signal.code for signal in found.signals]


async def test_a_ring_grows_from_allow_over_review_to_block(fraud: Any, clock: ManualClock) -> None:
    actions = []
    for number in range(10):
        clock.advance(timedelta(hours=5))
        found = await look(fraud, f"shop-{number}", DEVICE, ACCOUNT)
        actions.append(found.action)
        assert found.linked_merchant_count == number
        assert found.score == sum(signal.points for signal in found.signals) <= 1000
    assert actions == sorted(actions)
    assert (actions[0], actions[-1]) == (Assessment.ACTION_ALLOW, Assessment.ACTION_BLOCK)
    assert Assessment.ACTION_REVIEW in actions
    assert {"SHARED_DEVICE", "SHARED_ACCOUNT", "MULE_ACCOUNT", "RING_TOGETHER"} <= set(codes(found))
    assert "10 家商户共用同一设备" in [signal.text_zh for signal in found.signals]
    assert found.merchant_id == "shop-9"
    assert found.as_of.nanos == 123_456_789
    assert found.model_version


async def test_the_device_that_applied_is_seen_beside_the_portrait(fraud: Any) -> None:
    for number in range(6):
        await look(fraud, f"shop-{number}", attributes=[attribute(*DEVICE)])
    found = await look(fraud, "shop-6", attributes=[attribute(*DEVICE)])
    assert found.linked_merchant_count == 6
    assert "SHARED_DEVICE" in codes(found)


async def test_a_dry_run_sees_the_same_and_keeps_nothing(fraud: Any, settings: Settings, clock: ManualClock) -> None:
    for number in range(4):
        await look(fraud, f"shop-{number}", DEVICE)
    clock.advance(timedelta(seconds=1))
    dry = await look(fraud, "new-shop", DEVICE, dry_run=True, request_id="dry-run-1")
    counted = await rows(settings, "select (select count(*) from fraud_merchants), (select count(*) from fraud_links)")
    assert tuple(counted[0]) == (4, 8)
    assert await look(fraud, "new-shop", DEVICE) == dry
    assert dry.linked_merchant_count == 4


async def test_sent_again_it_answers_the_same_and_counts_once(fraud: Any, settings: Settings) -> None:
    first = await fraud.AssessFraud(request("shop-1", DEVICE))
    await look(fraud, "shop-2", DEVICE)
    assert await fraud.AssessFraud(request("shop-1", DEVICE)) == first
    for attempt in range(5):  # of one decision, each with a portrait of its own
        found = await look(fraud, "shop-3", request_id=f"decision-1:fraud:{attempt}", application_id="decision-1")
    assert codes(found) == []
    assert (await rows(settings, "select count(*) from fraud_applications"))[0][0] == 3
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await fraud.AssessFraud(request("shop-9", request_id="request-shop-1"))
    assert caught.value.code() is grpc.StatusCode.ALREADY_EXISTS


async def test_applications_in_haste_are_seen(fraud: Any) -> None:
    for attempt in range(12):
        found = await look(fraud, "shop-1", request_id=f"attempt-{attempt}")
    assert codes(found) == ["APPLICATIONS_FAST"]
    assert found.signals[0].value == 12.0


async def test_a_confirmed_fraud_weighs_on_those_around_it_and_a_clearing_calms(fraud: Any) -> None:
    await look(fraud, "rogue", PHONE, ACCOUNT)
    await look(fraud, "friend", PHONE, DEVICE)
    before = await look(fraud, "applicant", DEVICE, dry_run=True)
    finding = await find(fraud, "rogue", CONFIRMED)
    assert (finding.verdict, finding.found_by) == (CONFIRMED, "operator")
    assert finding.found_at.seconds == int(NOW.timestamp())
    after = await look(fraud, "applicant", DEVICE, dry_run=True, request_id="look-again")
    assert (before.confirmed_fraud_count, after.confirmed_fraud_count) == (0, 1)
    assert after.score > before.score
    assert "LINKED_TO_FRAUD" in codes(after)
    near = await look(fraud, "nearer", ACCOUNT, dry_run=True, request_id="look-nearer")
    assert near.score > after.score
    rogue = await look(fraud, "rogue", dry_run=True, request_id="look-rogue")
    assert (rogue.action, rogue.signals[0].code) == (Assessment.ACTION_BLOCK, "CONFIRMED_FRAUD")
    await find(fraud, "rogue", CLEARED, "finding-2")
    calm = await look(fraud, "applicant", DEVICE, dry_run=True, request_id="look-calm")
    assert (calm.confirmed_fraud_count, calm.score) == (0, before.score)


async def test_two_at_once_see_each_other(fraud: Any) -> None:
    answers = await asyncio.gather(*(look(fraud, f"shop-{number}", DEVICE, ACCOUNT) for number in range(12)))
    assert sorted(answer.linked_merchant_count for answer in answers) == list(range(12))


async def test_what_the_portrait_says_is_read(fraud: Any) -> None:
    asked = request("shop-1")
    asked.profile.brushing.fake_amount_share_365d = 0.7
    asked.profile.document_signs.add(document_id="d", code="COPY_MOVE", strength=0.9)
    asked.profile.quality.settlement_ratio = 0.1
    asked.profile.trade.months_of_history = 1
    asked.profile.trade.weekly_net_fen.extend((100_000, 30_000_000, 30_000_000))
    found = (await fraud.AssessFraud(asked)).assessment
    assert set(codes(found)) == {"BRUSHING", "DOCUMENT_SIGNS", "PAYOUTS_ABOVE_SALES", "SUDDEN_INFLOW"}
    assert found.action == Assessment.ACTION_BLOCK


async def test_a_ring_is_paged_and_stays_in_order_while_it_grows(fraud: Any) -> None:
    for number in range(7):
        await look(fraud, f"near-{number}", DEVICE, (Kind.ADDRESS, "hall") if number < 3 else PHONE)
    await look(fraud, "middle", DEVICE, (Kind.ADDRESS, "hall"))
    for number in range(4):
        await look(fraud, f"far-{number}", PHONE)
    await find(fraud, "far-2", CONFIRMED)
    seen: list[pb.RingMember] = []
    token = ""
    while True:
        page = await fraud.GetFraudRing(pb.GetFraudRingRequest(merchant_id="middle", page_size=3, page_token=token))
        seen += page.members
        token = page.next_page_token
        if not token:
            break
        assert len(page.members) == 3
        await look(fraud, f"aaa-{len(seen)}", DEVICE)  # before all that was shown
    names = [member.merchant_id for member in seen]
    assert [name for name in names if name.startswith("near")] == [f"near-{number}" for number in range(7)]
    assert names[-4:] == [f"far-{number}" for number in range(4)]
    assert len(set(names)) == len(names)
    assert [member.steps for member in seen] == sorted(member.steps for member in seen)
    by_name = {member.merchant_id: member for member in seen}
    assert list(by_name["near-0"].shared_kinds) == [KINDS.KIND_ADDRESS, KINDS.KIND_DEVICE]
    assert list(by_name["far-2"].shared_kinds) == [KINDS.KIND_PHONE]
    assert (by_name["far-2"].verdict, by_name["far-1"].verdict) == (CONFIRMED, 0)
    assert by_name["far-2"].last_applied_at.seconds == int(NOW.timestamp())
    one_step = await fraud.GetFraudRing(pb.GetFraudRingRequest(merchant_id="middle", max_steps=1))
    assert {member.steps for member in one_step.members} == {1}


async def test_a_merchant_that_never_applied_has_no_ring(fraud: Any) -> None:
    await find(fraud, "only-found", CONFIRMED)
    for merchant_id in ("nobody", "only-found"):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await fraud.GetFraudRing(pb.GetFraudRingRequest(merchant_id=merchant_id))
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    found = await look(fraud, "only-found")
    assert found.action == Assessment.ACTION_BLOCK


SPOILT = {
    "profile": lambda asked: asked.ClearField("profile"),
    "attributes[0].digest": lambda asked: asked.attributes.add(kind=5, digest=b"short"),
    "attributes[0].kind": lambda asked: asked.attributes.add(kind=0, digest=bytes(16)),
    "profile.quality.settlement_ratio": lambda asked: setattr(asked.profile.quality, "settlement_ratio", float("nan")),
    "profile.brushing.fake_order_share_90d": lambda asked: setattr(asked.profile.brushing, "fake_order_share_90d", 1.5),
    "profile.document_signs[0].strength": lambda asked: asked.profile.document_signs.add(strength=float("nan")),
    "profile.merchant_id": lambda asked: setattr(asked.profile, "merchant_id", ""),
}


async def test_bad_input_is_invalid_argument_and_names_its_field(fraud: Any) -> None:
    for field, spoil in SPOILT.items():
        asked = request("shop-1")
        spoil(asked)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await fraud.AssessFraud(asked)
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert field in violated(caught.value)
        assert "short" not in (caught.value.details() or "")


async def test_a_portrait_of_long_ago_is_looked_at_as_of_then(fraud: Any) -> None:
    await look(fraud, "shop-1", DEVICE)
    asked = request("shop-2", DEVICE, dry_run=True)
    asked.profile.as_of.FromJsonString("0001-01-01T00:00:00Z")
    assert (await fraud.AssessFraud(asked)).assessment.linked_merchant_count == 0


async def test_a_merchant_erased_at_the_source_is_forgotten(
    fraud: Any, settings: Settings, shared_nats_url: str
) -> None:
    await look(fraud, "erased-here", DEVICE)
    body = {"specversion": "1.0", "id": "fraud-erasure-1", "source": "sycee-ingestion", "type": ERASED}
    body |= {"subject": "erased-here", "time": NOW.isoformat(), "data": {}}
    client = await nats.connect(shared_nats_url)
    try:
        await client.jetstream().publish(ERASED, json.dumps(body).encode())
    finally:
        await client.close()

    async def forgotten() -> bool:
        return (await rows(settings, "select count(*) from fraud_merchants"))[0][0] == 0

    await until(forgotten)


async def test_bad_tokens_and_findings_are_refused(fraud: Any) -> None:
    await look(fraud, "shop-1")
    for asked in ({"page_token": "x"}, {"max_steps": 5}, {"page_size": 501}):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await fraud.GetFraudRing(pb.GetFraudRingRequest(merchant_id="shop-1", **asked))
        assert violated(caught.value) == list(asked)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await find(fraud, "shop-1", 0)
    assert violated(caught.value) == ["verdict"]
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await fraud.RecordFraudFinding(pb.RecordFraudFindingRequest(request_id="finding-9"))
    assert violated(caught.value) == ["merchant_id", "verdict"]


def violated(error: grpc.aio.AioRpcError) -> list[str]:
    fields = []
    for detail in rpc_status.from_call(error).details:
        bad = error_details_pb2.BadRequest()
        if detail.Unpack(bad):
            fields += [violation.field for violation in bad.field_violations]
    return fields


async def test_digests_never_leave(
    fraud: Any, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    secret = digest(DEVICE[1])
    answers = [await look(fraud, f"shop-{number}", DEVICE) for number in range(3)]
    ring = await fraud.GetFraudRing(pb.GetFraudRingRequest(merchant_id="shop-0"))
    for answer in (*answers, ring):
        assert secret not in answer.SerializeToString()
    written = capfd.readouterr()
    for text in (written.out, written.err, caplog.text):
        assert secret.hex() not in text
        assert repr(secret)[2:-1] not in text
    assert json.dumps([str(answer) for answer in answers]).find(repr(secret)[2:-1]) == -1


async def test_who_may_ask(fraud: Any) -> None:
    record = pb.RecordFraudFindingRequest(request_id="finding-1", merchant_id="m", verdict=CONFIRMED)
    calls = {
        "assess": (fraud.AssessFraud, request("shop-1")),
        "record": (fraud.RecordFraudFinding, record),
        "ring": (fraud.GetFraudRing, pb.GetFraudRingRequest(merchant_id="shop-1")),
    }
    let_in: dict[str, set[str]] = {"gateway": set(), "limits": set(), "operator": set()}
    for peer, names in let_in.items():
        for name, (call, asked) in calls.items():
            try:
                await call(asked, metadata=(("x-test-peer", peer),))
            except grpc.aio.AioRpcError as error:
                assert error.code() is grpc.StatusCode.PERMISSION_DENIED  # noqa: PT017
            else:
                names.add(name)
    assert let_in == {"gateway": {"assess"}, "limits": set(), "operator": {"assess", "record", "ring"}}
