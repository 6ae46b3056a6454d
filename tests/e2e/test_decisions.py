"""Decisions through the edge, on real processes: what comes out, what proves it, what repeated and racing calls do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from support.local_suite import Suite
from support.shops import admit, admit_solid, application, decide, find, market, publish, solid, yuan
from sycee.compliance.v1.compliance_pb2 import GetTreeHeadRequest
from sycee.decision.v1.decision_pb2 import (
    DECISION_OUTCOME_APPROVED,
    DECISION_OUTCOME_DECLINED,
    DECISION_OUTCOME_REFERRED,
    AcceptOfferRequest,
    Decision,
    GetDecisionRequest,
    ListDecisionsRequest,
)
from sycee.limits.v1.limits_pb2 import ListEntriesRequest
from sycee_client import SyceeClient
from sycee_client.decisions import verify_decision
from sycee_client.errors import AlreadyExists, FailedPrecondition, NotFound
from sycee_simulator import Archetype

MARKET = market(seed=11)


@pytest.fixture
async def sycee(suite: Suite) -> AsyncIterator[SyceeClient]:
    async with suite.client(suite.token()) as client:
        yield client


async def public_key(sycee: SyceeClient) -> Ed25519PublicKey:
    head = await sycee.compliance.GetTreeHead(GetTreeHeadRequest())
    return Ed25519PublicKey.from_public_bytes(head.public_key)


def codes(decision: Decision) -> list[str]:
    return [reason.code for reason in decision.reasons]


async def test_a_steady_shop_is_approved_and_its_receipt_proves_it(sycee: SyceeClient) -> None:
    shop = find(MARKET, Archetype.STEADY)[0]
    await admit_solid(sycee, shop)

    decision = await decide(sycee, shop.merchant_id, 20_000)

    assert decision.outcome == DECISION_OUTCOME_APPROVED, codes(decision)
    assert 0 < decision.offer.amount.units <= 20_000
    assert 0 < decision.offer.nominal_rate_bp <= decision.offer.effective_rate_bp <= 2400
    assert decision.simulated
    assert 300 <= decision.evidence.score.score <= 850
    assert decision.evidence.esg.coverage > 0
    assert verify_decision(decision, await public_key(sycee))["decision_id"] == decision.decision_id

    read = (await sycee.decision.GetDecision(GetDecisionRequest(decision_id=decision.decision_id))).decision
    assert read == decision


async def test_an_accepted_offer_becomes_a_facility_once(sycee: SyceeClient) -> None:
    shop = find(MARKET, Archetype.GROWING)[0]
    await admit_solid(sycee, shop)
    decision = await decide(sycee, shop.merchant_id, 10_000)
    assert decision.outcome == DECISION_OUTCOME_APPROVED, codes(decision)

    accept = AcceptOfferRequest(request_id=f"accept-{decision.decision_id}", decision_id=decision.decision_id)
    first = await sycee.decision.AcceptOffer(accept)
    again = await sycee.decision.AcceptOffer(accept)

    assert first == again
    assert first.facility.drawn == decision.offer.amount
    assert first.decision.facility_id == first.facility.facility_id
    accept.request_id += "-other"
    with pytest.raises(FailedPrecondition) as refused:
        await sycee.decision.AcceptOffer(accept)
    assert refused.value.reason == "OFFER_ALREADY_ACCEPTED"


async def test_a_revoked_licence_is_declined_with_its_reason(sycee: SyceeClient) -> None:
    shop = find(MARKET, Archetype.REVOKED)[0]
    await admit(sycee, [shop])

    decision = await decide(sycee, shop.merchant_id)

    assert decision.outcome == DECISION_OUTCOME_DECLINED
    assert 1 <= len(decision.reasons) <= 4
    assert any("REVOKED" in code for code in codes(decision))
    assert all(reason.text_zh and reason.text_en for reason in decision.reasons)
    assert not decision.HasField("offer")
    assert verify_decision(decision, await public_key(sycee))


async def test_a_sanctioned_party_is_stopped_and_not_tipped_off(sycee: SyceeClient) -> None:
    shop = find(MARKET, Archetype.SANCTIONED)[0]
    await admit(sycee, [shop])

    decision = await decide(sycee, shop.merchant_id)

    assert decision.outcome != DECISION_OUTCOME_APPROVED
    shown = " ".join(f"{reason.code} {reason.text_zh} {reason.text_en}" for reason in decision.reasons).lower()
    assert not any(word in shown for word in ("sanction", "terror", "制裁", "名单", "blacklist"))


async def test_a_shop_without_consent_is_not_lent_to(sycee: SyceeClient) -> None:
    shop = find(MARKET, Archetype.STEADY, skip=1)[0]
    await sycee.ingestion.RegisterMerchant(shop.registration())

    decision = await decide(sycee, shop.merchant_id)

    assert decision.outcome == DECISION_OUTCOME_DECLINED
    assert "CONSENT_MISSING" in codes(decision)


async def test_a_register_entry_that_nobody_knows_refers(sycee: SyceeClient) -> None:
    shop = find(MARKET, Archetype.STEADY, skip=2)[0]
    registration = shop.registration()
    registration.ClearField("register_entry")
    await sycee.ingestion.RegisterMerchant(registration)
    for consent in shop.consents():
        await sycee.compliance.RecordConsent(consent)
    await publish(sycee, solid(shop))

    decision = await decide(sycee, shop.merchant_id)

    assert decision.outcome == DECISION_OUTCOME_REFERRED
    assert decision.reasons


async def test_the_same_request_gives_the_same_decision_and_another_payload_is_refused(sycee: SyceeClient) -> None:
    shop = find(MARKET, Archetype.STEADY, skip=3)[0]
    await admit_solid(sycee, shop)
    request = application(shop.merchant_id, 20_000)

    first, *others = await asyncio.gather(*(sycee.decision.Decide(request) for _ in range(8)))
    later = await sycee.decision.Decide(request)

    assert all(other == first for other in [*others, later])
    held = (await sycee.limits.ListEntries(ListEntriesRequest(merchant_id=shop.merchant_id))).entries
    assert len([entry for entry in held if entry.kind == "RESERVE"]) == 1
    request.requested_amount.CopyFrom(yuan(20_001))
    with pytest.raises(AlreadyExists) as refused:
        await sycee.decision.Decide(request)
    assert refused.value.reason == "REQUEST_ID_REUSED"


async def test_two_decisions_racing_for_one_limit_never_lend_more_than_it(sycee: SyceeClient) -> None:
    shop = find(MARKET, Archetype.GROWING, skip=1)[0]
    await admit_solid(sycee, shop)
    alone = await decide(sycee, shop.merchant_id, 10_000)
    assert alone.outcome == DECISION_OUTCOME_APPROVED, codes(alone)
    limit = alone.evidence.quote.limit.units

    racing = await asyncio.gather(*(decide(sycee, shop.merchant_id, 500_000) for _ in range(6)))

    lent = alone.offer.amount.units + sum(decision.offer.amount.units for decision in racing)
    assert lent <= limit
    assert [decision.outcome for decision in racing].count(DECISION_OUTCOME_APPROVED) == 1
    entries = (await sycee.limits.ListEntries(ListEntriesRequest(merchant_id=shop.merchant_id, page_size=500))).entries
    assert entries
    assert all(sum(line.amount_fen for line in entry.lines) == 0 for entry in entries)


async def test_decisions_are_listed_by_page_newest_first(sycee: SyceeClient) -> None:
    shop = find(MARKET, Archetype.SEASONAL)[0]
    await admit(sycee, [shop])
    made = [(await decide(sycee, shop.merchant_id, 1_000 + n)).decision_id for n in range(5)]

    listed: list[str] = []
    token = ""
    while True:
        page = await sycee.decision.ListDecisions(
            ListDecisionsRequest(merchant_id=shop.merchant_id, page_size=2, page_token=token)
        )
        assert len(page.decisions) <= 2
        listed += [decision.decision_id for decision in page.decisions]
        token = page.next_page_token
        if not token:
            break
    assert listed == made[::-1]


async def test_what_is_not_there_is_not_found(sycee: SyceeClient) -> None:
    with pytest.raises(NotFound):
        await decide(sycee, "nobody-of-that-name")
    with pytest.raises(NotFound):
        await sycee.decision.GetDecision(GetDecisionRequest(decision_id="dec_nothing"))
    shop = find(MARKET, Archetype.STEADY)[0]
    with pytest.raises(NotFound):
        await sycee.decision.Decide(application(shop.merchant_id, product_id="no-such-product"))


async def test_a_decision_as_of_an_earlier_day_holds_no_money(sycee: SyceeClient) -> None:
    shop = find(MARKET, Archetype.STEADY, skip=4)[0]
    await admit_solid(sycee, shop)
    request = application(shop.merchant_id, 10_000)
    request.as_of.GetCurrentTime()
    request.as_of.seconds -= 30 * 86_400

    decision = (await sycee.decision.Decide(request)).decision

    assert decision.hypothetical
    assert verify_decision(decision, await public_key(sycee))
    assert not (await sycee.limits.ListEntries(ListEntriesRequest(merchant_id=shop.merchant_id))).entries
    with pytest.raises(FailedPrecondition):
        await sycee.decision.AcceptOffer(
            AcceptOfferRequest(request_id=f"accept-{decision.decision_id}", decision_id=decision.decision_id)
        )
