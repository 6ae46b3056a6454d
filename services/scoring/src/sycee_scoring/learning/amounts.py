"""Amounts: which numbers are, which are of like scale, and ratios and means that bear missing values."""

from __future__ import annotations

from typing import Final

import numpy as np

from sycee_scoring.learning.metrics import Array
from sycee_scoring.learning.table import Columns

AMOUNT_VALUES: Final = 25
"""Distinct values that make a number an amount, not a grade or a count: judgement."""

LIKE_SCALE: Final = 300.0
"""Largest ratio between the medians of two amounts that are set against each other: judgement."""

TINY: Final = 1e-9


def is_amount(column: Array) -> bool:
    """Whether the column has enough distinct values."""
    return len(np.unique(column[~np.isnan(column)])) >= AMOUNT_VALUES


def alike(one: float, other: float) -> bool:
    """Whether two medians are of like scale."""
    return one <= LIKE_SCALE * other and other <= LIKE_SCALE * one


def median_of(values: Array) -> float:
    """The median size (without sign) of what is known; 0 where nothing is."""
    known = np.abs(values[~np.isnan(values)])
    return float(np.median(known)) if len(known) else 0.0


def mean_of(values: Array) -> Array:
    """Each row's mean of what is known; NaN where nothing is."""
    known = ~np.isnan(values)
    counts = known.sum(axis=1)
    out: Array = np.where(known, values, 0.0).sum(axis=1) / np.where(counts, counts, np.nan)
    return out


def ratio_of(upper: Array, lower: Array) -> Array:
    """upper / |lower|; NaN where the divisor is nought or a part is missing."""
    divisor = np.where(np.abs(lower) < TINY, np.nan, np.abs(lower))
    out: Array = upper / divisor
    return out


def matrix_of(columns: Columns, names: tuple[str, ...]) -> Array:
    """Rows x names."""
    return np.column_stack([number_of(columns, name) for name in names])


def number_of(columns: Columns, name: str) -> Array:
    """A column of numbers. Raises TypeError if it holds categories."""
    column = columns[name]
    if isinstance(column, list):
        raise TypeError(f"{name} holds categories")
    return column
