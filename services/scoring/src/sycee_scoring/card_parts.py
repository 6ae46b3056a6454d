"""What the pages of all cards share: plots, features, tables, figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

Card = Mapping[str, Any]

DIRECTIONS: Final = {
    -1: "a larger value never raises the probability",
    0: "no direction forced",
    1: "a larger value never lowers the probability",
}
PLOTS: Final = {
    "ranking": "ROC and KS",
    "calibration": "Calibration",
    "drift": "Drift",
    "shapes": "What each feature does to the log-odds",
    "fairness": "Impact and default rate by group",
}


def plot(card: Card, name: str) -> list[str]:
    """A picture by its file beside the page."""
    return [f"![{PLOTS[name]}]({card['version']}.{name}.svg)", ""]


def features(card: Card) -> list[str]:
    """The features with their directions."""
    serving = card["serving"]
    return [
        "Features:",
        "",
        *(
            f"- `{name}`: {DIRECTIONS[direction]}"
            for name, direction in zip(serving["features"], serving["monotone"], strict=True)
        ),
        "",
    ]


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """A Markdown table with an empty line after it."""
    lines = [list(map(str, head)), ["---"] * len(head), *([str(cell) for cell in row] for row in rows)]
    return [*(f"| {' | '.join(line)} |" for line in lines), ""]


def figure(figure: Mapping[str, float]) -> str:
    """A figure with its interval."""
    return f"{figure['value']:.4f} [{figure['low']:.4f}, {figure['high']:.4f}]"


def years(pair: Sequence[int]) -> str:
    """First and last year, or the one."""
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}–{pair[1]}"


def names(names: Sequence[str]) -> str:
    """Names as code."""
    return ", ".join(f"`{name}`" for name in names)
