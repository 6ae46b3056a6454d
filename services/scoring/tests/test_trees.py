"""Tables say what LightGBM says, and refuse what they cannot hold."""

from __future__ import annotations

import itertools
import math

import lightgbm
import numpy as np
import pytest
from sycee_scoring.domain.trees import ModelTextError, additive, parse_model

QUIET = {"verbose": -1, "num_threads": 1, "max_bin": 31}


def boosted(
    columns: int = 4, leaves: int = 8, missing: bool = True, pairs: bool = True, rounds: int = 30
) -> tuple[lightgbm.Booster, np.ndarray]:
    random = np.random.default_rng(leaves + columns)
    features = random.normal(size=(4_000, columns)).round(1)
    label = (features.sum(axis=1) + features[:, 0] * features[:, 1] + random.normal(size=4_000) > 0.3).astype(float)
    if missing:
        features[random.random(features.shape) < 0.2] = math.nan
    settings = QUIET | {"objective": "binary", "num_leaves": leaves}
    if pairs:
        settings["interaction_constraints"] = [list(pair) for pair in itertools.combinations(range(columns), 2)]
    return lightgbm.train(settings, lightgbm.Dataset(features, label, params=QUIET), rounds), features


def rows_for(thresholds: tuple[tuple[float, ...], ...], count: int) -> np.ndarray:
    """Values below, at and above every threshold, and missing ones."""
    random = np.random.default_rng(5)
    columns = []
    for values in thresholds:
        edges = np.array(values)
        around = [edges, np.nextafter(edges, np.inf), np.nextafter(edges, -np.inf), [math.nan, 0, -1e9, 1e9, 1e-36]]
        columns.append(random.choice(np.concatenate(around), count))
    return np.column_stack(columns)


@pytest.mark.parametrize("missing", [True, False])
@pytest.mark.parametrize("leaves", [2, 4, 16])
def test_tables_say_what_lightgbm_says(leaves: int, missing: bool) -> None:
    booster, _ = boosted(leaves=leaves, missing=missing)
    names, trees = parse_model(booster.model_to_string())
    table = additive(names, [trees])
    rows = rows_for(table.thresholds, 3_000)
    assert np.abs(table.raw_many(rows) - booster.predict(rows, raw_score=True)).max() < 1e-12
    assert max(len(entry.columns) for entry in table.terms) <= 2


def test_two_boosters_add_up() -> None:
    booster, features = boosted()
    names, trees = parse_model(booster.model_to_string())
    whole, halves = additive(names, [trees]), additive(names, [trees[:11], trees[11:]])
    assert whole == halves
    assert np.abs(whole.raw_many(features) - booster.predict(features, raw_score=True)).max() < 1e-12


def test_rounded_cells_stay_near() -> None:
    booster, features = boosted()
    names, trees = parse_model(booster.model_to_string())
    table = additive(names, [trees], 6)
    assert all(round(cell, 6) == cell for entry in table.terms for cell in entry.cells)
    assert np.abs(table.raw_many(features) - booster.predict(features, raw_score=True)).max() < 1e-5


def test_a_split_of_the_missing_from_the_rest_needs_no_threshold() -> None:
    random = np.random.default_rng(8)
    hidden = random.random(3_000) < 0.4
    features = np.column_stack((np.where(hidden, math.nan, random.integers(0, 2, 3_000)), np.zeros(3_000)))
    label = (random.random(3_000) < np.where(hidden, 0.8, 0.2)).astype(float)
    settings = QUIET | {"objective": "binary", "num_leaves": 4}
    booster = lightgbm.train(settings, lightgbm.Dataset(features, label, params=QUIET), 5)
    names, trees = parse_model(booster.model_to_string())
    assert any(math.isinf(threshold) for tree in trees for threshold in tree.threshold)
    table = additive(names, [trees])
    assert all(math.isfinite(threshold) for values in table.thresholds for threshold in values)
    assert np.abs(table.raw_many(features) - booster.predict(features, raw_score=True)).max() < 1e-12


def test_a_model_without_splits_is_its_constant() -> None:
    features, label = np.zeros((100, 3)), np.arange(100) % 4 == 0
    booster = lightgbm.train(QUIET | {"objective": "binary"}, lightgbm.Dataset(features, label, params=QUIET), 3)
    names, trees = parse_model(booster.model_to_string())
    table = additive(names, [trees])
    assert table.terms == ()
    assert table.raw((0.0, 1.0, math.nan)) == pytest.approx(booster.predict(features[:1], raw_score=True)[0])


def test_a_path_over_three_features_is_refused() -> None:
    booster, _ = boosted(pairs=False, leaves=31)
    names, trees = parse_model(booster.model_to_string())
    with pytest.raises(ModelTextError, match="at most 2 features"):
        additive(names, [trees])


def test_too_many_cells_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    booster, _ = boosted()
    names, trees = parse_model(booster.model_to_string())
    monkeypatch.setattr("sycee_scoring.domain.trees.MAX_CELLS", 100)
    with pytest.raises(ModelTextError, match="cells"):
        additive(names, [trees])


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("num_tree_per_iteration=1", "num_tree_per_iteration=3", "one output"),
        ("\nTree=", "\nShrub=", "no trees"),
        ("decision_type=", "decision_type=1 ", "categorical"),
        ("decision_type=", "decision_type=4 ", "zero as missing"),
        ("leaf_value=", "leaf_worth=", "cannot be read"),
        ("left_child=", "left_child=0 ", "differ in length"),
        ("split_feature=", "split_feature=x ", "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_refused(before: str, after: str, message: str) -> None:
    text = boosted(rounds=2)[0].model_to_string()
    assert before in text
    with pytest.raises(ModelTextError, match=message):
        parse_model(text.replace(before, after))
