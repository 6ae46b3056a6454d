"""Additive tables: look-ups, whole books, contributions, directions, and text that is not to be trusted."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sycee_scoring.domain.additive import (
    MAX_CELLS,
    AdditiveTable,
    AdditiveTextError,
    from_text,
    sizes,
    term,
    to_text,
)

THRESHOLDS = ((1.0, 2.0), (0.0,), (0.5, 0.7, 0.9))
COUNTS = sizes(THRESHOLDS)
TABLE = AdditiveTable(
    ("a", "b", "c"),
    THRESHOLDS,
    0.25,
    (
        term((0,), COUNTS, (0.0, 0.1, 0.4, 9.0)),
        term((0, 1), COUNTS, [0.1 * cell for cell in range(12)]),
        term((1, 2), COUNTS, [(-1.0) ** cell * cell for cell in range(15)]),
    ),
)
MONOTONE = (1, 0, 0)
values = st.lists(
    st.one_of(st.floats(-2, 4), st.just(math.nan), st.sampled_from([0.0, 0.5, 1.0, 2.0])), min_size=3, max_size=3
)


def test_a_value_at_a_threshold_lies_below_it_and_nan_has_its_own_cell() -> None:
    assert TABLE.places((1.0, 0.0, 0.9)) == [0, 0, 2]
    assert TABLE.places((math.nextafter(1.0, 2.0), 1e-36, 1.0)) == [1, 0, 3]
    assert TABLE.places((math.nan, math.nan, math.nan)) == [3, 2, 4]
    assert TABLE.raw((1.0, 0.0, 0.9)) == pytest.approx(0.25 + 0.0 + 0.0 + 2.0)


@given(st.lists(values, min_size=1, max_size=20))
def test_a_whole_book_gets_the_very_same_figures(rows: list[list[float]]) -> None:
    assert TABLE.raw_many(np.array(rows)).tolist() == [TABLE.raw(row) for row in rows]


@given(values, values)
def test_contributions_are_shapley_values(here: list[float], there: list[float]) -> None:
    added = TABLE.contributions(here, there)
    assert sum(added) == pytest.approx(TABLE.raw(here) - TABLE.raw(there), abs=1e-9)
    for column in range(3):
        others = [other for other in range(3) if other != column]
        expected = 0.0
        for picked in range(4):  # subsets of the two others, weighed by the orders in which they come before
            mixed = list(there)
            for position, other in enumerate(others):
                if picked >> position & 1:
                    mixed[other] = here[other]
            with_it = [*mixed[:column], here[column], *mixed[column + 1 :]]
            weight = 1 / 6 if picked in (1, 2) else 1 / 3
            expected += weight * (TABLE.raw(with_it) - TABLE.raw(mixed))
        assert added[column] == pytest.approx(expected, abs=1e-9)


def test_steps_are_those_of_the_whole_sum() -> None:
    reps = [[*thresholds, math.inf, math.nan] for thresholds in THRESHOLDS]
    for column in range(3):
        first, second = (reps[other] for other in range(3) if other != column)
        steps = []
        for one in first:
            for two in second:
                rest = [one, two]
                line = [TABLE.raw([*rest[:column], value, *rest[column:]]) for value in reps[column][:-1]]
                steps += [after - before for before, after in pairwise(line)]
        assert TABLE.least_step(column) == pytest.approx(min(steps))
        assert TABLE.greatest_step(column) == pytest.approx(max(steps))


def test_text_goes_there_and_back() -> None:
    text = to_text(TABLE, MONOTONE)
    assert from_text(text) == (TABLE, MONOTONE)
    assert to_text(*from_text(text)) == text


def changed(change: Callable[[dict[str, Any]], object]) -> str:
    content = json.loads(to_text(TABLE, MONOTONE))
    change(content)
    return json.dumps(content)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.update(schema=2), "schema 2"),
        (lambda c: c.pop("terms"), "cannot be read"),
        (lambda c: c["terms"][0]["cells"].pop(), "3 cells, not 4"),
        (lambda c: c["terms"][0]["cells"].__setitem__(0, math.nan), "not finite"),
        (lambda c: c["terms"][0]["cells"].__setitem__(0, "much"), "cannot be read"),
        (lambda c: c.update(intercept=math.inf), "not finite"),
        (lambda c: c["terms"][1].update(features=["b", "a"]), "in the model's order"),
        (lambda c: c["terms"][1].update(features=["a", "z"]), "cannot be read"),
        (lambda c: c["terms"][1].update(features=["a", "b", "c"]), "one feature or two"),
        (lambda c: c["terms"].append(c["terms"][0]), "two tables"),
        (lambda c: c["thresholds"].__setitem__(0, [2.0, 1.0]), "ascend"),
        (lambda c: c["monotone"].pop(), "differ in number"),
        (lambda c: c["monotone"].__setitem__(0, 2), "direction"),
        (lambda c: c["features"].__setitem__(1, "a"), "cannot be read|differ in number"),
    ],
)
def test_text_that_is_no_model_is_refused(change: Callable[[dict[str, Any]], object], message: str) -> None:
    with pytest.raises(AdditiveTextError, match=message):
        from_text(changed(change))


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '"tables"', "3"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(AdditiveTextError):
        from_text(text)


def test_a_model_with_too_many_cells_is_refused() -> None:
    side = math.isqrt(MAX_CELLS) + 1
    thresholds = (tuple(float(value) for value in range(side - 2)), tuple(float(value) for value in range(side - 2)))
    table = AdditiveTable(("a", "b"), thresholds, 0.0, (term((0, 1), sizes(thresholds), [0.0] * side**2),))
    with pytest.raises(AdditiveTextError, match="cells"):
        from_text(to_text(table, (0, 0)))
