"""Scorecard, monotone boosting and their yardsticks on populations whose truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sycee_scoring.learning import bins, boosted, metrics
from sycee_scoring.learning.boosted import Boosted
from sycee_scoring.learning.coding import MANY_LEVELS, Coding
from sycee_scoring.learning.default_trees import DefaultTrees
from sycee_scoring.learning.logistic import Logistic
from sycee_scoring.learning.metrics import Array
from sycee_scoring.learning.scorecard import Scorecard
from sycee_scoring.learning.table import Column, take

Sample = tuple[dict[str, Column], Array]


def _sample(rows: int, seed: int) -> Sample:
    """Risk rises with debt, falls with skewed income, depends on the job, and is higher where income is missing."""
    random = np.random.default_rng(seed)
    debt, income = random.normal(size=rows), random.lognormal(8.0, 2.0, rows)
    job = random.choice(["clerk", "driver", "owner"], rows)
    absent = random.random(rows) < 0.2
    risk = debt - 0.4 * (np.log(income) - 8.0) + (job == "driver") - 1.5 + absent
    bad = (random.random(rows) < 1.0 / (1.0 + np.exp(-risk))).astype(np.float64)
    return {"debt": debt, "income": np.where(absent, np.nan, income), "job": job.tolist()}, bad


@pytest.fixture(scope="module")
def train() -> Sample:
    return _sample(1_200, 1)


@pytest.fixture(scope="module")
def test() -> Sample:
    return _sample(4_000, 2)


@pytest.fixture(scope="module")
def grown(train: Sample) -> Boosted:
    patch = pytest.MonkeyPatch()
    patch.setattr(boosted, "SMALL_REPEATS", 1)
    patch.setattr(boosted, "SMALL_SEEDS", 2)
    model = Boosted.fit(*train)
    patch.undo()
    return model


def _figures(risk: Array, bad: Array) -> tuple[float, float]:
    return metrics.auc(bad, risk), metrics.ece(bad, 1.0 / (1.0 + np.exp(-risk)))


def test_scorecard_ranks_is_calibrated_and_monotone(train: Sample, test: Sample) -> None:
    card = Scorecard.fit(*train)
    auc, ece = _figures(card.log_odds(test[0]), test[1])
    assert auc > 0.78
    assert ece < 0.035
    debt, income = card.columns["debt"], card.columns["income"]
    assert isinstance(debt, bins.NumberBins)
    assert isinstance(income, bins.NumberBins)
    assert np.all(np.diff(debt.woe) > 0)
    assert np.all(np.diff(income.woe) < 0)
    assert income.missing > 0.3
    assert all(factor > 0 for factor in card.factors.values())


def test_points_add_up_to_the_log_odds_and_twenty_double(train: Sample) -> None:
    card = Scorecard.fit(*train)
    table = {(line.column, line.bin): line.points for line in card.points}
    row: dict[str, Column] = {"debt": np.array([-9.0]), "income": np.array([np.nan]), "job": ["driver"]}
    first = next(line for line in card.points if line.column == "debt")
    points = card.base_points + first.points + table["income", "missing"] + table["job", "driver"]
    score = 600 - 20 / math.log(2) * (float(card.log_odds(row)[0]) + math.log(30))
    assert points == pytest.approx(score, abs=2.0)
    rare: dict[str, Column] = {**row, "job": ["astronaut"]}
    assert card.base_points + first.points + table["income", "missing"] + table["job", "other"] == pytest.approx(
        600 - 20 / math.log(2) * (float(card.log_odds(rare)[0]) + math.log(30)), abs=2.0
    )


def test_a_given_direction_holds_against_the_data(train: Sample) -> None:
    cut = bins.fit(train[0]["debt"], train[1], -1)
    assert isinstance(cut, bins.NumberBins)
    assert len(cut.woe) == 1
    free = bins.fit(np.abs(np.linspace(-2, 2, 1_200)), (np.arange(1_200) % 400 < 100).astype(float), 0)
    assert isinstance(free, bins.NumberBins)


def test_few_rows_are_drawn_to_neutral() -> None:
    woe = bins.shrunken_woe(np.array([1.0, 100.0]), np.array([1.0, 100.0]), 0.2)
    assert 0.0 < woe[0] < 0.3
    assert woe[1] > 2.5
    assert bins.shrunken_woe(np.zeros(1), np.zeros(1), 0.2)[0] == pytest.approx(0.0)


def test_a_column_without_values_and_one_of_rare_categories_say_nothing(train: Sample) -> None:
    bad = train[1]
    card = Scorecard.fit({"none": np.full(len(bad), np.nan), "names": [f"n{at}" for at in range(len(bad))]}, bad)
    risk = card.log_odds({"none": np.array([1.0, np.nan]), "names": ["n1", ""]})
    base = math.log(bad.mean() / (1 - bad.mean()))
    assert risk == pytest.approx([base, base], abs=0.15)


def test_boosting_ranks_and_is_calibrated(grown: Boosted, test: Sample) -> None:
    auc, ece = _figures(grown.log_odds(test[0]), test[1])
    assert auc > 0.78
    assert ece < 0.035


def test_boosting_is_monotone_in_what_it_found(grown: Boosted, test: Sample) -> None:
    assert grown.directions == {"debt": 1, "income": -1, "job": 1}
    few = take(test[0], np.arange(50))
    for name, way, steps in (("debt", 1, np.linspace(-3, 3, 25)), ("income", -1, np.geomspace(10, 1e6, 25))):
        said = np.array([grown.log_odds({**few, name: np.full(50, step)}) for step in steps])
        assert np.all(way * np.diff(said, axis=0) >= -1e-9)
        assert np.ptp(said, axis=0).min() > 0.1


def test_the_same_seed_gives_the_same_model(train: Sample, test: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boosted, "MOST_ROUNDS", 15)
    monkeypatch.setattr(boosted, "SMALL_REPEATS", 1)
    small = take(train[0], np.arange(300)), train[1][:300]
    one, other = (Boosted.fit(*small, seed=7).log_odds(test[0]) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    assert not np.array_equal(one, Boosted.fit(*small, seed=8).log_odds(test[0]))


def test_of_many_rows_the_folds_models_are_kept(train: Sample, test: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boosted, "MOST_ROUNDS", 60)
    monkeypatch.setattr(boosted, "SMALL_ROWS", 500)
    monkeypatch.setattr(boosted, "LARGE_ROWS", 1_000)
    model = Boosted.fit(*train, monotone={"debt": 1, "income": 0})
    assert model.directions == {"debt": 1, "income": 0, "job": 1}
    assert len(model.members) % boosted.FOLDS == 0
    assert _figures(model.log_odds(test[0]), test[1])[0] > 0.77


def test_many_categories_do_not_give_the_rows_own_outcome_away() -> None:
    random = np.random.default_rng(9)
    levels: list[str] = random.choice([f"k{at}" for at in range(4 * MANY_LEVELS)], 2_000).tolist()
    bad = (random.random(2_000) < 0.2).astype(np.float64)
    coding = Coding.fit({"k": levels}, bad)
    own = coding.matrix({"k": levels})[:, 0]
    others = coding.training_matrix({"k": levels}, bad, 1)[:, 0]
    assert metrics.auc(bad, own) > 0.6
    assert abs(metrics.auc(bad, others) - 0.5) < 0.05


def test_logistic_regression_bears_skew_missing_values_and_strangers(train: Sample, test: Sample) -> None:
    model = Logistic.fit(*train)
    assert _figures(model.log_odds(test[0]), test[1])[0] > 0.78
    odd: dict[str, Column] = {"debt": np.array([1e30, np.nan]), "income": np.array([-1e30, 5.0]), "job": ["?", ""]}
    assert np.all(np.isfinite(model.log_odds(odd)))


def test_default_trees_bear_missing_values_and_strangers(train: Sample, test: Sample) -> None:
    model = DefaultTrees.fit(*train)
    assert _figures(model.log_odds(test[0]), test[1])[0] > 0.74
    odd: dict[str, Column] = {"debt": np.array([np.nan]), "income": np.array([np.nan]), "job": ["astronaut"]}
    assert np.all(np.isfinite(model.log_odds(odd)))
