"""The other services over gRPC: one method a question, each with its own deadline."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

import sycee_client.errors as client_errors
from google.protobuf.duration_pb2 import Duration
from sycee.common.v1 import common_pb2
from sycee.compliance.v1 import compliance_pb2
from sycee.esg.v1 import esg_pb2
from sycee.ingestion.v1 import ingestion_pb2, profile_pb2
from sycee.limits.v1 import limits_pb2
from sycee.scoring.v1 import explanation_pb2, fraud_pb2, score_pb2
from sycee_client import SyceeClient
from sycee_service import errors
from sycee_service.clock import business_day
from sycee_service.wire import date_to_proto, fen_to_money, time_to_proto

from sycee_gateway import answers
from sycee_gateway.domain.decision import Application, Asked, Receipt
from sycee_gateway.domain.evidence import (
    Assessed,
    FraudCheck,
    Grade,
    Lender,
    OfferFacts,
    PartyCheck,
    Portrait,
    Product,
    Quoted,
    RulesChecked,
    Scored,
)
from sycee_gateway.domain.policy import Disclosure

T = TypeVar("T")

WHOLE_BP = 10_000
_PAGE_SIZE = 500
_RETRY_AFTER_MS = 500


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long each step may take, in seconds."""

    profile_s: float
    party_s: float
    score_s: float
    fraud_s: float
    recourse_s: float
    esg_s: float
    ledger_s: float
    rules_s: float
    log_s: float


class GrpcPeers:
    """Implements `ports.Peers` over the client library."""

    def __init__(self, client: SyceeClient, deadlines: Deadlines) -> None:
        self._client = client
        self._within = deadlines

    async def portrait(self, merchant_id: str, as_of: datetime | None) -> Portrait:
        """The merchant as of a moment (None = now), with its identity."""
        request = ingestion_pb2.GetProfileRequest(
            merchant_id=merchant_id,
            as_of=time_to_proto(as_of) if as_of is not None else None,
            include_identity=True,
        )
        call = self._client.ingestion.GetProfile(request, timeout=self._within.profile_s)
        return answers.portrait(await _asked("ingestion", call))

    async def check_party(self, portrait: Portrait, transfer_recipient: str) -> PartyCheck:
        """Identity, screening, and every consent that this decision stands on."""
        request = compliance_pb2.CheckPartyRequest(
            merchant_id=portrait.merchant_id,
            borrower_kind=common_pb2.BorrowerKind.ValueType(portrait.borrower_kind),
            identity=_identity(portrait),
            register_status=common_pb2.RegisterStatus.ValueType(portrait.register_status),
            consents=_consents(portrait, transfer_recipient),
            as_of=time_to_proto(portrait.as_of),
        )
        call = self._client.compliance.CheckParty(request, timeout=self._within.party_s)
        return answers.party(await _asked("compliance", call))

    async def score(self, portrait: Portrait, amount_fen: int, term_months: int) -> Scored:
        """The probability of default and its reasons."""
        request = score_pb2.ScoreRequest(
            profile=_profile(portrait), requested_amount=fen_to_money(amount_fen), term_months=term_months
        )
        call = self._client.scoring.Score(request, timeout=self._within.score_s)
        return answers.scored(await _asked("scoring", call))

    async def look_for_fraud(self, decision_id: str, portrait: Portrait, asked: Asked) -> FraudCheck:
        """What looks like fraud. Portraits move on, so each attempt is a request of its own, of one application."""
        profile = _profile(portrait)
        request = fraud_pb2.AssessFraudRequest(
            request_id=f"{decision_id}:fraud:{profile.as_of.ToMicroseconds()}",
            application_id=decision_id,
            profile=profile,
            attributes=[
                profile_pb2.SharedAttribute(kind=profile_pb2.SharedAttribute.Kind.ValueType(kind), digest=digest)
                for kind, digest in asked.attributes
            ],
            dry_run=asked.as_of is not None,
        )
        call = self._client.scoring.AssessFraud(request, timeout=self._within.fraud_s)
        return answers.fraud(await _asked("scoring", call))

    async def recourse(
        self, portrait: Portrait, amount_fen: int, term_months: int, worst: Grade, product: Product
    ) -> bytes | None:
        """The smallest change that would reach a grade."""
        request = explanation_pb2.RecourseRequest(
            profile=_profile(portrait),
            requested_amount=fen_to_money(amount_fen),
            term_months=term_months,
            grade=common_pb2.Grade.ValueType(worst),
            allowed_term_months=product.terms_months,
            least_amount=fen_to_money(product.min_fen),
        )
        call = self._client.scoring.Recourse(request, timeout=self._within.recourse_s)
        return answers.recourse(await _asked("scoring", call))

    async def assess(self, portrait: Portrait) -> Assessed:
        """The ESG standing."""
        request = esg_pb2.AssessRequest(profile=_profile(portrait))
        return answers.assessed(await _asked("esg", self._client.esg.Assess(request, timeout=self._within.esg_s)))

    def quote_request(
        self, application: Application, portrait: Portrait, scored: Scored, assessed: Assessed | None
    ) -> bytes:
        """What the ledger will be asked, as bytes."""
        return limits_pb2.Application(
            merchant_id=application.merchant_id,
            product_id=application.product_id,
            requested_amount=fen_to_money(application.requested_fen),
            term_months=application.term_months,
            repayment_method=common_pb2.RepaymentMethod.ValueType(application.repayment_method),
            as_of=date_to_proto(business_day(portrait.as_of)),
            borrower_kind=common_pb2.BorrowerKind.ValueType(portrait.borrower_kind),
            province_code=portrait.province_code,
            monthly_net_fen=portrait.monthly_net_fen,
            months_of_history=portrait.months_of_history,
            default_probability=scored.default_probability,
            grade=common_pb2.Grade.ValueType(scored.grade or 0),
            other_debt_fen=portrait.other_debt_fen,
            other_debt_service_fen=portrait.other_debt_service_fen,
            peak_28d_share=portrait.peak_28d_share,
            esg_discount_bp=assessed.discount_bp if assessed is not None else 0,
        ).SerializeToString(deterministic=True)

    async def reserve(self, decision_id: str, quote_request: bytes, hold_hours: int) -> Quoted:
        """Quotes and holds under the decision's name."""
        request = limits_pb2.ReserveRequest(
            request_id=f"{decision_id}:reserve",
            reservation_id=decision_id,
            application=limits_pb2.Application.FromString(quote_request),
            hold_for=Duration(seconds=hold_hours * 3600),
        )
        call = self._client.limits.Reserve(request, timeout=self._within.ledger_s)
        answer = await _asked("limits", call)
        return answers.quoted(answer.quote, answer.reservation)

    async def quote(self, quote_request: bytes) -> Quoted:
        """Quotes and holds nothing."""
        request = limits_pb2.QuoteLimitRequest(application=limits_pb2.Application.FromString(quote_request))
        call = self._client.limits.QuoteLimit(request, timeout=self._within.ledger_s)
        return answers.quoted((await _asked("limits", call)).quote, None)

    async def check_offer(self, facts: OfferFacts, day: date, disclosure: Disclosure) -> RulesChecked:
        """What the rules in force on the day say of the offer, which one lender funds alone."""
        offer = facts.offer
        capital = fen_to_money(facts.capital_fen) if facts.capital_fen is not None else None
        share = compliance_pb2.LenderShare(
            lender_id=offer.lender_id,
            kind=common_pb2.LenderKind.ValueType(offer.lender_kind),
            share_bp=WHOLE_BP,
            capital=capital,
        )
        amount = fen_to_money(offer.amount_fen)
        request = compliance_pb2.CheckOfferRequest(
            offer=compliance_pb2.Offer(
                merchant_id=facts.merchant_id,
                borrower_kind=common_pb2.BorrowerKind.ValueType(facts.borrower_kind),
                purpose=common_pb2.LoanPurpose.ValueType(facts.purpose),
                amount=amount,
                net_received=amount,
                term_months=offer.term_months,
                nominal_rate_bp=offer.nominal_rate_bp,
                effective_rate_bp=offer.effective_rate_bp,
                displayed_rate_bp=offer.nominal_rate_bp,
                lenders=[share],
                existing_business_debt=fen_to_money(facts.debt.business_fen),
                existing_consumer_debt=fen_to_money(facts.debt.consumer_fen),
                green_label=facts.green_label,
                automated=True,
                review_offered=disclosure.review_offered,
                cost_table_shown=disclosure.cost_table_shown,
            ),
            as_of=date_to_proto(day),
        )
        call = self._client.compliance.CheckOffer(request, timeout=self._within.rules_s)
        return answers.rules(await _asked("compliance", call))

    async def release(self, decision_id: str) -> None:
        """Lets the decision's hold go."""
        request = limits_pb2.VoidRequest(request_id=f"{decision_id}:void", reservation_id=decision_id)
        await _asked("limits", self._client.limits.Void(request, timeout=self._within.ledger_s))

    async def capture(self, decision_id: str) -> tuple[str, bytes]:
        """Draws the decision's hold."""
        request = limits_pb2.CaptureRequest(request_id=f"{decision_id}:capture", reservation_id=decision_id)
        answer = await _asked("limits", self._client.limits.Capture(request, timeout=self._within.ledger_s))
        return answer.facility.facility_id, answer.facility.SerializeToString(deterministic=True)

    async def append(self, decision_id: str, record: bytes) -> Receipt:
        """Puts the record into the log."""
        request = compliance_pb2.AppendRecordRequest(request_id=f"{decision_id}:record", kind="decision", record=record)
        call = self._client.compliance.AppendRecord(request, timeout=self._within.log_s)
        return answers.receipt(await _asked("compliance", call))

    async def products(self) -> Sequence[Product]:
        """The products in force; the contract bounds a page at more than there will ever be."""
        request = limits_pb2.ListProductsRequest(page_size=_PAGE_SIZE)
        answer = await _asked("limits", self._client.limits.ListProducts(request, timeout=self._within.ledger_s))
        return [answers.product(each) for each in answer.products]

    async def lenders(self) -> Sequence[Lender]:
        """The lenders."""
        request = limits_pb2.ListLendersRequest(page_size=_PAGE_SIZE)
        answer = await _asked("limits", self._client.limits.ListLenders(request, timeout=self._within.ledger_s))
        return [answers.lender(each) for each in answer.lenders]


def _profile(portrait: Portrait) -> profile_pb2.Profile:
    if not isinstance(portrait.message, profile_pb2.Profile):
        raise TypeError("a portrait carries its message")
    return portrait.message


def _identity(portrait: Portrait) -> ingestion_pb2.Identity:
    if not isinstance(portrait.identity, ingestion_pb2.Identity):
        raise TypeError("a portrait carries its identity")
    return portrait.identity


def _consents(portrait: Portrait, transfer_recipient: str) -> list[compliance_pb2.ConsentQuery]:
    """Use of the data, transfer to the lender, and the bureau query where a report stands behind the score."""
    wanted = [
        compliance_pb2.ConsentQuery(purpose=compliance_pb2.CONSENT_PURPOSE_CREDIT_DECISION),
        compliance_pb2.ConsentQuery(
            purpose=compliance_pb2.CONSENT_PURPOSE_LENDER_TRANSFER, recipient=transfer_recipient
        ),
    ]
    if portrait.has_bureau_report:
        wanted.append(compliance_pb2.ConsentQuery(purpose=compliance_pb2.CONSENT_PURPOSE_BUREAU_QUERY))
    return wanted


async def _asked(service: str, call: Awaitable[T]) -> T:
    """The answer, or the service's error as one that may be told to our own caller."""
    try:
        return await call
    except client_errors.SyceeError as error:
        raise _translated(service, error) from error


def _translated(service: str, error: client_errors.SyceeError) -> errors.SyceeError:
    """What a service refuses stays what it is; everything else means that it cannot answer now."""
    match error:
        case client_errors.InvalidArgument():
            violations = [errors.Violation(each.field, each.description) for each in error.violations]
            return errors.InvalidArgument.many(violations or [errors.Violation("", error.message)], reason=error.reason)
        case client_errors.NotFound():
            return errors.NotFound(error.metadata.get("kind", service), error.metadata.get("id", ""))
        case client_errors.FailedPrecondition():
            return errors.FailedPrecondition(error.reason, error.message, **error.metadata)
        case client_errors.AlreadyExists():
            return errors.AlreadyExists(error.reason, error.message, **error.metadata)
        case _:
            return errors.Unavailable(
                f"{service.upper()}_UNAVAILABLE",
                f"{service} did not answer ({error.reason}), try again with the same request_id",
                error.retry_after_ms or _RETRY_AFTER_MS,
            )
