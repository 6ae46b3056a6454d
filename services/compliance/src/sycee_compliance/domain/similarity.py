"""How alike two names are, from 0 to 1, by edits of their characters and of their readings."""

from __future__ import annotations

from rapidfuzz.distance import OSA

from sycee_compliance.domain.names import NameForm

EDIT_WEIGHT = 1.2
"""One edit costs 1.2 / length: at the shipped threshold nine letters stand one slip, fewer stand none."""
READING_ONLY = 0.95
"""Ceiling where one name is in Chinese characters and the other in Latin letters: a reading has many spellings."""
SAME_READING = 0.88
"""Two names in Chinese characters that sound the same throughout and are long enough for that to be no accident."""
PART_OF_NAME = 0.88
"""Every word of one person's name stands in the other, as when a middle name is left out."""
PART_LETTERS = 9
SAME_READING_CHARACTERS = {True: 4, False: 6}
"""Characters that a person's or an organisation's name needs before its reading alone may count."""


def similarity(asked: NameForm, listed: NameForm, *, person: bool) -> float:
    """How alike two readings of names are, from 0 to 1; 1 only where they are written alike."""
    if asked.hanzi and listed.hanzi:
        return _in_characters(asked, listed, person=person)
    score = max(_in_letters(asked.letters, listed.letters), _in_letters(asked.words, listed.words))
    if person and score < PART_OF_NAME and _is_part(asked.words, listed.words):
        score = PART_OF_NAME
    return score if not asked.hanzi and not listed.hanzi else min(score, READING_ONLY)


def _in_characters(asked: NameForm, listed: NameForm, *, person: bool) -> float:
    """Characters and readings count alike: a homophone is half a match, never a whole one."""
    if asked.hanzi == listed.hanzi and asked.letters == listed.letters:
        return 1.0
    reading = _in_letters(asked.letters, listed.letters)
    score = (OSA.normalized_similarity(asked.hanzi, listed.hanzi) + reading) / 2
    shorter = min(len(asked.hanzi), len(listed.hanzi))
    if reading == 1.0 and shorter >= SAME_READING_CHARACTERS[person]:
        score = max(score, SAME_READING)
    return float(min(score, READING_ONLY))


def _in_letters(asked: str, listed: str) -> float:
    if asked == listed:
        return 1.0
    longer = max(len(asked), len(listed))
    return max(0.0, 1.0 - EDIT_WEIGHT * OSA.distance(asked, listed) / longer)


def _is_part(asked: str, listed: str) -> bool:
    """Whether all words of the shorter name, two or more and long enough to mean something, stand in the longer."""
    shorter, longer = sorted((asked.split(), listed.split()), key=len)
    return len(shorter) > 1 and sum(map(len, shorter)) >= PART_LETTERS and set(shorter) <= set(longer)
