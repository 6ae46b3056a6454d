"""Recourse: the target, the search, and the steps as people are told them."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sycee_scoring.domain import scale
from sycee_scoring.domain.combine import Result
from sycee_scoring.domain.evidence import Evidence
from sycee_scoring.domain.recourse.loan_actions import ANY_LOAN, Offered
from sycee_scoring.domain.recourse.search import Search, Step, taken
from sycee_scoring.domain.recourse.wording import WORDING
from sycee_scoring.domain.scale import GRADE_CEILINGS, Grade

Score = Callable[[Evidence], Result]
"""Scores evidence that can be scored."""

_HAIR: Final = 1e-9
"""What keeps a target on the safe side of rounding, in points."""


class Outcome(enum.Enum):
    """How it came out."""

    FOUND = "found"
    MET = "met"
    OUT_OF_REACH = "out of reach"
    NOT_SCORABLE = "not scorable"


@dataclass(frozen=True, slots=True)
class Change:
    """One step. `points` are what it adds when the steps are taken in their order."""

    code: str
    feature: str
    now: float
    then: float
    text_zh: str
    text_en: str
    points: float
    takes_days: int


@dataclass(frozen=True, slots=True)
class Recourse:
    """`after` is the score of the evidence with every step taken; None without steps."""

    outcome: Outcome
    changes: tuple[Change, ...] = ()
    changed: Evidence | None = None
    after: Result | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """What to reach: exactly one is set, or none for the next better grade."""

    grade: Grade | None = None
    min_score: int | None = None
    max_default_probability: float | None = None

    def points(self, before: Result) -> float:
        """Score points before rounding that reach it; −∞ where nothing is better than what there is."""
        if self.min_score is not None:
            return -math.inf if self.min_score <= scale.SCORE_MIN else self.min_score - 0.5 + _HAIR
        if self.max_default_probability is not None:
            return _points_at(self.max_default_probability) + _HAIR
        wanted = self.grade or Grade(max(before.grade - 1, Grade.A))
        ceilings = dict(GRADE_CEILINGS)
        return _points_at(ceilings[wanted]) + _HAIR if wanted in ceilings else -math.inf

    def is_met(self, result: Result) -> bool:
        """Whether a result reaches it, as the result itself says."""
        if self.min_score is not None:
            return result.score >= self.min_score
        if self.max_default_probability is not None:
            return result.default_probability <= self.max_default_probability
        return self.grade is not None and result.grade <= self.grade


def find(
    evidence: Evidence, before: Result, target: Target, rescore: Score, score: Score, *, offered: Offered = ANY_LOAN
) -> Recourse:
    """The cheapest change that was found and that reaches the target; `before` is the score as it is.

    `offered` are the loans there are. `rescore` is asked while searching and may leave reasons out; `score` checks
    what was found.
    """
    if target == Target():
        if before.grade is Grade.A:
            return Recourse(Outcome.MET)
        target = Target(grade=Grade(before.grade - 1))
    if target.is_met(before):
        return Recourse(Outcome.MET)
    way = Search(evidence, lambda changed: points_of(rescore(changed)), target.points(before), offered).best()
    if way is None:
        return Recourse(Outcome.OUT_OF_REACH)
    changed = taken(evidence, way.steps)
    after = score(changed)
    if not target.is_met(after):
        return Recourse(Outcome.OUT_OF_REACH)
    return Recourse(Outcome.FOUND, _in_order(evidence, way.steps, rescore), changed, after)


def points_of(result: Result) -> float:
    """Score points before rounding and bounds."""
    return scale.points(scale.log_odds(result.default_probability))


def _points_at(default_probability: float) -> float:
    return scale.points(scale.log_odds(default_probability))


def _in_order(evidence: Evidence, steps: tuple[Step, ...], score: Score) -> tuple[Change, ...]:
    """The steps, at each place the one that adds most to those before it."""
    left = list(steps)
    done: tuple[Step, ...] = ()
    points = points_of(score(evidence))
    changes = []
    while left:
        reached = [points_of(score(taken(evidence, (*done, step)))) for step in left]
        place = max(range(len(left)), key=lambda at: reached[at])
        changes.append(_change(left[place], reached[place] - points))
        points = reached[place]
        done = (*done, left.pop(place))
    return tuple(changes)


def _change(step: Step, points: float) -> Change:
    action, rung = step
    now, then = action.value_at(0), action.value_at(rung)
    text_zh, text_en = WORDING[action.code](now, then)
    return Change(action.code, action.feature, now, then, text_zh, text_en, points, action.days_at(rung))
