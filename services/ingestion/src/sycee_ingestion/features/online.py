"""The features of few points at once, fast."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock

import narwhals as nw
import polars as pl

from sycee_ingestion.features.arithmetic import Frame
from sycee_ingestion.features.frames import compute
from sycee_ingestion.features.inputs import FRAME_NAMES, SCHEMAS, Frames


class Prepared:
    """`compute` for Polars frames whose plans are made once.

    Translating the definitions to the engine takes a good part of a second, running them some milliseconds: the plans
    are therefore made over frames that are only put in when they run. They are the plans of `compute`, so the figures
    are the same. Safe to call from several threads, which take turns.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._given: dict[str, pl.DataFrame] = {}
        self._steps: list[tuple[str, pl.LazyFrame]] = []
        deferred = {name: self._deferred(name, SCHEMAS[name]) for name in FRAME_NAMES}
        computed = compute(Frames(**deferred), keep=self._step)
        self._last = [_resolved(computed.features), _resolved(computed.weeks)]

    def _deferred(self, name: str, schema: Mapping[str, pl.DataType]) -> pl.LazyFrame:
        return pl.defer(lambda: self._given[name], schema=dict(schema), validate_schema=False)

    def _step(self, frame: Frame) -> Frame:
        """Makes an intermediate frame a step of its own, whose rows are put in for those that read it."""
        plan, name = _resolved(frame), f"step {len(self._steps)}"
        self._steps.append((name, plan))
        return nw.from_native(self._deferred(name, plan.collect_schema()))

    def __call__(self, frames: Frames) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Features by point and weeks by point and week, as `frames.collect` gives them, of eager Polars frames.

        Raises polars.exceptions.PolarsError for a frame without a column of `SCHEMAS`, or with one that does not cast.
        """
        given = {name: _fitted(getattr(frames, name), SCHEMAS[name]) for name in FRAME_NAMES}
        with self._lock:
            self._given.update(given)
            try:
                for name, plan in self._steps:
                    self._given[name] = _run(plan)
                features, weeks = (_run(plan) for plan in self._last)
            finally:
                self._given.clear()
        return _in_order(features, "point"), _in_order(weeks, "point", "week")


_AS_WRITTEN = pl.QueryOptFlags.none()
"""For a thousand rows, looking for a better plan takes longer than running this one."""


def _run(plan: pl.LazyFrame) -> pl.DataFrame:
    return plan.collect(engine="in-memory", optimizations=_AS_WRITTEN)


def _in_order(frame: pl.DataFrame, *by: str) -> pl.DataFrame:
    return frame.sort(*by) if frame.height > 1 else frame


def _resolved(frame: Frame) -> pl.LazyFrame:
    """The native plan, with its schema resolved once and for all: Polars keeps that with the plan."""
    plan: pl.LazyFrame = frame.to_native()
    plan.collect_schema()
    return plan


def _fitted(frame: pl.DataFrame, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """The columns of the schema, in its order and types."""
    if frame.columns != list(schema):
        frame = frame.select(*schema)
    return frame if frame.dtypes == list(schema.values()) else frame.cast(pl.Schema(schema))
