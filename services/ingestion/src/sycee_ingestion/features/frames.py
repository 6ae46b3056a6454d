"""From frames of merchants' data to the features and weeks of points, on whichever engine holds the frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import narwhals as nw
import polars as pl

from sycee_ingestion.features import (
    concentration,
    days,
    records,
    reviews,
    series,
    tax_energy,
    tenure,
    trade,
    weekly,
)
from sycee_ingestion.features.arithmetic import ONE, Frame
from sycee_ingestion.features.catalogue import DEFINITIONS, SHARED, TOTALS
from sycee_ingestion.features.inputs import Frames, known_rows, lazy, with_today

__all__ = ["Computed", "Frames", "Keep", "collect", "compute"]


@dataclass(frozen=True, slots=True)
class Computed:
    """What `compute` gives: plans of the engine that held the frames, not yet run.

    `features`: a row a point; `point`, `merchant_no`, `as_of` and every feature as Float64, null where it is not known.
    `weeks`: `point`, `week` (Int32, 0 the oldest), `net_fen`, `clean_fen`; at most 104 weeks of seven days that end
    with the last whole day, weeks before the first order left out.
    """

    features: Frame
    weeks: Frame


Keep = Callable[[Frame], Frame]
"""Answers with a frame like the one it is given, that can be read several times without being made anew."""


def kept(frame: Frame) -> Frame:
    """On Polars, the frame's rows, made now; on Spark, the frame as it is: what to hold there is the caller's to"
    " say."""
    return frame.collect().lazy() if frame.implementation.is_polars() else frame


def compute(frames: Frames, keep: Keep = kept) -> Computed:
    """The features and weekly series of each point, from nothing later than the point allows.

    `keep` is given each intermediate frame that is read several times; with Spark,
    `lambda frame: nw.from_native(frame.to_native().persist())` saves making them anew. On Polars the memory needed is
    some 2 kB for each day of each point, so that large books are best computed some thousand points at a time.
    """
    points = keep(with_today(lazy(frames.points)))
    rows = keep(known_rows(points, lazy(frames.days)))
    daily = keep(days.by_day(rows))
    facts = keep(tenure.whole_months(days.day_facts(daily)))
    by_day = keep(series.series(points, daily, facts, series.by_day_fakes(points, lazy(frames.fake_days))))
    by_week = keep(weekly.weeks(by_day))
    splits = keep(known_rows(points, lazy(frames.splits), within_days=concentration.SPLIT_DAYS))
    totals = keep(days.window_totals(rows, TOTALS))
    review_rows = known_rows(points, lazy(frames.reviews), revised=True, within_days=reviews.REVIEW_DAYS)
    taxes, energy = (keep(known_rows(points, lazy(f), revised=True)) for f in (frames.taxes, frames.energy))
    parts = (
        totals,
        trade.hour_entropy(totals),
        facts,
        series.series_facts(by_day),
        weekly.weekly_facts(by_week),
        concentration.split_facts(splits),
        concentration.buyer_days(splits),
        reviews.review_facts(review_rows),
        records.bureau_facts(known_rows(points, lazy(frames.bureau), revised=True)),
        tax_energy.tax_facts(taxes, by_day),
        tax_energy.energy_facts(energy),
        records.penalty_facts(known_rows(points, lazy(frames.penalties), revised=True)),
        records.repayment_facts(known_rows(points, lazy(frames.repayments), revised=True)),
        tenure.trait_facts(points, lazy(frames.traits)),
    )
    return Computed(_features(points, tuple(keep(part) for part in parts)), weekly.weekly_series(by_week))


_KEYS = ("point", "merchant_no", "as_of")


def _features(points: Frame, parts: tuple[Frame, ...]) -> Frame:
    """The parts of a point beside each other as one wide row, and the features of it."""
    wide = points.select(*_KEYS, (nw.col("point") * 0 + 1).alias(ONE))
    for part in parts:
        wide = wide.join(part, on="point", how="left")
    figures = [name for name in wide.collect_schema().names() if name not in _KEYS]
    wide = wide.with_columns(nw.col(*figures).cast(nw.Float64))
    for shared in SHARED:
        wide = wide.with_columns(*[value.alias(name) for name, value in shared.items()])
    return wide.select(*_KEYS, *[definition.value.alias(definition.name) for definition in DEFINITIONS])


def collect(computed: Computed) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Runs what was computed of Polars frames: features by point, and weeks by point and week."""
    plans = [computed.features.to_native(), computed.weeks.to_native()]
    features, weeks = pl.collect_all(plans, engine="in-memory")
    return features.sort("point"), weeks.sort("point", "week")
