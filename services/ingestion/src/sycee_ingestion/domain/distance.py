"""How far a parcel travels when nobody says so."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the earth (IUGG)."""

ROAD_FACTOR = 1.3
"""Road over straight line. A judgement: published circuity factors of road networks lie at 1.2 to 1.4 (Ballou,
Rahardja and Sakai 2002, Transportation Research A 36, give 1.33 for China); carriers know better and may say so."""


def straight_line_km(latitude_1: float, longitude_1: float, latitude_2: float, longitude_2: float) -> float:
    """Great-circle distance by the haversine formula; degrees in, kilometres out."""
    phi_1, phi_2 = radians(latitude_1), radians(latitude_2)
    half_phi = (phi_2 - phi_1) / 2
    half_lambda = radians(longitude_2 - longitude_1) / 2
    chord = sin(half_phi) ** 2 + cos(phi_1) * cos(phi_2) * sin(half_lambda) ** 2
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(chord)))


def road_km(latitude_1: float, longitude_1: float, latitude_2: float, longitude_2: float) -> int:
    """Distance by road in whole kilometres, at least 1 (0 is kept for "not known")."""
    return max(1, round(straight_line_km(latitude_1, longitude_1, latitude_2, longitude_2) * ROAD_FACTOR))
