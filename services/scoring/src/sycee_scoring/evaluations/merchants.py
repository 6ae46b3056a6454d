"""`sycee eval merchants`: how well firms known by nothing but their invoices are told apart, without training on them.

Each firm is scored as it stands on the day after its record ends (`invoice_records`), by the service's own combination
and committed models. No file says what loans the firms took, so none is asked for: one of the same size for all would
only weigh on the small.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from sycee_scoring.domain.evidence import Loan
from sycee_scoring.domain.panel import Panel
from sycee_scoring.domain.scale import log_odds
from sycee_scoring.evaluations.invoice_files import EvaluationError, read_invoices, read_labels
from sycee_scoring.evaluations.invoice_firms import Firms, firms_on
from sycee_scoring.evaluations.invoice_outcomes import FOLLOWED_DAYS, lost_trade
from sycee_scoring.evaluations.invoice_records import record_ends
from sycee_scoring.learning.metrics import Figure, auc_interval
from sycee_scoring.model_files import load_application_model
from sycee_scoring.service.scores import ScoringService, Unscorable

NO_LOAN: Final = Loan(0, 12)
BANDS: Final = 5


@dataclass(frozen=True, slots=True)
class Judged:
    """A firm with its outcome; no probability where it was refused."""

    firm: str
    bad: bool
    default_probability: float | None
    score: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The evaluation: every firm with a label, and the AUC over those that were scored."""

    judged: tuple[Judged, ...]
    auc: Figure

    @property
    def scored(self) -> tuple[Judged, ...]:
        """The firms with a score, the riskiest first."""
        known = [one for one in self.judged if one.default_probability is not None]
        return tuple(sorted(known, key=lambda one: (-(one.default_probability or 0.0), one.firm)))


def main(arguments: list[str] | None = None) -> int:
    """Score firms from their invoices, with no training on them, against defaults or their own later trade: AUC."""
    parser = argparse.ArgumentParser(
        prog="sycee eval merchants",
        description=main.__doc__,
        epilog="Invoices: firm, date, counterparty, net_amount (yuan without tax, red-letter ones below zero), valid"
        " (false where voided), and invoice_no, tax, gross_amount where known; exact duplicates count once. A firm"
        " without a valid sale is refused: it counts as such and stays out of the AUC, as it would get no loan.",
    )
    parser.add_argument("--sales", type=Path, required=True, help="sales invoices, CSV or Parquet")
    parser.add_argument("--purchases", type=Path, help="purchase invoices, CSV or Parquet")
    outcome = parser.add_mutually_exclusive_group(required=True)
    outcome.add_argument("--labels", type=Path, help="firm, default (1/0, yes/no, true/false, 是/否); CSV or Parquet")
    outcome.add_argument(
        "--cut",
        type=_day,
        metavar="DATE",
        help=f"no labels: score on this day, and see who loses half of its trade, against the median firm, in the"
        f" {FOLLOWED_DAYS} days from it on",
    )
    parser.add_argument("--as-of", type=_day, metavar="DATE", help="with --labels: the day to score all firms on")
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")
    words = parser.parse_args(arguments)
    try:
        found = evaluate(words.sales, words.purchases, words.labels, words.as_of, words.cut)
    except EvaluationError as error:
        sys.stderr.write(f"sycee eval merchants: {error}\n")
        return 2
    if words.json:
        sys.stdout.write(json.dumps(_as_json(found)) + "\n")
    else:
        _show(found, Console())
    return 0


def evaluate(
    sales: Path, purchases: Path | None, labels: Path | None, as_of: date | None = None, cut: date | None = None
) -> Outcome:
    """Reads, scores and compares with `labels` or, without any, with the trade lost after `cut`. Raises
    EvaluationError."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("reading labels", total=None)
        known = read_labels("--labels", labels) if labels is not None else None
        progress.update(task, description="reading sales")
        sold = _read("--sales", sales)
        progress.update(task, description="reading purchases")
        bought = _read("--purchases", purchases) if purchases is not None else None
        progress.update(task, description="building firms")
        firms = firms_on(_days(sold, bought, as_of, cut), sold, bought, NO_LOAN)
        progress.update(task, description=f"scoring {len(firms.evidence):,} firms")
        bad = known if known is not None else lost_trade(sold, firms.evidence)
        judged = _judge(firms, bad)
    return Outcome(judged, _auc(judged, labels))


def _read(option: str, path: Path) -> pl.DataFrame:
    invoices, dropped = read_invoices(option, path)
    if dropped:
        sys.stderr.write(f"{path.name}: {dropped:,} exact duplicates were dropped\n")
    return invoices


def _days(
    sales: pl.DataFrame, purchases: pl.DataFrame | None, as_of: date | None, cut: date | None
) -> Mapping[str, date]:
    """The day on which each firm is seen: as told, else the day after its record ends. With a cut, only firms whose
    record covers the days in which the outcome is read: of the others it is not known (right-censored)."""
    ends = record_ends(sales, purchases)
    if cut is not None:
        needed = cut + timedelta(days=FOLLOWED_DAYS - 1)
        followed = dict.fromkeys((firm for firm, end in ends.items() if end >= needed), cut)
        if not followed:
            last = max(ends.values())
            raise EvaluationError(f"--cut: {cut} needs invoices until {needed}; the file ends on {last}")
        return followed
    return {firm: as_of or end + timedelta(days=1) for firm, end in ends.items()}


def _judge(firms: Firms, bad: Mapping[str, bool]) -> tuple[Judged, ...]:
    panel = Panel(load_application_model())
    service = ScoringService(lambda: panel)
    judged = []
    for firm, is_bad in sorted(bad.items()):
        evidence = firms.evidence.get(firm)
        result = service.score(evidence) if evidence is not None else None
        if result is None or isinstance(result, Unscorable):
            judged.append(Judged(firm, is_bad, None, None))
        else:
            judged.append(Judged(firm, is_bad, result.default_probability, result.score))
    return tuple(judged)


def _auc(judged: Sequence[Judged], labels: Path | None) -> Figure:
    scored = [(one.bad, one.default_probability) for one in judged if one.default_probability is not None]
    bads = sum(bad for bad, _ in scored)
    if bads in {0, len(scored)}:
        where = f"--labels: {labels}: column 'default'" if labels is not None else "--cut"
        raise EvaluationError(
            f"{where}: of {len(scored)} scored firms {bads} are bad; an AUC needs both (firms are matched by name)"
        )
    bad = np.array([float(is_bad) for is_bad, _ in scored])
    return auc_interval(bad, np.array([log_odds(probability) for _, probability in scored]))


def _as_json(found: Outcome) -> dict[str, object]:
    return {
        "n": len(found.judged),
        "bads": sum(one.bad for one in found.judged),
        "auc": found.auc.as_json(),
        "scored": len(found.scored),
        "refused": len(found.judged) - len(found.scored),
    }


def _show(found: Outcome, console: Console) -> None:
    scored, refused = found.scored, len(found.judged) - len(found.scored)
    table = Table("firms", "bad", "scored", "refused", "AUC", "95 % interval")
    table.add_row(
        f"{len(found.judged):,}",
        f"{sum(one.bad for one in found.judged):,}",
        f"{len(scored):,}",
        f"{refused:,}",
        f"{found.auc.value:.3f}",
        f"{found.auc.low:.3f} to {found.auc.high:.3f}",
    )
    console.print(table)
    bands = Table("riskiest first", "firms", "bad", "share bad", "scores")
    for number, part in enumerate(np.array_split(np.arange(len(scored)), min(BANDS, len(scored))), start=1):
        members = [scored[place] for place in part]
        points = [one.score for one in members if one.score is not None]
        bad, share = sum(one.bad for one in members), sum(one.bad for one in members) / len(members)
        scores = f"{min(points)} to {max(points)}"
        bands.add_row(f"band {number}", f"{len(members):,}", f"{bad:,}", f"{share:.1%}", scores)
    console.print(bands)
    if refused:
        lost = sum(one.bad for one in found.judged if one.default_probability is None)
        console.print(f"refused, without a valid sale: {refused:,}, of them bad: {lost:,}", highlight=False)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day such as 2019-07-01") from error


if __name__ == "__main__":
    sys.exit(main())
