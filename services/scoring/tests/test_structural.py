"""The cash-flow component: monotone in each argument, at the base rate for the reference, with causes that hold."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring_merchants import MONTHLY_FEN, WEEKLY_FEN, evidence, report, trade, weeks
from sycee_scoring.domain.cashflow import MAX_WEEKS
from sycee_scoring.domain.evidence import Invoices, Loan, Trade
from sycee_scoring.domain.scale import BASE_LOG_ODDS, probability
from sycee_scoring.domain.structural import (
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
    ended=st.floats(0.0, 1.0),
    customer_herfindahl=st.floats(0.0, 1.0),
    voided_share=st.floats(0.0, 1.0),
    purchase_ratio=st.floats(0.0, 5.0),
)
shares = st.floats(0.0, 1.0)

RISES_IN = (
    "trend_error",
    "noise_variance",
    "refund_rate",
    "fee_share",
    "request_fen",
    "other_debt_fen",
    "ended",
    "customer_herfindahl",
    "voided_share",
    "purchase_ratio",
)
FALLS_IN = ("level", "trend", "weeks", "years_alive", "undrawn_fen")


@pytest.mark.parametrize("name", RISES_IN)
@given(at=positions, share=shares)
def test_risk_never_falls_as_a_burden_grows(name: str, at: Position, share: float) -> None:
    grown = getattr(at, name) * (1.0 + share)
    more = at._replace(**{name: min(grown, 1.0) if name == "ended" else grown})
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
    assert 0.6 * WEIGHT < young.weight < 0.9 * WEIGHT
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


def idle_between(active: int, every: int) -> tuple[int, ...]:
    """Two years of the usual sales, all of them in every so many weeks; the last week has trade."""
    weekly = [0] * MAX_WEEKS
    for week in range(MAX_WEEKS - 1, -1, -every):
        weekly[week] = active * every
    return tuple(weekly)


def test_the_rarer_the_trade_of_one_size_the_higher_the_risk() -> None:
    odds = [assess(evidence(trade=trade(weekly_net_fen=idle_between(WEEKLY_FEN, n)))).log_odds for n in (1, 2, 4, 8)]
    assert odds == sorted(odds)
    assert odds[-1] - odds[0] > 1.0


def test_a_shop_that_fell_silent_is_riskier_every_week_and_near_certain_to_default_in_the_end() -> None:
    odds = [
        assess(evidence(trade=trade(weekly_net_fen=(*weeks(MAX_WEEKS - silent), *[0] * silent)))).log_odds
        for silent in (0, 1, 3, 8, 16)
    ]
    assert odds == sorted(odds)
    assert probability(odds[1]) - probability(odds[0]) < 0.01, "a week off is a holiday"
    assert 0.1 < probability(odds[3]) < 0.9
    assert probability(odds[-1]) > 0.9


def test_a_silence_is_told_as_such_beside_the_fall_that_it_brought() -> None:
    silent = trade(weekly_net_fen=(*weeks(92), *[0] * 12), monthly_net_3m_adjusted_fen=MONTHLY_FEN // 13)
    opinion = assess(evidence(trade=silent))
    causes = {cause.code: cause for cause in opinion.causes}
    assert causes["TRADE_STOPPED"].facts["value"] == 12.0
    assert causes["TRADE_STOPPED"].log_odds > 1.5
    assert causes["SALES_FALLING"].facts["value"] == pytest.approx(12 / 13)
    assert causes["SALES_FALLING"].log_odds > 0.2


def test_scale_counts_where_every_ratio_is_the_same() -> None:
    odds = []
    for factor in (0.02, 0.1, 1.0, 10.0, 100.0):
        monthly = round(MONTHLY_FEN * factor)
        shop = trade(
            monthly_net_12m_fen=monthly,
            monthly_net_3m_adjusted_fen=monthly,
            weekly_net_fen=weeks(MAX_WEEKS, round(WEEKLY_FEN * factor)),
        )
        odds.append(assess(evidence(trade=shop, loan=Loan(monthly * 2, 12), bureau=None)).log_odds)
    assert all(smaller - larger > 0.1 for smaller, larger in pairwise(odds))


def test_few_customers_many_voided_invoices_and_thin_margins_each_raise_the_risk() -> None:
    usual = Invoices(sale_count=200, voided_count=15, customer_herfindahl=0.05, purchases_to_sales=0.7)
    loan = Loan(2 * MONTHLY_FEN, 12)
    base = assess(evidence(invoices=usual, loan=loan)).log_odds
    for change in ({"customer_herfindahl": 1.0}, {"voided_count": 150}, {"purchases_to_sales": 1.2}):
        assert assess(evidence(invoices=replace(usual, **change), loan=loan)).log_odds > base + 0.1, change


def test_invoices_that_tell_nothing_change_nothing() -> None:
    nothing = Invoices(sale_count=0, voided_count=0, customer_herfindahl=None, purchases_to_sales=None)
    assert assess(evidence(invoices=nothing)).log_odds == pytest.approx(assess(evidence()).log_odds, abs=1e-12)


def test_purchases_that_lack_are_no_margin() -> None:
    few = Invoices(sale_count=200, voided_count=16, customer_herfindahl=0.1, purchases_to_sales=0.02)
    unknown = replace(few, purchases_to_sales=None)
    assert assess(evidence(invoices=few)).log_odds == assess(evidence(invoices=unknown)).log_odds


def test_one_voided_invoice_of_two_is_no_habit() -> None:
    two, many = (Invoices(n, n, None, None) for n in (1, 200))
    usual, few, often = (assess(evidence(invoices=known)).log_odds for known in (None, two, many))
    assert few - usual < 0.1 * (often - usual)


def test_a_thin_quarter_of_an_irregular_trade_is_less_of_a_fall() -> None:
    def added(weekly: tuple[int, ...]) -> float:
        whole, halved = (
            assess(evidence(trade=trade(weekly_net_fen=weekly, monthly_net_3m_adjusted_fen=net))).log_odds
            for net in (MONTHLY_FEN, MONTHLY_FEN // 2)
        )
        return halved - whole

    assert added(idle_between(WEEKLY_FEN, 8)) < 0.6 * added(weeks(MAX_WEEKS))


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
