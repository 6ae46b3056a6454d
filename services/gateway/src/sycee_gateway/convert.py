"""Decisions as the contract has them, and requests as the use cases take them."""

from __future__ import annotations

import hashlib

from sycee.common.v1 import common_pb2
from sycee.decision.v1 import decision_pb2
from sycee.limits.v1 import limits_pb2
from sycee.scoring.v1.explanation_pb2 import RecourseResponse
from sycee_service.wire import fen_to_money, money_to_fen, time_from_proto, time_to_proto

from sycee_gateway.domain.decision import Asked, Conclusion, Decision, Outcome, Receipt
from sycee_gateway.domain.evidence import Offer, Reason

_PPM = 1_000_000
_OUTCOMES = {
    Outcome.APPROVED: decision_pb2.DECISION_OUTCOME_APPROVED,
    Outcome.DECLINED: decision_pb2.DECISION_OUTCOME_DECLINED,
    Outcome.REFERRED: decision_pb2.DECISION_OUTCOME_REFERRED,
}


def asked(request: decision_pb2.DecideRequest, caller: str) -> Asked:
    """A request for a decision. Raises InvalidArgument naming the field."""
    return Asked(
        caller=caller,
        request_id=request.request_id,
        payload_sha256=hashlib.sha256(request.SerializeToString(deterministic=True)).digest(),
        merchant_id=request.merchant_id,
        product_id=request.product_id,
        requested_fen=money_to_fen("requested_amount", request.requested_amount),
        term_months=request.term_months,
        repayment_method=request.repayment_method,
        as_of=time_from_proto("as_of", request.as_of) if request.HasField("as_of") else None,
        attributes=tuple((attribute.kind, attribute.digest) for attribute in request.attributes),
    )


def accept_key(request: decision_pb2.AcceptOfferRequest, caller: str) -> bytes:
    """Names an accepting request, whatever decision it is about."""
    return hashlib.sha256(f"{caller}\0{request.request_id}".encode()).digest()


def decision(given: Decision, *, full: bool = True) -> decision_pb2.Decision:
    """A decision that was made; without evidence and receipt unless `full`."""
    application, evaluation = given.application, given.evaluation
    answer = decision_pb2.Decision(
        decision_id=application.decision_id,
        merchant_id=application.merchant_id,
        product_id=application.product_id,
        requested_amount=fen_to_money(application.requested_fen),
        term_months=application.term_months,
        as_of=time_to_proto(evaluation.as_of),
        decided_at=time_to_proto(evaluation.decided_at),
        policy_version=evaluation.policy_version,
        hypothetical=application.hypothetical,
        simulated=evaluation.simulated,
    )
    conclusion = given.conclusion
    if conclusion is not None:
        answer.outcome = _OUTCOMES[conclusion.verdict.outcome]
        answer.reasons.extend(map(_reason, conclusion.verdict.reasons))
        if conclusion.offer is not None:
            answer.offer.CopyFrom(_offer(conclusion.offer))
        if full:
            if evaluation.recourse is not None:
                answer.recourse.extend(RecourseResponse.FromString(evaluation.recourse).steps)
            _fill_evidence(answer.evidence, given, conclusion)
            if given.receipt is not None:
                _fill_receipt(answer.receipt, application.decision_id, conclusion.record, given.receipt)
    if given.acceptance is not None and given.acceptance.accepted_at is not None:
        answer.accepted_at.CopyFrom(time_to_proto(given.acceptance.accepted_at))
        answer.facility_id = given.acceptance.facility_id
    return answer


def facility(given: Decision) -> limits_pb2.Facility:
    """The facility of an accepted decision, as the ledger gave it."""
    return limits_pb2.Facility.FromString(given.acceptance.facility if given.acceptance is not None else b"")


def _reason(reason: Reason) -> common_pb2.Reason:
    return common_pb2.Reason(
        code=reason.code, text_zh=reason.text_zh, text_en=reason.text_en, contribution=reason.contribution
    )


def _offer(offer: Offer) -> decision_pb2.LoanOffer:
    answer = decision_pb2.LoanOffer(
        lender_id=offer.lender_id,
        amount=fen_to_money(offer.amount_fen),
        term_months=offer.term_months,
        repayment_method=common_pb2.RepaymentMethod.ValueType(offer.repayment_method),
        nominal_rate_bp=offer.nominal_rate_bp,
        effective_rate_bp=offer.effective_rate_bp,
        first_payment=fen_to_money(offer.first_payment_fen),
        total_cost=fen_to_money(offer.total_cost_fen),
    )
    if offer.expires_at is not None:
        answer.expires_at.CopyFrom(time_to_proto(offer.expires_at))
    return answer


def _fill_evidence(answer: decision_pb2.Evidence, given: Decision, conclusion: Conclusion) -> None:
    """Stored bytes are parsed into their place; what was missing stays unset."""
    evaluation = given.evaluation
    answer.profile_sha256 = evaluation.facts.digests["profile"]
    answer.feature_version = evaluation.facts.versions["features"]
    answer.coverage = evaluation.facts.coverage_ppm / _PPM
    for part, wire in (
        (answer.score, evaluation.score),
        (answer.esg, evaluation.assessment),
        (answer.party, evaluation.party),
        (answer.fraud, evaluation.fraud),
        (answer.quote, conclusion.quote),
        (answer.rules, conclusion.rules),
    ):
        if wire is not None:
            part.SetInParent()
            part.MergeFromString(wire)
    for step in given.steps:
        answer.steps.add(step=step.name, elapsed_us=step.elapsed_us)


def _fill_receipt(answer: decision_pb2.Receipt, decision_id: str, record: bytes, receipt: Receipt) -> None:
    answer.decision_id = decision_id
    answer.record = record
    answer.leaf_index = receipt.leaf_index
    answer.inclusion_path.extend(receipt.inclusion_path)
    answer.tree_head.MergeFromString(receipt.tree_head)
