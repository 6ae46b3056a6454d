"""The rate a loan needs, and its caps."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sycee_limits.domain.application import Price
from sycee_limits.domain.catalogue import Catalogue
from sycee_limits.domain.kinds import RepaymentMethod
from sycee_limits.domain.price import above_four_lpr, build_price, expected_loss_bp, vat_exempt, within_caps

TODAY = date(2026, 11, 24)


def price(catalogue: Catalogue, lender_id: str = "river-bank", **changes: Any) -> Price:
    values: dict[str, Any] = {
        "default_probability": 0.02,
        "term_months": 12,
        "method": RepaymentMethod.EQUAL_INSTALMENT,
        "line_fen": 10_000_000,
        "as_of": TODAY,
        "esg_discount_bp": 0,
    }
    return build_price(catalogue.lenders[lender_id], catalogue.policy, **{**values, **changes})


def test_every_part_of_a_bank_price(catalogue: Catalogue) -> None:
    found = price(catalogue)
    assert found.cost_of_funds_bp == 210
    assert found.operating_cost_bp == 240
    assert found.expected_loss_bp == 204  # 2 % × 55 % ÷ (13/24) = 203.08 bp
    assert found.capital_charge_bp == 95  # 75 % × 10.5 % × 12 % = 94.5 bp
    assert found.tax_bp == 32  # 94.5 × 25/75 = 31.5 bp
    assert found.rate_bp == found.full_bp == 781


def test_expected_loss_is_on_the_mean_balance() -> None:
    """A loan repaid at the end earns the loss back on all of its balance, a level one on about half."""
    assert expected_loss_bp(600, 0.05, 12, RepaymentMethod.INTEREST_FIRST) == 300
    assert expected_loss_bp(600, 0.05, 12, RepaymentMethod.EQUAL_PRINCIPAL) == 554  # 3 % ÷ (13/24)


def test_expected_loss_carries_the_pd_to_the_term() -> None:
    half_year = expected_loss_bp(1000, 0.19, 6, RepaymentMethod.INTEREST_FIRST)
    assert half_year == 2000  # 1 − √0.81 = 10 % in half a year
    two_years = expected_loss_bp(1000, 0.1, 24, RepaymentMethod.INTEREST_FIRST)
    assert two_years == 950  # (1 − 0.81) ÷ 2


@given(st.floats(0, 1), st.integers(1, 60))
def test_a_worse_pd_never_costs_less(pd: float, months: int) -> None:
    low = expected_loss_bp(600, pd / 2, months, RepaymentMethod.EQUAL_INSTALMENT)
    assert 0 <= low <= expected_loss_bp(600, pd, months, RepaymentMethod.EQUAL_INSTALMENT)


@pytest.mark.parametrize("lender_id", ["river-bank", "hill-microloan"])
def test_raroc_comes_out_at_the_wanted_return(catalogue: Catalogue, lender_id: str) -> None:
    """RAROC = (yield − funding − opex − EL)(1−t)/capital (section 8), within what rounding up adds."""
    lender, found = catalogue.lenders[lender_id], price(catalogue, lender_id)
    margin = (found.full_bp - found.cost_of_funds_bp - found.operating_cost_bp - found.expected_loss_bp) / 10_000
    raroc = margin * (1 - 0.25) / (lender.risk_weight_milli * lender.capital_ratio_milli / 1e6)
    assert lender.return_on_capital_bp / 10_000 <= raroc <= lender.return_on_capital_bp / 10_000 + 0.002


def test_the_esg_discount_is_at_most_50_bp_and_the_lenders_to_give(catalogue: Catalogue) -> None:
    assert price(catalogue, esg_discount_bp=30).rate_bp == price(catalogue).rate_bp - 30
    assert price(catalogue, esg_discount_bp=500).esg_discount_bp == 50


def test_vat_is_free_for_small_lines_until_2027(catalogue: Catalogue) -> None:
    policy = catalogue.policy
    assert vat_exempt(policy, 100_000_000, date(2027, 12, 31))
    assert not vat_exempt(policy, 100_000_001, date(2027, 12, 31))
    assert not vat_exempt(policy, 100_000_000, date(2028, 1, 1))
    with_vat = price(catalogue, as_of=date(2028, 1, 1))
    assert with_vat.tax_bp > price(catalogue).tax_bp
    vat_bp = with_vat.tax_bp - price(catalogue).tax_bp
    assert vat_bp == pytest.approx(with_vat.full_bp * 0.063, abs=1)


def test_both_conventions_are_capped(catalogue: Catalogue) -> None:
    bank = catalogue.lenders["river-bank"]
    assert within_caps(catalogue.policy, bank, 0.2170, TODAY)
    assert not within_caps(catalogue.policy, bank, 0.2171, TODAY)  # 24 % effective = 21.705 % nominal
    assert not within_caps(catalogue.policy, bank, 0.24, TODAY)


def test_four_lpr_is_noted_now_and_binds_microloans_from_2028(catalogue: Catalogue) -> None:
    """CN-RATE-03 with the one-year LPR of 3.0 %: 12 %."""
    policy = catalogue.policy
    microloan, bank = catalogue.lenders["hill-microloan"], catalogue.lenders["river-bank"]
    assert above_four_lpr(policy, 0.1201, TODAY)
    assert not above_four_lpr(policy, 0.12, TODAY)
    assert within_caps(policy, microloan, 0.15, date(2027, 12, 31))
    assert not within_caps(policy, microloan, 0.15, date(2028, 1, 1))
    assert within_caps(policy, microloan, 0.12, date(2028, 1, 1))
    assert within_caps(policy, bank, 0.15, date(2028, 1, 1))


def test_before_the_table_there_is_no_lpr_to_note(catalogue: Catalogue) -> None:
    assert catalogue.policy.four_lpr_bp(date(2010, 1, 1)) is None
    assert not above_four_lpr(catalogue.policy, 0.2, date(2010, 1, 1))
