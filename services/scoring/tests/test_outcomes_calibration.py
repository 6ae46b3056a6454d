"""Venn–Abers is what two isotonic fits say; the band covers the true rate; coverage and quality widen the interval."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sycee_scoring.domain.causes import Opinion
from sycee_scoring.domain.combine import COMMITTED, Calibration, CombinationModel, combine
from sycee_scoring.domain.scale import BASE_LOG_ODDS, log_odds
from sycee_scoring.outcomes.calibration import Array, calibration_of, isotonic, venn_abers

rows = st.lists(
    st.tuples(st.integers(-6, 6), st.booleans(), st.sampled_from((1.0, 1.0, 1.7, 3.2))), min_size=1, max_size=25
)


def fitted_with(score: Array, bad: Array, weight: Array, new: float, *, ill: bool) -> float:
    """The plain way: isotonic regression fitted anew with the new merchant in it."""
    score, bad = np.append(score, new), np.append(bad, float(ill))
    weight = np.append(weight, 1.0)
    values, inverse = np.unique(score, return_inverse=True)
    fitted, _ = isotonic(np.bincount(inverse, weights=weight), np.bincount(inverse, weights=weight * bad))
    return float(fitted[np.searchsorted(values, new)])


def min_max(weights: Array, bads: Array) -> list[float]:
    """Isotonic regression by its definition: the largest of the smallest means (Robertson and others 1988)."""
    count = len(weights)
    return [
        max(min(bads[a : b + 1].sum() / weights[a : b + 1].sum() for b in range(i, count)) for a in range(i + 1))
        for i in range(count)
    ]


@given(rows, st.floats(-7, 7))
def test_brackets_are_two_isotonic_fits(given_rows: list[tuple[int, bool, float]], new: float) -> None:
    score = np.array([float(s) for s, _, _ in given_rows])
    bad = np.array([float(b) for _, b, _ in given_rows])
    weight = np.array([w for _, _, w in given_rows])
    found = venn_abers(score, bad, weight)
    for at in (new, float(round(new))):
        p0, p1 = found.bracket(at)
        assert p0 == pytest.approx(fitted_with(score, bad, weight, at, ill=False), abs=1e-9)
        assert p1 == pytest.approx(fitted_with(score, bad, weight, at, ill=True), abs=1e-9)
        assert p0 <= p1 + 1e-12


@given(rows)
def test_isotonic_is_what_its_definition_says(given_rows: list[tuple[int, bool, float]]) -> None:
    weights = np.array([w for _, _, w in given_rows])
    bads = np.array([w * b for _, b, w in given_rows])
    assert isotonic(weights, bads)[0].tolist() == pytest.approx(min_max(weights, bads), abs=1e-9)


@given(rows)
def test_a_table_never_falls_and_holds_its_order(given_rows: list[tuple[int, bool, float]]) -> None:
    score = np.array([float(s) for s, _, _ in given_rows])
    table = calibration_of(score, np.array([float(b) for _, b, _ in given_rows]), np.ones(len(score)))
    assert list(table.edges) == sorted(set(table.edges))
    assert list(table.low) == sorted(table.low)
    assert list(table.high) == sorted(table.high)
    assert len(table.low) == len(table.high) == len(table.edges) + 1 == len(set(score))
    assert all(low < high for low, high in zip(table.low, table.high, strict=True))


def test_many_scores_become_few_steps() -> None:
    random = np.random.default_rng(1)
    odds = random.normal(-3.0, 1.0, 30_000)
    bad = (random.random(30_000) < 1.0 / (1.0 + np.exp(-odds))).astype(float)
    assert len(calibration_of(odds, bad, np.ones(30_000)).low) <= 256


def test_the_band_covers_the_true_rate() -> None:
    """Forty books of 2,000 loans whose score overstates: at a score drawn from the book, the 90 % band holds the true
    rate in at least 90 of 100."""
    held, total = 0, 0
    for seed in range(40):
        random = np.random.default_rng(seed)
        odds = random.normal(-2.8, 1.0, 2_000)
        truth = 1.0 / (1.0 + np.exp(-(-2.4 + 0.6 * (odds + 2.8))))
        bad = (random.random(2_000) < truth).astype(float)
        table = calibration_of(odds, bad, np.ones(2_000))
        for score, rate in zip(odds[:200], truth[:200], strict=True):
            low, high = table.band(float(score))
            held += low <= log_odds(float(rate)) <= high
            total += 1
    assert held / total >= 0.90


OPINION = Opinion("structural", "structural-1", BASE_LOG_ODDS + 0.7, 0.4, 0.9, ())


def calibrated(low: float, high: float) -> CombinationModel:
    table = Calibration((0.0,), (low, low + 3.0), (high, high + 3.0))
    return CombinationModel("c-1", BASE_LOG_ODDS, COMMITTED.scales, 0.1, 1.0, table)


def test_a_whole_portrait_has_the_band_and_a_thin_or_poor_one_more() -> None:
    full = tuple(
        Opinion(name, "v-1", BASE_LOG_ODDS, 0.4, weight, ())
        for name, weight in (("structural", 0.9), ("application", 0.5), ("bureau", 0.7))
    )
    model = calibrated(-4.2, -2.9)
    whole = combine(full, 1.0, model)
    assert (log_odds(whole.low), log_odds(whole.high)) == pytest.approx((-4.2, -2.9))
    assert whole.missing_error == 0.0
    poor, thin = combine(full, 0.5, model), combine(full[:1], 1.0, model)
    for wider in (poor, thin):
        assert wider.default_probability == whole.default_probability
        assert wider.low < whole.low
        assert whole.high < wider.high
        assert wider.missing_error > 0.0


@given(st.floats(-8, 5), st.floats(0, 1), st.floats(0, 1), st.floats(-6, 0), st.floats(0, 3))
def test_calibrated_results_stay_in_order(odds: float, weight: float, quality: float, low: float, width: float) -> None:
    result = combine((Opinion("bureau", "b-1", odds, 0.3, weight, ()),), quality, calibrated(low, low + width))
    assert 0.0 < result.low <= result.default_probability <= result.high < 1.0


def test_a_probability_beyond_the_band_is_its_own_end() -> None:
    result = combine((OPINION,), 1.0, calibrated(-9.0, -8.0))
    assert log_odds(result.high) == pytest.approx(
        log_odds(result.default_probability) + 1.6448536 * result.missing_error, abs=1e-6
    )
    assert math.isclose(result.default_probability, combine((OPINION,)).default_probability)
