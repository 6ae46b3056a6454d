"""The table says what LightGBM says, bit for bit, and refuses what it cannot read."""

from __future__ import annotations

import math
from pathlib import Path

import lightgbm
import numpy as np
import pytest
from sycee_scoring.domain.application import ApplicationModel
from sycee_scoring.domain.trees import ModelTextError, TreeTable, parse_model, tabulate
from sycee_scoring.model_files import APPLICATION_VERSION, MODELS

ARTEFACT = MODELS / f"{APPLICATION_VERSION}.txt"


def rows_for(table: TreeTable, count: int) -> np.ndarray:
    """Values below, at and above every threshold, and missing ones."""
    random = np.random.default_rng(5)
    columns = []
    for thresholds in table.thresholds:
        edges = np.array(thresholds)
        around = np.concatenate(
            [edges, np.nextafter(edges, np.inf), np.nextafter(edges, -np.inf), [math.nan, 0, -1e9, 1e9]]
        )
        columns.append(random.choice(around, count))
    return np.column_stack(columns)


def assert_equal(table: TreeTable, booster: lightgbm.Booster) -> None:
    rows = rows_for(table, 3_000)
    expected = booster.predict(rows, raw_score=True)
    assert [table.raw(tuple(row)) for row in rows.tolist()] == list(expected)


def test_the_committed_model_is_what_lightgbm_predicts(model: ApplicationModel) -> None:
    assert_equal(model.table, lightgbm.Booster(model_file=str(ARTEFACT)))


@pytest.mark.parametrize("missing", [True, False])
@pytest.mark.parametrize("leaves", [2, 4, 8])
def test_other_models_too(leaves: int, missing: bool) -> None:
    random = np.random.default_rng(leaves)
    features = random.normal(size=(4_000, 3)).round(1)
    label = (features.sum(axis=1) + random.normal(size=4_000) > 0.3).astype(float)
    if missing:
        features[random.random(features.shape) < 0.2] = math.nan
    settings = {"objective": "binary", "num_leaves": leaves, "verbose": -1, "num_threads": 1, "max_bin": 15}
    booster = lightgbm.train(settings, lightgbm.Dataset(features, label, params={"verbose": -1, "max_bin": 15}), 30)
    _, trees = parse_model(booster.model_to_string())
    table = tabulate(("a", "b", "c"), trees)
    assert_equal(table, lightgbm.Booster(model_str=booster.model_to_string()))


def test_a_model_without_splits_is_its_constant() -> None:
    features = np.zeros((100, 3))
    label = np.arange(100) % 4 == 0
    settings = {"objective": "binary", "verbose": -1, "num_threads": 1}
    booster = lightgbm.train(settings, lightgbm.Dataset(features, label, params={"verbose": -1}), 3)
    text = booster.model_to_string()
    _, trees = parse_model(text)
    assert (
        tabulate(("a", "b", "c"), trees).raw((0.0, 1.0, math.nan)) == booster.predict(features[:1], raw_score=True)[0]
    )


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("num_tree_per_iteration=1", "num_tree_per_iteration=3", "one output"),
        ("\nTree=", "\nShrub=", "no trees"),
        ("decision_type=10", "decision_type=1", "categorical"),
        ("decision_type=10", "decision_type=4", "zero as missing"),
        ("leaf_value=", "leaf_worth=", "cannot be read"),
        ("split_feature=2 2 0", "split_feature=2 2", "differ in length"),
        ("split_feature=2 2 0", "split_feature=2 2 x", "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_refused(before: str, after: str, message: str) -> None:
    text = ARTEFACT.read_text()
    assert before in text
    with pytest.raises(ModelTextError, match=message):
        parse_model(text.replace(before, after))


def test_a_model_with_too_many_cells_is_refused(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    features = random.normal(size=(3_000, 6))
    settings = {"objective": "regression", "verbose": -1, "num_threads": 1, "num_leaves": 31}
    data = lightgbm.Dataset(features, features.sum(axis=1), params={"verbose": -1})
    _, trees = parse_model(lightgbm.train(settings, data, 20).model_to_string())
    with pytest.raises(ModelTextError, match="cells"):
        tabulate(tuple("abcdef"), trees)
