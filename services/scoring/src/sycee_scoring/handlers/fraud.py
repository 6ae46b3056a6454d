"""Fraud: convert, call, convert."""

from __future__ import annotations

from typing import Any, Final

import grpc.aio
from sycee.scoring.v1 import fraud_pb2
from sycee_service.access import Allow, current_caller
from sycee_service.wire import time_to_proto

from sycee_scoring.convert.fraud import (
    application_from_proto,
    assessment_to_proto,
    member_to_proto,
    verdict_from_proto,
)
from sycee_scoring.service.fraud import FraudService

_SCOPE: Final = "scoring.fraud"

ACCESS: Final = {
    "AssessFraud": Allow(scope=_SCOPE, peers=frozenset({"gateway", "operator"})),
    "RecordFraudFinding": Allow(scope=_SCOPE, peers=frozenset({"operator"})),
    "GetFraudRing": Allow(scope=_SCOPE, peers=frozenset({"operator"})),
}

_MOST_BY: Final = 200

Context = grpc.aio.ServicerContext[Any, Any]


class FraudHandlers:
    """AssessFraud, RecordFraudFinding, GetFraudRing."""

    def __init__(self, service: FraudService) -> None:
        self._service = service

    async def AssessFraud(
        self, request: fraud_pb2.AssessFraudRequest, _context: Context
    ) -> fraud_pb2.AssessFraudResponse:
        """Looks for fraud."""
        found = await self._service.assess(application_from_proto(request), dry_run=request.dry_run)
        return fraud_pb2.AssessFraudResponse(assessment=assessment_to_proto(request, found))

    async def RecordFraudFinding(
        self, request: fraud_pb2.RecordFraudFindingRequest, _context: Context
    ) -> fraud_pb2.RecordFraudFindingResponse:
        """Records what an investigation found, and who says so."""
        found_by = current_caller().subject[:_MOST_BY]
        found_at = await self._service.record(request.merchant_id, verdict_from_proto(request), found_by)
        finding = fraud_pb2.FraudFinding(
            merchant_id=request.merchant_id,
            verdict=request.verdict,
            found_at=time_to_proto(found_at),
            found_by=found_by,
        )
        return fraud_pb2.RecordFraudFindingResponse(finding=finding)

    async def GetFraudRing(
        self, request: fraud_pb2.GetFraudRingRequest, _context: Context
    ) -> fraud_pb2.GetFraudRingResponse:
        """A page of those linked to a merchant."""
        page = await self._service.ring(request.merchant_id, request.max_steps, request.page_size, request.page_token)
        return fraud_pb2.GetFraudRingResponse(
            members=[member_to_proto(member) for member in page.members], next_page_token=page.next_page_token
        )
