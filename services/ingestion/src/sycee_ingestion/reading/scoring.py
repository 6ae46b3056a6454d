"""What the two views of a text come to, for training and reading alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from sycee_ingestion.reading.clauses import FEATURES
from sycee_ingestion.reading.grams import Grams

Reals = npt.NDArray[np.float64]

COLUMNS: Final = 2 * len(FEATURES) + 3


@dataclass(frozen=True, slots=True)
class RunScores:
    """One element a text: the sum of its known runs' weights over the square root of their number, and `coverage`, the
    share of known among its runs of three: (k + 0.5) / (n + 1) for k of n."""

    score: Reals
    coverage: Reals


def run_scores(grams: Grams, table: npt.NDArray[np.int8], step: float) -> RunScores:
    """`table` has a weight in steps for each bucket, 0 where no run is known."""
    weights = table[grams.bucket]
    known = weights != 0
    sums = np.bincount(grams.row[known], weights=weights[known], minlength=grams.texts) * step
    count = np.bincount(grams.row[known], minlength=grams.texts)
    triples = np.bincount(grams.row[grams.triple], minlength=grams.texts)
    known_triples = np.bincount(grams.row[known & grams.triple], minlength=grams.texts)
    return RunScores(sums / np.sqrt(np.maximum(count, 1)), (known_triples + 0.5) / (triples + 1.0))


def columns(features: Reals, runs: RunScores) -> Reals:
    """What is summed with the learned weights, a row a text: the clauses' features and the runs' score, each once times
    one less the coverage and once times the coverage; and the coverage.

    The fewer of its runs training has met, the farther a text lies from what was trained on (another trade), and the
    more is left to the word list, which knows no trade; how much more is learned.
    """
    coverage, score = runs.coverage[:, np.newaxis], runs.score[:, np.newaxis]
    both = np.hstack([features, score])
    return np.hstack([both * (1.0 - coverage), both * coverage, coverage])
