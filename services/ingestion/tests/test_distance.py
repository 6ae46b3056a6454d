"""Distances against known ones."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sycee_ingestion.domain.distance import ROAD_FACTOR, road_km, straight_line_km

HANGZHOU, SHANGHAI, BEIJING = (30.25, 120.17), (31.23, 121.47), (39.90, 116.40)


@pytest.mark.parametrize(
    ("one", "other", "km"), [(HANGZHOU, SHANGHAI, 165), (HANGZHOU, BEIJING, 1_126), ((0, 0), (0, 180), 20_015)]
)
def test_known_distances(one: tuple[float, float], other: tuple[float, float], km: float) -> None:
    assert straight_line_km(*one, *other) == pytest.approx(km, abs=2)
    assert road_km(*one, *other) == pytest.approx(km * ROAD_FACTOR, abs=3)


def test_across_the_street_is_a_kilometre() -> None:
    assert road_km(*HANGZHOU, *HANGZHOU) == 1


places = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@given(places, places)
def test_every_distance_is_finite_and_the_same_both_ways(one: tuple[float, float], other: tuple[float, float]) -> None:
    there, back = straight_line_km(*one, *other), straight_line_km(*other, *one)
    assert there == pytest.approx(back, abs=1e-6)
    assert 0 <= there <= math.pi * 6371.0088 + 1e-6
