"""What the other services answer, as evidence. Total: an answer that says something unknown is read at its worst."""

from __future__ import annotations

import math
from collections.abc import Iterable

from google.protobuf.message import Message
from sycee.common.v1 import common_pb2
from sycee.compliance.v1 import compliance_pb2
from sycee.esg.v1 import esg_pb2
from sycee.ingestion.v1 import ingestion_pb2, profile_pb2
from sycee.limits.v1 import limits_pb2
from sycee.scoring.v1 import explanation_pb2, fraud_pb2, score_pb2
from sycee_service.wire import money_to_fen, time_from_proto

from sycee_gateway.domain import flow
from sycee_gateway.domain.decision import Receipt
from sycee_gateway.domain.evidence import (
    Assessed,
    Check,
    DataQuality,
    FraudCheck,
    Grade,
    Lender,
    Offer,
    PartyCheck,
    Portrait,
    Product,
    Quoted,
    Reason,
    RulesChecked,
    Scored,
)

_CHECKS = {int(check): check for check in Check}
_FRAUD_ACTIONS = {
    int(fraud_pb2.FraudAssessment.ACTION_ALLOW): Check.PASS,
    int(fraud_pb2.FraudAssessment.ACTION_REVIEW): Check.REFER,
    int(fraud_pb2.FraudAssessment.ACTION_BLOCK): Check.BLOCK,
}
_GRADES = {int(grade): grade for grade in Grade}
_MAX_DISCOUNT_BP = 50
_MAX_MONTHS = 1200


def reasons(given: Iterable[common_pb2.Reason]) -> tuple[Reason, ...]:
    """Reasons, in the order given."""
    return tuple(Reason(each.code, each.text_zh, each.text_en, each.contribution) for each in given)


def portrait(answer: ingestion_pb2.GetProfileResponse) -> Portrait:
    """A merchant's portrait. A section that is absent counts as zero where a number is asked for (missing, not bad)."""
    profile = answer.profile
    monthly_12m_fen, monthly_3m_adjusted_fen = _sizing_sales(profile)
    traits, trade, bureau = profile.traits, profile.trade, profile.bureau
    return Portrait(
        merchant_id=profile.merchant_id,
        as_of=time_from_proto("profile.as_of", profile.as_of),
        feature_version=profile.feature_version,
        coverage=_share(profile.coverage),
        borrower_kind=traits.borrower_kind,
        register_status=traits.register_status,
        province_code=traits.province_code,
        simulated=traits.simulated,
        monthly_net_fen=flow.monthly_net_fen(monthly_12m_fen, monthly_3m_adjusted_fen),
        months_of_history=min(trade.months_of_history, _MAX_MONTHS),
        other_debt_fen=max(bureau.outstanding_fen, 0),
        other_debt_service_fen=max(bureau.monthly_debt_service_fen, 0),
        peak_28d_share=_share(trade.peak_28d_share),
        has_bureau_report=profile.HasField("bureau"),
        quality=_quality(profile),
        wire=_wire(profile),
        message=profile,
        identity=answer.identity,
    )


def _sizing_sales(profile: profile_pb2.Profile) -> tuple[int, int]:
    """The two means of LM-01, without brushed orders where those were judged."""
    trade = profile.trade
    if profile.HasField("brushing"):
        return trade.monthly_clean_12m_fen, trade.monthly_clean_3m_adjusted_fen
    return trade.monthly_net_12m_fen, trade.monthly_net_3m_adjusted_fen


def _quality(profile: profile_pb2.Profile) -> DataQuality:
    severe = profile_pb2.QualityDefect.SEVERITY_SEVERE
    return DataQuality(
        score=profile.quality.score if profile.HasField("quality") else None,
        severe=tuple(
            Reason(defect.code, defect.text_zh, defect.text_en)
            for defect in profile.quality.defects
            if defect.severity >= severe
        ),
        fake_amount_share=_share(profile.brushing.fake_amount_share_365d),
    )


def party(answer: compliance_pb2.CheckPartyResponse) -> PartyCheck:
    """Identity, screening and consent."""
    return PartyCheck(
        outcome=_CHECKS.get(answer.outcome, Check.REFER),
        reasons=reasons(answer.reasons),
        list_versions=tuple(answer.screening.list_versions),
        wire=_wire(answer),
    )


def scored(answer: score_pb2.ScoreResponse) -> Scored:
    """A score. A probability that is none reads as certain default."""
    score = answer.score
    probability = score.default_probability.value
    return Scored(
        scorable=score.scorable,
        score=score.score,
        grade=_GRADES.get(score.grade),
        default_probability=probability if 0.0 <= probability <= 1.0 else 1.0,
        reasons=reasons(score.reasons),
        model_version=score.model_version,
        wire=_wire(score),
    )


def fraud(answer: fraud_pb2.AssessFraudResponse) -> FraudCheck:
    """What looks like fraud. An action that is not known reads as one that a person must take."""
    assessment = answer.assessment
    return FraudCheck(
        outcome=_FRAUD_ACTIONS.get(assessment.action, Check.REFER),
        reasons=tuple(
            Reason(signal.code, signal.text_zh, signal.text_en, -float(signal.points)) for signal in assessment.signals
        ),
        score=assessment.score,
        model_version=assessment.model_version,
        wire=_wire(assessment),
    )


def recourse(answer: explanation_pb2.RecourseResponse) -> bytes | None:
    """The change that would do; None where there is none."""
    return _wire(answer) if answer.steps else None


def assessed(answer: esg_pb2.AssessResponse) -> Assessed:
    """An ESG assessment; the discount never exceeds what the rules allow (ESG-11)."""
    assessment = answer.assessment
    return Assessed(
        discount_bp=min(assessment.discount_bp, _MAX_DISCOUNT_BP),
        factor_version=assessment.factor_version,
        wire=_wire(assessment),
    )


def quoted(quote: limits_pb2.Quote, reservation: limits_pb2.Reservation | None) -> Quoted:
    """A quote, with the hold behind it where there is one. Raises InvalidArgument when its amounts are no amounts."""
    held = reservation if reservation is not None and reservation.HasField("expires_at") else None
    offer = None
    if quote.offered:
        offer = Offer(
            lender_id=quote.lender_id,
            lender_kind=quote.lender_kind,
            amount_fen=money_to_fen("quote.amount", quote.amount),
            term_months=quote.term_months,
            repayment_method=quote.repayment_method,
            nominal_rate_bp=quote.nominal_rate_bp,
            effective_rate_bp=quote.effective_rate_bp,
            first_payment_fen=money_to_fen("quote.first_payment", quote.first_payment),
            total_cost_fen=money_to_fen("quote.total_cost", quote.total_cost),
            expires_at=time_from_proto("reservation.expires_at", held.expires_at) if held is not None else None,
        )
    return Quoted(offer, reasons(quote.reasons), quote.catalogue_version, _wire(quote))


def rules(answer: compliance_pb2.CheckOfferResponse) -> RulesChecked:
    """What the rules say; the reasons are those of the results that refer or block, worst first."""
    outcome = _CHECKS.get(answer.outcome, Check.REFER)
    against = [result for result in answer.results if result.outcome >= Check.REFER]
    against.sort(key=lambda result: -result.outcome)
    return RulesChecked(
        outcome=outcome,
        reasons=reasons(result.reason for result in against),
        pack_version=answer.pack_version,
        wire=_wire(answer),
    )


def receipt(answer: compliance_pb2.AppendRecordResponse) -> Receipt:
    """The proof of a record."""
    return Receipt(answer.leaf_index, tuple(answer.inclusion_path), _wire(answer.tree_head))


def product(given: limits_pb2.Product) -> Product:
    """A product of the catalogue."""
    return Product(
        product_id=given.product_id,
        purpose=given.purpose,
        min_fen=money_to_fen("product.min_amount", given.min_amount),
        max_fen=money_to_fen("product.max_amount", given.max_amount),
        sales_multiple_milli=given.sales_multiple_milli,
        terms_months=tuple(given.terms_months),
        repayment_methods=tuple(given.repayment_methods),
    )


def lender(given: limits_pb2.Lender) -> Lender:
    """A lender of the catalogue."""
    capital_fen = money_to_fen("lender.capital", given.capital) if given.HasField("capital") else None
    return Lender(given.lender_id, given.kind, capital_fen)


def _wire(message: Message) -> bytes:
    return message.SerializeToString(deterministic=True)


def _share(value: float) -> float:
    return min(max(value, 0.0), 1.0) if math.isfinite(value) else 0.0
