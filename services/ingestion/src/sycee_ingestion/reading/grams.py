"""Runs of one to three characters as numbers: hashed, so that a table of weights needs no words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

BUCKET_BITS: Final = 22
"""Of the hash that is kept. With some 240,000 runs known, 6 of 100 that were never seen are taken for known."""
LONGEST: Final = 3

_STEP: Final = np.uint64(0x100000001B3)  # the 64-bit FNV prime
_SPREAD: Final = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio: Fibonacci hashing (Knuth, TAOCP 6.4)
_BREAK: Final = ord("\n")


@dataclass(frozen=True, slots=True)
class Grams:
    """The different runs of each of `texts` texts: elements of `row` (which text) and `bucket` belong together, in
    ascending order; `triple` marks the runs of three."""

    texts: int
    row: npt.NDArray[np.int64]
    bucket: npt.NDArray[np.int64]
    triple: npt.NDArray[np.bool_]


def grams(texts: Sequence[str]) -> Grams:
    """The runs of texts that hold no line breaks; each run counts once a text."""
    points = np.frombuffer("".join(text + "\n" for text in texts).encode("utf-32-le"), dtype=np.uint32)
    breaks = points == _BREAK
    row = np.cumsum(breaks) - breaks
    running = np.zeros(len(points), dtype=np.uint64)
    broken = np.zeros(len(points), dtype=np.bool_)
    keys: list[npt.NDArray[np.int64]] = []
    for length in range(1, LONGEST + 1):
        reach = len(points) - length + 1
        if reach <= 0:
            break
        running = running[:reach] * _STEP + points[length - 1 :].astype(np.uint64)
        broken = broken[:reach] | breaks[length - 1 :]
        bucket = ((running + np.uint64(length)) * _SPREAD >> np.uint64(64 - BUCKET_BITS)).astype(np.int64)
        key = (row[:reach].astype(np.int64) << (BUCKET_BITS + 1)) | (bucket << 1) | (length == LONGEST)
        keys.append(key[~broken])
    key = np.sort(np.concatenate(keys)) if keys else np.zeros(0, dtype=np.int64)
    key = key[np.diff(key, prepend=-1) != 0]
    bucket = key >> 1 & ((1 << BUCKET_BITS) - 1)
    return Grams(len(texts), key >> (BUCKET_BITS + 1), bucket, (key & 1).astype(np.bool_))
