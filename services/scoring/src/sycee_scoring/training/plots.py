"""Draws the plots of the cards out of the cards' own figures: small SVG files, the same bytes for the same card."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

STYLE: Final[Any] = {
    "svg.hashsalt": "sycee",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e6e6e6",
    "axes.axisbelow": True,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "figure.constrained_layout.use": True,
}
COLOURS: Final = (
    "#1f5fa8",
    "#c2571a",
    "#3c8c4f",
    "#8a4fa3",
    "#7a6a3a",
    "#4d4d4d",
    "#b0355f",
    "#2aa5a0",
    "#a0a0a0",
    "#d4a017",
)
MISSING: Final = "missing"


def draw(card: dict[str, Any]) -> dict[str, str]:
    """SVG text by name: `ranking`, `calibration`, `shapes`, and `drift` or `fairness` where the card has them."""
    with mpl.rc_context(STYLE):
        figures = {
            "ranking": _ranking(card["curves"]),
            "calibration": _calibration(card),
            "shapes": _shapes(card["curves"]["shapes"]),
        }
        if "drift" in card:
            figures["drift"] = _drift(card["drift"])
        if "fairness" in card:
            figures["fairness"] = _fairness(card["fairness"])
        return {name: _svg(figure) for name, figure in figures.items()}


def _svg(figure: Figure) -> str:
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"


def _ranking(curves: dict[str, Any]) -> Figure:
    figure = Figure(figsize=(8.4, 3.8))
    left, right = figure.subplots(1, 2)
    left.plot([0, 1], [0, 1], color="#a0a0a0", linewidth=0.8)
    for colour, (name, points) in zip(COLOURS, curves["roc"].items(), strict=False):
        left.plot(*zip(*points, strict=True), color=colour, label=name)
    left.set(title="ROC", xlabel="share of good ones turned away", ylabel="share of bad ones turned away")
    left.legend(loc="lower right")
    for colour, (name, points) in zip(COLOURS, curves["ks"].items(), strict=False):
        away, bads, goods = zip(*points, strict=True)
        gaps = [bad - good for bad, good in zip(bads, goods, strict=True)]
        widest = max(range(len(gaps)), key=gaps.__getitem__)
        right.plot(away, bads, color=colour, label=f"bad, {name}")
        right.plot(away, goods, color=colour, linestyle="--", label=f"good, {name}")
        right.vlines(away[widest], goods[widest], bads[widest], color=colour, linewidth=2.5, alpha=0.5)
    right.set(title="KS", xlabel="share of all turned away, riskiest first", ylabel="share turned away")
    right.legend(loc="lower right")
    return figure


def _calibration(card: dict[str, Any]) -> Figure:
    figure = Figure(figsize=(8.4, 3.8))
    vintages = card.get("vintages")
    axes = figure.subplots(1, 2 if vintages else 1, squeeze=False)[0]
    groups = axes[0]
    top = 0.0
    for colour, (name, points) in zip(COLOURS, card["curves"]["calibration"].items(), strict=False):
        stated, seen, error = zip(*points, strict=True)
        groups.errorbar(stated, seen, yerr=error, color=colour, marker="o", markersize=3, linewidth=1, label=name)
        top = max(top, *stated, *seen)
    groups.plot([0, top], [0, top], color="#a0a0a0", linewidth=0.8)
    groups.set(title="Calibration, ten groups (bar: one standard error)", xlabel="stated", ylabel="observed")
    groups.legend(loc="upper left")
    if vintages:
        _by_vintage(axes[1], vintages)
    return figure


def _by_vintage(axes: Axes, vintages: list[dict[str, Any]]) -> None:
    years = [row["fiscal_year"] for row in vintages]
    for colour, key, name in (
        (COLOURS[5], "observed", "observed"),
        (COLOURS[1], "predicted_at_prior_of_2004", "stated, prior of 2004"),
        (COLOURS[0], "predicted_at_prior_of_year_before", "stated, prior of the year before"),
    ):
        axes.plot(years, [math.nan if row[key] is None else row[key] for row in vintages], color=colour, label=name)
    axes.set(title="Charge-off rate by vintage", xlabel="fiscal year of approval")
    axes.set_xticks(years[:: max(1, len(years) // 5)])
    axes.legend(loc="upper left")


def _drift(drift: dict[str, Any]) -> Figure:
    figure = Figure(figsize=(8.4, 3.8))
    axes = figure.subplots()
    rows = drift["rows"]
    for index, name in enumerate(key for key in rows[0] if key != "year"):
        style: dict[str, Any] = (
            {"linewidth": 2.2} if name.startswith("score") else {"linewidth": 1.0, "linestyle": "--"}
        )
        axes.plot(
            [row["year"] for row in rows],
            [row[name] for row in rows],
            color=COLOURS[index],
            marker="o",
            markersize=3,
            label=name,
            **style,
        )
    for level, name in ((0.10, "watch"), (0.25, "act")):
        axes.axhline(level, color="#a0a0a0", linewidth=0.8)
        axes.annotate(name, (rows[0]["year"], level), fontsize=8, color="#606060", va="bottom")
    axes.set(title=f"PSI and CSI against {drift['reference_year']}", xlabel="fiscal year of approval")
    axes.set_xticks([row["year"] for row in rows])
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def _shapes(shapes: dict[str, Any]) -> Figure:
    columns = 3
    rows = math.ceil(len(shapes) / columns)
    figure = Figure(figsize=(8.4, 2.3 * rows))
    grid = [axes for line in figure.subplots(rows, columns, squeeze=False, sharey=True) for axes in line]
    for axes, (name, points) in zip(grid, shapes.items(), strict=False):
        _shape(axes, name, points)
    for axes in grid[len(shapes) :]:
        axes.set_visible(False)
    figure.supylabel("log-odds of default")
    return figure


def _shape(axes: Axes, name: str, points: list[list[Any]]) -> None:
    """A step for each cell, the last one drawn a little beyond its threshold; a missing value as a dashed line."""
    bounds = [value for value, _ in points if value is not None]
    effects = [effect for _, effect in points]
    *known, missing = effects
    if bounds == [0.0]:  # a mark that is 0 or 1
        edges = [-0.5, 0.5, 1.5]
        axes.set_xticks([0, 1])
    else:
        margin = 0.12 * ((bounds[-1] - bounds[0]) or 1.0)
        edges = [bounds[0] - margin, *bounds, bounds[-1] + margin]
    axes.stairs(known, edges, baseline=None, color=COLOURS[0], linewidth=1.4)
    axes.axhline(missing, color=COLOURS[1], linestyle="--", linewidth=0.9, label=MISSING)
    axes.set_title(name)
    axes.legend(loc="best")


def _fairness(fairness: dict[str, Any]) -> Figure:
    names = [row["group"] for row in fairness["groups"]]
    figure = Figure(figsize=(8.4, 3.4))
    left, right = figure.subplots(1, 2)
    bars: Callable[..., Any] = left.bar
    bars(names, [row["impact_ratio"] for row in fairness["groups"]], color=COLOURS[0])
    left.axhline(0.8, color="#a0a0a0", linewidth=0.8)
    left.set(title="Adverse impact ratio (line: four fifths)", ylim=(0, 1.15))
    left.tick_params(axis="x", rotation=45)
    places = range(len(names))
    right.scatter(places, [row["stated"] for row in fairness["groups"]], color=COLOURS[0], label="stated", zorder=3)
    right.scatter(
        places,
        [row["observed"] for row in fairness["groups"]],
        color=COLOURS[1],
        marker="x",
        label="observed",
        zorder=3,
    )
    right.set_xticks(list(places), names)
    right.set(title="Default rate by group", ylim=(0, None))
    right.tick_params(axis="x", rotation=45)
    right.legend()
    return figure
