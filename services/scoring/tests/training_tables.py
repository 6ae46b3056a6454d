"""Tables to train from, made up by seed."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import polars as pl
from sycee_scoring.domain import application


def application_rows(count: int = 600, seed: int = 1) -> dict[str, Any]:
    """Columns of loans whose risk truly follows the features; `day` runs over three years."""
    random = np.random.default_rng(seed)
    columns: dict[str, Any] = {name: random.normal(size=count).round(4) for name in application.FEATURES}
    columns["employees"] = random.integers(1, 60, count).astype(float)
    risk = -0.4 - 0.03 * columns["employees"] + 0.9 * columns["goods_risk"] + 0.6 * columns["new_business"]
    columns["bad"] = (random.random(count) < 1.0 / (1.0 + np.exp(-risk))).astype(int)
    columns["day"] = [f"20{20 + 3 * place // count}-{1 + place % 12:02}-01" for place in range(count)]
    return columns


def csv_of(columns: dict[str, Any]) -> bytes:
    """As a CSV file."""
    file = io.BytesIO()
    pl.DataFrame(columns).write_csv(file)
    return file.getvalue()


def parquet_of(columns: dict[str, Any]) -> bytes:
    """As a Parquet file."""
    file = io.BytesIO()
    pl.DataFrame(columns).write_parquet(file)
    return file.getvalue()
