"""The normal distribution without SciPy, which the request path does not import."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def normal_cdf(values: Array) -> Array:
    """Φ of each value, within 1.5e-7: Abramowitz and Stegun 7.1.26 for the error function."""
    scaled = np.abs(values) / math.sqrt(2.0)
    step = 1.0 / (1.0 + 0.3275911 * scaled)
    series = (
        (((1.061405429 * step - 1.453152027) * step + 1.421413741) * step - 0.284496736) * step + 0.254829592
    ) * step
    upper = 0.5 * series * np.exp(-scaled * scaled)
    return np.where(values > 0.0, 1.0 - upper, upper)
