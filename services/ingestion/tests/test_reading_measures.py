"""The figures that models are judged by."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score, roc_auc_score
from sycee_ingestion.reading.measures import auc, intervals, measure


def test_figures_are_those_of_the_textbook() -> None:
    random = np.random.default_rng(3)
    good = random.random(500) < 0.4
    score = np.round(np.clip(good * 0.3 + random.normal(0.4, 0.25, 500), 0, 1), 2)  # rounded, so that there are ties
    figures = measure(good, score)
    assert figures.n == 500
    assert figures.auc == pytest.approx(roc_auc_score(good, score))
    assert figures.f1 == pytest.approx(f1_score(good, score >= 0.5))
    assert figures.accuracy == pytest.approx(np.mean(good == (score >= 0.5)))
    spread = intervals(good, score)
    assert spread == intervals(good, score)
    for name, (low, high) in spread.items():
        assert low < getattr(figures, name) < high


def test_one_kind_of_label_has_no_auc() -> None:
    assert auc(np.array([True, True]), np.array([0.1, 0.9])) is None
    assert measure(np.array([False, False]), np.array([0.1, 0.2])).f1 == 0.0
    with pytest.raises(ValueError, match="nothing"):
        measure(np.array([], dtype=bool), np.array([]))
