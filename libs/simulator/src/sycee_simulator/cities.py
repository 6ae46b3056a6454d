"""Cities of China with their place, to about a kilometre, so that parcels have real distances."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

EARTH_RADIUS_KM: Final = 6371.0
ROAD_FACTOR: Final = 1.3
"""Road over great-circle distance, a judgement in the middle of what is usual for a dense network (1.2 to 1.4)."""


@dataclass(frozen=True, slots=True)
class City:
    """A city; `province_code` has two digits of GB/T 2260 and `weight` is its share of buyers in arbitrary units."""

    name: str
    province_code: str
    latitude: float
    longitude: float
    weight: int


CITIES: Final[tuple[City, ...]] = (
    City("北京", "11", 39.90, 116.41, 9),
    City("天津", "12", 39.09, 117.20, 5),
    City("石家庄", "13", 38.04, 114.51, 3),
    City("保定", "13", 38.87, 115.46, 3),
    City("太原", "14", 37.87, 112.55, 2),
    City("呼和浩特", "15", 40.84, 111.75, 1),
    City("沈阳", "21", 41.80, 123.43, 3),
    City("大连", "21", 38.91, 121.61, 3),
    City("长春", "22", 43.82, 125.32, 2),
    City("哈尔滨", "23", 45.80, 126.53, 2),
    City("上海", "31", 31.23, 121.47, 10),
    City("南京", "32", 32.06, 118.80, 5),
    City("苏州", "32", 31.30, 120.59, 6),
    City("无锡", "32", 31.49, 120.31, 4),
    City("南通", "32", 31.98, 120.89, 3),
    City("徐州", "32", 34.26, 117.19, 2),
    City("杭州", "33", 30.27, 120.16, 7),
    City("宁波", "33", 29.87, 121.54, 5),
    City("温州", "33", 27.99, 120.70, 4),
    City("义乌", "33", 29.31, 120.08, 3),
    City("嘉兴", "33", 30.75, 120.76, 3),
    City("台州", "33", 28.66, 121.42, 2),
    City("合肥", "34", 31.82, 117.23, 3),
    City("阜阳", "34", 32.89, 115.81, 2),
    City("福州", "35", 26.07, 119.30, 3),
    City("厦门", "35", 24.48, 118.09, 3),
    City("泉州", "35", 24.87, 118.68, 4),
    City("南昌", "36", 28.68, 115.86, 2),
    City("济南", "37", 36.65, 117.12, 3),
    City("青岛", "37", 36.07, 120.38, 4),
    City("临沂", "37", 35.10, 118.36, 2),
    City("烟台", "37", 37.46, 121.45, 2),
    City("郑州", "41", 34.75, 113.63, 4),
    City("洛阳", "41", 34.62, 112.45, 2),
    City("武汉", "42", 30.59, 114.31, 5),
    City("襄阳", "42", 32.01, 112.12, 1),
    City("长沙", "43", 28.23, 112.94, 4),
    City("广州", "44", 23.13, 113.26, 8),
    City("深圳", "44", 22.54, 114.06, 9),
    City("佛山", "44", 23.02, 113.12, 4),
    City("东莞", "44", 23.02, 113.75, 5),
    City("惠州", "44", 23.11, 114.42, 2),
    City("中山", "44", 22.52, 113.39, 2),
    City("汕头", "44", 23.35, 116.68, 2),
    City("南宁", "45", 22.82, 108.37, 2),
    City("桂林", "45", 25.27, 110.29, 1),
    City("海口", "46", 20.04, 110.20, 1),
    City("重庆", "50", 29.56, 106.55, 5),
    City("成都", "51", 30.57, 104.07, 6),
    City("绵阳", "51", 31.47, 104.68, 1),
    City("贵阳", "52", 26.65, 106.63, 2),
    City("昆明", "53", 25.04, 102.71, 2),
    City("拉萨", "54", 29.65, 91.14, 1),
    City("西安", "61", 34.34, 108.94, 4),
    City("兰州", "62", 36.06, 103.83, 1),
    City("西宁", "63", 36.62, 101.78, 1),
    City("银川", "64", 38.49, 106.23, 1),
    City("乌鲁木齐", "65", 43.83, 87.62, 1),
)

BUYER_CITIES: Final[tuple[int, ...]] = tuple(i for i, city in enumerate(CITIES) for _ in range(city.weight))
"""Places in `CITIES`, each as often as its weight: a uniform draw from it is a weighted draw of a city."""


def road_km(origin: City, destination: City) -> int:
    """Kilometres by road: the great circle (haversine) times `ROAD_FACTOR`, at least 15 km within one city."""
    phi_a, phi_b = math.radians(origin.latitude), math.radians(destination.latitude)
    half_lat = math.sin((phi_b - phi_a) / 2) ** 2
    half_lng = math.sin(math.radians(destination.longitude - origin.longitude) / 2) ** 2
    chord = half_lat + math.cos(phi_a) * math.cos(phi_b) * half_lng
    return max(15, round(2 * EARTH_RADIUS_KM * math.asin(math.sqrt(chord)) * ROAD_FACTOR))
