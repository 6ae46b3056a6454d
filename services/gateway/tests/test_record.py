"""The record is canonical, exact and free of personal data; a decision's name never changes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sycee_gateway.domain.decision import Application, Evaluation, Outcome, Verdict, name_decision
from sycee_gateway.domain.evidence import (
    Assessed,
    Check,
    DataQuality,
    FraudCheck,
    Grade,
    Offer,
    PartyCheck,
    Portrait,
    Quoted,
    Reason,
    RulesChecked,
    Scored,
)
from sycee_gateway.domain.flow import Seen
from sycee_gateway.domain.record import canonical, gather_facts, make_record, micros

NOW = datetime(2026, 3, 2, 9, 30, 15, 123457, tzinfo=UTC)
PORTRAIT = Portrait(
    "m1",
    NOW,
    "features-1",
    0.755,
    2,
    1,
    "33",
    True,
    1,
    2,
    3,
    4,
    0.1,
    False,
    DataQuality(90, (), 0.0),
    b"profile",
    message=None,
    identity="secret",
)
PARTY = PartyCheck(Check.PASS, (), ("UN-1", "CN-2"), b"party")
SCORED = Scored(True, 655, Grade.B, 0.0312345, (), "combined-1", b"score")
FRAUD = FraudCheck(Check.PASS, (), 12, "fraud-1", b"fraud")
ASSESSED = Assessed(20, "factors-1", b"esg")
OFFER = Offer("river-bank", 1, 100_000_00, 12, 1, 1200, 1268, 8_884_88, 6_618_54, NOW + timedelta(hours=72))
APPLICATION = Application("dec_x", "edge/shop", "request-1", b"\x01" * 32, "m1", "shopkeeper", 12_000_000, 12, 1, False)


def evaluation(scored: Scored | None = SCORED, assessed: Assessed | None = ASSESSED) -> Evaluation:
    return Evaluation(
        as_of=NOW,
        decided_at=NOW,
        policy_version="policy-1",
        borrower_kind=2,
        purpose=1,
        simulated=True,
        facts=gather_facts(PORTRAIT, Seen(PARTY, scored, FRAUD), assessed, "policy-1"),
        profile=b"profile",
        score=b"score",
        assessment=None,
        party=b"party",
        fraud=b"fraud",
        recourse=None,
        quote_request=b"",
    )


def record(outcome: Outcome = Outcome.APPROVED, offer: Offer | None = OFFER) -> bytes:
    verdict = Verdict(outcome, (Reason("SALES_FALLING", "下降。", "Fell."),))
    quoted = Quoted(offer, (), "catalogue-1", b"quote")
    rules = RulesChecked(Check.PASS, (), "pack-1", b"rules")
    return make_record(APPLICATION, evaluation(), verdict=verdict, offer=offer, quoted=quoted, rules=rules)


def test_the_record_in_full() -> None:
    assert json.loads(record()) == {
        "schema": "sycee.decision.record.v1",
        "decision_id": "dec_x",
        "request_sha256": "01" * 32,
        "merchant_id": "m1",
        "product_id": "shopkeeper",
        "requested_fen": 12_000_000,
        "term_months": 12,
        "outcome": "APPROVED",
        "reasons": ["SALES_FALLING"],
        "as_of_us": 1772443815123457,
        "decided_at_us": 1772443815123457,
        "hypothetical": 0,
        "simulated": 1,
        "score": 655,
        "grade": "B",
        "default_probability_ppm": 31234,
        "coverage_ppm": 755000,
        "digests": {
            name: hashlib.sha256(name.encode()).hexdigest()
            for name in ("profile", "party", "score", "fraud", "esg", "quote", "rules")
        },
        "versions": {
            "features": "features-1",
            "policy": "policy-1",
            "lists": "UN-1,CN-2",
            "model": "combined-1",
            "fraud": "fraud-1",
            "factors": "factors-1",
            "catalogue": "catalogue-1",
            "rules": "pack-1",
        },
        "offer": {
            "lender_id": "river-bank",
            "amount_fen": 10_000_000,
            "term_months": 12,
            "repayment_method": "EQUAL_INSTALMENT",
            "nominal_rate_bp": 1200,
            "effective_rate_bp": 1268,
            "first_payment_fen": 888_488,
            "total_cost_fen": 661_854,
            "expires_at_us": 1772703015123457,
        },
    }


def test_the_record_is_canonical() -> None:
    made = record()
    again = json.dumps(json.loads(made), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    assert made == again
    assert b"." not in made.replace(b"sycee.decision.record.v1", b"")
    assert b"secret" not in made


def test_what_is_missing_has_no_entry() -> None:
    facts = gather_facts(PORTRAIT, Seen(None, None, None), None, "policy-1")
    assert set(facts.digests) == {"profile"}
    assert set(facts.versions) == {"features", "policy"}
    assert (facts.score, facts.grade, facts.default_probability_ppm) == (0, "", 0)
    unscorable = gather_facts(PORTRAIT, Seen(PARTY, replace(SCORED, scorable=False), FRAUD), None, "policy-1")
    assert unscorable.score == 0
    declined = json.loads(record(Outcome.DECLINED, None))
    assert "offer" not in declined


def test_an_unknown_repayment_method_is_named_as_such() -> None:
    made = json.loads(record(offer=replace(OFFER, repayment_method=9, expires_at=None)))
    assert made["offer"]["repayment_method"] == "UNSPECIFIED"
    assert "expires_at_us" not in made["offer"]


@settings(deadline=None)
@given(st.datetimes(timezones=st.just(UTC)))
def test_micros_are_exact(moment: datetime) -> None:
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros(moment)) == moment


Values = st.recursive(
    st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=6), Values, max_size=6))
def test_one_value_has_one_form(value: dict[str, object]) -> None:
    shuffled = dict(reversed(value.items()))
    try:
        made = canonical(value)  # type: ignore[arg-type]
    except UnicodeEncodeError:
        return  # lone surrogates have no UTF-8
    assert made == canonical(shuffled)  # type: ignore[arg-type]
    assert json.loads(made) == value


def test_a_decision_keeps_its_name() -> None:
    assert name_decision("edge/shop", "request-1") == name_decision("edge/shop", "request-1")
    assert name_decision("edge/shop", "request-1") == "dec_6bgxf6x7pmoponjpy4eqw5f5rm"
    assert len(name_decision("a", "b")) == 30


@settings(deadline=None)
@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_different_requests_have_different_names(a: str, b: str, c: str, d: str) -> None:
    if "\0" in a + b + c + d or (a, b) == (c, d):
        return
    try:
        assert name_decision(a, b) != name_decision(c, d)
    except UnicodeEncodeError:
        pytest.skip("lone surrogates never reach a name")
