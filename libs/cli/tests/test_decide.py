"""`sycee decide`: how a decision reads, and what is refused before anybody is asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.type.money_pb2 import Money
from rich.console import Console
from sycee.common.v1.common_pb2 import GRADE_B, Reason
from sycee.compliance.v1.compliance_pb2 import RuleResult
from sycee.decision.v1.decision_pb2 import (
    DECISION_OUTCOME_APPROVED,
    DECISION_OUTCOME_DECLINED,
    DECISION_OUTCOME_REFERRED,
    Decision,
    DecisionOutcome,
)
from sycee.esg.v1.esg_pb2 import RATING_A
from sycee_cli.commands.decide import show
from sycee_cli.main import app
from sycee_cli.money import money_of, percent, shown
from sycee_cli.suite.errors import SuiteError
from typer.testing import CliRunner


def yuan(units: int, fen: int = 0) -> Money:
    return Money(currency_code="CNY", units=units, nanos=fen * 10_000_000)


def approved() -> Decision:
    decision = Decision(
        decision_id="dec_a",
        outcome=DECISION_OUTCOME_APPROVED,
        requested_amount=yuan(80_000),
        simulated=True,
    )
    offer = decision.offer
    offer.lender_id = "river-bank"
    offer.amount.CopyFrom(yuan(60_000))
    offer.first_payment.CopyFrom(yuan(5_331, 7))
    offer.total_cost.CopyFrom(yuan(3_972, 84))
    offer.term_months, offer.nominal_rate_bp, offer.effective_rate_bp = 12, 1_205, 1_274
    score = decision.evidence.score
    score.scorable, score.score, score.grade = True, 652, GRADE_B
    score.default_probability.value, score.default_probability.low, score.default_probability.high = 0.031, 0.02, 0.05
    decision.evidence.esg.rating, decision.evidence.esg.score, decision.evidence.esg.coverage = RATING_A, 66, 0.5
    decision.evidence.rules.pack_version = "pack-1"
    decision.evidence.rules.results.append(RuleResult(rule_id="CN-RATE-03"))
    decision.evidence.steps.add(step="profile", elapsed_us=2_345)
    decision.receipt.leaf_index, decision.receipt.tree_head.tree_size = 6, 7
    return decision


def reading(decision: Decision) -> str:
    console = Console(width=120, record=True, file=None, force_terminal=False)
    with console.capture() as captured:
        show(console, decision)
    return captured.get()


def test_an_approval_reads_as_an_offer() -> None:
    text = reading(approved())
    for said in (
        "APPROVED  simulated",
        "CNY 60,000.00 over 12 months from river-bank",
        "12.05 % nominal, 12.74 % effective",
        "CNY 5,331.07, cost in all CNY 3,972.84",
        "652, grade B, PD 3.1% (2.0%–5.0%)",
        "A, 66 of 100, coverage 50%",
        "1 in force that day, pack pack-1",
        "leaf 6 of 7",
        "profile 2.3",
    ):
        assert said in text


@pytest.mark.parametrize("outcome", [DECISION_OUTCOME_DECLINED, DECISION_OUTCOME_REFERRED])
def test_every_other_outcome_reads_as_reasons_in_both_languages(outcome: DecisionOutcome.ValueType) -> None:
    reason = Reason(code="SALES_FALLING", text_zh="近三个月销售额下降。", text_en="Sales fell over three months.")
    decision = Decision(decision_id="dec_a", outcome=outcome, requested_amount=yuan(80_000), reasons=[reason])
    text = reading(decision)
    assert "SALES_FALLING" in text
    assert reason.text_en in text
    assert reason.text_zh in text
    assert "offer" not in text
    assert "receipt" not in text


@pytest.mark.parametrize(
    ("text", "units", "fen"),
    [("80000", 80_000, 0), ("1,234.50", 1_234, 50), ("0.01", 0, 1), ("1e3", 1_000, 0), ("-5", -5, 0)],
)
def test_amounts_are_read_exactly(text: str, units: int, fen: int) -> None:
    assert money_of(text) == yuan(units, fen)


@pytest.mark.parametrize("text", ["", "ten", "1.234", "NaN", "Infinity", "1 000", "¥5"])
def test_what_is_no_amount_is_named(text: str) -> None:
    with pytest.raises(SuiteError, match="amount"):
        money_of(text)


def test_amounts_and_rates_are_shown_as_people_write_them() -> None:
    assert shown(yuan(1_234_567, 8)) == "1,234,567.08"
    assert percent(1_195) == "11.95 %"


def test_without_a_suite_it_says_so(tmp_path: Path) -> None:
    words = ["decide", "--merchant", "m1", "--product", "shopkeeper", "--amount", "5000", "--state", str(tmp_path)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 1
    assert "there is no suite" in done.output


@pytest.mark.parametrize(
    ("option", "value", "said"), [("--amount", "much", "amount"), ("--as-of", "yesterday", "as-of")]
)
def test_a_wrong_value_is_refused_before_anybody_is_asked(tmp_path: Path, option: str, value: str, said: str) -> None:
    words = ["decide", "--merchant", "m1", "--product", "shopkeeper", "--amount", "5000", option, value]
    done = CliRunner().invoke(app, [*words, "--state", str(tmp_path)])
    assert done.exit_code == 1
    assert f"{said}: must be" in done.output
