"""What is a business's own in its name: without place, brackets and company form, in one script and width.

"杭州小明堂（浙江）服饰有限公司" and "小明堂服饰" have the same core.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from pypinyin import lazy_pinyin

from sycee_ingestion.domain import places

_BRACKETS = re.compile(r"[(\[{【〔<《]([^)\]}】〕>》]*)[)\]}】〕>》]")
_NEITHER_LETTER_NOR_DIGIT = re.compile(r"[\W_]+")
_DISTRICT = re.compile(r"^[一-鿿]{2,4}?(?:自治县|新区|区|县)")
_HAN = re.compile(r"[一-鿿]+")
_WORDS = re.compile(r"[一-鿿]+|[^一-鿿]+")

# Company forms and the endings that platforms and markets put behind a name. Judgement, longest first below.
_FORMS = (
    "有限责任公司", "股份有限公司", "有限公司", "股份公司", "集团公司", "集团", "总公司", "分公司", "公司",
    "个体工商户", "个人独资企业", "合伙企业", "农民专业合作社", "专业合作社", "合作社", "经营部", "经销部",
    "批发部", "门市部", "服务部", "商行", "商店", "商铺", "店铺", "网店", "小店", "店", "工作室", "工作坊",
    "旗舰店", "专营店", "专卖店", "企业店", "官方", "直营店", "总店", "分店", "厂", "中心", "铺", "行",
    "有限合伙", "普通合伙", "有限", "ltd", "co", "inc", "llc", "limited", "company", "store", "shop",
)  # fmt: skip
_ENDINGS = tuple(sorted(_FORMS, key=len, reverse=True))
_LEAST = 2


def core(name: str) -> str:
    """The business's own part of a name, lower case; the whole of it where nothing would be left."""
    text = unicodedata.normalize("NFKC", name).casefold()
    text = _BRACKETS.sub(_bracketed, text)
    text = _NEITHER_LETTER_NOR_DIGIT.sub("", text)
    return _without_form(_without_place(text))


def sound(own: str) -> str:
    """How a core is spoken, tones left out: characters that sound alike are taken for each other in typing."""
    return "".join(map(_spoken, own)) if _HAN.search(own) else ""


def grams(own: str) -> frozenset[str]:
    """Pairs of neighbouring characters of a core's Chinese runs, and its other runs as words."""
    found: set[str] = set()
    for run in _WORDS.findall(own):
        if _HAN.match(run) is None or len(run) == 1:
            found.add(run)
        else:
            found.update(run[at : at + 2] for at in range(len(run) - 1))
    return frozenset(found)


@lru_cache(maxsize=10_000)
def _spoken(character: str) -> str:
    """A character by itself, whatever word it stands in: the same one always sounds the same."""
    return "".join(lazy_pinyin(character))


def _bracketed(match: re.Match[str]) -> str:
    """What stands in brackets, unless it is a place or a company form."""
    inside = _NEITHER_LETTER_NOR_DIGIT.sub("", match.group(1))
    is_place = any(inside in names for names in (places.provinces(), places.cities(), places.county_cities()))
    return "" if is_place or inside in _FORMS else inside


def _without_place(text: str) -> str:
    for names in (places.provinces(), places.cities(), places.county_cities()):
        place = names.leading(text)
        rest = text[len(place) :].removeprefix("市") if place else text
        if len(rest) >= _LEAST and not rest.startswith(("区", "县")):  # of a district that is called after a city
            text = rest
    district = _DISTRICT.match(text)
    if district is not None and len(text) - district.end() >= _LEAST + 1:
        text = text[district.end() :]
    return text


def _without_form(text: str) -> str:
    while True:
        ending = next((form for form in _ENDINGS if text.endswith(form) and len(text) - len(form) >= _LEAST), "")
        if not ending:
            return text
        text = text[: -len(ending)]
