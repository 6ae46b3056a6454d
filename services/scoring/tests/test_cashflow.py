"""Reading weeks: trends are found, seasons are not taken for them, and little history says that it is little."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sycee_scoring.domain.cashflow import MAX_TREND, NO_WEEKS, TREND_PRIOR_SD, read_weeks

LEVEL = 2_000_000


def noisy(count: int, growth: float, deviation: float, seed: int, correlation: float = 0.0) -> tuple[int, ...]:
    random = np.random.default_rng(seed)
    shocks = random.standard_normal(count) * deviation * math.sqrt(1.0 - correlation**2)
    noise = np.zeros(count)
    for week in range(count):
        noise[week] = (correlation * noise[week - 1] if week else 0.0) + shocks[week]
    years = (np.arange(count) - count + 1) / 52.18
    return tuple(int(value) for value in LEVEL * np.exp(growth * years) * (1.0 + noise))


def monthly(weeks: tuple[int, ...]) -> int:
    last = weeks[-52:]
    return round(sum(last) / len(last) * 365.25 / 7 / 12)


@pytest.mark.parametrize("growth", [-0.4, 0.4])
def test_a_trend_over_two_years_is_found(growth: float) -> None:
    trends = [read_weeks(w := noisy(104, growth, 0.3, seed), monthly(w)).trend for seed in range(40)]
    assert 0.6 < np.mean(trends) / growth < 1.1, "shrunk by its error, never overstated by much"


@pytest.mark.parametrize("phase", [0.0, 0.25, 0.5, 0.75])
def test_a_season_is_not_taken_for_a_trend(phase: float) -> None:
    years = (np.arange(104) - 103) / 52.18
    weeks = tuple(int(v) for v in LEVEL * np.exp(0.9 * np.cos(2 * np.pi * (years - phase))))
    assert abs(read_weeks(weeks, monthly(weeks)).trend) < 0.12


def test_three_months_say_less_than_two_years() -> None:
    long, short = noisy(104, 0.0, 0.3, 1), noisy(13, 0.0, 0.3, 1)
    assert read_weeks(short, monthly(short)).trend_error > 2.0 * read_weeks(long, monthly(long)).trend_error
    assert abs(read_weeks(short, monthly(short)).trend) < 0.1


def test_the_error_of_the_trend_is_honest() -> None:
    """Over many shops with a trend drawn from the prior, the 90 % interval holds the truth at least nine times in ten,
    and is far narrower than the prior's."""
    random = np.random.default_rng(7)
    held, errors = 0, []
    for seed in range(300):
        truth = float(np.clip(random.normal(0.0, TREND_PRIOR_SD), -MAX_TREND, MAX_TREND))
        weeks = noisy(80, truth, 0.3, seed)
        flow = read_weeks(weeks, monthly(weeks))
        held += abs(flow.trend - truth) <= 1.645 * flow.trend_error
        errors.append(flow.trend_error)
    assert held >= 270
    assert np.mean(errors) < 0.6 * TREND_PRIOR_SD


def test_weeks_that_hang_together_count_as_fewer() -> None:
    loose = [read_weeks(w := noisy(104, 0.0, 0.3, s), monthly(w)).noise_variance for s in range(20)]
    tied = [read_weeks(w := noisy(104, 0.0, 0.3, s, 0.6), monthly(w)).noise_variance for s in range(20)]
    assert np.mean(tied) > 1.8 * np.mean(loose)
    assert np.mean(loose) == pytest.approx(0.3**2, rel=0.4)


def test_without_weeks_the_priors_stand() -> None:
    assert read_weeks((), LEVEL) == NO_WEEKS


def test_the_same_weeks_give_the_same_reading() -> None:
    weeks = noisy(77, 0.1, 0.4, 3)
    assert read_weeks(weeks, monthly(weeks)) == read_weeks(weeks, monthly(weeks))


@given(
    st.lists(st.integers(-(2**63), 2**63 - 1), max_size=104).map(tuple),
    st.one_of(st.integers(1, 2**63 - 1), st.just(1)),
)
def test_any_weeks_at_all_give_numbers_in_their_bounds(weeks: tuple[int, ...], monthly_net_fen: int) -> None:
    flow = read_weeks(weeks, monthly_net_fen)
    assert -MAX_TREND <= flow.trend <= MAX_TREND
    assert 0.0 < flow.trend_error <= TREND_PRIOR_SD * (1 + 1e-9)
    assert 0.0 < flow.noise_variance < 100.0
