"""The report of an evaluation of brushing: for people a table, for programs one JSON object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.table import Table

from sycee_ingestion.brushing.signals import STANDINGS, Signal
from sycee_ingestion.evaluations.brushing_choice import Choice
from sycee_ingestion.evaluations.brushing_cohorts import PLAIN, SHARES
from sycee_ingestion.evaluations.brushing_figures import Figure, Found, Harm, Judged, found, harm
from sycee_ingestion.evaluations.brushing_innocents import INNOCENTS
from sycee_ingestion.evaluations.brushing_patterns import PATTERNS

ALL = "all"
LOOK_ALIKES = "all look-alikes"

MADE_OF = (
    "Real: buyer, day, number of discs and amount of every order that is not fake, but for what makes a look-alike. "
    "Simulated: hour of day, goods, addresses, devices, parcels, refunds, reviews, all fake orders and look-alikes. "
    "Buyers are dealt into disjoint cohorts, anew when all are dealt."
)
HELD_OUT = (
    "Weights and thresholds were chosen on one half of the buyers; all figures are of the other half. The recipes of "
    "simulation and injection are the same in both halves: how brushers elsewhere work is not measured here."
)
INTERVALS = "95 % intervals by bootstrap over merchants."


@dataclass(frozen=True, slots=True)
class Report:
    """All figures of a run. `by_share` has no intervals to speak of: few merchants each."""

    seed: int
    real_order_count: int
    merchant_count: int
    judge_ms: float
    found: Mapping[str, Found]
    recall_by_share: Mapping[str, Mapping[float, Figure]]
    harm: Mapping[str, Harm]


def summed_up(judged: Sequence[Judged], real_order_count: int, seed: int, judge_ms: float) -> Report:
    """The figures of judged merchants; kinds that none of them is are left out. `judge_ms`: the median."""
    rng = np.random.default_rng(seed)
    fakes = [each for each in judged if each.share > 0]
    clean = [each for each in judged if each.share == 0]
    groups = {ALL: fakes, **{name: [each for each in fakes if each.kind == name] for name in PATTERNS}}
    innocents = {name: [each for each in clean if each.kind == name] for name in (PLAIN, *INNOCENTS)}
    unlike = [each for each in clean if each.kind != PLAIN]
    harmed = {ALL: clean, PLAIN: innocents[PLAIN], LOOK_ALIKES: unlike, **innocents}
    return Report(
        seed=seed,
        real_order_count=real_order_count,
        merchant_count=len(judged),
        judge_ms=judge_ms,
        found={name: found(group, rng) for name, group in groups.items() if group},
        recall_by_share={
            name: {
                share: found(some, rng).recall for share in SHARES if (some := [x for x in group if x.share == share])
            }
            for name, group in groups.items()
            if group
        },
        harm={name: harm(group, rng) for name, group in harmed.items() if group},
    )


def as_json(report: Report) -> dict[str, object]:
    """The report as plain JSON values; shares and rates from 0 to 1, null where there was nothing to measure."""
    return {
        "seed": report.seed,
        "real_orders": report.real_order_count,
        "merchants": report.merchant_count,
        "judge_ms": round(report.judge_ms, 2),
        "made_of": MADE_OF,
        "held_out": HELD_OUT,
        "intervals": INTERVALS,
        "patterns": {name: _found_json(each, report.recall_by_share[name]) for name, each in report.found.items()},
        "clean": {name: _harm_json(each) for name, each in report.harm.items()},
    }


def show(report: Report, console: Console) -> None:
    """The report as tables."""
    heads = ("merchants", "fake orders", "precision", "recall", *(f"recall at {share:.0%}" for share in SHARES), "AUC")
    table = _table("Fake orders found", "pattern", *heads)
    for name, each in report.found.items():
        shares = [report.recall_by_share[name].get(share) for share in SHARES]
        table.add_row(
            name,
            str(each.merchants),
            str(each.fakes),
            _shown(each.precision),
            _shown(each.recall),
            *("–" if one is None else f"{one.value:.2f}" for one in shares),
            _shown(each.auc),
        )
    console.print(table)
    heads = ("merchants", "orders", "of orders", "of the amount", "any called fake", "over 1 % called fake")
    table = _table("Clean merchants: what was falsely called fake", "kind", *heads)
    for name, harmed in report.harm.items():
        table.add_row(
            name,
            str(harmed.merchants),
            str(harmed.orders),
            _shown(harmed.order_share, percent=True),
            _shown(harmed.fen_share, percent=True),
            f"{harmed.any_share:.1%}",
            f"{harmed.above_1_percent_share:.1%}",
        )
    console.print(table)
    for text in (MADE_OF, HELD_OUT, INTERVALS):
        console.print(text, highlight=False)
    console.print(
        f"{report.real_order_count} real orders, {report.merchant_count} merchants, seed {report.seed}; "
        f"one merchant is judged in {report.judge_ms:.1f} ms (median)",
        highlight=False,
    )


def show_choice(choice: Mapping[Signal, Choice], console: Console) -> None:
    """What was chosen beside what stands."""
    heads = ("median share", "95 %", "highest", "ordinary share that stands", "fitted weight", "weight that stands")
    table = _table("Signals among clean merchants, and their weights", "signal", *heads)
    for signal, each in choice.items():
        shares = (each.median_share, each.high_share, each.highest_share, STANDINGS[signal].ordinary_share)
        weights = (each.weight, STANDINGS[signal].weight)
        table.add_row(signal.name, *(f"{share:.2%}" for share in shares), *(f"{weight:.1f}" for weight in weights))
    console.print(table)


def _table(title: str, first: str, *others: str) -> Table:
    table = Table(title=title)
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name, justify="right")
    return table


def _shown(figure: Figure, *, percent: bool = False) -> str:
    if np.isnan(figure.value):
        return "–"
    scale, digits, unit = (100.0, 2, " %") if percent else (1.0, 3, "")
    low, high = (f"{each * scale:.{digits}f}" for each in figure.interval)
    return f"{figure.value * scale:.{digits}f}{unit} [{low}, {high}]".replace("[", "\\[")


def _found_json(each: Found, recalls: Mapping[float, Figure]) -> dict[str, object]:
    return {
        "merchants": each.merchants,
        "orders": each.orders,
        "fake_orders": each.fakes,
        "precision": each.precision.plain(),
        "recall": each.recall.plain(),
        "auc": each.auc.plain(),
        "recall_by_fakes_per_real_order": {str(share): recall.plain()["value"] for share, recall in recalls.items()},
    }


def _harm_json(each: Harm) -> dict[str, object]:
    return {
        "merchants": each.merchants,
        "orders": each.orders,
        "false_order_share": each.order_share.plain(),
        "false_amount_share": each.fen_share.plain(),
        "merchants_with_any": round(each.any_share, 4),
        "merchants_above_1_percent": round(each.above_1_percent_share, 4),
    }
