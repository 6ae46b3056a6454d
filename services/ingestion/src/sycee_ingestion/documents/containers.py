"""How large a picture is and whether its file is whole, by walking the file's parts; nothing is decoded.

Formats: JPEG (ITU-T T.81, annex B), PNG (ISO/IEC 15948, section 5), WebP (RFC 9649). Only lengths, dimensions and
checksums are read, each bounded by the bytes that are there.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

JPEG, PNG, WEBP, PDF = "image/jpeg", "image/png", "image/webp", "application/pdf"

_OTHERS: tuple[tuple[bytes, int, str], ...] = (
    (b"GIF8", 0, "GIF"),
    (b"BM", 0, "BMP"),
    (b"II*\x00", 0, "TIFF"),
    (b"MM\x00*", 0, "TIFF"),
    (b"ftyp", 4, "HEIC, AVIF or a video"),
    (b"PK\x03\x04", 0, "a ZIP archive or an office document"),
    (b"\xd0\xcf\x11\xe0", 0, "an office document"),
    (b"\x7fELF", 0, "a program"),
    (b"MZ", 0, "a program"),
    (b"<", 0, "HTML, XML or SVG"),
)
_PDF_HEADER_WITHIN = 1_024  # ISO 32000-1, annex H: readers accept the header within the first 1024 bytes

# Markers that carry a frame's size (SOF0-15 without DHT, JPG and DAC), and those without a length of their own.
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_NO_MARKER = frozenset({0x00, 0xFF, *range(0xD0, 0xD8)})  # within a scan: a stuffed byte, padding, a restart
_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA


class BrokenPictureError(Exception):
    """The file is cut short, damaged, or holds more than one picture; the text is the rule that it breaks."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A picture's size in pixels, as stored."""

    width: int
    height: int


def media_type(data: bytes) -> str | None:
    """The type that the content itself shows, of those that are accepted; None for any other."""
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WEBP
    if b"%PDF-" in data[:_PDF_HEADER_WITHIN]:
        return PDF
    return None


def looks_like(data: bytes) -> str:
    """What content that is not accepted looks like, for the one who sent it; empty where it is not known."""
    return next((name for magic, at, name in _OTHERS if data[at : at + len(magic)] == magic), "")


def shape(data: bytes, kind: str) -> Shape:
    """The size of a JPEG, PNG or WebP picture. Raises BrokenPictureError."""
    return {JPEG: _jpeg, PNG: _png, WEBP: _webp}[kind](data)


def _jpeg(data: bytes) -> Shape:
    found: Shape | None = None
    at = 2
    while True:
        at = _next_marker(data, at)
        marker = data[at]
        at += 1
        if marker == _EOI:
            break
        if marker in _ALONE:
            continue
        if marker == _SOI:
            raise BrokenPictureError("is a damaged JPEG: a picture begins inside another")
        length = int.from_bytes(_exactly(data, at, 2), "big")
        if length < 2 or at + length > len(data):
            raise BrokenPictureError("is cut short or damaged: a part of the JPEG is missing")
        if marker in _FRAMES:
            if found is not None:
                raise BrokenPictureError("is a damaged JPEG: it has more than one frame")
            body = _exactly(data, at + 2, 5)
            found = Shape(int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big"))
        at += length
        if marker == _SOS:
            at = _after_scan(data, at)
    if found is None or found.width == 0 or found.height == 0:
        raise BrokenPictureError("is a damaged JPEG: it does not say its size")
    return found


def _next_marker(data: bytes, at: int) -> int:
    """The place of the code of the marker that must stand here."""
    if _exactly(data, at, 1) != b"\xff":
        raise BrokenPictureError("is a damaged JPEG: a marker is missing")
    while _exactly(data, at, 1) == b"\xff":
        at += 1
    return at


def _after_scan(data: bytes, at: int) -> int:
    """The place of the marker that ends entropy-coded data: neither a stuffed byte nor a restart."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            raise BrokenPictureError("is cut short: the JPEG has no end")
        code = data[at + 1]
        if code not in _NO_MARKER:
            return at
        at += 1 if code == 0xFF else 2


def _png(data: bytes) -> Shape:
    found: Shape | None = None
    pixels = False
    at = 8
    while True:
        length = int.from_bytes(_exactly(data, at, 4), "big")
        name = _exactly(data, at + 4, 4)
        body = _exactly(data, at + 8, length)
        if int.from_bytes(_exactly(data, at + 8 + length, 4), "big") != zlib.crc32(name + body):
            raise BrokenPictureError("is damaged: a checksum of the PNG does not fit")
        if (found is None) != (name == b"IHDR"):
            raise BrokenPictureError("is a damaged PNG: its header is not where it must be")
        if name == b"IHDR":
            if length != 13:
                raise BrokenPictureError("is a damaged PNG: its header has a wrong length")
            found = Shape(int.from_bytes(body[:4], "big"), int.from_bytes(body[4:8], "big"))
        elif name == b"acTL":
            raise BrokenPictureError("must be one picture, not an animation")
        pixels = pixels or name == b"IDAT"
        at += 12 + length
        if name == b"IEND":
            break
    if found is None or not pixels or found.width == 0 or found.height == 0:
        raise BrokenPictureError("is a damaged PNG: it has no pixels")
    return found


def _webp(data: bytes) -> Shape:
    end = 8 + int.from_bytes(_exactly(data, 4, 4), "little")
    if end > len(data):
        raise BrokenPictureError("is cut short: a part of the WebP is missing")
    found: Shape | None = None
    pixels = False
    at = 12
    while at + 8 <= end:
        name, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        body = _exactly(data, at + 8, length)
        if name in {b"ANIM", b"ANMF"}:
            raise BrokenPictureError("must be one picture, not an animation")
        found = found or _webp_size(name, body)
        pixels = pixels or name in {b"VP8 ", b"VP8L"}
        at += 8 + length + length % 2
    if found is None or not pixels or found.width == 0 or found.height == 0:
        raise BrokenPictureError("is a damaged WebP: it has no pixels")
    return found


def _webp_size(name: bytes, body: bytes) -> Shape | None:
    if name == b"VP8X" and len(body) >= 10:
        return Shape(1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little"))
    if name == b"VP8 " and len(body) >= 10:
        return Shape(int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF)
    if name == b"VP8L" and len(body) >= 5:
        bits = int.from_bytes(body[1:5], "little")
        return Shape(1 + (bits & 0x3FFF), 1 + ((bits >> 14) & 0x3FFF))
    return None


def _exactly(data: bytes, at: int, count: int) -> bytes:
    if at + count > len(data):
        raise BrokenPictureError("is cut short: its end is missing")
    return data[at : at + count]
