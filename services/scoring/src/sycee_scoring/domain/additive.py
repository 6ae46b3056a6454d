"""A model that is a sum of small tables: one for each feature, and one for each pair of features that act together.

A boosted model whose trees never join more than two features on a path is exactly that (a GA²M: Lou, Caruana, Gehrke
and Hooker, "Accurate intelligible models with pairwise interactions", KDD 2013). As tables it needs no library, a
score is one binary search a feature and one look-up a table, and what each feature added is exact and as cheap.
"""

from __future__ import annotations

import json
import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

ZERO: Final = 1.0000000180025095e-35
"""Values up to this size are zero to LightGBM (its kZeroThreshold, 1e-35 in single precision)."""

SCHEMA: Final = 1
MAX_CELLS: Final = 100_000
"""Over all tables: a model of about a megabyte."""

MAX_TERM_FEATURES: Final = 2


class AdditiveTextError(Exception):
    """The text is no additive model that can be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Term:
    """A table over one feature or two. `cells` are log-odds; those of the last feature lie side by side, and `stride`
    is how many cells it has (of one feature: 1)."""

    columns: tuple[int, ...]
    stride: int
    cells: tuple[float, ...]

    def at(self, places: Sequence[int]) -> float:
        """The cell of a merchant whose features lie in `places`, one a feature of the model."""
        columns = self.columns
        if len(columns) == 1:
            return self.cells[places[columns[0]]]
        return self.cells[places[columns[0]] * self.stride + places[columns[1]]]


@dataclass(frozen=True, slots=True)
class AdditiveTable:
    """A whole model. Feature `j` has `len(thresholds[j]) + 2` cells: up to each threshold (itself included), above the
    last, and missing. Immutable; a look-up costs a few microseconds."""

    features: tuple[str, ...]
    thresholds: tuple[tuple[float, ...], ...]  # ascending, one tuple a feature
    intercept: float
    terms: tuple[Term, ...]

    def places(self, values: Sequence[float]) -> list[int]:
        """The cell of each value. NaN is a missing value."""
        return [
            len(thresholds) + 1 if math.isnan(value) else bisect_left(thresholds, 0.0 if abs(value) <= ZERO else value)
            for value, thresholds in zip(values, self.thresholds, strict=True)
        ]

    def raw(self, values: Sequence[float]) -> float:
        """The sum of all tables, in log-odds. NaN is a missing value."""
        places = self.places(values)
        total = self.intercept
        for term in self.terms:
            total += term.at(places)
        return total

    def raw_many(self, rows: Array) -> Array:
        """`raw` of each row of an array (rows, features), the very same figures, for whole books."""
        places = np.empty(rows.shape, dtype=np.int64)
        for column, thresholds in enumerate(self.thresholds):
            values = np.where(np.abs(rows[:, column]) <= ZERO, 0.0, rows[:, column])
            found = np.searchsorted(np.asarray(thresholds), values, side="left")
            places[:, column] = np.where(np.isnan(values), len(thresholds) + 1, found)
        total = np.full(len(rows), self.intercept)
        for term in self.terms:
            cells = places[:, term.columns[0]] * term.stride
            if len(term.columns) > 1:
                cells += places[:, term.columns[1]]
            total += np.asarray(term.cells)[cells]
        return total

    def contributions(self, values: Sequence[float], reference: Sequence[float]) -> tuple[float, ...]:
        """What each feature added against a reference, in log-odds: exact Shapley values, which add up to
        raw(values) − raw(reference). In a table of two features each has half of what they do together."""
        here, there = self.places(values), self.places(reference)
        added = [0.0] * len(self.features)
        for term in self.terms:
            if len(term.columns) == 1:
                added[term.columns[0]] += term.at(here) - term.at(there)
                continue
            first, second = term.columns
            both, neither = term.at(here), term.at(there)
            only_first, only_second = (term.at(_mixed(there, column, here)) for column in term.columns)
            added[first] += 0.5 * (only_first - neither + both - only_second)
            added[second] += 0.5 * (only_second - neither + both - only_first)
        return tuple(added)

    def least_step(self, column: int) -> float:
        """The smallest that the sum can rise from one cell of a feature to the next, whatever the others are: 0 or more
        means that it never falls in this feature. Exact: each other feature shares at most one table with this one."""
        return _steps(self, column, 1.0)

    def greatest_step(self, column: int) -> float:
        """The most that the sum can rise from one cell of a feature to the next: 0 or less means it never rises."""
        return -_steps(self, column, -1.0)


def sizes(thresholds: Sequence[Sequence[float]]) -> list[int]:
    """Cells of each feature."""
    return [len(values) + 2 for values in thresholds]


def term(columns: tuple[int, ...], cell_counts: Sequence[int], cells: Sequence[float]) -> Term:
    """A table over one column or two of a model whose features have `cell_counts` cells. Raises ValueError for another
    number of cells."""
    shape = [cell_counts[column] for column in columns]
    if len(cells) != math.prod(shape):
        raise ValueError(f"a table of columns {columns} has {len(cells)} cells, not {math.prod(shape)}")
    return Term(columns, math.prod(shape[1:]), tuple(cells))


def to_text(table: AdditiveTable, monotone: Sequence[int]) -> str:
    """The model as JSON, a line a table, the same bytes for the same model. `monotone` is 1, −1 or 0 a feature."""
    head = {
        "schema": SCHEMA,
        "features": list(table.features),
        "monotone": list(monotone),
        "intercept": table.intercept,
        "thresholds": [list(values) for values in table.thresholds],
    }
    lines = [f"{json.dumps(key)}: {json.dumps(value)}," for key, value in head.items()]
    terms = [
        json.dumps({"features": [table.features[column] for column in entry.columns], "cells": list(entry.cells)})
        for entry in table.terms
    ]
    return "{\n" + "\n".join(lines) + '\n"terms": [\n' + ",\n".join(terms) + "\n]\n}\n"


def from_text(text: str) -> tuple[AdditiveTable, tuple[int, ...]]:
    """Model and directions out of `to_text`'s form. Raises AdditiveTextError for anything else: other tables than the
    thresholds ask for, thresholds out of order, figures that are not finite, more than `MAX_CELLS` cells."""
    try:
        content: Mapping[str, Any] = json.loads(text)
        if content["schema"] != SCHEMA:
            raise AdditiveTextError(f"schema {content['schema']}, this code reads {SCHEMA}")
        features = tuple(str(name) for name in content["features"])
        thresholds = tuple(_finite(values) for values in content["thresholds"])
        monotone = tuple(int(direction) for direction in content["monotone"])
        (intercept,) = _finite([content["intercept"]])
        terms = tuple(_term(entry, features, sizes(thresholds)) for entry in content["terms"])
    except (KeyError, TypeError, ValueError) as error:
        raise AdditiveTextError(f"cannot be read: {error}") from error
    if len({len(features), len(thresholds), len(monotone), len(set(features))}) != 1:
        raise AdditiveTextError("features, thresholds and directions differ in number")
    if any(list(values) != sorted(set(values)) for values in thresholds):
        raise AdditiveTextError("the thresholds of a feature must ascend")
    if not set(monotone) <= {-1, 0, 1}:
        raise AdditiveTextError("a direction is -1, 0 or 1")
    if len({entry.columns for entry in terms}) != len(terms):
        raise AdditiveTextError("two tables have the same features")
    if sum(len(entry.cells) for entry in terms) > MAX_CELLS:
        raise AdditiveTextError(f"more than {MAX_CELLS} cells")
    return AdditiveTable(features, thresholds, intercept, terms), monotone


def _term(entry: Mapping[str, Any], features: tuple[str, ...], cell_counts: Sequence[int]) -> Term:
    columns = tuple(features.index(name) for name in entry["features"])
    if not 1 <= len(columns) <= MAX_TERM_FEATURES or list(columns) != sorted(set(columns)):
        raise ValueError(f"a table has one feature or two in the model's order, not {entry['features']}")
    return term(columns, cell_counts, _finite(entry["cells"]))


def _finite(values: Sequence[Any]) -> tuple[float, ...]:
    figures = tuple(float(value) for value in values)
    if not all(map(math.isfinite, figures)):
        raise ValueError("a figure is not finite")
    return figures


def _mixed(places: list[int], column: int, other: list[int]) -> list[int]:
    """`places` with one column as in `other`."""
    return [*places[:column], other[column], *places[column + 1 :]]


def _steps(table: AdditiveTable, column: int, sign: float) -> float:
    """The least of sign · (next cell − cell) over all cells but the missing one and over all other features."""
    least = np.zeros(len(table.thresholds[column]))
    counts = sizes(table.thresholds)
    for entry in table.terms:
        if column in entry.columns:
            cells = np.asarray(entry.cells).reshape([counts[position] for position in entry.columns])
            lines = np.moveaxis(cells, entry.columns.index(column), 0).reshape(counts[column], -1)[:-1]
            least += (sign * np.diff(lines, axis=0)).min(axis=1)
    return float(least.min()) if len(least) else 0.0
