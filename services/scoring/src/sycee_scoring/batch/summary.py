"""A scored book in a few figures."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from rich.console import Console
from rich.table import Table

from sycee_scoring.batch.scoring import GRADES

LOSS_GIVEN_DEFAULT = 0.60
"""Share of a defaulted loan that is lost. Unsecured loans to small merchants: above the 45 % that Basel's foundation
approach gives senior unsecured claims, below its 75 % for subordinated ones. Judgement."""


@dataclass(frozen=True, slots=True)
class Line:
    """Merchants of a grade, or of all. Expected loss is Σ probability × loss given default × amount asked for."""

    name: str
    merchants: int
    mean_default_probability: float | None
    requested_fen: int
    expected_loss_fen: int

    def as_json(self) -> dict[str, object]:
        """Plain values."""
        return {
            "merchants": self.merchants,
            "mean_default_probability": self.mean_default_probability,
            "requested_fen": self.requested_fen,
            "expected_loss_fen": self.expected_loss_fen,
        }


def summarise(scores: pl.DataFrame, loss_given_default: float) -> tuple[Line, ...]:
    """A line for each grade, best first, and one for all that have a score, called "all"."""
    scored = scores.filter(pl.col("scorable"))
    by_grade = [(grade, scored.filter(pl.col("grade") == grade)) for grade in GRADES]
    return tuple(_line(name, rows, loss_given_default) for name, rows in (*by_grade, ("all", scored)))


def _line(name: str, rows: pl.DataFrame, loss_given_default: float) -> Line:
    probability, amount = rows["default_probability"], rows["requested_amount_fen"]
    mean = probability.mean()
    return Line(
        name,
        rows.height,
        mean if isinstance(mean, float) else None,
        int(amount.sum()),
        round(loss_given_default * float((probability * amount).sum())),
    )


def show(lines: tuple[Line, ...], unscorable: int, rows_per_s: float, console: Console) -> None:
    """A table for people."""
    table = Table("grade", *("merchants", "share", "mean PD", "asked for, CNY", "expected loss, CNY"), box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    total = max(lines[-1].merchants, 1)
    for line in lines:
        mean = "" if line.mean_default_probability is None else f"{line.mean_default_probability:.2%}"
        if line is lines[-1]:
            table.add_section()
        table.add_row(
            line.name,
            f"{line.merchants:,}",
            f"{line.merchants / total:.1%}",
            mean,
            f"{line.requested_fen / 100:,.0f}",
            f"{line.expected_loss_fen / 100:,.0f}",
        )
    console.print(table)
    if unscorable:
        console.print(f"{unscorable:,} without sales and without a bureau report have no score", highlight=False)
    console.print(f"{rows_per_s:,.0f} merchants a second", style="dim", highlight=False)
