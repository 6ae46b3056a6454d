"""Documents: contract ↔ domain."""

from __future__ import annotations

from datetime import UTC, datetime

from sycee.ingestion.v1 import document_pb2
from sycee_service.errors import InvalidArgument
from sycee_service.wire import page_token_decode, page_token_encode, time_to_proto

from sycee_ingestion.convert.times import moment_to_proto
from sycee_ingestion.documents.masking import masked
from sycee_ingestion.documents.model import Box, Check, Document, DocumentKind, Field, Signal
from sycee_ingestion.service.documents import Upload


def upload_from_proto(header: document_pb2.UploadDocumentRequest.Header, caller: str) -> Upload:
    """What is said of a document before its bytes come."""
    return Upload(header.merchant_id, DocumentKind(header.kind), caller, header.request_id)


def document_to_proto(document: Document, *, unmasked: bool = False) -> document_pb2.Document:
    """A document; what is personal in it is masked unless it may be seen."""
    message = document_pb2.Document(
        document_id=document.document_id,
        merchant_id=document.merchant_id,
        kind=document.kind.value,  # type: ignore[arg-type] # the numbers are the contract's
        state=document.state.value,  # type: ignore[arg-type] # likewise
        sha256=document.sha256,
        size_bytes=document.size_bytes,
        error=document.error,
        received_at=time_to_proto(document.received_at),
        read_at=moment_to_proto(document.read_at),
        reader_version=document.reader_version,
    )
    if document.findings is not None:
        reading = document.findings.reading
        shown = reading.fields if unmasked else tuple(masked(field, document.kind) for field in reading.fields)
        message.fields.extend(_field(field) for field in shown)
        message.checks.extend(_check(check) for check in document.findings.checks)
        message.tamper_signals.extend(_signal(signal) for signal in reading.signals)
    return message


def after_from_token(token: str) -> tuple[datetime, str] | None:
    """Where a page goes on. Raises InvalidArgument for what is no token of this list."""
    if not token:
        return None
    moment, document_id = page_token_decode("page_token", token, 2)
    try:
        return datetime.fromisoformat(moment).astimezone(UTC), document_id
    except (ValueError, OverflowError):
        raise InvalidArgument(
            "page_token", "must be a next_page_token of this list", reason="PAGE_TOKEN_INVALID"
        ) from None


def token_from_after(after: tuple[datetime, str] | None) -> str:
    """The token of a page that goes on after a document; empty on the last page."""
    return "" if after is None else page_token_encode(after[0].isoformat(), after[1])


def _field(field: Field) -> document_pb2.DocumentField:
    return document_pb2.DocumentField(
        name=field.name, value=field.value, confidence=field.confidence, valid=field.valid, box=_box(field.box)
    )


def _check(check: Check) -> document_pb2.DocumentCheck:
    return document_pb2.DocumentCheck(
        code=check.code,
        result=check.result.value,  # type: ignore[arg-type] # the numbers are the contract's
        text_zh=check.text_zh,
        text_en=check.text_en,
    )


def _signal(signal: Signal) -> document_pb2.TamperSignal:
    return document_pb2.TamperSignal(
        code=signal.code,
        strength=signal.strength,
        text_zh=signal.text_zh,
        text_en=signal.text_en,
        box=_box(signal.box),
    )


def _box(box: Box | None) -> list[float]:
    """Left, top, width, height; empty where there is none."""
    return [] if box is None else [box.left, box.top, box.width, box.height]
