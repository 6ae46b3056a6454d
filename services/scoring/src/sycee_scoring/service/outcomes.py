"""Use cases of outcomes: recorded, listed, compared with what models said, and given to the refit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sycee_service.clock import Clock, business_day
from sycee_service.errors import FailedPrecondition, InvalidArgument, Violation
from sycee_service.wire import page_token_decode, page_token_encode

from sycee_scoring.outcomes.comparison import Comparison, compare
from sycee_scoring.outcomes.labels import Outcome
from sycee_scoring.store.models import ModelStore
from sycee_scoring.store.outcomes import OutcomeStore
from sycee_scoring.store.score_rows import Lineup
from sycee_scoring.store.scores import ScoreStore

DEFAULT_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Recorded:
    """How many outcomes were new or better known, and how many were known as well already."""

    recorded: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class OutcomePage:
    """Some outcomes by loan; the token is empty on the last page."""

    outcomes: tuple[Outcome, ...]
    next_page_token: str


@dataclass(frozen=True, slots=True)
class Contest:
    """Which versions to compare, on scores of which days; None = open."""

    champion: str
    challenger: str
    first_day: date | None
    last_day: date | None


class OutcomeService:
    """Keeps outcomes and judges models by them."""

    def __init__(self, outcomes: OutcomeStore, scores: ScoreStore, models: ModelStore, clock: Clock) -> None:
        self._outcomes = outcomes
        self._scores = scores
        self._models = models
        self._clock = clock

    async def record(self, outcomes: Sequence[Outcome]) -> Recorded:
        """Takes outcomes; of one loan the one observed longest counts, of two observed as long the first.

        Raises InvalidArgument for days that cannot be, FailedPrecondition (LOAN_OF_ANOTHER) for a loan that another
        merchant borrowed.
        """
        _check_days(outcomes, business_day(self._clock.now()))
        longest: dict[str, Outcome] = {}
        for outcome in outcomes:
            known = longest.setdefault(outcome.loan_id, outcome)
            if known.merchant_id != outcome.merchant_id:
                raise _of_another(outcome.loan_id)
            if outcome.observed_until > known.observed_until:
                longest[outcome.loan_id] = outcome
        borrowers = await self._outcomes.borrowers(list(longest))
        for outcome in longest.values():
            if borrowers.get(outcome.loan_id, outcome.merchant_id) != outcome.merchant_id:
                raise _of_another(outcome.loan_id)
        recorded = await self._outcomes.record(list(longest.values()), self._clock.now())
        return Recorded(recorded, len(outcomes) - recorded)

    async def page(self, merchant_id: str, size: int, token: str) -> OutcomePage:
        """A page by loan; an empty merchant means all, 0 for size 50. Raises InvalidArgument for a foreign token."""
        size = size or DEFAULT_PAGE
        after = page_token_decode("page_token", token, 1)[0] if token else ""
        found = await self._outcomes.page(merchant_id, after, size + 1)
        shown = tuple(found[:size])
        return OutcomePage(shown, page_token_encode(shown[-1].loan_id) if len(found) > size else "")

    async def compare(self, contest: Contest) -> Comparison:
        """Two versions of one component on the same loans.

        Raises NotFound, InvalidArgument for versions that do not compare, FailedPrecondition (TOO_FEW_OUTCOMES).
        """
        first, last = contest.first_day, contest.last_day
        if first is not None and last is not None and last < first:
            raise InvalidArgument("last_day", "must not lie before first_day", value=f"{first} to {last}")
        if contest.champion == contest.challenger:
            raise InvalidArgument("challenger_version", "must be another version", value=contest.challenger)
        champion = await self._lineups(contest.champion)
        challenger = await self._lineups(contest.challenger)
        known_until = await self._outcomes.known_until()
        if not champion or not challenger or known_until is None:
            raise FailedPrecondition(
                "TOO_FEW_OUTCOMES", "no loan was scored by both and has an outcome", known=0, bads=0
            )
        _refuse_mixed(contest, champion, challenger)
        loans = await self._scores.pairs(list(champion), list(challenger), first, last)
        return await asyncio.to_thread(compare, loans, known_until)

    async def _lineups(self, version: str) -> dict[int, Lineup]:
        found = await self._scores.lineups(version)
        if not found:
            await self._models.get(version)
        return found


def _refuse_mixed(contest: Contest, champion: dict[int, Lineup], challenger: dict[int, Lineup]) -> None:
    components = [
        next(iter(lineups.values())).component_of(version)
        for version, lineups in ((contest.champion, champion), (contest.challenger, challenger))
    ]
    if components[0] != components[1]:
        rule = f"must be a version of the champion's component, {components[0]}"
        raise InvalidArgument("challenger_version", rule, value=components[1])


def _check_days(outcomes: Sequence[Outcome], today: date) -> None:
    violations: list[Violation] = []
    for place, outcome in enumerate(outcomes):
        of = f"outcomes[{place}]"
        opened, until = outcome.opened_on, outcome.observed_until
        if until > today:
            violations.append(
                Violation(f"{of}.observed_until", f"must not lie after today, {today}", until.isoformat())
            )
        if opened > until:
            violations.append(Violation(f"{of}.opened_on", "must not lie after observed_until", opened.isoformat()))
        for name, day in (("defaulted_on", outcome.defaulted_on), ("closed_on", outcome.closed_on)):
            if day is not None and not opened <= day <= until:
                violations.append(
                    Violation(f"{of}.{name}", "must lie between opened_on and observed_until", day.isoformat())
                )
        defaulted, closed = outcome.defaulted_on, outcome.closed_on
        if defaulted is not None and closed is not None and defaulted > closed:
            violations.append(Violation(f"{of}.defaulted_on", "must not lie after closed_on", defaulted.isoformat()))
    if violations:
        raise InvalidArgument.many(violations[:MOST_VIOLATIONS])


MOST_VIOLATIONS: Final = 20
"""Violations told of at once: an answer is not a log."""


def _of_another(loan_id: str) -> FailedPrecondition:
    return FailedPrecondition("LOAN_OF_ANOTHER", f"another merchant borrowed {loan_id}", loan_id=loan_id)
