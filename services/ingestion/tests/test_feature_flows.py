"""Parcels, reviews, visits, social media and payouts, on tables made by hand."""

from __future__ import annotations

import pytest
from feature_books import day, features, review
from sycee_ingestion.features.reviews import COMPLAINT_SHIFT

# ---- parcels ----


def test_parcels() -> None:
    known = {"weighed_count": 4, "routed_count": 4, "covered_count": 2, "weight_g": 2_000, "odd_route_count": 1}
    freight = {"gram_km_road_heavy": 600, "gram_km_rail": 200}
    packed = {
        f"packaging_{kind}": n for kind, n in (("recycled", 1), ("reusable", 1), ("single_use", 2), ("unknown", 4))
    }
    days = [
        day(20, order_count=10, parcel_count=8, late_count=2, **known, **freight, **packed),
        day(200, order_count=10, parcel_count=8, late_count=0, packaging_unknown=8),
        day(366, order_count=10, parcel_count=99, late_count=99),
    ]
    found = features(days=days)
    assert (found["late_parcel_30d_share"], found["late_parcel_90d_share"]) == (0.25, 0.25)
    assert found["late_parcel_365d_share"] == 0.125
    assert found["parcel_365d_count"] == 16
    assert found["weighed_parcel_365d_share"] == found["routed_parcel_365d_share"] == 0.25
    assert (found["covered_parcel_365d_share"], found["covered_parcel_365d_count"]) == (0.125, 2)
    assert (found["odd_route_365d_share"], found["odd_route_365d_count"]) == (0.0625, 1)
    assert (found["mean_parcel_weight_365d_g"], found["parcel_weight_365d_g"]) == (500, 2_000)
    assert (found["freight_road_heavy_365d_gkm"], found["freight_rail_365d_gkm"]) == (600, 200)
    assert found["freight_per_parcel_365d_gkm"] == 400
    assert found["freight_per_order_365d_gkm"] == 40
    assert found["rail_freight_365d_share"] == 0.25
    assert found["packaging_known_365d_share"] == 0.25
    assert found["packaging_green_365d_share"] == 0.5
    assert found["packaging_unknown_365d_count"] == 12
    assert found["parcels_per_order_90d_ratio"] == 0.8


def test_of_parcels_that_were_never_told_of_nothing_is_known() -> None:
    found = features(days=[day(5, order_count=10)])
    assert {value for name, value in found.items() if "parcel" in name or "freight" in name or "packaging" in name} == {
        None
    }


def test_of_a_year_without_parcels_the_counts_are_none_and_the_shares_unknown() -> None:
    found = features(days=[day(400, parcel_count=5), day(3, order_count=4)])
    assert found["parcel_365d_count"] == found["parcels_per_order_90d_ratio"] == found["freight_rail_365d_gkm"] == 0
    assert found["late_parcel_365d_share"] is found["freight_per_parcel_365d_gkm"] is None


# ---- reviews ----


def test_stars_and_complaints() -> None:
    days = [
        day(10, order_count=100, review_count=10, star_sum=30, low_star_count=4, complaint_count=2),
        day(100, order_count=300, review_count=10, star_sum=45, low_star_count=1, complaint_count=1),
    ]
    found = features(days=days)
    assert (found["mean_90d_stars"], found["mean_365d_stars"], found["change_90d_stars"]) == (3.0, 3.75, -1.5)
    assert (found["low_star_90d_share"], found["low_star_365d_share"]) == (0.4, 0.25)
    assert (found["review_90d_count"], found["review_365d_count"], found["complaint_365d_count"]) == (10, 20, 3)
    assert found["complaints_per_10000_orders_90d_ratio"] == 200
    assert found["complaints_per_10000_orders_365d_ratio"] == 75
    assert found["reviews_per_order_365d_ratio"] == 0.05


def test_a_shop_without_reviews_has_no_complaint_rate() -> None:
    found = features(days=[day(10, order_count=100)])
    assert {value for name, value in found.items() if "star" in name or "complaint" in name or "review" in name} == {
        None
    }


def test_texts() -> None:
    quality, delivery, price = 1, 4, 64
    reviews = [
        review(10, sentiment_milli=900, topics=quality | quality << COMPLAINT_SHIFT),
        review(20, sentiment_milli=499, topics=quality | delivery | delivery << COMPLAINT_SHIFT),
        review(200, sentiment_milli=500, topics=None),
        review(300, sentiment_milli=101, topics=price | delivery | (price | delivery) << COMPLAINT_SHIFT),
        review(5, sentiment_milli=None, topics=quality),
        review(366, sentiment_milli=0, topics=quality),
    ]
    found = features(reviews=reviews)
    assert found["read_review_365d_count"] == 4
    assert found["sentiment_365d_score"] == 0.5
    assert (found["negative_review_90d_share"], found["negative_review_365d_share"]) == (0.5, 0.5)
    assert (found["topic_quality_365d_count"], found["topic_quality_negative_365d_count"]) == (2, 1)
    assert (found["topic_delivery_365d_count"], found["topic_delivery_negative_365d_share"]) == (2, 0.5)
    assert (found["topic_price_negative_365d_count"], found["topic_safety_365d_count"]) == (1, 0)


# ---- visits and social media ----


def test_visits() -> None:
    days = [
        day(10, traffic_count=1, visitors=200, page_views=600, order_count=10, order_fen=5_000),
        day(40, traffic_count=1, visitors=100, page_views=300, order_count=20, order_fen=1_000),
        day(100, traffic_count=1, visitors=150, page_views=150, order_count=15),
        day(400, traffic_count=1, visitors=600),
    ]
    found = features(days=days)
    assert (found["visitor_28d_count"], found["visitor_90d_count"], found["page_view_90d_count"]) == (200, 300, 900)
    assert (found["page_depth_90d_ratio"], found["page_depth_365d_ratio"]) == (3.0, 1_050 / 450)
    assert (found["visitor_growth_28d_ratio"], found["visitor_growth_90d_ratio"]) == (2.0, 2.0)
    assert found["visitor_90d_year_on_year_ratio"] == 0.5
    assert (found["conversion_28d_ratio"], found["conversion_90d_ratio"]) == (0.05, 0.1)
    assert found["conversion_90d_to_365d_ratio"] == pytest.approx(0.1 / 0.1)
    assert found["paid_per_visitor_90d_fen"] == 20


def mark(second: int, followers: int, generation: int = 0) -> int:
    return generation << 51 | second << 34 | followers


def test_followers_are_those_of_the_newest_day() -> None:
    days = [
        day(2, order_count=1),
        day(3, social_count=1, followers_mark=mark(80_000, 1_500), posts=2, interactions=300),
        day(3, social_count=1, followers_mark=mark(79_000, 9_999), late=1),
        day(80, social_count=1, followers_mark=mark(86_399, 4_000), posts=3, interactions=700),
        day(95, social_count=1, followers_mark=mark(1, 1_000), posts=9),
        day(200, social_count=1, followers_mark=mark(86_399, 10**10)),
    ]
    found = features(days=days)
    assert found["follower_count"] == 1_500
    assert found["follower_growth_90d_ratio"] == 1.5
    assert (found["post_90d_count"], found["interaction_90d_count"]) == (5, 1_000)
    assert found["interactions_per_post_90d_ratio"] == 200
    assert found["interactions_per_follower_90d_ratio"] == 1_000 / 1_500


def test_followers_are_read_under_a_correction_of_the_day() -> None:
    days = [day(3, social_count=1, followers_mark=mark(86_399, 2**34 - 1, 4_095))]
    assert features(days=days)["follower_count"] == 2**34 - 1


# ---- payouts ----


def test_payouts() -> None:
    days = [
        *(day(age, settlement_count=1, settlement_fen=900, fee_fen=100) for age in (8, 15, 22, 29, 100)),
        day(20, order_count=10, order_fen=5_000, refund_fen=1_000),
        day(300, order_count=1, order_fen=1_000, settlement_count=2, settlement_fen=0, fee_fen=0),
    ]
    found = features(days=days)
    assert (found["settled_365d_fen"], found["platform_fee_365d_fen"]) == (4_500, 500)
    assert found["platform_fee_365d_share"] == found["platform_fee_91d_share"] == 0.1
    assert (found["settled_to_sales_91d_ratio"], found["settled_to_sales_365d_ratio"]) == (1.0, 1.0)
    assert found["payout_days_365d_count"] == 6
    assert found["payout_interval_180d_days"] == 92 / 4
    assert found["longest_payout_gap_365d_days"] == 199
    assert found["since_last_payout_days"] == 8


def test_one_payout_has_no_interval() -> None:
    found = features(days=[day(8, settlement_count=1, settlement_fen=900)])
    assert found["payout_interval_180d_days"] is None
    assert found["settled_to_sales_365d_ratio"] is None
    assert found["longest_payout_gap_365d_days"] == 7
