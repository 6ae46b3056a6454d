"""Contract messages to domain values and back. Total: every message gives a value or InvalidArgument."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from enum import IntEnum
from functools import lru_cache
from typing import Literal, TypeVar

from google.protobuf.timestamp_pb2 import Timestamp
from sycee.common.v1 import common_pb2
from sycee.compliance.v1 import compliance_pb2 as pb
from sycee.ingestion.v1 import ingestion_pb2
from sycee_service.errors import InvalidArgument
from sycee_service.wire import date_from_proto, money_to_fen, time_from_proto, time_to_proto

from sycee_compliance.domain.consent import Consent, ConsentQuery, Purpose, Standing
from sycee_compliance.domain.identity import BorrowerKind, IdentityCheck, IdentityClaim, Person, RegisterStatus
from sycee_compliance.domain.ledger import Appended, InclusionProof
from sycee_compliance.domain.offer import WHOLE_BP, LenderKind, LenderShare, LoanPurpose, Offer
from sycee_compliance.domain.outcome import Outcome, Reason, worst
from sycee_compliance.domain.party import PartyCheck
from sycee_compliance.domain.rules import Judgement, RuleResult, Verdict
from sycee_compliance.domain.screening import Party, PartyKind, Screening
from sycee_compliance.domain.tree_head import TreeHead
from sycee_compliance.service import NewConsent

EnumT = TypeVar("EnumT", bound=IntEnum)

NAME_MAX = 128
NUMBER_MAX = 32
FIRST_YEAR, LAST_YEAR = 1900, 2200
"""Years that a moment may lie in: wide enough for any record, narrow enough for every calendar and column."""


def moment_from_proto(field: str, moment: Timestamp) -> datetime:
    """An aware UTC datetime between 1900 and 2200."""
    value = time_from_proto(field, moment)
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise InvalidArgument(field, f"must be between the years {FIRST_YEAR} and {LAST_YEAR}", value=value.isoformat())
    return value


def claim_from_verify(request: pb.VerifyIdentityRequest) -> tuple[IdentityClaim, date]:
    """Who a party says it is, and the day to judge on."""
    claim = IdentityClaim(
        borrower_kind=_enum("borrower_kind", BorrowerKind, request.borrower_kind),
        name=request.name,
        uscc=request.uscc,
        operator=_person(request.operator),
        register_status=_enum("register_status", RegisterStatus, request.register_status),
    )
    return claim, date_from_proto("as_of", request.as_of)


def claim_from_party(request: pb.CheckPartyRequest) -> IdentityClaim:
    """Who a party says it is; its texts bear no bounds in the contract and get them here."""
    identity = request.identity
    if len(identity.name) > NAME_MAX:
        raise InvalidArgument("identity.name", f"must be at most {NAME_MAX} characters")
    if len(identity.uscc) > NUMBER_MAX:
        raise InvalidArgument("identity.uscc", f"must be at most {NUMBER_MAX} characters")
    return IdentityClaim(
        borrower_kind=_enum("borrower_kind", BorrowerKind, request.borrower_kind),
        name=identity.name,
        uscc=identity.uscc,
        operator=_person(identity.operator) if identity.HasField("operator") else None,
        register_status=_enum("register_status", RegisterStatus, request.register_status),
    )


def party_from_proto(party: pb.Party) -> Party:
    """Who is screened; a number may be written in lower case."""
    return Party(party.name, _enum("party.kind", PartyKind, party.kind), party.id_number.upper())


def queries_from_proto(field: str, queries: Iterable[pb.ConsentQuery]) -> list[ConsentQuery]:
    """What consents are asked about, in order; `field` is where they stand in the request."""
    return [
        ConsentQuery(_enum(f"{field}[{at}].purpose", Purpose, query.purpose), query.recipient)
        for at, query in enumerate(queries)
    ]


def consent_from_proto(request: pb.RecordConsentRequest) -> NewConsent:
    """A consent as it is told."""
    return NewConsent(
        merchant_id=request.merchant_id,
        purpose=_enum("purpose", Purpose, request.purpose),
        recipient=request.recipient,
        text_version=request.text_version,
        evidence_sha256=request.evidence_sha256,
        given_at=moment_from_proto("given_at", request.given_at),
        expires_at=moment_from_proto("expires_at", request.expires_at) if request.HasField("expires_at") else None,
    )


def offer_from_proto(offer: pb.Offer) -> Offer:
    """An offer whose parts fit together: shares sum to the whole, no more is received than lent, rates agree."""
    lenders = tuple(_lender(at, lender) for at, lender in enumerate(offer.lenders))
    shares_bp = sum(lender.share_bp for lender in lenders)
    if shares_bp != WHOLE_BP:
        raise InvalidArgument("offer.lenders", f"shares must sum to {WHOLE_BP} basis points", value=shares_bp)
    if len({lender.lender_id for lender in lenders}) != len(lenders):
        raise InvalidArgument("offer.lenders", "must name each lender once")
    amount_fen = money_to_fen("offer.amount", offer.amount)
    received_fen = _optional_fen(offer, "net_received")
    if received_fen is not None and received_fen > amount_fen:
        raise InvalidArgument("offer.net_received", "must not exceed amount", value=received_fen)
    if offer.effective_rate_bp < offer.nominal_rate_bp:
        raise InvalidArgument(
            "offer.effective_rate_bp", "must not be below nominal_rate_bp", value=offer.effective_rate_bp
        )
    return Offer(
        borrower_kind=_enum("offer.borrower_kind", BorrowerKind, offer.borrower_kind),
        purpose=_enum("offer.purpose", LoanPurpose, offer.purpose),
        amount_fen=amount_fen,
        net_received_fen=amount_fen if received_fen is None else received_fen,
        term_months=offer.term_months,
        nominal_rate_bp=offer.nominal_rate_bp,
        effective_rate_bp=offer.effective_rate_bp,
        displayed_rate_bp=offer.displayed_rate_bp or None,
        lenders=lenders,
        existing_business_debt_fen=_optional_fen(offer, "existing_business_debt"),
        existing_consumer_debt_fen=_optional_fen(offer, "existing_consumer_debt"),
        green_label=offer.green_label,
        green_evidence=offer.green_evidence,
        automated=offer.automated,
        review_offered=offer.review_offered,
        cost_table_shown=offer.cost_table_shown,
    )


def identity_to_proto(checks: Iterable[IdentityCheck]) -> pb.VerifyIdentityResponse:
    """Every check with the worst of them."""
    listed = list(checks)
    return pb.VerifyIdentityResponse(
        outcome=OUTCOMES[worst(check.outcome for check in listed)],
        checks=[
            pb.IdentityCheck(
                code=check.code,
                outcome=OUTCOMES[check.outcome],
                rule_id=check.rule_id,
                reason=None if check.reason is None else reason_to_proto(check.reason),
            )
            for check in listed
        ],
    )


def screening_to_proto(screening: Screening) -> pb.ScreenPartyResponse:
    """What screening found."""
    return pb.ScreenPartyResponse(
        outcome=OUTCOMES[screening.outcome],
        hits=[
            pb.ScreeningHit(
                list_id=hit.list_id, entry_id=hit.entry_id, similarity=hit.similarity, outcome=OUTCOMES[hit.outcome]
            )
            for hit in screening.hits
        ],
        list_versions=screening.list_versions,
        name_count=screening.name_count,
    )


def consent_to_proto(consent: Consent) -> pb.Consent:
    """A consent as stored."""
    return pb.Consent(
        consent_id=consent.consent_id,
        merchant_id=consent.merchant_id,
        purpose=PURPOSES[consent.purpose],
        recipient=consent.recipient,
        text_version=consent.text_version,
        evidence_sha256=consent.evidence_sha256,
        given_at=time_to_proto(consent.given_at),
        expires_at=None if consent.expires_at is None else time_to_proto(consent.expires_at),
    )


def standings_to_proto(standings: Iterable[Standing]) -> list[pb.ConsentStanding]:
    """Whether each consent stands."""
    return [
        pb.ConsentStanding(
            query=pb.ConsentQuery(purpose=PURPOSES[standing.query.purpose], recipient=standing.query.recipient),
            granted=standing.granted,
            consent_id=standing.consent_id,
        )
        for standing in standings
    ]


def party_check_to_proto(check: PartyCheck) -> pb.CheckPartyResponse:
    """All that is known of a party."""
    return pb.CheckPartyResponse(
        outcome=OUTCOMES[check.outcome],
        identity=identity_to_proto(check.identity),
        screening=screening_to_proto(check.screening),
        consents=standings_to_proto(check.consents),
        reasons=[reason_to_proto(reason) for reason in check.reasons],
    )


def judgement_to_proto(judgement: Judgement, pack_version: str) -> pb.CheckOfferResponse:
    """How every rule in force came out."""
    return pb.CheckOfferResponse(
        outcome=OUTCOMES[judgement.outcome],
        results=[_result(result) for result in judgement.results],
        pack_version=pack_version,
    )


def appended_to_proto(appended: Appended) -> pb.AppendRecordResponse:
    """A leaf's place and proof."""
    return pb.AppendRecordResponse(
        leaf_index=appended.leaf_index, inclusion_path=appended.path, tree_head=head_to_proto(appended.head)
    )


def head_to_proto(head: TreeHead) -> pb.TreeHead:
    """A signed head."""
    return pb.TreeHead(
        log_id=head.log_id,
        tree_size=head.tree_size,
        root_hash=head.root_hash,
        signed_at=time_to_proto(head.signed_at),
        key_id=head.key_id,
        signature=head.signature,
    )


def proof_to_proto(proof: InclusionProof) -> pb.GetInclusionProofResponse:
    """A leaf's proof against a tree."""
    return pb.GetInclusionProofResponse(
        leaf_hash=proof.leaf_hash, inclusion_path=proof.path, tree_size=proof.tree_size, root_hash=proof.root_hash
    )


def reason_to_proto(reason: Reason) -> common_pb2.Reason:
    """A cause in both languages."""
    return common_pb2.Reason(code=reason.code, text_zh=reason.text_zh, text_en=reason.text_en)


OUTCOMES = {
    Outcome.PASS: pb.OUTCOME_PASS,
    Outcome.WARN: pb.OUTCOME_WARN,
    Outcome.REFER: pb.OUTCOME_REFER,
    Outcome.BLOCK: pb.OUTCOME_BLOCK,
}
VERDICTS = {
    Verdict.PASS: pb.RuleResult.VERDICT_PASS,
    Verdict.FAIL: pb.RuleResult.VERDICT_FAIL,
    Verdict.NOT_APPLICABLE: pb.RuleResult.VERDICT_NOT_APPLICABLE,
    Verdict.CANNOT_TELL: pb.RuleResult.VERDICT_CANNOT_TELL,
}
PURPOSES = {
    Purpose.CREDIT_DECISION: pb.CONSENT_PURPOSE_CREDIT_DECISION,
    Purpose.BUREAU_QUERY: pb.CONSENT_PURPOSE_BUREAU_QUERY,
    Purpose.LENDER_TRANSFER: pb.CONSENT_PURPOSE_LENDER_TRANSFER,
}


@lru_cache(maxsize=1024)
def _plain_result(result: RuleResult) -> pb.RuleResult:
    """Results without a reason are the same for every offer; building each anew would cost more than the rule."""
    return pb.RuleResult(
        rule_id=result.rule_id,
        verdict=VERDICTS[result.verdict],
        outcome=OUTCOMES[result.outcome],
        citation=result.citation,
    )


def _result(result: RuleResult) -> pb.RuleResult:
    if result.reason is None:
        return _plain_result(result)
    return pb.RuleResult(
        rule_id=result.rule_id,
        verdict=VERDICTS[result.verdict],
        outcome=OUTCOMES[result.outcome],
        citation=result.citation,
        reason=reason_to_proto(result.reason),
    )


def _enum(field: str, kind: type[EnumT], value: int) -> EnumT:
    try:
        return kind(value)
    except ValueError:
        raise InvalidArgument(field, "must be a defined value", value=value) from None


def _person(operator: ingestion_pb2.Operator) -> Person:
    return Person(operator.name, operator.resident_id)


def _lender(at: int, lender: pb.LenderShare) -> LenderShare:
    field = f"offer.lenders[{at}]"
    return LenderShare(
        lender_id=lender.lender_id,
        kind=_enum(f"{field}.kind", LenderKind, lender.kind),
        share_bp=lender.share_bp,
        capital_fen=money_to_fen(f"{field}.capital", lender.capital) if lender.HasField("capital") else None,
    )


def _optional_fen(
    offer: pb.Offer, name: Literal["net_received", "existing_business_debt", "existing_consumer_debt"]
) -> int | None:
    return money_to_fen(f"offer.{name}", getattr(offer, name)) if offer.HasField(name) else None
