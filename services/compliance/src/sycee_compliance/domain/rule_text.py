"""Reads rules out of their YAML form and refuses what does not hold together, before it can judge anything."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from string import Template
from typing import Any

import cel
import yaml

from sycee_compliance.domain.offer import FACTS
from sycee_compliance.domain.outcome import Outcome
from sycee_compliance.domain.reason_text import ReasonText
from sycee_compliance.domain.rules import Confidence, Rule, RuleResult, Severity, Verdict

RULE_ID = re.compile(r"[A-Z]+(?:-[A-Z0-9]+)+")
REASON_CODE = re.compile(r"[A-Z][A-Z0-9_]*")
NEEDED_KEYS = frozenset(
    {"id", "title", "citation", "confidence", "effective", "severity", "applies", "check", "reason", "cases"}
)
OPTIONAL_KEYS = frozenset({"parameters", "needs"})


class RuleTextError(ValueError):
    """A rule cannot be used; the message names the rule and what is wrong with it."""


def read_rules(text: str) -> tuple[Rule, ...]:
    """Reads one file of rules: a mapping with `rules`, a list. Raises RuleTextError."""
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RuleTextError(f"not YAML: {error}") from error
    if not isinstance(content, dict) or not isinstance(content.get("rules"), list):
        raise RuleTextError("a file of rules is a mapping with a list `rules`")
    return tuple(read_rule(row) for row in content["rules"])


def read_rule(row: Any) -> Rule:
    """Reads one rule. Raises RuleTextError."""
    if not isinstance(row, dict) or not RULE_ID.fullmatch(str(row.get("id"))):
        raise RuleTextError("a rule is a mapping with an `id` such as CN-MICRO-03")
    rule_id = str(row["id"])
    try:
        return _rule(rule_id, row)
    except (KeyError, TypeError, ValueError) as error:
        raise RuleTextError(f"{rule_id}: {error}") from error


def _rule(rule_id: str, row: Mapping[str, Any]) -> Rule:
    _check_keys(row)
    parameters = {str(name): int(value) for name, value in row.get("parameters", {}).items()}
    applies, applies_needs = _condition(row["applies"], parameters)
    check, check_needs = _condition(row["check"], parameters)
    _check_needs(row.get("needs", []), {*applies_needs, *check_needs})
    first_day, last_day = _days(row["effective"])
    citation = str(row["citation"])
    return Rule(
        rule_id=rule_id,
        title_zh=str(row["title"]["zh"]),
        title_en=str(row["title"]["en"]),
        citation=citation,
        confidence=Confidence(row["confidence"]),
        first_day=first_day,
        last_day=last_day,
        severity=Severity[str(row["severity"]).upper()],
        applies=applies,
        applies_needs=applies_needs,
        check=check,
        check_needs=check_needs,
        parameters=parameters,
        reason=_reason(row["reason"], {*parameters, *FACTS}),
        passed=RuleResult(rule_id, Verdict.PASS, Outcome.PASS, citation),
        not_applicable=RuleResult(rule_id, Verdict.NOT_APPLICABLE, Outcome.PASS, citation),
    )


def _check_keys(row: Mapping[str, Any]) -> None:
    strange = set(row) - NEEDED_KEYS - OPTIONAL_KEYS
    missing = NEEDED_KEYS - set(row)
    if strange or missing:
        raise ValueError(f"unknown keys {sorted(strange)}, missing keys {sorted(missing)}")


def _condition(text: Any, parameters: Mapping[str, int]) -> tuple[cel.Program, tuple[str, ...]]:
    """Compiles an expression with its `$parameters` put in, and names the optional facts that it uses.

    Names bound inside a macro are not facts; a misspelt fact is found because it then is not bound either.
    """
    source = Template(str(text)).substitute({name: str(value) for name, value in parameters.items()})
    program = cel.compile(source)
    bound = set(re.findall(r"\.(?:all|exists|exists_one|filter|map)\(\s*(\w+)\s*,", source))
    used = set(program.variables()) - bound
    unknown = used - set(FACTS)
    if unknown:
        raise ValueError(f"unknown facts {sorted(unknown)}")
    return program, tuple(sorted(name for name in used if FACTS[name].optional))


def _check_needs(declared: Any, used: set[str]) -> None:
    if sorted(declared) != sorted(used):
        raise ValueError(f"`needs` must name the optional facts that its conditions use: {sorted(used)}")


def _days(row: Mapping[str, Any]) -> tuple[date, date | None]:
    first, last = row["from"], row.get("to")
    if not isinstance(first, date) or not (last is None or isinstance(last, date)):
        raise TypeError("`effective` needs a date `from` and a date or nothing `to`")
    if last is not None and last < first:
        raise ValueError("`effective` ends before it starts")
    return first, last


def _reason(row: Mapping[str, Any], names: set[str]) -> ReasonText:
    reason = ReasonText(str(row["code"]), str(row["zh"]), str(row["en"]))
    if not REASON_CODE.fullmatch(reason.code):
        raise ValueError("the reason's code must be UPPER_SNAKE_CASE")
    unknown = reason.names() - names
    if unknown:
        raise ValueError(f"the reason shows what is neither a fact nor a parameter: {sorted(unknown)}")
    return reason
