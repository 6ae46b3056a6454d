"""The text along the ring of a round red seal: the ring is rolled out into a line, which is then read as one."""

from __future__ import annotations

import re
from collections.abc import Callable

import cv2
import numpy as np

from sycee_ingestion.documents.model import Box, Field
from sycee_ingestion.documents.pictures import Pixels

_LEAST_RED = 45  # red above green, of 255
_LEAST_DIAMETER, _MOST_DIAMETER = 0.06, 0.35  # as shares of the page's width
_UPPER_PART = 0.4  # seals stand below; the round red emblem of the state stands above
_RING = (0.55, 0.97)  # where the text lies, in radii
_STRIP_HEIGHT = 64
_AUTHORITY = re.compile(r"[一-鿿]{4,30}(?:局|委员会|政府|中心)")
_SURENESS = 0.9  # a ring reads less surely than a line
_MOST_SEALS = 3


def seal_field(rgb: Pixels, read_line: Callable[[Pixels], tuple[str, float]]) -> Field | None:
    """The authority that a seal in the lower part of a page names; `read_line` reads a picture of one line."""
    ink = _red_ink(rgb)
    for x, y, radius in _rings(ink):
        strip = _unrolled(255 - ink, x, y, radius)
        text, score = read_line(np.ascontiguousarray(np.repeat(strip[:, :, None], 3, axis=2)))
        match = _AUTHORITY.search(text.replace(" ", ""))
        if match is not None:
            return Field(
                "authority", match[0], score * _SURENESS, None, Box(x - radius, y - radius, x + radius, y + radius)
            )
    return None


def _red_ink(rgb: Pixels) -> Pixels:
    """How red each pixel is, 0 to 255; black and grey are 0."""
    signed = rgb.astype(np.int16)
    red = signed[:, :, 0] - np.maximum(signed[:, :, 1], signed[:, :, 2])
    return np.clip(red * 2, 0, 255).astype(np.uint8)


def _rings(ink: Pixels) -> list[tuple[float, float, float]]:
    """Centres and radii of round red things in the lower part of a page, largest first."""
    height, width = ink.shape
    mask = (ink > 2 * _LEAST_RED).astype(np.uint8)
    mask[: round(_UPPER_PART * height)] = 0
    # Breaks in the ring, where print crosses it or ink is thin, are closed.
    size = max(3, width // 250) | 1
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8))
    contours, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    found: list[tuple[float, float, float]] = []
    for contour in contours:
        (x, y), radius = cv2.minEnclosingCircle(contour)
        _, _, across, down = cv2.boundingRect(contour)
        round_enough = 0.85 < across / max(1, down) < 1.18
        if round_enough and _LEAST_DIAMETER < 2 * radius / width < _MOST_DIAMETER:
            found.append((float(x), float(y), float(radius)))
    return sorted(found, key=lambda each: -each[2])[:_MOST_SEALS]


def _unrolled(grey: Pixels, x: float, y: float, radius: float) -> Pixels:
    """The ring as a line of text: from the foot of the seal clockwise round, outside up."""
    inner, outer = _RING
    length = round(2 * np.pi * (inner + outer) / 2 / (outer - inner) * _STRIP_HEIGHT)
    angles = np.pi / 2 + 2 * np.pi * np.arange(length, dtype=np.float32) / length
    radii = radius * (outer - (outer - inner) * np.arange(_STRIP_HEIGHT, dtype=np.float32) / _STRIP_HEIGHT)
    across = x + radii[:, None] * np.cos(angles)[None, :]
    down = y + radii[:, None] * np.sin(angles)[None, :]
    strip = cv2.remap(grey, across.astype(np.float32), down.astype(np.float32), cv2.INTER_CUBIC, borderValue=255)
    return np.asarray(strip, np.uint8)
