"""Buyers, goods, customers and suppliers, on tables made by hand."""

from __future__ import annotations

import pytest
from feature_books import day, features, split

BUYER, GOODS, CUSTOMER, SUPPLIER = 1, 2, 3, 4
ORDERS = [day(age, order_count=1, order_fen=100) for age in range(1, 366)]


def test_shares_of_the_largest() -> None:
    splits = [split(GOODS, 10 + key, key, 1, fen) for key, fen in enumerate((500, 200, 100, 100, 50, 30, 20), start=1)]
    found = features(days=ORDERS, splits=splits)
    assert found["goods_365d_count"] == 7
    assert found["goods_top1_365d_share"] == 0.5
    assert found["goods_top5_365d_share"] == 0.95
    assert found["goods_hhi_365d_ratio"] == pytest.approx(0.25 + 0.04 + 0.02 + 0.0025 + 0.0009 + 0.0004)
    assert found["buyer_365d_count"] is None


@pytest.mark.parametrize(
    ("dimension", "name", "top"), [(1, "buyer", 10), (2, "goods", 5), (3, "customer", 5), (4, "supplier", 5)]
)
def test_each_side_stands_alone(dimension: int, name: str, top: int) -> None:
    found = features(splits=[split(dimension, 3, key, 1, 100) for key in range(1, 21)])
    assert found[f"{name}_top1_365d_share"] == 0.05
    assert found[f"{name}_top{top}_365d_share"] == top / 20
    assert found[f"{name}_hhi_365d_ratio"] == pytest.approx(0.05)
    others = {"buyer", "goods", "customer", "supplier"} - {name}
    assert all(found[f"{other}_hhi_365d_ratio"] is None for other in others)


def test_one_alone_is_all() -> None:
    found = features(splits=[split(SUPPLIER, 3, -(2**62), 5, 10**13)])
    assert found["supplier_top1_365d_share"] == found["supplier_hhi_365d_ratio"] == 1.0


def test_what_names_nobody_is_no_share_and_may_be_too_much() -> None:
    named = [split(CUSTOMER, 5, 1, 1, 300), split(CUSTOMER, 6, 2, 1, 100)]
    found = features(splits=[*named, split(CUSTOMER, 7, 0, 9, 400)])
    assert (found["customer_top1_365d_share"], found["customer_365d_count"]) == (0.75, 2)
    found = features(splits=[*named, split(CUSTOMER, 7, 0, 9, 401)])
    assert (found["customer_top1_365d_share"], found["customer_365d_count"]) == (None, 2)
    assert found["customer_hhi_365d_ratio"] is None
    assert features(splits=[split(CUSTOMER, 7, 0, 9, 401)])["customer_365d_count"] is None


def test_what_was_taken_off_again_is_nobodys_share() -> None:
    splits = [split(CUSTOMER, 5, 1, 1, 300), split(CUSTOMER, 6, 2, 1, 500), split(CUSTOMER, 4, 2, 1, -600)]
    found = features(splits=splits)
    assert found["customer_top1_365d_share"] == 1.0
    withdrawn = [split(BUYER, 9, 7, 1, 100), split(BUYER, 9, 7, -1, -100, late=3), split(BUYER, 9, 8, 1, 100)]
    assert features(days=ORDERS, splits=withdrawn)["buyer_365d_count"] == 1


def test_only_the_last_year_counts() -> None:
    found = features(splits=[split(SUPPLIER, 365, 1, 1, 100), split(SUPPLIER, 366, 2, 1, 900)])
    assert (found["supplier_365d_count"], found["supplier_top1_365d_share"]) == (1, 1.0)


def test_buyers_that_come_again() -> None:
    splits = [
        split(BUYER, 300, 1, 1, 100),  # came again of late
        split(BUYER, 20, 1, 2, 500),
        split(BUYER, 200, 2, 1, 100),  # came once, long ago
        split(BUYER, 150, 3, 2, 200),  # twice, long ago
        split(BUYER, 30, 4, 1, 50),  # new
        split(BUYER, 10, 5, 1, 50),  # new
    ]
    found = features(days=ORDERS, splits=splits)
    assert found["buyer_365d_count"] == 5
    assert found["buyer_90d_count"] == 3
    assert found["repeat_buyer_365d_share"] == 0.4
    assert found["repeat_amount_365d_share"] == 0.8
    assert found["orders_per_buyer_365d_ratio"] == 8 / 5
    assert found["new_buyer_90d_share"] == 2 / 3
    assert found["returned_buyer_90d_share"] == 1 / 3
    young = features(days=ORDERS[:181], splits=splits)
    assert young["new_buyer_90d_share"] is young["returned_buyer_90d_share"] is None


def test_each_order_without_a_buyer_is_a_buyer_of_its_own() -> None:
    splits = [
        split(BUYER, 5, 1, 3, 100),
        split(BUYER, 5, 2, 1, 100),
        split(BUYER, 6, 1, 1, 100),
        split(BUYER, 6, 0, 4, 100),
        split(BUYER, 7, 3, 1, 100),
        split(BUYER, 7, 3, -1, -100, late=2),
        split(BUYER, 91, 9, 1, 100),
        split(GOODS, 5, 9, 1, 100),
    ]
    assert features(days=ORDERS, splits=splits)["buyer_days_90d_count"] == 2 + 1 + 4
    assert features(days=ORDERS)["buyer_days_90d_count"] == 0
    assert features(splits=splits)["buyer_days_90d_count"] is None
