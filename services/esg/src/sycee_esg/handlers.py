"""EsgService on the wire: convert, call, convert."""

from __future__ import annotations

from typing import Any

import grpc.aio
from sycee.esg.v1 import esg_pb2, esg_pb2_grpc

from sycee_esg import convert
from sycee_esg.service import EsgService


class EsgHandlers(esg_pb2_grpc.EsgServiceServicer):
    """The RPCs of EsgService."""

    def __init__(self, service: EsgService) -> None:
        self._service = service

    async def Assess(
        self, request: esg_pb2.AssessRequest, _context: grpc.aio.ServicerContext[Any, Any]
    ) -> esg_pb2.AssessResponse:
        """Assesses a portrait. InvalidArgument names the field of the portrait that cannot be."""
        portrait = convert.portrait_from_proto(request.profile)
        assessment = self._service.assess(portrait)
        return esg_pb2.AssessResponse(assessment=convert.assessment_to_proto(portrait, assessment))
