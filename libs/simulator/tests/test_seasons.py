"""The calendar of the market and the geography it sends parcels over."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from sycee_simulator.cities import CITIES, road_km
from sycee_simulator.seasons import FIRST_DAY, LAST_DAY, SPRING_FESTIVALS, day_factor, yearly_swings


def test_spring_festivals_fall_between_21_january_and_20_february() -> None:
    assert [festival.year for festival in SPRING_FESTIVALS] == list(range(FIRST_DAY.year, LAST_DAY.year + 1))
    for festival in SPRING_FESTIVALS:
        assert date(festival.year, 1, 21) <= festival <= date(festival.year, 2, 20)


def test_lunar_years_last_twelve_or_thirteen_months() -> None:
    for before, after in pairwise(SPRING_FESTIVALS):
        assert (after - before).days in (353, 354, 355, 383, 384, 385)


def test_every_day_of_the_table_has_a_factor() -> None:
    for offset in range((LAST_DAY - FIRST_DAY).days + 1):
        assert 0.2 < day_factor(FIRST_DAY + timedelta(days=offset)) < 4


@pytest.mark.parametrize("strength", [0.0, 0.12, 1.1])
def test_yearly_swing_has_mean_one_and_peaks_where_told(strength: float) -> None:
    swings = yearly_swings(date(2025, 1, 1), 365, strength, peak_day=130)
    assert sum(swings) / 365 == pytest.approx(1, abs=0.005)
    assert max(swings) == pytest.approx(swings[129])


def test_road_distances_are_what_the_map_says() -> None:
    by_name = {city.name: city for city in CITIES}
    # Great circles of 1,068 km and 120 km, times the road factor of 1.3.
    assert road_km(by_name["北京"], by_name["上海"]) == pytest.approx(1068 * 1.3, rel=0.01)
    assert road_km(by_name["广州"], by_name["深圳"]) == pytest.approx(104 * 1.3, rel=0.05)
    assert road_km(by_name["成都"], by_name["成都"]) == 15


def test_cities_lie_in_china_and_have_valid_province_codes() -> None:
    for city in CITIES:
        assert 18 < city.latitude < 54
        assert 73 < city.longitude < 136
        assert 11 <= int(city.province_code) <= 65
    assert len({city.province_code for city in CITIES}) == 31
