"""Trend, volatility, falls and gaps, on weeks made by hand and against plain Python."""

from __future__ import annotations

import math
import random
import statistics
from itertools import pairwise

import pytest
from feature_books import book, day, features, features_of, weeks_of


def weekly(weeks: list[int], **more: int) -> list[dict[str, object]]:
    """Seven days alike for each week, the oldest first; the last ends yesterday."""
    days = []
    for back, fen in enumerate(reversed(weeks)):
        days += [day(7 * back + weekday, order_count=1, order_fen=fen, **more) for weekday in range(1, 8)]
    return days


def test_growth_by_a_hundredth_a_week_is_seen_as_such() -> None:
    found = features(days=weekly([round(10**6 * 1.01**week) for week in range(60)]))
    for weeks in (26, 52):
        assert found[f"weekly_net_log_slope_{weeks}w_ratio"] == pytest.approx(math.log(1.01), abs=1e-5)
        assert found[f"weekly_clean_log_slope_{weeks}w_ratio"] == found[f"weekly_net_log_slope_{weeks}w_ratio"]


def test_slope_and_variation_are_those_of_plain_python() -> None:
    rng = random.Random(4)
    amounts = [rng.randrange(10_000, 90_000) for _ in range(70)]
    found = features(days=weekly(amounts))
    year = [7 * amount for amount in amounts[-52:]]
    for weeks in (26, 52):
        last = year[-weeks:]
        variation = statistics.pstdev(last) / statistics.fmean(last)
        assert found[f"weekly_net_variation_{weeks}w_ratio"] == pytest.approx(variation, abs=1e-5)
        logs = [math.log(max(amount / statistics.fmean(year), 0.01)) for amount in last]
        slope = statistics.linear_regression(range(weeks), logs).slope
        assert found[f"weekly_net_log_slope_{weeks}w_ratio"] == pytest.approx(slope, abs=1e-6)
    mean = statistics.fmean(year)
    pairs = sum((a - mean) * (b - mean) for a, b in pairwise(year))
    expected = pairs / sum((a - mean) ** 2 for a in year)
    assert found["weekly_net_autocorrelation_52w_ratio"] == pytest.approx(expected, abs=1e-4)
    assert found["best_week_52w_ratio"] == pytest.approx(max(year) / mean)
    assert found["worst_week_52w_ratio"] == pytest.approx(min(year) / mean)


def test_an_empty_week_counts_as_a_hundredth_of_the_mean() -> None:
    found = features(days=weekly([1_000] * 13 + [0] + [1_000] * 13))
    mean = 26 / 27
    logs = [math.log(1 / mean)] * 13 + [math.log(0.01)] + [math.log(1 / mean)] * 12
    slope = statistics.linear_regression(range(26), [*logs[1:], math.log(1 / mean)]).slope
    assert found["weekly_net_log_slope_26w_ratio"] == pytest.approx(slope, abs=1e-4)
    assert found["idle_week_52w_share"] == 1 / 27


@pytest.mark.parametrize(("weeks", "known"), [(12, False), (13, True)])
def test_a_quarter_of_a_year_is_wanted(weeks: int, known: bool) -> None:
    found = features(days=weekly([900] * (weeks - 1) + [1_000]))
    for name in ("weekly_net_variation_26w_ratio", "weekly_net_log_slope_52w_ratio", "worst_drawdown_52w_share"):
        assert (found[name] is not None) is known


def test_a_broken_week_at_the_beginning_does_not_count() -> None:
    days = [*weekly([1_000] * 20), day(141, order_count=1, order_fen=1)]
    assert features(days=days)["weekly_net_variation_26w_ratio"] == 0.0
    assert len(weeks_of(book(days=days))) == 21


def test_no_variation_has_no_autocorrelation() -> None:
    found = features(days=weekly([1_000] * 60))
    assert found["weekly_net_variation_52w_ratio"] == 0.0
    assert found["weekly_net_autocorrelation_52w_ratio"] is None
    assert found["weekly_net_log_slope_52w_ratio"] == 0.0


def test_nothing_is_said_of_weeks_that_lose() -> None:
    found = features(days=weekly([1_000] * 30, refund_fen=1_000))
    for name in ("weekly_net_variation_26w_ratio", "weekly_net_log_slope_26w_ratio", "best_week_52w_ratio"):
        assert found[name] is None


def test_falls_are_measured_from_the_best_four_weeks_before() -> None:
    found = features(days=weekly([1_000] * 10 + [2_000] * 4 + [500] * 4 + [1_500] * 4))
    assert found["worst_drawdown_52w_share"] == 0.75
    assert found["current_drawdown_52w_share"] == 0.25
    rising = features(days=weekly([1_000 + week for week in range(30)]))
    assert rising["worst_drawdown_52w_share"] == rising["current_drawdown_52w_share"] == 0.0


def test_a_fall_takes_no_more_than_all() -> None:
    days = [*weekly([1_000] * 20), *(day(age, refund_fen=9_000) for age in range(1, 20))]
    assert features(days=days)["worst_drawdown_52w_share"] is None  # the mean week is below zero
    days = [*weekly([1_000] * 50), *(day(age, refund_fen=9_000) for age in range(1, 20))]
    assert features(days=days)["worst_drawdown_52w_share"] == 1.0


def test_gaps_are_counted_up_to_the_day() -> None:
    found = features(days=[day(age, order_count=1) for age in (5, 6, 20, 28, 100, 400)])
    # 4 days since the last order, then 13, 7, 71; the gap to the order 400 days ago begins before the window.
    assert found["longest_order_gap_365d_days"] == 71
    assert found["order_gaps_365d_count"] == 3
    assert found["orderless_365d_share"] == 360 / 365
    assert found["since_last_order_days"] == 5
    young = features(days=[day(1, order_count=1), day(10, order_count=1)])
    assert (young["orderless_365d_share"], young["longest_order_gap_365d_days"]) == (0.8, 8)


def test_year_on_year() -> None:
    days = [day(age, order_count=2 if age <= 91 else 1, order_fen=300 if age <= 365 else 200) for age in range(1, 731)]
    fakes = [{"point": 0, "day": days[0]["day"], "fake_count": 1, "fake_fen": 2_730}]
    found = features_of(book(days=days, fake_days=fakes))
    assert found["net_12m_year_on_year_ratio"] == 1.5
    assert found["net_3m_year_on_year_ratio"] == 1.5
    assert found["clean_3m_year_on_year_ratio"] == pytest.approx((27_300 - 2_730) / 18_200)
    assert found["order_3m_year_on_year_ratio"] == 2.0
    short = features(days=days[:455])
    assert short["net_3m_year_on_year_ratio"] is short["order_3m_year_on_year_ratio"] is None
    assert features(days=days[:729])["net_12m_year_on_year_ratio"] is None


def test_short_over_long() -> None:
    days = [day(age, order_count=1, order_fen=400 if age <= 28 else 100) for age in range(1, 366)]
    found = features(days=days)
    assert found["net_1m_to_3m_ratio"] == pytest.approx(400 / ((28 * 400 + 63 * 100) / 91))
    assert found["net_3m_to_12m_ratio"] == pytest.approx((17_500 / 91) / ((17_500 + 27_400) / 365))
    assert features(days=days[:90])["net_1m_to_3m_ratio"] is None
    assert features(days=days[:181])["net_3m_to_12m_ratio"] is None
