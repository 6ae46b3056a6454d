"""The gRPC face of the use cases: convert, call, convert."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
from sycee.decision.v1 import decision_pb2, decision_pb2_grpc
from sycee_service.access import Allow, current_caller
from sycee_service.errors import InvalidArgument
from sycee_service.wire import page_token_decode, page_token_encode

from sycee_gateway import convert
from sycee_gateway.domain.record import micros
from sycee_gateway.service import DecisionService

DEFAULT_PAGE = 50
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_OPERATOR = frozenset({"operator"})
ACCESS = {
    "Decide": Allow(scope="decision.write", peers=_OPERATOR),
    "GetDecision": Allow(scope="decision.read", peers=_OPERATOR),
    "ListDecisions": Allow(scope="decision.read", peers=_OPERATOR),
    "AcceptOffer": Allow(scope="decision.write", peers=_OPERATOR),
}
OWN_IDEMPOTENCY = frozenset({"Decide", "AcceptOffer"})
"""A decision's id is made of caller and request_id: the decision itself is what is remembered."""

Context = grpc.aio.ServicerContext[Any, Any]


class DecisionHandlers(decision_pb2_grpc.DecisionServiceServicer):
    """DecisionService."""

    def __init__(self, service: DecisionService) -> None:
        self._service = service

    async def Decide(self, request: decision_pb2.DecideRequest, _: Context) -> decision_pb2.DecideResponse:
        """Decides an application."""
        made = await self._service.decide(convert.asked(request, current_caller().key))
        return decision_pb2.DecideResponse(decision=convert.decision(made))

    async def GetDecision(
        self, request: decision_pb2.GetDecisionRequest, _: Context
    ) -> decision_pb2.GetDecisionResponse:
        """Reads a decision."""
        found = await self._service.get(request.decision_id)
        return decision_pb2.GetDecisionResponse(decision=convert.decision(found))

    async def ListDecisions(
        self, request: decision_pb2.ListDecisionsRequest, _: Context
    ) -> decision_pb2.ListDecisionsResponse:
        """Lists decisions, newest first."""
        before = _before(request.page_token)
        found, more = await self._service.page(request.merchant_id, before, request.page_size or DEFAULT_PAGE)
        last = found[-1] if more else None
        return decision_pb2.ListDecisionsResponse(
            decisions=[convert.decision(each, full=False) for each in found],
            next_page_token=page_token_encode(str(micros(last.evaluation.decided_at)), last.decision_id)
            if last is not None
            else "",
        )

    async def AcceptOffer(
        self, request: decision_pb2.AcceptOfferRequest, _: Context
    ) -> decision_pb2.AcceptOfferResponse:
        """Accepts the offer of an approved decision."""
        key = convert.accept_key(request, current_caller().key)
        accepted = await self._service.accept(request.decision_id, key)
        return decision_pb2.AcceptOfferResponse(
            decision=convert.decision(accepted), facility=convert.facility(accepted)
        )


def _before(token: str) -> tuple[datetime, str] | None:
    """The place in the list that a page token names. Raises InvalidArgument for one that this list never gave."""
    if not token:
        return None
    since, decision_id = page_token_decode("page_token", token, 2)
    try:
        return _EPOCH + timedelta(microseconds=int(since)), decision_id
    except (ValueError, OverflowError):
        raise InvalidArgument("page_token", "must be a next_page_token of this list") from None
