"""Each signal fires on a scene made by hand, and its innocent twin stays clean."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from brushing_scenes import AS_OF, Order, Shop, clean_shop, day, strangers
from hypothesis import given, settings
from hypothesis import strategies as st
from sycee_ingestion.brushing.details import ORDERS, REFUNDS, REVIEWS, SHIPMENTS, Details
from sycee_ingestion.brushing.judgement import FEWEST_ORDERS, MOST_SUPPORT, PRIOR, judge
from sycee_ingestion.brushing.prices import HINT
from sycee_ingestion.brushing.signals import STANDINGS, Signal

CLEAN = clean_shop()
RNG = np.random.default_rng(11)


def caught(shop: Shop, signal: Signal) -> None:
    """The added orders carry the signal and are called fake; hardly any other is."""
    seen = shop.judged()
    assert seen.carrying(signal) >= 0.9
    assert seen.recall >= 0.9
    assert seen.precision >= 0.9
    assert seen.judgement.signals[signal].fake_count >= 0.9 * seen.added.sum()


def clean(shop: Shop) -> None:
    """Not one order is called fake."""
    assert shop.judged().fakes == 0


def accounts(orders: list[Order], each: int) -> list[Order]:
    """The orders as those of accounts that place so many each, one after another in the list."""
    owners = [orders[place // each * each] for place in range(len(orders))]
    return [
        replace(order, buyer=owner.buyer, address=owner.address, device=owner.device)
        for order, owner in zip(orders, owners, strict=True)
    ]


def test_the_clean_shop_is_clean() -> None:
    seen = CLEAN.judged()
    assert seen.fakes == 0
    assert seen.judgement.share == 0.0
    assert seen.judgement.fake_days.is_empty()
    assert float(seen.judgement.orders["suspicion"].max()) < 0.3


# Few buyers


def test_a_ring_of_buyers_is_caught() -> None:
    caught(CLEAN.with_orders(*accounts(strangers(80, 200, 4), 8)), Signal.FEW_BUYERS)


def test_regulars_who_come_back_every_month_are_clean() -> None:
    spread = [
        replace(order, at=day(15 + 40 * (place % 8), RNG))
        for place, order in enumerate(accounts(strangers(80, 0, 1), 8))
    ]
    clean(CLEAN.with_orders(*spread))


def test_a_wholesale_buyer_of_many_months_is_clean() -> None:
    clean(CLEAN.with_orders(*accounts(strangers(150, 0, 365), 75)))


def test_one_reseller_who_buys_a_lot_at_once_is_no_ring() -> None:
    clean(CLEAN.with_orders(*accounts(strangers(40, 100, 2), 40)))


def test_a_shop_that_sells_to_a_dozen_firms_is_clean() -> None:
    firms = [
        replace(
            order, buyer=1 + at // 50, address=1 + at // 50, device=1 + at // 50, at=day(30 * (at % 12) + at % 3, RNG)
        )
        for at, order in enumerate(CLEAN.orders)
    ]
    clean(Shop(firms))


# Addresses and devices


@pytest.mark.parametrize(("name", "signal"), [("address", Signal.SHARED_ADDRESS), ("device", Signal.SHARED_DEVICE)])
def test_strangers_who_share_an_address_or_device_are_caught(name: str, signal: Signal) -> None:
    farm = [replace(order, **{name: 99_000 + place % 4}) for place, order in enumerate(strangers(80, 100, 60))]
    caught(CLEAN.with_orders(*farm), signal)


@pytest.mark.parametrize("name", ["address", "device"])
def test_what_the_regulars_share_as_well_is_ordinary(name: str) -> None:
    """A campus, or the tablet on the counter: regulars use it as often as anybody."""
    common = [
        replace(order, **{name: 99_000}) if order.buyer % 7 == 0 else order
        for order in CLEAN.with_orders(*strangers(60, 0, 365)).orders
    ]
    assert sum(getattr(order, name) == 99_000 for order in common) > 60
    clean(Shop(common))


@pytest.mark.parametrize("name", ["address", "device"])
def test_families_are_clean(name: str) -> None:
    clean(Shop([replace(order, **{name: 1 + order.buyer // 3}) for order in CLEAN.orders]))


def test_addresses_that_name_districts_are_no_evidence() -> None:
    seen = Shop([replace(order, address=1 + order.buyer % 9) for order in CLEAN.orders]).judged()
    assert seen.fakes == 0
    assert seen.judgement.signals[Signal.SHARED_ADDRESS].order_count == 0


# Prices


def test_one_round_sum_for_different_goods_is_caught() -> None:
    bought = [replace(order, fen=20_000, items=1) for order in strangers(60, 150, 20)]
    caught(CLEAN.with_orders(*bought), Signal.ODD_PRICE)


def test_goods_that_cost_a_round_sum_are_clean() -> None:
    clean(CLEAN.with_orders(*(replace(order, goods=77, fen=20_000, items=1) for order in strangers(60, 150, 20))))


def test_a_sale_at_each_goods_own_discount_is_clean() -> None:
    sale = [replace(order, fen=order.fen * (9 - order.goods % 4) // 10) for order in strangers(120, 255, 2)]
    clean(CLEAN.with_orders(*sale))


# Reviews


def test_copied_reviews_are_caught() -> None:
    text = "宝贝收到了,音质非常好,和描述的一模一样,卖家服务态度超级好,物流也很快,推荐大家购买"
    endings = ("", "!", "哦", ",五星", "👍", "。谢谢")
    copied = [replace(o, review=text + endings[place % 6]) for place, o in enumerate(strangers(60, 30, 300))]
    caught(CLEAN.with_orders(*copied), Signal.COPIED_REVIEW)


@pytest.mark.parametrize(
    "text", ["好评", "质量很好物流很快", "此用户没有填写评价,系统默认好评,感谢您对本店的支持与信任", None]
)
def test_short_and_default_reviews_are_no_copies(text: str | None) -> None:
    clean(CLEAN.with_orders(*(replace(order, review=text) for order in strangers(60, 30, 300))))


# Parcels


@pytest.mark.parametrize("blank", [{"parcels": 0}, {"weight_g": 0, "distance_km": 0}])
def test_orders_without_a_parcel_or_with_one_that_nobody_weighed_are_caught(blank: dict[str, int]) -> None:
    caught(CLEAN.with_orders(*(replace(order, **blank) for order in strangers(90, 60, 250))), Signal.NO_PARCEL)


@pytest.mark.parametrize("odd", [{"odd_route": True}, {"weight_g": 25}])
def test_empty_boxes_and_impossible_routes_are_caught(odd: dict[str, int]) -> None:
    caught(CLEAN.with_orders(*(replace(order, **odd) for order in strangers(60, 60, 250))), Signal.ODD_PARCEL)


def test_a_carrier_that_weighs_nothing_is_no_evidence() -> None:
    every_fourth = [
        replace(order, weight_g=0, distance_km=0) if place % 4 == 1 else order
        for place, order in enumerate(CLEAN.orders)
    ]
    clean(Shop(every_fourth))
    clean(Shop([replace(order, weight_g=0) for order in CLEAN.orders]))


def test_a_broken_scale_is_no_evidence() -> None:
    ends = day(240, RNG)
    fortnights = [
        replace(order, weight_g=0, distance_km=0) if ends - timedelta(days=60) < order.at < ends else order
        for order in CLEAN.orders
    ]
    clean(Shop(fortnights))


def test_a_shop_that_sends_nothing_is_clean_and_so_are_goods_that_are_never_sent() -> None:
    clean(CLEAN.each(parcels=0))
    clean(CLEAN.with_orders(*(replace(order, goods=88, fen=990, parcels=0) for order in strangers(90, 60, 250))))


def test_the_newest_orders_may_still_be_under_way() -> None:
    clean(CLEAN.with_orders(*(replace(order, parcels=0) for order in strangers(90, 356, 8))))


def test_orders_cancelled_before_they_were_sent_are_clean() -> None:
    cancelled = [replace(order, parcels=0, refund_fen=order.fen) for order in strangers(90, 60, 250)]
    clean(CLEAN.with_orders(*cancelled))


# Refunds


def test_a_refund_loop_is_caught() -> None:
    loop = accounts(strangers(48, 150, 80), 6)
    caught(CLEAN.with_orders(*(replace(order, refund_fen=order.fen) for order in loop)), Signal.REFUND_LOOP)


def test_refunds_in_part_or_once_or_of_what_came_back_or_in_dispute_are_clean() -> None:
    loop = accounts(strangers(48, 150, 80), 6)
    clean(CLEAN.with_orders(*(replace(order, refund_fen=order.fen // 2) for order in loop)))
    clean(CLEAN.with_orders(*(replace(order, refund_fen=order.fen) for order in strangers(48, 150, 80))))
    clean(CLEAN.with_orders(*(replace(order, refund_fen=order.fen, returned=True) for order in loop)))
    clean(CLEAN.with_orders(*(replace(order, refund_fen=order.fen, disputed=True) for order in loop)))


def test_a_firm_with_a_few_refunds_among_many_orders_is_clean() -> None:
    firm = accounts(strangers(200, 0, 365), 100)
    refunded = [replace(order, refund_fen=order.fen) if place % 10 == 0 else order for place, order in enumerate(firm)]
    clean(CLEAN.with_orders(*refunded))


# Rhythm


def even_nights(count: int) -> list[Order]:
    """Orders every ten minutes from one in the morning, twenty a night."""
    first = day(120, RNG).replace(hour=17, minute=0, second=0)  # one in the morning in Shanghai
    return [
        replace(order, at=first + timedelta(days=place // 20, minutes=10 * (place % 20), seconds=place % 7))
        for place, order in enumerate(strangers(count, 120, 1))
    ]


def test_a_festival_is_seen_as_a_burst_and_is_clean() -> None:
    seen = CLEAN.with_orders(*strangers(300, 255, 1)).judged()
    assert seen.carrying(Signal.BURST) == 1.0
    assert seen.fakes == 0


def test_even_intervals_by_night_are_seen_and_prove_nothing_alone() -> None:
    seen = CLEAN.with_orders(*even_nights(100)).judged()
    assert seen.carrying(Signal.MACHINE_TIME) == 1.0
    assert seen.fakes == 0


def test_a_burst_strengthens_what_else_is_there() -> None:
    plain = strangers(18, 50, 200)
    night = even_nights(18)
    spread, at_night = (
        CLEAN.with_orders(*(replace(order, address=99_000 + place % 2) for place, order in enumerate(orders)))
        .judged()
        .suspicion
        for orders in (plain, night)
    )
    assert at_night > spread


def test_chance_arrivals_are_hardly_ever_even() -> None:
    seen = clean_shop(3_000, seed=9).judged()
    regular = seen.judgement.orders.filter(pl.col("signals") & int(Signal.MACHINE_TIME) > 0)
    assert len(regular) < 30


def test_standing_orders_at_even_intervals_are_clean() -> None:
    first = day(1, RNG)
    weekly = [
        replace(order, at=first + timedelta(days=7 * (place % 52)))
        for place, order in enumerate(accounts(strangers(104, 0, 1), 52))
    ]
    seen = CLEAN.with_orders(*weekly).judged()
    assert seen.fakes == 0


def test_bare_dates_tell_no_hours() -> None:
    dates = [replace(order, at=order.at.replace(hour=0, minute=0, second=0)) for order in CLEAN.orders]
    seen = Shop(dates).judged()
    assert seen.fakes == 0
    assert seen.judgement.signals[Signal.MACHINE_TIME].order_count == 0


def test_no_sum_of_signals_that_cannot_stand_alone_carries_a_verdict() -> None:
    assert PRIOR + MOST_SUPPORT + HINT * STANDINGS[Signal.ODD_PRICE].weight < 0


# What is missing, and what is small


def test_what_is_not_said_is_no_evidence() -> None:
    bare = CLEAN.each(buyer=0, address=0, device=0, goods=0, parcels=0, review=None)
    seen = bare.judged()
    assert seen.fakes == 0
    none = {signal for signal, each in seen.judgement.signals.items() if each.order_count == 0}
    assert none >= set(Signal) - {Signal.BURST, Signal.ODD_PRICE, Signal.MACHINE_TIME}


@pytest.mark.parametrize("name", ["buyer", "address", "device", "goods"])
def test_a_ring_is_caught_whatever_single_field_is_missing(name: str) -> None:
    farm = [
        replace(order, address=99_000 + place % 4, device=98_000 + place % 5)
        for place, order in enumerate(accounts(strangers(90, 100, 6), 9))
    ]
    seen = CLEAN.with_orders(*farm).each(**{name: 0}).judged()
    # `each` forgets who was added: the keys tell.
    fakes = seen.judgement.orders.filter("fake")["order_key"]
    assert (fakes > len(CLEAN.orders)).sum() >= 80


def test_a_new_shop_is_not_accused() -> None:
    friends = [replace(order, address=1 + place % 2) for place, order in enumerate(strangers(20, 340, 20))]
    clean(Shop(friends))
    fewest = [
        replace(order, address=1 + place % 2) for place, order in enumerate(strangers(FEWEST_ORDERS - 1, 340, 20))
    ]
    clean(Shop(fewest))


def test_nothing_at_all_is_judged_as_nothing() -> None:
    judgement = judge(Shop().details())
    assert judgement.orders.is_empty()
    assert judgement.fake_days.is_empty()
    assert judgement.fake_days.schema == {
        "day": pl.Date,
        "fake_count": pl.Int64,
        "fake_fen": pl.Int64,
        "fake_refunded_fen": pl.Int64,
    }
    assert (judgement.share, judgement.last_90_days.fen_share) == (0.0, 0.0)


def test_a_frame_that_lacks_a_column_is_refused() -> None:
    details = CLEAN.details()
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        judge(replace(details, orders=details.orders.drop("buyer")))


def test_withdrawn_reviews_do_not_count() -> None:
    text = "宝贝收到了,音质非常好,和描述的一模一样,卖家服务态度超级好,物流也很快,推荐大家购买"
    details = CLEAN.with_orders(*(replace(order, review=text) for order in strangers(60, 30, 300))).details()
    assert judge(details).share > 0.05
    withdrawn = details.reviews.with_columns(withdrawn=pl.col("order_key") > len(CLEAN.orders))
    assert judge(replace(details, reviews=withdrawn)).share == 0.0


# What comes out


def ringed() -> Shop:
    """The clean shop with a farm in its last months."""
    farm = [replace(order, address=99_000 + place % 4) for place, order in enumerate(strangers(80, 260, 100))]
    return CLEAN.with_orders(*farm)


def test_days_and_spans_add_up() -> None:
    judgement = ringed().judged().judgement
    fakes = judgement.orders.filter("fake")
    assert len(fakes) >= 70
    assert judgement.fake_days["fake_count"].sum() == len(fakes)
    assert judgement.fake_days["fake_fen"].sum() == fakes["fen"].sum()
    assert judgement.fake_days["fake_refunded_fen"].sum() == fakes["refunded_fen"].sum()
    assert judgement.fake_days["day"].is_sorted()
    year, quarter = judgement.last_365_days, judgement.last_90_days
    assert (year.order_count, year.fake_count) == (len(judgement.orders), len(fakes))
    recent = fakes.filter(pl.col("day") >= AS_OF - timedelta(days=90))
    assert (quarter.fake_count, quarter.fake_fen) == (len(recent), recent["fen"].sum())
    assert 0 < quarter.fake_count < year.fake_count
    assert judgement.share == pytest.approx(len(fakes) / len(judgement.orders))
    assert judgement.orders["fake"].to_list() == (judgement.orders["suspicion"] >= 0.5).to_list()


def test_refunds_of_an_order_are_told_beside_it() -> None:
    details = Shop([replace(CLEAN.orders[0], refund_fen=123)]).details()
    twice = replace(details, refunds=pl.concat((details.refunds, details.refunds)))
    assert judge(twice).orders["refunded_fen"].to_list() == [246]


def test_every_signal_is_explained_in_both_languages() -> None:
    assert set(STANDINGS) == set(Signal)
    assert all(each.text_en and each.text_zh and each.weight > 0 for each in STANDINGS.values())


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_order_of_the_rows_changes_nothing(seed: int) -> None:
    details = _mixed_details()
    expected = judge(details)
    shuffled = judge(
        Details(
            details.as_of,
            *(
                frame.sample(fraction=1.0, shuffle=True, seed=seed + at)
                for at, frame in enumerate((details.orders, details.refunds, details.shipments, details.reviews))
            ),
        )
    )
    assert shuffled.orders.equals(expected.orders)  # to the last bit of the suspicion
    assert shuffled.fake_days.equals(expected.fake_days)
    assert shuffled.signals == expected.signals


def _mixed_details() -> Details:
    """A shop with some of everything, many orders of one second among it."""
    loop = [replace(order, refund_fen=order.fen) for order in accounts(strangers(48, 150, 80, seed=6), 6)]
    unweighed = [replace(order, weight_g=0, distance_km=0) for order in strangers(60, 60, 250, seed=7)]
    one_second = [replace(order, at=CLEAN.orders[0].at) for order in strangers(30, 0, 1, seed=8)]
    return ringed().with_orders(*loop, *unweighed, *one_second).details()


hashes = st.integers(-(2**63), 2**63 - 1) | st.integers(0, 4)
keys = st.integers(0, 12)
order_rows = st.tuples(
    st.integers(0, 400 * 86_400),
    keys,
    st.integers(0, 10**11),
    st.integers(0, 1_000) | st.none(),
    hashes,
    hashes | st.none(),
    hashes,
    hashes,
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(order_rows, max_size=80),
    st.lists(st.tuples(keys, st.integers(0, 10**11), st.booleans() | st.none(), st.booleans()), max_size=20),
    st.lists(st.tuples(keys, st.integers(0, 10**7), st.integers(0, 20_000), st.booleans()), max_size=60),
    st.lists(st.tuples(keys, st.booleans(), st.binary(min_size=128, max_size=128) | st.none()), max_size=20),
)
def test_whatever_comes_is_judged(orders: list, refunds: list, shipments: list, reviews: list) -> None:
    frame = pl.DataFrame(
        [(second, *rest) for second, *rest in orders],
        schema={"second": pl.Int64} | {name: pl.Int64 for name in ORDERS if name not in ("occurred_at", "day")},
        orient="row",
    )
    moment = pl.from_epoch(pl.col("second") + 1_740_787_200, "s").dt.replace_time_zone("UTC")
    frame = frame.with_columns(occurred_at=moment, day=moment.dt.date())
    judgement = judge(
        Details(
            date(2026, 3, 1),
            frame,
            pl.DataFrame(refunds, schema=dict(REFUNDS), orient="row"),
            pl.DataFrame(shipments, schema=dict(SHIPMENTS), orient="row"),
            pl.DataFrame(reviews, schema=dict(REVIEWS), orient="row"),
        )
    )
    assert len(judgement.orders) == len(orders)
    assert judgement.orders["suspicion"].is_between(0, 1).all()
    assert judgement.orders["suspicion"].is_finite().all()
