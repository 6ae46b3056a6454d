"""Decisions as rows of their tables and back; explicit, column by column."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sycee_gateway.domain.decision import (
    Acceptance,
    Application,
    Conclusion,
    Decision,
    Evaluation,
    Facts,
    Outcome,
    Receipt,
    State,
    Step,
    Verdict,
)
from sycee_gateway.domain.evidence import CONSUMPTION, Debt, Debts, Offer, Reason

HASH_BYTES = 32

DECISION_COLUMNS = (
    "decision_id",
    "caller",
    "request_id",
    "payload_sha256",
    "merchant_id",
    "product_id",
    "requested_fen",
    "term_months",
    "repayment_method",
    "hypothetical",
    "as_of",
    "decided_at",
    "policy_version",
    "borrower_kind",
    "purpose",
    "simulated",
    "facts",
    "steps",
    "profile",
    "score",
    "assessment",
    "party",
    "fraud",
    "recourse",
    "quote_request",
)
CONCLUSION_COLUMNS = ("outcome", "reasons", "more_steps", "record", "quote", "rules", "release_due")
OFFER_COLUMNS = (
    "lender_id",
    "lender_kind",
    "amount_fen",
    "offer_term_months",
    "offer_repayment_method",
    "nominal_rate_bp",
    "effective_rate_bp",
    "first_payment_fen",
    "total_cost_fen",
    "expires_at",
    "debtor_id",
    "offered_at",
    "consumption",
)
RECEIPT_COLUMNS = ("leaf_index", "inclusion_path", "tree_head")
ACCEPTANCE_COLUMNS = ("accept_key", "accepted_at", "facility_id", "facility")
BULKY_COLUMNS = frozenset(
    {"profile", "score", "assessment", "party", "fraud", "recourse", "quote_request", "record", "quote", "rules"}
)
"""What a list leaves out."""

COLUMNS = (
    *DECISION_COLUMNS,
    "debts",
    *CONCLUSION_COLUMNS,
    *OFFER_COLUMNS,
    *RECEIPT_COLUMNS,
    *ACCEPTANCE_COLUMNS,
)
"""Of one row that has all of a decision."""


def decision_values(decision: Decision) -> tuple[object, ...]:
    """The values of DECISION_COLUMNS."""
    application, evaluation = decision.application, decision.evaluation
    return (
        application.decision_id,
        application.caller,
        application.request_id,
        application.payload_sha256,
        application.merchant_id,
        application.product_id,
        application.requested_fen,
        application.term_months,
        application.repayment_method,
        application.hypothetical,
        evaluation.as_of,
        evaluation.decided_at,
        evaluation.policy_version,
        evaluation.borrower_kind,
        evaluation.purpose,
        evaluation.simulated,
        _facts_text(evaluation.facts),
        _steps_text(evaluation.steps),
        evaluation.profile,
        evaluation.score,
        evaluation.assessment,
        evaluation.party,
        evaluation.fraud,
        evaluation.recourse,
        evaluation.quote_request,
    )


def conclusion_values(decision: Decision) -> tuple[object, ...]:
    """The values of CONCLUSION_COLUMNS. Raises ValueError for a decision without a conclusion."""
    conclusion = decision.conclusion
    if conclusion is None:
        raise ValueError("the decision has no conclusion")
    return (
        conclusion.verdict.outcome,
        _reasons_text(conclusion.verdict.reasons),
        _steps_text(conclusion.steps),
        conclusion.record,
        conclusion.quote,
        conclusion.rules,
        conclusion.release_due,
    )


def offer_values(decision: Decision) -> tuple[object, ...]:
    """The values of OFFER_COLUMNS, all None when there is no offer."""
    offer = decision.conclusion.offer if decision.conclusion is not None else None
    if offer is None:
        return (None,) * len(OFFER_COLUMNS)
    return (
        offer.lender_id,
        offer.lender_kind,
        offer.amount_fen,
        offer.term_months,
        offer.repayment_method,
        offer.nominal_rate_bp,
        offer.effective_rate_bp,
        offer.first_payment_fen,
        offer.total_cost_fen,
        offer.expires_at,
        decision.application.merchant_id,
        decision.evaluation.decided_at,
        decision.evaluation.purpose == CONSUMPTION,
    )


def decision(row: Mapping[str, Any]) -> Decision:
    """A decision out of a row of COLUMNS; bulky ones may be null, as a list leaves them."""
    conclusion, receipt = _conclusion(row), _receipt(row)
    return Decision(
        application=Application(
            decision_id=row["decision_id"],
            caller=row["caller"],
            request_id=row["request_id"],
            payload_sha256=row["payload_sha256"],
            merchant_id=row["merchant_id"],
            product_id=row["product_id"],
            requested_fen=row["requested_fen"],
            term_months=row["term_months"],
            repayment_method=row["repayment_method"],
            hypothetical=row["hypothetical"],
        ),
        evaluation=Evaluation(
            as_of=row["as_of"],
            decided_at=row["decided_at"],
            policy_version=row["policy_version"],
            borrower_kind=row["borrower_kind"],
            purpose=row["purpose"],
            simulated=row["simulated"],
            facts=Facts(**json.loads(row["facts"])),
            profile=row["profile"] or b"",
            score=row["score"],
            assessment=row["assessment"],
            party=row["party"],
            fraud=row["fraud"],
            recourse=row["recourse"],
            quote_request=row["quote_request"],
            steps=_steps(row["steps"]),
            debts=debts(row["debts"]),
        ),
        state=_state(conclusion, receipt),
        conclusion=conclusion,
        receipt=receipt,
        acceptance=_acceptance(row),
    )


def debts(text: str) -> Debts:
    """Debts by lender out of their column."""
    return {lender_id: Debt(*fen) for lender_id, fen in json.loads(text).items()}


def path_bytes(receipt: Receipt) -> bytes:
    """The inclusion path in one column."""
    return b"".join(receipt.inclusion_path)


def _state(conclusion: Conclusion | None, receipt: Receipt | None) -> State:
    if conclusion is None:
        return State.EVALUATED
    return State.DECIDED if receipt is None else State.SEALED


def _conclusion(row: Mapping[str, Any]) -> Conclusion | None:
    if row["outcome"] is None:
        return None
    return Conclusion(
        verdict=Verdict(Outcome(row["outcome"]), tuple(Reason(*each) for each in json.loads(row["reasons"]))),
        offer=_offer(row),
        steps=_steps(row["more_steps"]),
        record=row["record"] or b"",
        quote=row["quote"],
        rules=row["rules"],
        release_due=row["release_due"],
    )


def _offer(row: Mapping[str, Any]) -> Offer | None:
    if row["lender_id"] is None:
        return None
    return Offer(
        lender_id=row["lender_id"],
        lender_kind=row["lender_kind"],
        amount_fen=row["amount_fen"],
        term_months=row["offer_term_months"],
        repayment_method=row["offer_repayment_method"],
        nominal_rate_bp=row["nominal_rate_bp"],
        effective_rate_bp=row["effective_rate_bp"],
        first_payment_fen=row["first_payment_fen"],
        total_cost_fen=row["total_cost_fen"],
        expires_at=row["expires_at"],
    )


def _receipt(row: Mapping[str, Any]) -> Receipt | None:
    if row["leaf_index"] is None:
        return None
    path: bytes = row["inclusion_path"]
    hashes = tuple(path[start : start + HASH_BYTES] for start in range(0, len(path), HASH_BYTES))
    return Receipt(row["leaf_index"], hashes, row["tree_head"])


def _acceptance(row: Mapping[str, Any]) -> Acceptance | None:
    if row["accept_key"] is None:
        return None
    return Acceptance(row["accept_key"], row["accepted_at"], row["facility_id"] or "", row["facility"] or b"")


def _facts_text(facts: Facts) -> str:
    return json.dumps(
        {
            "digests": facts.digests,
            "versions": facts.versions,
            "score": facts.score,
            "grade": facts.grade,
            "default_probability_ppm": facts.default_probability_ppm,
            "coverage_ppm": facts.coverage_ppm,
        }
    )


def _steps_text(steps: tuple[Step, ...]) -> str:
    return json.dumps([(step.name, step.elapsed_us) for step in steps])


def _steps(text: str) -> tuple[Step, ...]:
    return tuple(Step(name, elapsed_us) for name, elapsed_us in json.loads(text))


def _reasons_text(reasons: tuple[Reason, ...]) -> str:
    return json.dumps([(each.code, each.text_zh, each.text_en, each.contribution) for each in reasons])
