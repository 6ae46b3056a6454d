"""The trade calendar, and how sales are adjusted for weekdays and festivals."""

from __future__ import annotations

from datetime import date, timedelta

import narwhals as nw
import polars as pl
import pytest
from feature_books import ago, book, day, features_of, point
from lunar_python import Lunar, Solar
from sycee_ingestion.features import days as day_steps
from sycee_ingestion.features import series, tenure
from sycee_ingestion.features.calendar import (
    BASELINE,
    FIRST_YEAR,
    LAST_YEAR,
    Festival,
    baseline_index,
    festival_of,
    lunar_new_year,
    mid_autumn,
    table,
)
from sycee_ingestion.features.inputs import Frames, known_rows, lazy, with_today

YEARS = range(FIRST_YEAR, LAST_YEAR + 1)


@pytest.mark.parametrize("year", YEARS)
def test_lunar_new_year_is_the_first_day_of_the_first_month(year: int) -> None:
    day_ = lunar_new_year(year)
    lunar = Solar.fromYmd(day_.year, day_.month, day_.day).getLunar()
    assert (day_.year, lunar.getYear(), lunar.getMonth(), lunar.getDay()) == (year, year, 1, 1)
    assert date(year, 1, 21) <= day_ <= date(year, 2, 20)
    eighth = mid_autumn(year)
    assert Lunar.fromYmd(year, 8, 15).getSolar().toYmd() == eighth.isoformat()


def test_lunar_new_years_that_are_known_by_heart() -> None:
    known = {
        2015: date(2015, 2, 19),
        2020: date(2020, 1, 25),
        2024: date(2024, 2, 10),
        2025: date(2025, 1, 29),
        2026: date(2026, 2, 17),
        2033: date(2033, 1, 31),
    }
    assert {year: lunar_new_year(year) for year in known} == known


@pytest.mark.parametrize(
    ("day_", "festival"),
    [
        (date(2024, 1, 12), Festival.NONE),
        (date(2024, 1, 13), Festival.NEW_YEAR_GOODS),
        (date(2024, 2, 2), Festival.NEW_YEAR_GOODS),
        (date(2024, 2, 3), Festival.SPRING_FESTIVAL),
        (date(2024, 2, 10), Festival.SPRING_FESTIVAL),
        (date(2024, 2, 17), Festival.SPRING_FESTIVAL),
        (date(2024, 2, 18), Festival.NONE),
        (date(2024, 5, 23), Festival.NONE),
        (date(2024, 5, 24), Festival.MID_YEAR_RUN_UP),
        (date(2024, 6, 18), Festival.MID_YEAR),
        (date(2024, 6, 19), Festival.NONE),
        (date(2024, 10, 7), Festival.NATIONAL_DAY),
        (date(2024, 10, 8), Festival.NONE),
        (date(2025, 10, 8), Festival.NATIONAL_DAY),  # mid-autumn is on the sixth
        (date(2019, 11, 1), Festival.SINGLES_RUN_UP),
        (date(2020, 11, 1), Festival.SINGLES),
        (date(2020, 11, 4), Festival.SINGLES_RUN_UP),
        (date(2019, 11, 11), Festival.SINGLES),
        (date(2019, 11, 12), Festival.NONE),
        (date(2022, 12, 12), Festival.DOUBLE_TWELVE),
        (date(2022, 12, 25), Festival.NEW_YEAR_GOODS),  # of the year that begins on 22 January 2023
        (date(2035, 12, 31), Festival.NEW_YEAR_GOODS),  # of 28 January 2036
        (date(2014, 11, 11), Festival.NONE),
        (date(2036, 11, 11), Festival.NONE),
    ],
)
def test_a_day_belongs_to_its_festival(day_: date, festival: Festival) -> None:
    assert festival_of(day_) is festival


def test_the_table_holds_what_the_function_says() -> None:
    rows = dict(table())
    first, last = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        assert rows.get(ordinal, 0) == festival_of(date.fromordinal(ordinal))
    assert [ordinal for ordinal, _ in table()] == sorted(rows)


def test_every_year_has_every_festival() -> None:
    for year in YEARS:
        days = {
            festival_of(date.fromordinal(n))
            for n in range(date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal())
        }
        assert days == set(Festival)


def test_the_baseline_is_of_every_festival() -> None:
    assert set(BASELINE) == set(Festival)
    assert (
        baseline_index(date(2024, 11, 11)) > baseline_index(date(2024, 11, 5)) > baseline_index(date(2024, 9, 5)) == 1.0
    )
    assert baseline_index(lunar_new_year(2024)) < 1.0


# ---- the adjustment ----

AS_OF = date(2026, 1, 5)  # before the sales of lunar new year, after two years with every festival
WEEKDAYS = (1.0, 0.9, 0.9, 1.0, 1.2, 1.5, 0.5)  # of a week, Monday first; they average 1
LIFT = {Festival.SINGLES: 4.0, Festival.SPRING_FESTIVAL: 0.25, Festival.MID_YEAR: 2.0}


def made(
    length: int,
    level: int = 100_000,
    weekdays: tuple[float, ...] = (1.0,) * 7,
    lift: dict[Festival, float] | None = None,
) -> Frames:
    days = []
    for age in range(1, length + 1):
        at = AS_OF - timedelta(days=age)
        fen = level * weekdays[at.weekday()] * (lift or {}).get(festival_of(at), 1.0)
        days.append(day(age, today=AS_OF, order_count=1, order_fen=round(fen)))
    return book([point(AS_OF)], days=days)


def daily_series(frames: Frames) -> pl.DataFrame:
    points = with_today(lazy(frames.points))
    daily = day_steps.by_day(known_rows(points, lazy(frames.days)))
    facts = tenure.whole_months(day_steps.day_facts(daily))
    fakes = series.by_day_fakes(points, lazy(frames.fake_days))
    return series.series(points, daily, facts, fakes).sort("age").collect().to_native()


def test_a_steady_trade_is_left_as_it_is() -> None:
    days = daily_series(made(730))
    assert days["weekday_factor"].unique().to_list() == [1.0]
    assert days.filter(pl.col("age") <= 728)["adjusted"].unique().to_list() == [100_000]


def test_levels_are_of_ordinary_days_alone() -> None:
    days = daily_series(made(730, lift=LIFT)).filter(pl.col("age") <= 728)
    assert (days["level"] / 28).unique().to_list() == [100_000]


def test_a_weekday_is_found_and_shrunk_to_one() -> None:
    days = daily_series(made(400, weekdays=WEEKDAYS)).filter(pl.col("age") <= 400)
    for weekday, factor in enumerate(WEEKDAYS):
        mine = days.filter(pl.col("weekday") == weekday)
        seen = mine["weekday_days"].unique().item()
        assert seen == mine.filter(pl.col("festival") == 0).height
        # Next to a festival the 28 ordinary days are not four whole weeks: the level is off by a little there.
        assert mine["weekday_factor"].unique().item() == pytest.approx((seen * factor + 4) / (seen + 4), rel=0.01)


def test_a_festival_is_found_and_shrunk_to_one() -> None:
    frames = made(730, lift=LIFT)
    days = daily_series(frames).filter(pl.col("age") <= 728)
    found = features_of(frames)
    for festival, name in ((Festival.SINGLES, "singles"), (Festival.SPRING_FESTIVAL, "spring_festival")):
        seen = days.filter(pl.col("festival") == int(festival)).height
        assert found[f"{name}_lift_ratio"] == pytest.approx((seen * LIFT[festival] + 3) / (seen + 3))
    assert found["double_twelve_lift_ratio"] == 1.0


def test_what_the_calendar_explains_is_no_volatility() -> None:
    found = features_of(made(730, weekdays=WEEKDAYS, lift=LIFT))
    raw, adjusted = found["weekly_net_variation_52w_ratio"], found["weekly_adjusted_variation_52w_ratio"]
    assert raw is not None
    assert adjusted is not None
    assert raw > 0.2
    assert adjusted < raw / 3


def test_a_short_history_knows_no_season() -> None:
    """27 ordinary days make no level: sales stay as they are, and no lift is known."""
    frames = made(27, weekdays=WEEKDAYS)
    days = daily_series(frames).filter(pl.col("age") <= 27)
    assert days["level"].is_null().all()
    assert days["adjusted"].equals(days["net"].alias("adjusted"))
    assert features_of(frames)["double_twelve_lift_ratio"] is None


def test_factors_stay_within_their_bounds() -> None:
    days = daily_series(made(730, lift={Festival.SINGLES: 1_000.0, Festival.SPRING_FESTIVAL: -5.0}))
    factors = dict(days.filter(pl.col("age") <= 728).select("festival", "festival_factor").unique().rows())
    assert factors[int(Festival.SINGLES)] == 10.0
    assert factors[int(Festival.SPRING_FESTIVAL)] == 0.1


def test_shares_of_the_year() -> None:
    as_of = date(2026, 3, 15)
    paid = [day(age, order_count=1, order_fen=100) for age in range(1, 366)]
    found = features_of(book(days=paid))
    days = [ago(age, as_of) for age in range(1, 366)]
    holidays = (Festival.NONE, Festival.SPRING_FESTIVAL, Festival.NATIONAL_DAY)
    assert found["festival_365d_share"] == sum(festival_of(d) not in holidays for d in days) / 365
    assert found["weekend_365d_share"] == sum(d.weekday() >= 5 for d in days) / 365


def test_days_outside_the_calendar_are_ordinary() -> None:
    at = date(2040, 11, 20)
    frames = book([point(at)], days=[day(age, today=at, order_count=1, order_fen=100) for age in range(1, 100)])
    days = daily_series(frames)
    assert days["festival"].unique().to_list() == [0]
    assert nw.from_native(days).filter(nw.col("age") == 1)["weekday"].item() == date(2040, 11, 19).weekday()
