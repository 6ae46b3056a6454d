"""Characters of a run of digits or capitals that stand out: taller, lower or set off from their neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from sycee_ingestion.documents.model import Signal, around
from sycee_ingestion.documents.signals.glyphs import Glyph

CODE = "GLYPH_OUTLIER"
LEAST_RUN = 6
"""Characters of a run, below which there is no telling what is usual in it."""

_ALIKE = frozenset("0123456789ABCDEFGHIKLMNPRTUVWXYZ")
"""Characters that share a height and a base line in every common face (J and Q may hang below)."""

_LEAST_STEP = 0.12
"""Share of the height by which a character must depart. Measured: none in 520 honest savings of 40 drawn licences."""

_LEAST_PIXELS = 2.5
_MOST_SHARE = 0.34  # of a run; if more depart, the run is uneven by itself


def outlier_signals(glyphs: Sequence[Glyph]) -> list[Signal]:
    """One signal for each run with characters whose height or base line departs from the others'; boxes in pixels."""
    signals: list[Signal] = []
    for _line, held in groupby(glyphs, key=lambda glyph: glyph.line):
        for run in _runs(list(held)):
            signal = _departures(run)
            if signal is not None:
                signals.append(signal)
    return signals


def _runs(glyphs: list[Glyph]) -> list[list[Glyph]]:
    """Runs of characters of one height, less those beside another kind: a cut between the two may be a little off."""
    runs: list[list[Glyph]] = [[]]
    fits = [glyph.character in _ALIKE for glyph in glyphs]
    for index, glyph in enumerate(glyphs):
        if all(fits[max(0, index - 1) : index + 2]):
            runs[-1].append(glyph)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if len(run) >= LEAST_RUN]


def _departures(run: list[Glyph]) -> Signal | None:
    middles = np.array([(glyph.ink.left + glyph.ink.right) / 2 for glyph in run])
    tops, bottoms = np.array([glyph.ink.top for glyph in run]), np.array([glyph.ink.bottom for glyph in run])
    height = float(np.median(bottoms - tops))
    above, below = _off_line(middles, tops), _off_line(middles, bottoms)
    departure = np.maximum(np.abs(above), np.abs(below))
    out = departure > max(_LEAST_PIXELS, _LEAST_STEP * height)
    if not out.any() or out.mean() > _MOST_SHARE:
        return None
    step = float(departure[out].max() / height)
    return Signal(
        CODE,
        min(0.8, 0.3 + step),
        "同一串数字或字母中,有的高度或基线与其余不同",
        "Within one run of digits or capitals some differ in height or base line from the rest",
        around(glyph.cell for glyph, outlying in zip(run, out, strict=True) if outlying),
    )


def _off_line(across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """How far each point is from the line that most of them lie on (Theil and Sen's slope)."""
    first, second = np.triu_indices(len(across), 1)
    slope = float(np.median((down[second] - down[first]) / np.maximum(across[second] - across[first], 1.0)))
    residual = down - slope * across
    return np.asarray(residual - np.median(residual))
