"""The early-warning model's card as a page to read."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sycee_scoring.distress.model import HALF_WEIGHT
from sycee_scoring.distress.model_file import DISTRESS_VERSION
from sycee_scoring.training.distress_notes import FIGURES, NAMES

_WIDTH: Final = 118


def render(card: Mapping[str, Any]) -> str:
    """Markdown of a card."""
    notes = card["notes"]
    sections = (
        _what(card),
        _figures(card["serving"]),
        _choice(card["choice"], notes),
        _test(card["test"], card["data"], notes),
        _calibration(card["calibration"]),
        _drift(card["psi"]),
        _campus(card["breaks"], card["examples"], notes),
        _retrain(),
        ["## Limits", "", *(f"- {limit}" for limit in card["limits"]), ""],
    )
    return "\n".join((f"# {card['version']}", "", *(line for section in sections for line in section)))


def _wrapped(*sentences: str) -> list[str]:
    return [*textwrap.wrap(" ".join(sentence for sentence in sentences if sentence), _WIDTH), ""]


def _what(card: Mapping[str, Any]) -> list[str]:
    data = card["data"]
    learn, test = data["learn"], data["test"]
    points = (
        f"Data: {data['shops']:,} shops, {data['first_day']} to {data['last_day']}, digest `{data['sha256'][:16]}`."
        f" {card['notes'].get('provenance', '')}",
        f"Learnt: cut-offs a week apart, {learn['first_cutoff']} to {learn['last_cutoff']}, {learn['pairs']:,} pairs of"
        f" shop and cut-off, {learn['bads']:,} bad, all outcomes ended before the test began; and"
        f" {data['simulated_pairs']:,} pairs of {data['simulated_shops']} simulated shops, some of which close.",
        f"Tested: first days of months, {test['first_cutoff']} to {test['last_cutoff']}, {test['pairs']:,} pairs,"
        f" {test['bads']:,} bad; each shop judged by tables learnt from other shops.",
        f"Serving section: SHA-256 `{card['serving_sha256']}`. Loading refuses any other.",
    )
    return [
        *_wrapped(
            "Early warning from daily trade alone: the probability that the next 56 days' trade over the last 56 days'",
            "falls below half of the median of that ratio over all shops judged on the same day. Shops with eight",
            "weeks of history and five payments a day, over the last 56 days, are judged.",
        ),
        *(f"- {point.strip()}" for point in points),
        "",
    ]


def _figures(serving: Mapping[str, Any]) -> list[str]:
    return [
        "## What it is",
        "",
        *_wrapped(
            "Each figure becomes the log-odds of its rank among the training shops, turned so that more is worse. Risk",
            f"is their mean plus {HALF_WEIGHT} times the log-odds of `half_risk`, which is a probability by",
            f"arithmetic; log-odds of distress = {serving['intercept']:.2f} + {serving['slope']:.2f} × risk. Parts",
            "add, so contributions are exact.",
        ),
        "| figure | | more is |",
        "|---|---|---|",
        *(f"| `{name}` | {what} | {more} |" for name, what, more in FIGURES),
        "",
        f"![What each figure adds]({DISTRESS_VERSION}.shapes.svg)",
        "",
    ]


def _choice(choice: Mapping[str, Any], notes: Mapping[str, str]) -> list[str]:
    return [
        "## How it was chosen",
        "",
        *_wrapped(
            "Within the learning period: each month judged by what was known on its first day, learnt from other",
            "shops. AUC with 95 % interval by bootstrap over shops.",
            notes.get("chosen", ""),
        ),
        *_table(choice),
        "",
    ]


def _test(test: Mapping[str, Any], data: Mapping[str, Any], notes: Mapping[str, str]) -> list[str]:
    return [
        f"## Out of time, on other shops: {data['test']['first_cutoff']} to {data['test']['last_cutoff']}",
        "",
        *(_wrapped(notes["test_looks"]) if "test_looks" in notes else ()),
        *_table(test),
        "",
        f"![ROC and KS]({DISTRESS_VERSION}.ranking.svg)",
        "",
    ]


def _table(results: Mapping[str, Any]) -> list[str]:
    first = next(iter(results.values()))["months"]
    rows = [_ranking(NAMES[name], entry) for name, entry in results.items() if "auc" in entry]
    counts = " | ".join(f"{month['bads']} of {month['pairs']:,}" for month in first)
    months = " | ".join(month["cutoff"][:7] for month in first)
    return [
        f"| | AUC, all months | mean of months | average precision | {months} |",
        f"|---|---|---|---|{'---|' * len(first)}",
        *rows,
        f"| bad | | | | {counts} |",
    ]


def _ranking(name: str, entry: Mapping[str, Any]) -> str:
    figure = entry["auc"]
    cells = ["" if month["auc"] is None else f"{month['auc']:.3f}" for month in entry["months"]]
    return (
        f"| {name} | {figure['value']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}] |"
        f" {entry['mean_auc_of_months']:.3f} | {entry['average_precision']:.3f} | {' | '.join(cells)} |"
    )


def _calibration(found: Mapping[str, Any]) -> list[str]:
    return [
        "## Calibration in the test",
        "",
        *_wrapped(
            "The line was learnt before, on predictions for later months and other shops.",
            f"Brier {_figure(found['brier'])} (a constant that knew the rate: {found['brier_of_constant']:.4f}), ECE"
            f" {_figure(found['ece'])}; intercept {found['intercept']:+.2f} and slope {found['slope']:.2f} of the"
            " outcome on the stated log-odds (0 and 1 if true).",
        ),
        "| cut-off | predicted | mean 90 % interval | observed |",
        "|---|---|---|---|",
        *(
            f"| {month['cutoff']} | {month['predicted']:.1%} | {month['low']:.1%} to {month['high']:.1%} |"
            f" {month['observed']:.1%} |"
            for month in found["months"]
        ),
        "",
        "| tenth by probability | predicted | observed |",
        "|---|---|---|",
        *(
            f"| {place} | {group['predicted']:.1%} | {group['observed']:.1%} |"
            for place, group in enumerate(found["groups"], start=1)
        ),
        "",
        f"![Calibration]({DISTRESS_VERSION}.calibration.svg)",
        "",
    ]


def _drift(psi: Mapping[str, Mapping[str, float]]) -> list[str]:
    names = list(next(iter(psi.values())))
    return [
        "## Drift",
        "",
        *_wrapped(
            "PSI of each month of the test against the learning period; above 0.25 is an alarm by custom. What hangs",
            "on the calendar moves every month by its nature.",
        ),
        f"| cut-off | {' | '.join(names)} |",
        f"|---|{'---|' * len(names)}",
        *(f"| {day} | {' | '.join(f'{row[name]:.2f}' for name in names)} |" for day, row in psi.items()),
        "",
        f"![PSI]({DISTRESS_VERSION}.drift.svg)",
        "",
    ]


def _campus(
    breaks: Sequence[Mapping[str, Any]], said: Sequence[Mapping[str, Any]], notes: Mapping[str, str]
) -> list[str]:
    worked = [
        f"| {row['shop']} | {row['day']} | {row['probability']:.1%} [{row['low']:.1%}, {row['high']:.1%}] |"
        f" {row['outcome']:.2f} | {', '.join(row['reasons'])} |"
        for row in said
    ]
    most = max(said, key=lambda row: (row["probability"], row["day"]), default=None)
    return [
        "## A campus shop in July",
        "",
        *_wrapped(
            "Shops of the test by what the school calendar was expected to do to them, judged by what the last break",
            "did and by their weekday pattern:",
        ),
        "| cut-off | trade expected | shops | fell below half |",
        "|---|---|---|---|",
        *(
            f"| {row['cutoff']} | {row['expected']} | {row['pairs']:,} | {row['bads']:,}"
            f" ({row['bads'] / row['pairs']:.0%}) |"
            for row in breaks
        ),
        "",
        *_wrapped(
            "Worked through for two invented shops, and nothing ails either: beside the campus 130 payments on",
            "weekdays and 90 on weekends, a twentieth of that in breaks; in the street 110 and 140, breaks or not.",
            "Outcome is the trade of the next 56 days over that of the last 56; reasons are in log-odds.",
            notes.get("campus_shop", ""),
        ),
        "| shop | day | probability [90 %] | outcome | reasons |",
        "|---|---|---|---|---|",
        *worked,
        "",
        *_words(most),
    ]


def _words(row: Mapping[str, Any] | None) -> list[str]:
    """The reasons of one example as a merchant reads them."""
    if row is None or not row["texts"]:
        return []
    return [f"In words, {row['shop']} on {row['day']}:", "", *(f"- {text}" for text in row["texts"]), ""]


def _retrain() -> list[str]:
    return [
        "## How a lender trains its own",
        "",
        "```",
        "python -m sycee_scoring.training.distress --daily counts.parquet --output models",
        "sycee eval distress --daily later.parquet",
        "```",
        "",
        *_wrapped(
            "The file has the columns shop_id, time_stamp and count; a year of days and some hundred shops are little",
            "enough. The last third of its months is the test, and all else ends 56 days before it. The same file",
            "gives the same bytes.",
        ),
    ]


def _figure(figure: Mapping[str, float]) -> str:
    return f"{figure['value']:.4f} [{figure['low']:.4f}, {figure['high']:.4f}]"
