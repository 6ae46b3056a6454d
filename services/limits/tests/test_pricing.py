"""Schedules to the fen and their rates: the worked cases of rules.md section 8, and properties."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sycee_limits.domain.kinds import RepaymentMethod
from sycee_limits.domain.price import effective_rate
from sycee_limits.domain.pricing import (
    add_months,
    annuity_fen,
    cost,
    instalments,
    mean_payment_fen,
    monthly_irr,
    payment_per_fen,
    schedule,
)

METHODS = [method for method in RepaymentMethod if method is not RepaymentMethod.UNSPECIFIED]
principals = st.integers(1, 100_000_000_000)
rates_bp = st.integers(0, 10_000)
terms = st.integers(1, 60)


def totals(principal_fen: int, rate_bp: int, months: int, method: RepaymentMethod) -> list[int]:
    return [principal + interest for principal, interest in instalments(principal_fen, rate_bp, months, method)]


def test_annuity_of_120000_over_a_year_at_12_percent() -> None:
    assert annuity_fen(12_000_000, 1_200, 12) == 1_066_185


def test_equal_principal_begins_with_11200() -> None:
    assert totals(12_000_000, 1_200, 12, RepaymentMethod.EQUAL_PRINCIPAL)[0] == 1_120_000


def test_interest_first_pays_the_principal_at_the_end() -> None:
    parts = instalments(12_000_000, 1_200, 12, RepaymentMethod.INTEREST_FIRST)
    assert parts[:11] == [(0, 120_000)] * 11
    assert parts[11] == (12_000_000, 120_000)


@pytest.mark.parametrize(
    ("flat_fen", "nominal", "effective"),
    [(60_000, 0.1090, 0.1146), (72_000, 0.1303, 0.1384), (120_000, 0.2146, 0.2370)],
)
def test_flat_fees_cost_nearly_twice_what_they_say(flat_fen: int, nominal: float, effective: float) -> None:
    costs = cost(12_000_000, 0, [1_000_000 + flat_fen] * 12)
    assert round(costs.nominal_rate, 4) == nominal
    assert round(costs.effective_rate, 4) == effective


def test_a_guarantee_fee_counts_in_the_rate() -> None:
    """Worked case 6: 15.6 % with 0.4 % a month on the original principal."""
    principal_fen = 12_000_000
    payments = [payment + 48_000 for payment in totals(principal_fen, 1_560, 12, RepaymentMethod.EQUAL_INSTALMENT)]
    costs = cost(principal_fen, 0, payments)
    assert round(costs.nominal_rate, 4) == 0.2396
    assert round(costs.effective_rate, 4) == 0.2678


def test_what_is_deducted_up_front_was_never_received() -> None:
    """Worked case 7: a contract of 100,000 with 10,000 deducted, at 12 %."""
    costs = cost(10_000_000, 1_000_000, totals(10_000_000, 1_200, 12, RepaymentMethod.EQUAL_INSTALMENT))
    assert costs.net_received_fen == 9_000_000
    assert round(costs.nominal_rate, 4) == 0.3250
    assert round(costs.effective_rate, 4) == 0.3781


def test_the_two_conventions_of_24_percent() -> None:
    assert round(effective_rate(0.24), 4) == 0.2682
    assert round(((1 + 0.24) ** (1 / 12) - 1) * 12, 4) == 0.2171


def test_nothing_received_has_no_rate() -> None:
    with pytest.raises(ValueError, match="nothing received"):
        cost(100, 100, [100])


def test_due_days_keep_to_the_end_of_short_months() -> None:
    assert add_months(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert add_months(date(2028, 1, 31), 1) == date(2028, 2, 29)
    assert add_months(date(2026, 1, 31), 12) == date(2027, 1, 31)
    assert add_months(date(2026, 12, 15), 1) == date(2027, 1, 15)


@given(principals, rates_bp, terms, st.sampled_from(METHODS))
def test_principals_sum_exactly(principal_fen: int, rate_bp: int, months: int, method: RepaymentMethod) -> None:
    parts = instalments(principal_fen, rate_bp, months, method)
    assert len(parts) == months
    assert sum(principal for principal, _ in parts) == principal_fen
    assert all(principal >= 0 and interest >= 0 for principal, interest in parts)


@given(principals, rates_bp, terms, st.sampled_from(METHODS))
def test_balances_fall_to_zero(principal_fen: int, rate_bp: int, months: int, method: RepaymentMethod) -> None:
    payments = schedule(principal_fen, rate_bp, months, method, first_day=date(2026, 1, 31), monthly_fees_fen=7)
    owed = principal_fen
    for number, payment in enumerate(payments, start=1):
        owed -= payment.principal_fen
        assert (payment.number, payment.balance_fen) == (number, owed)
        assert payment.total_fen == payment.principal_fen + payment.interest_fen + 7
    assert owed == 0


@given(st.integers(100_000, 100_000_000_000), rates_bp, terms)
def test_equal_instalments_are_equal_but_for_the_last(principal_fen: int, rate_bp: int, months: int) -> None:
    payments = totals(principal_fen, rate_bp, months, RepaymentMethod.EQUAL_INSTALMENT)
    assert len(set(payments[:-1])) <= 1
    # Half a fen of rounding a month, grown at up to 100 % a year.
    growth = (1 + rate_bp / 120_000) ** months
    assert abs(payments[-1] - payments[0]) <= months * growth + 1


@given(st.integers(100_000, 10_000_000_000), st.integers(1, 10_000), terms, st.sampled_from(METHODS))
def test_the_irr_gives_back_what_was_received(
    principal_fen: int, rate_bp: int, months: int, method: RepaymentMethod
) -> None:
    payments = totals(principal_fen, rate_bp, months, method)
    rate = monthly_irr(principal_fen, payments)
    worth = sum(payment / (1 + rate) ** number for number, payment in enumerate(payments, start=1))
    assert worth == pytest.approx(principal_fen, rel=1e-7)
    assert rate * 12 == pytest.approx(rate_bp / 10_000, abs=2e-4)


@given(principals, st.integers(0, 100_000_000_000), rates_bp, terms, st.sampled_from(METHODS))
def test_any_loan_has_a_rate(
    principal_fen: int, upfront_fen: int, rate_bp: int, months: int, method: RepaymentMethod
) -> None:
    """Also where Newton's method finds none: no fee and no interest, or nearly all deducted."""
    upfront_fen %= principal_fen
    costs = cost(principal_fen, upfront_fen, totals(principal_fen, rate_bp, months, method))
    assert costs.monthly_irr >= -1e-9
    assert costs.effective_rate >= costs.nominal_rate - 1e-9
    assert costs.total_cost_fen >= 0


@given(st.integers(1_000_000, 1_000_000_000), st.integers(0, 3_000), terms, st.sampled_from(METHODS))
def test_debt_service_covers_the_mean_payment(
    principal_fen: int, rate_bp: int, months: int, method: RepaymentMethod
) -> None:
    """What sizing reckons for a month is never less than what the loan weighs on average."""
    heaviest = payment_per_fen(rate_bp, months, method) * principal_fen
    assert heaviest >= mean_payment_fen(principal_fen, rate_bp, months, method) - months
