"""Two models on the outcomes of the same loans.

Each difference is challenger less champion, paired by loan, with a 95 % interval whose variance adds up by merchant, so
that several loans of one are one observation: for the AUC the structural components of DeLong and others (Biometrics
44, 1988), summed by cluster (N. Obuchowski, Biometrics 53, 1997); for the Brier score the cluster-robust mean.

Only loans whose twelve months were over when outcomes were last observed count. In younger ones defaults are known and
goods are not, so that counting what is known would call every model too hopeful; they are immature, as are those that
were lost sight of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt
from sycee_service.errors import FailedPrecondition

from sycee_scoring.learning.metrics import TAIL_DEVIATIONS, Figure, auc, brier
from sycee_scoring.outcomes.labels import Label, Outcome, horizon_end, judge

Array = npt.NDArray[np.float64]

LEAST_OUTCOMES: Final = 50
LEAST_OF_EACH: Final = 5
"""Known loans, and good and bad ones among them, below which an interval means nothing. Judgement."""


@dataclass(frozen=True, slots=True)
class PairedLoan:
    """A loan that both models scored at the same moment."""

    outcome: Outcome
    scored_on: date
    champion: float  # probability of default
    challenger: float


@dataclass(frozen=True, slots=True)
class Vintage:
    """Both models on the loans scored in one month; `month` is None for all of them."""

    month: date | None
    count: int
    bad_count: int
    champion_mean: float
    challenger_mean: float
    champion_auc: float | None
    challenger_auc: float | None
    champion_brier: float
    challenger_brier: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Vintages in order of time, all together, and the paired differences."""

    vintages: tuple[Vintage, ...]
    total: Vintage
    auc_difference: Figure
    brier_difference: Figure
    immature_count: int


@dataclass(frozen=True, slots=True)
class _Columns:
    months: tuple[date, ...]
    merchants: npt.NDArray[np.int64]
    bad: Array
    champion: Array
    challenger: Array


def compare(loans: Sequence[PairedLoan], known_until: date) -> Comparison:
    """The comparison; `known_until` is the last day of which any outcome is known.

    Raises FailedPrecondition (TOO_FEW_OUTCOMES).
    """
    mature = [
        (loan, label)
        for loan in loans
        if horizon_end(loan.scored_on) <= known_until
        and (label := judge(loan.scored_on, loan.outcome).label) is not Label.UNKNOWN
    ]
    columns = _columns([loan for loan, _ in mature], [label for _, label in mature])
    _require_enough(columns.bad)
    return Comparison(
        vintages=tuple(_vintages(columns)),
        total=_vintage(None, columns, np.arange(len(columns.bad))),
        auc_difference=_auc_difference(columns),
        brier_difference=_brier_difference(columns),
        immature_count=len(loans) - len(mature),
    )


def _require_enough(bad: Array) -> None:
    bads = int(bad.sum())
    if len(bad) < LEAST_OUTCOMES or min(bads, len(bad) - bads) < LEAST_OF_EACH:
        raise FailedPrecondition(
            "TOO_FEW_OUTCOMES",
            f"{len(bad)} known outcomes with {bads} defaults; {LEAST_OUTCOMES} with {LEAST_OF_EACH} of each kind are "
            "needed",
            known=len(bad),
            bads=bads,
        )


def _columns(loans: Sequence[PairedLoan], labels: Sequence[Label]) -> _Columns:
    names = {name: number for number, name in enumerate(sorted({loan.outcome.merchant_id for loan in loans}))}
    return _Columns(
        months=tuple(loan.scored_on.replace(day=1) for loan in loans),
        merchants=np.array([names[loan.outcome.merchant_id] for loan in loans], dtype=np.int64),
        bad=np.array([float(label) for label in labels], dtype=np.float64),
        champion=np.array([loan.champion for loan in loans], dtype=np.float64),
        challenger=np.array([loan.challenger for loan in loans], dtype=np.float64),
    )


def _vintages(columns: _Columns) -> list[Vintage]:
    rows: dict[date, list[int]] = {}
    for row, month in enumerate(columns.months):
        rows.setdefault(month, []).append(row)
    return [_vintage(month, columns, np.array(members)) for month, members in sorted(rows.items())]


def _vintage(month: date | None, columns: _Columns, rows: npt.NDArray[np.int64]) -> Vintage:
    bad, champion, challenger = columns.bad[rows], columns.champion[rows], columns.challenger[rows]
    both = 0.0 < float(bad.mean()) < 1.0
    return Vintage(
        month=month,
        count=len(rows),
        bad_count=int(bad.sum()),
        champion_mean=float(champion.mean()),
        challenger_mean=float(challenger.mean()),
        champion_auc=auc(bad, champion) if both else None,
        challenger_auc=auc(bad, challenger) if both else None,
        champion_brier=brier(bad, champion),
        challenger_brier=brier(bad, challenger),
    )


def _auc_difference(columns: _Columns) -> Figure:
    bad = columns.bad
    value = auc(bad, columns.challenger) - auc(bad, columns.champion)
    share = _placements(bad, columns.challenger) - _placements(bad, columns.champion)
    bads = bad > 0.5
    part = np.where(bads, (share - share[bads].mean()) / bads.sum(), (share - share[~bads].mean()) / (~bads).sum())
    return _figure(value, _clustered_error(part, columns.merchants))


def _placements(bad: Array, risk: Array) -> Array:
    """Of each loan, the share of the other kind that it is ranked rightly against, ties counting half."""
    bads, goods = np.sort(risk[bad > 0.5]), np.sort(risk[bad < 0.5])
    below = (np.searchsorted(goods, risk, side="left") + np.searchsorted(goods, risk, side="right")) / 2.0 / len(goods)
    above = 1.0 - (np.searchsorted(bads, risk, side="left") + np.searchsorted(bads, risk, side="right")) / 2.0 / len(
        bads
    )
    placed: Array = np.where(bad > 0.5, below, above)
    return placed


def _brier_difference(columns: _Columns) -> Figure:
    each = (columns.bad - columns.challenger) ** 2 - (columns.bad - columns.champion) ** 2
    value = float(each.mean())
    return _figure(value, _clustered_error((each - value) / len(each), columns.merchants))


def _clustered_error(part: Array, clusters: npt.NDArray[np.int64]) -> float:
    """Standard error of a sum of centred parts whose clusters are independent of each other."""
    sums = np.bincount(clusters, weights=part)
    count = len(sums)
    return float(np.sqrt(count / max(count - 1, 1) * (sums @ sums)))


def _figure(value: float, error: float) -> Figure:
    return Figure(value, value - TAIL_DEVIATIONS * error, value + TAIL_DEVIATIONS * error)
