"""`combine` on arrays, and a book's scores as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from sycee_scoring.batch import structural
from sycee_scoring.batch.book import Book, Flags, Floats
from sycee_scoring.batch.default_distance import probability
from sycee_scoring.batch.structural import Opinions
from sycee_scoring.batch.tables import assess_application, assess_bureau
from sycee_scoring.domain import application, bureau, scale
from sycee_scoring.domain import structural as structural_component
from sycee_scoring.domain.combine import FULL_WEIGHT, INTERVAL_DEVIATIONS, CombinationModel
from sycee_scoring.domain.panel import Panel
from sycee_scoring.domain.scale import BASE_LOG_ODDS, GRADE_CEILINGS, Grade

GRADES: Final = tuple(grade.name for grade in Grade)

SCHEMA: Final = {
    "merchant_id": pl.String(),
    "scorable": pl.Boolean(),
    "default_probability": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "score": pl.Int32(),
    "grade": pl.String(),
    "coverage": pl.Float64(),
    "requested_amount_fen": pl.Int64(),
    "model_version": pl.String(),
}
"""The columns of the answer; the figures of what cannot be scored are null."""


@dataclass(frozen=True, slots=True)
class Scores:
    """A score of each row; figures of rows that are not scorable mean nothing."""

    scorable: Flags
    default_probability: Floats
    low: Floats
    high: Floats
    score: Floats
    grade: Floats  # 0 for A, 4 for E
    coverage: Floats


def score_book(book: Book, panel: Panel) -> Scores:
    """The same figures as `Panel.score`, without reasons."""
    opinions = {
        structural_component.NAME: structural.assess(book),
        application.NAME: assess_application(panel.application, book),
        bureau.NAME: assess_bureau(panel.bureau, book),
    }
    model = panel.combination
    count = len(book)
    odds, variance, coverage_sum = np.full(count, model.base_log_odds), np.zeros(count), np.zeros(count)
    for name, opinion in opinions.items():
        coverage_sum += opinion.weight
        weight = np.minimum(opinion.weight * model.scales.get(name, 1.0), 1.0)
        odds += np.where(opinion.present, weight * (opinion.log_odds - BASE_LOG_ODDS), 0.0)
        variance += np.where(opinion.present, (weight * opinion.error) ** 2, 0.0)
    coverage = np.minimum(coverage_sum / FULL_WEIGHT, 1.0)
    quality = book.floats("quality_score") / 100.0
    missing = model.missing_error * (1.0 - coverage * np.where(np.isnan(quality), 1.0, quality))
    below, above = _interval(model, odds, variance, missing)
    default_probability = probability(odds)
    points = scale.ANCHOR_SCORE - scale.POINTS_PER_LOG_ODDS * (odds + np.log(scale.ANCHOR_ODDS))
    ceilings = np.array([ceiling for _, ceiling in GRADE_CEILINGS])
    return Scores(
        scorable=_scorable(book, opinions),
        default_probability=default_probability,
        low=probability(odds - below),
        high=probability(odds + above),
        score=np.rint(np.clip(points, scale.SCORE_MIN, scale.SCORE_MAX)),
        grade=np.searchsorted(ceilings, default_probability, side="right").astype(np.float64),
        coverage=coverage,
    )


def score_frame(frame: pl.DataFrame, panel: Panel) -> pl.DataFrame:
    """A typed table's scores as `SCHEMA` has them."""
    book = Book(frame)
    scores = score_book(book, panel)
    figures = {
        "default_probability": scores.default_probability,
        "low": scores.low,
        "high": scores.high,
        "score": scores.score,
        "grade": np.array(GRADES)[scores.grade.astype(np.int64)],
    }
    answer = pl.DataFrame(
        {
            "merchant_id": frame["merchant_id"],
            "scorable": scores.scorable,
            **figures,
            "coverage": scores.coverage,
            "requested_amount_fen": frame["requested_amount_fen"],
            "model_version": pl.repeat(panel.combination.version, frame.height, eager=True),
        }
    )
    there = pl.when(pl.col("scorable"))
    return answer.with_columns(there.then(pl.col(name)) for name in figures).cast(SCHEMA)  # type: ignore[arg-type]


def _scorable(book: Book, opinions: dict[str, Opinions]) -> Flags:
    return opinions[structural_component.NAME].present | book.given("bureau_report_date")


def _interval(model: CombinationModel, odds: Floats, variance: Floats, missing: Floats) -> tuple[Floats, Floats]:
    if model.calibration is None:
        reach = INTERVAL_DEVIATIONS * np.sqrt(model.calibration_error**2 + variance + missing**2)
        return reach, reach
    step = np.searchsorted(np.array(model.calibration.edges), odds, side="right")
    low, high = np.array(model.calibration.low)[step], np.array(model.calibration.high)[step]
    wider = INTERVAL_DEVIATIONS * missing
    return np.hypot(np.maximum(odds - low, 0.0), wider), np.hypot(np.maximum(high - odds, 0.0), wider)
