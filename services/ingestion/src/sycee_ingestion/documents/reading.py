"""Reads one picture: pixels, text, fields of its kind, and signs of tampering."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import cv2
import numpy as np

from sycee_ingestion.documents.codes import QrCode, qr_codes
from sycee_ingestion.documents.id_card import back_fields, front_fields
from sycee_ingestion.documents.licence import licence_fields
from sycee_ingestion.documents.model import DocumentKind, Field, Reading, Signal
from sycee_ingestion.documents.ocr import Line, Text, TextReader, reads_upright
from sycee_ingestion.documents.pictures import Picture, Pixels, decode, jpeg_quality, turned
from sycee_ingestion.documents.seals import seal_field
from sycee_ingestion.documents.shop_photo import shop_fields
from sycee_ingestion.documents.signals.examining import pixel_signals
from sycee_ingestion.documents.signals.metadata import metadata_signals
from sycee_ingestion.documents.signals.mismatch import qr_signals

_ON_PAPER = frozenset({DocumentKind.BUSINESS_LICENCE, DocumentKind.RESIDENT_ID_FRONT, DocumentKind.RESIDENT_ID_BACK})
"""Pages of print, whose pixels are looked at for signs; a scene has too many honest reasons to look uneven."""


_Boxed = TypeVar("_Boxed", Field, Signal)


class NothingReadError(Exception):
    """The picture holds no text that can be read."""


def read(data: bytes, kind: DocumentKind, reader: TextReader) -> Reading:
    """Reads an accepted picture as a document of a kind; boxes are shares of the upright page.

    Raises UndecodableError (`pictures`), NothingReadError.
    """
    picture, text = _upright(decode(data), reader)
    rgb = picture.rgb
    grey = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    codes = qr_codes(grey)
    if not text.lines and not codes:
        raise NothingReadError
    fields = _fields(kind, rgb, text.lines, codes, reader)
    signals = metadata_signals(data, rgb)
    if kind is DocumentKind.BUSINESS_LICENCE:
        signals += qr_signals(next((field for field in fields if field.name == "uscc"), None), codes)
    if kind in _ON_PAPER and not picture.reduced:
        signals += pixel_signals(picture, jpeg_quality(data), text.lines)
    height, width = grey.shape
    return Reading(
        tuple(_shared(field, width, height) for field in fields),
        tuple(sorted((_shared(signal, width, height) for signal in signals), key=lambda each: -each.strength)),
    )


def _upright(picture: Picture, reader: TextReader) -> tuple[Picture, Text]:
    """The page turned so that its text reads, by quarters; as it was where no turn reads better."""
    best = picture, reader.read(picture.rgb)
    for quarters in (1, 3, 2):
        if reads_upright(best[1]):
            break
        candidate = replace(picture, orientation=turned(picture.orientation, quarters))
        text = reader.read(candidate.rgb)
        if text.score > best[1].score:
            best = candidate, text
    return best


def _fields(
    kind: DocumentKind, rgb: Pixels, lines: Sequence[Line], codes: Sequence[QrCode], reader: TextReader
) -> list[Field]:
    if kind is DocumentKind.RESIDENT_ID_FRONT:
        return list(front_fields(lines))
    if kind is DocumentKind.RESIDENT_ID_BACK:
        return list(back_fields(lines))
    fields = list(shop_fields(lines) if kind is DocumentKind.SHOP_PHOTO else licence_fields(lines))
    if kind is DocumentKind.BUSINESS_LICENCE and not any(field.name == "authority" for field in fields):
        seal = seal_field(rgb, reader.line)
        fields += [] if seal is None else [seal]
    fields += [Field("qr", code.text, 1.0, None, code.box) for code in codes]
    return fields


def _shared(boxed: _Boxed, width: int, height: int) -> _Boxed:
    return boxed if boxed.box is None else replace(boxed, box=boxed.box.share_of(width, height))
