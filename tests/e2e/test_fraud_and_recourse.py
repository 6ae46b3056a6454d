"""Fraud seen across merchants, and what a decline says of the way out, on real processes through the edge."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from support.local_suite import Suite
from support.shops import admit, admit_solid, application, decide, find, market, publish, solid
from sycee.decision.v1.decision_pb2 import (
    DECISION_OUTCOME_APPROVED,
    DECISION_OUTCOME_DECLINED,
    DecideRequest,
    Decision,
)
from sycee.ingestion.v1.ingestion_pb2 import GetProfileRequest
from sycee.ingestion.v1.profile_pb2 import SharedAttribute
from sycee.scoring.v1.fraud_pb2 import (
    AssessFraudRequest,
    FraudAssessment,
    FraudFinding,
    GetFraudRingRequest,
    RecordFraudFindingRequest,
)
from sycee_client import SyceeClient
from sycee_simulator import Archetype, Shop

MARKET = market(seed=37)


@pytest.fixture
async def sycee(suite: Suite) -> AsyncIterator[SyceeClient]:
    async with suite.client(suite.token()) as client:
        yield client


def codes(decision: Decision) -> list[str]:
    return [reason.code for reason in decision.reasons]


async def admit_paid_to(sycee: SyceeClient, shop: Shop, account: str, phone: str) -> None:
    """Registers a shop with a solid history whose payouts go to an account, and whose operator has a phone."""
    registration = shop.registration()
    registration.operator.phone = phone
    registration.settlement_accounts.add(platform="taobao", account_number=account)
    await sycee.ingestion.RegisterMerchant(registration)
    for consent in shop.consents():
        await sycee.compliance.RecordConsent(consent)
    await publish(sycee, solid(shop))


async def test_a_confirmed_fraud_stops_its_merchant_and_those_who_share_with_it(sycee: SyceeClient) -> None:
    first, second, apart = find(MARKET, Archetype.STEADY, count=3)
    for shop in (first, second):
        await admit_paid_to(sycee, shop, "6222000000000017", "13800000017")
    await admit_solid(sycee, apart)
    assert (await decide(sycee, first.merchant_id, 20_000)).outcome == DECISION_OUTCOME_APPROVED

    record = RecordFraudFindingRequest(
        request_id=f"finding-{uuid.uuid4()}",
        merchant_id=first.merchant_id,
        verdict=FraudFinding.VERDICT_CONFIRMED,
    )
    assert (await sycee.scoring.RecordFraudFinding(record)).finding.found_by
    again = await decide(sycee, first.merchant_id, 20_000)
    linked = await decide(sycee, second.merchant_id, 20_000)
    stranger = await decide(sycee, apart.merchant_id, 20_000)

    assert (again.outcome, again.evidence.fraud.action) == (DECISION_OUTCOME_DECLINED, FraudAssessment.ACTION_BLOCK)
    assert linked.outcome != DECISION_OUTCOME_APPROVED
    assert linked.evidence.fraud.confirmed_fraud_count == 1
    assert set(codes(linked)) & {signal.code for signal in linked.evidence.fraud.signals}
    assert stranger.outcome == DECISION_OUTCOME_APPROVED, codes(stranger)
    ring = await sycee.scoring.GetFraudRing(GetFraudRingRequest(merchant_id=second.merchant_id))
    assert [member.merchant_id for member in ring.members] == [first.merchant_id]
    assert set(ring.members[0].shared_kinds) == {
        SharedAttribute.KIND_PHONE,
        SharedAttribute.KIND_SETTLEMENT_ACCOUNT,
    }


async def test_the_device_that_applies_for_many_is_seen_and_a_repeated_request_counts_once(sycee: SyceeClient) -> None:
    shops = find(MARKET, Archetype.GROWING, count=6)
    device = SharedAttribute(kind=SharedAttribute.KIND_DEVICE, digest=uuid.uuid4().bytes)
    assessed = []
    for shop in shops:
        await sycee.ingestion.RegisterMerchant(shop.registration())
        for consent in shop.consents():
            await sycee.compliance.RecordConsent(consent)
        request: DecideRequest = application(shop.merchant_id, 10_000)
        request.attributes.append(device)
        first = (await sycee.decision.Decide(request)).decision
        assert (await sycee.decision.Decide(request)).decision == first
        assessed.append(first.evidence.fraud)
    counts = [one.linked_merchant_count for one in assessed]
    assert all(later > earlier for earlier, later in pairwise(counts)), "each sees those before it, and whoever else"
    assert counts[-1] >= len(shops) - 1
    assert assessed[0].score < assessed[-1].score
    assert "SHARED_DEVICE" in {signal.code for signal in assessed[-1].signals}


async def test_a_look_that_keeps_nothing(sycee: SyceeClient) -> None:
    (shop,) = find(MARKET, Archetype.SEASONAL)
    await admit_solid(sycee, shop)
    decision = await decide(sycee, shop.merchant_id, 10_000)
    assert decision.outcome == DECISION_OUTCOME_APPROVED, codes(decision)
    before = decision.evidence.fraud
    profile = (await sycee.ingestion.GetProfile(GetProfileRequest(merchant_id=shop.merchant_id))).profile
    scores = [
        (
            await sycee.scoring.AssessFraud(
                AssessFraudRequest(request_id=f"look-{uuid.uuid4()}", profile=profile, dry_run=True)
            )
        ).assessment.score
        for _ in range(8)
    ]
    assert len(set(scores)) == 1
    assert scores[0] <= before.score + 100


def asked_again(decision: Decision) -> DecideRequest:
    """The application that the recourse names, where an application alone can take its steps."""
    request = application(decision.merchant_id, decision.requested_amount.units)
    for step in decision.recourse:
        match step.feature:
            case "requested_amount":
                request.requested_amount.units = int(step.to) // 100
            case "term_months":
                request.term_months = int(step.to)
            case _:
                raise AssertionError(f"{step.feature} is no matter of the application")
    return request


async def test_a_decline_by_grade_names_the_smallest_change_and_asking_so_makes_the_grade(sycee: SyceeClient) -> None:
    """The first shops of the market whose decline the application itself could have avoided."""
    tried = 0
    for shop in MARKET.shops(200):
        if shop.archetype not in (Archetype.RETURNS_HEAVY, Archetype.NEW, Archetype.SEASONAL):
            continue
        await admit(sycee, [shop])
        decision = await decide(sycee, shop.merchant_id, 200_000)
        if not decision.recourse or any(step.takes_days for step in decision.recourse):
            continue
        assert decision.outcome == DECISION_OUTCOME_DECLINED
        assert all(step.text_zh and step.text_en and step.points > 0 for step in decision.recourse)
        better = (await sycee.decision.Decide(asked_again(decision))).decision
        assert better.evidence.score.grade < decision.evidence.score.grade
        assert not better.recourse
        tried += 1
        if tried == 3:
            return
    raise AssertionError(f"only {tried} shops of 200 could have asked better")
