"""Imports and the quarantine on the wire."""

from __future__ import annotations

from collections.abc import AsyncIterator

from sycee.ingestion.v1 import ingestion_pb2
from sycee_service.access import Allow
from sycee_service.wire import page_token_decode, page_token_encode

from sycee_ingestion.convert import imports as convert
from sycee_ingestion.handlers.callers import OPERATOR_ONLY, READ, WRITE, Context
from sycee_ingestion.service.imports import ImportService, QuarantineService

ACCESS = {
    "ImportFile": Allow(scope=WRITE, peers=OPERATOR_ONLY),
    "GetImport": Allow(scope=READ, peers=OPERATOR_ONLY),
    "WatchImport": Allow(scope=READ, peers=OPERATOR_ONLY),
    "SuggestMapping": Allow(scope=WRITE, peers=OPERATOR_ONLY),  # it shows what files say
    "ListQuarantine": Allow(scope=READ, peers=OPERATOR_ONLY),
    "ReleaseQuarantine": Allow(scope=WRITE, peers=OPERATOR_ONLY),
}


class ImportHandlers:
    """ImportFile, GetImport, WatchImport, SuggestMapping, ListQuarantine, ReleaseQuarantine."""

    def __init__(self, service: ImportService, quarantine: QuarantineService) -> None:
        self._service = service
        self._quarantine = quarantine

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

    async def SuggestMapping(
        self, request: ingestion_pb2.SuggestMappingRequest, _context: Context
    ) -> ingestion_pb2.SuggestMappingResponse:
        """Proposes a mapping."""
        return convert.suggestion_to_proto(await self._service.suggest_mapping(request.path, request.connector))

    async def ListQuarantine(
        self, request: ingestion_pb2.ListQuarantineRequest, _context: Context
    ) -> ingestion_pb2.ListQuarantineResponse:
        """Lists what is held."""
        token = request.page_token
        after = convert.number_of("page_token", page_token_decode("page_token", token, 1)[0]) if token else 0
        state = convert.state_from_proto(request.state)
        rows, next_after = await self._quarantine.list_quarantine(request.import_id, state, after, request.page_size)
        return ingestion_pb2.ListQuarantineResponse(
            rows=[convert.quarantined_to_proto(row) for row in rows],
            next_page_token=page_token_encode(str(next_after)) if next_after else "",
        )

    async def ReleaseQuarantine(
        self, request: ingestion_pb2.ReleaseQuarantineRequest, _context: Context
    ) -> ingestion_pb2.ReleaseQuarantineResponse:
        """Reads held rows again."""
        numbers = convert.quarantine_numbers(request.quarantine_ids)
        done = await self._quarantine.release(request.request_id, request.import_id, numbers, request.mapping_yaml)
        return ingestion_pb2.ReleaseQuarantineResponse(
            released_count=done.released_count,
            duplicate_count=done.duplicate_count,
            held_count=done.held_count,
            more=done.more,
        )
