"""Puts together what takes documents in and reads them."""

from __future__ import annotations

from sycee_service.host import Host

from sycee_ingestion.accesses import AccessLog
from sycee_ingestion.document_reading import DocumentReading
from sycee_ingestion.documents.process import DocumentReader
from sycee_ingestion.handlers.documents import DocumentHandlers
from sycee_ingestion.service.documents import DocumentService
from sycee_ingestion.settings import Settings
from sycee_ingestion.store.documents import DocumentStore


def receive_documents(host: Host[Settings], documents: DocumentStore, accesses: AccessLog) -> DocumentHandlers:
    """The handlers of documents; reading them runs with the host, in a process of its own."""
    settings, clock = host.settings, host.clock
    reader = DocumentReader(timeout_s=settings.document_timeout_ms / 1000)
    reading = DocumentReading(documents, reader, clock, poll_s=settings.document_poll_ms / 1000)
    host.background("documents", reading.run)
    host.on_close(reading.close)
    return DocumentHandlers(DocumentService(documents, reading, clock), accesses)
