"""Draws the plots of the early-warning card out of its own figures: SVG files, the same bytes for the same card."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from sycee_scoring.distress.features import FEATURES
from sycee_scoring.distress.model import model_from_json, parts
from sycee_scoring.training.plots import COLOURS, STYLE

NAMES = ("ranking", "calibration", "shapes", "drift")
"""One file for each, in the order of the page."""


def draw(card: Mapping[str, Any]) -> dict[str, str]:
    """SVG text by name."""
    style: Any = STYLE
    with mpl.rc_context(style):
        figures = (
            _ranking(card["curves"]),
            _calibration(card["calibration"]),
            _shapes(card["serving"]),
            _drift(card["psi"]),
        )
        return {name: _svg(figure) for name, figure in zip(NAMES, figures, strict=True)}


def _ranking(curves: Mapping[str, Any]) -> Figure:
    figure = Figure(figsize=(8.4, 3.8))
    left, right = figure.subplots(1, 2)
    left.plot([0, 1], [0, 1], color="#a0a0a0", linewidth=0.8)
    for colour, (name, points) in zip(COLOURS, curves["roc"].items(), strict=False):
        left.plot(*zip(*points, strict=True), color=colour, label=name.replace("_", " "))
    left.set(
        title="ROC in the test", xlabel="share of steady shops warned of", ylabel="share of falling shops warned of"
    )
    left.legend(loc="lower right")
    steady, falling = (np.array(side) for side in zip(*curves["roc"]["this_model"], strict=True))
    widest = int(np.argmax(falling - steady))
    right.plot(steady, falling - steady, color=COLOURS[0])
    right.vlines(steady[widest], 0.0, (falling - steady)[widest], color=COLOURS[0], linewidth=2.5, alpha=0.5)
    right.set(title=f"KS {(falling - steady)[widest]:.2f}", xlabel="share of steady shops warned of", ylabel="gap")
    return figure


def _calibration(found: Mapping[str, Any]) -> Figure:
    figure = Figure(figsize=(8.4, 3.8))
    left, right = figure.subplots(1, 2)
    stated = [group["predicted"] for group in found["groups"]]
    seen = [group["observed"] for group in found["groups"]]
    left.plot([0, max(stated + seen)], [0, max(stated + seen)], color="#a0a0a0", linewidth=0.8)
    left.plot(stated, seen, color=COLOURS[0], marker="o", markersize=3, linewidth=1)
    left.set(title="Calibration in the test, ten groups", xlabel="stated", ylabel="observed")
    _by_month(right, found)
    return figure


def _by_month(axes: Axes, found: Mapping[str, Any]) -> None:
    rows = found["months"]
    places = list(range(len(rows)))
    middle = [row["predicted"] for row in rows]
    around = [
        [row["predicted"] - row["low"] for row in rows],
        [row["high"] - row["predicted"] for row in rows],
    ]
    axes.errorbar(
        places, middle, yerr=around, color=COLOURS[0], marker="o", linestyle="", label="stated, mean interval"
    )
    axes.scatter(places, [row["observed"] for row in rows], color=COLOURS[1], marker="x", zorder=3, label="observed")
    axes.set_xticks(places, [row["cutoff"][:7] for row in rows])
    axes.set(title="Share that fell, by cut-off", ylim=(0, None))
    axes.legend(loc="upper left")


def _shapes(serving: Mapping[str, Any]) -> Figure:
    """What each figure adds to the log-odds, over the values it had in training."""
    model = model_from_json("", serving)
    neutral = model.neutral()
    figure = Figure(figsize=(8.4, 4.6))
    grid = [axes for line in figure.subplots(2, 4, squeeze=False, sharey=True) for axes in line]
    for place, name in enumerate(FEATURES):
        values = model.ranks[place].values
        figures = np.tile(neutral, (len(values), 1))
        figures[:, place] = values
        added = model.slope * (parts(model.ranks, figures) - parts(model.ranks, neutral[None, :]))[:, place]
        grid[place].plot(values, added, color=COLOURS[0])
        grid[place].set_title(name)
    grid[-1].set_visible(False)
    figure.supylabel("log-odds added")
    return figure


def _drift(psi: Mapping[str, Mapping[str, float]]) -> Figure:
    figure = Figure(figsize=(8.4, 3.8))
    axes = figure.subplots()
    for place, (colour, name) in enumerate(zip(COLOURS, ("risk", *FEATURES), strict=False)):
        values = [row[name] for row in psi.values()]
        axes.plot(
            list(psi), values, color=colour, marker="o", markersize=3, linewidth=1.0 if place else 2.2, label=name
        )
    for level in (0.10, 0.25):
        axes.axhline(level, color="#a0a0a0", linewidth=0.8)
    axes.set(title="PSI of the test's months against the learning period (lines: 0.10, 0.25)", yscale="log")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def _svg(figure: Figure) -> str:
    file = io.StringIO()
    canvas: Any = FigureCanvasSVG(figure)
    canvas.print_svg(file, metadata={"Date": None, "Creator": None})
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"
