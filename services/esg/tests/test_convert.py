"""Conversion is total: any profile gives a finite assessment or InvalidArgument that names the field."""

import math
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sycee.common.v1 import common_pb2
from sycee.esg.v1 import esg_pb2
from sycee.ingestion.v1 import event_pb2, profile_pb2
from sycee_esg import convert
from sycee_esg.catalogue import load_catalogue
from sycee_esg.domain import rating
from sycee_esg.domain.book import Book
from sycee_esg.domain.portrait import Mode, Packaging, PenaltyKind, Portrait
from sycee_service.errors import InvalidArgument

BOOK = load_catalogue().at(date(2026, 11, 20))


def worked_profile() -> profile_pb2.Profile:
    """The README's shop as GetProfile gives it."""
    profile = profile_pb2.Profile(merchant_id="worked-shop", coverage=0.9)
    profile.as_of.FromDatetime(datetime(2026, 11, 20, tzinfo=UTC))
    profile.traits.category = "apparel"
    profile.traits.province_code = "33"
    profile.traits.register_status = common_pb2.REGISTER_STATUS_ACTIVE
    profile.trade.order_count_365d = 4_000
    profile.trade.monthly_net_12m_fen = 10_000_000
    profile.trade.months_of_history = 24
    profile.trade.dispute_rate_180d = 0.002
    parcels = profile.logistics
    parcels.parcel_count, parcels.weighed_count, parcels.routed_count = 4_000, 3_600, 4_000
    parcels.late_rate = 0.06
    parcels.freight.add(mode=event_pb2.TRANSPORT_MODE_ROAD_HEAVY, gram_km=1_200_000_000)
    parcels.freight.add(mode=event_pb2.TRANSPORT_MODE_RAIL, gram_km=600_000_000)
    for packaging, count in (("SINGLE_USE", 2_000), ("RECYCLED", 1_000), ("REUSABLE", 500), ("UNSPECIFIED", 500)):
        parcels.packaging.add(packaging=event_pb2.Packaging.Value(f"PACKAGING_{packaging}"), parcel_count=count)
    reviews = profile.reviews
    reviews.review_count, reviews.low_star_share, reviews.complaint_count = 500, 0.04, 3
    reviews.return_count, reviews.order_count, reviews.mean_stars = 480, 4_000, 4.6
    profile.tax.rating = event_pb2.TAX_RATING_B
    profile.tax.declared_sales_fen, profile.tax.platform_net_fen = 108_000_000, 120_000_000
    profile.energy.electricity_wh, profile.energy.day_count = 2_400_000, 365
    for kind in ("order", "refund", "review", "shipment", "settlement", "tax_record", "energy_use"):
        profile.sources.add(event_type=kind)
    profile.sources.add(event_type="bureau_report", stale=True)
    return profile


def test_the_worked_profile_is_the_worked_shop(worked_shop: Portrait) -> None:
    assert convert.portrait_from_proto(worked_profile()) == worked_shop


def test_the_answer_carries_everything(worked_shop: Portrait, book: Book) -> None:
    answer = convert.assessment_to_proto(worked_shop, rating.assess(worked_shop, book))
    assert answer.merchant_id == "worked-shop"
    assert answer.as_of.ToDatetime(tzinfo=UTC) == worked_shop.as_of
    assert answer.rating == esg_pb2.RATING_A
    assert answer.score == pytest.approx(65.354, abs=0.001)
    assert answer.emissions.total_kg == pytest.approx(2_417.067, abs=0.001)
    assert answer.factor_version == "factors-2026.1"
    metrics = {metric.code: metric for metric in answer.metrics}
    freight = metrics["freight_kg_per_parcel"]
    assert freight.measured
    assert freight.data_quality == 3
    assert [(factor.factor_id, factor.value, factor.rule_id, factor.year) for factor in freight.factors] == [
        ("freight.road_heavy", 0.129, "ESG-07", 2019),
        ("freight.rail", 0.010, "ESG-07", 2019),
    ]
    assert metrics["electricity_kg_per_10k_yuan"].data_quality == 2
    assert metrics["tax_rating"].data_quality == 0
    penalties = metrics["social_penalties"]
    assert not penalties.measured
    assert penalties.value == penalties.score == penalties.weight == 0


def test_absent_sections_are_missing_and_empty_ones_are_not() -> None:
    profile = profile_pb2.Profile(merchant_id="m")
    profile.as_of.seconds = 1_795_000_000
    bare = convert.portrait_from_proto(profile)
    assert bare == Portrait("m", bare.as_of)
    profile.penalties.SetInParent()
    profile.tax.SetInParent()
    present = convert.portrait_from_proto(profile)
    assert present.penalties == {}
    assert present.tax is not None
    profile.energy.SetInParent()
    assert convert.portrait_from_proto(profile).energy is None  # no bill covers a day


def test_unspecified_words_have_a_meaning() -> None:
    profile = worked_profile()
    profile.logistics.freight.add(gram_km=7)
    profile.logistics.freight.add(mode=event_pb2.TRANSPORT_MODE_ROAD_MEDIUM, gram_km=5)
    profile.penalties.counts.add(count=2)
    profile.penalties.counts.add(kind=event_pb2.StorePenalty.KIND_OTHER, count=1)
    portrait = convert.portrait_from_proto(profile)
    assert portrait.logistics is not None
    assert portrait.logistics.gram_km[Mode.ROAD_MEDIUM] == 12
    assert portrait.logistics.parcels_by_packaging[Packaging.UNKNOWN] == 500
    assert portrait.penalties == {PenaltyKind.OTHER: 3}


def setter(path: str, value: object) -> Callable[[profile_pb2.Profile], None]:
    def change(profile: profile_pb2.Profile) -> None:
        *parents, name = path.split(".")
        target = profile
        for parent in parents:
            target = getattr(target, parent)
        setattr(target, name, value)

    return change


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (setter("trade.dispute_rate_180d", math.nan), "profile.trade.dispute_rate_180d"),
        (setter("trade.dispute_rate_180d", math.inf), "profile.trade.dispute_rate_180d"),
        (setter("trade.dispute_rate_180d", -0.1), "profile.trade.dispute_rate_180d"),
        (setter("logistics.late_rate", math.nan), "profile.logistics.late_rate"),
        (setter("logistics.late_rate", 1.5), "profile.logistics.late_rate"),
        (setter("reviews.low_star_share", -math.inf), "profile.reviews.low_star_share"),
        (setter("logistics.weighed_count", 4_001), "profile.logistics.weighed_count"),
        (setter("logistics.routed_count", 4_001), "profile.logistics.routed_count"),
        (setter("logistics.weighed_count", 0), "profile.logistics.freight"),
        (lambda p: p.logistics.packaging.add(parcel_count=1), "profile.logistics.packaging"),
        (setter("tax.declared_sales_fen", -1), "profile.tax.declared_sales_fen"),
        (setter("energy.day_count", 0), "profile.energy.day_count"),
        (setter("traits.register_status", 99), "profile.traits.register_status"),
        (setter("tax.rating", 99), "profile.tax.rating"),
        (lambda p: p.logistics.freight.add(mode=99), "profile.logistics.freight[2].mode"),
        (lambda p: p.logistics.packaging.add(packaging=99), "profile.logistics.packaging[4].packaging"),
        (lambda p: p.penalties.counts.add(kind=99), "profile.penalties.counts[0].kind"),
        (setter("as_of.seconds", 253_402_300_799), "profile.as_of"),
        (setter("as_of.seconds", 2**60), "profile.as_of"),
        (setter("as_of.nanos", -5), "profile.as_of"),
    ],
)
def test_what_no_portrait_can_hold_is_named(change: Callable[[profile_pb2.Profile], None], field: str) -> None:
    profile = worked_profile()
    change(profile)
    with pytest.raises(InvalidArgument) as caught:
        convert.portrait_from_proto(profile)
    assert field in str(caught.value.metadata) or field in str(caught.value)


counts = st.integers(0, 2**64 - 1) | st.integers(0, 10)
small = st.integers(0, 2**32 - 1) | st.integers(0, 10)
fens = st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3)
doubles = st.floats() | st.floats(0, 1)
enums = st.integers(0, 8)
freight = st.builds(profile_pb2.FreightByMode, mode=enums, gram_km=counts)
packed = st.builds(profile_pb2.ParcelsByPackaging, packaging=enums, parcel_count=counts)
profiles = st.builds(
    profile_pb2.Profile,
    merchant_id=st.just("m"),
    as_of=st.builds(dict, seconds=st.integers(-(2**40), 2**40), nanos=st.integers(-5, 2 * 10**9)),
    traits=st.builds(
        profile_pb2.Traits,
        category=st.text(max_size=8),
        province_code=st.sampled_from(["", "33", "99"]),
        register_status=enums,
    ),
    trade=st.none()
    | st.builds(
        profile_pb2.Trade,
        order_count_365d=counts,
        monthly_net_12m_fen=fens,
        months_of_history=small,
        dispute_rate_180d=doubles,
    ),
    logistics=st.none()
    | st.builds(
        profile_pb2.Logistics,
        parcel_count=counts,
        weighed_count=counts,
        routed_count=counts,
        freight=st.lists(freight, max_size=3),
        packaging=st.lists(packed, max_size=3),
        late_rate=doubles,
    ),
    reviews=st.none()
    | st.builds(
        profile_pb2.Reviews,
        review_count=counts,
        low_star_share=doubles,
        complaint_count=counts,
        return_count=counts,
        order_count=counts,
    ),
    tax=st.none()
    | st.builds(profile_pb2.Tax, rating=enums, declared_sales_fen=fens, platform_net_fen=fens, late_count=small),
    energy=st.none() | st.builds(profile_pb2.Energy, electricity_wh=counts, day_count=small),
    penalties=st.none()
    | st.builds(
        profile_pb2.Penalties,
        counts=st.lists(st.builds(profile_pb2.PenaltyCount, kind=enums, count=small), max_size=3),
    ),
)


@settings(max_examples=300)
@given(profile=profiles)
def test_any_profile_gives_a_finite_answer_or_names_a_field(profile: profile_pb2.Profile) -> None:
    try:
        portrait = convert.portrait_from_proto(profile)
    except InvalidArgument:
        return
    answer = convert.assessment_to_proto(portrait, rating.assess(portrait, BOOK))
    assert 0 <= answer.score <= 100
    assert answer.discount_bp <= 50
    for number in (answer.emissions.total_kg, answer.emissions.kg_per_order, *(m.value for m in answer.metrics)):
        assert math.isfinite(number)


def test_an_assessment_takes_less_than_a_millisecond() -> None:
    """What the handler does between two messages, without the network."""
    profile = worked_profile()
    times_s = []
    for _ in range(200):
        began = time.perf_counter()
        portrait = convert.portrait_from_proto(profile)
        convert.assessment_to_proto(portrait, rating.assess(portrait, BOOK)).SerializeToString()
        times_s.append(time.perf_counter() - began)
    assert median(times_s) < 0.001
