"""Where a book is scored: Polars on this machine, or PySpark on whatever its master is.

The figures are the same to the last bit: Spark's workers run the same code on the same parts of the file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import polars as pl

from sycee_scoring.batch.book import Book
from sycee_scoring.batch.columns import BookError
from sycee_scoring.batch.files import PART_ROWS, Defaults, part_from, parts, rows_of
from sycee_scoring.batch.scoring import score_frame
from sycee_scoring.domain.panel import Panel
from sycee_scoring.model_files import load_application_model, load_bureau_model

Progress = Callable[[int], None]
"""Told how many rows more are done."""


@dataclass(frozen=True, slots=True)
class Spark:
    """Where Spark runs, and a folder that the workers and this process share."""

    master: str
    scratch: Path


def committed_panel() -> Panel:
    """The models that come with the code. Raises ModelRefusedError."""
    return Panel(load_application_model(), load_bureau_model())


def score_part(part: pl.DataFrame, panel: Panel, *, reasons: bool) -> pl.DataFrame:
    """Scores of a typed part; with `reasons`, the codes of each row's, worst first, out of the online scorer."""
    scores = score_frame(part, panel)
    if not reasons:
        return scores
    codes = [
        [reason.code for reason in panel.score(merchant).reasons] if scorable else None
        for merchant, scorable in zip(Book(part).evidence(), scores["scorable"], strict=True)
    ]
    return scores.with_columns(pl.Series("reasons", codes, dtype=pl.List(pl.String)))


def with_polars(path: Path, defaults: Defaults, panel: Panel, *, reasons: bool, progress: Progress) -> pl.DataFrame:
    """Scores of every row in the file's order. Raises BookError."""
    scored = []
    for part in parts(path, defaults):
        scored.append(score_part(part, panel, reasons=reasons))
        progress(part.height)
    return pl.concat(scored)


def with_spark(path: Path, defaults: Defaults, panel: Panel, spark: Spark, *, reasons: bool) -> pl.DataFrame:
    """The same by Spark: each task reads its own rows and leaves their scores in `spark.scratch`.

    The models go out with the tasks. The workers need this package and PySpark (no pandas, no PyArrow), and must see
    file and scratch, as a shared file system lets them. Raises BookError, also where PySpark is not installed.
    """
    try:
        sql, errors = import_module("pyspark.sql"), import_module("pyspark.errors")  # optional, and slow to import
        py4j = import_module("py4j.protocol")
    except ImportError as error:
        raise BookError("PySpark is not installed: pip install sycee-scoring[spark]") from error
    firsts = range(0, rows_of(path), PART_ROWS)
    session = sql.SparkSession.builder.master(spark.master).appName("sycee-score").config(map=_SETTINGS).getOrCreate()
    try:
        with TemporaryDirectory(prefix=".sycee-score-", dir=spark.scratch) as folder:
            task = _Task(path.resolve(), defaults, _picklable(panel), Path(folder), reasons)
            written = session.sparkContext.parallelize(list(firsts), len(firsts)).map(task).collect()
            return pl.concat(pl.read_parquet(answer) for answer in written)
    except (errors.PySparkException, py4j.Py4JJavaError) as error:
        raise BookError(_cause(str(error))) from error
    finally:
        session.stop()


def _picklable(panel: Panel) -> Panel:
    """The same with a plain dictionary where a read-only view is, which cannot travel."""
    return replace(panel, combination=replace(panel.combination, scales=dict(panel.combination.scales)))


_SETTINGS: Final = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false"}


@dataclass(frozen=True, slots=True)
class _Task:
    """What a worker does: scores the rows of the file from one on, and says where it left them."""

    path: Path
    defaults: Defaults
    panel: Panel
    folder: Path
    reasons: bool

    def __call__(self, first_row: int) -> Path:
        part = part_from(self.path, self.defaults, first_row)
        answer = self.folder / f"{first_row:012}.parquet"
        score_part(part, self.panel, reasons=self.reasons).write_parquet(answer)
        return answer


def _cause(message: str) -> str:
    """What the worker complained about, out of the traceback that Spark tells."""
    _, found, after = message.partition("BookError: ")
    return (after if found else message).strip().splitlines()[0]
