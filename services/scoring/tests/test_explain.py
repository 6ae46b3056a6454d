"""Explanations add up exactly, are fair to equals, and are those of the model that decided."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring_explained import few, panel, scorable
from scoring_merchants import MONTHLY_FEN, evidence, report, trade
from sycee_scoring.domain import scale, structural
from sycee_scoring.domain.cashflow import read_weeks
from sycee_scoring.domain.combine import COMMITTED, Calibration
from sycee_scoring.domain.evidence import Evidence, Loan
from sycee_scoring.domain.explain.shapley import MAX_PLAYERS, shapley
from sycee_scoring.domain.explain.structural import FEATURES
from sycee_scoring.domain.reasons import TEXTS


@few(60)
@given(values=st.integers(1, 5).flatmap(lambda n: st.lists(st.floats(-9, 9), min_size=1 << n, max_size=1 << n)))
def test_shapley_is_the_mean_over_all_orders(values: list[float]) -> None:
    players = len(values).bit_length() - 1
    expected = [0.0] * players
    orders = list(permutations(range(players)))
    for order in orders:
        joined = 0
        for player in order:
            expected[player] += (values[joined | 1 << player] - values[joined]) / len(orders)
            joined |= 1 << player
    assert shapley(players, values.__getitem__) == pytest.approx(expected, abs=1e-12)


def test_shapley_refuses_what_would_take_too_long() -> None:
    with pytest.raises(ValueError, match="at most"):
        shapley(MAX_PLAYERS + 1, lambda _: 0.0)


@few(60)
@given(merchant=scorable)
def test_contributions_add_up_exactly(merchant: Evidence) -> None:
    found = panel().explain(merchant)
    assert math.fsum(c.points for c in found.components) == pytest.approx(
        found.points - found.reference_points, abs=1e-9
    )
    for component in found.components:
        assert math.fsum(f.points for f in component.features) == pytest.approx(component.points, abs=1e-9)
        sizes = [abs(feature.points) for feature in component.features]
        assert sizes == sorted(sizes, reverse=True)
        assert {feature.reason_code for feature in component.features} <= {"", *TEXTS}


@few(60)
@given(merchant=scorable)
def test_what_is_explained_is_the_score(merchant: Evidence) -> None:
    score, found = panel().score(merchant), panel().explain(merchant)
    assert found.result == score
    assert found.points == scale.points(scale.log_odds(score.default_probability))
    assert [(c.name, c.version) for c in found.components] == [(p.name, p.version) for p in score.parts]


@few(60)
@given(merchant=scorable)
def test_the_width_is_the_intervals(merchant: Evidence) -> None:
    found = panel().explain(merchant)
    width, score = found.width, found.result
    assert width.total**2 == pytest.approx(width.calibration**2 + width.components**2 + width.missing**2)
    if 1e-6 < score.default_probability < 0.9:
        reach = scale.log_odds(score.high) - scale.log_odds(score.default_probability)
        assert 1.6448536 * width.total == pytest.approx(reach, rel=1e-6)


def test_a_calibrated_combination_adds_up_too() -> None:
    calibrated = replace(
        COMMITTED, scales={"bureau": 0.6}, calibration=Calibration((-3.0,), (-5.0, -2.5), (-3.0, -1.5))
    )
    found = replace(panel(), combination=calibrated).explain(evidence(bureau=report(enquiries_3m=8)))
    total = math.fsum(c.points for c in found.components)
    assert total == pytest.approx(found.points - found.reference_points, abs=1e-9)
    low, high = scale.log_odds(found.result.low), scale.log_odds(found.result.high)
    assert 2 * 1.6448536269514722 * found.width.total == pytest.approx(high - low)


def test_the_structural_part_is_shapley_of_the_closed_form() -> None:
    """Two inputs away from the reference, worked out by hand."""
    usual = structural.reference(12)
    merchant = evidence(
        loan=Loan(3 * MONTHLY_FEN, 12), fee_share=0.12, bureau=None, traits=None, trade=trade(refund_rate=0.05)
    )
    (component,) = panel().explain(merchant).components
    at = structural._position(merchant, merchant.trade, read_weeks(merchant.trade.weekly_net_fen, MONTHLY_FEN))
    weight = panel().score(merchant).parts[0].weight
    points = -weight * scale.POINTS_PER_LOG_ODDS
    total = points * (structural.default_log_odds(at) - structural.default_log_odds(usual))
    assert component.points == pytest.approx(total, abs=1e-9)
    by_name = {feature.name: feature for feature in component.features}
    assert by_name["request_share_of_sales"].points < by_name["fee_share"].points < 0.0
    assert by_name["refund_rate"].points == 0.0
    assert by_name["fee_share"].value == 0.12
    assert by_name["fee_share"].reference_value == structural.TYPICAL_FEE_SHARE


def test_no_net_sales_is_one_feature() -> None:
    merchant = evidence(trade=trade(monthly_net_12m_fen=-5), traits=None, bureau=None)
    (component,) = panel().explain(merchant).components
    (feature,) = component.features
    assert feature.reason_code == "NO_NET_SALES"
    assert feature.points == pytest.approx(component.points)
    assert feature.points < -50.0


def test_a_missing_feature_shows_no_value() -> None:
    merchant = evidence(bureau=report(credit_lines_fen=0))
    by_name = {f.name: f for c in panel().explain(merchant).components for f in c.features}
    assert by_name["utilisation"].value is None
    assert by_name["utilisation"].reference_value == 0.4
    assert "paid_share" not in by_name  # neither the merchant nor the reference has one


def test_every_input_of_the_formula_belongs_to_one_feature() -> None:
    fields = [field for feature in FEATURES for field in feature.fields]
    assert sorted([*fields, "risk_years"]) == sorted(structural.Position._fields)


def test_an_input_like_the_references_adds_nothing() -> None:
    merchant = evidence(fee_share=structural.TYPICAL_FEE_SHARE)
    by_name = {f.name: f for c in panel().explain(merchant).components for f in c.features}
    assert by_name["fee_share"].points == 0.0
