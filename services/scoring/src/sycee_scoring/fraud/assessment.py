"""From signs to a score and an action."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from sycee_scoring.fraud import judgement as by
from sycee_scoring.fraud.words import CONFIRMED, Group, Sign


class Action(IntEnum):
    """What to do, the gravest last; numbers of the contract's FraudAssessment.Action."""

    ALLOW = 1
    REVIEW = 2
    BLOCK = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """A sign as it was found: the points that it asks for, and the figure behind it."""

    sign: Sign
    points: int
    value: float


@dataclass(frozen=True, slots=True)
class Signal:
    """A sign with the points that it added."""

    code: str
    points: int
    value: float
    text_zh: str
    text_en: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """The score, 0 to 1000, which the points of its signals add up to, the strongest first."""

    score: int
    action: Action
    signals: tuple[Signal, ...]
    linked_count: int
    confirmed_count: int


def conclude(found: Iterable[Finding], linked_count: int, confirmed_count: int) -> Assessment:
    """Adds up; what would pass 1000 is taken from the weakest. More signs, or stronger ones, never give less."""
    strongest = sorted((one for one in found if one.points > 0), key=lambda one: (-one.points, one.sign.code))
    signals, score = [], 0
    for one in strongest:
        points = min(one.points, by.MOST_POINTS - score)
        if points > 0:
            score += points
            texts = one.sign.zh.format(one.value), one.sign.en.format(one.value)
            signals.append(Signal(one.sign.code, points, one.value, *texts))
    return Assessment(score, action_of(strongest), tuple(signals), linked_count, confirmed_count)


def action_of(found: Iterable[Finding]) -> Action:
    """ALLOW below 300 points, REVIEW from there on. BLOCK from 700 on, and only where two kinds of evidence add 100
    each, or the applicant's own fraud was confirmed."""
    groups: dict[Group, int] = {}
    own = False
    for one in found:
        groups[one.sign.group] = groups.get(one.sign.group, 0) + one.points
        own = own or one.sign is CONFIRMED
    total = sum(groups.values())
    several = sum(points >= by.BLOCK_GROUP_POINTS for points in groups.values()) >= by.BLOCK_GROUPS
    if total >= by.BLOCK_FROM and (several or own):
        return Action.BLOCK
    return Action.REVIEW if total >= by.REVIEW_FROM else Action.ALLOW
