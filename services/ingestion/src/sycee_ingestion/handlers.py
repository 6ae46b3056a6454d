"""The RPCs: convert, call, convert."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import grpc
from sycee.ingestion.v1 import ingestion_pb2, ingestion_pb2_grpc, profile_pb2
from sycee_service.access import EDGE, Allow, current_caller
from sycee_service.clock import Clock
from sycee_service.errors import PermissionDenied
from sycee_service.wire import page_token_decode, page_token_encode, time_from_proto, time_to_proto

from sycee_ingestion import convert
from sycee_ingestion.domain.profile import Profile
from sycee_ingestion.pipeline import ahead
from sycee_ingestion.publishing import Publisher
from sycee_ingestion.service import IngestionService

OPERATOR, GATEWAY = "operator", "gateway"
READ, WRITE = "ingestion.read", "ingestion.write"
BATCHES_AHEAD = 2
CONVERSIONS_KEPT = 1_000

_OPERATOR = frozenset({OPERATOR})

ACCESS = {
    "RegisterMerchant": Allow(scope=WRITE, peers=_OPERATOR),
    "GetMerchant": Allow(scope=READ, peers=_OPERATOR),
    "ListMerchants": Allow(scope=READ, peers=_OPERATOR),
    "PublishEvents": Allow(scope=WRITE, peers=_OPERATOR),
    "ImportFile": Allow(scope=WRITE, peers=_OPERATOR),
    "GetImport": Allow(scope=READ, peers=_OPERATOR),
    "WatchImport": Allow(scope=READ, peers=_OPERATOR),
    "GetProfile": Allow(scope=READ, peers=frozenset({OPERATOR, GATEWAY})),
}

OWN_VALIDATION = frozenset({"PublishEvents"})
"""Its events are judged one by one: a bad one is a reject and not the end of the stream."""

Context = grpc.aio.ServicerContext[Any, Any]


class IngestionHandlers(ingestion_pb2_grpc.IngestionServiceServicer):
    """IngestionService on the wire."""

    def __init__(self, service: IngestionService, publisher: Publisher, clock: Clock) -> None:
        self._service = service
        self._publisher = publisher
        self._clock = clock
        self._conversions: dict[str, tuple[Profile, profile_pb2.Profile]] = {}

    async def RegisterMerchant(
        self, request: ingestion_pb2.RegisterMerchantRequest, _context: Context
    ) -> ingestion_pb2.RegisterMerchantResponse:
        """Registers a merchant."""
        merchant = convert.merchant_from_proto(request, self._clock.now())
        registered = await self._service.register_merchant(merchant)
        return ingestion_pb2.RegisterMerchantResponse(merchant=convert.merchant_to_proto(registered))

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

    async def PublishEvents(
        self, request_iterator: AsyncIterator[ingestion_pb2.PublishEventsRequest], _context: Context
    ) -> AsyncIterator[ingestion_pb2.PublishEventsResponse]:
        """Takes batches of events, one after the other; the next ones are judged while one is made durable."""
        async with aclosing(ahead(request_iterator, self._publisher.judge, BATCHES_AHEAD)) as batches:
            async for batch in batches:
                yield convert.outcome_to_proto(batch.request.batch_id, await self._publisher.publish(batch))

    async def ImportFile(
        self, request: ingestion_pb2.ImportFileRequest, _context: Context
    ) -> ingestion_pb2.ImportFileResponse:
        """Begins an import."""
        begun = await self._service.import_file(request.path, request.mapping_yaml)
        return ingestion_pb2.ImportFileResponse(file_import=convert.import_to_proto(begun))

    async def GetImport(
        self, request: ingestion_pb2.GetImportRequest, _context: Context
    ) -> ingestion_pb2.GetImportResponse:
        """Reads an import."""
        found = await self._service.get_import(request.import_id)
        return ingestion_pb2.GetImportResponse(file_import=convert.import_to_proto(found))

    async def WatchImport(
        self, request: ingestion_pb2.WatchImportRequest, _context: Context
    ) -> AsyncIterator[ingestion_pb2.WatchImportResponse]:
        """Streams an import's progress."""
        async for found in self._service.watch_import(request.import_id):
            yield ingestion_pb2.WatchImportResponse(file_import=convert.import_to_proto(found))

    async def GetProfile(
        self, request: ingestion_pb2.GetProfileRequest, _context: Context
    ) -> ingestion_pb2.GetProfileResponse:
        """Answers with a portrait."""
        if request.include_identity and current_caller().peer == EDGE:
            raise PermissionDenied("IDENTITY_NOT_ALLOWED", "the identity is for internal peers only")
        as_of = time_from_proto("as_of", request.as_of) if request.HasField("as_of") else None
        found = await self._service.get_profile(request.merchant_id, as_of, with_identity=request.include_identity)
        answer = ingestion_pb2.GetProfileResponse(profile=self._converted(found.profile))
        answer.profile.as_of.CopyFrom(time_to_proto(found.as_of))
        if found.identity is not None:
            answer.identity.CopyFrom(convert.identity_to_proto(found.identity))
        return answer

    def _converted(self, profile: Profile) -> profile_pb2.Profile:
        """The portrait as a message; the last ones are kept, since the service gives the same object again."""
        before = self._conversions.get(profile.merchant_id)
        if before is not None and before[0] is profile:
            return before[1]
        message = convert.profile_to_proto(profile)
        if len(self._conversions) >= CONVERSIONS_KEPT:
            self._conversions.clear()
        self._conversions[profile.merchant_id] = (profile, message)
        return message
