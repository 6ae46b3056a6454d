"""Single characters on a page: where each stands, cut out of the recognised lines by the gaps between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sycee_ingestion.documents.model import Box
from sycee_ingestion.documents.ocr import Line
from sycee_ingestion.documents.pictures import Pixels

LEAST_HEIGHT, MOST_HEIGHT = 10, 120
MOST_GLYPHS = 3_000
MOST_TOUCHING = 8
"""Cuts through runs of ink of one line that are tried for characters that touch; with more, the line is left out."""

_CAPITALS = 0.75  # height of capitals and digits, as all that follows in shares of the face's size
_LATIN_WIDTH, _WIDEST_LATIN, _CHINESE_WIDTH, _THINNEST_CHINESE = 0.5, 0.82, 0.92, 0.3
_WIDEST_MISFIT = 0.3  # root mean square departure of widths from those expected
_MARGIN = 0.1


@dataclass(frozen=True, slots=True, repr=False)
class Glyph:
    """A character: `cell` is its share of the line, `ink` the bounds of what is printed, both in pixels."""

    character: str
    line: int
    cell: Box
    ink: Box


def glyphs_of(grey: Pixels, lines: Sequence[Line]) -> list[Glyph]:
    """The characters of all lines that can be cut without doubt; of other lines none."""
    found: list[Glyph] = []
    for index, line in enumerate(lines):
        if len(found) < MOST_GLYPHS and LEAST_HEIGHT <= line.box.height <= MOST_HEIGHT:
            found += _cut(grey, index, line)
    return found[:MOST_GLYPHS]


def ink_mask(grey: Pixels) -> NDArray[np.bool_]:
    """Where dark print stands on a lighter ground (Otsu's threshold)."""
    _, mask = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    return mask.astype(np.bool_)


def _cut(grey: Pixels, index: int, line: Line) -> list[Glyph]:
    place = line.place
    margin = round(_MARGIN * line.box.height)
    height, width = grey.shape
    left, right = max(0, round(place.left)), min(width, round(place.right))
    # A slanted line needs more room above and below than its own height.
    top, bottom = max(0, round(place.top - margin)), min(height, round(place.bottom + margin))
    if right - left < 4 or bottom - top < 4:
        return []
    crop = grey[top:bottom, left:right]
    mask = ink_mask(crop)
    characters = line.text.replace(" ", "")
    runs = _runs(np.asarray(mask.any(axis=0), np.bool_))
    em = _em(mask, characters)
    groups = _grouped(runs, characters, em)
    for _ in range(MOST_TOUCHING):
        if groups is not None or not runs:
            break
        runs = _parted(runs, mask.sum(axis=0))
        groups = _grouped(runs, characters, em)
    if groups is None:
        return []
    found: list[Glyph] = []
    for character, (begin, end) in zip(characters, groups, strict=True):
        rows = np.flatnonzero(mask[:, begin:end].any(axis=1))
        ink = Box(left + begin, top + int(rows[0]), left + end, top + int(rows[-1]) + 1)
        found.append(Glyph(character, index, Box(ink.left, top, ink.right, bottom), ink))
    return found


def _em(mask: NDArray[np.bool_], characters: str) -> float:
    """The size of the face in pixels: capitals are three quarters of it, Chinese characters nearly all."""
    rows = np.flatnonzero(mask.any(axis=1))
    tall = float(rows[-1] - rows[0] + 1) if len(rows) else 0.0
    return tall / _CAPITALS if characters.isascii() else tall


def _runs(columns: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Beginnings and ends of the runs of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], columns.view(np.int8), [0]])))
    return [(int(begin), int(end)) for begin, end in zip(edges[::2], edges[1::2], strict=True)]


def _parted(runs: list[tuple[int, int]], ink: NDArray[np.int_]) -> list[tuple[int, int]]:
    """The widest run cut where it has the least ink: two characters that touch, or one that is put together again."""
    widest = max(range(len(runs)), key=lambda index: runs[index][1] - runs[index][0])
    begin, end = runs[widest]
    quarter = (end - begin) // 4
    if quarter < 2:
        return runs
    cut = begin + quarter + int(np.argmin(ink[begin + quarter : end - quarter]))
    return [*runs[:widest], (begin, cut), (cut, end), *runs[widest + 1 :]]


def _grouped(runs: list[tuple[int, int]], characters: str, em: float) -> list[tuple[int, int]] | None:
    """The runs joined into as many groups as there are characters, by dynamic programming over their widths.

    None where there are fewer runs than characters (some touch) or the widths fit badly.
    """
    count, size = len(runs), len(characters)
    if size == 0 or count < size or count > 4 * size:
        return None
    best = np.full((size + 1, count + 1), np.inf)
    best[0, 0] = 0.0
    taken = np.zeros((size + 1, count + 1), np.int32)
    for done in range(1, size + 1):
        for end in range(done, count - (size - done) + 1):
            for begin in range(max(done - 1, end - 5), end):
                width = runs[end - 1][1] - runs[begin][0]
                cost = best[done - 1, begin] + _misfit(width, em, characters[done - 1]) ** 2
                if cost < best[done, end]:
                    best[done, end], taken[done, end] = cost, begin
    if not np.isfinite(best[size, count]) or np.sqrt(best[size, count] / size) > _WIDEST_MISFIT * em:
        return None
    groups: list[tuple[int, int]] = []
    end = count
    for done in range(size, 0, -1):
        begin = int(taken[done, end])
        groups.append((runs[begin][0], runs[end - 1][1]))
        end = begin
    return groups[::-1]


def _misfit(width: float, em: float, character: str) -> float:
    """How far a width is from what a character has in a face; infinite where it cannot be that character."""
    if character.isascii():
        expected, least, most = _LATIN_WIDTH * em, 0.0, (1.0 if character in "MW%@" else _WIDEST_LATIN) * em
    else:
        expected, least, most = _CHINESE_WIDTH * em, _THINNEST_CHINESE * em if character.isalnum() else 0.0, 1.3 * em
    if not least <= width <= most:
        return float("inf")
    thin = character in "1Il" or not character.isalnum()
    return 0.0 if thin and width < expected else width - expected
