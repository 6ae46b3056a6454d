"""Merchants on the wire."""

from __future__ import annotations

from sycee.ingestion.v1 import ingestion_pb2
from sycee_service.access import Allow
from sycee_service.clock import Clock
from sycee_service.wire import page_token_decode, page_token_encode

from sycee_ingestion.convert import merchants as convert
from sycee_ingestion.handlers.callers import OPERATOR_ONLY, READ, WRITE, Context
from sycee_ingestion.service.merchants import MerchantService

ACCESS = {
    "RegisterMerchant": Allow(scope=WRITE, peers=OPERATOR_ONLY),
    "UpdateMerchant": Allow(scope=WRITE, peers=OPERATOR_ONLY),
    "GetMerchant": Allow(scope=READ, peers=OPERATOR_ONLY),
    "ListMerchants": Allow(scope=READ, peers=OPERATOR_ONLY),
}


class MerchantHandlers:
    """RegisterMerchant, UpdateMerchant, GetMerchant, ListMerchants."""

    def __init__(self, service: MerchantService, clock: Clock) -> None:
        self._service = service
        self._clock = clock

    async def RegisterMerchant(
        self, request: ingestion_pb2.RegisterMerchantRequest, _context: Context
    ) -> ingestion_pb2.RegisterMerchantResponse:
        """Registers a merchant."""
        merchant = convert.merchant_from_proto(request, self._clock.now())
        registered = await self._service.register_merchant(merchant, convert.accounts_from_proto(request))
        return ingestion_pb2.RegisterMerchantResponse(merchant=convert.merchant_to_proto(registered))

    async def UpdateMerchant(
        self, request: ingestion_pb2.UpdateMerchantRequest, _context: Context
    ) -> ingestion_pb2.UpdateMerchantResponse:
        """Changes a merchant."""
        updated = await self._service.update_merchant(request.merchant_id, convert.changes_from_proto(request))
        return ingestion_pb2.UpdateMerchantResponse(merchant=convert.merchant_to_proto(updated))

    async def GetMerchant(
        self, request: ingestion_pb2.GetMerchantRequest, _context: Context
    ) -> ingestion_pb2.GetMerchantResponse:
        """Reads a merchant."""
        merchant = await self._service.get_merchant(request.merchant_id)
        return ingestion_pb2.GetMerchantResponse(merchant=convert.merchant_to_proto(merchant))

    async def ListMerchants(
        self, request: ingestion_pb2.ListMerchantsRequest, _context: Context
    ) -> ingestion_pb2.ListMerchantsResponse:
        """Lists merchants."""
        after = page_token_decode("page_token", request.page_token, 1)[0] if request.page_token else ""
        page, next_after = await self._service.list_merchants(after, request.page_size)
        return ingestion_pb2.ListMerchantsResponse(
            merchants=[convert.merchant_to_proto(merchant) for merchant in page],
            next_page_token=page_token_encode(next_after) if next_after else "",
        )
