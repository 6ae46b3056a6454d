"""Clauses of a text, and how well each speaks: praise and blame by a word list, denials turned round.

Opinion is put clause by clause (「物流很快，但是质量太差」), what follows a 但是 weighs more than what stands before
it, and what follows a 就是 less, so the features of a text are not one sum over its words. What each feature is worth
is learned (`training`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import log1p, sqrt, tanh
from typing import Final

from sycee_ingestion.reading.phrases import Phrases, sections

WORD_LIST: Final = "polarity.txt"

_BREAK: Final = re.compile(r"[,。.!?;~\s…、:()\[\]【】《》|/]+")
_CONTRAST: Final = re.compile(r"(但是|但|可是|不过|然而|就是|只是|可惜|唯一)")
_TURNS: Final = frozenset({"但是", "但", "可是", "不过", "然而"})
_WISH: Final = re.compile(r"希望|如果|要是|建议|应该|本来|以为|期望|期待|假如")
_DENIAL: Final = re.compile(
    r"(?:(?<![得要差])不是?|不会|不能|没有?|(?<![特级区性类个])别|未|无|毫无|难以|谈不上|算不上|说不上|缺乏|不怎么"
    r"|不怕|不用担心|不再)"
    r"(?:很|太|那么|这么|什么|啥|任何|一点|一丝|怎么|大|算|特别|非常|觉得|感觉|感到|发现|出现|遇到|买到|收到"
    r"|想象中?的?|以前|之前|是|有)?$"
)
_DENIES: Final = re.compile(r"不|没|无")
_ASKS: Final = re.compile(r"怎么|什么|为何|为啥|凭啥|吗|哪|咋|难道|是不是|能不能|有没有")
_LOOK_BACK: Final = 9  # characters before a word in which a denial of it can stand

_STRENGTHS: Final = (3, 2, 1, -1, -2)
_WORTH: Final = {3: 2.0, 2: 1.3, 1: 0.4, -1: -1.0, -2: -2.0}
"""Judgement; the features built of it are weighed by training."""
_DENIED_PRAISE: Final = -0.8
_DENIED_BLAME: Final = -0.4  # 不差 is fainter than 好
_MOST: Final = 3.0

FEATURES: Final = (
    *(f"{'denied_' if denied else ''}{strength:+d}" for denied in (False, True) for strength in _STRENGTHS),
    "sum", "mean", "worst", "best", "last", "first", "after_turn", "aside", "wished", "share_good", "share_bad",
    "saturated", "denying", "asking", "no_opinion",
)  # fmt: skip
"""Names of a text's features, in their order."""

SIGNS: Final = {
    **{f"{strength:+d}": 1 if strength > 0 else -1 for strength in _STRENGTHS},
    **{f"denied_{strength:+d}": -1 if strength > 0 else 1 for strength in _STRENGTHS},
    **dict.fromkeys(("sum", "mean", "worst", "best", "last", "first", "after_turn", "share_good", "saturated"), 1),
    **dict.fromkeys(("share_bad", "denying", "asking"), -1),
}
"""What the sign of a feature's weight may be; of those not named, either. That praise speaks for a shop and blame
against it holds in every trade, whatever the accidents of one corpus."""

LEAST: Final = {"-2": 0.4, "after_turn": 0.3, "denied_-1": 0.25, "denied_-2": 0.25}
"""How large some weights are at least (judgement): so that 「客服很好，但是质量很差」 is bad and 「不贵」 no blame.
The corpus alone would give them next to nothing, and loses 0.001 of AUC by them."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause: its text, how well it speaks (-3 to 3; 0 = no opinion), whether it turns against what stands before
    it (但是) or adds a remark on the side (就是)."""

    text: str
    score: float
    turns: bool = False
    aside: bool = False


@dataclass(frozen=True, slots=True)
class Opinion:
    """A text's clauses, and how often words of each strength stand in it: said, then denied."""

    clauses: Sequence[Clause]
    counts: Sequence[int]


@cache
def polarity() -> Phrases[int]:
    """The word list: words to strengths. Raises ValueError where a heading is no strength or a word stands twice."""
    words: dict[str, int] = {}
    for heading, listed in sections(WORD_LIST):
        strength = int(heading)
        if strength and strength not in _WORTH:
            raise ValueError(f"{WORD_LIST}: no strength {heading}")
        for word in listed:
            if word in words:
                raise ValueError(f"{WORD_LIST}: {word} stands twice")
            words[word] = strength
    return Phrases(words)


def praise_made_plain(plain: str) -> str:
    """The text with 不错 for praise by denial (没有破损, 不贵), for the view that knows no words: to it, 没 and 不 are
    blame."""
    words = polarity()
    return _with_denial().sub(lambda found: "不错" if words[found[0]] > 0 else found[0], plain)


@cache
def _with_denial() -> re.Pattern[str]:
    """The words of the list that begin with a denial, the longest first."""
    listed = sorted((word for word in polarity() if word[0] in "不没无"), key=len, reverse=True)
    return re.compile(f"(?=[不没无])(?:{'|'.join(map(re.escape, listed))})")


def is_denied(text: str, start: int) -> bool:
    """Whether what begins at `start` of a clause is denied by what stands right before it."""
    return start > 0 and _DENIAL.search(text[max(0, start - _LOOK_BACK) : start]) is not None


def opinion(plain: str) -> Opinion:
    """The clauses of a text as `Characters.plain` gives it."""
    counts = [0] * (2 * len(_STRENGTHS))
    clauses: list[Clause] = []
    words = polarity()
    for part in _BREAK.split(plain):
        if not part:
            continue
        first, *rest = _CONTRAST.split(part)
        for contrast, text in [("", first), *zip(rest[::2], rest[1::2], strict=True)]:
            if text:
                turns = contrast in _TURNS
                clauses.append(Clause(text, _score(text, words, counts), turns, aside=bool(contrast) and not turns))
    return Opinion(clauses, counts)


def _score(text: str, words: Phrases[int], counts: list[int]) -> float:
    score = 0.0
    for start, strength in words.find(text):
        if not strength:
            continue
        worth, place = _WORTH[strength], _STRENGTHS.index(strength)
        if is_denied(text, start):
            place += len(_STRENGTHS)
            worth *= _DENIED_PRAISE if strength > 0 else _DENIED_BLAME
        counts[place] += 1
        score += worth
    return min(_MOST, max(-_MOST, score))


def features(opinion: Opinion) -> list[float]:
    """A text's features, as FEATURES names them."""
    scores = [clause.score for clause in opinion.clauses] or [0.0]
    voiced = [score for score in scores if score]
    silent = [clause.text for clause in opinion.clauses if not clause.score]
    total = sum(scores)
    turned = sum(clause.score for clause in opinion.clauses if clause.turns)
    aside = sum(clause.score for clause in opinion.clauses if clause.aside)
    wished = sum(clause.score for clause in opinion.clauses if clause.score and _WISH.search(clause.text))
    return [
        *map(log1p, opinion.counts),
        total / sqrt(len(voiced) + 1),
        total / len(voiced) if voiced else 0.0,
        min(scores),
        max(scores),
        voiced[-1] if voiced else 0.0,
        voiced[0] if voiced else 0.0,
        min(_MOST, max(-_MOST, turned)),
        min(_MOST, max(-_MOST, aside)),
        min(_MOST, max(-_MOST, wished)),
        sum(score > 0 for score in scores) / len(scores),
        sum(score < 0 for score in scores) / len(scores),
        tanh(total / 2),
        sum(_DENIES.search(text) is not None for text in silent) / len(scores),
        sum(_ASKS.search(text) is not None for text in silent) / len(scores),
        0.0 if voiced else 1.0,
    ]
