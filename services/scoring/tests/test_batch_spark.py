"""The same book by Spark has the same figures. Skips, saying so, where PySpark is not installed: it is optional."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import polars as pl
import pytest
from scoring_batch import frame_of
from scoring_explained import panel, random_merchants
from scoring_merchants import evidence
from sycee_scoring.batch import command
from sycee_scoring.batch.engines import Spark, with_polars, with_spark
from sycee_scoring.batch.files import Defaults

pytest.importorskip("pyspark", reason="PySpark is optional (sycee-scoring[spark]) and not installed here")
pytestmark = [
    # Spark leaves its gateway's sockets and pipes to the end of the process.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

MASTER = "local[1]"


@pytest.fixture(autouse=True)
def the_same_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
def test_spark_has_the_figures_of_polars(tmp_path: Path, suffix: str) -> None:
    frame = frame_of([m for m in random_merchants(300, seed=8) if m.trade is None or m.trade.weekly_net_fen])
    path = tmp_path / f"book{suffix}"
    if suffix == ".parquet":
        frame.write_parquet(path)
    elif suffix == ".csv":
        weeks = pl.col("weekly_net_fen").cast(pl.List(pl.String)).list.join(";")
        frame.with_columns(weeks, pl.col("as_of").dt.strftime("%+")).write_csv(path)
    else:
        frame.with_columns(pl.col("as_of").dt.strftime("%Y-%m-%dT%H:%M:%SZ")).write_ndjson(path)
    reasons = suffix == ".parquet"
    done: list[int] = []
    here = with_polars(path, Defaults(), panel(), reasons=reasons, progress=done.append)
    there = with_spark(path, Defaults(), panel(), Spark(MASTER, tmp_path), reasons=reasons)
    assert sum(done) == there.height == frame.height
    assert not list(tmp_path.glob(".sycee-score-*"))
    assert there.equals(here)


def test_what_is_wrong_in_a_row_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "book.parquet"
    frame_of([evidence()]).with_columns(term_months=pl.lit(99, dtype=pl.Int64)).write_parquet(path)
    words = ["--portfolio", str(path), "--engine", "spark", "--spark-master", MASTER, "--json"]
    assert command.main(words) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said == "sycee score: column 'term_months', row 1: 99 is wrong; it must be a whole number from 1 to 60"
    frame_of([evidence()]).write_parquet(path)
    assert command.main(words) == 0
    assert json.loads(capsys.readouterr().out.strip().splitlines()[-1])["n"] == 1
