"""The book that ships and the shop that the README reckons by hand."""

from datetime import UTC, date, datetime

import pytest
from sycee_esg.catalogue import load_catalogue
from sycee_esg.domain.book import Book
from sycee_esg.domain.portrait import (
    Energy,
    Logistics,
    Mode,
    Packaging,
    Portrait,
    RegisterStatus,
    Reviews,
    Tax,
    TaxRating,
    Trade,
)


@pytest.fixture(scope="session")
def book() -> Book:
    return load_catalogue().at(date(2026, 11, 20))


@pytest.fixture(scope="session")
def worked_shop() -> Portrait:
    """An apparel shop in Zhejiang: 4,000 orders of 365 days, 100,000 yuan of net sales a month."""
    return Portrait(
        merchant_id="worked-shop",
        as_of=datetime(2026, 11, 20, tzinfo=UTC),
        category="apparel",
        province_code="33",
        register_status=RegisterStatus.ACTIVE,
        trade=Trade(orders_365d=4_000, monthly_net_fen=10_000_000, months_of_history=24, dispute_rate=0.002),
        logistics=Logistics(
            parcel_count=4_000,
            weighed_count=3_600,
            routed_count=4_000,
            gram_km={Mode.ROAD_HEAVY: 1_200_000_000, Mode.RAIL: 600_000_000},  # 1,200 and 600 tkm
            parcels_by_packaging={
                Packaging.SINGLE_USE: 2_000,
                Packaging.RECYCLED: 1_000,
                Packaging.REUSABLE: 500,
                Packaging.UNKNOWN: 500,
            },
            late_rate=0.06,
        ),
        reviews=Reviews(review_count=500, low_star_share=0.04, complaint_count=3, return_count=480, order_count=4_000),
        tax=Tax(rating=TaxRating.B, declared_fen=108_000_000, platform_net_fen=120_000_000, late_count=0),
        energy=Energy(electricity_wh=2_400_000, day_count=365),
        fresh_sources=frozenset({"order", "refund", "review", "shipment", "settlement", "tax_record", "energy_use"}),
    )
