"""Signs in the pixels of a page of print."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from sycee_ingestion.documents.model import Signal
from sycee_ingestion.documents.ocr import Line
from sycee_ingestion.documents.pictures import Picture, to_stored
from sycee_ingestion.documents.signals.copies import copy_signals
from sycee_ingestion.documents.signals.error_level import error_level_signals, levels, recompression_signals
from sycee_ingestion.documents.signals.glyphs import glyphs_of
from sycee_ingestion.documents.signals.outliers import outlier_signals


def pixel_signals(picture: Picture, own_quality: int | None, lines: Sequence[Line]) -> list[Signal]:
    """Signs in the pixels of a page; boxes in pixels of the upright picture. `own_quality`: see `jpeg_quality`."""
    grey = np.asarray(cv2.cvtColor(picture.rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    height, width = grey.shape
    glyphs = glyphs_of(grey, lines)
    if not glyphs:
        return []
    stored = cv2.cvtColor(picture.stored, cv2.COLOR_RGB2GRAY).astype(np.float32)
    places = [to_stored(glyph.ink, picture.orientation, width, height) for glyph in glyphs]
    found = levels(stored, places)
    return [
        *error_level_signals(found, glyphs),
        *recompression_signals(found, own_quality),
        *copy_signals(grey.astype(np.float32), glyphs),
        *outlier_signals(glyphs),
    ]
