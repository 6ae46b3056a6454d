"""PSI and CSI: bins are the reference's, missing values have their own, levels are 0.10 and 0.25."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sycee_scoring.outcomes.drift import (
    SCORE,
    Array,
    Level,
    bins_of,
    from_json,
    level_of,
    reference_of,
    shift_of,
    shifts_of,
    to_json,
)

numbers = st.lists(st.one_of(st.just(math.nan), st.floats(-1e6, 1e6)), min_size=1, max_size=80).map(np.array)


@given(numbers, numbers)
def test_an_index_is_never_negative_and_shares_add_up(then: Array, now: Array) -> None:
    bins = bins_of(then)
    shift = shift_of("x", bins, now)
    assert shift.index >= 0.0
    assert len(shift.bins) == len(bins.edges) + 2
    assert sum(one.reference_share for one in shift.bins) == pytest.approx(1.0)
    assert sum(one.window_share for one in shift.bins) == pytest.approx(1.0)
    assert [one.missing for one in shift.bins] == [False] * (len(shift.bins) - 1) + [True]
    assert shift.bins[0].low is None
    assert shift.bins[-1].low is None


@given(numbers)
def test_what_did_not_move_has_no_index(then: Array) -> None:
    assert shift_of("x", bins_of(then), then[::-1]).index == 0.0


@given(numbers)
def test_bins_are_those_that_were_fixed(then: Array) -> None:
    bins = bins_of(then)
    missing = float(np.isnan(then).mean())
    assert bins.shares[-1] == pytest.approx(missing)
    assert list(bins.edges) == sorted(set(bins.edges))


@pytest.mark.parametrize(
    ("then", "now", "index"),
    [
        # Two values, half and half; later a fifth and four fifths: 0.3·ln(0.8/0.5) + 0.3·ln(0.5/0.2).
        ([0.0] * 50 + [1.0] * 50, [0.0] * 20 + [1.0] * 80, 0.3 * math.log(1.6) + 0.3 * math.log(2.5)),
        # A tenth goes missing that never was: an empty bin counts as one in ten thousand.
        ([1.0] * 100, [1.0] * 90 + [math.nan] * 10, 0.1 * math.log(1 / 0.9) + 0.0999 * math.log(0.1 / 1e-4)),
    ],
)
def test_an_index_is_worked_out_by_hand(then: list[float], now: list[float], index: float) -> None:
    assert shift_of("x", bins_of(np.array(then)), np.array(now)).index == pytest.approx(index)


@pytest.mark.parametrize(
    ("index", "level"),
    [
        (0.0, Level.STABLE),
        (0.10, Level.STABLE),
        (0.1001, Level.WATCH),
        (0.25, Level.WATCH),
        (0.2501, Level.SHIFTED),
    ],
)
def test_levels(index: float, level: Level) -> None:
    assert level_of(index) is level


def test_chance_alone_stays_below_the_first_level() -> None:
    """As many scores as are asked for, from one distribution, two hundred times."""
    random = np.random.default_rng(5)
    found = [shift_of("x", bins_of(random.normal(size=1_000)), random.normal(size=500)).index for _ in range(200)]
    assert max(found) < 0.10
    assert float(np.mean(found)) == pytest.approx(9 * (1 / 1_000 + 1 / 500), rel=0.15)


def test_features_come_largest_first_and_strangers_are_left_out() -> None:
    random = np.random.default_rng(6)
    then = {SCORE: random.normal(size=2_000), "a": random.normal(size=2_000), "b": random.normal(size=2_000)}
    now = {SCORE: random.normal(0.5, 1, 1_000), "a": random.normal(size=1_000), "b": random.normal(2, 1, 1_000)}
    score, features = shifts_of(reference_of("then", then), now | {"c": np.zeros(1_000)})
    assert score.name == SCORE
    assert score.level is Level.WATCH
    assert [(one.name, one.level) for one in features] == [("b", Level.SHIFTED), ("a", Level.STABLE)]


def test_a_reference_survives_being_kept() -> None:
    reference = reference_of("then", {SCORE: np.arange(100.0), "a": np.array([1.0, math.nan, 2.0])})
    assert from_json(json.loads(json.dumps(to_json(reference)))) == reference


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"described": "x", "bins": {"a": {"edges": [], "shares": [1.0, 0.0]}}},
        {"described": "x", "bins": {SCORE: {"edges": [1.0], "shares": [1.0, 0.0]}}},
        {"described": "x", "bins": {SCORE: {"edges": [2.0, 1.0], "shares": [0.5, 0.5, 0.0, 0.0]}}},
        {"described": "x", "bins": {SCORE: {"edges": [1.0], "shares": [0.5, 0.4, 0.0]}}},
        {"described": "x", "bins": {SCORE: {"edges": ["?"], "shares": [0.5, 0.5, 0.0]}}},
        {"described": "x", "bins": []},
    ],
)
def test_a_reference_that_cannot_be_is_none(content: dict[str, object]) -> None:
    assert from_json(content) is None
