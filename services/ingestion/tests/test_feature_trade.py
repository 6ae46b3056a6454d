"""Sales: levels, weeks, season, refunds, hours, baskets and fakes, on tables made by hand and against plain Python."""

from __future__ import annotations

import math

import narwhals as nw
import polars as pl
import pytest
from feature_books import TODAY, ago, book, day, features, features_of, weeks_of
from hypothesis import given, settings
from hypothesis import strategies as st
from sycee_ingestion.features import tenure
from sycee_ingestion.features.series import SERIES_DAYS

DAY_OF_FEN = dict[int, tuple[int, int]]
"""Paid and refunded by age."""


def sales(paid: dict[int, int], refunded: dict[int, int] | None = None) -> list[dict[str, object]]:
    """Days with an order each, and refunds."""
    days = [day(age, order_count=1, order_fen=fen) for age, fen in paid.items()]
    return [*days, *(day(age, refund_count=1, refund_fen=fen) for age, fen in (refunded or {}).items())]


def steady(days: int, fen: int = 1_000) -> dict[int, int]:
    return dict.fromkeys(range(1, days + 1), fen)


def test_a_steady_year_is_its_daily_sales_a_month() -> None:
    found = features(days=sales(steady(730)))
    assert found["history_days"] == 730
    assert found["history_months"] == 23
    for kind in ("gross", "net", "clean"):
        for span in ("1m", "3m", "6m", "12m"):
            assert found[f"monthly_{kind}_{span}_fen"] == 30_438  # 1,000 × 30.4375, half to even
    assert found["monthly_net_3m_adjusted_fen"] == found["monthly_clean_3m_adjusted_fen"] == 30_438
    assert found["peak_28d_share"] == 28 / 365
    assert found["active_90d_share"] == 1.0
    assert found["season_index_ratio"] == 1.0
    assert weeks_of(book(days=sales(steady(730)))) == [(week, 7_000, 7_000) for week in range(104)]


def test_a_short_history_is_its_own_window() -> None:
    found = features(days=sales(steady(45)))
    assert found["history_months"] == 1
    assert found["monthly_net_12m_fen"] == found["monthly_net_3m_fen"] == 30_438
    assert found["active_90d_share"] == 0.5
    weeks = weeks_of(book(days=sales(steady(45))))
    assert len(weeks) == 7
    assert weeks[0] == (0, 3_000, 3_000)  # 45 days are six weeks and three days


def test_a_few_days_are_not_blown_up_to_a_month() -> None:
    found = features(days=sales({1: 90_000, 2: 10_000}))
    assert found["monthly_net_12m_fen"] == 100_000
    assert found["history_months"] == 0


def test_a_refund_before_the_first_order_is_no_part_of_the_history_but_of_its_week() -> None:
    days = sales(steady(30), {32: 500, 40: 900})
    assert features(days=days)["monthly_net_12m_fen"] == 30_000  # over a month, not over thirty days
    assert weeks_of(book(days=days))[0] == (0, 2_000 - 500, 1_500)


def test_refunds_can_make_a_week_and_a_month_negative() -> None:
    days = sales({30: 500}, {1: 2_000})
    assert [net for _, net, _ in weeks_of(book(days=days))] == [500, 0, 0, 0, -2_000]
    assert features(days=days)["monthly_net_3m_fen"] == -1_500


def test_the_season_divides_by_last_years_same_months() -> None:
    # The quarter sells three times as much as the rest, last year and this year.
    paid = {age: 3_000 if age <= 91 or 365 < age <= 456 else 1_000 for age in range(1, 731)}
    found = features(days=sales(paid))
    mean = (91 * 3_000 + 274 * 1_000) / 365
    assert found["season_index_ratio"] == pytest.approx(3_000 / mean)
    assert found["monthly_net_3m_fen"] == round(3_000 * 30.4375)
    assert found["monthly_net_3m_adjusted_fen"] == pytest.approx(mean * 30.4375, abs=1)


@pytest.mark.parametrize(("history", "adjusts"), [(455, False), (456, True)])
def test_the_season_wants_fifteen_months(history: int, adjusts: bool) -> None:
    found = features(days=sales({a: 2_000 if a <= 91 or a > 365 else 1_000 for a in range(1, history + 1)}))
    assert (found["monthly_net_3m_adjusted_fen"] != found["monthly_net_3m_fen"]) is adjusts
    assert (found["season_index_ratio"] is not None) is adjusts


@pytest.mark.parametrize(("last_year", "index"), [(0, 1.0), (1, 0.25), (1_000_000, 4.0)])
def test_a_broken_season_is_bounded_or_left_out(last_year: int, index: float) -> None:
    paid = {age: last_year if 365 < age <= 456 else 1_000 for age in range(1, 501)}
    assert features(days=sales(paid))["season_index_ratio"] == pytest.approx(index, abs=0.01)


def test_the_peak_is_the_best_run_of_days_together() -> None:
    paid = {**dict.fromkeys(range(1, 29), 10), **dict.fromkeys(range(100, 114), 100), **dict.fromkeys((300, 364), 500)}
    assert features(days=sales(paid))["peak_28d_share"] == 1_400 / (28 * 10 + 14 * 100 + 1_000)
    # Older than a year is another year: of these two days, only one is in it.
    assert features(days=sales({365: 100, 366: 900, 1: 100}))["peak_28d_share"] == 0.5


@pytest.mark.parametrize(
    ("paid", "refunded", "rate"), [(100, 25, 0.25), (100, 300, 3.0), (0, 0, 0.0), (0, 5, 1.0), (100, 0, 0.0)]
)
def test_the_refund_rate(paid: int, refunded: int, rate: float) -> None:
    found = features(days=sales({3: paid}, {2: refunded}))
    assert {found[f"refund_{days}d_ratio"] for days in (30, 90, 180, 365)} == {rate}


def test_rates_look_back_over_their_windows() -> None:
    days = [
        day(10, order_count=10, order_fen=1_000, return_count=1, dispute_count=2),
        day(60, order_count=10, order_fen=1_000, refund_fen=500, return_count=3),
        day(170, order_count=20, order_fen=2_000, dispute_count=2),
        day(300, order_count=60, order_fen=4_000, refund_fen=1_500, return_count=6),
    ]
    found = features(days=days)
    assert [found[f"refund_{d}d_ratio"] for d in (30, 90, 180, 365)] == [0.0, 0.25, 0.125, 0.25]
    assert [found[f"return_{d}d_ratio"] for d in (30, 90, 180, 365)] == [0.1, 0.2, 0.1, 0.1]
    assert [found[f"dispute_{d}d_ratio"] for d in (30, 90, 180, 365)] == [0.2, 0.1, 0.1, 0.04]
    assert [found[f"order_{d}d_count"] for d in (28, 90, 365)] == [10, 20, 100]
    assert found["return_365d_count"] == 10
    assert found["refund_90d_to_365d_ratio"] == 1.0


def test_rates_without_orders_in_the_window() -> None:
    found = features(days=[day(300, order_count=5, order_fen=9), day(4, dispute_count=2, refund_count=2)])
    assert found["dispute_30d_ratio"] == 2.0
    assert found["return_30d_ratio"] == 0.0


def test_a_withdrawn_order_never_was() -> None:
    days = [
        day(200, order_count=1, order_fen=70),
        day(200, order_count=-1, order_fen=-70, late=9),
        day(30, order_count=1),
    ]
    assert features(days=days)["history_days"] == 30


def test_an_order_of_today_alone_has_no_figures() -> None:
    found = features(days=[day(0, order_count=1, order_fen=5)])
    assert set(found.values()) == {None}
    assert weeks_of(book(days=[day(0, order_count=1, order_fen=5)])) == []


def test_hours_share_out_the_orders() -> None:
    hours = {"orders_h00": 4, "orders_h04": 2, "orders_h08": 2, "orders_h12": 0, "orders_h16": 0, "orders_h20": 0}
    found = features(days=[day(100, order_count=8, **hours), day(5, order_count=4, orders_h20=3, orders_h00=1)])
    assert found["orders_h00_365d_share"] == 5 / 12
    assert found["orders_h12_365d_share"] == 0.0
    assert found["night_90d_share"] == 0.25
    shares = [5 / 12, 2 / 12, 2 / 12, 3 / 12]
    entropy = -sum(share * math.log(share) for share in shares)
    assert found["hour_entropy_365d_ratio"] == pytest.approx(entropy / math.log(6), abs=1e-9)


def test_entropy_goes_from_none_to_all() -> None:
    one = features(days=[day(5, order_count=7, orders_h08=7)])
    six = features(days=[day(5, order_count=6, **{f"orders_h{h:02}": 1 for h in range(0, 24, 4)})])
    assert (one["hour_entropy_365d_ratio"], six["hour_entropy_365d_ratio"]) == (0.0, pytest.approx(1.0, abs=1e-9))
    assert features(days=[day(5, order_count=7)])["hour_entropy_365d_ratio"] is None


def test_baskets() -> None:
    days = [day(10, order_count=2, order_fen=600, item_count=3), day(200, order_count=6, order_fen=600, item_count=9)]
    found = features(days=days)
    assert found["mean_order_90d_fen"] == 300
    assert found["mean_order_365d_fen"] == 150
    assert found["mean_order_90d_to_365d_ratio"] == 2.0
    assert found["items_per_order_365d_ratio"] == 1.5
    assert found["mean_item_365d_fen"] == 100
    silent = features(days=[day(10, order_count=2, order_fen=600)])
    assert silent["items_per_order_365d_ratio"] is silent["mean_item_365d_fen"] is None


def test_what_is_fake_is_taken_off() -> None:
    fakes = [
        {"point": 0, "day": ago(10), "fake_count": 2, "fake_fen": 3_000, "fake_refunded_fen": 700},
        {"point": 0, "day": ago(200), "fake_count": 1, "fake_fen": 1_000},
        {"point": 0, "day": TODAY, "fake_count": 9, "fake_fen": 9_000},
        {"point": 1, "day": ago(10), "fake_count": 9, "fake_fen": 9_000},
    ]
    days = [day(age, order_count=1, order_fen=1_000, refund_fen=100) for age in range(1, 366)]
    frames = book(days=days, fake_days=fakes)
    found = features_of(frames)
    assert found["monthly_net_12m_fen"] == round(900 * 30.4375)
    assert found["monthly_clean_12m_fen"] == round((900 * 365 - 3_300) * 30.4375 / 365)
    assert found["monthly_clean_1m_fen"] == round((900 * 28 - 2_300) * 30.4375 / 28)
    assert found["fake_order_90d_share"] == 2 / 90
    assert found["fake_order_365d_share"] == 3 / 365
    assert found["fake_amount_90d_share"] == 3_000 / 90_000
    assert found["fake_amount_365d_share"] == 4_000 / 365_000
    weeks = {week: (net, clean) for week, net, clean in weeks_of(frames)}
    assert weeks[max(weeks) - 1] == (6_300, 4_000)
    assert sum(net - clean for net, clean in weeks.values()) == 3_300


# ---- against plain Python, over any days ----

by_age = st.dictionaries(st.integers(1, 800), st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), min_size=1)


def monthly(net: dict[int, int], window: int, history: int) -> float:
    days = min(window, history)
    return sum(fen for age, fen in net.items() if age <= days) * 30.4375 / max(days, min(window, 30.4375))


def season_index(net: dict[int, int], history: int) -> float:
    if history < 456:
        return 1.0
    quarter = sum(fen for age, fen in net.items() if 365 < age <= 456) / 91
    year = sum(fen for age, fen in net.items() if 91 < age <= 456) / 365
    return min(max(quarter / year, 0.25), 4.0) if quarter > 0 and year > 0 else 1.0


@given(by_age)
@settings(deadline=None, max_examples=10)
def test_figures_are_those_of_plain_python(figures: DAY_OF_FEN) -> None:
    paid = {age: fen for age, (fen, _) in figures.items()}
    net = {age: fen - back for age, (fen, back) in figures.items()}
    frames = book(days=[day(a, order_count=1, order_fen=p, refund_fen=r) for a, (p, r) in figures.items()])
    found, weeks = features_of(frames), weeks_of(frames)
    history = max(figures)
    assert found["history_months"] == int(history / 30.4375)
    for name, window in (("1m", 28), ("3m", 91), ("6m", 182), ("12m", 365)):
        assert found[f"monthly_net_{name}_fen"] == round(monthly(net, window, history))
    adjusted = monthly(net, 91, history) / season_index(net, history)
    assert found["monthly_net_3m_adjusted_fen"] == round(adjusted)
    year = [paid.get(age, 0) for age in range(365, 0, -1)]
    best = max(sum(year[at : at + 28]) for at in range(338))
    assert found["peak_28d_share"] == (best / sum(year) if sum(year) else None)
    count = min(104, -(-history // 7))
    assert [week for week, _, _ in weeks] == list(range(count))
    assert [fen for _, fen, _ in weeks] == [
        sum(net.get(age, 0) for age in range(7 * week + 1, 7 * week + 8)) for week in range(count - 1, -1, -1)
    ]


def test_months_are_cut_as_python_cuts_them() -> None:
    frame = tenure.whole_months(nw.from_native(pl.LazyFrame({"first_order_age": range(1, 2_000)}))).collect()
    assert frame["whole_months"].to_list() == [int(n / 30.4375) for n in range(1, 2_000)]


def test_the_series_holds_a_tax_period_of_a_year_that_ended_a_year_ago() -> None:
    assert SERIES_DAYS == 366 + 366
