"""`sycee eval credit`: scorecard and monotone boosting beside their yardsticks on any table of loans."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table as RichTable

from sycee_scoring.evaluations.credit_models import MODELS
from sycee_scoring.evaluations.credit_validation import Measured, SplitError, by_folds, by_time, measured
from sycee_scoring.learning import bins, labels, metrics, table
from sycee_scoring.learning.folds import Rows
from sycee_scoring.learning.metrics import Array
from sycee_scoring.learning.screening import useful
from sycee_scoring.learning.table import Columns, TableError

FOLDS: Final = 5
MOST_FOLDS: Final = 20
SUSPICIOUS_AUC: Final = 0.95
"""AUC of one column from which a person should ask whether it was known in time: judgement."""


def main(argv: list[str] | None = None) -> int:
    """Score any table of loans: scorecard and monotone boosting beside logistic regression and default LightGBM."""
    words = _parser().parse_args(argv)
    try:
        read = table.read(words.file, words.label, words.time, words.bad)
        columns, left_out = _learnable(words.file, read.columns)
        splits = by_folds(columns, read.bad, words.folds) if read.times is None else by_time(read.bad, read.times)
    except TableError as error:
        sys.stderr.write(f"sycee eval credit: {error}\n")
        return 2
    except SplitError as error:
        column = words.label if words.time is None else words.time
        sys.stderr.write(f"sycee eval credit: {words.file}, {column!r}: {error}\n")
        return 2
    console = Console(stderr=True)
    for note in (*read.notes, *left_out, *_suspicions(columns, read.bad), _split_note(splits, words.time)):
        console.print(note, style="dim", markup=False, highlight=False, soft_wrap=True)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("learning", total=len(splits) * len(MODELS))
        figures = measured(columns, read.bad, splits, lambda: progress.advance(task))
    tested = read.bad[np.concatenate([held for _, held in splits])]
    for note in _scatter(figures):
        console.print(note, style="dim", markup=False, highlight=False, soft_wrap=True)
    if words.json:
        sys.stdout.write(json.dumps(_as_json(tested, figures)) + "\n")
    else:
        _show(tested, figures, Console())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sycee eval credit", description=main.__doc__, epilog=f"Labels: {labels.RULE}."
    )
    parser.add_argument("--file", type=Path, required=True, help="CSV (UTF-8, GBK or UTF-16; , ; tab or |) or Parquet")
    parser.add_argument("--label", required=True, metavar="COLUMN", help="the column that says whether a loan went bad")
    parser.add_argument("--bad", metavar="VALUE", help="the value of the label that is bad, where that cannot be told")
    parser.add_argument(
        "--time",
        metavar="COLUMN",
        help="test out of time: the last 30 %% of the rows by this column, which is not learnt from; without it, "
        "stratified cross-validation",
    )
    parser.add_argument("--folds", type=_folds, default=FOLDS, help=f"folds, 2 to {MOST_FOLDS}; {FOLDS} unless told")
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")
    return parser


def _folds(text: str) -> int:
    if not text.isdecimal() or not 2 <= int(text) <= MOST_FOLDS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 2 to {MOST_FOLDS}")
    return int(text)


def _learnable(file: Path, columns: Columns) -> tuple[Columns, tuple[str, ...]]:
    kept, notes = useful(columns)
    if not kept:
        raise TableError(f"--file: {file} has no column to learn from besides the label. {'; '.join(notes)}")
    return kept, notes


def _suspicions(columns: Columns, bad: Array) -> list[str]:
    alone = {name: bins.fit(column, bad).evidence(column) for name, column in columns.items()}  # type: ignore[arg-type]
    ranks = {name: metrics.auc(bad, evidence) for name, evidence in alone.items()}
    return [
        f"column {name!r} alone ranks with AUC {rank:.3f}: was it known when the loan was granted?"
        for name, rank in ranks.items()
        if rank >= SUSPICIOUS_AUC
    ]


def _split_note(splits: Sequence[tuple[Rows, Rows]], time: str | None) -> str:
    if time is None:
        return f"cross-validated over {len(splits)} folds; all choices are made within each fold's training rows"
    rows, held = splits[0]
    return f"out of time: learnt from {len(rows):,} rows, tested on the {len(held):,} that are later by {time!r}"


def _scatter(figures: Mapping[str, Measured]) -> list[str]:
    return [
        f"{name}: AUC by fold {', '.join(f'{value:.4f}' for value in each.by_fold)}; "
        f"mean {np.mean(each.by_fold):.4f}, standard deviation {np.std(each.by_fold, ddof=1):.4f}"
        for name, each in figures.items()
        if len(each.by_fold) > 1
    ]


def _as_json(tested: Array, figures: Mapping[str, Measured]) -> dict[str, Any]:
    return {
        "n": len(tested),
        "bad_rate": round(float(tested.mean()), 4),
        "models": {
            name: {
                "auc": each.auc.as_json(),
                "ks": round(each.ks, 4),
                "brier": round(each.brier, 4),
                "ece": round(each.ece, 4),
            }
            for name, each in figures.items()
        },
    }


def _show(tested: Array, figures: Mapping[str, Measured], console: Console) -> None:
    title = f"{len(tested):,} loans, {tested.mean():.1%} bad"
    shown = RichTable("model", "AUC", "95 %", "KS", "Brier", "ECE", title=title)
    for name, each in figures.items():
        interval = f"{each.auc.low:.3f} to {each.auc.high:.3f}"
        rest = (f"{value:.4f}" for value in (each.ks, each.brier, each.ece))
        shown.add_row(name, f"{each.auc.value:.4f}", interval, *rest)
    console.print(shown)


if __name__ == "__main__":
    sys.exit(main())
