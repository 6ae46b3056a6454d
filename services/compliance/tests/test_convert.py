"""Conversion is total and agrees with the contract."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime

from google.protobuf import json_format
from hypothesis import given, settings
from hypothesis import strategies as st
from sycee.common.v1 import common_pb2
from sycee.compliance.v1 import compliance_pb2 as pb
from sycee_compliance import convert
from sycee_compliance.domain.consent import Purpose
from sycee_compliance.domain.offer import FACTS, LenderKind, LoanPurpose, facts
from sycee_compliance.domain.outcome import Outcome
from sycee_compliance.domain.rules import Verdict
from sycee_compliance.domain.tree_head import signed_text
from sycee_compliance.rulebook import load_rulebook
from sycee_service.errors import InvalidArgument

BOOK = load_rulebook()


def test_numbers_are_those_of_the_contract() -> None:
    assert {f"OUTCOME_{o.name}": o.value for o in Outcome} == dict(pb.Outcome.items()[1:])
    assert {f"VERDICT_{v.name}": v.value for v in Verdict} == dict(pb.RuleResult.Verdict.items()[1:])
    assert {f"CONSENT_PURPOSE_{p.name}": p.value for p in Purpose} == dict(pb.ConsentPurpose.items()[1:])
    assert {f"LENDER_KIND_{k.name}": k.value for k in LenderKind} == dict(common_pb2.LenderKind.items()[1:])
    assert {f"LOAN_PURPOSE_{p.name}": p.value for p in LoanPurpose} == dict(common_pb2.LoanPurpose.items())


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_offer_is_judged_or_refused(wire: bytes) -> None:
    """Whatever parses is converted or refused, and what is converted is judged: nothing else is raised."""
    message = pb.CheckOfferRequest()
    try:
        message.ParseFromString(wire)
    except Exception:
        return
    judge(message.offer)


NUMBER = st.integers(0, 2**32 - 1)
MONEY = st.fixed_dictionaries(
    {
        "currencyCode": st.sampled_from(["CNY", "CNY", "CNY", "USD", ""]),
        "units": st.integers(-1, 2**62) | st.integers(0, 10**9),
        "nanos": st.sampled_from([0, 0, 10_000_000, 1, -1]),
    }
)
OFFER = st.fixed_dictionaries(
    {"amount": MONEY},
    optional={
        "borrowerKind": st.integers(0, 5),
        "purpose": st.integers(0, 8),
        "netReceived": MONEY,
        "termMonths": NUMBER,
        "nominalRateBp": NUMBER,
        "effectiveRateBp": NUMBER,
        "displayedRateBp": NUMBER,
        "lenders": st.lists(
            st.fixed_dictionaries(
                {"kind": st.integers(0, 4), "shareBp": st.sampled_from([10_000, 5_000, 3_000, 7_000])},
                optional={"capital": MONEY, "lenderId": st.sampled_from(["a", "b", "c"])},
            ),
            max_size=3,
        ),
        "existingBusinessDebt": MONEY,
        "existingConsumerDebt": MONEY,
        "greenLabel": st.booleans(),
    },
)


@settings(max_examples=300, deadline=None)
@given(OFFER)
def test_any_shape_of_offer_is_judged_or_refused(row: dict[str, object]) -> None:
    judge(json_format.ParseDict(row, pb.Offer()))


def judge(message: pb.Offer) -> None:
    with suppress(InvalidArgument):
        offer = convert.offer_from_proto(message)
        for day in (date(1, 1, 1), date(2026, 11, 20), date(9999, 12, 31)):
            known = facts(offer, day, BOOK.rates)
            assert known.keys() == FACTS.keys()
            assert all(value is not None or FACTS[name].optional for name, value in known.items())
            judgement = BOOK.pack.judge(known, day)
            answer = convert.judgement_to_proto(judgement, BOOK.pack.version)
            assert len(answer.results) == len(BOOK.pack.in_force(day))
            assert "RULE_NOT_EVALUABLE" not in {result.reason.code for result in answer.results}


def test_the_text_that_a_head_signs() -> None:
    moment = datetime(2026, 11, 20, 2, 0, 0, 123_456, tzinfo=UTC)
    text = signed_text("sycee", 3, bytes(range(32)), moment)
    assert text == (
        b"sycee-tree-head-v1\nsycee\n3\n000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
        b"1795140000123456\n"
    )
