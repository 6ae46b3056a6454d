"""Leaves out columns that cannot tell anything, or only by accident: constants, and names and numbers of rows."""

from __future__ import annotations

import re
from typing import Final

import numpy as np

from sycee_scoring.learning.metrics import Array
from sycee_scoring.learning.table import Column, Columns

UNIQUE_SHARE: Final = 0.5
"""Share of distinct values above which texts are names or free text, and not categories: judgement."""

LEAST_ROWS: Final = 50
"""Below this many values nothing is judged by how many are distinct."""

EXPECTED_TWINS: Final = 20.0
"""Equal pairs that chance would give among so many whole numbers (n² / 2 · range, at the least: the birthday problem).
Where none is found although so many were to be expected, the numbers were dealt out."""

_IDENTIFIER: Final = re.compile(
    r"(^|[^a-z])(id|idx|index|row|rownum|no|nr|key|uuid|guid)([^a-z]|$)|编号|序号", re.IGNORECASE
)


def useful(columns: Columns) -> tuple[dict[str, Column], tuple[str, ...]]:
    """The columns worth learning from, and a line on each other. The label is not looked at."""
    kept: dict[str, Column] = {}
    notes = []
    for name, column in columns.items():
        why = _why_not_text(column) if isinstance(column, list) else _why_not_number(name, column)
        if why:
            notes.append(f"column {name!r} is left out: {why}")
        else:
            kept[name] = column
    return kept, tuple(notes)


def _why_not_text(column: list[str]) -> str:
    present = [value for value in column if value]
    distinct = len(set(present))
    if distinct + (len(present) < len(column)) < 2:
        return "it has one value"
    if len(present) >= LEAST_ROWS and distinct > UNIQUE_SHARE * len(present):
        return f"{distinct} different texts in {len(present)} rows are names, not categories"
    return ""


def _why_not_number(name: str, column: Array) -> str:
    known = column[~np.isnan(column)]
    values = np.unique(known)
    if len(values) + (len(known) < len(column)) < 2:
        return "it has one value"
    whole = bool(np.all(known == np.floor(known)))
    if len(known) < LEAST_ROWS or len(values) < len(known) or not whole:
        return ""
    if bool(np.all(np.diff(known) > 0)) or bool(np.all(np.diff(known) < 0)):
        return "whole numbers in the order of the rows are a row number"
    if len(values) ** 2 > 2.0 * EXPECTED_TWINS * (values[-1] - values[0]):
        return "so many whole numbers from so short a range would not all differ were they not numbered"
    return "its name and its values, all different, are those of an identifier" if _IDENTIFIER.search(name) else ""
