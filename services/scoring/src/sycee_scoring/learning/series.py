"""Runs of columns that are one quantity at several times, and flows between two runs.

A run is three or more number columns whose names differ by a numeral alone (BILL_AMT1 … BILL_AMT6) and whose values go
together. Two runs side by side, such as bills and payments, give what was left, what share was paid and what was new.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from sycee_scoring.learning.amounts import alike, is_amount, matrix_of, mean_of, median_of, ratio_of
from sycee_scoring.learning.metrics import Array

# All below is judgement, tried on German, Taiwan and HMEQ.
LEAST_RUN: Final = 3
RUN_CORRELATION: Final = 0.3
"""Mean rank correlation of neighbours from which columns are a run: numbered columns need not be a series."""

MOST_FLOWS: Final = 3
SAMPLE_ROWS: Final = 4_000


@dataclass(frozen=True, slots=True)
class Flow:
    """A run of payments into a run of balances of the same length: payment i belongs to balance i + `shift`."""

    flow: str
    stock: str
    shift: int


def runs_of(numbers: Mapping[str, Array]) -> dict[str, tuple[str, ...]]:
    """Runs by pattern, such as BILL_AMT*, with their columns in the order of the numerals."""
    found: dict[str, dict[int, str]] = {}
    for name in numbers:
        for match in re.finditer(r"\d+", name):
            found.setdefault(f"{name[: match.start()]}*{name[match.end() :]}", {})[int(match.group())] = name
    runs = {pattern: tuple(by[at] for at in sorted(by)) for pattern, by in found.items() if len(by) >= LEAST_RUN}
    return {pattern: names for pattern, names in runs.items() if _goes_together(matrix_of(numbers, names))}


def flows_of(numbers: Mapping[str, Array], runs: Mapping[str, tuple[str, ...]]) -> tuple[Flow, ...]:
    """Pairs of runs of amounts, of one length and like scale. The run of greater amounts is the stock; its shift is
    that of the closer correlation."""
    amounts = {
        pattern: median_of(matrix_of(numbers, names))
        for pattern, names in runs.items()
        if all(is_amount(numbers[name]) for name in names)
    }
    flows = []
    for one, other in itertools.combinations(amounts, 2):
        if len(runs[one]) == len(runs[other]) and alike(amounts[one], amounts[other]):
            flow, stock = sorted((one, other), key=lambda pattern: amounts[pattern])
            paid, owed = matrix_of(numbers, runs[flow]), matrix_of(numbers, runs[stock])
            shift = max((1, -1), key=lambda shift: _shift_correlation(paid, owed, shift))
            flows.append(Flow(flow, stock, shift))
    return tuple(flows[:MOST_FLOWS])


def run_features(pattern: str, values: Array) -> dict[str, Array]:
    """Level, trend and spread of a run (rows x columns in order), by name."""
    steps = np.arange(values.shape[1]) - (values.shape[1] - 1) / 2.0
    filled = np.where(np.isnan(values), -np.inf, values)
    lowest = np.where(np.isnan(values), np.inf, values).min(axis=1)
    mean = mean_of(values)
    return {
        f"{pattern} mean": mean,
        f"{pattern} highest": _finite(filled.max(axis=1)),
        f"{pattern} lowest": _finite(lowest),
        f"{pattern} slope": values @ steps / float(steps @ steps),
        f"{pattern} spread": np.sqrt(np.maximum(mean_of(values**2) - mean**2, 0.0)),
        f"{pattern} change": values[:, 0] - values[:, -1],
        f"{pattern} early mean": mean_of(values[:, : values.shape[1] // 2]),
    }


def flow_features(flow: Flow, paid: Array, owed: Array) -> dict[str, Array]:
    """What was left, paid as a share, and new, for each pair of columns (rows x columns in order), by name."""
    part, whole = _shifted(paid, owed, flow.shift)
    before = owed[:, :-1] if flow.shift > 0 else owed[:, 1:]
    left = (whole - part).T
    share = ratio_of(part, whole).T
    new = (before - whole + part).T
    return dict(zip(flow_names(flow, part.shape[1]), [*left, *share, *new], strict=True))


def flow_names(flow: Flow, pairs: int) -> list[str]:
    """Names of `flow_features`, in their order."""
    return [f"{flow.flow} in {flow.stock} {at + 1} {kind}" for kind in ("left", "share", "new") for at in range(pairs)]


def _goes_together(values: Array) -> bool:
    near = [_correlation(values[:, at], values[:, at + 1]) for at in range(values.shape[1] - 1)]
    return float(np.mean(near)) >= RUN_CORRELATION


def _correlation(left: Array, right: Array) -> float:
    """Spearman's, on at most `SAMPLE_ROWS` rows; 0 where either stands still."""
    step = max(1, len(left) // SAMPLE_ROWS)
    left, right = left[::step], right[::step]
    both = ~np.isnan(left) & ~np.isnan(right)
    ranks = [np.unique(side[both], return_inverse=True)[1].astype(np.float64) for side in (left, right)]
    if min(float(np.ptp(rank)) if len(rank) else 0.0 for rank in ranks) == 0.0:
        return 0.0
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def _shift_correlation(paid: Array, owed: Array, shift: int) -> float:
    left, right = _shifted(paid, owed, shift)
    return float(np.mean([_correlation(left[:, at], right[:, at]) for at in range(left.shape[1])]))


def _shifted(paid: Array, owed: Array, shift: int) -> tuple[Array, Array]:
    return (paid[:, :-1], owed[:, 1:]) if shift > 0 else (paid[:, 1:], owed[:, :-1])


def _finite(values: Array) -> Array:
    return np.where(np.isfinite(values), values, np.nan)
