"""Portraits on real processes: what is fake does not count, corrections do, and whoever watches hears."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest
from support.local_suite import Suite
from support.shops import admit, admit_solid, decide, find, market, publish
from sycee.decision.v1.decision_pb2 import DECISION_OUTCOME_APPROVED, DECISION_OUTCOME_REFERRED
from sycee.ingestion.v1.event_pb2 import Event
from sycee.ingestion.v1.ingestion_pb2 import (
    EraseMerchantDataRequest,
    GetProfileRequest,
    ListFeaturesRequest,
    WatchProfilesRequest,
)
from sycee.ingestion.v1.profile_pb2 import Profile
from sycee_client import SyceeClient
from sycee_client.errors import FailedPrecondition
from sycee_simulator import Archetype

MARKET = market(seed=23)
WATCHED_S = 30.0


@pytest.fixture
async def sycee(suite: Suite) -> AsyncIterator[SyceeClient]:
    async with suite.client(suite.token()) as client:
        yield client


async def profile(sycee: SyceeClient, merchant_id: str) -> Profile:
    return (await sycee.ingestion.GetProfile(GetProfileRequest(merchant_id=merchant_id))).profile


async def test_brushed_sales_do_not_count_and_a_person_is_asked(sycee: SyceeClient) -> None:
    shops = find(MARKET, Archetype.BRUSHING, 4)
    await admit(sycee, shops)

    for shop in shops:
        seen = await profile(sycee, shop.merchant_id)
        fake = seen.brushing.fake_order_share_365d
        assert fake == pytest.approx(shop.truth.brushed_share, abs=0.15), shop.merchant_id
        assert [signal.code for signal in seen.brushing.signals]
        assert seen.trade.monthly_clean_12m_fen < seen.trade.monthly_net_12m_fen
        assert sum(seen.trade.weekly_clean_fen) < sum(seen.trade.weekly_net_fen)
    heaviest = max(shops, key=lambda shop: shop.truth.brushed_share)
    decision = await decide(sycee, heaviest.merchant_id, 10_000)
    assert decision.outcome != DECISION_OUTCOME_APPROVED
    if decision.outcome == DECISION_OUTCOME_REFERRED:
        assert "SALES_LOOK_BRUSHED" in [reason.code for reason in decision.reasons]


async def test_an_honest_shop_keeps_its_sales_and_every_feature_is_explained(sycee: SyceeClient) -> None:
    shop = find(MARKET, Archetype.STEADY)[0]
    await admit(sycee, [shop])

    seen = await profile(sycee, shop.merchant_id)

    assert seen.brushing.fake_order_share_365d == 0
    assert seen.trade.monthly_clean_12m_fen == seen.trade.monthly_net_12m_fen > 0
    assert seen.quality.score >= 50, seen.quality.defects
    explained = (await sycee.ingestion.ListFeatures(ListFeaturesRequest(page_size=500))).features
    assert len(explained) >= 120
    names = [feature.name for feature in seen.features]
    assert names == sorted(set(names))
    assert set(names) <= {feature.name for feature in explained}
    assert all(feature.meaning_zh and feature.meaning_en and feature.unit for feature in explained)


async def test_a_correction_moves_the_portrait_and_whoever_watches_hears_of_it(sycee: SyceeClient) -> None:
    shop = find(MARKET, Archetype.GROWING)[0]
    watch = sycee.ingestion.WatchProfiles(WatchProfilesRequest(merchant_ids=[shop.merchant_id]))
    assert not (await anext(aiter(watch))).HasField("profile")
    events = await admit_solid(sycee, shop)
    before = await profile(sycee, shop.merchant_id)
    withdrawn = [_withdrawn(event) for event in events if event.HasField("order")][::2]

    for answer in await publish(sycee, withdrawn):
        assert not answer.rejects, answer.rejects[0]
    after = await profile(sycee, shop.merchant_id)

    assert after.trade.monthly_net_12m_fen == pytest.approx(before.trade.monthly_net_12m_fen / 2, rel=0.05)
    async with asyncio.timeout(WATCHED_S):
        async for heard in watch:
            if heard.profile.trade.monthly_net_12m_fen == after.trade.monthly_net_12m_fen:
                assert heard.changes
                break
    watch.cancel()


def _withdrawn(event: Event) -> Event:
    correction = Event(revision=1, withdrawn=True)
    correction.MergeFrom(event)
    return correction


async def test_an_erased_merchant_has_no_portrait_and_takes_no_events(sycee: SyceeClient) -> None:
    shop = find(MARKET, Archetype.NEW)[0]
    await admit(sycee, [shop])
    asked = EraseMerchantDataRequest(
        request_id=f"erase-{uuid.uuid4()}", merchant_id=shop.merchant_id, reason="asked for by the merchant"
    )

    answer = await sycee.ingestion.EraseMerchantData(asked)

    assert {hold.rule_id for hold in answer.holds} == {"CN-AML-02"}
    with pytest.raises(FailedPrecondition) as refused:
        await profile(sycee, shop.merchant_id)
    assert refused.value.reason == "MERCHANT_ERASED"
    late = next(iter(shop.events()))
    late.event_id += "-late"
    answers = await publish(sycee, [late])
    assert [reject.reason for reject in answers[0].rejects] == ["MERCHANT_ERASED"]
    assert await sycee.ingestion.EraseMerchantData(asked) == answer
