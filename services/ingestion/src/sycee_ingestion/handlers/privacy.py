"""Privacy on the wire."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

from sycee.ingestion.v1 import ingestion_pb2
from sycee_service.access import Allow, current_caller

from sycee_ingestion.convert import privacy as convert
from sycee_ingestion.handlers.callers import OPERATOR_ONLY, PRIVACY, Context
from sycee_ingestion.service.privacy import PrivacyService

ACCESS = {
    # Unmasked data of a person never goes through the edge.
    "ExportMerchantData": Allow(peers=OPERATOR_ONLY),
    "EraseMerchantData": Allow(scope=PRIVACY, peers=OPERATOR_ONLY),
    "ListAccesses": Allow(scope=PRIVACY, peers=OPERATOR_ONLY),
}

PART_BYTES = 64 * 1024
"""A part of an export is sent once it has this size; one line more may be in it."""


class PrivacyHandlers:
    """ExportMerchantData, EraseMerchantData, ListAccesses."""

    def __init__(self, service: PrivacyService) -> None:
        self._service = service

    async def ExportMerchantData(
        self, request: ingestion_pb2.ExportMerchantDataRequest, _context: Context
    ) -> AsyncIterator[ingestion_pb2.ExportMerchantDataResponse]:
        """Sends everything stored of a merchant, in parts of whole lines."""
        part = bytearray()
        async with aclosing(self._service.export(request.merchant_id, request.purpose)) as exported:
            async for one in exported:
                part += convert.json_line(one)
                if len(part) >= PART_BYTES:
                    yield ingestion_pb2.ExportMerchantDataResponse(json_lines=bytes(part))
                    part.clear()
        if part:
            yield ingestion_pb2.ExportMerchantDataResponse(json_lines=bytes(part))

    async def EraseMerchantData(
        self, request: ingestion_pb2.EraseMerchantDataRequest, _context: Context
    ) -> ingestion_pb2.EraseMerchantDataResponse:
        """Erases a merchant's data."""
        ended_on = convert.ended_on_from_proto(request)
        done = await self._service.erase(request.merchant_id, request.reason, ended_on, current_caller().key)
        return convert.erasure_to_proto(done)

    async def ListAccesses(
        self, request: ingestion_pb2.ListAccessesRequest, _context: Context
    ) -> ingestion_pb2.ListAccessesResponse:
        """Lists who has read a merchant's data."""
        after = convert.place_from_token(request.page_token)
        page, next_after = await self._service.list_accesses(request.merchant_id, after, request.page_size)
        return ingestion_pb2.ListAccessesResponse(
            accesses=[convert.access_to_proto(access) for access in page],
            next_page_token=convert.token_from_place(next_after),
        )
