"""Logistic regression whose factors cannot be negative: what is worse by itself is never better together."""

from __future__ import annotations

import math

import numpy as np
from scipy import optimize  # type: ignore[import-untyped]

from sycee_scoring.learning.metrics import Array


def nonnegative_logistic(evidence: Array, bad: Array, ridge: float) -> tuple[float, Array]:
    """Intercept and factors, nil or more, of the logistic regression of `bad` on `evidence` (rows x columns), with
    0.5 · ridge · factor² added to the deviance. Both outcomes must be in `bad`."""
    base = float(bad.mean())
    start = np.concatenate(([math.log(base / (1.0 - base))], np.full(evidence.shape[1], 0.5)))

    def deviance(line: Array) -> tuple[float, Array]:
        risk = line[0] + evidence @ line[1:]
        fitted = 0.5 * (1.0 + np.tanh(0.5 * risk))
        value = float(np.sum(np.logaddexp(0.0, risk) - bad * risk)) + 0.5 * ridge * float(line[1:] @ line[1:])
        gap = fitted - bad
        return value, np.concatenate(([gap.sum()], evidence.T @ gap + ridge * line[1:]))

    bounds = [(None, None)] + [(0.0, None)] * evidence.shape[1]
    found = optimize.minimize(deviance, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 500})
    return float(found.x[0]), found.x[1:]
