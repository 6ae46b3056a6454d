"""Documents on the wire."""

from __future__ import annotations

from collections.abc import AsyncIterator

from sycee.ingestion.v1 import document_pb2
from sycee_service.access import EDGE, Allow, current_caller
from sycee_service.errors import InvalidArgument, PermissionDenied

from sycee_ingestion.accesses import AccessLog
from sycee_ingestion.convert import documents as convert
from sycee_ingestion.documents.intake import MAX_BYTES
from sycee_ingestion.handlers.callers import GATEWAY, OPERATOR, OPERATOR_ONLY, READ, WRITE, Context
from sycee_ingestion.service.documents import DocumentService, Upload

ACCESS = {
    "UploadDocument": Allow(scope=WRITE, peers=OPERATOR_ONLY),
    "GetDocument": Allow(scope=READ, peers=frozenset({OPERATOR, GATEWAY})),
    "ListDocuments": Allow(scope=READ, peers=OPERATOR_ONLY),
}

Parts = AsyncIterator[document_pb2.UploadDocumentRequest]


class DocumentHandlers:
    """UploadDocument, GetDocument, ListDocuments."""

    def __init__(self, service: DocumentService, accesses: AccessLog) -> None:
        self._service = service
        self._accesses = accesses

    async def UploadDocument(self, request_iterator: Parts, _context: Context) -> document_pb2.UploadDocumentResponse:
        """Takes a document in."""
        async with self._service.room():
            upload, data = await _received(request_iterator)
            document = await self._service.upload(upload, data)
        return document_pb2.UploadDocumentResponse(document=convert.document_to_proto(document))

    async def GetDocument(
        self, request: document_pb2.GetDocumentRequest, _context: Context
    ) -> document_pb2.GetDocumentResponse:
        """Reads a document's findings."""
        if request.include_identity and current_caller().peer == EDGE:
            raise PermissionDenied("IDENTITY_NOT_ALLOWED", "unmasked fields are for internal peers only")
        document = await self._service.get_document(request.document_id)
        if request.include_identity and document.findings is not None:
            await self._accesses.record(document.merchant_id, "GetDocument", "document")
        shown = convert.document_to_proto(document, unmasked=request.include_identity)
        return document_pb2.GetDocumentResponse(document=shown)

    async def ListDocuments(
        self, request: document_pb2.ListDocumentsRequest, _context: Context
    ) -> document_pb2.ListDocumentsResponse:
        """Lists a merchant's documents."""
        after = convert.after_from_token(request.page_token)
        page, next_after = await self._service.list_documents(request.merchant_id, after, request.page_size)
        return document_pb2.ListDocumentsResponse(
            documents=[convert.document_to_proto(document) for document in page],
            next_page_token=convert.token_from_after(next_after),
        )


async def _received(parts: Parts) -> tuple[Upload, bytes]:
    """The header and all bytes of an upload; no more than 10 MB of them are ever held."""
    upload: Upload | None = None
    data = bytearray()
    async for part in parts:
        if part.HasField("header"):
            if upload is not None:
                raise InvalidArgument("header", "must be sent once, and first")
            upload = convert.upload_from_proto(part.header, current_caller().key)
            continue
        if upload is None:
            raise InvalidArgument("header", "must be sent before any bytes")
        data += part.chunk
        if len(data) > MAX_BYTES:
            raise InvalidArgument("chunk", f"must have at most {MAX_BYTES} bytes", reason="DOCUMENT_TOO_LARGE")
    if upload is None:
        raise InvalidArgument("header", "is needed")
    return upload, bytes(data)
