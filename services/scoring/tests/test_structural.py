"""The cash-flow component: monotone in each argument, at the base rate for the reference, with causes that hold."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring_merchants import MONTHLY_FEN, evidence, report, trade, weeks
from sycee_scoring.domain.evidence import Loan, Trade
from sycee_scoring.domain.scale import BASE_LOG_ODDS, probability
from sycee_scoring.domain.structural import (
    MAX_WEEKS,
    UNSEEN_RISK,
    WEIGHT,
    Position,
    assess,
    default_log_odds,
    reference,
    spread,
)

SLACK = 1e-9

positions = st.builds(
    Position,
    annual_sales_fen=st.floats(1e5, 1e12),
    level=st.floats(0.0, 1.0),
    trend=st.floats(-0.6, 0.6),
    trend_error=st.floats(0.01, 0.35),
    noise_variance=st.floats(0.01, 4.0),
    weeks=st.integers(0, 104),
    years_alive=st.floats(0.0, 30.0),
    refund_rate=st.floats(0.0, 1.5),
    fee_share=st.floats(0.0, 0.5),
    request_fen=st.floats(0.0, 1e11),
    other_debt_fen=st.floats(0.0, 1e11),
    undrawn_fen=st.floats(0.0, 1e11),
    risk_years=st.floats(1 / 12, 1.0),
)
shares = st.floats(0.0, 1.0)

RISES_IN = ("trend_error", "noise_variance", "refund_rate", "fee_share", "request_fen", "other_debt_fen")
FALLS_IN = ("level", "trend", "weeks", "years_alive", "undrawn_fen")


@pytest.mark.parametrize("name", RISES_IN)
@given(at=positions, share=shares)
def test_risk_never_falls_as_a_burden_grows(name: str, at: Position, share: float) -> None:
    more = at._replace(**{name: getattr(at, name) * (1.0 + share)})
    assert default_log_odds(more) >= default_log_odds(at) - SLACK


@pytest.mark.parametrize("name", FALLS_IN)
@given(at=positions, share=shares)
def test_risk_never_rises_as_a_strength_grows(name: str, at: Position, share: float) -> None:
    value: Any = getattr(at, name)
    grown = value + round(share * 50) if name == "weeks" else value + share
    assert default_log_odds(at._replace(**{name: grown})) <= default_log_odds(at) + SLACK


@given(at=positions, scale=st.floats(1.0, 100.0))
def test_the_same_shop_on_a_larger_scale_is_never_riskier(at: Position, scale: float) -> None:
    money = ("annual_sales_fen", "request_fen", "other_debt_fen", "undrawn_fen")
    larger = at._replace(**{name: getattr(at, name) * scale for name in money})
    assert default_log_odds(larger) <= default_log_odds(at) + 1e-7


@given(at=positions)
def test_a_buffer_of_nothing_and_a_shop_in_ruins_are_still_numbers(at: Position) -> None:
    assert math.isfinite(default_log_odds(at))
    assert default_log_odds(at) > math.log(UNSEEN_RISK / (1.0 - UNSEEN_RISK)) - SLACK
    assert spread(at) > 0.0


def test_the_reference_merchant_has_the_base_rate() -> None:
    assert default_log_odds(reference(12)) == pytest.approx(BASE_LOG_ODDS, abs=1e-12)


def test_a_larger_request_serves_harder() -> None:
    odds = [assess(evidence(loan=Loan(amount, 12))).log_odds for amount in range(0, 30_000_000, 1_000_000)]
    assert odds == sorted(odds)
    assert odds[-1] - odds[0] > 3.0


def test_twelve_instalments_weigh_more_than_twentyfour() -> None:
    assert assess(evidence(loan=Loan(9_000_000, 12))).log_odds > assess(evidence(loan=Loan(9_000_000, 24))).log_odds


def test_a_fall_in_sales_raises_the_risk_and_is_named() -> None:
    steady, fallen = assess(evidence()), assess(evidence(trade=trade(monthly_net_3m_adjusted_fen=MONTHLY_FEN // 2)))
    assert fallen.log_odds > steady.log_odds + 1.0
    cause = next(cause for cause in fallen.causes if cause.code == "SALES_FALLING")
    assert cause.log_odds == pytest.approx(fallen.log_odds - steady.log_odds, abs=0.1)


def test_growth_above_the_year_is_not_lent_against() -> None:
    assert (
        assess(evidence(trade=trade(monthly_net_3m_adjusted_fen=3 * MONTHLY_FEN))).log_odds
        == assess(evidence()).log_odds
    )


def test_three_months_are_scored_with_less_weight_and_a_wider_error() -> None:
    full = assess(evidence())
    young = assess(evidence(trade=trade(months_of_history=3, weekly_net_fen=weeks(13))))
    assert full.weight == pytest.approx(WEIGHT)
    assert 0.4 * WEIGHT < young.weight < 0.7 * WEIGHT
    assert young.error > full.error
    assert "HISTORY_SHORT" in {cause.code for cause in young.causes}


@pytest.mark.parametrize("count", range(0, MAX_WEEKS + 1, 8))
def test_weight_grows_with_the_weeks(count: int) -> None:
    here = assess(evidence(trade=trade(weekly_net_fen=weeks(count))))
    more = assess(evidence(trade=trade(weekly_net_fen=weeks(min(count + 1, MAX_WEEKS)))))
    assert 0.0 <= here.weight <= more.weight <= WEIGHT + SLACK


@pytest.mark.parametrize("net", [0, -5_000_000])
def test_sales_that_refunds_ate_are_the_worst_not_missing(net: int) -> None:
    opinion = assess(evidence(trade=trade(monthly_net_12m_fen=net, monthly_net_3m_adjusted_fen=net)))
    assert probability(opinion.log_odds) > 0.4
    assert [cause.code for cause in opinion.causes] == ["NO_NET_SALES"]


def test_without_trade_there_is_no_opinion() -> None:
    assert assess(evidence(trade=None)) is None


def test_debt_elsewhere_counts_and_is_named() -> None:
    burdened = assess(evidence(bureau=report(monthly_debt_service_fen=1_000_000)))
    cause = next(cause for cause in burdened.causes if cause.code == "DEBT_SERVICE_ELSEWHERE")
    assert cause.log_odds == pytest.approx(burdened.log_odds - assess(evidence()).log_odds, abs=1e-12)
    assert cause.log_odds > 0.2


changed_trades = st.builds(
    lambda level, refund_rate, months, count: trade(
        monthly_net_3m_adjusted_fen=level,
        refund_rate=refund_rate,
        months_of_history=months,
        weekly_net_fen=weeks(count),
    ),
    st.integers(0, 2 * MONTHLY_FEN),
    st.floats(0, 3),
    st.integers(0, 600),
    st.integers(0, 104),
)


@given(changed=changed_trades, amount=st.integers(0, 10**9), term=st.integers(1, 60))
def test_no_cause_did_good(changed: Trade, amount: int, term: int) -> None:
    opinion = assess(evidence(trade=changed, loan=Loan(amount, term)))
    assert all(cause.log_odds >= -SLACK for cause in opinion.causes)
