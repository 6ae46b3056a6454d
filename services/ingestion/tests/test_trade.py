"""Windows, season and weeks, on series made by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sycee_ingestion.domain import trade
from sycee_ingestion.domain.trade import SERIES_DAYS, DailySales, TradeCounts, trade_section

TODAY = date(2026, 3, 15)
NO_COUNTS = TradeCounts(0, 0, 0, 0, 0, 0, 0, 0)


def sales(paid_by_age: dict[int, int], refunded_by_age: dict[int, int] | None = None) -> DailySales:
    refunded = refunded_by_age or {}
    ages = sorted(set(paid_by_age) | set(refunded))
    return DailySales.of(TODAY, ages, [paid_by_age.get(a, 0) for a in ages], [refunded.get(a, 0) for a in ages])


def section(daily: DailySales, first_age: int) -> trade.Trade:
    first = TODAY - timedelta(days=first_age)
    return trade_section(first, TODAY - timedelta(days=1), daily, NO_COUNTS)


def test_a_steady_year_is_its_daily_sales_a_month() -> None:
    found = section(sales(dict.fromkeys(range(1, 731), 1_000)), 730)
    assert found.months_of_history == 23
    assert found.monthly_net_12m_fen == 30_438  # 1,000 × 30.4375, rounded half to even
    assert found.monthly_net_3m_fen == 30_438
    assert found.monthly_net_3m_adjusted_fen == 30_438
    assert len(found.weekly_net_fen) == 104
    assert set(found.weekly_net_fen) == {7_000}
    assert found.weekly_first_day == TODAY - timedelta(days=728)
    assert found.peak_28d_share == pytest.approx(28 / 365)


def test_a_short_history_is_its_own_window() -> None:
    found = section(sales(dict.fromkeys(range(1, 46), 1_000)), 45)
    assert found.months_of_history == 1
    assert found.monthly_net_12m_fen == found.monthly_net_3m_fen == 30_438
    assert len(found.weekly_net_fen) == 7
    assert found.weekly_net_fen[0] == 3_000  # 45 days are six weeks and three days


def test_a_few_days_are_not_blown_up_to_a_month() -> None:
    found = section(sales({1: 90_000, 2: 10_000}), 2)
    assert found.monthly_net_12m_fen == 100_000
    assert found.months_of_history == 0


def test_an_order_of_today_alone_has_no_windows() -> None:
    found = trade_section(TODAY, TODAY, sales({}), NO_COUNTS)
    assert (found.months_of_history, found.monthly_net_12m_fen, found.weekly_net_fen) == (0, 0, ())
    assert found.weekly_first_day is None
    assert found.peak_28d_share == 0.0


def test_refunds_can_make_a_week_and_a_month_negative() -> None:
    found = section(sales({30: 500}, {1: 2_000}), 30)
    assert found.weekly_net_fen == (500, 0, 0, 0, -2_000)
    assert found.monthly_net_3m_fen == -1_500


def test_the_season_divides_by_last_years_same_months() -> None:
    # The quarter sells three times as much as the rest, last year and this year.
    paid = {age: 3_000 if age <= 91 or 365 < age <= 456 else 1_000 for age in range(1, 731)}
    found = section(sales(paid), 730)
    mean = (91 * 3_000 + 274 * 1_000) / 365
    assert found.monthly_net_3m_fen == round(3_000 * 30.4375)
    assert found.monthly_net_3m_adjusted_fen == pytest.approx(mean * 30.4375, abs=1)


@pytest.mark.parametrize(("history_days", "adjusts"), [(455, False), (456, True)])
def test_the_season_wants_fifteen_months(history_days: int, adjusts: bool) -> None:
    paid = {age: 2_000 if age <= 91 or age > 365 else 1_000 for age in range(1, history_days + 1)}
    found = section(sales(paid), history_days)
    assert (found.monthly_net_3m_adjusted_fen != found.monthly_net_3m_fen) is adjusts


@pytest.mark.parametrize(("last_year_fen", "index"), [(0, 1.0), (1, 0.25), (1_000_000, 4.0)])
def test_a_broken_season_is_bounded_or_left_out(last_year_fen: int, index: float) -> None:
    paid = {age: last_year_fen if 365 < age <= 456 else 1_000 for age in range(1, 501)}
    assert trade.season_index(sales(paid), 500) == pytest.approx(index, abs=0.01)


def test_the_peak_is_the_best_run_of_days_together() -> None:
    paid = {**dict.fromkeys(range(1, 29), 10), **dict.fromkeys(range(100, 114), 100), **dict.fromkeys((300, 364), 500)}
    total = 28 * 10 + 14 * 100 + 1_000
    assert sales(paid).peak_share() == pytest.approx(1_400 / total)


@pytest.mark.parametrize(
    ("paid", "refunded", "rate"), [(100, 25, 0.25), (100, 300, 3.0), (0, 0, 0.0), (0, 5, 1.0), (100, 0, 0.0)]
)
def test_refund_rate(paid: int, refunded: int, rate: float) -> None:
    assert trade.refund_rate(paid, refunded) == rate


days = st.dictionaries(st.integers(1, SERIES_DAYS), st.tuples(st.integers(0, 10**11), st.integers(0, 10**11)))


@given(days, st.integers(1, SERIES_DAYS), st.integers(1, SERIES_DAYS))
def test_windows_are_plain_sums(by_age: dict[int, tuple[int, int]], one: int, other: int) -> None:
    daily = sales({a: p for a, (p, _) in by_age.items()}, {a: r for a, (_, r) in by_age.items()})
    near, far = sorted((one, other))
    net = sum(p - r for age, (p, r) in by_age.items() if near <= age <= far)
    assert daily.net_between(TODAY - timedelta(days=far), TODAY - timedelta(days=near)) == net
    assert daily.net_of_last(far) == sum(p - r for age, (p, r) in by_age.items() if age <= far)
    year = [by_age.get(age, (0, 0))[0] for age in range(365, 0, -1)]
    best = max(sum(year[at : at + 28]) for at in range(338))
    assert daily.peak_share() == (best / sum(year) if sum(year) else 0.0)


@given(days, st.integers(1, 2_000))
def test_weeks_add_up_to_their_days(by_age: dict[int, tuple[int, int]], history_days: int) -> None:
    daily = sales({a: p for a, (p, _) in by_age.items()}, {a: r for a, (_, r) in by_age.items()})
    weekly = trade.weekly_net(daily, history_days)
    assert len(weekly) == min(104, -(-history_days // 7))
    assert sum(weekly) == sum(p - r for age, (p, r) in by_age.items() if age <= 7 * len(weekly))


@given(st.integers(-(10**5), 10**5), st.integers(-(10**5), 10**5))
def test_days_outside_the_series_count_as_none(first: int, last: int) -> None:
    daily = sales(dict.fromkeys(range(1, SERIES_DAYS + 1), 1))
    begin, end = TODAY + timedelta(days=min(first, last)), TODAY + timedelta(days=max(first, last))
    inside = max(0, min((TODAY - begin).days, SERIES_DAYS) - max((TODAY - end).days, 1) + 1)
    assert daily.net_between(begin, end) == inside
