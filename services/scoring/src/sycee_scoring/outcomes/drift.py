"""How far the merchants of late differ from those that a model was made for or first saw.

    PSI = Σ (share now − share then) · ln(share now / share then)

over bins fixed from the reference: tenths of it, or single values where there are few; missing values have their own
bin. Of the score it is the population stability index, of a feature the characteristic one (CSI). Above 0.10 watch,
above 0.25 act (N. Siddiqi, Credit Risk Scorecards, 2006). Two samples of n and m from one distribution give
(bins − 1)·(1/n + 1/m) on average (B. Yurdakul and J. Naranjo, Journal of Risk Model Validation 14, 2020), which is why
`LEAST_REFERENCE` and `LEAST_WINDOW` are asked for: then chance alone stays near 0.03 and below 0.06 in 95 of 100.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sycee_scoring.learning.metrics import PSI_FLOOR

Array = npt.NDArray[np.float64]

LEAST_REFERENCE: Final = 1000
"""First scores of a version that become its reference where its card holds none."""

LEAST_WINDOW: Final = 500

BINS: Final = 10
MOST_SINGLE_VALUES: Final = 12
"""A quantity with at most as many values in the reference has a bin for each."""

WATCH: Final = 0.10
ACT: Final = 0.25

SCORE: Final = "score"


class Level(IntEnum):
    """How to take an index. The numbers are the contract's."""

    STABLE = 1
    WATCH = 2
    SHIFTED = 3


def level_of(index: float) -> Level:
    """Stable up to 0.10, watch up to 0.25, shifted above."""
    if index > ACT:
        return Level.SHIFTED
    return Level.WATCH if index > WATCH else Level.STABLE


@dataclass(frozen=True, slots=True)
class Bins:
    """A quantity in the reference. Bin `i` holds values from `edges[i − 1]` up to below `edges[i]`; `shares` has one
    for each, lowest first, and the share of missing values last."""

    edges: tuple[float, ...]
    shares: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Bin:
    """One bin, then and now. `low` is None for the lowest bin and for missing values."""

    low: float | None
    missing: bool
    reference_share: float
    window_share: float


@dataclass(frozen=True, slots=True)
class Shift:
    """How far one quantity has moved."""

    name: str
    index: float
    level: Level
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """What a version is compared with: a text that says so, and bins by name, the score's under `SCORE`."""

    described: str
    bins: Mapping[str, Bins]


def bins_of(values: Array) -> Bins:
    """Bins fixed from a reference sample; NaN is missing."""
    known = values[~np.isnan(values)]
    distinct = np.unique(known)
    if len(distinct) <= MOST_SINGLE_VALUES:
        edges = (distinct[1:] + distinct[:-1]) / 2.0
    else:
        edges = np.unique(np.quantile(known, np.linspace(0.0, 1.0, BINS + 1)[1:-1]))
        edges = edges[edges > distinct[0]]
    return Bins(tuple(edges.tolist()), tuple(_shares(values, edges).tolist()))


def shift_of(name: str, reference: Bins, values: Array) -> Shift:
    """How far the values of a window, at least one, lie from the reference."""
    now = _shares(values, np.array(reference.edges))
    then = np.array(reference.shares)
    floored_now, floored_then = np.maximum(now, PSI_FLOOR), np.maximum(then, PSI_FLOOR)
    parts = (floored_now - floored_then) * np.log(floored_now / floored_then)
    # What neither has, as the bin of missing values often, adds nothing.
    index = float(parts[(now > 0.0) | (then > 0.0)].sum())
    lows: list[float | None] = [None, *reference.edges, None]
    last = len(reference.shares) - 1
    bins = tuple(
        Bin(low, place == last, before, after)
        for place, (low, before, after) in enumerate(zip(lows, reference.shares, now.tolist(), strict=True))
    )
    return Shift(name, index, level_of(index), bins)


def shifts_of(reference: Reference, window: Mapping[str, Array]) -> tuple[Shift, tuple[Shift, ...]]:
    """The score's shift, and those of the features that reference and window both have, largest first."""
    score = shift_of(SCORE, reference.bins[SCORE], window[SCORE])
    found = [
        shift_of(name, bins, window[name]) for name, bins in reference.bins.items() if name != SCORE and name in window
    ]
    return score, tuple(sorted(found, key=lambda shift: (-shift.index, shift.name)))


def reference_of(described: str, sample: Mapping[str, Array]) -> Reference:
    """The reference that a sample of scores makes."""
    return Reference(described, {name: bins_of(values) for name, values in sample.items()})


def to_json(reference: Reference) -> dict[str, Any]:
    """As it is kept, and as a card may state it under `drift_reference`."""
    return {
        "described": reference.described,
        "bins": {name: {"edges": list(b.edges), "shares": list(b.shares)} for name, b in reference.bins.items()},
    }


def from_json(content: Mapping[str, Any]) -> Reference | None:
    """The reference that a card states; None where it states none for the score or one that cannot be."""
    bins: dict[str, Bins] = {}
    try:
        for name, stated in content["bins"].items():
            bins[name] = _checked(stated["edges"], stated["shares"])
        described = str(content["described"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return Reference(described, bins) if SCORE in bins else None


def _checked(edges: Sequence[float], shares: Sequence[float]) -> Bins:
    made = Bins(tuple(float(edge) for edge in edges), tuple(float(share) for share in shares))
    rising = all(a < b for a, b in zip(made.edges, made.edges[1:], strict=False))
    if not rising or not all(math.isfinite(edge) for edge in made.edges) or len(made.shares) != len(made.edges) + 2:
        raise ValueError("bins want rising edges and a share for each bin and for missing values")
    if min(made.shares) < 0.0 or not math.isclose(sum(made.shares), 1.0, abs_tol=1e-6):
        raise ValueError("shares add up to 1")
    return made


def _shares(values: Array, edges: Array) -> Array:
    missing = np.isnan(values)
    places = np.where(missing, len(edges) + 1, np.searchsorted(edges, np.where(missing, 0.0, values), side="right"))
    shares: Array = np.bincount(places, minlength=len(edges) + 2) / max(len(values), 1)
    return shares
