"""`sycee eval distress`: how well daily counts warn of a fall, on any file of shops."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from sycee_scoring.distress.daily_file import DailyFileError, read_daily
from sycee_scoring.distress.features import HORIZON_DAYS
from sycee_scoring.distress.fitting import Rows, stacked
from sycee_scoring.distress.model import DistressModel
from sycee_scoring.distress.model_file import load_distress_model
from sycee_scoring.distress.panel import LEAST_A_DAY, LEAST_HISTORY_DAYS, Panel, at, monthly
from sycee_scoring.learning.metrics import Array, Figure, auc, with_interval


class EvaluationError(Exception):
    """The file cannot be evaluated; the message names file, option or value, and the rule."""


@dataclass(frozen=True, slots=True)
class Measured:
    """`rows`: shops at cut-offs; `probability`: what the model said of each; `auc` with its interval by shop."""

    rows: Rows
    probability: Array
    auc: Figure
    average_precision: float


def main(arguments: list[str] | None = None) -> int:
    """Warn of shops whose trade falls: AUC and average precision at monthly cut-offs of a file of daily counts."""
    parser = argparse.ArgumentParser(prog="sycee eval distress", description=main.__doc__)
    parser.add_argument("--daily", type=Path, required=True, help="CSV or Parquet with shop_id, time_stamp and count")
    parser.add_argument("--from", dest="first", default=None, metavar="DATE", help="the first cut-off, as 2016-06-01")
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")
    words = parser.parse_args(arguments)
    try:
        first = None if words.first is None else _date(words.first)
        measured = evaluate(words.daily, read_daily(words.daily), first, load_distress_model())
    except (DailyFileError, EvaluationError) as error:
        sys.stderr.write(f"sycee eval distress: {error}\n")
        return 2
    if words.json:
        sys.stdout.write(json.dumps(as_json(measured)) + "\n")
    else:
        _show(measured, Console())
    return 0


def evaluate(path: Path, panel: Panel, first: date | None, model: DistressModel) -> Measured:
    """Judges all shops at the first days of months from `first` on. Raises EvaluationError where there is no cut-off
    with an outcome, or one kind of outcome."""
    places = monthly(panel, first)
    last = panel.first_day + timedelta(days=panel.days - 1)
    if not places:
        asked = "" if first is None else f" from {first} on"
        raise EvaluationError(
            f"{path}: no shop can be judged at the first day of a month{asked}; that takes {LEAST_HISTORY_DAYS} days of"
            f" history, {LEAST_A_DAY:.0f} payments a day and {HORIZON_DAYS} days of outcome, and the file runs from"
            f" {panel.first_day} to {last}"
        )
    rows = stacked([at(panel, place) for place in places])
    bads = int(rows.bad.sum())
    if bads in {0, len(rows.bad)}:
        raise EvaluationError(
            f"{path}: of {len(rows.bad):,} pairs of shop and cut-off {bads:,} fell below half; the AUC needs some that"
            " did and some that did not"
        )
    log_odds = model.log_odds(rows.figures)
    return Measured(
        rows=rows,
        probability=1.0 / (1.0 + np.exp(-log_odds)),
        auc=with_interval(auc, rows.bad, log_odds, rows.shops),
        average_precision=average_precision(rows.bad, log_odds),
    )


def average_precision(bad: Array, risk: Array) -> float:
    """Mean over bad ones of the share of bad ones among all at least as risky; ties are taken together."""
    levels, inverse = np.unique(-risk, return_inverse=True)
    bads = np.bincount(inverse, weights=bad, minlength=len(levels))
    all_so_far = np.cumsum(np.bincount(inverse, minlength=len(levels)))
    return float((bads * np.cumsum(bads) / all_so_far).sum() / bads.sum())


def as_json(measured: Measured) -> dict[str, Any]:
    """The figures as the last line has them."""
    return {
        "n": len(measured.rows.bad),
        "bads": int(measured.rows.bad.sum()),
        "auc": measured.auc.as_json(),
        "average_precision": round(measured.average_precision, 4),
    }


def _date(text: str) -> date:
    """A day, or the first day of a month. Raises EvaluationError."""
    for form in ("%Y-%m-%d", "%Y-%m"):
        with contextlib.suppress(ValueError):
            return datetime.strptime(text.strip(), form).date()  # noqa: DTZ007 - a day has no time zone
    raise EvaluationError(f"--from: {text!r} is not a day as 2016-06-01")


def by_cutoff(measured: Measured) -> Sequence[tuple[date, int, int, float | None, float]]:
    """Day, shops, bad ones, AUC where there are both, and the mean probability, of each cut-off."""
    lines = []
    for day in np.unique(measured.rows.days):
        here = measured.rows.days == day
        bad, probability = measured.rows.bad[here], measured.probability[here]
        both = 0.0 < bad.mean() < 1.0
        ranked = auc(bad, probability) if both else None
        lines.append((date.fromordinal(int(day)), len(bad), int(bad.sum()), ranked, float(probability.mean())))
    return lines


def _show(measured: Measured, console: Console) -> None:
    table = Table("cut-off", "shops", "fell", "AUC", "predicted", "observed")
    for day, shops, bads, ranked, mean in by_cutoff(measured):
        observed = f"{bads / shops:.1%}"
        table.add_row(
            str(day), f"{shops:,}", f"{bads:,}", "" if ranked is None else f"{ranked:.3f}", f"{mean:.1%}", observed
        )
    console.print(table)
    figure = measured.auc
    console.print(
        f"AUC {figure.value:.4f} [{figure.low:.4f}, {figure.high:.4f}] by shop over"
        f" {len(measured.rows.bad):,} pairs, {int(measured.rows.bad.sum()):,} of which fell; average precision"
        f" {measured.average_precision:.4f}",
        highlight=False,
    )


if __name__ == "__main__":
    sys.exit(main())
