"""What tests say to a running server about documents."""

from __future__ import annotations

from collections.abc import AsyncIterator

from ingestion_calls import Stub
from sycee.ingestion.v1 import document_pb2
from sycee_service.testing import until

RECEIVED, READ, FAILED = 1, 2, 3
LICENCE, CARD_FRONT, CARD_BACK, SHOP = 1, 2, 3, 4
AGREES, DIFFERS, CANNOT_TELL = 1, 2, 3
PART = 64 * 1024


async def parts(
    data: bytes, *, kind: int = LICENCE, merchant_id: str = "m-1", request_id: str = "document-1"
) -> AsyncIterator[document_pb2.UploadDocumentRequest]:
    """An upload as it is streamed."""
    header = document_pb2.UploadDocumentRequest.Header(request_id=request_id, merchant_id=merchant_id)
    header.kind = kind  # type: ignore[assignment] # the contract's number
    yield document_pb2.UploadDocumentRequest(header=header)
    for start in range(0, len(data), PART):
        yield document_pb2.UploadDocumentRequest(chunk=data[start : start + PART])


async def upload(stub: Stub, data: bytes, **said: object) -> document_pb2.Document:
    """Uploads a document."""
    return (await stub.UploadDocument(parts(data, **said))).document  # type: ignore[arg-type]


async def document_of(stub: Stub, document_id: str, *, identity: bool = False) -> document_pb2.Document:
    """A document as it is now."""
    request = document_pb2.GetDocumentRequest(document_id=document_id, include_identity=identity)
    return (await stub.GetDocument(request)).document


async def read_document(stub: Stub, document_id: str, *, identity: bool = False) -> document_pb2.Document:
    """A document once it was read or failed."""

    async def ended() -> bool:
        return (await document_of(stub, document_id)).state != RECEIVED

    await until(ended, timeout_s=120)
    return await document_of(stub, document_id, identity=identity)


def values(document: document_pb2.Document) -> dict[str, str]:
    """The fields of a document by name."""
    return {field.name: field.value for field in document.fields}


def results(document: document_pb2.Document) -> dict[str, int]:
    """The checks of a document by code."""
    return {check.code: int(check.result) for check in document.checks}
