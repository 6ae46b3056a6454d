"""PDF files, judged without opening them: no part of one is ever run, drawn or followed.

Files are scanned rather than parsed by their own tables, which an attacker writes: every object is looked at, also
those in object streams and those that no table names. Anything that acts (scripts, actions, launches, forms), that
holds other files, that is encrypted or that cannot be looked into is refused. Of the rest, a file of one page whose
only picture is a JPEG is taken, as scanners and phones make them, and the JPEG goes on by itself.

Names after ISO 32000-1:2008: 7.3.5 (`#xx` escapes), 7.5.7 (object streams), 7.6 (encryption), 12.6 (actions).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

MAX_OBJECTS = 20_000
MAX_INFLATED_BYTES = 20_000_000

ACTIVE = frozenset(
    {b"JavaScript", b"JS", b"OpenAction", b"AA", b"Launch", b"SubmitForm", b"ImportData", b"GoToE", b"GoToR"}
    | {b"RichMedia", b"Rendition", b"Movie", b"Sound", b"XFA", b"AcroForm", b"3D"}
)
ATTACHED = frozenset({b"EmbeddedFile", b"EmbeddedFiles", b"Filespec", b"AF", b"Collection"})

_NAME = re.compile(rb"/([^\x00\t\n\x0c\r ()<>\[\]{}/%]*)")
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_OBJECT = re.compile(rb"(\d{1,10})[\x00\t\n\x0c\r ]+\d{1,5}[\x00\t\n\x0c\r ]+obj\b")
_STREAM = re.compile(rb"\bstream\r?\n")
_LENGTH = re.compile(rb"/Length[\x00\t\n\x0c\r ]+(\d{1,10})(?![\x00\t\n\x0c\r ]+\d+[\x00\t\n\x0c\r ]+R)")
_MASK = re.compile(rb"/(?:SMask|Mask)[\x00\t\n\x0c\r ]+(\d{1,10})[\x00\t\n\x0c\r ]+\d{1,5}[\x00\t\n\x0c\r ]+R")
_TYPE = re.compile(rb"/Type[\x00\t\n\x0c\r ]*/(\w+)")
_END_OF_STREAM, _END_OF_OBJECT = b"endstream", b"endobj"


class RefusedPdfError(Exception):
    """A PDF is not taken: `reason` is a stable code, the text the rule that it breaks."""

    def __init__(self, reason: str, rule: str) -> None:
        super().__init__(rule)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Object:
    number: int
    head: bytes  # all before the stream, or the whole object, with names unescaped
    stream: bytes | None


def only_picture(data: bytes) -> bytes:
    """The JPEG that is the only page of a PDF. Raises RefusedPdfError."""
    objects = list(_objects(data))
    packed = _packed(objects)
    _refuse_dangerous(set(_names(_unescaped(_without_pictures(data, objects)))), packed)
    return _picture(objects + packed)


def _refuse_dangerous(names: set[bytes], packed: list[_Object]) -> None:
    for part in packed:
        names.update(_names(part.head))
    if b"Encrypt" in names:
        raise RefusedPdfError("PDF_ENCRYPTED", "must not be encrypted")
    acting = names & ACTIVE
    if acting:
        shown = ", ".join(sorted(name.decode("ascii") for name in acting))
        raise RefusedPdfError("PDF_ACTIVE_CONTENT", f"must not hold scripts, actions or forms (found: {shown})")
    if names & ATTACHED:
        raise RefusedPdfError("PDF_ATTACHMENT", "must not hold other files")


def _picture(objects: list[_Object]) -> bytes:
    masks = {int(number) for part in objects for number in _MASK.findall(part.head)}
    pages = {part.number for part in objects if part.number >= 0 and b"Page" in _TYPE.findall(part.head)}
    pictures = {
        part.number: part
        for part in objects
        if part.stream is not None and _has(part.head, b"Subtype", b"Image") and part.number not in masks
    }
    if len(pages) != 1 or len(pictures) != 1:
        raise RefusedPdfError(
            "PDF_NOT_ONE_PICTURE",
            "must be one page that is one picture; send the page as a JPEG or PNG picture instead",
        )
    (found,) = pictures.values()
    filters = _filters(found.head)
    if filters != [b"DCTDecode"] or found.stream is None or not found.stream.startswith(b"\xff\xd8"):
        raise RefusedPdfError(
            "PDF_NOT_ONE_PICTURE", "must hold its page as JPEG; send the page as a JPEG or PNG picture instead"
        )
    return found.stream


def _objects(data: bytes) -> Iterator[_Object]:
    """Every object in the file, by looking for its beginning; streams are stepped over."""
    at, end = 0, -1
    for count in range(MAX_OBJECTS + 1):
        begun = _OBJECT.search(data, at)
        if begun is None:
            return
        if count == MAX_OBJECTS:
            raise RefusedPdfError("PDF_TOO_COMPLEX", f"must have at most {MAX_OBJECTS} objects")
        if end < begun.end():  # else the one found before is the next one still: no byte is looked at twice for it
            end = data.find(_END_OF_OBJECT, begun.end())
            end = len(data) if end < 0 else end
        stream = _STREAM.search(data, begun.end(), end)
        if stream is None:
            yield _Object(int(begun[1]), _unescaped(data[begun.end() : end]), None)
            at = end
            continue
        head = _unescaped(data[begun.end() : stream.start()])
        until = _end_of_stream(data, head, stream.end())
        yield _Object(int(begun[1]), head, data[stream.end() : until])
        at = until


def _end_of_stream(data: bytes, head: bytes, begin: int) -> int:
    """Where a stream ends: by its length where `endstream` stands there, else at the next `endstream`."""
    said = _LENGTH.search(head)
    if said is not None:
        until = begin + int(said[1])
        if data[until : until + 12].lstrip().startswith(_END_OF_STREAM):
            return until
    until = data.find(_END_OF_STREAM, begin)
    if until < 0:
        raise RefusedPdfError("PDF_DAMAGED", "is cut short or damaged: a stream of the PDF has no end")
    return until


def _packed(objects: list[_Object]) -> list[_Object]:
    """The objects inside object streams. Those that cannot be looked into are refused."""
    found: list[_Object] = []
    left = MAX_INFLATED_BYTES
    for part in objects:
        if part.stream is None or not _has(part.head, b"Type", b"ObjStm"):
            continue
        text = _inflated(part, left)
        left -= len(text)
        found += _unpacked(text)
        if len(objects) + len(found) > MAX_OBJECTS:
            raise RefusedPdfError("PDF_TOO_COMPLEX", f"must have at most {MAX_OBJECTS} objects")
    return found


def _unpacked(text: bytes) -> list[_Object]:
    """The objects of an inflated object stream: pairs of number and place first, then the objects one after another."""
    numbers = re.match(rb"[\d\s]*", text)
    pairs = [int(digits) for digits in (numbers[0] if numbers else b"").split()]
    first = numbers.end() if numbers else 0
    places = sorted(zip(pairs[1::2], pairs[0::2], strict=False))
    parts = [_Object(-1, _unescaped(text), None)]  # all of it, whatever its table of places says
    for index, (place, number) in enumerate(places):
        end = places[index + 1][0] if index + 1 < len(places) else len(text)
        parts.append(_Object(number, _unescaped(text[first + place : first + end]), None))
    return parts


def _inflated(part: _Object, most: int) -> bytes:
    filters = _filters(part.head)
    stream = part.stream or b""
    if not filters:
        return stream
    if filters != [b"FlateDecode"] or b"/DecodeParms" in part.head:
        raise RefusedPdfError("PDF_TOO_COMPLEX", "must keep its objects so that they can be looked into")
    inflate = zlib.decompressobj()
    try:
        text = inflate.decompress(stream, most)
    except zlib.error:
        raise RefusedPdfError("PDF_DAMAGED", "is damaged: objects of the PDF cannot be read") from None
    if inflate.unconsumed_tail:
        raise RefusedPdfError("PDF_TOO_COMPLEX", f"must not grow beyond {MAX_INFLATED_BYTES} bytes when opened")
    return text


def _filters(head: bytes) -> list[bytes]:
    """The names of a stream's filters, in order; abbreviations are spelt out."""
    match = re.search(rb"/Filter[\x00\t\n\x0c\r ]*(\[[^\]]{0,200}\]|/[^\x00\t\n\x0c\r ()<>\[\]{}/%]+)", head)
    short = {b"Fl": b"FlateDecode", b"DCT": b"DCTDecode"}
    return [] if match is None else [short.get(name, name) for name in _NAME.findall(match[1])]


def _has(head: bytes, key: bytes, value: bytes) -> bool:
    return re.search(rb"/" + key + rb"[\x00\t\n\x0c\r ]*/" + value + rb"\b", head) is not None


def _names(text: bytes) -> Iterator[bytes]:
    return (match[1] for match in _NAME.finditer(text))


def _unescaped(text: bytes) -> bytes:
    return _ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), text)


def _without_pictures(data: bytes, objects: list[_Object]) -> bytes:
    """The file less the streams that are JPEG pictures, whose bytes may look like anything and are read as no PDF."""
    for part in objects:
        if part.stream is not None and part.stream.startswith(b"\xff\xd8") and _filters(part.head) == [b"DCTDecode"]:
            data = data.replace(part.stream, b"\n")
    return data
