"""Messages about fraud to plain ones and back. Total: bad input is InvalidArgument that names the field. Digests go in
and never out, and no error shows one."""

from __future__ import annotations

import math
from collections.abc import Iterable

from sycee.ingestion.v1 import profile_pb2
from sycee.scoring.v1 import fraud_pb2
from sycee_service.errors import InvalidArgument
from sycee_service.wire import date_from_proto, time_from_proto, time_to_proto

from sycee_scoring.fraud.assessment import Assessment
from sycee_scoring.fraud.evidence import Application, DocumentSign, Trade
from sycee_scoring.fraud.judgement import VERSION
from sycee_scoring.fraud.surroundings import Attribute, Kind, RingMember, Verdict

_LEAST_DIGEST, _MOST_DIGEST = 8, 32


def application_from_proto(request: fraud_pb2.AssessFraudRequest) -> Application:
    """The application in a request. Raises InvalidArgument."""
    if not request.HasField("profile"):
        raise InvalidArgument("profile", "is required")
    profile = request.profile
    opened = profile.traits.opened_on if profile.HasField("traits") and profile.traits.HasField("opened_on") else None
    return Application(
        merchant_id=profile.merchant_id,
        as_of=time_from_proto("profile.as_of", profile.as_of),
        application_id=request.application_id or request.request_id,
        attributes=_attributes(request),
        opened_on=date_from_proto("profile.traits.opened_on", opened) if opened is not None else None,
        trade=_trade(profile.trade) if profile.HasField("trade") else None,
        fake_share=_fake_share(profile.brushing) if profile.HasField("brushing") else None,
        settlement_ratio=_settlement_ratio(profile.quality),
        signs=tuple(
            DocumentSign(
                sign.document_id, sign.code, _share(f"profile.document_signs[{place}].strength", sign.strength)
            )
            for place, sign in enumerate(profile.document_signs)
        ),
    )


def _attributes(request: fraud_pb2.AssessFraudRequest) -> tuple[Attribute, ...]:
    found = {*_read("profile.attributes", request.profile.attributes), *_read("attributes", request.attributes)}
    return tuple(sorted(found))


def _read(field: str, attributes: Iterable[profile_pb2.SharedAttribute]) -> Iterable[Attribute]:
    for place, attribute in enumerate(attributes):
        if attribute.kind not in {int(kind) for kind in Kind}:
            raise InvalidArgument(f"{field}[{place}].kind", "must be one that is defined", value=attribute.kind)
        if not _LEAST_DIGEST <= len(attribute.digest) <= _MOST_DIGEST:
            raise InvalidArgument(f"{field}[{place}].digest", f"must have {_LEAST_DIGEST} to {_MOST_DIGEST} bytes")
        yield Attribute(Kind(attribute.kind), attribute.digest)


def _trade(trade: profile_pb2.Trade) -> Trade:
    return Trade(trade.months_of_history, tuple(trade.weekly_net_fen))


def _fake_share(brushing: profile_pb2.Brushing) -> float:
    names = ("fake_order_share_365d", "fake_amount_share_365d", "fake_order_share_90d")
    return max(_share(f"profile.brushing.{name}", getattr(brushing, name)) for name in names)


def _settlement_ratio(quality: profile_pb2.Quality) -> float | None:
    if not quality.HasField("settlement_ratio"):
        return None
    if not math.isfinite(quality.settlement_ratio):
        raise InvalidArgument("profile.quality.settlement_ratio", "must be finite", value=quality.settlement_ratio)
    return quality.settlement_ratio


def _share(field: str, value: float) -> float:
    if not 0.0 <= value <= 1.0:  # false for NaN too
        raise InvalidArgument(field, "must be from 0 to 1", value=value)
    return value


def assessment_to_proto(request: fraud_pb2.AssessFraudRequest, found: Assessment) -> fraud_pb2.FraudAssessment:
    """The answer to a request. `as_of` goes back as it came, to the nanosecond."""
    return fraud_pb2.FraudAssessment(
        merchant_id=request.profile.merchant_id,
        as_of=request.profile.as_of,
        score=found.score,
        action=fraud_pb2.FraudAssessment.Action.ValueType(found.action),
        signals=[
            fraud_pb2.FraudSignal(
                code=signal.code,
                points=signal.points,
                value=signal.value,
                text_zh=signal.text_zh,
                text_en=signal.text_en,
            )
            for signal in found.signals
        ],
        linked_merchant_count=found.linked_count,
        confirmed_fraud_count=found.confirmed_count,
        model_version=VERSION,
    )


def verdict_from_proto(request: fraud_pb2.RecordFraudFindingRequest) -> Verdict:
    """What was found. Raises InvalidArgument for what is not said."""
    if request.verdict not in {int(Verdict.CONFIRMED), int(Verdict.CLEARED)}:
        raise InvalidArgument("verdict", "must be CONFIRMED or CLEARED", value=request.verdict)
    return Verdict(request.verdict)


def member_to_proto(member: RingMember) -> fraud_pb2.RingMember:
    """A member of a ring."""
    return fraud_pb2.RingMember(
        merchant_id=member.merchant_id,
        steps=member.steps,
        shared_kinds=[profile_pb2.SharedAttribute.Kind.ValueType(kind) for kind in member.kinds],
        verdict=fraud_pb2.FraudFinding.Verdict.ValueType(member.verdict),
        last_applied_at=time_to_proto(member.last_applied_at) if member.last_applied_at is not None else None,
    )
