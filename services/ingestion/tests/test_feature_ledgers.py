"""Invoices, counted payments and tenure, on tables made by hand."""

from __future__ import annotations

import pytest
from feature_books import TODAY, ago, day, features

# ---- invoices ----


def test_invoices() -> None:
    sold = {"sale_invoice_count": 4, "sale_net_fen": 9_000, "sale_tax_fen": 1_170}
    bought = {"purchase_invoice_count": 9, "purchase_net_fen": 6_000}
    days = [
        day(30, **sold, sale_red_count=1, sale_red_fen=1_000, sale_void_count=1),
        day(40, **bought, purchase_void_count=1, purchase_red_count=1, purchase_red_fen=2_000),
        day(200, sale_invoice_count=5, sale_net_fen=3_000, sale_tax_fen=390),
        day(50, order_count=1, order_fen=30_000, refund_fen=2_880),
    ]
    found = features(days=days)
    assert (found["sale_invoice_365d_count"], found["purchase_invoice_365d_count"]) == (9, 9)
    assert (found["sale_invoiced_365d_fen"], found["purchase_invoiced_365d_fen"]) == (12_000, 6_000)
    assert (found["red_invoice_365d_count"], found["void_invoice_365d_count"]) == (2, 2)
    assert (found["sale_void_365d_share"], found["purchase_void_365d_share"]) == (0.1, 0.1)
    assert (found["sale_red_365d_ratio"], found["purchase_red_365d_ratio"]) == (1_000 / 13_000, 0.25)
    assert found["purchases_to_sales_365d_ratio"] == 0.5
    assert found["invoiced_to_sales_365d_ratio"] == 13_560 / 27_120
    assert found["sale_tax_365d_ratio"] == 0.13
    assert found["monthly_invoiced_3m_fen"] == round(9_000 * 30.4375 / 91)
    assert found["monthly_invoiced_12m_fen"] == round(12_000 * 30.4375 / 200)
    assert found["invoiced_3m_to_12m_ratio"] == pytest.approx((9_000 / 91) / (12_000 / 200))
    assert (found["invoice_days_365d_count"], found["longest_invoice_gap_365d_days"]) == (2, 169)
    assert found["since_last_invoice_days"] == 30


def test_invoices_a_year_before() -> None:
    days = [day(age, sale_invoice_count=1, sale_net_fen=150 if age <= 365 else 100) for age in range(1, 731)]
    assert features(days=days)["invoiced_12m_year_on_year_ratio"] == 1.5
    assert features(days=days[:729])["invoiced_12m_year_on_year_ratio"] is None


def test_a_firm_that_only_buys_has_no_sales_to_compare() -> None:
    found = features(days=[day(9, purchase_invoice_count=2, purchase_net_fen=500)])
    assert (found["sale_invoice_365d_count"], found["sale_invoiced_365d_fen"]) == (0, 0)
    for name in (
        "purchases_to_sales_365d_ratio",
        "monthly_invoiced_3m_fen",
        "since_last_invoice_days",
        "sale_void_365d_share",
    ):
        assert found[name] is None


def test_a_shop_without_invoices_says_nothing_of_them() -> None:
    found = features(days=[day(9, order_count=2, order_fen=500)])
    assert {value for name, value in found.items() if "invoice" in name or name.startswith(("sale_", "purchase"))} == {
        None
    }


# ---- counted payments ----


def test_payments_are_counted_by_the_day() -> None:
    days = [day(age, daily_count_count=1, payment_count=20 if age <= 28 else 10) for age in range(1, 201) if age % 10]
    found = features(days=days)
    assert found["payments_per_day_28d_count"] == 26 * 20 / 28
    assert found["payments_per_day_365d_count"] == (26 * 20 + 154 * 10) / 199
    assert found["payment_days_90d_share"] == 81 / 90
    assert found["payments_3m_year_on_year_ratio"] is None
    assert found["history_days"] is found["order_90d_count"] is None


def test_a_shop_whose_payments_nobody_counts_says_nothing_of_them() -> None:
    found = features(days=[day(9, order_count=2, order_fen=500)])
    assert {value for name, value in found.items() if name.startswith(("payment", "weekly_payment"))} == {None}


def test_payments_have_weeks_and_years_too() -> None:
    days = [day(age, daily_count_count=1, payment_count=30 if age <= 91 else 15) for age in range(1, 500)]
    found = features(days=days)
    assert found["payments_3m_year_on_year_ratio"] == 2.0
    assert found["weekly_payments_log_slope_26w_ratio"] > 0.02
    steady = features(days=[day(age, daily_count_count=1, payment_count=7) for age in range(1, 100)])
    assert steady["weekly_payments_variation_26w_ratio"] == steady["weekly_payments_log_slope_52w_ratio"] == 0.0


# ---- tenure ----


def test_tenure() -> None:
    traits = {
        "borrower_kind": 3,
        "opened_on": ago(1_000),
        "registered_on": ago(900),
        "employee_count": 4,
        "shop_count": 2,
        "platform_count": 1,
    }
    days = [day(age, order_count=1, order_fen=1_000) for age in range(1, 366)]
    found = features(traits=[traits], days=[*days, day(5, refund_count=1, review_count=1, settlement_count=1)])
    assert (found["shop_age_days"], found["register_age_days"], found["enterprise_flag"]) == (1_000, 900, 1)
    assert (found["employee_count"], found["shop_count"], found["platform_count"]) == (4, 2, 1)
    assert found["monthly_net_per_employee_12m_fen"] == pytest.approx(1_000 * 30.4375 / 4)
    assert found["daily_kind_count"] == 4
    assert found["since_last_order_days"] == 1


def test_what_is_not_known_of_a_merchant_is_missing() -> None:
    tomorrow = {"opened_on": ago(-1), "borrower_kind": 0, "shop_count": 1, "platform_count": 1}
    found = features(traits=[tomorrow], days=[day(3, order_count=1, order_fen=7)])
    for name in (
        "shop_age_days",
        "register_age_days",
        "employee_count",
        "enterprise_flag",
        "monthly_net_per_employee_12m_fen",
    ):
        assert found[name] is None
    assert features(traits=[{**tomorrow, "opened_on": TODAY, "borrower_kind": 2}])["shop_age_days"] == 0
    assert features(traits=[{**tomorrow, "borrower_kind": 2}])["enterprise_flag"] == 0
