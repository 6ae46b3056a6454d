"""Measures of ranking and calibration, against plain definitions and known answers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from sycee_scoring.learning import metrics
from sycee_scoring.learning.metrics import Array


def _sample(rows: int, seed: int) -> tuple[Array, Array]:
    random = np.random.default_rng(seed)
    risk = random.normal(size=rows)
    bad = (random.random(rows) < 1.0 / (1.0 + np.exp(-(risk - 1.0)))).astype(np.float64)
    return bad, risk


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=60))
def test_auc_is_the_share_of_pairs_in_order(rows: list[tuple[bool, int]]) -> None:
    bads = [risk for bad, risk in rows if bad]
    goods = [risk for bad, risk in rows if not bad]
    if not bads or not goods:
        return
    pairs = [(b > g) + 0.5 * (b == g) for b in bads for g in goods]
    value = metrics.auc(np.array([float(bad) for bad, _ in rows]), np.array([float(risk) for _, risk in rows]))
    assert value == pytest.approx(sum(pairs) / len(pairs))


def test_auc_agrees_with_scikit_learn_and_ks_with_its_definition() -> None:
    bad, risk = _sample(3_000, 1)
    assert metrics.auc(bad, risk) == pytest.approx(roc_auc_score(bad, risk))
    gaps = [abs(np.mean(risk[bad == 1] <= cut) - np.mean(risk[bad == 0] <= cut)) for cut in risk]
    assert metrics.ks(bad, risk) == pytest.approx(max(gaps))


def test_delong_covers_as_often_as_it_says_and_agrees_with_the_bootstrap() -> None:
    bad, risk = _sample(400_000, 2)
    truth = metrics.auc(bad, risk)
    covered = [
        figure.low <= truth <= figure.high
        for start in range(0, 400_000, 1_000)
        if (figure := metrics.auc_interval(bad[start : start + 1_000], risk[start : start + 1_000]))
    ]
    assert 0.92 < np.mean(covered) < 0.98
    fast = metrics.auc_interval(bad[:1_000], risk[:1_000])
    slow = metrics.with_interval(metrics.auc, bad[:1_000], risk[:1_000])
    assert fast.value == slow.value
    assert (fast.low, fast.high) == pytest.approx((slow.low, slow.high), abs=0.012)


def test_a_perfect_order_has_no_width_and_one_bad_row_does_not_fail() -> None:
    bad = np.array([0.0, 0.0, 1.0])
    assert metrics.auc_interval(bad, np.array([0.1, 0.2, 0.3])) == metrics.Figure(1.0, 1.0, 1.0)
    one = metrics.auc_interval(bad, np.array([0.1, 0.4, 0.3]))
    assert 0.0 <= one.low <= one.value <= one.high <= 1.0


def test_intervals_by_group_are_wider_where_rows_repeat() -> None:
    bad, risk = _sample(150, 3)
    bad, risk, groups = np.repeat(bad, 20), np.repeat(risk, 20), np.repeat(np.arange(150), 20)
    by_row = metrics.with_interval(metrics.auc, bad, risk)
    by_group = metrics.with_interval(metrics.auc, bad, risk, groups)
    assert by_group.high - by_group.low > 3 * (by_row.high - by_row.low)
    assert by_group == metrics.with_interval(metrics.auc, bad, risk, groups)


def test_calibration_error_of_true_and_of_doubled_probabilities() -> None:
    random = np.random.default_rng(4)
    probability = random.uniform(0.02, 0.4, 100_000)
    bad = (random.random(100_000) < probability).astype(np.float64)
    assert metrics.ece(bad, probability) < 0.01
    assert metrics.ece(bad, 2 * probability) == pytest.approx(float(probability.mean()), abs=0.01)
    assert metrics.brier(bad, probability) == pytest.approx(float(np.mean((bad - probability) ** 2)))


def test_psi_is_nil_for_like_samples_and_known_for_a_moved_share() -> None:
    random = np.random.default_rng(5)
    before = random.normal(size=20_000)
    assert metrics.psi(before, random.normal(size=20_000)) < 0.01
    assert metrics.psi(before, before + 0.5) > 0.2
    half_missing = np.where(np.arange(20_000) % 2 == 0, math.nan, before)
    missing = metrics.psi(np.where(np.arange(20_000) % 10 == 0, math.nan, before), half_missing)
    known = 0.4 * math.log(0.5 / 0.1) + 10 * 0.04 * math.log(0.09 / 0.05)
    assert missing == pytest.approx(known, rel=0.02)


def test_the_logistic_line_undoes_what_was_done_and_the_intercept_hits_the_mean() -> None:
    bad, risk = _sample(50_000, 6)
    intercept, slope = metrics.logistic_line(bad, 2.0 * risk)
    assert (intercept, slope) == pytest.approx((-1.0, 0.5), abs=0.05)
    shift = metrics.intercept_for(0.1, risk)
    assert float(np.mean(1.0 / (1.0 + np.exp(-(risk + shift))))) == pytest.approx(0.1)
