"""The early-warning model: each figure by its rank among shops of the training period, all with one weight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sycee_scoring.distress.features import FEATURES, RAISES

Array = NDArray[np.float64]

_TURN: Final = np.array(RAISES, dtype=np.float64)

DECIMALS: Final = 6
"""Of what a card holds: figures are told apart no further."""

KNOTS: Final = 201
"""Quantiles kept of each figure: what is between two is interpolated."""

NEUTRAL: Final = (None, None, None, 0.0, 0.0, 0.0, 0.0)
"""What a figure is where it is no cause: no season ahead, no trend, no gaps; None = the median shop's."""

LEAST_RANK: Final = 0.003
"""Ranks are kept this far from 0 and 1, where their log-odds would have no end."""

LEAST_CHANCE: Final = 0.005
"""As `LEAST_RANK`, for `half_risk`, which is a probability."""

_HALF: Final = FEATURES.index("half_risk")
HALF_WEIGHT: Final = 0.2
"""Weight of the log-odds of `half_risk` itself beside the mean of seven ranks: a rank says that a fall is likelier than
elsewhere, and not that it is all but certain, as where a shop that closes in breaks comes to one. Judgement: from 0 to
0.2, log-loss by month in the learning period stays within 0.0003."""


@dataclass(frozen=True, slots=True)
class Ranks:
    """Where a figure stands among those of the training period: values, ascending, and their mid-ranks in 0-1."""

    values: Array
    levels: Array

    @classmethod
    def of(cls, sample: Array) -> Ranks:
        """Ranks among `sample`, shape (rows,), at its quantiles; equal values share the middle of their ranks."""
        order = np.sort(sample.round(DECIMALS))
        values = np.unique(np.quantile(order, np.linspace(0.0, 1.0, KNOTS), method="nearest"))
        below, upto = np.searchsorted(order, values, "left"), np.searchsorted(order, values, "right")
        return cls(values, (below + upto) / (2.0 * len(order)))

    def rank(self, figures: Array) -> Array:
        """The rank of each figure, 0 to 1, rising with it."""
        return np.interp(figures, self.values, self.levels)


@dataclass(frozen=True, slots=True)
class DistressModel:
    """Log-odds = intercept + slope × what `parts` add up to. `half_width`: of the 90 % interval, in log-odds."""

    version: str
    ranks: tuple[Ranks, ...]
    intercept: float
    slope: float
    half_width: float

    def log_odds(self, figures: Array) -> Array:
        """Log-odds of distress, shape (shops,), of `figures` as `features` returns them."""
        return self.intercept + self.slope * risk(self.ranks, figures)

    def contributions(self, figures: Array) -> Array:
        """What each figure of one shop, shape (7,), adds to its log-odds over that figure's neutral value: put it
        there, and the log-odds fall by just so much."""
        apart = parts(self.ranks, figures[None, :])[0] - parts(self.ranks, self.neutral()[None, :])[0]
        return np.asarray(self.slope * apart)

    def neutral(self) -> Array:
        """Each figure where it is no cause, shape (7,)."""
        medians = [float(np.interp(0.5, ranks.levels, ranks.values)) for ranks in self.ranks]
        return np.array([median if value is None else value for value, median in zip(NEUTRAL, medians, strict=True)])

    def probability(self, log_odds: float) -> tuple[float, float, float]:
        """Best estimate and both ends of the 90 % interval."""
        value, low, high = (_logistic(log_odds + step * self.half_width) for step in (0.0, -1.0, 1.0))
        return value, low, high

    def as_json(self) -> dict[str, Any]:
        """What serving needs, as the card holds it."""
        return {
            "features": list(FEATURES),
            "raises": list(RAISES),
            "ranks": [
                {"values": ranks.values.tolist(), "levels": ranks.levels.round(DECIMALS).tolist()}
                for ranks in self.ranks
            ],
            "intercept": round(self.intercept, 6),
            "slope": round(self.slope, 6),
            "half_width": round(self.half_width, 6),
        }


def model_from_json(version: str, serving: Mapping[str, Any]) -> DistressModel:
    """The model of a card's serving section. Raises KeyError, TypeError or ValueError where that is none or was made
    for other figures than `features` computes."""
    if tuple(serving["features"]) != FEATURES or tuple(serving["raises"]) != RAISES:
        raise ValueError(f"made for {serving['features']}, this code computes {FEATURES}")
    ranks = tuple(_ranks(entry) for entry in serving["ranks"])
    scalars = [float(serving[name]) for name in ("intercept", "slope", "half_width")]
    if len(ranks) != len(FEATURES) or not np.all(np.isfinite(scalars)) or scalars[1] <= 0.0 or scalars[2] < 0.0:
        raise ValueError("must hold a table for each figure, a slope above 0 and a half-width from 0 up")
    return DistressModel(version, ranks, *scalars)


def parts(ranks: tuple[Ranks, ...], figures: Array) -> Array:
    """What each figure adds to the risk, shape (shops, 7): a seventh of the log-odds of its rank, turned so that more
    is worse, and for `half_risk` a fifth of its own log-odds besides."""
    turned = np.column_stack([table.rank(figures[:, place]) for place, table in enumerate(ranks)])
    added = _TURN / len(FEATURES) * _log_odds(np.clip(turned, LEAST_RANK, 1.0 - LEAST_RANK))
    chance = np.clip(figures[:, _HALF], LEAST_CHANCE, 1.0 - LEAST_CHANCE)
    added[:, _HALF] += HALF_WEIGHT * _log_odds(chance)
    return added


def risk(ranks: tuple[Ranks, ...], figures: Array) -> Array:
    """What shops are ordered by, shape (shops,): the sum of `parts`."""
    return np.asarray(parts(ranks, figures).sum(axis=1))


def _ranks(entry: Mapping[str, Any]) -> Ranks:
    values, levels = (np.asarray(entry[name], dtype=np.float64) for name in ("values", "levels"))
    if values.ndim != 1 or values.shape != levels.shape or len(values) == 0:
        raise ValueError("a table of ranks must hold as many values as levels, at least one")
    if not (np.all(np.isfinite(values)) and np.all(np.diff(values) > 0.0) and np.all(np.diff(levels) >= 0.0)):
        raise ValueError("a table of ranks must rise")
    return Ranks(values, levels)


def _log_odds(chance: Array) -> Array:
    return np.asarray(np.log(chance / (1.0 - chance)))


def _logistic(log_odds: float) -> float:
    return float(1.0 / (1.0 + np.exp(-log_odds)))
