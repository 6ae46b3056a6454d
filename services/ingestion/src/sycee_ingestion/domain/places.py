"""Names of provinces and cities, out of GB/T 2260 as python-stdnum carries it, past ones included."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import Any

from stdnum import numdb

_YEARS = re.compile(r"\[[^\]]*\]")
_PROVINCE_ENDS = re.compile(r"(?:省|市|壮族自治区|回族自治区|维吾尔自治区|自治区|特别行政区)$")
_CITY_ENDS = re.compile(r"(?:市|地区|盟)$")
_COLLECTIVE = frozenset({"市辖区", "县", "省直辖县级行政单位", "自治区直辖县级行政单位", "省直辖县级行政区划"})
"""Rows of the table that name no place."""
_LEAST = 2


class Places:
    """Places of one level, each in full and in short ("浙江省", "浙江")."""

    def __init__(self, full_names: Iterable[str], ends: re.Pattern[str]) -> None:
        names = {name for full in full_names for name in (full, ends.sub("", full)) if len(name) >= _LEAST}
        self._names = frozenset(names)
        by_beginning: defaultdict[str, list[str]] = defaultdict(list)
        for name in sorted(names, key=len, reverse=True):
            by_beginning[name[:_LEAST]].append(name)
        self._by_beginning = dict(by_beginning)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def leading(self, text: str) -> str:
        """The longest of the names that a text begins with, or nothing."""
        return next((name for name in self._by_beginning.get(text[:_LEAST], ()) if text.startswith(name)), "")


@cache
def provinces() -> Places:
    """Provinces."""
    return Places([_plain(props["province"]) for props, _ in _rows()], _PROVINCE_ENDS)


@cache
def cities() -> Places:
    """Prefecture-level cities and regions."""
    return Places([name for code, name in _counties() if code.endswith("00") and code != "0000"], _CITY_ENDS)


@cache
def county_cities() -> Places:
    """Cities below a prefecture."""
    return Places([name for _, name in _counties() if name.endswith("市") and name not in cities()], _CITY_ENDS)


def short(place: str) -> str:
    """A province's or a city's name without its ending."""
    cut = _CITY_ENDS.sub("", _PROVINCE_ENDS.sub("", place))
    return cut if len(cut) >= _LEAST else place


def _counties() -> list[tuple[str, str]]:
    """The last four digits of each code below a province and what it names; a row may name several, by commas."""
    found = []
    for _, below in _rows():
        for _, code, _, props, _ in below:
            names = _plain(props.get("county", "")).split(",")
            found += [(code, name) for name in names if name and name not in _COLLECTIVE]
    return found


def _rows() -> list[tuple[dict[str, str], list[Any]]]:
    """Provinces, each with the rows below it: length, first and last code, what is said of it, its own rows below."""
    return [(props, below) for _, _, _, props, below in numdb.get("cn/loc").prefixes if "province" in props]


def _plain(name: str) -> str:
    return _YEARS.sub("", name).strip().strip("()")
