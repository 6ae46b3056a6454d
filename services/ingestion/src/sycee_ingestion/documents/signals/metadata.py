"""Signs in what a picture's file says of itself (EXIF 2.32, XMP, PNG texts), never in its pixels."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping

import cv2
import numpy as np
from PIL import ExifTags, Image

from sycee_ingestion.documents.model import Signal
from sycee_ingestion.documents.pictures import Pixels

CODE = "METADATA"

# Judgements of how much each says: an editor is used to crop as well, and messengers strip what a camera wrote.
_EDITED, _LIGHTLY_EDITED, _CAMERA_WITHOUT_SHOT, _RESIZED, _OTHER_THUMBNAIL = 0.5, 0.2, 0.2, 0.2, 0.8

_EDITORS = re.compile(
    r"photoshop|gimp|pixelmator|affinity|paint\.net|picsart|meitu|美图|醒图|canva|corel|krita|photopea|pixlr|snapseed"
    r"|fotor|polarr|inkscape|illustrator|稿定|可画",
    re.IGNORECASE,
)
_LIGHT_EDITORS = re.compile(r"lightroom|acdsee|microsoft.*photo|apple photos|faststone|irfanview|xnview", re.IGNORECASE)

_SOFTWARE, _PROCESSING, _MAKE, _MODEL, _EXIF = 0x0131, 0x000B, 0x010F, 0x0110, 0x8769
_SHOT = {0x9003, 0x829A, 0x829D, 0x8827, 0x920A}  # taken at, exposure time, aperture, sensitivity, focal length
_WIDTH, _HEIGHT = 0xA002, 0xA003
_JPEG_AT, _JPEG_LENGTH = 0x0201, 0x0202
_MOST_TEXT = 20_000
_THUMBNAIL_SIDE = 64
_ALIKE = 0.85
"""Correlation of a thumbnail with its picture below which they show different things. Measured on drawn licences: a
thumbnail of the same page has 0.90 to 0.99, one of another layout or a scene below 0.2. One of another licence in the
same layout has 0.91 and passes: at this size they are the same."""


def metadata_signals(data: bytes, rgb: Pixels) -> list[Signal]:
    """Signs in a picture's own tags. `rgb` is the picture, upright."""
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as image:
            tags = image.getexif()
            shot = dict(tags.get_ifd(_EXIF))
            thumbnail = dict(tags.get_ifd(ExifTags.IFD.IFD1))
            size = image.size
            texts = _texts(image, tags)
            exif = image.info.get("exif", b"")
    except (OSError, ValueError, SyntaxError, KeyError, TypeError):  # tags that do not open tell nothing
        return []
    found = [_editor(texts), _camera(tags, shot), _size(shot, size), _thumbnail(thumbnail, exif, rgb)]
    return [signal for signal in found if signal is not None]


def _texts(image: Image.Image, tags: Mapping[int, object]) -> str:
    """All that may name a program: EXIF software, texts of PNG, XMP, and whether Photoshop's own block is there."""
    parts = [str(tags.get(_SOFTWARE, "")), str(tags.get(_PROCESSING, ""))]
    for key in ("Software", "software", "Comment", "comment", "xmp", "XML:com.adobe.xmp"):
        said = image.info.get(key)
        if isinstance(said, bytes):
            said = said[:_MOST_TEXT].decode("utf-8", "replace")
        if isinstance(said, str):
            parts.append(said[:_MOST_TEXT])
    if "photoshop" in image.info:
        parts.append("photoshop")
    return "\n".join(parts)


def _editor(texts: str) -> Signal | None:
    if _EDITORS.search(texts):
        return Signal(
            CODE,
            _EDITED,
            "文件自述曾由图像编辑软件保存;裁剪、调色同样会留下此记录",
            "The file says that an image editor saved it; cropping and toning leave the same mark",
        )
    if _LIGHT_EDITORS.search(texts):
        return Signal(
            CODE,
            _LIGHTLY_EDITED,
            "文件自述曾由照片管理软件保存",
            "The file says that a photo manager saved it",
        )
    return None


def _camera(tags: Mapping[int, object], shot: Mapping[int, object]) -> Signal | None:
    if not (tags.get(_MAKE) or tags.get(_MODEL)) or _SHOT & set(shot):
        return None
    return Signal(
        CODE,
        _CAMERA_WITHOUT_SHOT,
        "文件自称由相机拍摄,却没有曝光、时间等拍摄记录",
        "The file names a camera but has no exposure, time or other record of a shot",
    )


def _size(shot: Mapping[int, object], size: tuple[int, int]) -> Signal | None:
    said = shot.get(_WIDTH), shot.get(_HEIGHT)
    if not all(isinstance(side, int) and side > 0 for side in said) or set(said) == set(size):
        return None
    return Signal(
        CODE,
        _RESIZED,
        "拍摄记录中的尺寸与图像不符:拍摄后被裁剪或缩放过",
        "The size in the record of the shot is not the picture's: it was cropped or resized afterwards",
    )


def _thumbnail(tags: Mapping[int, object], exif: object, rgb: Pixels) -> Signal | None:
    small = _thumbnail_pixels(tags, exif)
    if small is None:
        return None
    likeness = max(_likeness(small, np.rot90(_grey(rgb), quarter)) for quarter in range(4))
    if likeness >= _ALIKE:
        return None
    return Signal(
        CODE,
        _OTHER_THUMBNAIL * min(1.0, (_ALIKE - likeness) / 0.3),
        "文件内嵌的缩略图与图像内容不一致",
        "The thumbnail inside the file does not show what the picture shows",
    )


def _thumbnail_pixels(tags: Mapping[int, object], exif: object) -> Pixels | None:
    at, length = tags.get(_JPEG_AT), tags.get(_JPEG_LENGTH)
    if not isinstance(at, int) or not isinstance(length, int) or not isinstance(exif, bytes):
        return None
    start = at + (6 if exif.startswith(b"Exif\x00\x00") else 0)
    held = exif[start : start + length]
    try:
        with Image.open(io.BytesIO(held), formats=("JPEG",)) as image:
            if image.size[0] * image.size[1] > 1_000_000:
                return None
            return np.asarray(image.convert("L"))
    except (OSError, ValueError, SyntaxError):
        return None


def _grey(rgb: Pixels) -> Pixels:
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)


def _likeness(one: Pixels, other: Pixels) -> float:
    """Correlation of two pictures at the size of a thumbnail; cameras pad thumbnails, so black bars are cut off."""
    rows, columns = np.flatnonzero(one.max(axis=1) > 24), np.flatnonzero(one.max(axis=0) > 24)
    if not len(rows) or not len(columns):
        return 0.0
    one = one[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    side = (_THUMBNAIL_SIDE, _THUMBNAIL_SIDE)
    first, second = (
        cv2.resize(np.ascontiguousarray(each), side, interpolation=cv2.INTER_AREA) for each in (one, other)
    )
    if first.std() == 0 or second.std() == 0:
        return 0.0
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])
