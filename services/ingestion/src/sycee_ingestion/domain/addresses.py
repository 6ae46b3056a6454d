"""Chinese addresses by their levels: province, city, district, road or village, number, building, room.

A street address is written from the large to the small; any level may be left out. Two addresses are compared level by
level, and a level that one of them leaves out decides nothing.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum

from rapidfuzz import fuzz

from sycee_ingestion.domain import places

_NOISE = re.compile(r"[\s,，.。、;；:：()（）\[\]【】\"'’“”]+")
_DISTRICT = re.compile(r"^((?:(?![路街巷号园])[一-鿿]){1,9}?(?:自治县|新区|开发区|区|县|旗|市))")
_TOWN = re.compile(r"^((?:(?![路巷号])[一-鿿]){1,8}?(?:街道|镇|乡))")
_ROAD = re.compile(r"^(\D{1,12}?(?:大道|大街|路|街|巷|弄|胡同|道)(?:[东西南北中]段?(?=\d))?)(?!道)")
_ROAD_ENDS = ("大道", "大街", "路", "街", "巷", "弄", "胡同", "道")
_NUMBER = re.compile(r"^(?:第)?(\d+(?:-\d+)?)(?:号(?!楼)|弄|$)")
_BUILDING = re.compile(r"(\d+|[A-Z])(?:幢|栋|座|号楼)")
_UNIT = re.compile(r"(\d+)单元")
_ROOM = re.compile(r"([A-Z]?\d{2,4}[A-Z]?)(?:号?室|号房|房|号)?$")
_CHINESE_NUMBER = re.compile(r"[零〇一二三四五六七八九十百]+(?=号|幢|栋|座|单元|室|楼|层)")
_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"〇": 0}
_HOUSE = re.compile(r"(\d+(?:-\d+)?)号(?!楼|房|室)")
_INSIDE = re.compile(r"(?:\d+|[A-Z])(?:幢|栋|座|号楼)|\d+单元|[A-Z]?\d{2,4}[A-Z]?(?:号?室|号房|房)?$")
_LEAST_REST = 4
_LIKE_ROADS = 65.0
"""rapidfuzz's ratio (0 to 100) from which two roads are taken for one with a slip of the pen. Judgement."""


class AddressMatch(Enum):
    """How two addresses compare."""

    UNKNOWN = "unknown"
    SAME_ROOM = "same_room"
    SAME_NUMBER = "same_number"
    """The same house, and at least one of them names no room."""
    OTHER_ROOM = "other_room"
    """The same house, another room."""
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Address:
    """An address by its levels; what is not said is empty. `road` is the village or estate where there is no road."""

    province: str
    city: str
    district: str
    road: str
    number: str
    room: str

    @property
    def house(self) -> str:
        """Names the house without the levels above the road, which writers leave out at will; empty if not known."""
        return f"{self.road}|{self.number}" if self.road and (self.number or len(self.road) >= _LEAST_REST) else ""

    @property
    def door(self) -> str:
        """Names the room in its house; empty if not known."""
        return f"{self.house}|{self.room}" if self.house and self.room else ""


def parse(text: str) -> Address:
    """The levels of an address; never fails: what is not understood becomes the road."""
    rest = _NOISE.sub("", unicodedata.normalize("NFKC", text)).upper().replace("#", "号")
    rest = _CHINESE_NUMBER.sub(lambda match: str(_number(match.group())), rest)
    province = places.provinces().leading(rest)
    rest = rest[len(province) :]
    if places.short(province) in _MUNICIPALITIES:
        city, rest = province, rest.removeprefix("市辖区").removeprefix("市").removeprefix(province)
    else:
        city, rest = _city(rest, sure=bool(province))
    district, rest = _district(rest)
    _, rest = _taken(_TOWN, rest)
    road, rest = _taken(_ROAD, rest)
    number, rest = _taken(_NUMBER, rest)
    if not number:
        road, number, rest = _village(road, rest)
    return Address(places.short(province), places.short(city), district, road, number, _room(rest))


def compare(one: Address, other: Address) -> AddressMatch:
    """How two addresses compare; the same either way round."""
    if not one.house or not other.house:
        return AddressMatch.UNKNOWN
    if any(_contradict(getattr(one, level), getattr(other, level)) for level in ("province", "city", "district")):
        return AddressMatch.DIFFERENT
    rooms_known = bool(one.room) and bool(other.room)
    same_room = rooms_known and _agree(one.room.split("|"), other.room.split("|"))
    if one.number != other.number or not _like(one.road, other.road, slips_borne=same_room):
        return AddressMatch.DIFFERENT
    if not rooms_known:
        return AddressMatch.SAME_NUMBER
    return AddressMatch.SAME_ROOM if same_room else AddressMatch.OTHER_ROOM


_MUNICIPALITIES = frozenset({"北京", "天津", "上海", "重庆"})


def _contradict(one: str, other: str) -> bool:
    return bool(one) and bool(other) and one != other


def _agree(one: list[str], other: list[str]) -> bool:
    """Whether building, unit and room agree wherever both sides say them."""
    return not any(_contradict(mine, theirs) for mine, theirs in zip(one, other, strict=True))


def _like(one: str, other: str, *, slips_borne: bool) -> bool:
    """Whether two roads are one; a slip of the pen is borne only where the room speaks for it."""
    return one == other or (slips_borne and fuzz.ratio(one, other) >= _LIKE_ROADS)


def _taken(pattern: re.Pattern[str], text: str) -> tuple[str, str]:
    match = pattern.match(text)
    return ("", text) if match is None else (match.group(1), text[match.end() :])


def _city(text: str, *, sure: bool) -> tuple[str, str]:
    """The city that a text begins with. Many roads are called after cities, so a short name needs a sign beside it."""
    city = places.cities().leading(text)
    rest = text[len(city) :]
    if city and not sure and not city.endswith("市") and not rest.startswith("市") and not _DISTRICT.match(rest):
        return "", text
    return city, rest.removeprefix("市") if city else text


def _district(text: str) -> tuple[str, str]:
    """The district, county or county-level city that a text begins with; the short name of a city may be a road's."""
    county = places.county_cities().leading(text)
    rest = text[len(county) :]
    if county and (county.endswith("市") or not rest.startswith(_ROAD_ENDS)):
        return f"{places.short(county)}市", rest.removeprefix("市")
    return _taken(_DISTRICT, text)


def _village(road: str, rest: str) -> tuple[str, str, str]:
    """Road, number and what follows where no number follows a road: a village, an estate, a market."""
    house = _HOUSE.search(rest)
    if house is not None:
        return rest[: house.start()] or road, house.group(1), rest[house.end() :]
    inside = _INSIDE.search(rest)
    at = len(rest) if inside is None else inside.start()
    return rest[:at] or road, "", rest[at:]


def _room(rest: str) -> str:
    """Building, unit and room in one text: "3|2|501"; empty where no room is named."""
    room = _ROOM.search(rest)
    if room is None:
        return ""
    before = rest[: room.start()]
    building, unit = _BUILDING.search(before), _UNIT.search(before)
    parts = (building.group(1) if building else "", unit.group(1) if unit else "", room.group(1))
    return "|".join(parts)


def _number(text: str) -> int:
    """A Chinese numeral below 1,000; digits one after the other ("二〇三") are read as such."""
    if not any(character in "十百" for character in text):
        return int("".join(str(_DIGITS[character]) for character in text))
    total, digit = 0, 1 if text[0] in "十百" else 0
    for character in text:
        if character in "十百":
            total += (digit or 1) * (10 if character == "十" else 100)
            digit = 0
        else:
            digit = _DIGITS[character]
    return total + (digit if text[-1] not in "十百" else 0)
