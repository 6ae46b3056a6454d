"""The closed form: right, monotone in each argument, and finite wherever it is asked."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sycee_scoring.domain.first_passage import log_normal_cdf, passage_log_odds

distances = st.floats(1e-3, 4.0)
drifts = st.floats(-1.0, 1.0)
spreads = st.floats(0.03, 3.0)
steps = st.floats(1e-3, 1.0)
SLACK = 1e-9


def by_density(distance: float, drift: float, spread: float) -> float:
    """The same probability by adding up the density of the first passage time over [0, 1] in a million steps."""
    time = (np.arange(1_000_000) + 0.5) / 1_000_000
    exponent = -((distance + drift * time) ** 2) / (2.0 * spread**2 * time)
    return float(np.mean(distance / (spread * math.sqrt(2.0 * math.pi) * time**1.5) * np.exp(exponent)))


@pytest.mark.parametrize(
    ("distance", "drift", "spread"),
    [(0.5, 0.0, 0.6), (0.5, 0.3, 0.6), (0.5, -0.4, 0.6), (1.5, -0.2, 0.5), (0.05, 0.1, 0.4)],
)
def test_agrees_with_the_density_of_the_first_passage_time(distance: float, drift: float, spread: float) -> None:
    probability = 1.0 / (1.0 + math.exp(-passage_log_odds(distance, drift, spread)))
    assert probability == pytest.approx(by_density(distance, drift, spread), rel=1e-4)


def test_without_drift_it_is_twice_the_tail() -> None:
    tail = 2.0 * 0.5 * math.erfc(0.8 / 0.5 / math.sqrt(2.0))
    assert passage_log_odds(0.8, 0.0, 0.5) == pytest.approx(math.log(tail / (1.0 - tail)), rel=1e-12)


@given(distances, drifts, spreads, steps)
def test_more_distance_never_raises_it(distance: float, drift: float, spread: float, step: float) -> None:
    assert passage_log_odds(distance + step, drift, spread) <= passage_log_odds(distance, drift, spread) + SLACK


@given(distances, drifts, spreads, steps)
def test_more_drift_never_raises_it(distance: float, drift: float, spread: float, step: float) -> None:
    assert passage_log_odds(distance, drift + step, spread) <= passage_log_odds(distance, drift, spread) + SLACK


@given(distances, drifts, spreads, steps)
def test_more_spread_never_lowers_it(distance: float, drift: float, spread: float, step: float) -> None:
    assert passage_log_odds(distance, drift, spread + step) >= passage_log_odds(distance, drift, spread) - SLACK


@given(st.floats(1e-6, 10.0), st.floats(-10.0, 10.0), st.floats(1e-2, 10.0))
def test_it_is_always_a_number(distance: float, drift: float, spread: float) -> None:
    assert math.isfinite(passage_log_odds(distance, drift, spread))


@pytest.mark.parametrize("x", [-19.999999, 4.999999])
def test_the_logarithm_of_the_normal_has_no_step_where_its_branches_meet(x: float) -> None:
    assert log_normal_cdf(x) == pytest.approx(log_normal_cdf(x + 2e-6), rel=1e-4)
    assert log_normal_cdf(x) < log_normal_cdf(x + 2e-6)
