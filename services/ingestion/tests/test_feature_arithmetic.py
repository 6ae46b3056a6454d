"""Arithmetic that is alike on every engine."""

from __future__ import annotations

import math
from datetime import date

import narwhals as nw
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from sycee_ingestion.features.arithmetic import as_integer, natural_log, ordinal, ratio, whole


def column(values: list[object], expression: nw.Expr) -> list[object]:
    frame = nw.from_native(pl.DataFrame({"x": values}))
    return frame.select(expression.alias("y")).to_native()["y"].to_list()


@settings(deadline=None)
@given(st.lists(st.dates(date(1, 1, 1), date(9999, 12, 31)), min_size=1))
def test_the_ordinal_of_a_day(days: list[date]) -> None:
    assert column(days, ordinal("x")) == [day.toordinal() for day in days]


@settings(deadline=None)
@given(st.lists(st.floats(-2.0e15, 2.0e15), min_size=1))
def test_whole_rounds_as_python_does(values: list[float]) -> None:
    assert column(values, whole(nw.col("x"))) == [float(round(value)) for value in values]
    assert column(values, as_integer(nw.col("x"))) == [round(value) for value in values]


def test_halves_go_to_the_even_number() -> None:
    assert column([0.5, 1.5, 2.5, -0.5, -1.5], as_integer(nw.col("x"))) == [0, 2, 2, 0, -2]


@settings(deadline=None)
@given(st.lists(st.integers(1, 2**62), min_size=1))
def test_the_logarithm_is_the_true_one(values: list[int]) -> None:
    frame = natural_log(nw.from_native(pl.LazyFrame({"x": values})), ["x"]).collect().to_native()
    assert frame.columns == ["x", "ln_x"]
    for value, found in zip(values, frame["ln_x"], strict=True):
        assert abs(found - math.log(value)) < 1e-13


def test_nothing_is_divided_by_what_is_not_above_zero() -> None:
    frame = nw.from_native(pl.DataFrame({"a": [1.0, 1.0, 1.0, 6.0], "b": [0.0, -2.0, None, 4.0]}))
    found = frame.select(ratio(nw.col("a"), nw.col("b")).alias("y")).to_native()["y"]
    assert found.to_list() == [None, None, None, 1.5]
