"""Routes that no parcel can have taken: a sign of parcels that were never sent."""

from __future__ import annotations

from sycee_ingestion.domain.distance import ROAD_FACTOR, straight_line_km

SAME_PLACE_KM = 0.1
"""Ends nearer than this are one building. A judgement: what a receiver of satellite positions errs by in a city."""

COARSE_DEGREES = 2
"""Coordinates of no more decimals than this (1.1 km) name a part of a city, and equal ones then say nothing."""

WIDEST_CITY_KM = 100
"""No parcel goes further between two equal coarse places. A judgement: about as wide as the largest cities are."""

UNDERSTATED_SHARE, UNDERSTATED_KM = 0.05, 5.0
"""How far a carrier's distance may lie below the great circle: rounding of both ends to a kilometre or two, and of the
distance. A judgement."""

MAINLAND_STRAIGHT_KM = 5_000
"""No two places of mainland China lie further apart along a great circle: Wuqia (39.7 N, 73.6 E) and Fuyuan (48.4 N,
135.0 E) are 4,870 km, Akto and the islands of Sansha 4,480 km apart. Reckoned with `straight_line_km`; the rest is
margin."""

MAINLAND_ROAD_KM = round(MAINLAND_STRAIGHT_KM * ROAD_FACTOR)
"""No carrier drives further within mainland China: the greatest straight line as a road."""

Place = tuple[float, float]
"""Latitude and longitude in degrees."""


def odd_route(origin: Place | None, destination: Place | None, distance_km: int) -> bool:
    """Whether no parcel can have gone this way; `distance_km` is the carrier's own, 0 when it does not say one."""
    if distance_km > MAINLAND_ROAD_KM:
        return True
    if origin is None or destination is None:
        return False
    straight_km = straight_line_km(*origin, *destination)
    if straight_km > MAINLAND_STRAIGHT_KM:
        return True
    if straight_km < SAME_PLACE_KM:
        return distance_km > WIDEST_CITY_KM or not (_coarse(origin) and _coarse(destination))
    return 0 < distance_km < straight_km * (1 - UNDERSTATED_SHARE) - UNDERSTATED_KM


def _coarse(place: Place) -> bool:
    return all(round(degrees, COARSE_DEGREES) == degrees for degrees in place)
