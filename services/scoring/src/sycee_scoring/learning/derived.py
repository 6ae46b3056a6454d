"""Finds features between columns: shares of one amount in another, and what a series of columns did over time.

Nothing is known of the columns' meaning. Runs of columns and flows between them are found by `series`; amounts of like
scale give ratios (instalment = amount / months, use = balance / limit), of which those that tell most beyond their
parts are kept.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from sycee_scoring.learning import bins
from sycee_scoring.learning.amounts import alike, is_amount, matrix_of, mean_of, median_of, number_of, ratio_of
from sycee_scoring.learning.metrics import Array
from sycee_scoring.learning.series import Flow, flow_features, flow_names, flows_of, run_features, runs_of
from sycee_scoring.learning.table import Column, Columns

# Judgement, tried on German, Taiwan and HMEQ.
MOST_PARTS: Final = 14
MOST_RATIOS: Final = 16


@dataclass(frozen=True, slots=True)
class Derivation:
    """What to derive: `runs` by pattern ("BILL_AMT*") with their columns in order, `ratios` as (upper, lower), and
    `scales`: the amount outside all runs, such as a limit, that a run is best measured by."""

    runs: Mapping[str, tuple[str, ...]]
    flows: tuple[Flow, ...]
    ratios: tuple[tuple[str, str], ...]
    scales: Mapping[str, str]

    @classmethod
    def find(cls, columns: Columns, bad: Array) -> Derivation:
        """What may tell something, by the training rows alone; `bad` only picks among the ratios."""
        numbers = {name: column for name, column in columns.items() if not isinstance(column, list)}
        runs = runs_of(numbers)
        flows = flows_of(numbers, runs)
        parts = _parts({**numbers, **_means(numbers, runs)}, runs)
        ratios = _ratios(parts, bad)
        return cls(runs, flows, ratios[:MOST_RATIOS], _scales(ratios, parts, runs))

    def add(self, columns: Columns) -> dict[str, Column]:
        """The columns and what is derived from them. NaN where a part is missing or a divisor is nought."""
        out: dict[str, Column] = dict(columns)
        for pattern, names in self.runs.items():
            out.update(run_features(pattern, matrix_of(columns, names)))
        for flow in self.flows:
            moved = flow_features(
                flow, matrix_of(columns, self.runs[flow.flow]), matrix_of(columns, self.runs[flow.stock])
            )
            out.update(moved)
            if scale := self.scales.get(flow.stock):
                amounts = [name for name in moved if not name.endswith(" share")]
                out.update({f"{name} / {scale}": ratio_of(moved[name], number_of(columns, scale)) for name in amounts})
        for pattern, scale in self.scales.items():
            for name in self.runs[pattern]:
                out[f"{name} / {scale}"] = ratio_of(number_of(columns, name), number_of(columns, scale))
        for upper, lower in self.ratios:
            out[f"{upper} / {lower}"] = ratio_of(number_of(out, upper), number_of(out, lower))
        return out

    @property
    def undirected(self) -> frozenset[str]:
        """Derived features in which a part counts both ways, so that a direction of theirs would say little beside
        their parts: all but the levels of runs."""
        marks = [f"{pattern} {kind}" for pattern in self.runs for kind in ("slope", "spread", "change")]
        between = [f"{upper} / {lower}" for upper, lower in self.ratios]
        between += [f"{name} / {scale}" for pattern, scale in self.scales.items() for name in self.runs[pattern]]
        for flow in self.flows:
            moved = flow_names(flow, len(self.runs[flow.flow]) - 1)
            scale = self.scales.get(flow.stock)
            between += [*moved, *(f"{name} / {scale}" for name in moved if scale and not name.endswith(" share"))]
        return frozenset([*marks, *between])


def _parts(numbers: Mapping[str, Array], runs: Mapping[str, tuple[str, ...]]) -> dict[str, Array]:
    """Amounts that may stand in a ratio: those outside runs, and of each run the first and the mean."""
    inside = {name for names in runs.values() for name in names[1:]}
    return {name: column for name, column in numbers.items() if name not in inside and is_amount(column)}


def _scales(
    ratios: tuple[tuple[str, str], ...], parts: Mapping[str, Array], runs: Mapping[str, tuple[str, ...]]
) -> dict[str, str]:
    """For each run the amount outside all runs, no smaller than it, that tells most in a ratio with its mean."""
    inside = {name for names in runs.values() for name in names} | {f"{pattern} mean" for pattern in runs}
    scales: dict[str, str] = {}
    for pair in ratios:
        for pattern in runs:
            mean = f"{pattern} mean"
            others = [name for name in pair if name not in inside]
            if mean in pair and others and median_of(parts[others[0]]) >= median_of(parts[mean]):
                scales.setdefault(pattern, others[0])
    return scales


def _told(column: Array, bad: Array) -> float:
    return bins.information(bins.fit(column, bad, None), column, bad)


def _divides_badly(column: Array) -> tuple[float, float]:
    """Share of values that are no good as a divisor, then the scale: the greater goes on top of the smaller."""
    return round(float(np.mean(~(column > 0.0))), 2), median_of(column)


def _means(numbers: Mapping[str, Array], runs: Mapping[str, tuple[str, ...]]) -> dict[str, Array]:
    return {
        f"{pattern} mean": mean_of(matrix_of(numbers, names))
        for pattern, names in runs.items()
        if is_amount(numbers[names[0]])
    }


def _ratios(parts: Mapping[str, Array], bad: Array) -> tuple[tuple[str, str], ...]:
    """(upper, lower) of like scale, first those that tell most beyond their parts."""
    told = {name: _told(column, bad) for name, column in parts.items()}
    names = sorted(parts, key=lambda name: -told[name])[:MOST_PARTS]
    gains = {}
    for one, other in itertools.combinations(names, 2):
        if alike(median_of(parts[one]), median_of(parts[other])):
            upper, lower = sorted((one, other), key=lambda name: _divides_badly(parts[name]), reverse=True)
            ratio = ratio_of(parts[upper], parts[lower])
            gains[upper, lower] = _told(ratio, bad) - max(told[upper], told[lower])
    return tuple(sorted(gains, key=lambda pair: -gains[pair]))
