"""Arithmetic that gives the same bits on every engine and in any order of rows.

Three rules hold in the whole package, and the parity test holds them:

1. Only integers are added up over rows. What is not whole is made whole first (a share in parts of 10⁹), so that no
   order of summation can show. Floats are only computed on one row at a time, with + − × ÷ and square root, which
   IEEE 754 rounds alike everywhere; a maximum or minimum of floats is as safe.
2. Nothing is divided by a constant. Polars multiplies by the constant's reciprocal instead, which differs in the last
   bit from a division, and only when there is more than one row. `number` makes a divisor that is a column.
3. Logarithms are `natural_log` below: those of the engines differ in the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw

Frame = nw.LazyFrame[Any]
"""A lazy frame of whichever engine."""

ONE = "one"
"""A column that holds 1.0 in every row of the frame of points: see `number`."""

_ROUNDER = 6755399441055744.0  # 1.5 × 2^52: adding it drops the binary places, rounding half to even as IEEE 754 does

_SERIES = 7  # terms of the series below: z is at most 0.0853, so that the next one is below 10^-16 of the whole


def ordinal(day: str) -> nw.Expr:
    """The number of a day, as `date.toordinal` gives it (Gregorian, 1 = 0001-01-01).

    The plain rule of leap years, because a difference of dates has no common form on the engines.
    """
    years = nw.col(day).dt.year() - 1
    return 365 * years + years // 4 - years // 100 + years // 400 + nw.col(day).dt.ordinal_day()


def number(value: float) -> nw.Expr:
    """`value` as a column of the frame of points, to divide by."""
    return nw.col(ONE) * value


def where(condition: nw.Expr, value: nw.Expr) -> nw.Expr:
    """`value` where the condition holds, otherwise null."""
    return nw.when(condition).then(value)


def ratio(part: nw.Expr, whole: nw.Expr) -> nw.Expr:
    """`part` over `whole`; null where `whole` is not above zero or not known. `whole` is a column, never a constant."""
    return part / nw.when(whole > 0).then(whole)


def least(one: nw.Expr, other: nw.Expr) -> nw.Expr:
    """The lesser of two that are known."""
    return nw.when(one < other).then(one).otherwise(other)


def most(one: nw.Expr, other: nw.Expr) -> nw.Expr:
    """The greater of two that are known."""
    return nw.when(one > other).then(one).otherwise(other)


def whole(value: nw.Expr) -> nw.Expr:
    """`value` rounded to a whole number, half to even as Python's `round` does, still a float; |value| below 2^51."""
    return (value + _ROUNDER) - _ROUNDER


def as_integer(value: nw.Expr) -> nw.Expr:
    """`value` rounded as by `whole`, as an Int64."""
    return whole(value).cast(nw.Int64)


def natural_log(frame: Frame, columns: Sequence[str]) -> Frame:
    """`frame` with a column `ln_<c>` of each numeric column `c`: its natural logarithm, for values 1 to 2^63.

    Within 10^-13 of the true one. Eight square roots bring x down to m = x^(1/256) below 1.19, ln x = 256 · ln m, and
    with z = (m − 1) / (m + 1), ln m = 2 (z + z³/3 + z⁵/5 + …) (Abramowitz and Stegun 4.1.27). Null stays null.
    """
    roots = {c: f"_root_{c}" for c in columns}
    frame = frame.with_columns(*[_sixteenth_root(nw.col(c).cast(nw.Float64)).alias(r) for c, r in roots.items()])
    frame = frame.with_columns(*[_sixteenth_root(nw.col(r)).alias(r) for r in roots.values()])
    frame = frame.with_columns(*[((nw.col(r) - 1.0) / (nw.col(r) + 1.0)).alias(r) for r in roots.values()])
    return frame.with_columns(*[_log_series(nw.col(r)).alias(f"ln_{c}") for c, r in roots.items()]).drop(
        *roots.values()
    )


def _sixteenth_root(value: nw.Expr) -> nw.Expr:
    return value.sqrt().sqrt().sqrt().sqrt()


def _log_series(z: nw.Expr) -> nw.Expr:
    square = z * z
    series = square * (1.0 / (2 * _SERIES - 1))
    for term in range(_SERIES - 1, 1, -1):
        series = (series + 1.0 / (2 * term - 1)) * square
    return (series + 1.0) * z * 512.0
