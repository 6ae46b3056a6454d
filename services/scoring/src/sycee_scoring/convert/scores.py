"""Messages to evidence and results to messages. Total: bad input is InvalidArgument that names the field."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import Final

from google.type.date_pb2 import Date
from sycee.common.v1.common_pb2 import Grade as ProtoGrade
from sycee.common.v1.common_pb2 import Reason as ProtoReason
from sycee.ingestion.v1 import profile_pb2
from sycee.scoring.v1 import score_pb2
from sycee_service.clock import business_day
from sycee_service.errors import InvalidArgument
from sycee_service.wire import date_from_proto, money_to_fen, time_from_proto

from sycee_scoring.domain.cashflow import MAX_WEEKS
from sycee_scoring.domain.combine import Result
from sycee_scoring.domain.evidence import BureauReport, Evidence, Invoices, Loan, Repayments, Trade, Traits
from sycee_scoring.domain.reasons import Reason
from sycee_scoring.domain.scale import HORIZON_MONTHS
from sycee_scoring.service.scores import Unscorable

FIRST_YEAR: Final = 1990
LAST_YEAR: Final = 2999
"""Years in which `as_of` may lie: a portrait before the first one has no events, since ingestion takes none."""

MAX_TERM_MONTHS: Final = 60

BEST_QUALITY: Final = 100

_SALE_COUNT: Final = "sale_invoice_365d_count"
_VOIDED_SHARE: Final = "sale_void_365d_share"
_HERFINDAHL: Final = "customer_hhi_365d_ratio"
_PURCHASES: Final = "purchases_to_sales_365d_ratio"
_INVOICE_FEATURES: Final = frozenset({_SALE_COUNT, _VOIDED_SHARE, _HERFINDAHL, _PURCHASES})

_MOST_VOIDED: Final = 0.999
"""Of all invoices: where each one was voided, none counts as sold, and the share says no more than this."""


def evidence_from_proto(request: score_pb2.ScoreRequest) -> Evidence:
    """The evidence in a request. Raises InvalidArgument for what cannot be: amounts, days or rates out of range, days
    after `as_of`, a profile that is missing."""
    if not request.HasField("profile"):
        raise InvalidArgument("profile", "is required")
    profile = request.profile
    as_of = time_from_proto("profile.as_of", profile.as_of)
    if not FIRST_YEAR <= as_of.year <= LAST_YEAR:
        rule = f"must lie within the years {FIRST_YEAR} to {LAST_YEAR}"
        raise InvalidArgument("profile.as_of", rule, value=as_of.isoformat())
    day = business_day(as_of)
    return Evidence(
        merchant_id=profile.merchant_id,
        as_of=as_of,
        day=day,
        loan=_loan(request),
        traits=_traits(profile.traits) if profile.HasField("traits") else None,
        trade=_trade(profile.trade, day, clean=profile.HasField("brushing")) if profile.HasField("trade") else None,
        fee_share=_fee_share(profile.settlements) if profile.HasField("settlements") else None,
        bureau=_bureau(profile.bureau, day) if profile.HasField("bureau") else None,
        repayments=_repayments(profile.repayments) if profile.HasField("repayments") else None,
        invoices=_invoices(profile) if profile.HasField("invoices") else None,
        quality=_quality(profile.quality) if profile.HasField("quality") else 1.0,
    )


def _loan(request: score_pb2.ScoreRequest) -> Loan:
    if not 1 <= request.term_months <= MAX_TERM_MONTHS:
        raise InvalidArgument("term_months", f"must be from 1 to {MAX_TERM_MONTHS}", value=request.term_months)
    return Loan(money_to_fen("requested_amount", request.requested_amount), request.term_months)


def _traits(traits: profile_pb2.Traits) -> Traits:
    opened = date_from_proto("profile.traits.opened_on", traits.opened_on) if traits.HasField("opened_on") else None
    return Traits(traits.category, opened, traits.employee_count if traits.HasField("employee_count") else None)


def _trade(trade: profile_pb2.Trade, day: date, *, clean: bool) -> Trade:
    """Sales without brushed orders where those were judged, else as they are."""
    for name in ("first_day", "last_day", "weekly_first_day"):
        if trade.HasField(name):
            _past_day(f"profile.trade.{name}", getattr(trade, name), day)
    weekly = "weekly_clean_fen" if clean else "weekly_net_fen"
    weekly_fen = tuple(getattr(trade, weekly))
    if len(weekly_fen) > MAX_WEEKS:
        raise InvalidArgument(f"profile.trade.{weekly}", f"must hold at most {MAX_WEEKS} weeks", value=len(weekly_fen))
    return Trade(
        months_of_history=trade.months_of_history,
        monthly_net_12m_fen=trade.monthly_clean_12m_fen if clean else trade.monthly_net_12m_fen,
        monthly_net_3m_adjusted_fen=(
            trade.monthly_clean_3m_adjusted_fen if clean else trade.monthly_net_3m_adjusted_fen
        ),
        refund_rate=_rate("profile.trade.refund_rate_180d", trade.refund_rate_180d),
        weekly_net_fen=weekly_fen,
    )


def _invoices(profile: profile_pb2.Profile) -> Invoices:
    """What invoices add, out of the features that tell of sales alone: the section counts voided ones of both sides."""
    found = {feature.name: feature.value for feature in profile.features if feature.name in _INVOICE_FEATURES}
    for name, value in found.items():
        if not (math.isfinite(value) and value >= 0.0):
            raise InvalidArgument(f"profile.features[{name}]", "must be a finite number from 0 up", value=value)
    sale_count = round(found.get(_SALE_COUNT, 0.0))
    voided_share = min(found.get(_VOIDED_SHARE, 0.0), _MOST_VOIDED)
    herfindahl = found.get(_HERFINDAHL)
    return Invoices(
        sale_count=sale_count,
        voided_count=round(sale_count * voided_share / (1.0 - voided_share)),
        customer_herfindahl=None if herfindahl is None else min(herfindahl, 1.0),
        purchases_to_sales=found.get(_PURCHASES),
    )


def _quality(quality: profile_pb2.Quality) -> float:
    if quality.score > BEST_QUALITY:
        raise InvalidArgument("profile.quality.score", f"must be at most {BEST_QUALITY}", value=quality.score)
    return quality.score / BEST_QUALITY


def _fee_share(settlements: profile_pb2.Settlements) -> float | None:
    """Share of payouts before fees that platforms kept; None where nothing was paid out."""
    net, fee = settlements.net_fen, settlements.fee_fen
    for name, value in (("net_fen", net), ("fee_fen", fee)):
        if value < 0:
            raise InvalidArgument(f"profile.settlements.{name}", "must not be negative", value=value)
    return fee / (net + fee) if net + fee > 0 else None


def _bureau(bureau: profile_pb2.Bureau, day: date) -> BureauReport:
    for name in ("outstanding_fen", "credit_lines_fen", "monthly_debt_service_fen"):
        if getattr(bureau, name) < 0:
            raise InvalidArgument(f"profile.bureau.{name}", "must not be negative", value=getattr(bureau, name))
    return BureauReport(
        report_date=_past_day("profile.bureau.report_date", bureau.report_date, day),
        outstanding_fen=bureau.outstanding_fen,
        credit_lines_fen=bureau.credit_lines_fen,
        monthly_debt_service_fen=bureau.monthly_debt_service_fen,
        months_overdue_24m=bureau.months_overdue_24m,
        worst_overdue_24m=bureau.worst_overdue_24m,
        enquiries_3m=bureau.enquiries_3m,
        public_records=bureau.public_records,
    )


def _repayments(repayments: profile_pb2.RepaymentRecord) -> Repayments:
    return Repayments(repayments.repayment_count, repayments.worst_days_past_due)


def _past_day(field: str, value: Date, day: date) -> date:
    """A day up to the day of the portrait; one day later is borne, for clocks in other time zones."""
    found = date_from_proto(field, value)
    if found > day + timedelta(days=1):
        raise InvalidArgument(field, "must not lie after profile.as_of", value=found.isoformat())
    return found


def _rate(field: str, value: float) -> float:
    if not (math.isfinite(value) and value >= 0.0):
        raise InvalidArgument(field, "must be a finite number from 0 up", value=value)
    return value


def score_to_proto(request: score_pb2.ScoreRequest, result: Result | Unscorable) -> score_pb2.Score:
    """The answer to a request. `as_of` goes back as it came, to the nanosecond."""
    score = score_pb2.Score(
        merchant_id=request.profile.merchant_id,
        as_of=request.profile.as_of,
        scorable=isinstance(result, Result),
        reasons=[_reason(reason) for reason in result.reasons],
        coverage=result.coverage,
    )
    if not isinstance(result, Result):
        return score
    probability = score.default_probability
    probability.value, probability.low, probability.high = result.default_probability, result.low, result.high
    score.horizon_months = HORIZON_MONTHS
    score.score = result.score
    score.grade = ProtoGrade.ValueType(result.grade)
    score.model_version = result.version
    for part in result.parts:
        score.components.add(
            name=part.name, version=part.version, default_probability=part.default_probability, weight=part.weight
        )
    return score


def _reason(reason: Reason) -> ProtoReason:
    return ProtoReason(
        code=reason.code, text_zh=reason.text_zh, text_en=reason.text_en, contribution=reason.contribution
    )
