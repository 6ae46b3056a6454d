"""The RPCs: convert, call, convert."""

from typing import Any

import grpc
from sycee.limits.v1 import limits_pb2 as pb
from sycee.limits.v1 import limits_pb2_grpc

from sycee_limits import convert
from sycee_limits.service import LimitsService

Context = grpc.aio.ServicerContext[Any, Any]


class LimitsHandlers(limits_pb2_grpc.LimitsServiceServicer):
    """LimitsService over gRPC."""

    def __init__(self, service: LimitsService) -> None:
        self._service = service

    async def ListProducts(self, request: pb.ListProductsRequest, _context: Context) -> pb.ListProductsResponse:
        """The products, by id."""
        page = convert.page_from_proto(request)
        found = self._service.products(page.after, page.size + 1)
        return convert.products_to_proto(found, page.size, self._service.catalogue_version)

    async def ListLenders(self, request: pb.ListLendersRequest, _context: Context) -> pb.ListLendersResponse:
        """The lenders, by id."""
        page = convert.page_from_proto(request)
        return convert.lenders_to_proto(await self._service.lenders(page.after, page.size + 1), page.size)

    async def QuoteLimit(self, request: pb.QuoteLimitRequest, _context: Context) -> pb.QuoteLimitResponse:
        """Sizes and prices the best offer."""
        quote = await self._service.quote(convert.application_from_proto(request.application))
        return pb.QuoteLimitResponse(quote=convert.quote_to_proto(quote))

    async def QuoteSchedule(self, request: pb.QuoteScheduleRequest, _context: Context) -> pb.QuoteScheduleResponse:
        """The payments of a loan and what it costs."""
        asked = convert.schedule_from_proto(request)
        payments, cost = self._service.schedule(
            asked.principal_fen,
            asked.annual_rate_bp,
            asked.term_months,
            asked.method,
            first_day=asked.first_day,
            fees=asked.fees,
        )
        return convert.schedule_to_proto(payments, cost)

    async def Reserve(self, request: pb.ReserveRequest, _context: Context) -> pb.ReserveResponse:
        """Quotes and holds in one step."""
        quote, hold = await self._service.reserve(
            request.reservation_id,
            convert.application_from_proto(request.application),
            convert.hold_for_from_proto(request),
        )
        return pb.ReserveResponse(
            quote=convert.quote_to_proto(quote), reservation=convert.reservation_to_proto(hold) if hold else None
        )

    async def Capture(self, request: pb.CaptureRequest, _context: Context) -> pb.CaptureResponse:
        """Draws a hold."""
        amount_fen = convert.optional_amount_from_proto(request)
        hold, facility = await self._service.capture(request.reservation_id, amount_fen)
        return pb.CaptureResponse(
            reservation=convert.reservation_to_proto(hold), facility=convert.facility_to_proto(facility)
        )

    async def Void(self, request: pb.VoidRequest, _context: Context) -> pb.VoidResponse:
        """Lets a hold go."""
        hold = await self._service.void(request.reservation_id)
        return pb.VoidResponse(reservation=convert.reservation_to_proto(hold))

    async def GetFacility(self, request: pb.GetFacilityRequest, _context: Context) -> pb.GetFacilityResponse:
        """Reads a facility."""
        facility = await self._service.facility(request.facility_id)
        return pb.GetFacilityResponse(facility=convert.facility_to_proto(facility))

    async def ListEntries(self, request: pb.ListEntriesRequest, _context: Context) -> pb.ListEntriesResponse:
        """Lists entries, oldest first."""
        page = convert.entries_page_from_proto(request)
        found = await self._service.entries(
            page.after, page.size + 1, merchant_id=request.merchant_id, account=convert.account_from_proto(request)
        )
        return convert.entries_to_proto(found, page.size)
