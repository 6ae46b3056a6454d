"""QR codes in a picture, and the codes of the register that they hold."""

from __future__ import annotations

import re
from dataclasses import dataclass

import zxingcpp

from sycee_ingestion.documents.model import Box
from sycee_ingestion.documents.pictures import Pixels

MOST_CODES = 8
MOST_CHARACTERS = 1_000
_QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
_CREDIT_CODE = re.compile(r"(?<![0-9A-Z])[0-9A-HJ-NPQRTUWXY]{18}(?![0-9A-Z])")


@dataclass(frozen=True, slots=True, repr=False)
class QrCode:
    """A QR code: what it says, cut to 1,000 characters, and where it stands, in pixels."""

    text: str
    box: Box


def qr_codes(grey: Pixels) -> tuple[QrCode, ...]:
    """Up to eight QR codes of a picture (height x width, grey)."""
    found: list[QrCode] = []
    for code in zxingcpp.read_barcodes(grey, formats=_QR)[:MOST_CODES]:
        spot = code.position
        corners = [spot.top_left, spot.top_right, spot.bottom_right, spot.bottom_left]
        across, down = [corner.x for corner in corners], [corner.y for corner in corners]
        found.append(QrCode(code.text[:MOST_CHARACTERS], Box(min(across), min(down), max(across), max(down))))
    return tuple(found)


def credit_codes(text: str) -> tuple[str, ...]:
    """The unified social credit codes that a text holds, by their shape; each once."""
    return tuple(dict.fromkeys(_CREDIT_CODE.findall(text.upper())))
