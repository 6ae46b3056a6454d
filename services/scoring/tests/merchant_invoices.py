"""Made-up books of invoices, as tables that the evaluation of merchants reads."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

END = date(2020, 2, 21)
"""The last day of every file here."""

Row = dict[str, Any]


def invoice(firm: str, day: date, yuan: float, number: int, **changes: Any) -> Row:
    """A valid invoice to customer C1."""
    usual: Row = {
        "firm": firm,
        "invoice_no": number,
        "date": day,
        "counterparty": "C1",
        "net_amount": yuan,
        "tax": round(yuan * 0.13, 2),
        "gross_amount": round(yuan * 1.13, 2),
        "valid": True,
    }
    return usual | changes


def book(
    firm: str, yuan: float, *, every_days: int = 3, days: int = 800, customers: int = 9, last: date = END
) -> list[Row]:
    """Invoices of one amount every so many days, up to and with `last`, to customers in turn."""
    return [
        invoice(firm, last - timedelta(days=age), yuan, age, counterparty=f"C{age // every_days % customers}")
        for age in range(0, days, every_days)
    ]


def table(rows: Iterable[Row]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), infer_schema_length=None)


def read(rows: Iterable[Row]) -> pl.DataFrame:
    """As `read_invoices` gives them."""
    return table(rows).select(
        "firm",
        "date",
        "counterparty",
        (pl.col("net_amount") * 100).round().cast(pl.Int64).alias("net_fen"),
        "valid",
    )


def written(path: Path, frame: pl.DataFrame) -> Path:
    """Writes CSV or Parquet, by the ending."""
    if path.suffix == ".parquet":
        frame.write_parquet(path)
    else:
        frame.write_csv(path)
    return path


def shared_file(name: str) -> Path:
    """A file of the data folder beside the repository; skips the test without it."""
    root = os.environ.get("SYCEE_SHARED_DATA") or Path(__file__).resolve().parents[4] / "shared" / "data"
    found = Path(root) / name
    if not found.exists():
        pytest.skip(f"there is no {found}: SYCEE_SHARED_DATA names the folder that holds it")
    return found
