"""The worked cases that stand beside each rule, and what must hold of the pack as a whole."""

from __future__ import annotations

from datetime import date
from importlib.resources import files
from typing import Any

import pytest
import yaml
from sycee_compliance.domain.identity import BorrowerKind
from sycee_compliance.domain.offer import FACTS, LenderKind, LenderShare, LoanPurpose, Offer, facts
from sycee_compliance.domain.outcome import Outcome
from sycee_compliance.domain.rules import Confidence, Verdict
from sycee_compliance.rulebook import load_rulebook

BOOK = load_rulebook()
FILES = {
    entry.name: yaml.safe_load(entry.read_text("utf-8"))
    for entry in files("sycee_compliance").joinpath("rules").iterdir()
    if entry.name.endswith(".yaml")
}
HEAD = FILES.pop("pack.yaml")
RULES = [row for name in sorted(FILES) for row in FILES[name]["rules"]]
CASES = [pytest.param(row["id"], case, id=f"{row['id']}: {case['name']}") for row in RULES for case in row["cases"]]


def offer_of(changes: dict[str, Any]) -> Offer:
    """The pack's plain offer with changes; what is received follows the principal unless the case says otherwise."""
    row = {**HEAD["case_offer"], **changes}
    if "amount_fen" in changes and "net_received_fen" not in changes:
        row["net_received_fen"] = row["amount_fen"]
    return Offer(
        **{
            **row,
            "borrower_kind": BorrowerKind[row["borrower_kind"]],
            "purpose": LoanPurpose[row["purpose"]],
            "lenders": tuple(
                LenderShare(
                    lender.get("lender_id", f"lender-{at}"),
                    LenderKind[lender["kind"]],
                    lender["share_bp"],
                    lender.get("capital_fen"),
                )
                for at, lender in enumerate(row["lenders"])
            ),
        }
    )


@pytest.mark.parametrize(("rule_id", "case"), CASES)
def test_case(rule_id: str, case: dict[str, Any]) -> None:
    day = case.get("day", HEAD["case_day"])
    judgement = BOOK.pack.judge(facts(offer_of(case["offer"]), day, BOOK.rates), day)
    results = {result.rule_id: result for result in judgement.results}
    if case["expect"] == "not_in_force":
        assert rule_id not in results
        return
    result = results[rule_id]
    assert result.verdict is Verdict[case["expect"].upper()]
    if "outcome" in case:
        assert result.outcome is Outcome[case["outcome"].upper()]
    if result.verdict in {Verdict.PASS, Verdict.NOT_APPLICABLE}:
        assert (result.outcome, result.reason) == (Outcome.PASS, None)
    else:
        assert result.reason.text_zh
        assert result.reason.text_en
        assert "{" not in result.reason.text_zh + result.reason.text_en


def test_the_plain_offer_passes_every_rule() -> None:
    judgement = BOOK.pack.judge(facts(offer_of({}), HEAD["case_day"], BOOK.rates), HEAD["case_day"])
    assert judgement.outcome is Outcome.PASS
    assert not [r.rule_id for r in judgement.results if r.verdict not in {Verdict.PASS, Verdict.NOT_APPLICABLE}]


@pytest.mark.parametrize("row", RULES, ids=[row["id"] for row in RULES])
def test_each_rule_has_cases_of_every_sort(row: dict[str, Any]) -> None:
    expected = {case["expect"] for case in row["cases"]}
    assert {"pass", "fail"} <= expected
    assert expected & {"not_applicable", "not_in_force"}, "a case that the rule leaves alone"
    assert len(row["cases"]) >= 3


def test_there_are_enough_rules_and_results_come_in_order() -> None:
    ids = [rule.rule_id for rule in BOOK.pack.in_force(date(2026, 11, 20))]
    assert ids == sorted(ids)
    assert len(ids) >= 20
    assert len(set(ids)) == len(ids)


def test_no_unverified_rule_can_block() -> None:
    unverified = [rule for rule in BOOK.pack.rules if rule.confidence is Confidence.UNVERIFIED]
    assert unverified
    assert all(rule.failed_outcome is not Outcome.BLOCK for rule in unverified)


def test_no_rule_holds_before_its_first_day() -> None:
    assert BOOK.pack.in_force(date(1998, 7, 1)) == ()
    for rule in BOOK.pack.rules:
        assert rule in BOOK.pack.in_force(rule.first_day)


@pytest.mark.parametrize("name", [name for name, fact in FACTS.items() if fact.optional])
def test_a_missing_fact_never_passes_a_rule_that_needs_it(name: str) -> None:
    """Whatever the offer, a rule that looks at a fact cannot pass once the fact is gone."""
    day = date(2028, 1, 1)
    for row in RULES:
        for case in row["cases"]:
            known = facts(offer_of(case["offer"]), day, BOOK.rates)
            without = BOOK.pack.judge({**known, name: None}, day)
            for rule, result in zip(BOOK.pack.in_force(day), without.results, strict=True):
                if name in rule.applies_needs:
                    assert (result.verdict, result.outcome) == (Verdict.CANNOT_TELL, Outcome.REFER)
                elif name in rule.check_needs:
                    assert result.verdict in {Verdict.CANNOT_TELL, Verdict.NOT_APPLICABLE}


def test_version_changes_with_the_content() -> None:
    version, digest = BOOK.pack.version.split("+")
    assert version == HEAD["version"]
    assert len(digest) == 16
