"""Decoding: from the bytes of a picture to pixels, upright by what the camera says."""

from __future__ import annotations

import io
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sycee_ingestion.documents.model import Box

Pixels = NDArray[np.uint8]
"""Height x width x 3 (red, green, blue), or height x width."""

EXAMINED_PIXELS = 16_000_000
"""Judgement: more are halved until they fit, and signs that live in single pixels are then not looked for."""

_STEPS_AT_50 = 3_688
"""The sum of the steps of ITU-T T.81, table K.1, which libjpeg takes as they are at quality 50."""

_ORIENTATION = 0x0112  # EXIF 2.32, table 4


class UndecodableError(Exception):
    """The pixels cannot be decoded, though the file's parts are whole."""


@dataclass(frozen=True, slots=True, repr=False)
class Picture:
    """A decoded picture. `rgb` is upright; `stored` is as in the file, whose JPEG blocks begin at its corner."""

    stored: Pixels
    orientation: int
    reduced: bool  # fewer pixels than the file has

    @property
    def rgb(self) -> Pixels:
        """Upright."""
        return upright(self.stored, self.orientation)


def decode(data: bytes) -> Picture:
    """Decodes an accepted picture. Raises UndecodableError."""
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as image:
            orientation = _orientation(image)
            whole = image.size
            while image.size[0] * image.size[1] > EXAMINED_PIXELS and image.format == "JPEG":
                before = image.size
                image.draft("RGB", (before[0] // 2, before[1] // 2))
                if image.size == before:
                    break
            stored = np.asarray(_flat(image))
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise UndecodableError(type(error).__name__) from error
    while stored.shape[0] * stored.shape[1] > EXAMINED_PIXELS:
        stored = np.asarray(cv2.resize(stored, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
    return Picture(stored, orientation, (stored.shape[1], stored.shape[0]) != whole)


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """Turns pixels as stored into how they are to be seen; without interpolation."""
    turned = {
        2: lambda p: p[:, ::-1],
        3: lambda p: p[::-1, ::-1],
        4: lambda p: p[::-1],
        5: lambda p: p.swapaxes(0, 1),
        6: lambda p: np.rot90(p, -1),
        7: lambda p: p[::-1, ::-1].swapaxes(0, 1),
        8: lambda p: np.rot90(p, 1),
    }.get(orientation, lambda p: p)(pixels)
    return np.ascontiguousarray(turned)


def to_stored(box: Box, orientation: int, width: float, height: float) -> Box:
    """Where a box of the upright picture, which has this width and height, stands in the picture as stored."""
    mirrored = Box(width - box.right, box.top, width - box.left, box.bottom)
    flipped = Box(box.left, height - box.bottom, box.right, height - box.top)
    around = Box(width - box.right, height - box.bottom, width - box.left, height - box.top)
    placed = {2: mirrored, 3: around, 4: flipped, 5: box, 6: mirrored, 7: around, 8: flipped}.get(orientation, box)
    if orientation < 5:
        return placed
    return Box(placed.top, placed.left, placed.bottom, placed.right)


def jpeg_quality(data: bytes) -> int | None:
    """The quality, 1 to 100 as libjpeg counts, that a JPEG's steps of luminance are nearest to; None for no JPEG."""
    with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as image:
        steps = getattr(image, "quantization", {}).get(0)
    if not steps:
        return None
    share = 100 * float(sum(steps)) / _STEPS_AT_50
    return max(1, min(100, round((200 - share) / 2 if share <= 100 else 5000 / share)))


def turned(orientation: int, quarters: int) -> int:
    """The orientation that is `orientation` and then so many quarters to the right; of those without mirrors."""
    order = (1, 6, 3, 8)
    if orientation not in order:
        return orientation
    return order[(order.index(orientation) + quarters) % 4]


def part(pixels: Pixels, box: Box) -> Pixels:
    """The pixels within a box, kept within the picture; at least one."""
    height, width = pixels.shape[:2]
    left, top = min(width - 1, max(0, round(box.left))), min(height - 1, max(0, round(box.top)))
    right, bottom = min(width, max(left + 1, round(box.right))), min(height, max(top + 1, round(box.bottom)))
    return pixels[top:bottom, left:right]


def _orientation(image: Image.Image) -> int:
    try:
        said = image.getexif().get(_ORIENTATION, 1)
    except (OSError, ValueError, SyntaxError, KeyError):  # the tags are damaged: as stored, then
        return 1
    return said if isinstance(said, int) and 1 <= said <= 8 else 1


def _flat(image: Image.Image) -> Image.Image:
    """Without transparency: what is transparent is white, as on paper."""
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        layered = image.convert("RGBA")
        paper = Image.new("RGBA", layered.size, "white")
        paper.alpha_composite(layered)
        return paper.convert("RGB")
    return image.convert("RGB")
