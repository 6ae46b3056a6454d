"""Every outcome of the pure flow, in tables."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sycee_gateway.domain import flow, reasons
from sycee_gateway.domain.decision import Outcome
from sycee_gateway.domain.evidence import (
    GREEN,
    Check,
    DataQuality,
    Debt,
    FraudCheck,
    Grade,
    Lender,
    Offer,
    PartyCheck,
    Product,
    Quoted,
    Reason,
    RulesChecked,
    Scored,
)
from sycee_gateway.domain.policy import DataBounds, Disclosure, Policy

POLICY = Policy(
    version="policy-test",
    default_term_months=12,
    hold_hours=72,
    worst_grade=Grade.D,
    referred_grades=frozenset({Grade.D}),
    transfer_recipient="*",
    disclosure=Disclosure(review_offered=True, cost_table_shown=True),
    worst_grade_by_product={"startup": Grade.C},
    data=DataBounds(refer_severe_defects=True, refer_quality_below=40, refer_fake_share_above=0.3),
)
SOUND = DataQuality(96, (), 0.01)
HIT = Reason("PARTY_NOT_CLEARED", "核查未通过。", "The check was not passed.")
LOW = Reason("SALES_FALLING", "近三个月销售额下降。", "Sales fell over three months.", -31.0)
HIGH = Reason("LONG_HISTORY", "经营时间长。", "A long history.", 12.0)
CAP = Reason("DEBT_SERVICE", "偿债能力限制。", "Debt service bounds it.")
RING = Reason("SHARED_ACCOUNT", "收款账户为多家店铺共用。", "Several shops share one account.", -700.0)
RULE = Reason("CN-RATE-03", "综合成本超过24%。", "The all-in cost is above 24 %.")


def party(outcome: Check, *given: Reason) -> PartyCheck:
    return PartyCheck(outcome, given, ("UN-1",), b"party")


def fraud(outcome: Check, *given: Reason) -> FraudCheck:
    return FraudCheck(outcome, given, 700, "fraud-test", b"fraud")


CLEAN = fraud(Check.PASS)


def scored(grade: Grade | None = Grade.B, *given: Reason, scorable: bool = True) -> Scored:
    return Scored(scorable, 640, grade, 0.042, given, "combined-test", b"score")


OFFER = Offer("river-bank", 1, 10_000_00, 12, 1, 1200, 1268, 888_49, 661_88)


def quoted(offer: Offer | None = OFFER, *given: Reason) -> Quoted:
    return Quoted(offer, given, "catalogue-test", b"quote")


def rules(outcome: Check, *given: Reason) -> RulesChecked:
    return RulesChecked(outcome, given, "pack-test", b"rules")


@pytest.mark.parametrize(
    ("checked", "score", "outcome", "codes"),
    [
        (party(Check.PASS), scored(), None, ()),
        (party(Check.WARN, HIT), scored(), None, ()),
        (None, scored(), Outcome.REFERRED, ("PARTY_CHECK_UNAVAILABLE",)),
        (party(Check.PASS), None, Outcome.REFERRED, ("SCORING_UNAVAILABLE",)),
        (None, None, Outcome.REFERRED, ("PARTY_CHECK_UNAVAILABLE", "SCORING_UNAVAILABLE")),
        (None, scored(Grade.E, LOW), Outcome.REFERRED, ("PARTY_CHECK_UNAVAILABLE", "SALES_FALLING")),
        (party(Check.BLOCK, HIT), None, Outcome.REFERRED, ("SCORING_UNAVAILABLE", "PARTY_NOT_CLEARED")),
        (party(Check.BLOCK, HIT), scored(), Outcome.DECLINED, ("PARTY_NOT_CLEARED",)),
        (party(Check.BLOCK), scored(), Outcome.DECLINED, ("PARTY_CHECK_NOT_PASSED",)),
        (party(Check.BLOCK, HIT), scored(Grade.E, LOW), Outcome.DECLINED, ("PARTY_NOT_CLEARED", "SALES_FALLING")),
        (party(Check.REFER, HIT), scored(), Outcome.REFERRED, ("PARTY_NOT_CLEARED",)),
        (party(Check.REFER, HIT), scored(Grade.E, LOW), Outcome.DECLINED, ("SALES_FALLING", "PARTY_NOT_CLEARED")),
        (party(Check.PASS), scored(Grade.E, LOW, HIGH), Outcome.DECLINED, ("SALES_FALLING",)),
        (party(Check.PASS), scored(Grade.E, HIGH), Outcome.DECLINED, ("DEFAULT_RISK_ABOVE_POLICY",)),
        (party(Check.PASS), scored(None), Outcome.DECLINED, ("DEFAULT_RISK_ABOVE_POLICY",)),
        (party(Check.PASS), scored(None, LOW, scorable=False), Outcome.DECLINED, ("SALES_FALLING",)),
        (party(Check.PASS), scored(None, scorable=False), Outcome.DECLINED, ("NOT_ENOUGH_TRADING_DATA",)),
        (party(Check.PASS), scored(Grade.D, LOW), Outcome.REFERRED, ("GRADE_NEEDS_REVIEW", "SALES_FALLING")),
    ],
)
def test_evidence_alone(
    checked: PartyCheck | None, score: Scored | None, outcome: Outcome | None, codes: tuple[str, ...]
) -> None:
    verdict = flow.judge_evidence(POLICY, "shopkeeper", flow.Seen(checked, score, CLEAN), SOUND)
    assert (verdict.outcome if verdict else None) == outcome
    assert tuple(reason.code for reason in verdict.reasons) == codes if verdict else codes == ()


@pytest.mark.parametrize(
    ("look", "checked", "score", "outcome", "codes"),
    [
        (None, party(Check.PASS), scored(), Outcome.REFERRED, ("FRAUD_CHECK_UNAVAILABLE",)),
        (None, party(Check.BLOCK, HIT), scored(), Outcome.REFERRED, ("FRAUD_CHECK_UNAVAILABLE", "PARTY_NOT_CLEARED")),
        (fraud(Check.REFER, RING), party(Check.PASS), scored(), Outcome.REFERRED, ("SHARED_ACCOUNT",)),
        (fraud(Check.REFER), party(Check.PASS), scored(), Outcome.REFERRED, ("FRAUD_CHECK_NOT_PASSED",)),
        (fraud(Check.BLOCK, RING), party(Check.PASS), scored(), Outcome.DECLINED, ("SHARED_ACCOUNT",)),
        (
            fraud(Check.BLOCK, RING),
            party(Check.REFER, HIT),
            scored(),
            Outcome.DECLINED,
            ("PARTY_NOT_CLEARED", "SHARED_ACCOUNT"),
        ),
        (
            fraud(Check.REFER, RING),
            party(Check.PASS),
            scored(Grade.E, LOW),
            Outcome.DECLINED,
            ("SALES_FALLING", "SHARED_ACCOUNT"),
        ),
        (fraud(Check.PASS, RING), party(Check.PASS), scored(), None, ()),
    ],
)
def test_what_looks_like_fraud(
    look: FraudCheck | None, checked: PartyCheck, score: Scored, outcome: Outcome | None, codes: tuple[str, ...]
) -> None:
    verdict = flow.judge_evidence(POLICY, "shopkeeper", flow.Seen(checked, score, look), SOUND)
    assert (verdict.outcome if verdict else None) == outcome
    assert (tuple(reason.code for reason in verdict.reasons) if verdict else ()) == codes


TAX = Reason("TAX_SALES_DIFFER", "申报销售额与平台销售额不符。", "Declared sales differ from platform sales.")


@pytest.mark.parametrize(
    ("quality", "codes"),
    [
        (DataQuality(40, (), 0.3), ()),
        (DataQuality(None, (), 0.0), ()),  # an ingestion that says nothing of it
        (DataQuality(39, (), 0.0), ("DATA_QUALITY_LOW",)),
        (DataQuality(90, (TAX,), 0.0), ("TAX_SALES_DIFFER",)),
        (DataQuality(90, (), 0.31), ("SALES_LOOK_BRUSHED",)),
        (DataQuality(0, (TAX,), 1.0), ("TAX_SALES_DIFFER", "SALES_LOOK_BRUSHED", "DATA_QUALITY_LOW")),
    ],
)
def test_data_that_a_person_must_see(quality: DataQuality, codes: tuple[str, ...]) -> None:
    verdict = flow.judge_evidence(POLICY, "shopkeeper", flow.Seen(party(Check.PASS), scored(), CLEAN), quality)
    assert (verdict.outcome if verdict else None) == (Outcome.REFERRED if codes else None)
    assert (tuple(reason.code for reason in verdict.reasons) if verdict else ()) == codes


def test_poor_data_never_softens_a_decline_and_an_older_policy_ignores_it() -> None:
    poor = DataQuality(0, (TAX,), 1.0)
    declined = flow.judge_evidence(POLICY, "shopkeeper", flow.Seen(party(Check.BLOCK, HIT), scored(), CLEAN), poor)
    assert declined is not None
    assert declined.outcome is Outcome.DECLINED
    before = replace(POLICY, data=DataBounds())
    assert flow.judge_evidence(before, "shopkeeper", flow.Seen(party(Check.PASS), scored(), CLEAN), poor) is None


def test_a_product_may_ask_for_a_better_grade() -> None:
    assert flow.judge_evidence(POLICY, "startup", flow.Seen(party(Check.PASS), scored(Grade.C), CLEAN), SOUND) is None
    verdict = flow.judge_evidence(POLICY, "startup", flow.Seen(party(Check.PASS), scored(Grade.D, LOW), CLEAN), SOUND)
    assert verdict is not None
    assert verdict.outcome is Outcome.DECLINED


@pytest.mark.parametrize(
    ("quote", "outcome", "codes"),
    [
        (None, Outcome.REFERRED, ("QUOTE_REFUSED",)),
        (quoted(None, CAP), Outcome.DECLINED, ("DEBT_SERVICE",)),
        (quoted(None), Outcome.DECLINED, ("NO_HEADROOM",)),
    ],
)
def test_nothing_offered(quote: Quoted | None, outcome: Outcome, codes: tuple[str, ...]) -> None:
    verdict = flow.judge_no_offer(quote)
    assert verdict.outcome is outcome
    assert tuple(reason.code for reason in verdict.reasons) == codes


@pytest.mark.parametrize(
    ("requested_fen", "quote", "checked", "outcome", "codes"),
    [
        (10_000_00, quoted(OFFER, CAP), rules(Check.PASS), Outcome.APPROVED, ()),
        (10_000_00, quoted(), rules(Check.WARN, RULE), Outcome.APPROVED, ()),
        (20_000_00, quoted(OFFER, CAP), rules(Check.PASS), Outcome.APPROVED, ("DEBT_SERVICE",)),
        (20_000_00, quoted(OFFER), rules(Check.PASS), Outcome.APPROVED, ("SMALLER_OFFER",)),
        (10_000_00, quoted(), rules(Check.BLOCK, RULE), Outcome.DECLINED, ("CN-RATE-03",)),
        (10_000_00, quoted(), rules(Check.BLOCK), Outcome.DECLINED, ("RULE_CHECK_NOT_PASSED",)),
        (10_000_00, quoted(), rules(Check.REFER, RULE), Outcome.REFERRED, ("CN-RATE-03",)),
        (10_000_00, quoted(), None, Outcome.REFERRED, ("RULE_CHECK_UNAVAILABLE",)),
    ],
)
def test_a_concrete_offer(
    requested_fen: int, quote: Quoted, checked: RulesChecked | None, outcome: Outcome, codes: tuple[str, ...]
) -> None:
    verdict = flow.judge_offer(requested_fen, quote, checked)
    assert verdict.outcome is outcome
    assert tuple(reason.code for reason in verdict.reasons) == codes


def test_nothing_but_passing_checks_leads_to_an_approval() -> None:
    """Exhausts all combinations of checks: an approval has every check present and none that refers or blocks."""
    checks = [None, *Check]
    grades = [None, *Grade]
    every = itertools.product(checks, checks, grades, (True, False), checks)
    for outcome, look, grade, scorable, ruled in every:
        seen = flow.Seen(
            party(outcome) if outcome else None, scored(grade, scorable=scorable), fraud(look) if look else None
        )
        verdict = flow.judge_evidence(POLICY, "shopkeeper", seen, SOUND)
        if verdict is None:
            verdict = flow.judge_offer(1, quoted(), rules(ruled) if ruled else None)
        if verdict.outcome is Outcome.APPROVED:
            assert outcome in (Check.PASS, Check.WARN)
            assert look in (Check.PASS, Check.WARN)
            assert ruled in (Check.PASS, Check.WARN)
            assert scorable
            assert grade in (Grade.A, Grade.B, Grade.C)
        else:
            assert verdict.reasons


@settings(deadline=None)
@given(st.lists(st.sampled_from([HIT, LOW, HIGH, CAP, RULE, reasons.RULES_UNAVAILABLE]), max_size=12))
def test_at_most_four_reasons_each_once_in_order(given: list[Reason]) -> None:
    chosen = reasons.principal(given[:5], given[5:])
    assert len(chosen) <= 4
    assert list(chosen) == list(dict.fromkeys(given))[:4]


def test_own_reasons_are_specific_and_in_both_languages() -> None:
    own = [value for value in vars(reasons).values() if isinstance(value, Reason)]
    own.append(reasons.default_risk(Grade.E, 0.31, Grade.D))
    own.append(reasons.referred_grade(Grade.D, 0.12))
    assert len({reason.code for reason in own}) == len(own)
    for reason in own:
        assert reason.text_zh.endswith("。")
        assert reason.text_en.endswith(".")
        assert "评分不足" not in reason.text_zh
        assert "score" not in reason.text_en.lower()
    assert "31.0" in reasons.default_risk(Grade.E, 0.31, Grade.D).text_en


def test_monthly_sales_are_the_lower_mean() -> None:
    assert flow.monthly_net_fen(100, 90) == 90
    assert flow.monthly_net_fen(80, 90) == 80


def test_facts_of_an_offer() -> None:
    lenders = {"river-bank": Lender("river-bank", 1, 2_000_000_000_00)}
    facts = flow.offer_facts(
        merchant_id="m1",
        borrower_kind=2,
        purpose=GREEN,
        offer=OFFER,
        lenders=lenders,
        debts={"river-bank": Debt(5, 6), "other": Debt(7, 8)},
    )
    assert facts.capital_fen == 2_000_000_000_00
    assert facts.debt == Debt(5, 6)
    assert facts.green_label
    unknown = flow.offer_facts(merchant_id="m1", borrower_kind=2, purpose=1, offer=OFFER, lenders={}, debts={})
    assert unknown.capital_fen is None
    assert unknown.debt == Debt(0, 0)
    assert not unknown.green_label


SHOPKEEPER = Product("shopkeeper", 1, 5_000_00, 500_000_00, 1_500, (12,), (1,))
STARTUP = Product("startup", 3, 5_000_00, 30_000_00, 0, (12,), (1,))


@pytest.mark.parametrize(
    ("product", "requested_fen", "monthly_net_fen", "scored_fen"),
    [
        (SHOPKEEPER, 20_000_00, 80_000_00, 20_000_00),  # what is asked for
        (SHOPKEEPER, 500_000_00, 80_000_00, 120_000_00),  # 1.5 months of sales
        (SHOPKEEPER, 900_000_00, 800_000_00, 500_000_00),  # the product's most
        (SHOPKEEPER, 50_000_00, 1_000_00, 5_000_00),  # no less than the product's least
        (SHOPKEEPER, 50_000_00, -7_000_00, 5_000_00),  # more refunded than sold
        (SHOPKEEPER, 1_000_00, 80_000_00, 1_000_00),  # never more than asked for
        (STARTUP, 50_000_00, 0, 30_000_00),  # not sized by sales
    ],
)
def test_the_scored_loan_is_one_that_could_be_lent(
    product: Product, requested_fen: int, monthly_net_fen: int, scored_fen: int
) -> None:
    assert flow.scored_fen(requested_fen, product, monthly_net_fen) == scored_fen
