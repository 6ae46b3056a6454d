"""Whether a decision says what its record in the log says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money
from sycee.common.v1.common_pb2 import RepaymentMethod
from sycee.decision.v1.decision_pb2 import Decision, DecisionOutcome, LoanOffer

from sycee_client.receipts import MalformedReceipt, RecordMismatch, verify_receipt


def verify_decision(decision: Decision, public_key: Ed25519PublicKey) -> dict[str, Any]:
    """Checks a decision's receipt, and that the decision says no other thing than its record; answers with the record.

    Raises a ReceiptError that says what does not hold. Times and money compare exactly. What only the decision holds
    (the wording of reasons, the evidence) is covered by the digests in the record, and not compared here.
    """
    if not decision.HasField("receipt"):
        raise MalformedReceipt(f"decision {decision.decision_id!r} has no receipt yet")
    record = verify_receipt(decision.receipt, public_key)
    if decision.HasField("offer") != ("offer" in record):
        raise RecordMismatch("only one of the decision and its record holds an offer")
    _compare(record, _facts(decision), "")
    if decision.HasField("offer"):
        _compare(record["offer"], _offer_facts(decision.offer), "offer.")
    return record


def _compare(record: Mapping[str, Any], facts: Mapping[str, object], where: str) -> None:
    for name, said in facts.items():
        if record.get(name) != said:
            raise RecordMismatch(f"{where}{name} is {said!r} in the decision and {record.get(name)!r} in its record")


def _facts(decision: Decision) -> dict[str, object]:
    return {
        "decision_id": decision.decision_id,
        "merchant_id": decision.merchant_id,
        "product_id": decision.product_id,
        "requested_fen": _fen(decision.requested_amount),
        "term_months": decision.term_months,
        "outcome": _word(DecisionOutcome, decision.outcome, "DECISION_OUTCOME_"),
        "reasons": [reason.code for reason in decision.reasons],
        "as_of_us": _us(decision.as_of),
        "decided_at_us": _us(decision.decided_at),
        "hypothetical": int(decision.hypothetical),
        "simulated": int(decision.simulated),
    }


def _offer_facts(offer: LoanOffer) -> dict[str, object]:
    facts: dict[str, object] = {
        "lender_id": offer.lender_id,
        "amount_fen": _fen(offer.amount),
        "term_months": offer.term_months,
        "repayment_method": _word(RepaymentMethod, offer.repayment_method, "REPAYMENT_METHOD_"),
        "nominal_rate_bp": offer.nominal_rate_bp,
        "effective_rate_bp": offer.effective_rate_bp,
        "first_payment_fen": _fen(offer.first_payment),
        "total_cost_fen": _fen(offer.total_cost),
    }
    if offer.HasField("expires_at"):
        facts["expires_at_us"] = _us(offer.expires_at)
    return facts


def _word(kind: Any, value: int, prefix: str) -> str:
    """An enum's value as the record says it; one that this version does not know by its number."""
    known = kind.DESCRIPTOR.values_by_number.get(value)
    return str(value) if known is None else str(known.name).removeprefix(prefix)


def _fen(money: Money) -> int:
    return int(money.units * 100 + money.nanos // 10_000_000)


def _us(moment: Timestamp) -> int:
    return moment.seconds * 1_000_000 + moment.nanos // 1_000
