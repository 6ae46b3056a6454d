"""Outcomes, comparison and drift: convert, call, convert."""

from __future__ import annotations

from typing import Any, Final

import grpc.aio
from sycee.scoring.v1 import model_pb2, outcome_pb2
from sycee_service.access import Allow

from sycee_scoring.convert.outcomes import (
    comparison_to_proto,
    contest_from_proto,
    drift_to_proto,
    outcome_to_proto,
    outcomes_from_proto,
)
from sycee_scoring.service.drifting import DriftService
from sycee_scoring.service.outcomes import OutcomeService

_READ: Final = Allow(scope="scoring.models.read", peers=frozenset({"operator"}))

ACCESS: Final = {
    "CompareModels": _READ,
    "GetDrift": _READ,
    "RecordOutcomes": Allow(scope="scoring.outcomes.write", peers=frozenset({"operator", "limits"})),
    "ListOutcomes": _READ,
}

Context = grpc.aio.ServicerContext[Any, Any]


class OutcomeHandlers:
    """CompareModels, GetDrift, RecordOutcomes, ListOutcomes."""

    def __init__(self, outcomes: OutcomeService, drifts: DriftService) -> None:
        self._outcomes = outcomes
        self._drifts = drifts

    async def CompareModels(
        self, request: model_pb2.CompareModelsRequest, _context: Context
    ) -> model_pb2.CompareModelsResponse:
        """Compares two versions on the outcomes of the same loans."""
        return comparison_to_proto(await self._outcomes.compare(contest_from_proto(request)))

    async def GetDrift(self, request: model_pb2.GetDriftRequest, _context: Context) -> model_pb2.GetDriftResponse:
        """Measures how far the merchants scored of late differ from the reference."""
        return drift_to_proto(await self._drifts.measure(request.version, request.window_days))

    async def RecordOutcomes(
        self, request: outcome_pb2.RecordOutcomesRequest, _context: Context
    ) -> outcome_pb2.RecordOutcomesResponse:
        """Takes outcomes."""
        done = await self._outcomes.record(outcomes_from_proto(request))
        return outcome_pb2.RecordOutcomesResponse(recorded_count=done.recorded, unchanged_count=done.unchanged)

    async def ListOutcomes(
        self, request: outcome_pb2.ListOutcomesRequest, _context: Context
    ) -> outcome_pb2.ListOutcomesResponse:
        """Lists outcomes by loan."""
        page = await self._outcomes.page(request.merchant_id, request.page_size, request.page_token)
        shown = [outcome_to_proto(outcome) for outcome in page.outcomes]
        return outcome_pb2.ListOutcomesResponse(outcomes=shown, next_page_token=page.next_page_token)
