"""The RPCs: convert, call, convert."""

from __future__ import annotations

from typing import Any, Final

import grpc.aio
from sycee.scoring.v1 import scoring_pb2, scoring_pb2_grpc
from sycee_service.access import Allow

from sycee_scoring.convert import evidence_from_proto, score_to_proto
from sycee_scoring.service import ScoringService

ACCESS: Final = {"Score": Allow(scope="scoring.read", peers=frozenset({"gateway", "operator"}))}


class ScoringHandlers(scoring_pb2_grpc.ScoringServiceServicer):
    """Speaks gRPC for `ScoringService`."""

    def __init__(self, service: ScoringService) -> None:
        self._service = service

    async def Score(
        self,
        request: scoring_pb2.ScoreRequest,
        context: grpc.aio.ServicerContext[Any, Any],  # noqa: ARG002 - gRPC passes it
    ) -> scoring_pb2.ScoreResponse:
        """Scores a merchant for a loan. Never blocks: a score is a fifth of a millisecond of arithmetic."""
        result = self._service.score(evidence_from_proto(request))
        return scoring_pb2.ScoreResponse(score=score_to_proto(request, result, self._service.version))
