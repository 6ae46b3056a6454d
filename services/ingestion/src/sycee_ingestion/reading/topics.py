"""What a review speaks of and what it complains about: words of each topic, clause by clause.

Nobody has labelled Chinese reviews by these topics for the public, so this is a word list and rules and nothing is
learned. A topic is complained about in a clause that speaks badly, by a word that is a complaint by itself and is not
denied, or in a clause without an opinion of a review that is bad as a whole and praises nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from sycee_ingestion.reading.clauses import Opinion, is_denied
from sycee_ingestion.reading.phrases import Phrases, sections

WORD_LIST: Final = "topics.txt"
COMPLAINT_SHIFT: Final = 8
"""Bits 0 to 6 of a mask say what is spoken of, bits 8 to 14 what of it is complained about."""
_BAD_BELOW_MILLI: Final = 350


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic: its code and its names."""

    code: str
    name_zh: str
    name_en: str
    meaning: str


TOPICS: Final = (
    Topic("quality", "质量", "quality", "the goods, the food or the room: material, taste, amount, fit, function"),
    Topic("counterfeit", "假货", "counterfeit goods", "whether goods, or the praise of them, are genuine"),
    Topic("delivery", "物流", "delivery", "when and how it came, whether all of it came, those who bring it"),
    Topic("service", "服务", "service", "how people treat the buyer before and after the sale, couriers among them"),
    Topic("packaging", "包装", "packaging", "what the goods came in, and what was spilt or broken for it"),
    Topic("safety", "安全", "safety", "harm to health or body, hygiene, shelf life"),
    Topic("price", "价格", "price", "what it costs and whether it is worth it"),
)
"""In the order of their bits, the lowest first."""

_WAITED: Final = re.compile(
    r"(?:等|送|晚|拖|迟)了?.{0,4}?(?:\d+|[一二两三四五六七八九十半几])多?个?半?(?:小时|钟头|分钟|天|周|星期|月)"
)
_LATE: Final = re.compile(
    r"(?:\d+|[一二两三四五六七八九十几])(?:个半|个多|多个|个|多)?(?:小时|钟头|天|星期|周)了?(?:才|还没|还不|都没|没)"
)


@dataclass(frozen=True, slots=True)
class _Word:
    mask: int
    complains: bool


def read_topics(opinion: Opinion, sentiment_milli: int) -> int:
    """The mask of a text: its topics, and those complained about COMPLAINT_SHIFT bits above."""
    inherits = sentiment_milli < _BAD_BELOW_MILLI and not any(clause.score > 0 for clause in opinion.clauses)
    spoken = complained = 0
    for clause in opinion.clauses:
        found, complaints = _clause_topics(clause.text)
        spoken |= found
        complained |= complaints
        if clause.score < 0 or (inherits and clause.score == 0):
            complained |= found
    return spoken | complained << COMPLAINT_SHIFT


def _clause_topics(text: str) -> tuple[int, int]:
    spoken = complained = 0
    for start, word in topic_words().find(text):
        spoken |= word.mask
        if word.complains and not is_denied(text, start):
            complained |= word.mask
    late = _LATE.search(text) is not None
    if late or _WAITED.search(text):
        spoken |= _DELIVERY
        complained |= _DELIVERY if late else 0
    return spoken, complained


def mask_of(codes: Sequence[str]) -> int:
    """The bits of topics by their codes. Raises ValueError on a code that is none."""
    known = [topic.code for topic in TOPICS]
    return sum(1 << known.index(code) for code in set(codes))


_DELIVERY: Final = mask_of(["delivery"])


@cache
def topic_words() -> Phrases[_Word]:
    """The word list. Raises ValueError on an unknown topic or where a word stands twice."""
    words: dict[str, _Word] = {}
    for heading, listed in sections(WORD_LIST):
        *codes, last = heading.split() or [""]
        complains = last == "-"
        mask = mask_of(codes if complains else [*codes, *filter(None, [last])])
        for word in listed:
            if word in words:
                raise ValueError(f"{WORD_LIST}: {word} stands twice")
            words[word] = _Word(mask, complains)
    return Phrases(words)
