"""Cuts rows into folds that share the bad rows evenly."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sycee_scoring.learning.metrics import Array

Rows = npt.NDArray[np.int64]


def stratified(bad: Array, folds: int, seed: int, groups: Rows | None = None) -> list[tuple[Rows, Rows]]:
    """(training rows, held-out rows) of each fold. Rows of one group, such as copies of one row, stay together; a
    group is bad if its first row is."""
    random = np.random.default_rng(seed)
    first, member = np.unique(
        np.arange(len(bad)) if groups is None else groups, return_index=True, return_inverse=True
    )[1:]
    fold = np.empty(len(first), dtype=np.int64)
    dealt = 0
    for outcome in (1.0, 0.0):
        of_outcome = np.flatnonzero(bad[first] == outcome)
        fold[random.permutation(of_outcome)] = (dealt + np.arange(len(of_outcome))) % folds
        dealt += len(of_outcome)
    of_row = fold[member]
    return [(np.flatnonzero(of_row != held), np.flatnonzero(of_row == held)) for held in range(folds)]
