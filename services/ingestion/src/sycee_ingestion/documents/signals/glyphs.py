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
MOST_CHARACTERS, MOST_GLYPHS = 120, 3_000  # of a line, of a page

_CAPITALS = 0.75  # height of capitals and digits, as all that follows in shares of the face's size
_LATIN_WIDTH, _WIDE_WIDTH, _WIDEST_LATIN = 0.52, 0.75, 0.82
_CHINESE_WIDTH, _THINNEST_CHINESE, _WIDEST_CHINESE = 0.92, 0.3, 1.3
_WIDE, _THIN = frozenset("MW%@"), frozenset("1IlJijft")
_WIDEST_MISFIT = 0.3  # root mean square departure of widths from those expected
_MAYBE_TWO = 0.6
_CUT_MISFIT = 0.3  # of a boundary that goes through ink
_MOST_RUNS = 6  # of ink in one character
_MARGIN = 0.1


Run = tuple[int, int]
"""Where ink begins and ends along a line, in pixels."""


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
    em = _em(mask, runs, characters)
    misfit, groups = _grouped(_parted(runs, mask.sum(axis=0), em), characters, em)
    if misfit > _WIDEST_MISFIT * em:
        return []
    found: list[Glyph] = []
    for character, (begin, end) in zip(characters, groups, strict=True):
        rows = np.flatnonzero(mask[:, begin:end].any(axis=1))
        ink = Box(left + begin, top + int(rows[0]), left + end, top + int(rows[-1]) + 1)
        found.append(Glyph(character, index, Box(ink.left, top, ink.right, bottom), ink))
    return found


def _em(mask: NDArray[np.bool_], runs: list[Run], characters: str) -> float:
    """The size of the face in pixels: capitals are three quarters of it, Chinese characters nearly all."""
    heights = [int(np.ptp(np.flatnonzero(mask[:, begin:end].any(axis=1)))) + 1 for begin, end in runs]
    if not heights:
        return 0.0
    return float(np.median(heights)) / _CAPITALS if characters.isascii() else float(np.quantile(heights, 0.9))


def _runs(columns: NDArray[np.bool_]) -> list[Run]:
    """Beginnings and ends of the runs of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], columns.view(np.int8), [0]])))
    return [(int(begin), int(end)) for begin, end in zip(edges[::2], edges[1::2], strict=True)]


def _parted(runs: list[Run], ink: NDArray[np.int_], em: float) -> list[Run]:
    """Wide runs cut where they have the least ink, again and again: characters that touch, or parts of one, which are
    put together again.
    """
    waiting, parted = list(reversed(runs)), list[Run]()
    while waiting:
        begin, end = waiting.pop()
        quarter = (end - begin) // 4
        if end - begin < _MAYBE_TWO * em or quarter < 2:
            parted.append((begin, end))
            continue
        cut = begin + quarter + int(np.argmin(ink[begin + quarter : end - quarter]))
        waiting += [(cut, end), (begin, cut)]
    return parted


def _grouped(runs: list[Run], characters: str, em: float) -> tuple[float, list[Run]]:
    """The runs joined into as many groups as there are characters, by dynamic programming over their widths; and how
    far they are from what they should be, as the root of the mean square. Infinite where it cannot be done.
    """
    count, size = len(runs), len(characters)
    if not 0 < size <= min(count, MOST_CHARACTERS) or count > 4 * size:
        return float("inf"), []
    best = np.full((size + 1, count + 1), np.inf)
    best[0, 0] = 0.0
    taken = np.zeros((size + 1, count + 1), np.int32)
    for done in range(1, size + 1):
        for end in range(done, count - (size - done) + 1):
            for begin in range(max(done - 1, end - _MOST_RUNS), end):
                cost = best[done - 1, begin] + _cost(runs, begin, end, characters[done - 1], em)
                if cost < best[done, end]:
                    best[done, end], taken[done, end] = cost, begin
    groups: list[Run] = []
    end = count
    for done in range(size, 0, -1):
        begin = int(taken[done, end])
        groups.append((runs[begin][0], runs[end - 1][1]))
        end = begin
    return float(np.sqrt(best[size, count] / size)), groups[::-1]


def _cost(runs: list[Run], begin: int, end: int, character: str, em: float) -> float:
    """What it costs to take the runs from `begin` up to `end` for a character: more where a cut went through ink."""
    through_ink = begin > 0 and runs[begin][0] == runs[begin - 1][1]
    misfit = _misfit(runs[end - 1][1] - runs[begin][0], em, character)
    return misfit**2 + ((_CUT_MISFIT * em) ** 2 if through_ink else 0.0)


def _misfit(width: float, em: float, character: str) -> float:
    """How far a width is from what a character has in a face; infinite where it cannot be that character."""
    if not character.isascii():
        least = _THINNEST_CHINESE * em if character.isalnum() else 0.0
        return width - _CHINESE_WIDTH * em if least <= width <= _WIDEST_CHINESE * em else float("inf")
    wide = character in _WIDE
    if width > (1.0 if wide else _WIDEST_LATIN) * em:
        return float("inf")
    expected = (_WIDE_WIDTH if wide else _LATIN_WIDTH) * em
    thin = character in _THIN or not character.isalnum()
    return 0.0 if thin and width < expected else width - expected
