"""Portraits: as-of, windows, histories, versions, and that the order of arrival does not matter."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import grpc
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from ingestion_calls import NOW, Stub, profile_of, publish, register
from ingestion_events import event, one_of_each, order, refund
from sycee.ingestion.v1 import event_pb2, ingestion_pb2, profile_pb2
from sycee_service.clock import ManualClock

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
    assert present == {"merchant_id", "as_of", "feature_version", "traits"}


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
    assert [s.event_count for s in after.sources] == [701] + [1] * 11
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

    @settings(
        max_examples=10,
        deadline=None,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(histories(), st.randoms(use_true_random=False))
    def explore(history: list[event_pb2.Event], chance: random.Random) -> None:
        asyncio.run_coroutine_threadsafe(check(history, chance), loop).result(timeout=60)

    await asyncio.to_thread(explore)
