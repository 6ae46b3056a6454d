"""Decide over a real server, database and bus: every outcome, every fault, and nothing ever half-done."""

from __future__ import annotations

import asyncio
import json
import socket
import urllib.request
from datetime import timedelta
from typing import Any

import asyncpg
import grpc
import pytest
from sycee.common.v1 import common_pb2
from sycee.compliance.v1 import compliance_pb2
from sycee.decision.v1 import decision_pb2
from sycee.ingestion.v1 import profile_pb2
from sycee.limits.v1 import limits_pb2
from sycee.scoring.v1 import fraud_pb2
from sycee_service.wire import time_to_proto

from .conftest import OPERATOR, Gateway, application, code_of
from .fakes import PERSONAL, START

APPROVED = decision_pb2.DECISION_OUTCOME_APPROVED
DECLINED = decision_pb2.DECISION_OUTCOME_DECLINED
REFERRED = decision_pb2.DECISION_OUTCOME_REFERRED
HELD, CAPTURED, VOIDED = (
    limits_pb2.Reservation.STATE_HELD,
    limits_pb2.Reservation.STATE_CAPTURED,
    limits_pb2.Reservation.STATE_VOIDED,
)


def codes(decision: decision_pb2.Decision) -> list[str]:
    return [reason.code for reason in decision.reasons]


async def test_an_approval_in_full(gateway: Gateway) -> None:
    decision = await gateway.decide()
    assert decision.outcome == APPROVED
    assert not decision.reasons
    assert decision.offer.lender_id == "river-bank"
    assert decision.offer.amount.units == 100_000
    assert decision.offer.term_months == 12
    assert decision.offer.repayment_method == common_pb2.REPAYMENT_METHOD_EQUAL_INSTALMENT
    assert decision.offer.nominal_rate_bp == 1180
    assert decision.offer.expires_at == time_to_proto(START + timedelta(hours=72))
    assert decision.policy_version == "policy-2026.2"
    assert decision.as_of == decision.decided_at == time_to_proto(START)
    assert decision.simulated
    assert not decision.hypothetical
    assert decision.evidence.score.score == 650
    assert decision.evidence.esg.discount_bp == 20
    assert decision.evidence.party.outcome == compliance_pb2.OUTCOME_PASS
    assert decision.evidence.quote.offered
    assert decision.evidence.rules.pack_version == "pack-fake"
    assert decision.evidence.coverage == 0.8
    assert decision.evidence.fraud.action == fraud_pb2.FraudAssessment.ACTION_ALLOW
    steps = [step.step for step in decision.evidence.steps]
    assert steps == ["profile", "party", "score", "fraud", "esg", "quote", "rules"]
    assert gateway.world.state_of(decision.decision_id) == HELD
    record = json.loads(decision.receipt.record)
    assert record["outcome"] == "APPROVED"
    assert record["offer"]["amount_fen"] == 10_000_000
    assert decision.receipt.leaf_index == 0
    assert decision.receipt.tree_head.log_id == "log-fake"


async def test_what_operators_can_watch(start: Any) -> None:
    async with start(metrics_listen=f"127.0.0.1:{free_port()}") as gateway:
        await gateway.decide()
        gateway.world.down = {"Assess"}
        await gateway.decide("request-0002")
        text = await asyncio.to_thread(scrape, gateway.settings.metrics_listen)
    assert 'sycee_decisions_total{outcome="APPROVED"} 2.0' in text
    assert 'sycee_decision_checks_missing_total{step="esg"} 1.0' in text
    assert 'sycee_decision_step_seconds_count{step="quote"} 2.0' in text
    assert "m1" not in text


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def scrape(address: str) -> str:
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=5) as answer:
        return str(answer.read(), "utf-8")


async def test_what_the_others_are_asked(gateway: Gateway) -> None:
    await gateway.decide(term_months=6, repayment_method=common_pb2.REPAYMENT_METHOD_INTEREST_FIRST)
    (asked,) = gateway.world.applications
    assert asked.monthly_net_fen == 8_000_000
    assert asked.months_of_history == 30
    assert asked.default_probability == 0.03
    assert asked.grade == common_pb2.GRADE_B
    assert (asked.other_debt_fen, asked.other_debt_service_fen) == (3_000_000, 250_000)
    assert asked.esg_discount_bp == 20
    assert asked.term_months == 6
    assert asked.repayment_method == common_pb2.REPAYMENT_METHOD_INTEREST_FIRST
    assert (asked.as_of.year, asked.as_of.month, asked.as_of.day) == (2026, 3, 2)
    (party,) = gateway.world.parties
    assert party.identity.operator.resident_id == PERSONAL[1]
    assert [consent.purpose for consent in party.consents] == [
        compliance_pb2.CONSENT_PURPOSE_CREDIT_DECISION,
        compliance_pb2.CONSENT_PURPOSE_LENDER_TRANSFER,
        compliance_pb2.CONSENT_PURPOSE_BUREAU_QUERY,
    ]
    (offer,) = (request.offer for request in gateway.world.offers)
    assert offer.purpose == common_pb2.LOAN_PURPOSE_WORKING_CAPITAL
    assert [(share.lender_id, share.share_bp, share.capital.units) for share in offer.lenders] == [
        ("river-bank", 10_000, 2_000_000_000)
    ]
    assert offer.HasField("existing_business_debt")
    assert offer.HasField("existing_consumer_debt")
    assert offer.existing_business_debt.units == offer.existing_consumer_debt.units == 0
    assert offer.automated
    assert offer.review_offered
    assert offer.cost_table_shown
    assert not offer.green_label


async def test_no_bureau_report_asks_for_no_bureau_consent(gateway: Gateway) -> None:
    gateway.world.bureau = False
    await gateway.decide()
    purposes = {consent.purpose for consent in gateway.world.parties[0].consents}
    assert compliance_pb2.CONSENT_PURPOSE_BUREAU_QUERY not in purposes


async def test_a_smaller_offer_says_why(gateway: Gateway) -> None:
    gateway.world.room_fen = 4_000_000
    decision = await gateway.decide()
    assert decision.outcome == APPROVED
    assert decision.offer.amount.units == 40_000
    assert codes(decision) == ["DEBT_SERVICE"]


async def test_earlier_offers_count_as_debt(gateway: Gateway) -> None:
    first = await gateway.decide("request-0001", fen=1_000_000)
    await gateway.accept(first.decision_id)
    await gateway.decide("request-0002", fen=2_000_000)
    await gateway.decide("request-0003", fen=3_000_000)
    await gateway.decide("request-0004", fen=3_000_000, merchant_id="m2")
    debts = [request.offer.existing_business_debt.units for request in gateway.world.offers]
    assert debts == [0, 10_000, 30_000, 0]


async def test_an_expired_offer_is_no_debt(gateway: Gateway) -> None:
    await gateway.decide("request-0001")
    gateway.world.clock.advance(timedelta(hours=73))
    await gateway.decide("request-0002")
    assert gateway.world.offers[-1].offer.existing_business_debt.units == 0


@pytest.mark.parametrize(
    ("change", "outcome", "expected"),
    [
        ({"party": compliance_pb2.OUTCOME_BLOCK}, DECLINED, ["PARTY_NOT_CLEARED"]),
        ({"party": compliance_pb2.OUTCOME_REFER}, REFERRED, ["PARTY_NOT_CLEARED"]),
        ({"grade": common_pb2.GRADE_E}, DECLINED, ["SALES_FALLING"]),
        ({"scorable": False}, DECLINED, ["NOT_ENOUGH_TRADING_DATA"]),
        ({"fraud": fraud_pb2.FraudAssessment.ACTION_REVIEW}, REFERRED, ["SHARED_ACCOUNT"]),
        ({"fraud": fraud_pb2.FraudAssessment.ACTION_BLOCK}, DECLINED, ["SHARED_ACCOUNT"]),
        ({"down": {"AssessFraud"}}, REFERRED, ["FRAUD_CHECK_UNAVAILABLE"]),
        ({"down": {"CheckParty"}}, REFERRED, ["PARTY_CHECK_UNAVAILABLE"]),
        ({"down": {"Score"}}, REFERRED, ["SCORING_UNAVAILABLE"]),
    ],
)
async def test_the_evidence_may_end_it_before_any_money_is_held(
    gateway: Gateway, change: dict[str, Any], outcome: int, expected: list[str]
) -> None:
    for name, value in change.items():
        setattr(gateway.world, name, value)
    decision = await gateway.decide()
    assert decision.outcome == outcome
    assert codes(decision) == expected
    assert not decision.HasField("offer")
    assert not gateway.world.holds
    assert gateway.world.calls["Reserve"] == gateway.world.calls["CheckOffer"] == 0
    assert json.loads(decision.receipt.record)["reasons"] == expected


async def test_a_decline_by_grade_says_what_would_have_done(gateway: Gateway) -> None:
    gateway.world.grade = common_pb2.GRADE_E
    decision = await gateway.decide()
    assert [(step.code, step.to) for step in decision.recourse] == [("REQUEST_LESS", common_pb2.GRADE_D)]
    gateway.world.down = {"Recourse"}
    without = await gateway.decide("request-0002")
    assert (without.outcome, list(without.recourse)) == (DECLINED, [])
    gateway.world.down, gateway.world.grade = set(), common_pb2.GRADE_B
    asked = gateway.world.calls["Recourse"]
    assert not (await gateway.decide("request-0003")).recourse
    assert gateway.world.calls["Recourse"] == asked


async def test_who_applied_is_looked_at_once_for_each_decision(gateway: Gateway) -> None:
    device = profile_pb2.SharedAttribute(kind=profile_pb2.SharedAttribute.KIND_DEVICE, digest=b"device-1")
    decision = await gateway.decide(attributes=[device])
    again = await gateway.decide(attributes=[device])
    assert again.decision_id == decision.decision_id
    (look,) = gateway.world.looks
    assert (look.application_id, list(look.attributes), look.dry_run) == (decision.decision_id, [device], False)
    await gateway.decide("request-0002", as_of=time_to_proto(START - timedelta(days=1)))
    assert gateway.world.looks[-1].dry_run


async def test_nothing_to_lend_is_declined_with_the_ledgers_reasons(gateway: Gateway) -> None:
    gateway.world.room_fen = 0
    decision = await gateway.decide()
    assert decision.outcome == DECLINED
    assert codes(decision) == ["DEBT_SERVICE"]
    assert not decision.evidence.HasField("rules")


@pytest.mark.parametrize(
    ("change", "outcome", "expected"),
    [
        ({"rules": compliance_pb2.OUTCOME_BLOCK}, DECLINED, ["CN-RATE-03"]),
        ({"rules": compliance_pb2.OUTCOME_REFER}, REFERRED, ["CN-RATE-03"]),
        ({"down": {"CheckOffer"}}, REFERRED, ["RULE_CHECK_UNAVAILABLE"]),
    ],
)
async def test_an_offer_that_the_rules_do_not_pass_holds_nothing(
    gateway: Gateway, change: dict[str, Any], outcome: int, expected: list[str]
) -> None:
    for name, value in change.items():
        setattr(gateway.world, name, value)
    decision = await gateway.decide()
    assert decision.outcome == outcome
    assert codes(decision) == expected
    assert not decision.HasField("offer")
    assert gateway.world.state_of(decision.decision_id) == VOIDED


async def test_a_rule_that_warns_holds_nothing_up(gateway: Gateway) -> None:
    gateway.world.rules = compliance_pb2.OUTCOME_WARN
    gateway.world.party = compliance_pb2.OUTCOME_WARN
    assert (await gateway.decide()).outcome == APPROVED


async def test_without_esg_there_is_no_discount_and_no_harm(gateway: Gateway) -> None:
    gateway.world.down = {"Assess"}
    decision = await gateway.decide()
    assert decision.outcome == APPROVED
    assert not decision.evidence.HasField("esg")
    assert gateway.world.applications[0].esg_discount_bp == 0


async def test_late_is_as_good_as_down(start: Any) -> None:
    async with start(score_deadline_ms=50) as gateway:
        gateway.world.slow_s = {"Score": 5.0}
        decision = await gateway.decide()
        assert decision.outcome == REFERRED
        assert codes(decision) == ["SCORING_UNAVAILABLE"]
        assert "score" not in json.loads(decision.receipt.record)["digests"]


async def test_a_quote_that_the_ledger_refuses_goes_to_a_person(gateway: Gateway) -> None:
    gateway.world.refuse_quotes = True
    decision = await gateway.decide()
    assert decision.outcome == REFERRED
    assert codes(decision) == ["QUOTE_REFUSED"]


async def test_the_green_product_claims_a_green_label(gateway: Gateway) -> None:
    await gateway.decide(product_id="green")
    assert gateway.world.offers[0].offer.green_label
    assert not gateway.world.offers[0].offer.green_evidence


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({"merchant_id": "nobody"}, "NOT_FOUND", "merchant"),
        ({"product_id": "nothing"}, "NOT_FOUND", "product"),
        ({"term_months": 7}, "INVALID_ARGUMENT", "term_months: must be one of 6, 12"),
        ({"repayment_method": common_pb2.REPAYMENT_METHOD_EQUAL_PRINCIPAL}, "INVALID_ARGUMENT", "repayment_method"),
        (
            {"as_of": time_to_proto(START + timedelta(seconds=1))},
            "INVALID_ARGUMENT",
            "as_of: must not be in the future",
        ),
    ],
)
async def test_what_cannot_be_decided_is_refused_and_leaves_nothing(
    gateway: Gateway, changes: dict[str, Any], code: str, said: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await gateway.decide(**changes)
    assert code_of(caught.value) == code
    assert said in str(caught.value.details())
    assert not gateway.world.holds
    answer = await gateway.stub.ListDecisions(decision_pb2.ListDecisionsRequest(), metadata=OPERATOR)
    assert not answer.decisions


@pytest.mark.parametrize("rpc", ["GetProfile", "ListProducts"])
async def test_without_portrait_or_catalogue_no_decision_is_made(gateway: Gateway, rpc: str) -> None:
    gateway.world.down = {rpc}
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await gateway.decide()
    assert code_of(caught.value) == "UNAVAILABLE"
    gateway.world.down = set()
    assert (await gateway.decide()).outcome == APPROVED


async def test_a_hypothetical_decision_holds_nothing_and_is_proved(gateway: Gateway) -> None:
    as_of = time_to_proto(START - timedelta(days=400))
    decision = await gateway.decide(as_of=as_of)
    assert decision.outcome == APPROVED
    assert decision.hypothetical
    assert decision.as_of == as_of
    assert not decision.offer.HasField("expires_at")
    assert not gateway.world.holds
    assert gateway.world.calls["QuoteLimit"] == 1
    assert json.loads(decision.receipt.record)["hypothetical"] == 1
    request = gateway.world.offers[0]
    assert (request.as_of.year, request.as_of.month) == (2025, 1)


async def test_the_catalogue_is_remembered_and_survives_the_ledger(gateway: Gateway) -> None:
    await gateway.decide("request-0001")
    await gateway.decide("request-0002")
    assert gateway.world.calls["ListProducts"] == 1
    gateway.world.clock.advance(timedelta(minutes=5))
    gateway.world.down = {"ListProducts", "ListLenders"}
    assert (await gateway.decide("request-0003")).outcome == APPROVED


TABLES = "select tablename from pg_tables where schemaname = 'public'"


async def test_no_personal_data_is_kept_or_shown(gateway: Gateway, postgres_url: str) -> None:
    decision = await gateway.decide()
    connection = await asyncpg.connect(postgres_url)
    try:
        tables = [row["tablename"] for row in await connection.fetch(TABLES)]
        found = [row for table in tables for row in await connection.fetch(f"select * from {table}")]
    finally:
        await connection.close()
    assert {"decision", "conclusion", "offer", "outbox"} <= set(tables)
    kept = [value for row in found for value in row.values() if isinstance(value, str | bytes)]
    for value in [*kept, decision.SerializeToString()]:
        raw = value.encode() if isinstance(value, str) else value
        for secret in PERSONAL:
            assert secret.encode() not in raw


async def test_many_at_once_share_one_room(gateway: Gateway) -> None:
    gateway.world.room_fen = 25_000_000
    decisions = await asyncio.gather(*(gateway.decide(f"request-{number:04}") for number in range(12)))
    granted = sum(each.offer.amount.units for each in decisions if each.outcome == APPROVED)
    assert granted == 250_000
    assert gateway.world.held_fen() == 25_000_000
    assert len(gateway.world.leaves) == 12


async def test_more_at_once_than_the_bound_are_refused(start: Any) -> None:
    async with start(max_decisions_under_way=1) as gateway:
        gate = gateway.world.gates["GetProfile"] = asyncio.Event()
        first = asyncio.create_task(gateway.decide("request-0001"))
        await asyncio.wait_for(gateway.world.reached.setdefault("GetProfile", asyncio.Event()).wait(), 5)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await gateway.decide("request-0002")
        assert code_of(caught.value) == "RESOURCE_EXHAUSTED"
        gate.set()
        assert (await first).outcome == APPROVED


async def test_only_the_operator_and_the_edge_may_ask(gateway: Gateway) -> None:
    for peer, code in (("limits", "PERMISSION_DENIED"), ("edge", "UNAUTHENTICATED")):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await gateway.stub.Decide(application("request-0001"), metadata=(("x-test-peer", peer),))
        assert code_of(caught.value) == code
