"""Rows of notes and what they become: line-ups, notes, samples, loans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sycee_scoring.domain.scale import BASE_LOG_ODDS, points
from sycee_scoring.outcomes.comparison import PairedLoan
from sycee_scoring.outcomes.rows import ScoredLoan
from sycee_scoring.store.outcomes import outcome_of

Array = npt.NDArray[np.float64]

COLUMNS: Final = (
    "lineup_no",
    "merchant_id",
    "as_of_day",
    "scored_on",
    "scored_at",
    "default_probability",
    "log_odds",
    "coverage",
    "component_log_odds",
    "component_weights",
    "features",
)


@dataclass(frozen=True, slots=True)
class Lineup:
    """Models that scored together. `challenger_version` took a champion's place; empty where all were champions."""

    challenger_version: str
    combination_version: str
    component_names: tuple[str, ...]
    component_versions: tuple[str, ...]
    feature_names: tuple[str, ...]

    def component_of(self, version: str) -> str:
        """The component of a version in it."""
        if version == self.combination_version:
            return COMBINATION
        return self.component_names[self.component_versions.index(version)]


COMBINATION: Final = "combination"


@dataclass(frozen=True, slots=True)
class Note:
    """One score by one line-up. Arrays are in the order of the line-up's names; missing features are NaN."""

    lineup: Lineup
    merchant_id: str
    as_of_day: date
    scored_on: date
    scored_at: datetime
    default_probability: float
    log_odds: float
    coverage: float
    component_log_odds: list[float]
    component_weights: list[float]
    features: list[float]


@dataclass(frozen=True, slots=True)
class Sample:
    """Noted quantities of one version as columns: the points that the version itself gave, and each feature."""

    count: int
    first_day: date | None
    last_day: date | None
    score: Array
    features: dict[str, Array]


def paired_loan_of(row: Any) -> PairedLoan:
    """A loan that two line-ups scored."""
    return PairedLoan(outcome_of(row), row["scored_on"], row["champion"], row["challenger"])


def record_of(note: Note, number: int) -> tuple[object, ...]:
    """A note as a row, in the order of `COLUMNS`; `number` is its line-up's."""
    return (
        number,
        note.merchant_id,
        note.as_of_day,
        note.scored_on,
        note.scored_at,
        note.default_probability,
        note.log_odds,
        note.coverage,
        note.component_log_odds,
        note.component_weights,
        note.features,
    )


def lineup_of(row: Any) -> Lineup:
    """The line-up in a row."""
    return Lineup(
        challenger_version=row["challenger_version"],
        combination_version=row["combination_version"],
        component_names=tuple(row["component_names"]),
        component_versions=tuple(row["component_versions"]),
        feature_names=tuple(row["feature_names"]),
    )


def sample_of(version: str, lineups: dict[int, Lineup], rows: Sequence[Any], count: int) -> Sample:
    """Columns; a feature that a line-up did not note is missing in its rows."""
    places = {number: _place(version, lineup) for number, lineup in lineups.items()}
    score = [_score(row, places[row["lineup_no"]]) for row in rows]
    names = sorted({name for lineup in lineups.values() for name in lineup.feature_names})
    table = np.full((len(rows), len(names)), np.nan)
    columns = {number: [names.index(name) for name in lineup.feature_names] for number, lineup in lineups.items()}
    for place, row in enumerate(rows):
        table[place, columns[row["lineup_no"]]] = row["features"]
    days = [row["scored_on"] for row in rows]
    return Sample(
        count=count,
        first_day=min(days, default=None),
        last_day=max(days, default=None),
        score=np.array(score, dtype=np.float64),
        features={name: table[:, place] for place, name in enumerate(names)},
    )


def _place(version: str, lineup: Lineup) -> int | None:
    if version == lineup.combination_version:
        return None
    return lineup.component_versions.index(version)


def _score(row: Any, place: int | None) -> float:
    return points(row["log_odds"] if place is None else row["component_log_odds"][place])


def scored_loan_of(row: Any) -> ScoredLoan:
    """A loan with the evidence in a row of a champions' note."""
    said = zip(row["component_names"], row["component_log_odds"], row["component_weights"], strict=True)
    return ScoredLoan(
        outcome=outcome_of(row),
        scored_on=row["scored_on"],
        evidence={name: weight * (log_odds - BASE_LOG_ODDS) for name, log_odds, weight in said},
        coverage=row["coverage"],
        default_probability=row["default_probability"],
    )
