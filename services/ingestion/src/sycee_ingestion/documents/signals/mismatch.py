"""Signs that a QR code and the print beside it tell of different merchants."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz.distance import Levenshtein
from stdnum.cn import uscc

from sycee_ingestion.documents.codes import QrCode, credit_codes
from sycee_ingestion.documents.model import Field, Signal

CODE = "QR_MISMATCH"
_PROVEN_OTHER, _OTHER, _PERHAPS_MISREAD = 0.9, 0.7, 0.3
_MISREAD_WITHIN = 2
"""Judgement: a printed code that fails its check and differs by so few characters may be misread."""


def qr_signals(printed: Field | None, found: Sequence[QrCode]) -> list[Signal]:
    """Compares the printed unified social credit code with those in QR codes; boxes as the fields have them."""
    if printed is None:
        return []
    coded = [(code, spot) for spot in found for code in credit_codes(spot.text)]
    if not coded or any(code == printed.value for code, _ in coded):
        return []
    code, spot = coded[0]
    misread = not printed.valid and Levenshtein.distance(code, printed.value) <= _MISREAD_WITHIN
    both = printed.valid and bool(uscc.is_valid(code))
    strength = _PERHAPS_MISREAD if misread else _PROVEN_OTHER if both else _OTHER
    return [
        Signal(
            CODE,
            strength,
            "二维码中的统一社会信用代码与印刷的不一致" + (";差异很小,可能是识别误差" if misread else ""),
            "The unified social credit code in the QR code is not the printed one"
            + ("; they differ so little that it may be misread" if misread else ""),
            spot.box,
        )
    ]
