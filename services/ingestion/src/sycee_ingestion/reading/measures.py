"""How well scores between 0 and 1 tell good reviews from bad ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

THRESHOLD: Final = 0.5
_RESAMPLES: Final = 200
_SEED: Final = 20_260_101


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures over `n` texts: a text is taken for good from THRESHOLD up; `f1` is that of good; `auc` is None where all
    texts have one label."""

    n: int
    accuracy: float
    f1: float
    auc: float | None


def measure(good: Flags, score: Reals) -> Measured:
    """Compares scores with labels. Raises ValueError without any."""
    if not len(good):
        raise ValueError("there is nothing to measure")
    said = score >= THRESHOLD
    both = float((said & good).sum())
    f1 = 2.0 * both / float(said.sum() + good.sum()) if said.any() or good.any() else 0.0
    return Measured(len(good), float((said == good).mean()), f1, auc(good, score))


def auc(good: Flags, score: Reals) -> float | None:
    """Area under the ROC curve: the chance that a good text scores above a bad one, ties counting half (Mann-Whitney);
    None where one kind is missing."""
    goods = float(good.sum())
    bads = len(good) - goods
    if not goods or not bads:
        return None
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2.0)[inverse]
    return (float(ranks[good].sum()) - goods * (goods + 1.0) / 2.0) / (goods * bads)


def intervals(good: Flags, score: Reals) -> dict[str, list[float]]:
    """95 % percentile intervals of accuracy, F1 and AUC over bootstrap samples of texts; the same each time."""
    random = np.random.default_rng(_SEED)
    drawn = []
    for _ in range(_RESAMPLES):
        rows = random.integers(0, len(good), len(good))
        figures = measure(good[rows], score[rows])
        drawn.append((figures.accuracy, figures.f1, figures.auc if figures.auc is not None else np.nan))
    low, high = np.nanquantile(np.array(drawn), (0.025, 0.975), axis=0)
    return {
        name: [round(float(below), 4), round(float(above), 4)]
        for name, below, above in zip(("accuracy", "f1", "auc"), low, high, strict=True)
    }
