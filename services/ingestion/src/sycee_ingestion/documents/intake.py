"""What is let in: bytes judged by their content, before anything decodes them."""

from __future__ import annotations

from dataclasses import dataclass

from sycee_service.errors import InvalidArgument

from sycee_ingestion.documents.containers import PDF, BrokenPictureError, Shape, looks_like, media_type, shape
from sycee_ingestion.documents.pdf import RefusedPdfError, only_picture

MAX_BYTES = 10_000_000
"""10 MB, by the contract of UploadDocument."""

MAX_PIXELS = 50_000_000
"""Judgement: what the largest sensors of phones give today; 150 MB when decoded."""

MIN_SIDE, MAX_SIDE, MAX_RATIO = 200, 16_000, 10
"""Judgement: below, no text of a licence can be read; beyond, it is no picture of one."""

MAX_PIXELS_PER_BYTE = 200
"""Measured: a page with text has 4 to 20 pixels a byte, an all-white JPEG 64; bombs have hundreds and more."""

_FIELD = "chunk"
_ACCEPTED = "must be a JPEG, PNG or WebP picture, or a PDF of one page that is one JPEG picture"


@dataclass(frozen=True, slots=True, repr=False)
class Accepted:
    """A picture that may be stored and read. Of a PDF, `picture` is the JPEG that was in it."""

    picture: bytes
    media_type: str
    width: int
    height: int


def accept(data: bytes) -> Accepted:
    """Judges an upload by its content. Raises InvalidArgument, naming the rule that it breaks:

    DOCUMENT_EMPTY, DOCUMENT_TOO_LARGE, DOCUMENT_NOT_A_PICTURE, DOCUMENT_DAMAGED, DOCUMENT_DIMENSIONS,
    PDF_ACTIVE_CONTENT, PDF_ATTACHMENT, PDF_ENCRYPTED, PDF_TOO_COMPLEX, PDF_DAMAGED, PDF_NOT_ONE_PICTURE.
    Takes time and memory in proportion to the bytes, and decodes no picture.
    """
    if not data:
        raise _refused("DOCUMENT_EMPTY", "must not be empty")
    if len(data) > MAX_BYTES:
        raise _refused("DOCUMENT_TOO_LARGE", f"must have at most {MAX_BYTES} bytes")
    kind = media_type(data)
    if kind is None:
        guess = looks_like(data)
        raise _refused("DOCUMENT_NOT_A_PICTURE", _ACCEPTED + (f"; this looks like {guess}" if guess else ""))
    if kind == PDF:
        return _from_pdf(data)
    return _sized(data, kind)


def _from_pdf(data: bytes) -> Accepted:
    try:
        picture = only_picture(data)
    except RefusedPdfError as error:
        raise _refused(error.reason, str(error)) from None
    kind = media_type(picture)
    if kind is None or kind == PDF:
        raise _refused("PDF_NOT_ONE_PICTURE", "must hold its page as JPEG; send the page as a picture instead")
    return _sized(picture, kind)


def _sized(data: bytes, kind: str) -> Accepted:
    try:
        size = shape(data, kind)
    except BrokenPictureError as error:
        raise _refused("DOCUMENT_DAMAGED", str(error)) from None
    _check_dimensions(size, len(data))
    return Accepted(data, kind, size.width, size.height)


def _check_dimensions(size: Shape, byte_count: int) -> None:
    shown = f"; it says {size.width} x {size.height}"
    longer, shorter = max(size.width, size.height), min(size.width, size.height)
    pixels = size.width * size.height
    if pixels > MAX_PIXELS or longer > MAX_SIDE:
        rule = f"must have at most {MAX_PIXELS} pixels and {MAX_SIDE} a side"
    elif shorter < MIN_SIDE:
        rule = f"must have at least {MIN_SIDE} pixels a side"
    elif longer > MAX_RATIO * shorter:
        rule = f"must not be more than {MAX_RATIO} times as long as it is wide"
    elif pixels > MAX_PIXELS_PER_BYTE * byte_count:
        rule = "must not claim more pixels than its bytes can hold"
    else:
        return
    raise _refused("DOCUMENT_DIMENSIONS", rule + shown)


def _refused(reason: str, rule: str) -> InvalidArgument:
    return InvalidArgument(_FIELD, rule, reason=reason)
