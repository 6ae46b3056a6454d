"""What home-equity loans say of enquiries and public records, which the card accounts do not hold.

The weights below were learnt once from 5,960 home-equity loans (HMEQ: Baesens, Roesch and Scheule, "Credit Risk
Analytics", Wiley 2016), which come in no published wheel: training runs without the file, and `learn` gives the same
weights again from it. They are those of a logistic regression on bands of enquiries, derogatory reports and delinquent
lines together, so that what each says is said once; missing values have bands of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

SOURCE: Final = "HMEQ, 5,960 home-equity loans, 19.9 % bad; logistic regression on bands"
STEPS: Final = 50
EMPTY: Final = 1e-9
"""Added to the curvature, so that a band without a loan has the weight 0."""


@dataclass(frozen=True, slots=True)
class Bands:
    """Log-odds by band of a count against the mean record: `log_odds[i]` for counts from `lower_bounds[i]` up to the
    next. `errors` are standard errors of the difference to the lowest band."""

    lower_bounds: tuple[int, ...]
    log_odds: tuple[float, ...]
    errors: tuple[float, ...]


ENQUIRY_BOUNDS: Final = (0, 1, 3, 6)
RECORD_BOUNDS: Final = (0, 1, 2)
DELINQUENCY_BOUNDS: Final = (0, 1, 2, 4)

ENQUIRIES: Final = Bands(ENQUIRY_BOUNDS, (-0.22, -0.01, 0.60, 1.10), (0.0, 0.08, 0.11, 0.18))
PUBLIC_RECORDS: Final = Bands(RECORD_BOUNDS, (-0.15, 0.60, 1.43), (0.0, 0.12, 0.14))


def learn(enquiries: Array, records: Array, delinquencies: Array, bad: Array) -> tuple[Bands, Bands]:
    """Bands of enquiries and of records from loans, one a row; NaN where not known, `bad` 1.0 or 0.0. Weights are
    against the mean over the loans that have the figure, and to two decimals."""
    parts = [
        _dummies(enquiries, ENQUIRY_BOUNDS),
        _dummies(records, RECORD_BOUNDS),
        _dummies(delinquencies, DELINQUENCY_BOUNDS),
    ]
    columns = np.column_stack([np.ones(len(bad)), *parts])
    weights = np.zeros(columns.shape[1])
    hessian = np.eye(columns.shape[1])
    for _ in range(STEPS):
        fitted = 1.0 / (1.0 + np.exp(-(columns @ weights)))
        hessian = (columns.T * (fitted * (1.0 - fitted))) @ columns + EMPTY * np.eye(len(weights))
        weights += np.linalg.solve(hessian, columns.T @ (bad - fitted))
    errors = np.sqrt(np.diag(np.linalg.inv(hessian)))
    first, second = 1, 1 + len(ENQUIRY_BOUNDS)
    return (
        _bands(enquiries, ENQUIRY_BOUNDS, weights[first:], errors[first:]),
        _bands(records, RECORD_BOUNDS, weights[second:], errors[second:]),
    )


def _places(values: Array, bounds: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """The band of each value; the one after the last is the missing value's."""
    known = ~np.isnan(values)
    band = np.searchsorted(np.asarray(bounds), np.where(known, values, 0.0), side="right") - 1
    return np.where(known, band, len(bounds))


def _dummies(values: Array, bounds: tuple[int, ...]) -> Array:
    """A column for each band but the lowest, and one for what is missing."""
    return np.asarray(_places(values, bounds)[:, None] == np.arange(1, len(bounds) + 1), dtype=np.float64)


def _bands(values: Array, bounds: tuple[int, ...], weights: Array, errors: Array) -> Bands:
    count = len(bounds)
    steps = np.concatenate(([0.0], weights[: count - 1]))
    shares = np.bincount(_places(values, bounds), minlength=count + 1)[:count]
    level = float(shares @ steps / shares.sum())
    return Bands(
        bounds,
        tuple(round(float(step) - level, 2) for step in steps),
        (0.0, *(round(float(error), 2) for error in errors[: count - 1])),
    )
