"""The engine itself: what it refuses to load, how it softens, and what it does with rules that do not fit."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import yaml
from sycee_compliance.domain.lending_rates import lending_rates
from sycee_compliance.domain.offer import FACTS
from sycee_compliance.domain.outcome import Outcome
from sycee_compliance.domain.reason_text import ReasonText
from sycee_compliance.domain.rule_text import RuleTextError, read_rule, read_rules
from sycee_compliance.domain.rules import RulePack, Verdict
from sycee_compliance.rulebook import read_rulebook

DAY = date(2026, 11, 20)
PLAIN: dict[str, Any] = {
    "id": "XX-TEST-01",
    "title": {"zh": "试验", "en": "Test"},
    "citation": "nowhere",
    "confidence": "found",
    "effective": {"from": date(2026, 1, 1)},
    "severity": "block",
    "parameters": {"cap_fen": 100},
    "applies": "has_bank",
    "check": "amount_fen <= $cap_fen",
    "reason": {"code": "TOO_MUCH", "zh": "{amount_fen:yuan}>{cap_fen:yuan}", "en": "{amount_fen:yuan}>{cap_fen:yuan}"},
    "cases": [],
}
FACTS_KNOWN: dict[str, object] = {
    **dict.fromkeys(FACTS), "has_bank": True, "amount_fen": 123_456, "term_months": 12, "purpose": "STOCKING",
}  # fmt: skip


def judged(facts: dict[str, object] | None = None, **changes: Any) -> Any:
    pack = RulePack("v", [read_rule({**PLAIN, **changes})])
    return pack.judge({**FACTS_KNOWN, **(facts or {})}, DAY)


@pytest.mark.parametrize(
    ("severity", "confidence", "outcome"),
    [
        ("block", "found", Outcome.BLOCK),
        ("refer", "found", Outcome.REFER),
        ("warn", "found", Outcome.WARN),
        ("tag", "found", Outcome.PASS),
        ("block", "unverified", Outcome.REFER),
        ("refer", "unverified", Outcome.REFER),
        ("warn", "unverified", Outcome.WARN),
        ("tag", "unverified", Outcome.PASS),
    ],
)
def test_what_breaking_a_rule_means(severity: str, confidence: str, outcome: Outcome) -> None:
    judgement = judged(severity=severity, confidence=confidence)
    assert judgement.results[0].verdict is Verdict.FAIL
    assert judgement.outcome is judgement.results[0].outcome is outcome


def test_reason_shows_values_and_threshold() -> None:
    (result,) = judged().results
    assert (result.reason.code, result.reason.text_en) == ("TOO_MUCH", "1,234.56>1")


def test_verdicts() -> None:
    assert judged({"amount_fen": 100}).results[0].verdict is Verdict.PASS
    assert judged({"has_bank": False}).results[0].verdict is Verdict.NOT_APPLICABLE


def test_a_missing_fact_refers_even_where_a_breach_would_only_warn() -> None:
    judgement = judged({"purpose": None}, severity="warn", needs=["purpose"], check='purpose == "GREEN"')
    assert judgement.results[0].verdict is Verdict.CANNOT_TELL
    assert judgement.outcome is Outcome.REFER
    assert "贷款用途" in judgement.results[0].reason.text_zh


@pytest.mark.parametrize(
    "check", ["amount_fen / (term_months - 12) > 0", "purpose > 3", "amount_fen * 9223372036854775807 > 0", '"x"']
)
def test_an_expression_that_does_not_fit_never_passes(check: str) -> None:
    judgement = judged(check=check, needs=["purpose"] if "purpose" in check else [])
    assert judgement.outcome is not Outcome.PASS
    assert judgement.results[0].verdict in {Verdict.CANNOT_TELL, Verdict.FAIL}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"check": "amount_fen <="}, "parse"),
        ({"check": "amount <= 3"}, "unknown facts"),
        ({"check": "amount_fen <= $cap"}, "cap"),
        ({"check": 'purpose == "GREEN"'}, "needs"),
        ({"needs": ["purpose"]}, "needs"),
        ({"severity": "fatal"}, "FATAL"),
        ({"confidence": "sure"}, "sure"),
        ({"effective": {"from": "2026"}}, "date"),
        ({"effective": {"from": date(2026, 2, 1), "to": date(2026, 1, 1)}}, "ends before"),
        ({"reason": {"code": "lower", "zh": "", "en": ""}}, "UPPER_SNAKE"),
        ({"reason": {"code": "X", "zh": "{nothing}", "en": ""}}, "neither"),
        ({"extra": 1}, "unknown keys"),
        ({"parameters": {"cap_fen": "many"}}, "many"),
    ],
)
def test_a_wrong_rule_is_refused_by_name(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(RuleTextError, match="XX-TEST-01") as refused:
        read_rule({**PLAIN, **changes})
    assert says in str(refused.value)


@pytest.mark.parametrize("text", ["rules", "rules: {}", "[", "a: 1", "rules: [{id: bad}]", "rules: [7]"])
def test_a_wrong_file_is_refused(text: str) -> None:
    with pytest.raises(RuleTextError):
        read_rules(text)


def test_macros_may_name_their_own_things() -> None:
    facts = {"microloans": [{"part_fen": 3, "capital_fen": 4}]}
    check = "microloans.all(m, m.part_fen < m.capital_fen)"
    assert judged(facts, check=check, needs=["microloans"]).results[0].verdict is Verdict.PASS


def pack_files(*effective: dict[str, Any]) -> dict[str, bytes]:
    rules = [{**PLAIN, "effective": days} for days in effective]
    head = {"version": "v1", "lending_rates": [{"from": date(2026, 1, 1), "one_year_bp": 300}]}
    return {"pack.yaml": yaml.safe_dump(head).encode(), "a.yaml": yaml.safe_dump({"rules": rules}).encode()}


def test_a_rule_may_change_from_one_day_to_the_next() -> None:
    book = read_rulebook(
        pack_files({"from": date(2026, 1, 1), "to": date(2026, 6, 30)}, {"from": date(2026, 7, 1)}),
    )
    assert [rule.first_day for rule in book.pack.in_force(date(2026, 6, 30))] == [date(2026, 1, 1)]
    assert [rule.first_day for rule in book.pack.in_force(date(2026, 7, 1))] == [date(2026, 7, 1)]


@pytest.mark.parametrize("end", [None, date(2026, 7, 1)])
def test_two_versions_never_hold_on_one_day(end: date | None) -> None:
    with pytest.raises(RuleTextError, match="two versions"):
        read_rulebook(pack_files({"from": date(2026, 1, 1), "to": end}, {"from": date(2026, 7, 1)}))


def test_the_digest_tells_packs_apart() -> None:
    one = read_rulebook(pack_files({"from": date(2026, 1, 1)}))
    other = read_rulebook(pack_files({"from": date(2026, 1, 2)}))
    again = read_rulebook(pack_files({"from": date(2026, 1, 1)}))
    assert one.pack.version == again.pack.version != other.pack.version


def test_many_days_are_remembered_within_bounds() -> None:
    pack = RulePack("v", [read_rule(PLAIN)])
    for ordinal in range(2_000):
        pack.in_force(date.fromordinal(DAY.toordinal() + ordinal))
    assert len(pack._by_day) <= 512


def test_lending_rates_by_day() -> None:
    rates = lending_rates(
        [{"from": date(2025, 5, 20), "one_year_bp": 300}, {"from": date(2026, 3, 20), "one_year_bp": 290}]
    )
    assert rates.one_year_bp(date(2025, 5, 19)) is None
    assert rates.one_year_bp(date(2025, 5, 20)) == 300
    assert rates.one_year_bp(date(2026, 3, 19)) == 300
    assert rates.one_year_bp(date(2030, 1, 1)) == 290


@pytest.mark.parametrize(
    "rows",
    [
        [{"from": "2026", "one_year_bp": 300}],
        [{"from": date(2026, 1, 1), "one_year_bp": 0}],
        [{"from": date(2026, 1, 2), "one_year_bp": 300}, {"from": date(2026, 1, 2), "one_year_bp": 300}],
    ],
)
def test_lending_rates_out_of_order_are_refused(rows: list[dict[str, object]]) -> None:
    with pytest.raises(ValueError, match="LPR"):
        lending_rates(rows)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{a:yuan}", "1,234,567.05"),
        ("{b:yuan}", "200,000"),
        ("{b:percent}", "200000.00%"),
        ("{c:percent}", "23.96%"),
        ("{c}", "2396"),
        ("{d:yuan}", "—"),
    ],
)
def test_values_in_texts(text: str, shown: str) -> None:
    facts = {"a": 123_456_705, "b": 20_000_000, "c": 2396, "d": None}
    assert ReasonText("CODE", text, "").fill(facts, {}).text_zh == shown
