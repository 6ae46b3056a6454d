"""What is let in, and what is refused by which rule."""

from __future__ import annotations

import io
import struct
import zlib
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from licence_drawings import Picture, jpeg, png
from PIL import Image
from sycee_ingestion.documents.containers import JPEG, PNG, WEBP
from sycee_ingestion.documents.intake import MAX_BYTES, accept
from sycee_service.errors import InvalidArgument


def noisy(height: int = 300, width: int = 400) -> Picture:
    return np.random.default_rng(1).integers(0, 255, (height, width, 3)).astype(np.uint8)


def saved(form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(noisy()).save(buffer, form, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def reason_of(data: bytes) -> str:
    with pytest.raises(InvalidArgument) as raised:
        accept(data)
    assert raised.value.violations[0].field == "chunk"
    assert raised.value.violations[0].value is None
    return raised.value.reason


def with_size(width: int, height: int) -> bytes:
    """A PNG whose header claims a size, its checksum right."""
    whole = png(noisy())
    header = b"IHDR" + struct.pack(">II", width, height) + whole[24:29]
    return whole[:12] + header + struct.pack(">I", zlib.crc32(header)) + whole[33:]


def pdf(*objects: bytes, trailer: bytes = b"<< /Root 1 0 R >>") -> bytes:
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, part) for number, part in enumerate(objects, start=1))
    return b"%PDF-1.7\n" + body + b"trailer\n" + trailer + b"\n%%EOF\n"


def stream(head: bytes, body: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (head, len(body), body)


def page_of(picture: bytes, *more: bytes, catalog: bytes = b"<< /Type /Catalog /Pages 2 0 R >>") -> bytes:
    """A PDF of one page that is one JPEG, with more objects."""
    return pdf(
        catalog,
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /Contents 5 0 R /Resources << /XObject << /Im0 4 0 R >> >> >>",
        stream(b"/Type /XObject /Subtype /Image /Width 400 /Height 300 /Filter /DCTDecode", picture),
        stream(b"", b"q 400 0 0 300 0 0 cm /Im0 Do Q"),
        *more,
    )


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (saved("JPEG", quality=80), JPEG),
        (saved("JPEG", quality=80, progressive=True), JPEG),
        (saved("PNG"), PNG),
        (saved("WEBP"), WEBP),
        (saved("WEBP", lossless=True), WEBP),
    ],
)
def test_pictures_are_taken(data: bytes, kind: str) -> None:
    taken = accept(data)
    assert (taken.media_type, taken.width, taken.height, taken.picture) == (kind, 400, 300, data)


def test_a_phone_appends_to_its_jpegs() -> None:
    assert accept(saved("JPEG") + b"trailing data of a motion photo").width == 400


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "DOCUMENT_EMPTY"),
        (b"hello", "DOCUMENT_NOT_A_PICTURE"),
        (saved("GIF"), "DOCUMENT_NOT_A_PICTURE"),
        (saved("BMP"), "DOCUMENT_NOT_A_PICTURE"),
        (saved("TIFF"), "DOCUMENT_NOT_A_PICTURE"),
        (b"\x00\x00\x00\x18ftypheic" + bytes(100), "DOCUMENT_NOT_A_PICTURE"),
        (b"<svg onload='x()'/>", "DOCUMENT_NOT_A_PICTURE"),
        (saved("JPEG")[:-2000], "DOCUMENT_DAMAGED"),
        (saved("JPEG")[:40], "DOCUMENT_DAMAGED"),
        (saved("PNG")[:-20], "DOCUMENT_DAMAGED"),
        (saved("WEBP")[:-20], "DOCUMENT_DAMAGED"),
        (b"\xff\xd8\xff\xd9", "DOCUMENT_DAMAGED"),
        (with_size(30_000, 30_000), "DOCUMENT_DIMENSIONS"),
        (with_size(20_000, 300), "DOCUMENT_DIMENSIONS"),
        (with_size(4_000, 300), "DOCUMENT_DIMENSIONS"),
        (with_size(0, 300), "DOCUMENT_DAMAGED"),
        (png(noisy(100, 100)), "DOCUMENT_DIMENSIONS"),
    ],
)
def test_what_is_no_whole_picture_is_refused(data: bytes, reason: str) -> None:
    assert reason_of(data) == reason


def test_the_format_is_named_to_who_sent_another() -> None:
    with pytest.raises(InvalidArgument, match="HEIC"):
        accept(b"\x00\x00\x00\x18ftypheic" + bytes(100))


def test_a_flipped_bit_in_a_png_is_noticed() -> None:
    data = bytearray(png(noisy()))
    data[len(data) // 2] ^= 1
    assert reason_of(bytes(data)) == "DOCUMENT_DAMAGED"


def test_a_bomb_is_refused_by_its_claim_and_not_by_its_pixels() -> None:
    blank = io.BytesIO()
    Image.new("1", (7_000, 7_000)).save(blank, "PNG")
    assert len(blank.getvalue()) < 20_000
    assert reason_of(blank.getvalue()) == "DOCUMENT_DIMENSIONS"


def test_animations_are_refused() -> None:
    frames = [Image.fromarray(noisy()), Image.fromarray(noisy()[::-1].copy())]
    for form in ("PNG", "WEBP"):
        buffer = io.BytesIO()
        frames[0].save(buffer, form, save_all=True, append_images=frames[1:])
        assert reason_of(buffer.getvalue()) == "DOCUMENT_DAMAGED"


def test_ten_megabytes_are_the_most() -> None:
    data = jpeg(noisy(), 90)
    assert accept(data + bytes(MAX_BYTES - len(data))).width == 400
    assert reason_of(data + bytes(MAX_BYTES - len(data) + 1)) == "DOCUMENT_TOO_LARGE"


def test_a_scanned_pdf_gives_its_jpeg() -> None:
    picture = jpeg(noisy(), 90)
    assert accept(page_of(picture)).picture == picture
    written = io.BytesIO()
    Image.fromarray(noisy()).save(written, "PDF")
    assert accept(written.getvalue()).media_type == JPEG


PACKED_SCRIPT = b"9 0 << /S /JavaScript /JS (app.alert(1)) >>"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (page_of(jpeg(noisy()), b"<< /S /JavaScript /JS (x) >>"), "PDF_ACTIVE_CONTENT"),
        (page_of(jpeg(noisy()), b"<< /S /#4aava#53cript /J#53 (x) >>"), "PDF_ACTIVE_CONTENT"),
        (page_of(jpeg(noisy()), catalog=b"<< /Type /Catalog /Pages 2 0 R /OpenAction 9 0 R >>"), "PDF_ACTIVE_CONTENT"),
        (page_of(jpeg(noisy()), b"<< /S /Launch /F (cmd.exe) >>"), "PDF_ACTIVE_CONTENT"),
        (page_of(jpeg(noisy()), b"<< /AA << /O 9 0 R >> >>"), "PDF_ACTIVE_CONTENT"),
        (page_of(jpeg(noisy()), b"<< /XFA 9 0 R >>"), "PDF_ACTIVE_CONTENT"),
        (
            page_of(
                jpeg(noisy()), stream(b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", zlib.compress(PACKED_SCRIPT))
            ),
            "PDF_ACTIVE_CONTENT",
        ),
        (page_of(jpeg(noisy()), stream(b"/Type /ObjStm /N 1 /First 4", PACKED_SCRIPT)), "PDF_ACTIVE_CONTENT"),
        (
            page_of(jpeg(noisy())).replace(b"%%EOF", b"% stream\n<< /JavaScript (x) >>\n% endstream\n%%EOF"),
            "PDF_ACTIVE_CONTENT",
        ),
        (page_of(jpeg(noisy()), b"<< /Type /EmbeddedFile >>"), "PDF_ATTACHMENT"),
        (pdf(b"<< >>", trailer=b"<< /Root 1 0 R /Encrypt 2 0 R >>"), "PDF_ENCRYPTED"),
        (page_of(jpeg(noisy()), b"<< /Type /Page /Parent 2 0 R >>"), "PDF_NOT_ONE_PICTURE"),
        (pdf(b"<< /Type /Page >>"), "PDF_NOT_ONE_PICTURE"),
        (
            page_of(jpeg(noisy())).replace(b"/Filter /DCTDecode", b"/Filter /JPXDecode"),
            "PDF_NOT_ONE_PICTURE",
        ),
        (page_of(jpeg(noisy()), stream(b"/Type /ObjStm /Filter /LZWDecode", b"\x80\x0b")), "PDF_TOO_COMPLEX"),
        (page_of(jpeg(noisy()), stream(b"/Type /ObjStm /Filter /FlateDecode", b"no deflate")), "PDF_DAMAGED"),
        (
            page_of(jpeg(noisy()), stream(b"/Type /ObjStm /Filter /FlateDecode", zlib.compress(bytes(50_000_000), 9))),
            "PDF_TOO_COMPLEX",
        ),
        (pdf(*[b"null"] * 20_001), "PDF_TOO_COMPLEX"),
        (page_of(jpeg(noisy()))[:5_000], "PDF_DAMAGED"),
    ],
)
def test_pdfs_that_act_hide_or_are_more_than_a_picture_are_refused(data: bytes, reason: str) -> None:
    assert reason_of(data) == reason


def test_a_broken_jpeg_in_a_pdf_is_refused() -> None:
    assert reason_of(page_of(jpeg(noisy())[:-900])) == "DOCUMENT_DAMAGED"


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), form=st.sampled_from(["JPEG", "PNG", "WEBP", "PDF"]))
def test_whatever_comes_is_taken_or_refused_by_a_rule(seed: int, form: str) -> None:
    rng = Random(seed)
    data = bytearray(saved(form))
    for _ in range(rng.randrange(1, 30)):
        at = rng.randrange(len(data))
        data[at : at + rng.randrange(4)] = rng.randbytes(rng.randrange(4))
    refused: InvalidArgument | None = None
    try:
        accept(bytes(data[: rng.randrange(1, len(data) + 1)]))
    except InvalidArgument as error:
        refused = error
    assert refused is None or refused.reason.startswith(("DOCUMENT_", "PDF_"))
