"""`sycee score`: whole books from a file."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import gettempdir

import polars as pl
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from sycee_scoring.batch.columns import COLUMNS, BookError
from sycee_scoring.batch.engines import Spark, committed_panel, with_polars, with_spark
from sycee_scoring.batch.files import Defaults, kind_of, rows_of, write
from sycee_scoring.batch.summary import LOSS_GIVEN_DEFAULT, show, summarise
from sycee_scoring.domain import structural
from sycee_scoring.domain.panel import Panel
from sycee_scoring.model_files import ModelRefusedError


def main(arguments: list[str]) -> int:
    """Score a whole book of merchants from a file, by the models that come with the code."""
    words = _parser().parse_args(arguments)
    try:
        panel = committed_panel()
        begin = time.perf_counter()
        scores = _scored(words, panel)
        seconds = time.perf_counter() - begin
        if words.output is not None:
            write(scores, words.output)
    except (BookError, ModelRefusedError) as error:
        sys.stderr.write(f"sycee score: {error}\n")
        return 2
    lines = summarise(scores, words.loss_given_default)
    unscorable = scores.height - lines[-1].merchants
    rows_per_s = scores.height / seconds
    if words.json:
        told = {
            "n": scores.height,
            "unscorable": unscorable,
            "rows_per_s": round(rows_per_s, 1),
            "models": [panel.combination.version, structural.VERSION, panel.application.version, panel.bureau.version],
            "grades": {line.name: line.as_json() for line in lines[:-1]},
            "all": lines[-1].as_json(),
        }
        sys.stdout.write(json.dumps(told) + "\n")
    else:
        show(lines, unscorable, rows_per_s, Console())
    return 0


def _scored(words: argparse.Namespace, panel: Panel) -> pl.DataFrame:
    if words.output is not None:
        kind_of(words.output)
    defaults = Defaults(words.as_of, words.requested_amount_fen, words.term_months)
    rows = rows_of(words.portfolio)
    if rows == 0:
        raise BookError(f"{words.portfolio} holds no merchant")
    columns = (TextColumn("scoring"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("scoring", total=rows)

        def done(count: int) -> None:
            progress.advance(task, count)

        if words.engine == "spark":
            scratch = words.output.parent if words.output is not None else Path(gettempdir())
            spark = Spark(words.spark_master, scratch)
            scores = with_spark(words.portfolio, defaults, panel, spark, reasons=words.reasons)
            done(scores.height)
            return scores
        return with_polars(words.portfolio, defaults, panel, reasons=words.reasons, progress=done)


def _parser() -> argparse.ArgumentParser:
    needed = ", ".join(column.name for column in COLUMNS if column.needed)
    others = ", ".join(column.name for column in COLUMNS if not column.needed)
    parser = argparse.ArgumentParser(
        prog="sycee score",
        description=main.__doc__,
        epilog=f"One merchant a row. Needed columns: {needed}. Known ones: {others}. Money in fen, days as YYYY-MM-DD, "
        "moments in ISO 8601, weekly_net_fen as a list (in CSV 1200;0;-300), oldest first.",
    )
    parser.add_argument("--portfolio", type=Path, required=True, metavar="FILE", help=".parquet, .csv or .jsonl")
    parser.add_argument("--output", type=Path, metavar="FILE", help="where the scores go: .parquet, .csv or .jsonl")
    parser.add_argument("--as-of", type=_moment, help="the moment of every portrait, where the file has no such column")
    parser.add_argument("--requested-amount-fen", type=_from(0), metavar="FEN", help="the same of the loan asked for")
    parser.add_argument("--term-months", type=_from(1), metavar="MONTHS", help="the same of its term")
    parser.add_argument("--reasons", action="store_true", help="also the codes of each one's reasons: much slower")
    parser.add_argument("--engine", choices=("polars", "spark"), default="polars", help="default: polars")
    parser.add_argument("--spark-master", default="local[*]", metavar="URL", help="default: local[*]")
    parser.add_argument(
        "--loss-given-default",
        type=_share,
        default=LOSS_GIVEN_DEFAULT,
        metavar="SHARE",
        help=f"of the amount asked for, for the expected loss; default: {LOSS_GIVEN_DEFAULT}, a judgement",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no ISO 8601 moment such as 2026-11-24T12:00:00+08:00") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _from(least: int) -> Callable[[str], int]:
    def whole(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"must be {least} or more")
        return value

    return whole


def _share(text: str) -> float:
    value = float(text)
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError("must be from 0 to 1")
    return value
