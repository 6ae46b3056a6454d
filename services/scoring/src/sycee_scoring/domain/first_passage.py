"""The chance that a Brownian motion with drift reaches zero within a time, in closed form and on the log scale."""

from __future__ import annotations

import math

_SQRT_2 = math.sqrt(2.0)
_LOG_SQRT_2PI = 0.5 * math.log(2.0 * math.pi)
_LARGEST_EXPONENT = 700.0


def log_normal_cdf(x: float) -> float:
    """log Φ(x), exact to 1e-10 relative also far out in the left tail, where Φ itself underflows."""
    if x > -20.0:
        return math.log(0.5 * math.erfc(-x / _SQRT_2)) if x < 5.0 else math.log1p(-0.5 * math.erfc(x / _SQRT_2))
    inverse = 1.0 / (x * x)
    series = 1.0 - inverse * (1.0 - 3.0 * inverse * (1.0 - 5.0 * inverse * (1.0 - 7.0 * inverse)))
    return -0.5 * x * x - math.log(-x) - _LOG_SQRT_2PI + math.log(series)


def passage_log_odds(distance: float, drift: float, spread: float) -> float:
    """Log-odds that X reaches 0 within the horizon, where X starts at `distance` > 0, drifts by `drift` over the whole
    horizon and has standard deviation `spread` > 0 at its end.

    With b = distance, m = drift, s = spread:

        p = Φ(−(b + m)/s) + exp(−2·m·b/s²) · Φ((m − b)/s)

    Source: first passage of Brownian motion by the reflection principle, D. R. Cox and H. D. Miller, The Theory of
    Stochastic Processes (1965), section 5.7; as a model of default F. Black and J. C. Cox, Valuing Corporate
    Securities, Journal of Finance 31 (1976).

    p falls in b and in m. It rises in s wherever b + m ≥ 0 (dp/ds ≥ 0 comes down to the bound x·Φ(−x) ≤ φ(x) on Mills'
    ratio); where the drift alone reaches zero, more spread would *lower* p. The drift is therefore floored at −b, which
    keeps p within [½, 1) there, continuous, and the whole function monotone in each argument.
    """
    floored = max(drift, -distance)
    upper, lower = (distance + floored) / spread, (floored - distance) / spread
    reflected = -2.0 * floored * distance / (spread * spread)
    straight = log_normal_cdf(-upper)
    mirrored = reflected + log_normal_cdf(lower)
    larger, smaller = (straight, mirrored) if straight > mirrored else (mirrored, straight)
    log_p = larger + math.log1p(math.exp(max(smaller - larger, -_LARGEST_EXPONENT)))
    if log_p < -1e-3:
        return log_p - math.log(-math.expm1(log_p))
    survival = _survival(distance, upper, lower, reflected)
    return math.log1p(-survival) - math.log(survival)


def _survival(distance: float, upper: float, lower: float, reflected: float) -> float:
    """1 − p where it is small, so that p near 1 keeps its digits; never below 1e-12 × distance."""
    left = 0.5 * math.erfc(-upper / _SQRT_2)
    right = math.exp(min(reflected, _LARGEST_EXPONENT)) * 0.5 * math.erfc(-lower / _SQRT_2)
    return max(left - right, 1e-12 * min(distance, 1.0))
