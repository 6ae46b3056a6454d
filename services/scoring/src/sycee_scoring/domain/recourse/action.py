"""What an action is: a ladder of rungs from as it is to the most that may be asked of anyone.

Every rung changes the evidence consistently, so that debt that is repaid frees its lines and its instalments. Nothing
touches age, place, category, people or the business's birthday: an action moves what is asked for, what is owed, how
the shop is run, or lets time pass. Bounds and costs are judgements; a cost of 1 is as hard as going without the loan.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sycee_scoring.domain.evidence import Evidence

STEP_COST: Final = 0.05
"""Each change is a burden by itself: one large one beats two that are hardly smaller."""

RUNGS: Final = 128
"""Of a ladder whose figure may be anything: a step is told to within a 128th of the most that it may be."""

DAYS_PER_MONTH: Final = 30.4375


@dataclass(frozen=True, slots=True)
class Action:
    """A ladder. `feature` and `value_at` are what is shown; costs rise with the rung. `steady` where every rung up can
    only help, so that the least that suffices can be found by halving; else each rung is tried."""

    code: str
    feature: str
    rungs: int  # 1 and up
    value_at: Callable[[int], float]
    take: Callable[[Evidence, int], Evidence]
    cost_at: Callable[[int], float]
    days_at: Callable[[int], int]
    steady: bool = True
    excludes: str = ""  # the code of an action that cannot be taken along with it
