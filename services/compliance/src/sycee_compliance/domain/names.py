"""Names made comparable: one spelling for width, case, accents and company forms, and a reading in Latin letters."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache

from pypinyin import lazy_pinyin

HANZI = re.compile(r"[\u3400-\u9fff\U00020000-\U000323af]+")
LATIN_WORD = re.compile(r"[^\W\d_]+|\d+")
BRACKETED = re.compile(r"[(\[【〔][^)\]】〕]*[)\]】〕]")
HANZI_FORMS = re.compile(r"(?:集团)?(?:股份|责任)?(?:有限)?(?:责任)?公司(?:分公司)?$|(?:有限合伙|合伙企业|个体工商户)$")
LATIN_FORMS = frozenset(
    {
        *("ag", "bv", "bhd", "co", "company", "corp", "corporation", "fze", "gmbh", "inc", "incorporated", "jsc", "kg"),
        *("limited", "llc", "llp", "ltd", "nv", "ooo", "oy", "pjsc", "plc", "pt", "pte", "pty", "sa", "sarl", "sdn"),
        *("spa", "srl", "the"),
    }
)
COMPOUND_SURNAMES = frozenset(
    {
        *("欧阳", "太史", "端木", "上官", "司马", "东方", "独孤", "南宫", "万俟", "闻人", "夏侯", "诸葛", "尉迟"),
        *("公羊", "赫连", "澹台", "皇甫", "宗政", "濮阳", "公冶", "太叔", "申屠", "公孙", "慕容", "仲孙", "钟离"),
        *("长孙", "宇文", "司徒", "鲜于", "司空", "令狐", "百里", "呼延", "东郭", "南门", "西门", "左丘", "公西"),
        *("轩辕", "拓跋", "第五", "单于", "歐陽", "司馬", "諸葛", "尉遲", "長孫", "鍾離"),
    }
)
SURNAME_READINGS = {
    "单": "shan", "仇": "qiu", "解": "xie", "查": "zha", "曾": "zeng", "任": "ren", "朴": "piao", "盖": "ge",
    "区": "ou", "缪": "miao", "冼": "xian", "翟": "zhai", "乐": "yue", "员": "yun", "黑": "he", "繁": "po",
    "召": "shao", "种": "chong", "万俟": "moqi", "尉迟": "yuchi", "尉遲": "yuchi", "单于": "chanyu",
    "长孙": "zhangsun", "長孫": "zhangsun", "澹台": "tantai",
}  # fmt: skip
"""Readings that a character has only as a surname."""


@dataclass(frozen=True, slots=True)
class NameForm:
    """One way to read a name. Personal data: never printed.

    `hanzi`: its Chinese characters without company form; `words`: its words in Latin letters, sorted, joined by spaces;
    `letters`: its letters and digits in Latin, in order, without spaces.
    """

    hanzi: str = field(repr=False)
    words: str = field(repr=False)
    letters: str = field(repr=False)


def name_forms(name: str, *, person: bool) -> tuple[NameForm, ...]:
    """Readings to compare a name by: as written, and without what stands in brackets; () when no letter is left."""
    folded = _fold(name)
    variants = (folded, BRACKETED.sub(" ", folded))
    return tuple(dict.fromkeys(form for form in (_form(text, person=person) for text in variants) if form.letters))


def romanise(hanzi: str, *, person: bool) -> tuple[str, ...]:
    """Chinese characters as words in pinyin without tones: surname and given name of a person, else a word a character.

    Each character is read by itself: a reading that hung on its neighbours would differ between two spellings.
    """
    if not person or len(hanzi) < 2:
        return tuple(_reading(char) for char in hanzi)
    split = 2 if hanzi[:2] in COMPOUND_SURNAMES and len(hanzi) > 2 else 1
    surname = SURNAME_READINGS.get(hanzi[:split]) or "".join(_reading(char) for char in hanzi[:split])
    return (surname, "".join(_reading(char) for char in hanzi[split:]))


def _fold(name: str) -> str:
    """Full width to half, lower case, no accents."""
    decomposed = unicodedata.normalize("NFKD", name)
    return unicodedata.normalize("NFKC", "".join(c for c in decomposed if not unicodedata.combining(c))).casefold()


def _form(text: str, *, person: bool) -> NameForm:
    hanzi = "".join(HANZI.findall(text))
    latin = LATIN_WORD.findall(HANZI.sub(" ", text))
    if not person:
        hanzi = HANZI_FORMS.sub("", hanzi) or hanzi
        latin = [word for word in latin if word not in LATIN_FORMS] or latin
    words = [*romanise(hanzi, person=person), *latin]
    return NameForm(hanzi, " ".join(sorted(words)), "".join(words))


@lru_cache(maxsize=32_768)
def _reading(char: str) -> str:
    """The commonest reading of one character, ü written u as passports do."""
    return str(lazy_pinyin(char)[0]).replace("v", "u")
