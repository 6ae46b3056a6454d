"""Error level of characters: how much saving again at a quality would change them, against the others of the page.

JPEG stores whole multiples of a step for each of 64 waves in blocks of 8 x 8 (ITU-T T.81, annex A). Pixels that went
through it once change little when they are quantised again with the same steps; pixels put there later change as fresh
ones do (Farid, "Exposing digital forgeries from JPEG ghosts", IEEE TIFS 4(1), 2009). So text blocks are quantised at a
row of qualities, and for each a run of characters is sought that changes more than its peers. Where a page was saved
first no coarser than it was saved last, the first saving left no trace, and nothing can be told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sycee_ingestion.documents.model import Box, Signal, around
from sycee_ingestion.documents.signals.glyphs import Glyph

CODE, RECOMPRESSION = "ERROR_LEVEL", "RECOMPRESSION"

QUALITIES = (55, 60, 65, 70, 75, 80, 85, 88, 90, 92, 94, 96)
LEAST_RUN, MOST_RUN = 2, 8
LEAST_PEERS = 30

THRESHOLD, CERTAIN = 9.0, 22.0
"""Scores at which a run is told of, and from which on it is as strong as this sign gets. Measured on 40 drawn licences:
of 520 honest savings (qualities 70 to 95, once and twice, PNG) none reached the threshold; runs of 3 and 6 characters
that were pasted or typed reached it in 560 of 560 tries where the page had been saved coarser before than after, and in
2 of 240 where it had not."""

_MOST_STRENGTH, _LEAST_STRENGTH = 0.8, 0.4
_SAVED_TWICE = 0.1
_DIP, _QUALITIES_APART = 0.65, 4
_PEER_HEIGHTS = 0.35  # natural logarithm: lines of up to 1.4 times the height are alike
_MOST_SCORE_EACH = 10.0  # no single character makes a run
_FLOOR = 0.02  # of the spread of log error levels, where the page is as clean as a drawing
_SLOPE_FLOOR = 2.0  # grey levels a pixel

_LUMINANCE = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ],
    np.float32,
)
"""ITU-T T.81, table K.1: what nearly all programs scale by their quality."""

Numbers = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Suspect:
    """The run of characters that stands out most: its score, and the quality at which it does."""

    score: float
    quality: int
    members: tuple[int, ...]


def error_level_signals(found: Sequence[tuple[int, Numbers]], glyphs: Sequence[Glyph]) -> list[Signal]:
    """The run of characters that stands out, if one does; `found` is what `levels` gives of them."""
    suspect = most_suspect(found, glyphs)
    if suspect is None or suspect.score < THRESHOLD:
        return []
    share = min(1.0, (suspect.score - THRESHOLD) / (CERTAIN - THRESHOLD))
    return [
        Signal(
            CODE,
            _LEAST_STRENGTH + share * (_MOST_STRENGTH - _LEAST_STRENGTH),
            "此处几个字符的压缩误差与同页其他文字明显不同:可能是后来贴上或重打的",
            "A few characters here have another error level than the rest of the page: they may have been put in later",
            around(glyphs[index].cell for index in suspect.members),
        )
    ]


def recompression_signals(found: Sequence[tuple[int, Numbers]], own_quality: int | None) -> list[Signal]:
    """Whether the page as a whole was saved before, coarser than now: usual after messengers, so a weak sign.

    `found` is of `levels`; `own_quality` is that of the file, None where it is no JPEG. Within one saving the level
    falls as the quality rises, up to that of the file itself; a dip before is the trace of another saving.
    """
    curve = [float(np.median(level)) if len(level) else 0.0 for _, level in found]
    last = 100 if own_quality is None else own_quality - _QUALITIES_APART
    dips = [
        at
        for at in range(1, len(curve) - 1)
        if QUALITIES[at] <= last and curve[at] < _DIP * min(curve[at - 1], curve[at + 1])
    ]
    if not dips:
        return []
    return [
        Signal(
            RECOMPRESSION,
            _SAVED_TWICE,
            "整页曾以较低质量保存过;经聊天软件转发也会如此",
            "The whole page was saved before at a lower quality; messengers do that as well",
        )
    ]


def levels(luma: Numbers, places: Sequence[Box]) -> list[tuple[int, Numbers]]:
    """For each quality the error level at each place: the mean change of its blocks over their mean slope.

    `luma` (height x width, 0 to 255) and the places (pixels) are as stored in the file, whose blocks begin at its
    corner.
    """
    height, width = luma.shape[0] // 8, luma.shape[1] // 8
    if not height or not width:
        return []
    spans = [_span(place, height, width) for place in places]
    used = np.zeros((height, width), np.bool_)
    for top, bottom, left, right in spans:
        used[top:bottom, left:right] = True
    blocks = _blocks(luma, height, width)[used]
    slopes = np.zeros((height, width), np.float32)
    slopes[used] = _slopes(blocks)
    found: list[tuple[int, Numbers]] = []
    for quality, changes in _changes(blocks):
        changed = np.zeros((height, width), np.float32)
        changed[used] = changes
        level = [
            changed[top:bottom, left:right].mean() / (slopes[top:bottom, left:right].mean() + _SLOPE_FLOOR)
            for top, bottom, left, right in spans
        ]
        found.append((quality, np.asarray(level, np.float32)))
    return found


def most_suspect(found: Sequence[tuple[int, Numbers]], glyphs: Sequence[Glyph]) -> Suspect | None:
    """The run of a line, of two to eight characters, that departs most from lines of its size; None without peers."""
    lines: dict[int, list[int]] = {}
    for index, glyph in enumerate(glyphs):
        lines.setdefault(glyph.line, []).append(index)
    heights = np.zeros(len(glyphs))
    for members in lines.values():
        heights[members] = np.median([glyphs[index].ink.height for index in members])
    best: Suspect | None = None
    for quality, level in found:
        logs = np.log(level + 1e-3)
        for members in lines.values():
            peers = np.abs(np.log(heights / heights[members[0]])) < _PEER_HEIGHTS
            if peers.sum() < LEAST_PEERS:
                continue
            best = _better(best, _scores(logs, logs[peers], members), quality, members)
    return best


def _scores(logs: Numbers, peers: Numbers, members: Sequence[int]) -> Numbers:
    """How far each member is above its peers, in robust standard deviations."""
    middle = float(np.median(peers))
    spread = 1.4826 * float(np.median(np.abs(peers - middle))) + _FLOOR
    return np.asarray(np.clip((logs[list(members)] - middle) / spread, -_MOST_SCORE_EACH, _MOST_SCORE_EACH))


def _better(best: Suspect | None, scores: Numbers, quality: int, members: Sequence[int]) -> Suspect | None:
    for length in range(LEAST_RUN, min(MOST_RUN, len(members)) + 1):
        sums = np.convolve(scores, np.ones(length, np.float32), "valid") / np.sqrt(length)
        at = int(np.argmax(sums))
        if best is None or sums[at] > best.score:
            best = Suspect(float(sums[at]), quality, tuple(members[at : at + length]))
    return best


def _span(ink: Box, height: int, width: int) -> tuple[int, int, int, int]:
    """The blocks that a character touches: top, bottom, left, right; at least one."""
    top, left = min(height - 1, int(ink.top) // 8), min(width - 1, int(ink.left) // 8)
    bottom, right = max(top + 1, -(-int(ink.bottom) // 8)), max(left + 1, -(-int(ink.right) // 8))
    return top, min(height, bottom), left, min(width, right)


def _blocks(luma: Numbers, height: int, width: int) -> Numbers:
    """height x width x 8 x 8."""
    return luma[: height * 8, : width * 8].reshape(height, 8, width, 8).swapaxes(1, 2)


def _slopes(blocks: Numbers) -> Numbers:
    across = np.abs(np.diff(blocks, axis=2)).mean(axis=(1, 2))
    down = np.abs(np.diff(blocks, axis=1)).mean(axis=(1, 2))
    return np.asarray(across + down, np.float32)


def _changes(blocks: Numbers) -> Iterator[tuple[int, Numbers]]:
    """The mean absolute change of each block (count x 8 x 8) when it is quantised at each quality."""
    waves = _waves()
    coefficients = waves @ (blocks - 128) @ waves.T
    for quality in QUALITIES:
        steps = _steps(quality)
        again = waves.T @ (np.round(coefficients / steps) * steps) @ waves + 128
        yield quality, np.abs(np.clip(np.round(again), 0, 255) - blocks).mean(axis=(1, 2))


def _steps(quality: int) -> Numbers:
    """As libjpeg scales its tables."""
    scale = 5000 / quality if quality < 50 else 200 - 2 * quality
    return np.clip(np.floor((_LUMINANCE * scale + 50) / 100), 1, 255).astype(np.float32)


def _waves() -> Numbers:
    """The orthonormal cosine transform of 8 points."""
    place = np.arange(8)
    waves = np.sqrt(2 / 8) * np.cos((2 * place[None, :] + 1) * place[:, None] * np.pi / 16)
    waves[0] = np.sqrt(1 / 8)
    return np.asarray(waves, np.float32)
