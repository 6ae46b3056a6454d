"""Text in a picture, by RapidOCR (PP-OCR models that come in its wheel) on the CPU."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np
from rapidocr import RapidOCR
from rapidocr.ch_ppocr_rec.typings import TextRecOutput
from rapidocr.utils.output import RapidOCROutput

from sycee_ingestion.documents.model import Box
from sycee_ingestion.documents.pictures import Pixels

THREADS = 1
"""Measured on two cores that others use as well: with two threads a page takes half as much processor time again, since
they spin for each other, and several times as long.
"""

LEAST_SCORE = 0.5
_UPRIGHT_SCORE = 0.85
_SURE_SCORE = 0.8


@dataclass(frozen=True, slots=True, repr=False)
class Line:
    """A line of text as it was recognised: in NFKC, with blanks where there are gaps.

    `box` is in pixels after the page's slant was taken out of the coordinates; `place` is the same in the picture.
    """

    text: str
    score: float
    box: Box
    place: Box


@dataclass(frozen=True, slots=True, repr=False)
class Text:
    """What stands on a page. `slant` is the angle in radians by which its lines fall to the right."""

    lines: tuple[Line, ...]
    slant: float
    score: float  # 0 to 1: how well it reads the way that it was held


class TextReader:
    """Reads text; loads its models when it is made (some 30 MB of weights, a second)."""

    def __init__(self, threads: int = THREADS) -> None:
        self._engine = RapidOCR(
            params={
                "Global.log_level": "critical",
                "Rec.rec_batch_num": 1,  # lines padded to the longest of a batch cost a quarter more
                "Global.use_cls": False,  # a page that lies on its head is turned as a whole: see `reading`
                "EngineConfig.onnxruntime.intra_op_num_threads": threads,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )

    def read(self, rgb: Pixels) -> Text:
        """All lines of a page."""
        found = self._engine(np.ascontiguousarray(rgb[:, :, ::-1]), use_det=True, use_cls=False, use_rec=True)
        if not isinstance(found, RapidOCROutput) or found.boxes is None or not found.txts or not found.scores:
            return Text((), 0.0, 0.0)
        corners = np.asarray(found.boxes, np.float64)
        slant = _slant(corners)
        level = _rotated(corners, slant)
        lines = [
            Line(unicodedata.normalize("NFKC", text).strip(), float(score), _bounds(flat), _bounds(own))
            for text, score, flat, own in zip(found.txts, found.scores, level, corners, strict=True)
            if score >= LEAST_SCORE and text.strip()
        ]
        return Text(tuple(lines), slant, _readability(lines))

    def line(self, rgb: Pixels) -> tuple[str, float]:
        """The text of a picture that is one line, and its score."""
        found = self._engine(np.ascontiguousarray(rgb[:, :, ::-1]), use_det=False, use_cls=False, use_rec=True)
        if not isinstance(found, TextRecOutput) or not found.txts or not found.scores:
            return "", 0.0
        return unicodedata.normalize("NFKC", found.txts[0]).strip(), float(found.scores[0])


def reads_upright(text: Text) -> bool:
    """Whether a page was held the right way up, as far as its text tells."""
    return text.score >= _UPRIGHT_SCORE or not text.lines


def _readability(lines: list[Line]) -> float:
    """The share of text, by length, that is sure and lies in lines rather than in columns; times its mean score."""
    weights = np.array([len(line.text) for line in lines], np.float64)
    if not weights.sum():
        return 0.0
    lying = np.array([len(line.text) < 3 or line.box.width > line.box.height for line in lines])
    sure = np.array([line.score for line in lines])
    return float((weights * sure * lying * (sure >= _SURE_SCORE)).sum() / weights.sum())


def _slant(corners: np.ndarray) -> float:
    """The median angle of long lines, in radians; 0 where there are none."""
    along = corners[:, 1] - corners[:, 0]
    down = corners[:, 3] - corners[:, 0]
    lengths, heights = np.hypot(*along.T), np.hypot(*down.T)
    long = lengths > 4 * heights
    if not long.any():
        return 0.0
    return float(np.median(np.arctan2(along[long, 1], along[long, 0])))


def _rotated(corners: np.ndarray, slant: float) -> np.ndarray:
    turn = np.array([[np.cos(slant), -np.sin(slant)], [np.sin(slant), np.cos(slant)]])
    return np.asarray(corners @ turn)


def _bounds(corners: np.ndarray) -> Box:
    """The mean of a quadrilateral's opposite corners: a slanted line keeps its height."""
    return Box(
        float((corners[0, 0] + corners[3, 0]) / 2),
        float((corners[0, 1] + corners[1, 1]) / 2),
        float((corners[1, 0] + corners[2, 0]) / 2),
        float((corners[2, 1] + corners[3, 1]) / 2),
    )
