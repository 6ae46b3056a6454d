"""Scores: convert, call, convert."""

from __future__ import annotations

from typing import Any, Final

import grpc.aio
from sycee.scoring.v1 import score_pb2
from sycee_service.access import Allow

from sycee_scoring.convert.scores import evidence_from_proto, score_to_proto
from sycee_scoring.domain.combine import Result
from sycee_scoring.service.noting import ScoreNotes
from sycee_scoring.service.scores import ScoringService

ACCESS: Final = {"Score": Allow(scope="scoring.read", peers=frozenset({"gateway", "operator"}))}


class ScoreHandlers:
    """Score."""

    def __init__(self, service: ScoringService, notes: ScoreNotes) -> None:
        self._service = service
        self._notes = notes

    async def Score(
        self,
        request: score_pb2.ScoreRequest,
        context: grpc.aio.ServicerContext[Any, Any],  # noqa: ARG002 - gRPC passes it
    ) -> score_pb2.ScoreResponse:
        """Scores a merchant for a loan. Never blocks: a score is a fifth of a millisecond of arithmetic."""
        evidence = evidence_from_proto(request)
        result = self._service.score(evidence)
        if isinstance(result, Result):
            self._notes.add(evidence, result)
        return score_pb2.ScoreResponse(score=score_to_proto(request, result))
