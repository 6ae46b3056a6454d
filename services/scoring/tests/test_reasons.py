"""Reasons: at most four, specific, in both languages, and true: take the cause away, and the score moves as it said."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scoring_explained import few, noisy_weeks, panel, scorable
from scoring_merchants import DAY, MONTHLY_FEN, evidence, repayments, report, trade, weeks
from sycee_scoring.domain.causes import Cause
from sycee_scoring.domain.default_distance import SIZE_FEN, TYPICAL_FEE_SHARE, TYPICAL_REFUND_RATE, reference
from sycee_scoring.domain.evidence import Evidence, Loan, Traits
from sycee_scoring.domain.panel import Panel
from sycee_scoring.domain.reasons import LEAST_POINTS, MAX_REASONS, NO_BUREAU_REPORT, NO_SALES, TEXTS, principal
from sycee_scoring.domain.recourse.recourse import points_of


def scaled(merchant: Evidence, factor: float) -> Evidence:
    """The same trade, so many times as large: sales, debts, lines and the loan asked for."""
    sold, told = merchant.trade, merchant.bureau

    def times(fen: int) -> int:
        return round(fen * factor)

    return replace(
        merchant,
        loan=Loan(times(merchant.loan.amount_fen), merchant.loan.term_months),
        trade=replace(
            sold,
            monthly_net_12m_fen=times(sold.monthly_net_12m_fen),
            monthly_net_3m_adjusted_fen=times(sold.monthly_net_3m_adjusted_fen),
            weekly_net_fen=tuple(times(week) for week in sold.weekly_net_fen),
        ),
        bureau=told
        and replace(
            told,
            outstanding_fen=times(told.outstanding_fen),
            credit_lines_fen=times(told.credit_lines_fen),
            monthly_debt_service_fen=times(told.monthly_debt_service_fen),
        ),
    )


def usual_request(merchant: Evidence) -> Evidence:
    usual = reference(merchant.loan.term_months)
    rate = 0.18 / 12
    instalment = usual.request_fen / usual.annual_sales_fen * merchant.trade.monthly_net_12m_fen
    amount = round(instalment * (1 - (1 + rate) ** -merchant.loan.term_months) / rate)
    return replace(merchant, loan=Loan(amount, merchant.loan.term_months))


def with_report(**changes: int) -> Callable[[Evidence], Evidence]:
    return lambda merchant: replace(merchant, bureau=replace(merchant.bureau, **changes))


def with_trade(**changes: object) -> Callable[[Evidence], Evidence]:
    return lambda merchant: replace(merchant, trade=replace(merchant.trade, **changes))


def with_traits(**changes: object) -> Callable[[Evidence], Evidence]:
    return lambda merchant: replace(merchant, traits=replace(merchant.traits, **changes))


CURES: dict[str, Callable[[Evidence], Evidence]] = {
    "REQUEST_HEAVY": usual_request,
    "DEBT_SERVICE_ELSEWHERE": with_report(monthly_debt_service_fen=0),
    "SALES_SMALL": lambda m: scaled(m, SIZE_FEN / (12 * m.trade.monthly_net_12m_fen)),
    "REFUNDS_HIGH": with_trade(refund_rate=TYPICAL_REFUND_RATE),
    "PLATFORM_FEES_HIGH": lambda m: replace(m, fee_share=TYPICAL_FEE_SHARE),
    "ARREARS": with_report(months_overdue_24m=0, worst_overdue_24m=0),
    "ENQUIRIES_MANY": with_report(enquiries_3m=1),
    "PUBLIC_RECORDS": with_report(public_records=0),
    "REPAID_LATE_BEFORE": lambda m: replace(m, repayments=repayments(max(m.repayments.repayment_count, 1), 0)),
    "EMPLOYEES_FEW": with_traits(employee_count=4),
}
"""What would take a cause away, where nothing else moves with it: the gain is what the reason said."""


@few(150)
@given(merchant=scorable)
def test_taking_a_cause_away_moves_the_score_as_its_reason_says(merchant: Evidence) -> None:
    result = panel().score(merchant)
    for reason in result.reasons:
        if cure := CURES.get(reason.code):
            cured = cure(merchant)
            if reason.code == "REQUEST_HEAVY":
                assume(cured.loan.amount_fen >= 1_000_000)  # fen are too coarse a cure for a tiny shop
            if reason.code == "SALES_SMALL":
                assume(merchant.trade.monthly_net_12m_fen >= 100_000)
            gain = points_of(panel().score(cured)) - points_of(result)
            assert gain == pytest.approx(-reason.contribution, abs=0.05), reason.code


def test_a_short_record_costs_what_it_says_where_only_age_lacks() -> None:
    sold = trade(months_of_history=3, weekly_net_fen=noisy_weeks(1, 104, MONTHLY_FEN * 0.23, 0.3, 0))
    merchant = evidence(traits=None, bureau=None, trade=sold)
    before = panel().score(merchant)
    told = {reason.code: reason.contribution for reason in before.reasons}
    assert points_of(panel().score(with_trade(months_of_history=24)(merchant))) - points_of(before) == pytest.approx(
        -told["HISTORY_SHORT"]
    )


def test_risky_goods_cost_what_they_say() -> None:
    risky = replace(panel().application, goods_risk={"apparel": 0.9, "books": 0.0})
    using = Panel(risky)
    merchant = evidence(bureau=None)
    before = using.score(merchant)
    told = {reason.code: reason.contribution for reason in before.reasons}
    after = using.score(with_traits(category="books")(merchant))
    assert points_of(after) - points_of(before) == pytest.approx(-told["GOODS_RISKY"])


HARM: dict[str, tuple[Evidence, Callable[[Evidence], Evidence]]] = {
    "SALES_FALLING": (
        evidence(trade=trade(monthly_net_3m_adjusted_fen=MONTHLY_FEN // 3)),
        with_trade(monthly_net_3m_adjusted_fen=MONTHLY_FEN),
    ),
    "SALES_VOLATILE": (
        evidence(trade=trade(weekly_net_fen=noisy_weeks(3, 104, MONTHLY_FEN * 0.23, 1.2, 0))),
        with_trade(weekly_net_fen=weeks(104)),
    ),
    "CREDIT_LINES_USED_UP": (
        evidence(bureau=report(outstanding_fen=9_900_000)),
        with_report(outstanding_fen=4_000_000),
    ),
    "BUSINESS_NEW": (
        evidence(traits=Traits("apparel", DAY - timedelta(days=60), 4), bureau=None),
        with_traits(opened_on=DAY - timedelta(days=900)),
    ),
}
"""Causes whose cure moves other things the same way: the gain is at least what the reason said, less rounding."""


@pytest.mark.parametrize("code", HARM)
def test_causes_that_take_others_with_them_gain_at_least_what_they_say(code: str) -> None:
    merchant, cure = HARM[code]
    before = panel().score(merchant)
    told = {reason.code: reason.contribution for reason in before.reasons}
    assert code in told
    gain = points_of(panel().score(cure(merchant))) - points_of(before)
    assert gain >= 0.5 * -told[code] > 0.0
    assert code not in {reason.code for reason in panel().score(cure(merchant)).reasons}


@few(150)
@given(merchant=scorable)
def test_reasons_are_few_specific_and_in_both_languages(merchant: Evidence) -> None:
    reasons = panel().score(merchant).reasons
    assert len(reasons) <= MAX_REASONS
    assert len({reason.code for reason in reasons}) == len(reasons)
    assert [reason.contribution for reason in reasons] == sorted(reason.contribution for reason in reasons)
    for reason in reasons:
        assert reason.code in TEXTS
        assert reason.contribution <= -LEAST_POINTS
        assert any("\u4e00" <= letter <= "\u9fff" for letter in reason.text_zh)
        for text in (reason.text_zh, reason.text_en):
            assert "nan" not in text.lower().replace("finance", "")
            assert "评分" not in text
            assert "score" not in text.lower()


@few(100)
@given(merchant=scorable)
def test_a_reason_is_harm_that_the_explanation_knows_of(merchant: Evidence) -> None:
    """Reasons and contributions may differ in size and order, for they answer different questions; yet each reason is
    told by a feature of the same code."""
    codes = {f.reason_code for component in panel().explain(merchant).components for f in component.features}
    assert {reason.code for reason in panel().score(merchant).reasons} <= codes


@given(
    st.lists(st.tuples(st.floats(-90, 90), st.sampled_from(sorted(set(TEXTS) - {"ARREARS"}))), unique_by=lambda e: e[1])
)
def test_the_worst_four_are_told(entries: list[tuple[float, str]]) -> None:
    facts = {"value": 0.3, "volatility": 0.4, "trend": -0.2, "weeks": 20.0}
    told = principal([(points, Cause(code, 0.0, facts)) for points, code in entries])
    harm = sorted((points, code) for points, code in entries if points <= -LEAST_POINTS)
    assert [(reason.contribution, reason.code) for reason in told] == harm[:MAX_REASONS]


def test_what_is_missing_is_told_without_points() -> None:
    for reason in (NO_SALES, NO_BUREAU_REPORT):
        assert math.isclose(reason.contribution, 0.0)
        assert reason.text_zh
        assert reason.text_en
