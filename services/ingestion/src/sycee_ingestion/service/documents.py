"""Documents: taken in, shown, listed."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sycee_service.clock import Clock

from sycee_ingestion.document_reading import DocumentReading
from sycee_ingestion.documents.intake import accept
from sycee_ingestion.documents.model import Document, DocumentKind
from sycee_ingestion.service import DEFAULT_PAGE_SIZE
from sycee_ingestion.store.documents import DocumentStore, NewDocument

MOST_UPLOADS = 8
"""Uploads at one time, each with up to 10 MB in memory; the next ones wait with their bytes not yet received."""


@dataclass(frozen=True, slots=True)
class Upload:
    """What is said of a document before its bytes come."""

    merchant_id: str
    kind: DocumentKind
    caller: str
    request_id: str


class DocumentService:
    """Takes documents in and shows them."""

    def __init__(self, documents: DocumentStore, reading: DocumentReading, clock: Clock) -> None:
        self._documents = documents
        self._reading = reading
        self._clock = clock
        self._room = asyncio.Semaphore(MOST_UPLOADS)

    @asynccontextmanager
    async def room(self) -> AsyncIterator[None]:
        """Waits until there is room for one more upload, and keeps it for as long as the block runs."""
        async with self._room:
            yield

    async def upload(self, upload: Upload, data: bytes) -> Document:
        """Takes a document in, durably; it is read soon after.

        Raises InvalidArgument for what may not be let in (`documents.intake`), NotFound, FailedPrecondition
        (MERCHANT_ERASED), AlreadyExists (REQUEST_ID_REUSED), ResourceExhausted (DOCUMENTS_WAITING).
        """
        accepted = await asyncio.to_thread(accept, data)
        document = await self._documents.add(
            NewDocument(
                document_id=str(uuid.uuid4()),
                merchant_id=upload.merchant_id,
                kind=upload.kind,
                caller=upload.caller,
                request_id=upload.request_id,
                sha256=sha256(data).digest(),
                size_bytes=len(data),
                picture=accepted.picture,
                received_at=self._clock.now(),
            )
        )
        self._reading.wake()
        return document

    async def get_document(self, document_id: str) -> Document:
        """A document. Raises NotFound."""
        return await self._documents.get(document_id)

    async def list_documents(
        self, merchant_id: str, after: tuple[datetime, str] | None, size: int
    ) -> tuple[list[Document], tuple[datetime, str] | None]:
        """A page of documents, newest first, and where to go on: None on the last page. Raises NotFound."""
        size = size or DEFAULT_PAGE_SIZE
        page = await self._documents.page(merchant_id, after, size + 1)
        last = page[size - 1] if len(page) > size else None
        return page[:size], None if last is None else (last.received_at, last.document_id)
