"""Early warning: convert, call, convert."""

from __future__ import annotations

from typing import Any, Final

import grpc.aio
from sycee.scoring.v1 import distress_pb2
from sycee_service.access import Allow

from sycee_scoring.convert.distress import daily_trade_from_proto, peer_change_from_proto, warning_to_proto
from sycee_scoring.service.distress import DistressService

ACCESS: Final = {"AssessDistress": Allow(scope="scoring.read", peers=frozenset({"gateway", "operator"}))}


class DistressHandlers:
    """AssessDistress."""

    def __init__(self, service: DistressService) -> None:
        self._service = service

    async def AssessDistress(
        self,
        request: distress_pb2.AssessDistressRequest,
        context: grpc.aio.ServicerContext[Any, Any],  # noqa: ARG002 - gRPC passes it
    ) -> distress_pb2.AssessDistressResponse:
        """Warns of a fall in trade. Never blocks: it is less than a millisecond of arithmetic."""
        found, version = self._service.assess(daily_trade_from_proto(request), peer_change_from_proto(request))
        return warning_to_proto(request, found, version)
