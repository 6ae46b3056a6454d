"""Portraits: as-of, windows, histories, versions, and that the order of arrival does not matter."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import asyncpg
import grpc
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as exploring
from hypothesis import strategies as st
from ingestion_calls import NOW, Stub, profile_of, publish, register, registration
from ingestion_events import event, one_of_each, order, refund
from sycee.ingestion.v1 import event_pb2, ingestion_pb2, ingestion_pb2_grpc, profile_pb2
from sycee_ingestion.server import build
from sycee_ingestion.settings import Settings
from sycee_service.clock import ManualClock
from sycee_service.testing import running

TODAY = date(2026, 3, 15)


def on(day: date, hour: int = 4) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


async def test_a_merchant_without_events_has_no_sections(stub: Stub) -> None:
    await register(stub)
    profile = await profile_of(stub)
    assert profile.merchant_id == "m-1"
    assert profile.as_of.ToDatetime(tzinfo=UTC) == NOW
    assert (profile.traits.borrower_kind, profile.traits.category, profile.traits.province_code) == (2, "apparel", "33")
    present = {field.name for field, _ in profile.ListFields()}
    assert present == {"merchant_id", "as_of", "feature_version", "traits", "features", "quality", "attributes"}
    assert profile.quality.score == 0


async def test_what_merchants_share_is_the_same_in_their_portraits_and_shows_nobody(stub: Stub) -> None:
    for merchant_id, phone in (("m-1", "13800000000"), ("m-2", "13800000000"), ("m-3", "13900000000")):
        request = registration(merchant_id)
        request.operator.phone = phone
        await stub.RegisterMerchant(request)
    profiles = [await profile_of(stub, merchant_id) for merchant_id in ("m-1", "m-2", "m-3")]
    first, second, third = [{(one.kind, one.digest) for one in profile.attributes} for profile in profiles]
    assert first == second
    kind = profile_pb2.SharedAttribute.KIND_PHONE
    assert first ^ third == {one for one in first | third if one[0] == kind}
    assert len(first) == len(third) == 3
    assert all(b"138" not in digest for _, digest in first)
    assert not (await profile_of(stub, as_of=on(ago(1)))).attributes
    whole = await stub.GetProfile(ingestion_pb2.GetProfileRequest(merchant_id="m-1", include_identity=True))
    assert {(one.kind, one.digest) for one in whole.profile.attributes} == first
    assert whole.identity.operator.phone == "13800000000"


async def test_trade_by_day(stub: Stub) -> None:
    await register(stub)
    await publish(stub, [order("a", ago(200), 1), order("b", ago(3), 1), order("c", ago(3), 1), order("d", ago(1), 1)])
    daily = (await profile_of(stub)).daily_trade
    assert list(daily.counts) == [2, 0, 1]
    assert daily.first_day.day == ago(3).day
    assert list((await profile_of(stub, as_of=on(ago(2)))).daily_trade.counts) == [2]


async def test_as_of_a_past_day_only_whole_days_before_it_enter(stub: Stub) -> None:
    """Imported history is usable as of its own time, though it was received today."""
    await register(stub)
    history = [order(f"o-{n}", ago(n), 1_000) for n in range(1, 1_200)]
    await publish(stub, history[:600], history[600:], one_of_each(ago(500)), one_of_each(ago(0))[:1])
    cut = ago(500)
    profile = await profile_of(stub, as_of=on(cut))
    trade = profile.trade
    assert (trade.order_count_90d, trade.order_count_365d) == (90, 365)
    assert trade.last_day.day == (cut - timedelta(days=1)).day
    assert trade.months_of_history == int(699 / 30.4375)
    assert trade.monthly_net_12m_fen == 30_438
    assert len(trade.weekly_net_fen) == 100
    (status,) = profile.sources
    assert (status.event_count, status.freshness_days) == (699, 1)
    assert not profile.HasField("bureau")
    after = await profile_of(stub, as_of=on(cut + timedelta(days=1)))
    assert [s.event_count for s in after.sources] == [701] + [1] * 13
    assert after.HasField("bureau")
    before_all = await profile_of(stub, as_of=on(ago(1_200)))
    assert not before_all.HasField("trade")
    assert not before_all.sources


async def test_a_feed_that_paused_for_years_is_as_old_as_its_last_event(stub: Stub) -> None:
    await register(stub)
    await publish(stub, [order("old", ago(3_000)), order("new", ago(10)), refund("r", ago(2_900), 5)])
    profile = await profile_of(stub, as_of=on(ago(100)))
    freshness = {s.event_type: (s.freshness_days, s.stale) for s in profile.sources}
    assert freshness == {"order": (2_900, True), "refund": (2_800, True)}
    assert profile.coverage == 0.0
    assert profile.freshness_days == 2_800
    assert profile.trade.order_count_365d == 0
    assert profile.trade.months_of_history == int(2_900 / 30.4375)


async def test_today_is_present_but_in_no_window(stub: Stub) -> None:
    await register(stub)
    await publish(stub, [order("a", NOW - timedelta(hours=1)), order("b", ago(1))])
    for as_of in (None, NOW, NOW - timedelta(hours=10)):
        profile = await profile_of(stub, as_of=as_of)
        assert profile.trade.order_count_90d == 1
        assert profile.sources[0].event_count == 2
        assert profile.freshness_days == 0


async def test_days_are_those_of_shanghai(stub: Stub) -> None:
    await register(stub)
    await publish(stub, [order("late", on(ago(3), 15)), order("next", on(ago(3), 16))])  # 23:00 and 00:00 there
    (status,) = (await profile_of(stub)).sources
    assert (status.first_day.day, status.last_day.day) == (ago(3).day, ago(2).day)


async def test_a_bad_as_of_is_refused(stub: Stub) -> None:
    await register(stub)
    for seconds, nanos in ((2**60, 0), (-(2**60), 0), (0, -1), (0, 0), (int(NOW.timestamp()) + 301, 0)):
        request = ingestion_pb2.GetProfileRequest(merchant_id="m-1")
        request.as_of.seconds, request.as_of.nanos = seconds, nanos
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await stub.GetProfile(request)
        assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT, seconds
        assert "as_of" in (error.value.details() or "")
    assert (await profile_of(stub, as_of=NOW + timedelta(minutes=4))).as_of.ToDatetime(tzinfo=UTC) == NOW


async def test_windows_have_sharp_edges(stub: Stub) -> None:
    await register(stub)
    edges = (1, 90, 91, 180, 181, 365, 366, 730, 731)
    await publish(stub, [order(f"o-{n}", ago(n), 100, buyer="b") for n in edges])
    await publish(
        stub,
        [event(f"t-{n}", ago(n), traffic=event_pb2.Traffic(page_views=10, visitors=1)) for n in (90, 91, 180, 181)],
    )
    await publish(stub, [event(f"p-{n}", ago(n), store_penalty=event_pb2.StorePenalty(kind=1)) for n in (730, 731)])
    profile = await profile_of(stub)
    trade = profile.trade
    assert (trade.order_count_90d, trade.order_count_365d, trade.buyer_days_90d) == (2, 6, 2)
    assert trade.active_day_share_90d == 2 / 90
    assert (profile.visits.visitor_days, profile.visits.growth) == (1, 0.5)
    assert sum(c.count for c in profile.penalties.counts) == 1
    assert sum(trade.weekly_net_fen) == 700


async def test_the_newest_report_followers_and_rating_count_whatever_came_first(stub: Stub) -> None:
    await register(stub)
    events = [
        *(_social(f"s-{n}", on(ago(2), n % 9), n) for n in range(8)),
        _bureau("b-old", ago(90), 9),
        _bureau("b-new", ago(30), 1),
        _tax("t-new", ago(20), 4),
        _tax("t-old", ago(200), 1),
    ]
    random.Random(3).shuffle(events)
    await publish(stub, events[:6], events[6:])
    profile = await profile_of(stub)
    assert (profile.social.followers, profile.bureau.open_accounts, profile.tax.rating) == (7, 1, 4)


def _social(name: str, at: datetime, followers: int) -> event_pb2.Event:
    return event(name, at, social_activity=event_pb2.SocialActivity(followers=followers))


def _bureau(name: str, day: date, accounts: int) -> event_pb2.Event:
    made = event(name, day, bureau_report=event_pb2.BureauReport(open_accounts=accounts))
    made.bureau_report.report_date.year, made.bureau_report.report_date.month = day.year, day.month
    made.bureau_report.report_date.day = day.day
    return made


def _tax(name: str, day: date, rating: int) -> event_pb2.Event:
    made = event(name, day, tax_record=event_pb2.TaxRecord(rating=rating))
    for end in (made.tax_record.period_first, made.tax_record.period_last):
        end.year, end.month, end.day = day.year, day.month, day.day
    return made


async def test_a_kept_portrait_gives_way_to_new_events_and_to_a_new_day(stub: Stub, clock: ManualClock) -> None:
    await register(stub)
    await publish(stub, [order("a", ago(1))])
    first = await profile_of(stub)
    clock.advance(timedelta(minutes=1))
    again = await profile_of(stub)
    assert again.trade == first.trade
    assert again.as_of.ToDatetime(tzinfo=UTC) == NOW + timedelta(minutes=1)
    await publish(stub, [order("b", ago(1))], [_bureau("r", ago(2), 5)])
    changed = await profile_of(stub)
    assert (changed.trade.order_count_90d, changed.bureau.open_accounts) == (2, 5)
    clock.advance(timedelta(days=90))
    later = await profile_of(stub)
    assert (later.trade.order_count_90d, later.freshness_days) == (0, 91)


async def test_what_was_not_yet_received_is_not_known_then(stub: Stub, clock: ManualClock) -> None:
    await register(stub)
    clock.advance(-timedelta(days=50))
    await publish(stub, [order(f"a-{n}", ago(60 + n), 1_000) for n in range(10)])
    clock.advance(timedelta(days=20))
    late = [order(f"b-{n}", ago(60 + n), 1_000) for n in range(5)]
    correction = order("a-0", ago(60), 500_000)
    correction.revision = 1
    await publish(stub, [*late, correction, _bureau("r", ago(55), 2)])
    clock.advance(timedelta(days=30))

    async def seen_at(as_of: date, known_at: date | None) -> tuple[int, float, bool]:
        request = ingestion_pb2.GetProfileRequest(merchant_id="m-1")
        request.as_of.FromDatetime(on(as_of))
        if known_at is not None:
            request.known_at.FromDatetime(on(known_at))
        profile = (await stub.GetProfile(request)).profile
        features = {feature.name: feature.value for feature in profile.features}
        paid = features.get("mean_order_365d_fen", 0.0) * features.get("order_365d_count", 0.0)
        orders = next((s.event_count for s in profile.sources if s.event_type == "order"), 0)
        return orders, round(paid), profile.HasField("bureau")

    assert await seen_at(ago(40), ago(50)) == (0, 0, False)  # received on that very day
    assert await seen_at(ago(40), ago(49)) == (10, 10_000, False)
    assert await seen_at(ago(40), ago(30)) == (10, 10_000, False)
    assert await seen_at(ago(40), ago(29)) == (15, 514_000, True)
    assert await seen_at(ago(40), None) == (15, 514_000, True)
    assert await seen_at(ago(0), ago(49)) == (10, 10_000, False)
    assert await seen_at(ago(0), ago(-1)) == (15, 514_000, True)


async def test_a_portrait_stands_until_something_moves_it(clock: ManualClock, settings: Settings) -> None:
    """With nothing in the background, whose paintings under way would be stored at any time."""
    alone = settings.model_copy(update={"portray_poll_ms": 3_600_000})
    async with running(alone, build, clock=clock, peer="operator") as channel:
        await _stands_until_moved(ingestion_pb2_grpc.IngestionServiceStub(channel), clock, settings)


async def _stands_until_moved(stub: Stub, clock: ManualClock, settings: Settings) -> None:
    await register(stub)
    await publish(stub, [order(f"o-{n}", ago(n), 1_000) for n in range(1, 40)])
    await profile_of(stub)

    async def found(statement: str) -> object:
        connection = await asyncpg.connect(settings.database_url.get_secret_value())
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    async def made_at() -> object:
        return await found("select made_at from portraits")

    first = await made_at()
    clock.advance(timedelta(minutes=1))
    await publish(stub, [order("today", NOW - timedelta(hours=1), 9_000)])
    shown = await profile_of(stub)
    assert await made_at() == first
    assert (shown.sources[0].event_count, shown.freshness_days, shown.trade.last_day.day) == (40, 0, 15)
    assert shown.trade.order_count_90d == 39
    clock.advance(timedelta(minutes=1))
    await publish(stub, [refund("today-r", TODAY, 500)])  # the first refund ever: a kind that was not there
    shown = await profile_of(stub)
    assert await made_at() == first + timedelta(minutes=2)
    assert [source.event_type for source in shown.sources] == ["order", "refund"]
    clock.advance(timedelta(minutes=1))
    mask = {"paths": ["category", "employee_count"]}
    change = {"merchant_id": "m-1", "request_id": "update-1", "update_mask": mask}
    await stub.UpdateMerchant(ingestion_pb2.UpdateMerchantRequest(category="toys", employee_count=7, **change))
    shown = await profile_of(stub)
    features = {feature.name: feature.value for feature in shown.features}
    assert (shown.traits.category, features["employee_count"]) == ("toys", 7.0)
    shops = [ingestion_pb2.Shop(platform=platform, shop_id="1") for platform in ("taobao", "douyin")]
    change = {"merchant_id": "m-1", "request_id": "update-2", "update_mask": {"paths": ["shops"]}}
    await stub.UpdateMerchant(ingestion_pb2.UpdateMerchantRequest(shops=shops, **change))
    features = {feature.name: feature.value for feature in (await profile_of(stub)).features}
    assert (features["shop_count"], features["platform_count"]) == (2.0, 2.0)


async def test_a_portrait_made_just_after_midnight_is_for_the_moment(stub: Stub, clock: ManualClock) -> None:
    """An event of yesterday may commit a moment after the portrait that should hold it was made."""
    await register(stub)
    await publish(stub, [order("a", ago(1))])
    clock.advance(timedelta(hours=11, minutes=31))  # a minute past midnight
    assert (await profile_of(stub)).trade.order_count_90d == 1
    clock.advance(-timedelta(minutes=2))
    await publish(stub, [order("b", NOW - timedelta(hours=1))])  # received yesterday, of yesterday: moves no portrait
    clock.advance(timedelta(minutes=5))
    assert (await profile_of(stub)).trade.order_count_90d == 2


async def test_many_ask_for_one_portrait_and_it_is_made_once(stub: Stub, settings: Settings) -> None:
    await register(stub)
    await publish(stub, [order(f"o-{n}", ago(n), 1_000) for n in range(1, 40)])
    found = await asyncio.gather(*(profile_of(stub) for _ in range(20)))
    assert all(profile == found[0] for profile in found)


async def test_a_batch_keeps_its_order_and_names_who_is_missing(stub: Stub) -> None:
    for number in range(5):
        await register(stub, f"m-{number}")
        await publish(stub, [order(f"{number}-{n}", ago(n), merchant_id=f"m-{number}") for n in range(1, 3 + number)])
    wanted = ["m-3", "nobody", "m-0", "m-4", "no-one", "m-1"]
    for as_of in (None, on(ago(1))):
        request = ingestion_pb2.BatchGetProfilesRequest(merchant_ids=wanted)
        if as_of is not None:
            request.as_of.FromDatetime(as_of)
        answer = await stub.BatchGetProfiles(request)
        assert [profile.merchant_id for profile in answer.profiles] == ["m-3", "m-0", "m-4", "m-1"]
        assert list(answer.missing_merchant_ids) == ["nobody", "no-one"]
        for profile in answer.profiles:
            assert profile == await profile_of(stub, profile.merchant_id, as_of)
    request = ingestion_pb2.BatchGetProfilesRequest(merchant_ids=["m-1"])
    request.as_of.FromDatetime(NOW + timedelta(days=1))
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await stub.BatchGetProfiles(request)
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_an_erased_merchant_has_no_portrait(stub: Stub) -> None:
    await register(stub)
    await publish(stub, [order("a", ago(1))])
    await profile_of(stub)
    erase = ingestion_pb2.EraseMerchantDataRequest(request_id="erase-m-1", merchant_id="m-1", reason="asked for it")
    await stub.EraseMerchantData(erase)
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await profile_of(stub)
    assert error.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    answer = await stub.BatchGetProfiles(ingestion_pb2.BatchGetProfilesRequest(merchant_ids=["m-1"]))
    assert list(answer.missing_merchant_ids) == ["m-1"]


async def test_every_section_is_filled(stub: Stub) -> None:
    """One event of every kind, and what each says of itself."""
    await register(stub)
    await publish(stub, one_of_each(ago(2)))
    profile = await profile_of(stub)
    sections = {field.name for field, _ in profile.ListFields()}
    assert sections >= {
        *("trade", "logistics", "reviews", "settlements", "bureau", "tax", "energy", "visits", "social", "penalties"),
        *("repayments", "invoices", "brushing", "quality", "features", "sources", "coverage", "freshness_days"),
    }
    logistics = profile.logistics
    assert (logistics.parcel_count, logistics.covered_count, logistics.odd_route_count) == (1, 1, 0)
    assert [(f.mode, f.gram_km > 0) for f in logistics.freight] == [(3, True)]
    assert [(p.packaging, p.parcel_count) for p in logistics.packaging] == [(2, 1)]
    assert (profile.reviews.review_count, profile.reviews.return_count, profile.reviews.order_count) == (1, 1, 1)
    assert (profile.settlements.net_fen, profile.settlements.fee_fen, profile.settlements.day_count) == (9_500, 500, 1)
    assert (profile.bureau.months_overdue_24m, profile.bureau.worst_overdue_24m) == (3, 3)
    assert profile.bureau.report_date.day == ago(2).day
    assert (profile.tax.rating, profile.tax.declared_sales_fen, profile.tax.late_count) == (2, 9_000, 1)
    assert (profile.energy.electricity_wh, profile.energy.day_count) == (310_000, 31)
    assert (profile.social.followers, profile.social.posts) == (5_000_000_000, 2)
    assert [(c.kind, c.count) for c in profile.penalties.counts] == [(2, 1)]
    assert (profile.repayments.repayment_count, profile.repayments.worst_days_past_due) == (1, 4)
    assert profile.invoices.sale_count + profile.invoices.purchase_count == 1
    assert profile.trade.monthly_clean_12m_fen == profile.trade.monthly_net_12m_fen
    assert profile.brushing.fake_order_share_365d == 0.0


# A model of the sums, in a few lines, against which every order of arrival is held.


def expected(events: Sequence[event_pb2.Event]) -> dict[str, object]:
    """What a portrait must say of events that each count once."""
    unique = {(e.source, e.event_id): e for e in events}.values()
    within = [e for e in unique if 1 <= _age(e) <= 365]
    orders = [e for e in within if e.HasField("order")]
    parcels = [e.shipment for e in within if e.HasField("shipment")]
    buyers = {(_age(e), e.source, e.order.buyer_id) for e in orders if e.order.buyer_id and _age(e) <= 90}
    paid = sum(_fen(e.order.amount) for e in orders if _age(e) <= 180)
    back = sum(_fen(e.refund.amount) for e in within if e.HasField("refund") and _age(e) <= 180)
    freight: dict[int, int] = defaultdict(int)
    for parcel in parcels:
        freight[parcel.mode] += parcel.weight_g * parcel.distance_km
    return {
        "orders": len(orders),
        "buyers": len(buyers) + sum(not e.order.buyer_id for e in orders if _age(e) <= 90),
        "refund_rate": back / paid if paid else float(back > 0),
        "parcels": len(parcels),
        "freight": {mode: km for mode, km in freight.items() if km},
        "stars": sum(e.review.stars for e in within if e.HasField("review")),
        "events": len(unique),
    }


def seen(profile: profile_pb2.Profile) -> dict[str, object]:
    """The same figures out of a portrait."""
    return {
        "orders": profile.trade.order_count_365d,
        "buyers": profile.trade.buyer_days_90d,
        "refund_rate": profile.trade.refund_rate_180d,
        "parcels": profile.logistics.parcel_count,
        "freight": {f.mode: f.gram_km for f in profile.logistics.freight},
        "stars": round(profile.reviews.mean_stars * profile.reviews.review_count),
        "events": sum(s.event_count for s in profile.sources),
    }


def _age(made: event_pb2.Event) -> int:
    return (TODAY - (made.occurred_at.ToDatetime() + timedelta(hours=8)).date()).days


def _fen(amount: object) -> int:
    return amount.units * 100 + amount.nanos // 10_000_000


@st.composite
def histories(draw: st.DrawFn) -> list[event_pb2.Event]:
    count = draw(st.integers(1, 60))
    chance = draw(st.randoms(use_true_random=False))
    made = [order("first", ago(400), 1)]
    for n in range(count):
        day, source = ago(chance.randint(1, 420)), chance.choice(["taobao", "douyin"])
        buyer = chance.choice(["", "b-1", "b-2"])
        made.append(
            chance.choice(
                [
                    order(f"e-{n}", day, chance.randint(0, 10**6), buyer=buyer, source=source),
                    refund(f"e-{n}", day, chance.randint(0, 10**6), source=source),
                    event(f"e-{n}", day, source=source, review=event_pb2.Review(stars=chance.randint(1, 5))),
                    event(
                        f"e-{n}",
                        day,
                        source=source,
                        shipment=event_pb2.Shipment(
                            weight_g=chance.randint(0, 9_000),
                            distance_km=chance.randint(0, 3_000),
                            mode=chance.randint(0, 4),
                        ),
                    ),
                ]
            )
        )
    return made


async def test_every_order_of_arrival_with_any_repeats_ends_the_same(stub: Stub) -> None:
    """Shuffled, cut into batches and sent twice over two streams at once: the portrait is that of the plain sums."""
    loop = asyncio.get_running_loop()
    number = 0

    async def check(history: list[event_pb2.Event], chance: random.Random) -> None:
        nonlocal number
        number += 1
        profiles = []
        for variant in range(2):
            merchant_id = f"m-{number}-{variant}"
            await register(stub, merchant_id)
            mine = []
            for made in history:
                copy = event_pb2.Event()
                copy.CopyFrom(made)
                copy.merchant_id, copy.event_id = merchant_id, f"{merchant_id}-{made.event_id}"
                mine.append(copy)
            sent = mine + chance.sample(mine, chance.randint(0, len(mine)))
            chance.shuffle(sent)
            size = chance.randint(1, len(sent))
            batches = [sent[at : at + size] for at in range(0, len(sent), size)]
            answers = await asyncio.gather(publish(stub, *batches[::2]), publish(stub, *batches[1::2]))
            assert sum(a.accepted_count for answer in answers for a in answer) == len(mine)
            profile = await profile_of(stub, merchant_id)
            assert seen(profile) == expected(mine)
            profile.merchant_id = ""
            profiles.append(profile)
        assert profiles[0] == profiles[1]

    @exploring(
        max_examples=10,
        deadline=None,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(histories(), st.randoms(use_true_random=False))
    def explore(history: list[event_pb2.Event], chance: random.Random) -> None:
        asyncio.run_coroutine_threadsafe(check(history, chance), loop).result(timeout=60)

    await asyncio.to_thread(explore)
