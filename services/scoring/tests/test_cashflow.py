"""Reading weeks: trends are found, seasons are not taken for them, and little history says that it is little."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sycee_scoring.domain.cashflow import (
    MAX_NOISE_VARIANCE,
    MAX_TREND,
    MAX_WEEKS,
    NO_WEEKS,
    TREND_PRIOR_SD,
    read_weeks,
)
from sycee_scoring.domain.silence import BURSTINESS, EXIT_RATE, MOST_RATE, ended_log_odds, habit, unrested_weeks

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
    assert 0.0 < flow.noise_variance <= MAX_NOISE_VARIANCE


@pytest.mark.parametrize("every", [2, 3, 5, 10])
def test_trade_that_comes_in_few_weeks_is_noisier_the_fewer_they_are(every: int) -> None:
    """Of the same yearly sales. Clipping alone would say the opposite."""
    often, rarely = (tuple(LEVEL * n if week % n == 0 else 0 for week in range(MAX_WEEKS)) for n in (every - 1, every))
    assert read_weeks(rarely, monthly(rarely)).noise_variance > read_weeks(often, monthly(often)).noise_variance + 0.5


def test_a_silence_is_counted_from_the_last_sale_and_a_week_of_refunds_is_none() -> None:
    assert habit((5, 0, 7, 3, 0, -2, 0)) == (4, 3, 3)
    assert habit((0, 0)) == (0, 0, 2)
    assert habit(()) == (0, 0, 0)
    assert habit((9,) * MAX_WEEKS).rate == MOST_RATE


def test_lunar_new_year_is_no_silence() -> None:
    assert unrested_weeks(3, date(2026, 3, 4)) == pytest.approx(0.0, abs=1 / 7), "10 February to 3 March 2026"
    assert unrested_weeks(5, date(2026, 3, 10)) == pytest.approx(5 - 22 / 7)
    assert unrested_weeks(3, date(2026, 8, 1)) == 3.0
    assert unrested_weeks(0, date(2026, 2, 17)) == 0.0
    assert unrested_weeks(104, date(2026, 8, 1)) == pytest.approx(104 - 2 * 22 / 7), "two of them"


@given(st.floats(0.0, 104.0), st.floats(0.0, 50.0), st.floats(0.001, MOST_RATE), st.floats(0.001, MOST_RATE))
def test_an_end_is_likelier_the_longer_the_silence_and_the_more_regular_the_trade_was(
    silent: float, longer: float, rate: float, other: float
) -> None:
    assert ended_log_odds(silent + longer, rate) >= ended_log_odds(silent, rate)
    assert ended_log_odds(silent, max(rate, other)) >= ended_log_odds(silent, min(rate, other)) - 1e-9


def test_the_odds_of_an_end_are_what_simulated_trades_show() -> None:
    """Of trades that end in any week with the model's rate and sell in half of their weeks, those silent for six."""
    random = np.random.default_rng(5)
    ends = EXIT_RATE * 7.0 / 365.25
    ended_after = random.geometric(ends, 400_000) - 1  # whole weeks of the six, the rest lives on
    sold = random.random((400_000, 6)) < 0.5
    alive = np.arange(6) < ended_after[:, None]
    silent = ~(sold & alive).any(axis=1)
    share = float((ended_after[silent] < 6).mean())
    expected = ended_log_odds(6.0 / BURSTINESS, 0.5)
    assert share == pytest.approx(1.0 / (1.0 + math.exp(-expected)), abs=0.03)
