"""The repayment grid of a bureau report."""

from __future__ import annotations


def grid_counts(grid: str) -> tuple[int, int]:
    """Months overdue and the worst state in a repayment grid ("N" paid, "1" to "7" months overdue, "-" no account)."""
    overdue = [int(mark) for mark in grid if mark.isdigit()]
    return len(overdue), max(overdue, default=0)
