"""Routes that cannot be, and those that only look odd."""

from __future__ import annotations

import pytest
from sycee_ingestion.domain.distance import road_km, straight_line_km
from sycee_ingestion.domain.routes import MAINLAND_ROAD_KM, MAINLAND_STRAIGHT_KM, Place, odd_route

HANGZHOU, SHANGHAI, NEAR_SHANGHAI = (30.2512, 120.1703), (31.2304, 121.4737), (31.2305, 121.4737)
CITY = (31.23, 121.47)
WUQIA, FUYUAN, LONDON = (39.7, 73.6), (48.4, 135.0), (51.51, -0.13)


@pytest.mark.parametrize(
    ("origin", "destination", "distance_km", "odd"),
    [
        (HANGZHOU, SHANGHAI, 0, False),
        (HANGZHOU, SHANGHAI, 175, False),
        (HANGZHOU, SHANGHAI, 160, False),  # 165 km straight: within what rounding explains
        (HANGZHOU, SHANGHAI, 150, True),
        (HANGZHOU, SHANGHAI, 1, True),
        (SHANGHAI, NEAR_SHANGHAI, 0, True),  # 11 m apart, told exactly: there is no way between them
        (SHANGHAI, NEAR_SHANGHAI, 30, True),
        (CITY, CITY, 0, False),  # the same part of a city says little
        (CITY, CITY, 15, False),
        (CITY, CITY, 101, True),
        (CITY, SHANGHAI, 0, False),
        (WUQIA, FUYUAN, road_km(*WUQIA, *FUYUAN), False),
        (LONDON, SHANGHAI, 0, True),
        (None, None, MAINLAND_ROAD_KM, False),
        (None, None, MAINLAND_ROAD_KM + 1, True),
        (None, SHANGHAI, 0, False),
        (HANGZHOU, None, 1, False),
    ],
)
def test_odd_routes(origin: Place | None, destination: Place | None, distance_km: int, odd: bool) -> None:
    assert odd_route(origin, destination, distance_km) is odd


def test_the_mainland_fits() -> None:
    assert straight_line_km(*WUQIA, *FUYUAN) == pytest.approx(4_866, abs=1)
    assert straight_line_km(*WUQIA, *FUYUAN) < MAINLAND_STRAIGHT_KM
