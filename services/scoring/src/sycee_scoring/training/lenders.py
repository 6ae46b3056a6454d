"""What a lender's own record says of its next loans, learnt from the training years alone."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from sycee_scoring.domain.additive import Array

SMOOTHING_LOANS: Final = 100.0
"""Loans of ordinary risk that are added to each lender's before its risk is read. Judgement."""

FOLDS: Final = 5


def lender_risk(
    lender: npt.NDArray[np.int64], bad: Array, expected: Array, training: npt.NDArray[np.bool_], seed: int
) -> Array:
    """Log of a lender's charge-offs over those expected of it, with ordinary loans added to both; NaN without a lender.

    `expected` is the rate of each loan's vintage (only read where `training`). A training loan is judged by the other
    four fifths of the training loans, so that it never tells of itself; any other loan by all of them. A lender that
    the training years do not know has 0.
    """
    fold = np.random.default_rng(seed).integers(0, FOLDS, len(lender))
    ordinary = SMOOTHING_LOANS * float(expected[training].mean())
    risk = np.full(len(lender), np.nan)
    known = lender >= 0
    for number in range(FOLDS + 1):
        learnt = training & known & (fold != number)
        judged = known & (training & (fold == number) if number < FOLDS else ~training)
        count = int(lender.max()) + 1
        bads = np.bincount(lender[learnt], weights=bad[learnt], minlength=count)
        ordinary_bads = np.bincount(lender[learnt], weights=expected[learnt], minlength=count)
        risk[judged] = np.log((bads + ordinary) / (ordinary_bads + ordinary))[lender[judged]]
    return risk


def lender_loans(lender: npt.NDArray[np.int64], training: npt.NDArray[np.bool_]) -> Array:
    """log(1 + loans of the lender in the training years); NaN without a lender."""
    known = lender >= 0
    counts = np.bincount(lender[training & known], minlength=int(lender.max()) + 1)
    return np.where(known, np.log1p(counts)[np.where(known, lender, 0)], np.nan)
