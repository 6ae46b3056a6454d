"""Dated rules as data: each applies or not, holds or not, and says what that means for an offer.

Conditions are CEL expressions over the facts of `offer.FACTS`, compiled once. One CEL context is shared by all rules of
a decision. A rule that needs a fact which is missing answers CANNOT_TELL, which refers and never passes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum, IntEnum

import cel

from sycee_compliance.domain.offer import FACTS, OPTIONAL_FACTS
from sycee_compliance.domain.outcome import Outcome, Reason, worst
from sycee_compliance.domain.reason_text import ReasonText

DAYS_REMEMBERED_MAX = 512

EVALUATION_ERRORS = (KeyError, TypeError, ValueError, ArithmeticError, RuntimeError)
"""What the CEL engine raises when an expression does not fit its facts."""


class Verdict(IntEnum):
    """How one rule came out. The numbers are those of the contract."""

    PASS = 1
    FAIL = 2
    NOT_APPLICABLE = 3
    CANNOT_TELL = 4


class Severity(Enum):
    """What breaking a rule means: stop, ask a person, note it, or count it in statistics only."""

    BLOCK = Outcome.BLOCK
    REFER = Outcome.REFER
    WARN = Outcome.WARN
    TAG = Outcome.PASS


class Confidence(Enum):
    """Whether the rule was found in a public text or is practitioners' knowledge that nobody has signed off yet."""

    FOUND = "found"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True)
class RuleResult:
    """How a rule came out for an offer; `reason` is None when it holds or does not apply."""

    rule_id: str
    verdict: Verdict
    outcome: Outcome
    citation: str
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as it holds from `first_day` until `last_day`, both included; None is without end."""

    rule_id: str
    title_zh: str
    title_en: str
    citation: str
    confidence: Confidence
    first_day: date
    last_day: date | None
    severity: Severity
    applies: cel.Program
    applies_needs: tuple[str, ...]
    check: cel.Program
    check_needs: tuple[str, ...]
    parameters: Mapping[str, int]
    reason: ReasonText
    passed: RuleResult
    not_applicable: RuleResult

    @property
    def failed_outcome(self) -> Outcome:
        """What breaking the rule means: its severity, but an unverified rule never blocks."""
        outcome: Outcome = self.severity.value
        return min(outcome, Outcome.REFER) if self.confidence is Confidence.UNVERIFIED else outcome

    def in_force(self, day: date) -> bool:
        """Whether the rule holds on a day."""
        return self.first_day <= day and (self.last_day is None or day <= self.last_day)

    def evaluate(self, facts: Mapping[str, object], unknown: Collection[str], context: cel.Context) -> RuleResult:
        """Judges the facts; `unknown` names those that are None, `context` holds all of them for the expressions."""
        if unknown and (missing := [name for name in self.applies_needs if name in unknown]):
            return self._cannot_tell(missing)
        try:
            if self.applies.execute(context) is not True:
                return self.not_applicable
            if unknown and (missing := [name for name in self.check_needs if name in unknown]):
                return self._cannot_tell(missing)
            if self.check.execute(context) is True:
                return self.passed
        except EVALUATION_ERRORS:
            return self._result(Verdict.CANNOT_TELL, Outcome.REFER, self._not_evaluable())
        return self._result(Verdict.FAIL, self.failed_outcome, self.reason.fill(facts, self.parameters))

    def _cannot_tell(self, missing: Sequence[str]) -> RuleResult:
        reason = Reason(
            "FACT_MISSING",
            f"无法判断「{self.title_zh}」,缺少信息:" + "、".join(FACTS[name].name_zh for name in missing),
            f"Cannot tell ({self.title_en}); not known: " + ", ".join(FACTS[name].name_en for name in missing),
        )
        return self._result(Verdict.CANNOT_TELL, Outcome.REFER, reason)

    def _not_evaluable(self) -> Reason:
        """An expression that does not fit these facts is a fault of the rule; a person decides until it is mended."""
        return Reason(
            "RULE_NOT_EVALUABLE",
            f"规则「{self.title_zh}」无法对本次申请求值,须人工判断",
            f"The rule ({self.title_en}) cannot be evaluated for this offer; a person must judge",
        )

    def _result(self, verdict: Verdict, outcome: Outcome, reason: Reason) -> RuleResult:
        return RuleResult(self.rule_id, verdict, outcome, self.citation, reason)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The worst of all results, and each of them by rule id."""

    outcome: Outcome
    results: tuple[RuleResult, ...]


class RulePack:
    """All rules with the version and digest of what they were read from."""

    def __init__(self, version: str, rules: Sequence[Rule]) -> None:
        self.version = version
        self.rules = tuple(sorted(rules, key=lambda rule: (rule.rule_id, rule.first_day)))
        self._by_day: dict[date, tuple[Rule, ...]] = {}

    def in_force(self, day: date) -> tuple[Rule, ...]:
        """The rules that hold on a day, by id."""
        rules = self._by_day.get(day)
        if rules is None:
            if len(self._by_day) >= DAYS_REMEMBERED_MAX:
                self._by_day.clear()
            rules = self._by_day[day] = tuple(rule for rule in self.rules if rule.in_force(day))
        return rules

    def judge(self, facts: Mapping[str, object], day: date) -> Judgement:
        """Judges facts by every rule in force on a day. `facts` holds an entry for each name in FACTS."""
        context = cel.Context(dict(facts))
        unknown = [name for name in OPTIONAL_FACTS if facts[name] is None]
        results = tuple(rule.evaluate(facts, unknown, context) for rule in self.in_force(day))
        return Judgement(worst(result.outcome for result in results), results)
