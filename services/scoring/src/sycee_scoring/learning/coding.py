"""Columns as the matrix that boosting reads: numbers as they are, categories by their weight of evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from sycee_scoring.learning import bins
from sycee_scoring.learning.bins import CategoryBins
from sycee_scoring.learning.folds import stratified
from sycee_scoring.learning.metrics import Array
from sycee_scoring.learning.table import Columns, take

MANY_LEVELS: Final = 20
"""From so many categories on, training rows are coded by other rows' outcomes: judgement."""

FOLDS: Final = 5


@dataclass(frozen=True, slots=True)
class Coding:
    """`names` are the matrix's columns in order; those in `categories` hold texts. A missing number stays NaN."""

    names: tuple[str, ...]
    categories: dict[str, CategoryBins]

    @classmethod
    def fit(cls, columns: Columns, bad: Array) -> Coding:
        """Learns the categories' weights."""
        cut = {name: bins.fit(column, bad) for name, column in columns.items() if isinstance(column, list)}
        return cls(tuple(columns), {name: each for name, each in cut.items() if isinstance(each, CategoryBins)})

    def matrix(self, columns: Columns) -> Array:
        """Rows x names."""
        return np.column_stack([self._coded(columns, name) for name in self.names])

    def training_matrix(self, columns: Columns, bad: Array, seed: int) -> Array:
        """The matrix of the very rows that were learnt from. A column of many categories would give each row's own
        outcome away, so each fold of rows is coded by what the others teach (out-of-fold target coding)."""
        matrix = self.matrix(columns)
        many = {name for name, cut in self.categories.items() if len(cut.woe) >= MANY_LEVELS}
        if many:
            chosen = {name: columns[name] for name in self.names if name in many}
            places = np.array([at for at, name in enumerate(self.names) if name in many])
            for rows, held in stratified(bad, FOLDS, seed):
                coding = Coding.fit(take(chosen, rows), bad[rows])
                matrix[np.ix_(held, places)] = coding.matrix(take(chosen, held))
        return matrix

    def _coded(self, columns: Columns, name: str) -> Array:
        column = columns[name]
        if isinstance(column, list):
            return self.categories[name].evidence(column)
        return column
