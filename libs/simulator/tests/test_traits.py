"""What makes an archetype can be measured in its events, and the truth in what a service may see."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from difflib import SequenceMatcher
from functools import cache
from itertools import pairwise
from statistics import mean, median

import pytest
from sycee.common.v1 import common_pb2
from sycee.ingestion.v1 import event_pb2 as pb
from sycee_simulator import Archetype, Marketplace, Shop
from sycee_simulator.moments import midnight

END = date(2026, 11, 20)
MARKET = Marketplace(21, END)


@cache
def sample(archetype: Archetype) -> tuple[Shop, ...]:
    return tuple(shop for shop in MARKET.shops(100) if shop.archetype is archetype)


@cache
def events(shop_index: int) -> tuple[pb.Event, ...]:
    return tuple(MARKET.shop(shop_index).events())


def bodies(shop: Shop, kind: str) -> Iterator[tuple[int, object]]:
    """Days before the end and body of each event of a kind."""
    closing = midnight(END) + 86_400
    for event in events(shop.index):
        if event.WhichOneof("body") == kind:
            yield (closing - event.occurred_at.seconds) // 86_400, getattr(event, kind)


def daily_sales(shop: Shop, first: int, last: int) -> float:
    """Mean paid yuan a day from `first` to `last` days before the end."""
    return sum(o.amount.units for days, o in bodies(shop, "order") if last <= days < first) / (first - last)


def test_collapsing_falls_and_steady_does_not() -> None:
    falls = [daily_sales(shop, 60, 0) / daily_sales(shop, 270, 210) for shop in sample(Archetype.COLLAPSING)]
    holds = [daily_sales(shop, 60, 0) / daily_sales(shop, 270, 210) for shop in sample(Archetype.STEADY)[:10]]
    assert median(falls) < 0.35
    assert 0.7 < median(holds) < 2.2  # 双11 lies within the last days


def test_growing_grows() -> None:
    ratios = [daily_sales(shop, 90, 0) / daily_sales(shop, 270, 180) for shop in sample(Archetype.GROWING)]
    assert median(ratios) > 1.3


def test_seasonal_has_a_peak() -> None:
    def peak_share(shop: Shop) -> float:
        months = [daily_sales(shop, start + 28, start) for start in range(0, 364, 28)]
        return max(months) / sum(months)

    seasonal = median(peak_share(shop) for shop in sample(Archetype.SEASONAL))
    assert seasonal > 0.17  # of 13 stretches of 28 days
    assert seasonal > 1.3 * median(peak_share(shop) for shop in sample(Archetype.STEADY))


def test_new_shops_are_young() -> None:
    for shop in sample(Archetype.NEW):
        assert max(days for days, _ in bodies(shop, "order")) <= 150


def near_copy_share(shop: Shop) -> float:
    texts = [review.text for _, review in bodies(shop, "review")][-60:]
    alike = [SequenceMatcher(None, a, b, autojunk=False).ratio() > 0.85 for a, b in pairwise(texts)]
    return mean(alike)


def test_brushing_reviews_are_near_copies_and_genuine_ones_are_not() -> None:
    assert min(near_copy_share(shop) for shop in sample(Archetype.BRUSHING)) > 0.2
    assert max(near_copy_share(shop) for shop in sample(Archetype.STEADY)[:10]) < 0.1


def test_brushed_share_shows_in_shared_devices() -> None:
    for shop in sample(Archetype.BRUSHING):
        assert shop.truth.brushed_share > 0
        per_device: dict[str, int] = defaultdict(int)
        orders = 0
        for _, order in bodies(shop, "order"):
            per_device[order.device_digest] += 1
            orders += 1
        heavy = sum(sorted(per_device.values(), reverse=True)[:8])
        assert heavy / orders == pytest.approx(shop.truth.brushed_share, abs=0.15)


def test_brushed_parcels_have_neither_weight_nor_route() -> None:
    shop = sample(Archetype.BRUSHING)[0]
    empty = mean(s.weight_g == 0 and not s.HasField("destination") for _, s in bodies(shop, "shipment"))
    assert 0.1 < empty < 0.6


def test_shops_of_a_ring_share_devices_addresses_and_buyers() -> None:
    rings: dict[str, list[Shop]] = defaultdict(list)
    for shop in sample(Archetype.BRUSHING):
        assert shop.truth.ring_id is not None
        rings[shop.truth.ring_id].append(shop)
    first, second = next(shops for shops in rings.values() if len(shops) > 1)[:2]
    for field in ("device_digest", "address_digest", "buyer_id"):
        seen = [{getattr(order, field) for _, order in bodies(shop, "order")} for shop in (first, second)]
        assert seen[0] & seen[1]
    others = {order.device_digest for _, order in bodies(sample(Archetype.STEADY)[0], "order")}
    assert not others & {order.device_digest for _, order in bodies(first, "order")}


def refund_rate(shop: Shop) -> float:
    return len(list(bodies(shop, "refund"))) / len(list(bodies(shop, "order")))


def test_returns_heavy_returns() -> None:
    heavy = mean(refund_rate(shop) for shop in sample(Archetype.RETURNS_HEAVY))
    assert heavy > 2.5 * mean(refund_rate(shop) for shop in sample(Archetype.STEADY))


def test_green_packs_and_travels_lighter() -> None:
    for shop in sample(Archetype.GREEN):
        parcels = [shipment for _, shipment in bodies(shop, "shipment")]
        gentle = mean(p.packaging in (pb.PACKAGING_RECYCLED, pb.PACKAGING_REUSABLE) for p in parcels)
        assert gentle > 0.75
        assert any(p.mode == pb.TRANSPORT_MODE_RAIL for p in parcels)
        assert any(True for _ in bodies(shop, "energy_use"))


def test_sanctioned_carry_a_listed_name() -> None:
    for shop in sample(Archetype.SANCTIONED):
        request = shop.registration()
        assert request.name == "黑石崖贸易(模拟制裁)有限公司" or request.operator.name == "司马无名"


def test_revoked_have_lost_the_licence_and_nobody_else_has() -> None:
    for shop in MARKET.shops(60):
        revoked = shop.registration().register_entry.status == common_pb2.REGISTER_STATUS_REVOKED
        assert revoked == (shop.archetype is Archetype.REVOKED)


def test_festivals_lift_and_spring_festival_stills() -> None:
    def share(first: date, last: date) -> float:
        total = 0
        for shop in sample(Archetype.STEADY):
            near, far = (END - last).days, (END - first).days
            total += sum(1 for days, _ in bodies(shop, "order") if near <= days <= far)
        return total / ((last - first).days + 1)

    ordinary = share(date(2026, 4, 1), date(2026, 5, 15))
    assert share(date(2026, 6, 16), date(2026, 6, 18)) > 1.5 * ordinary
    assert share(date(2026, 11, 11), date(2026, 11, 11)) > 2 * ordinary
    assert share(date(2026, 2, 15), date(2026, 2, 22)) < 0.6 * ordinary


def test_settlements_pay_out_sales_less_fees_and_refunds() -> None:
    shop = sample(Archetype.STEADY)[0]
    sold = sum(order.amount.units for _, order in bodies(shop, "order"))
    back = sum(refund.amount.units for _, refund in bodies(shop, "refund"))
    paid = sum(s.net_amount.units + s.fee_amount.units for _, s in bodies(shop, "settlement"))
    assert paid == pytest.approx(sold - back, rel=0.08)


def test_outcomes_follow_archetype_and_buffer() -> None:
    shops = list(Marketplace(5, END).shops(1200))
    for shop in shops:
        truth = shop.truth
        assert truth.will_default == (truth.default_day is not None)
        assert truth.default_day is None or 0 < (truth.default_day - END).days <= 365
        assert 0 < truth.default_probability < 1

    def default_rate(archetype: Archetype) -> float:
        return mean(shop.truth.will_default for shop in shops if shop.archetype is archetype)

    assert default_rate(Archetype.COLLAPSING) > 5 * default_rate(Archetype.STEADY)
    assert default_rate(Archetype.BRUSHING) > 2 * default_rate(Archetype.GROWING)
    expected = mean(shop.truth.default_probability for shop in shops)
    assert mean(shop.truth.will_default for shop in shops) == pytest.approx(expected, abs=0.04)
    steady = sorted((s for s in shops if s.archetype is Archetype.STEADY), key=lambda s: s.truth.buffer_months)
    assert steady[0].truth.default_probability > steady[-1].truth.default_probability


def test_a_thin_buffer_shows_in_the_bureau_report() -> None:
    shops = [s for s in Marketplace(5, END).shops(240) if s.truth.ring_id is None]
    overdue: dict[bool, list[float]] = {True: [], False: []}
    for shop in shops:
        reports = [event.bureau_report for event in shop.events() if event.HasField("bureau_report")]
        if reports:
            grid = reports[-1].repayment_grid
            overdue[shop.truth.buffer_months < 1.2].append(sum(month in "12" for month in grid))
    assert mean(overdue[True]) > 1.5 * mean(overdue[False])
