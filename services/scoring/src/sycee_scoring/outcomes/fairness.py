"""What a model does by group, for cards: reported, never silently fixed.

Groups are a column that the lender has and no model reads. The adverse-impact ratio is the share of a group that passes
over that of the largest group; below 0.80 the four-fifths rule (US Uniform Guidelines on Employee Selection Procedures,
29 CFR 1607.4 D) calls for a look. Its interval is that of a log ratio of independent shares (D. Katz and others,
Biometrics 34, 1978). A proxy is a feature that tells the group apart: its AUC against all others, folded to 0.5–1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sycee_scoring.learning.metrics import TAIL_DEVIATIONS, Figure, auc

Array = npt.NDArray[np.float64]

PROXY: Final = 0.65
"""A feature whose AUC against a group reaches this is named as a proxy. Judgement."""

LEAST_GROUP: Final = 30
"""A smaller group is counted and not judged."""


@dataclass(frozen=True, slots=True)
class GroupImpact:
    """One group. `ratio` is None for groups that are too small; `auc` where there is only one kind of outcome."""

    group: str
    count: int
    bad_count: int
    pass_share: float
    ratio: Figure | None
    observed: Figure
    predicted: float
    auc: float | None


@dataclass(frozen=True, slots=True)
class Proxy:
    """A feature that tells a group from the others."""

    feature: str
    group: str
    auc: float


@dataclass(frozen=True, slots=True)
class Fairness:
    """The report. `reference` is the largest group, which ratios are against."""

    reference: str
    ceiling: float
    groups: tuple[GroupImpact, ...]
    proxies: tuple[Proxy, ...]

    def as_json(self) -> dict[str, Any]:
        """For a card, rounded to four decimals."""
        return {
            "reference": self.reference,
            "passes_below": self.ceiling,
            "groups": [
                {
                    "group": one.group,
                    "count": one.count,
                    "bad": one.bad_count,
                    "pass_share": round(one.pass_share, 4),
                    "adverse_impact_ratio": None if one.ratio is None else one.ratio.as_json(),
                    "observed": one.observed.as_json(),
                    "predicted": round(one.predicted, 4),
                    "auc": None if one.auc is None else round(one.auc, 4),
                }
                for one in self.groups
            ],
            "proxies": [{"feature": p.feature, "group": p.group, "auc": round(p.auc, 4)} for p in self.proxies],
        }


def fairness(
    group: Sequence[str], bad: Array, probability: Array, ceiling: float, features: Mapping[str, Array]
) -> Fairness:
    """The report over rows of known outcome: a merchant passes below `ceiling`. Features may hold NaN."""
    names = np.array(group, dtype=object)
    sizes = {name: int((names == name).sum()) for name in sorted(set(group))}
    if not sizes:
        raise ValueError("fairness wants at least one row")
    reference = max(sizes, key=lambda name: (sizes[name], name))
    passed = probability < ceiling
    base = passed[names == reference]
    groups = [
        _impact(name, bad[names == name], probability[names == name], passed[names == name], base) for name in sizes
    ]
    proxies = [
        Proxy(feature, name, strength)
        for name, size in sizes.items()
        if LEAST_GROUP <= size <= len(group) - LEAST_GROUP
        for feature, values in features.items()
        if (strength := _tells_apart(values, names == name)) >= PROXY
    ]
    proxies.sort(key=lambda proxy: (-proxy.auc, proxy.feature, proxy.group))
    return Fairness(reference, ceiling, tuple(groups), tuple(proxies))


def _impact(
    name: str, bad: Array, probability: Array, passed: npt.NDArray[np.bool_], base: npt.NDArray[np.bool_]
) -> GroupImpact:
    mean = float(bad.mean())
    return GroupImpact(
        group=name,
        count=len(bad),
        bad_count=int(bad.sum()),
        pass_share=float(passed.mean()),
        ratio=_ratio(passed, base) if min(len(passed), len(base)) >= LEAST_GROUP else None,
        observed=_share(int(bad.sum()), len(bad)),
        predicted=float(probability.mean()),
        auc=auc(bad, probability) if 0.0 < mean < 1.0 else None,
    )


def _share(bads: int, count: int) -> Figure:
    """A share with Wilson's 95 % interval (E. B. Wilson, JASA 22, 1927): calibrated where it holds the predicted."""
    rate, square = bads / count, TAIL_DEVIATIONS**2
    middle = (rate + square / (2.0 * count)) / (1.0 + square / count)
    spread = math.sqrt(rate * (1.0 - rate) / count + square / (4.0 * count**2))
    half = TAIL_DEVIATIONS * spread / (1.0 + square / count)
    return Figure(rate, max(middle - half, 0.0), min(middle + half, 1.0))


def _ratio(passed: npt.NDArray[np.bool_], base: npt.NDArray[np.bool_]) -> Figure | None:
    """The ratio with its 95 % interval; None where one of both has nobody that passes."""
    if not passed.any() or not base.any():
        return None
    value = float(passed.mean() / base.mean())
    variance = (1.0 - passed.mean()) / passed.sum() + (1.0 - base.mean()) / base.sum()
    factor = math.exp(TAIL_DEVIATIONS * math.sqrt(float(variance)))
    return Figure(value, value / factor, value * factor)


def _tells_apart(values: Array, members: npt.NDArray[np.bool_]) -> float:
    known = ~np.isnan(values)
    inside = members[known].astype(np.float64)
    if not 0.0 < inside.sum() < len(inside):
        return 0.5
    found = auc(inside, values[known])
    return max(found, 1.0 - found)
