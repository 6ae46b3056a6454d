"""The record of a decision: the leaf of the log, in canonical JSON that anyone can make again and hash.

Canonical means UTF-8, keys sorted by code point, no spaces, whole numbers and texts only, so that one decision has one
form. It holds digests of the evidence, never personal data.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sycee_gateway.domain.decision import Application, Evaluation, Facts, Verdict
from sycee_gateway.domain.evidence import (
    Assessed,
    Offer,
    Portrait,
    Quoted,
    RepaymentMethod,
    RulesChecked,
)
from sycee_gateway.domain.flow import Seen

SCHEMA = "sycee.decision.record.v1"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_METHODS = {int(method): method.name for method in RepaymentMethod}

Json = Mapping[str, "Json | int | str | list[str]"]


def canonical(value: Json) -> bytes:
    """The one form of a record."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def digest(wire: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(wire).hexdigest()


def micros(moment: datetime) -> int:
    """Microseconds since 1970-01-01 UTC, exact."""
    return (moment - _EPOCH) // _MICROSECOND


def gather_facts(portrait: Portrait, seen: Seen, assessed: Assessed | None, policy_version: str) -> Facts:
    """Digests and versions of the evidence that is there; what is missing has no entry."""
    party, scored, fraud = seen
    digests = {"profile": digest(portrait.wire)}
    versions = {"features": portrait.feature_version, "policy": policy_version}
    if party is not None:
        digests["party"] = digest(party.wire)
        versions["lists"] = ",".join(party.list_versions)
    if scored is not None:
        digests["score"] = digest(scored.wire)
        versions["model"] = scored.model_version
    if fraud is not None:
        digests["fraud"] = digest(fraud.wire)
        versions["fraud"] = fraud.model_version
    if assessed is not None:
        digests["esg"] = digest(assessed.wire)
        versions["factors"] = assessed.factor_version
    rated = scored is not None and scored.scorable
    return Facts(
        digests=digests,
        versions=versions,
        score=scored.score if scored is not None and rated else 0,
        grade=scored.grade.name if scored is not None and rated and scored.grade is not None else "",
        default_probability_ppm=round(scored.default_probability * 1_000_000) if scored is not None and rated else 0,
        coverage_ppm=round(portrait.coverage * 1_000_000),
    )


def make_record(
    application: Application,
    evaluation: Evaluation,
    *,
    verdict: Verdict,
    offer: Offer | None,
    quoted: Quoted | None,
    rules: RulesChecked | None,
) -> bytes:
    """The leaf of one decision. Money in fen, rates in basis points, moments in microseconds since 1970 (UTC)."""
    digests = dict(evaluation.facts.digests)
    versions = dict(evaluation.facts.versions)
    if quoted is not None:
        digests["quote"] = digest(quoted.wire)
        versions["catalogue"] = quoted.catalogue_version
    if rules is not None:
        digests["rules"] = digest(rules.wire)
        versions["rules"] = rules.pack_version
    record: dict[str, Json | int | str | list[str]] = {
        "schema": SCHEMA,
        "decision_id": application.decision_id,
        "request_sha256": application.payload_sha256.hex(),
        "merchant_id": application.merchant_id,
        "product_id": application.product_id,
        "requested_fen": application.requested_fen,
        "term_months": application.term_months,
        "outcome": verdict.outcome.name,
        "reasons": [reason.code for reason in verdict.reasons],
        "as_of_us": micros(evaluation.as_of),
        "decided_at_us": micros(evaluation.decided_at),
        "hypothetical": int(application.hypothetical),
        "simulated": int(evaluation.simulated),
        "score": evaluation.facts.score,
        "grade": evaluation.facts.grade,
        "default_probability_ppm": evaluation.facts.default_probability_ppm,
        "coverage_ppm": evaluation.facts.coverage_ppm,
        "digests": digests,
        "versions": versions,
    }
    if offer is not None:
        record["offer"] = _offer(offer)
    return canonical(record)


def _offer(offer: Offer) -> Json:
    terms: dict[str, Json | int | str | list[str]] = {
        "lender_id": offer.lender_id,
        "amount_fen": offer.amount_fen,
        "term_months": offer.term_months,
        "repayment_method": _METHODS.get(offer.repayment_method, "UNSPECIFIED"),
        "nominal_rate_bp": offer.nominal_rate_bp,
        "effective_rate_bp": offer.effective_rate_bp,
        "first_payment_fen": offer.first_payment_fen,
        "total_cost_fen": offer.total_cost_fen,
    }
    if offer.expires_at is not None:
        terms["expires_at_us"] = micros(offer.expires_at)
    return terms
