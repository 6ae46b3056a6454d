"""`sycee eval sentiment`: how well the reader tells good reviews from bad ones, on any table of labelled reviews."""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table

from sycee_ingestion.reading import Reader
from sycee_ingestion.reading.measures import Measured, measure

_PARQUET: Final = b"PAR1"
_GOOD: Final = frozenset({"1", "true", "pos", "positive", "正", "正面", "好评"})
_BAD: Final = frozenset({"0", "false", "neg", "negative", "负", "負", "负面", "負面", "差评", "差評"})
_BAD_STARS: Final = 2
_GOOD_STARS: Final = 4
_RULE: Final = "0/1, true/false, pos/neg, positive/negative, 正/负, 正面/负面, 好评/差评 or stars from 1 to 5"
_UNREADABLE_MILLI: Final = 500  # what an empty text counts as


class EvaluationError(Exception):
    """The file cannot be evaluated; the message names the option, what it met, and the rule."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts and whether each is labelled good; `left_out` rows had between two and four stars."""

    texts: Sequence[str]
    good: Sequence[bool]
    left_out: int


def main(argv: list[str] | None = None) -> int:
    """Tell good reviews from bad ones: accuracy, F1 and AUC on a CSV or Parquet file."""
    parser = argparse.ArgumentParser(prog="sycee eval sentiment", description=main.__doc__, epilog=f"Labels: {_RULE}.")
    parser.add_argument("--file", type=Path, required=True, help="CSV (UTF-8, GBK or UTF-16) or Parquet")
    parser.add_argument("--text-column", required=True, help="the column of the reviews; an empty one counts as 0.5")
    parser.add_argument(
        "--label-column",
        required=True,
        help="the column of the labels; of stars, up to 2 are bad, from 4 good, and those between are left out",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")
    words = parser.parse_args(argv)
    try:
        labelled = read(words.file, words.text_column, words.label_column)
        figures = evaluate(labelled)
    except EvaluationError as error:
        sys.stderr.write(f"sycee eval sentiment: {error}\n")
        return 2
    if words.json:
        if labelled.left_out:
            sys.stderr.write(f"{labelled.left_out} rows with between two and four stars were left out\n")
        sys.stdout.write(json.dumps(_as_json(figures)) + "\n")
    else:
        _show(figures, labelled.left_out, Console())
    return 0


def evaluate(labelled: Labelled) -> Measured:
    """Reads the texts and compares."""
    milli = [
        _UNREADABLE_MILLI if reading.sentiment_milli is None else reading.sentiment_milli
        for reading in Reader().read(labelled.texts)
    ]
    return measure(np.array(labelled.good, dtype=np.bool_), np.array(milli, dtype=np.float64) / 1000.0)


def read(path: Path, text_column: str, label_column: str) -> Labelled:
    """The labelled texts of a file. Raises EvaluationError."""
    table = _table(path)
    for option, column in (("--text-column", text_column), ("--label-column", label_column)):
        if column not in table.columns:
            raise EvaluationError(
                f"{option}: {path} has no column {column!r}, only {', '.join(map(repr, table.columns))}"
            )
    texts = _as_text(table, "--text-column", text_column)
    labels = [label.strip().lower() for label in _as_text(table, "--label-column", label_column)]
    judge = _judge(label_column, labels)
    judged = [(text, judge(row, label)) for row, (text, label) in enumerate(zip(texts, labels, strict=True), start=1)]
    kept = [(text, good) for text, good in judged if good is not None]
    if not kept:
        raise EvaluationError(f"--file: {path} has no labelled row")
    return Labelled([text for text, _ in kept], [good for _, good in kept], len(judged) - len(kept))


def _table(path: Path) -> pl.DataFrame:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise EvaluationError(f"--file: {path} cannot be read: {error.strerror}") from error
    try:
        if content.startswith(_PARQUET):
            return pl.read_parquet(io.BytesIO(content))
        return pl.read_csv(io.BytesIO(_decoded(content)), infer_schema=False)
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        reason = str(error).partition("\n")[0]
        raise EvaluationError(f"--file: {path} is neither CSV in UTF-8, GBK or UTF-16 nor Parquet: {reason}") from error


def _decoded(content: bytes) -> bytes:
    """The file in UTF-8: as its mark says, else UTF-8 where it is valid, else GB 18030, which includes GBK."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16").encode()
    try:
        return content.decode("utf-8-sig").encode()
    except UnicodeDecodeError:
        return content.decode("gb18030").encode()


def _as_text(table: pl.DataFrame, option: str, column: str) -> list[str]:
    try:
        return table[column].cast(pl.String).fill_null("").to_list()
    except pl.exceptions.PolarsError as error:
        raise EvaluationError(f"{option}: {column!r} holds {table[column].dtype}, not texts or numbers") from error


def _judge(column: str, labels: Sequence[str]) -> Callable[[int, str], bool | None]:
    """What labels mean: stars where a number above 1 is among them, and otherwise good or bad."""
    stars = any((number := _number(label)) is not None and number > 1 for label in labels)

    def judge(row: int, label: str) -> bool | None:
        number = _number(label)
        if stars and number is not None and 1 <= number <= 5:
            return True if number >= _GOOD_STARS else False if number <= _BAD_STARS else None
        if not stars and (label in _GOOD or number == 1):
            return True
        if not stars and (label in _BAD or number == 0):
            return False
        kind = "stars from 1 to 5, as there are numbers above 1" if stars else _RULE
        raise EvaluationError(f"--label-column: {column!r} holds {label!r} in row {row}; labels are {kind}")

    return judge


def _number(label: str) -> float | None:
    try:
        return float(label)
    except ValueError:
        return None


def _as_json(figures: Measured) -> dict[str, float | None]:
    return {
        "n": figures.n,
        "accuracy": round(figures.accuracy, 4),
        "f1": round(figures.f1, 4),
        "auc": None if figures.auc is None else round(figures.auc, 4),
    }


def _show(figures: Measured, left_out: int, console: Console) -> None:
    table = Table("reviews", "accuracy", "F1 of good", "AUC")
    auc = "one kind of label" if figures.auc is None else f"{figures.auc:.4f}"
    table.add_row(f"{figures.n:,}", f"{figures.accuracy:.4f}", f"{figures.f1:.4f}", auc)
    console.print(table)
    if left_out:
        console.print(f"{left_out:,} rows with between two and four stars were left out", highlight=False)


if __name__ == "__main__":
    sys.exit(main())
