"""What the values of a label mean: which one says that the loan went bad."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from sycee_scoring.learning.metrics import Array

_BAD_WORDS: Final = (
    "bad, b, yes, y, true, t, default, defaulted, charged off, chargedoff, chgoff, written off, write off, loss, late, "
    "delinquent, overdue, 坏, 坏账, 差, 违约, 逾期, 是"
)
_GOOD_WORDS: Final = (
    "good, g, no, n, false, f, paid, fully paid, paid in full, p i f, pif, repaid, current, performing, ok, "
    "non default, nondefault, not default, no default, 好, 良, 正常, 履约, 未违约, 未逾期, 否"
)
_BAD: Final = frozenset(_BAD_WORDS.split(", "))
_GOOD: Final = frozenset(_GOOD_WORDS.split(", "))
RULE: Final = (
    "a label is 0/1 (1 = bad), two numbers (the greater = bad), or two words such as good/bad, yes/no, true/false, "
    "paid/default (yes and true = bad); otherwise name the bad value with --bad"
)
_SHOWN: Final = 6


class LabelError(Exception):
    """The label cannot be read; the message says what it holds and the rule."""


def bads_of(labels: Sequence[str], bad_value: str | None = None) -> tuple[Array, str]:
    """1.0 where the label is bad, and a line on how it was read ("" where there was nothing to judge). Labels are
    trimmed texts, none missing. Raises LabelError unless both outcomes are there."""
    values = sorted(set(labels))
    if bad_value is not None and bad_value.strip() not in values:
        raise LabelError(f"holds no {bad_value.strip()!r}, only {_some(values)}")
    bads, how = ({bad_value.strip()}, "") if bad_value is not None else _bad_values(values)
    bad = np.array([label in bads for label in labels], dtype=np.float64)
    if not 0.0 < bad.mean() < 1.0:
        side = "bad" if bad.all() else "good"
        raise LabelError(f"holds only {side} rows ({_some(values)}); both outcomes are needed")
    return bad, how


def _bad_values(values: Sequence[str]) -> tuple[set[str], str]:
    numbers = [_number(value) for value in values]
    known = sorted({number for number in numbers if number is not None})
    if None not in numbers and len(known) <= 2:
        bads = {value for value, number in zip(values, numbers, strict=True) if number == known[-1]}
        if known == [0.0, 1.0]:
            return bads, ""
        if len(known) == 1:
            return (bads if known[0] == 1.0 else set()), ""
        return bads, f"the greater value, {known[-1]:g}, is taken as bad"
    meanings = [_meaning(value) for value in values]
    if None in meanings:
        raise LabelError(f"holds {_some(values)}; {RULE}")
    return {value for value, bad in zip(values, meanings, strict=True) if bad}, ""


def _meaning(value: str) -> bool | None:
    word = value.casefold().replace("_", " ").replace("-", " ")
    number = _number(value)
    if word in _BAD or number == 1.0:
        return True
    if word in _GOOD or number == 0.0:
        return False
    return None


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _some(values: Sequence[str]) -> str:
    shown = ", ".join(repr(value) for value in values[:_SHOWN])
    return shown + (f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else "")
