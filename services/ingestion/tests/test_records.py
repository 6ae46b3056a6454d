"""The repayment grid."""

from __future__ import annotations

import pytest
from sycee_ingestion.domain.records import grid_counts


@pytest.mark.parametrize(
    ("grid", "counts"), [("", (0, 0)), ("NNNN", (0, 0)), ("--N1", (1, 1)), ("7N12", (3, 7)), ("-" * 24, (0, 0))]
)
def test_the_repayment_grid_is_counted(grid: str, counts: tuple[int, int]) -> None:
    assert grid_counts(grid) == counts
