"""Explanations, recourses and scores in a row: convert, call, convert."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

import grpc.aio
from sycee.scoring.v1 import explanation_pb2, score_pb2
from sycee_service.access import Allow
from sycee_service.errors import InvalidArgument
from sycee_service.interceptors.errors import code_of, to_known, to_status
from sycee_service.interceptors.validation import validate

from sycee_scoring.convert.explaining import (
    advice_to_proto,
    explanation_to_proto,
    offered_from_proto,
    score_request_of,
    target_from_proto,
)
from sycee_scoring.convert.scores import evidence_from_proto, score_to_proto
from sycee_scoring.service.explaining import ExplainingService

_ALLOW: Final = Allow(scope="scoring.read", peers=frozenset({"gateway", "operator"}))

ACCESS: Final = {"Explain": _ALLOW, "Recourse": _ALLOW, "BatchScore": _ALLOW}

OWN_VALIDATION: Final = frozenset({"BatchScore"})
"""Its rows are judged one by one: a bad one is answered as such and is not the end of the stream."""

Context = grpc.aio.ServicerContext[Any, Any]


class ExplainHandlers:
    """Explain, Recourse, BatchScore."""

    def __init__(self, service: ExplainingService) -> None:
        self._service = service

    async def Explain(
        self, request: explanation_pb2.ExplainRequest, _context: Context
    ) -> explanation_pb2.ExplainResponse:
        """Opens a score down to its features."""
        asked = score_request_of(request)
        found = await self._service.explain(evidence_from_proto(asked))
        return explanation_to_proto(asked, found)

    async def Recourse(
        self, request: explanation_pb2.RecourseRequest, _context: Context
    ) -> explanation_pb2.RecourseResponse:
        """Finds the cheapest change that reaches a target."""
        asked = score_request_of(request)
        evidence = evidence_from_proto(asked)
        advice = await self._service.recourse(evidence, target_from_proto(request), offered_from_proto(request))
        return advice_to_proto(asked, advice)

    async def BatchScore(
        self, request_iterator: AsyncIterator[score_pb2.BatchScoreRequest], _context: Context
    ) -> AsyncIterator[score_pb2.BatchScoreResponse]:
        """Answers each request before it reads the next: what waits is bounded by gRPC's own windows on both sides."""
        async for request in request_iterator:
            yield self._one(request)

    def _one(self, request: score_pb2.BatchScoreRequest) -> score_pb2.BatchScoreResponse:
        try:
            return score_pb2.BatchScoreResponse(row=request.row, score=self._score(request))
        except Exception as error:
            known = to_known(error, request.score)
            if known is None:  # a defect, not a bad row: the stream ends as a masked INTERNAL whose cause is logged
                raise
            return score_pb2.BatchScoreResponse(row=request.row, error=to_status(known, code_of(known)))

    def _score(self, request: score_pb2.BatchScoreRequest) -> score_pb2.Score:
        if not request.HasField("score"):
            raise InvalidArgument("score", "is required")
        asked = request.score
        validate(asked)
        result = self._service.score(evidence_from_proto(asked), reasons=not request.without_reasons)
        return score_to_proto(asked, result)
