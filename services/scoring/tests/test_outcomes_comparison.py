"""Two models on the same loans: paired differences, honest intervals, immature loans counted and left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sycee_scoring.learning.metrics import auc, brier
from sycee_scoring.outcomes.comparison import Comparison, PairedLoan, compare
from sycee_scoring.outcomes.fairness import fairness
from sycee_scoring.outcomes.labels import Outcome, horizon_end
from sycee_service.errors import FailedPrecondition

FIRST = date(2024, 1, 1)
LATE = date(2030, 1, 1)


def pairs(count: int, better: float, seed: int, loans_each: int = 1) -> list[PairedLoan]:
    """Loans of a book; the challenger sees the truth with `better` times the champion's sharpness."""
    random = np.random.default_rng(seed)
    found = []
    for row in range(count):
        if row % loans_each == 0:
            merit = float(random.normal())
            noise = float(random.normal())
        truth = 1.0 / (1.0 + np.exp(2.2 - merit))
        scored = FIRST + timedelta(days=int(random.integers(0, 360)))
        fell = scored + timedelta(days=200) if random.random() < truth else None
        outcome = Outcome(f"loan-{row}", f"shop-{row // loans_each}", scored, horizon_end(scored), fell)
        champion = 1.0 / (1.0 + np.exp(2.2 - 0.5 * merit - 0.5 * noise))
        challenger = 1.0 / (1.0 + np.exp(2.2 - 0.5 * better * merit - 0.5 * noise))
        found.append(PairedLoan(outcome, scored, float(champion), float(challenger)))
    return found


def test_figures_are_those_of_the_measures() -> None:
    loans = pairs(2_000, 2.0, seed=1)
    found = compare(loans, LATE)
    bad = np.array([float(loan.outcome.defaulted_on is not None) for loan in loans])
    champion = np.array([loan.champion for loan in loans])
    challenger = np.array([loan.challenger for loan in loans])
    assert found.total.count == 2_000
    assert found.total.champion_auc == pytest.approx(auc(bad, champion))
    assert found.total.challenger_brier == pytest.approx(brier(bad, challenger))
    assert found.auc_difference.value == pytest.approx(auc(bad, challenger) - auc(bad, champion))
    assert found.brier_difference.value == pytest.approx(brier(bad, challenger) - brier(bad, champion))
    assert sum(vintage.count for vintage in found.vintages) == 2_000
    assert sum(vintage.bad_count for vintage in found.vintages) == int(bad.sum())
    assert [vintage.month for vintage in found.vintages] == [date(2024, month, 1) for month in range(1, 13)]


def test_a_sharper_challenger_wins_and_itself_draws() -> None:
    assert compare(pairs(3_000, 2.0, seed=2), LATE).auc_difference.low > 0.0
    same = compare(pairs(3_000, 1.0, seed=2), LATE)
    assert (same.auc_difference.value, same.auc_difference.low, same.auc_difference.high) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("loans_each", [1, 4])
def test_intervals_hold_the_truth_as_often_as_they_say(loans_each: int) -> None:
    """Forty books, also where each merchant has four loans; the truth is what a large book shows."""
    truth = compare(pairs(30_000, 1.6, seed=0, loans_each=loans_each), LATE).auc_difference.value
    held = 0
    for seed in range(1, 41):
        found = compare(pairs(400, 1.6, seed=seed, loans_each=loans_each), LATE).auc_difference
        held += found.low <= truth <= found.high
    assert 0.85 <= held / 40 <= 1.0


def test_the_same_loan_seen_four_times_is_no_more_evidence() -> None:
    loans = pairs(500, 1.6, seed=8)
    once, often = compare(loans, LATE), compare(loans * 4, LATE)
    for name in ("auc_difference", "brier_difference"):
        one, other = getattr(once, name), getattr(often, name)
        assert other.value == pytest.approx(one.value)
        assert other.high - other.low == pytest.approx(one.high - one.low, rel=1e-9)


def test_young_loans_are_immature_whatever_is_known_of_them() -> None:
    loans = pairs(1_000, 1.5, seed=3)
    until = FIRST + timedelta(days=500)
    found = compare(loans, until)
    mature = [loan for loan in loans if horizon_end(loan.scored_on) <= until]
    assert found.total.count == len(mature)
    assert found.immature_count == len(loans) - len(mature) > 0
    lost = [
        replace(loan, outcome=replace(loan.outcome, defaulted_on=None, observed_until=loan.scored_on))
        for loan in loans[:10]
    ]
    assert compare([*lost, *loans[10:]], LATE).immature_count == 10


@pytest.mark.parametrize("kind", ["few", "good", "none"])
def test_too_few_outcomes_are_refused(kind: str) -> None:
    loans = pairs(49 if kind == "few" else 400, 1.5, seed=4)
    if kind == "good":
        loans = [loan for loan in loans if loan.outcome.defaulted_on is None]
    with pytest.raises(FailedPrecondition) as caught:
        compare([] if kind == "none" else loans, LATE)
    assert caught.value.reason == "TOO_FEW_OUTCOMES"


@settings(deadline=None, max_examples=30)
@given(st.integers(60, 200), st.integers(0, 1_000))
def test_changing_sides_changes_the_sign(count: int, seed: int) -> None:
    loans = pairs(count, 1.7, seed=seed)
    turned = [replace(loan, champion=loan.challenger, challenger=loan.champion) for loan in loans]

    def found(some: list[PairedLoan]) -> Comparison | None:
        try:
            return compare(some, LATE)
        except FailedPrecondition:
            return None

    one, other = found(loans), found(turned)
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert one.auc_difference.value == pytest.approx(-other.auc_difference.value)
        assert one.auc_difference.low == pytest.approx(-other.auc_difference.high)
        assert one.brier_difference.high == pytest.approx(-other.brier_difference.low)


def test_a_vintage_with_one_kind_of_outcome_has_no_auc() -> None:
    loans = pairs(400, 1.5, seed=6)
    lone = replace(loans[0], scored_on=date(2023, 5, 5))
    lone = replace(lone, outcome=replace(lone.outcome, defaulted_on=None))
    vintage = compare([*loans, lone], LATE).vintages[0]
    assert (vintage.month, vintage.count, vintage.champion_auc) == (date(2023, 5, 1), 1, None)


def test_fairness_finds_the_gap_and_its_proxy() -> None:
    random = np.random.default_rng(7)
    count = 4_000
    group = np.where(random.random(count) < 0.3, "south", "north")
    probability = np.clip(random.normal(0.05, 0.02, count) + 0.03 * (group == "south"), 0.001, 0.9)
    bad = (random.random(count) < probability).astype(float)
    features = {
        "told": np.where(random.random(count) < 0.9, (group == "south").astype(float), np.nan),
        "silent": random.normal(size=count),
    }
    found = fairness(list(group), bad, probability, 0.06, features)
    assert found.reference == "north"
    by_name = {one.group: one for one in found.groups}
    assert by_name["north"].ratio.value == 1.0
    assert by_name["south"].ratio.high < 0.80
    for one in found.groups:
        assert one.observed.low < one.predicted < one.observed.high
        assert one.observed.value == one.bad_count / one.count
    assert {proxy.feature for proxy in found.proxies} == {"told"}
    assert found.as_json()["groups"][1]["adverse_impact_ratio"]["value"] < 0.8


def test_a_small_group_is_counted_and_not_judged() -> None:
    found = fairness(["a"] * 100 + ["b"] * 5, np.zeros(105), np.full(105, 0.02), 0.05, {"x": np.arange(105.0)})
    assert [(one.group, one.count, one.ratio is None) for one in found.groups] == [("a", 100, False), ("b", 5, True)]
    assert found.proxies == ()
    with pytest.raises(ValueError, match="at least one row"):
        fairness([], np.zeros(0), np.zeros(0), 0.05, {})
