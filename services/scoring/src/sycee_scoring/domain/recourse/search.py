"""Finds the cheapest change that reaches a target, by scoring changed portraits again.

Sets of at most four actions are tried in the order of what they would cost if each moved the score by itself as much as
it does alone. Taken to the top, a set that does not reach the target is dropped; one that does is brought down, the
dearest points first, each action to the lowest rung that still suffices. What remains is tight: no step can be smaller.
The search is deterministic and asks for at most `MAX_RESCORINGS` scores; a set that costs more on that reckoning than
the best found so far by half is not tried.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import Final, NamedTuple

from sycee_scoring.domain.evidence import Evidence
from sycee_scoring.domain.recourse.action import STEP_COST, Action
from sycee_scoring.domain.recourse.debt_actions import draw_less, repay, stay_without_arrears
from sycee_scoring.domain.recourse.loan_actions import ANY_LOAN, Offered, longer_term, request_less, shorter_term
from sycee_scoring.domain.recourse.trade_actions import keep_trading, pay_lower_fees, refund_less, sell_more

MAX_STEPS: Final = 4
MAX_RESCORINGS: Final = 400
FOR_ONE_SET: Final = 64
"""Rescorings that bringing one set down may take: none is begun without them."""

LEAST_GAIN_POINTS: Final = 0.05
"""An action that gains less at its best is no help."""

WORTH_TRYING: Final = 1.5

Points = Callable[[Evidence], float]
"""Score points before rounding of evidence that can be scored."""


class Step(NamedTuple):
    """An action and how far up its ladder."""

    action: Action
    rung: int


@dataclass(frozen=True, slots=True)
class Way:
    """Steps that reach the target, in the order of the actions' codes."""

    steps: tuple[Step, ...]

    @property
    def cost(self) -> float:
        """What the steps cost together."""
        return sum(STEP_COST + step.action.cost_at(step.rung) for step in self.steps)


class _Promise(NamedTuple):
    """What an action does alone at its best rung."""

    action: Action
    rung: int
    gain: float
    cost: float


def actions_of(evidence: Evidence, offered: Offered = ANY_LOAN) -> tuple[Action, ...]:
    """What this merchant can do, by code."""
    loan = evidence.loan
    found = [request_less(loan, offered), longer_term(loan, offered), shorter_term(loan, offered)]
    if evidence.bureau is not None:
        found += [repay(evidence.bureau, evidence.trade), draw_less(evidence.bureau, evidence.trade)]
        found.append(stay_without_arrears(evidence.bureau))
    if evidence.trade is not None:
        found += [refund_less(evidence.trade), keep_trading(evidence.trade), sell_more(evidence.trade)]
    if evidence.fee_share is not None:
        found.append(pay_lower_fees(evidence.fee_share))
    return tuple(sorted((action for action in found if action is not None), key=lambda action: action.code))


def taken(evidence: Evidence, steps: tuple[Step, ...]) -> Evidence:
    """The evidence with every step taken, in the order of the actions' codes."""
    for step in sorted(steps, key=lambda step: step.action.code):
        evidence = step.action.take(evidence, step.rung)
    return evidence


class Search:
    """One search. `points` scores changed evidence; the target is reached at `target_points` or more."""

    def __init__(self, evidence: Evidence, points: Points, target_points: float, offered: Offered = ANY_LOAN) -> None:
        self._offered = offered
        self._evidence = evidence
        self._points = points
        self._target = target_points
        self._known: dict[tuple[tuple[str, int], ...], float] = {}

    @property
    def rescorings(self) -> int:
        """Scores that were asked for."""
        return len(self._known)

    def best(self) -> Way | None:
        """The cheapest way that was found; None where no set of actions reaches the target."""
        promises = self._promises()
        best: Way | None = None
        for expected, chosen in self._sets(promises):
            if best is not None and expected > WORTH_TRYING * best.cost:
                break
            if self.rescorings > MAX_RESCORINGS - FOR_ONE_SET:
                break
            way = self._brought_down(chosen)
            if way is not None and (best is None or way.cost < best.cost):
                best = way
        return best

    def _of(self, steps: tuple[Step, ...]) -> float:
        key = tuple((step.action.code, step.rung) for step in steps if step.rung)
        if key not in self._known:
            self._known[key] = self._points(taken(self._evidence, steps))
        return self._known[key]

    def _reaches(self, steps: tuple[Step, ...]) -> bool:
        return self._of(steps) >= self._target

    def _promises(self) -> list[_Promise]:
        now = self._of(())
        found = []
        for action in actions_of(self._evidence, self._offered):
            rungs = (action.rungs,) if action.steady else range(1, action.rungs + 1)
            rung = max(rungs, key=lambda rung: (self._of((Step(action, rung),)), -rung))
            gain = self._of((Step(action, rung),)) - now
            if gain >= LEAST_GAIN_POINTS:
                found.append(_Promise(action, rung, gain, action.cost_at(rung)))
        return found

    def _sets(self, promises: list[_Promise]) -> list[tuple[float, tuple[_Promise, ...]]]:
        """Sets with what they should cost, cheapest first; those that should not reach the target come after the
        others, the nearest first, since effects may be more than their sum."""
        gap = self._target - self._of(())
        sets = []
        for size in range(1, min(MAX_STEPS, len(promises)) + 1):
            for chosen in combinations(promises, size):
                if not _exclusive(chosen):
                    sets.append((*_expected(chosen, gap), chosen))
        sets.sort(key=lambda one: (one[0] > 0.0, one[0], one[1], [promise.action.code for promise in one[2]]))
        return [(cost, chosen) for _, cost, chosen in sets]

    def _brought_down(self, chosen: tuple[_Promise, ...]) -> Way | None:
        steps = {promise.action.code: Step(promise.action, promise.rung) for promise in chosen}
        if not self._reaches(tuple(steps.values())):
            return None
        order = sorted(chosen, key=lambda one: (one.gain / (one.cost + STEP_COST), one.action.code))
        before: dict[str, Step] = {}
        while steps != before:  # rungs only fall, so this ends; a second round is rare and costs little
            before = dict(steps)
            for promise in order:
                code = promise.action.code
                steps[code] = Step(promise.action, self._least(steps, steps[code]))
        return Way(tuple(step for step in steps.values() if step.rung))

    def _least(self, steps: dict[str, Step], step: Step) -> int:
        """The lowest rung of one action that suffices, the others as they are; its own does."""

        def suffices(rung: int) -> bool:
            return self._reaches(tuple({**steps, step.action.code: Step(step.action, rung)}.values()))

        if not step.action.steady:
            return next((rung for rung in range(step.rung) if suffices(rung)), step.rung)
        low, high = -1, step.rung  # `high` suffices, `low` does not
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if suffices(middle) else (middle, high)
        return high


def _exclusive(chosen: tuple[_Promise, ...]) -> bool:
    codes = {promise.action.code for promise in chosen}
    return any(promise.action.excludes in codes for promise in chosen)


def _expected(chosen: tuple[_Promise, ...], gap: float) -> tuple[float, float]:
    """What would still lack in points with each action at its best, and what closing the gap would cost, the cheapest
    points first, were gains to add up and grow evenly along a ladder."""
    cost = STEP_COST * len(chosen)
    for promise in sorted(chosen, key=lambda one: one.cost / one.gain):
        share = min(gap / promise.gain, 1.0)
        cost += share * promise.cost
        gap -= share * promise.gain
        if gap <= 1e-9:
            return 0.0, cost
    return gap, cost
