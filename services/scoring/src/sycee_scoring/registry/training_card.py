"""The card of a model that was trained here: sections of figures, and the page to read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from sycee_scoring.learning import metrics
from sycee_scoring.registry.fitting import Index
from sycee_scoring.registry.training_table import Array, Rows
from sycee_scoring.registry.wish import TrainingTable

BINS: Final = 10

LIMITS: Final = (
    "The rows are what was sent; who chose them, and whether refused applicants are missing, is not known here.",
    "Only the order of applicants is learnt; the level comes from the portfolio's base rate (prior correction).",
    "What is not learnt from the rows (such as the risk of each kind of goods) is the champion's of that day.",
    "No feature is personal; impact by group is to be watched where a lender knows the groups.",
    "A candidate decides nothing until two people put it in force; as challenger it is compared on live traffic first.",
)


@dataclass(frozen=True, slots=True, repr=False)
class Said:
    """What a model said of rows that it had not seen: log-odds against the portfolio, and probability."""

    bad: Array
    risk: Array
    probability: Array


def data_section(table: TrainingTable, rows: Rows, training: Index, names: tuple[str, ...]) -> dict[str, Any]:
    """What it was trained on: description, digest, period, rows, bad ones, how much of each feature is missing."""
    bads = int(rows.bad[training].sum())
    return {
        "description": table.description or "not described",
        "sha256": rows.sha256,
        "label": table.label_column,
        "time": table.time_column or None,
        "period": None if rows.period is None else {"first": rows.period[0], "last": rows.period[1]},
        "rows": len(rows.bad),
        "bads": int(rows.bad.sum()),
        "train_rows": len(training),
        "train_bads": bads,
        "train_bad_rate": round(bads / len(training), 4),
        "missing_share": {
            name: round(float(np.isnan(rows.features[training, column]).mean()), 4) for column, name in enumerate(names)
        },
        "columns_left_out": list(rows.left_out),
    }


def evaluation_section(
    said: Said, stability: list[dict[str, Any]], table: TrainingTable, *, out_of_time: bool
) -> dict[str, Any]:
    """Figures on rows that the model, or each fold's, had not seen."""
    bad, risk, probability = said.bad, said.risk, said.probability
    how = f"out of time, the last fifth by {table.time_column}" if out_of_time else "cross-validated in five folds"
    return {
        "how": how,
        "rows": len(bad),
        "bads": int(bad.sum()),
        "auc": metrics.auc_interval(bad, risk).as_json(),
        "ks": metrics.with_interval(metrics.ks, bad, risk).as_json(),
        "brier": metrics.with_interval(metrics.brier, bad, probability).as_json(),
        "brier_of_constant": round(float(bad.mean() * (1.0 - bad.mean())), 4),
        "ece": metrics.with_interval(metrics.ece, bad, probability).as_json(),
        "level": "the bad rate of the training rows, of their last quarter where there is a time",
        "calibration": _calibration(bad, probability),
        "folds": stability,
    }


def _calibration(bad: Array, probability: Array) -> list[dict[str, Any]]:
    """Stated and observed share of bad ones in ten equally large groups by probability."""
    order = np.argsort(probability, kind="stable")
    groups = [group for group in np.array_split(order, BINS) if len(group)]
    return [
        {
            "rows": len(group),
            "lowest": round(float(probability[group].min()), 4),
            "stated": round(float(probability[group].mean()), 4),
            "observed": round(float(bad[group].mean()), 4),
        }
        for group in groups
    ]


def render(card: dict[str, Any]) -> str:
    """Markdown of a card."""
    return "\n".join(
        [
            f"# {card['version']}",
            "",
            *_what(card),
            *_features(card),
            *_figures(card["evaluation"]),
            "## Limits",
            "",
            *(f"- {limit}" for limit in card["limits"]),
            "",
        ]
    )


def _what(card: dict[str, Any]) -> list[str]:
    data, model = card["data"], card["model"]
    period = "no time column" if data["period"] is None else f"{data['period']['first']} to {data['period']['last']}"
    return [
        "## What it is",
        "",
        f"A candidate: {model['kind']} {model['lightgbm']}, rounds {model['rounds']}, seed {model['seed']},",
        f"calibration slope {model['slope']} (worked into the tables). {model['masked_share']:.0%} of each feature was",
        "hidden in training, so that a missing value is an ordinary one.",
        "",
        f"- Data: {_plain(data['description'])}; SHA-256 `{data['sha256']}`; period: {_plain(period)}.",
        f"- {data['rows']:,} rows, {data['bads']:,} bad; trained on {data['train_rows']:,},"
        f" {data['train_bads']:,} bad ({data['train_bad_rate']:.1%}).",
        f"- Artefact SHA-256 `{card['artefact_sha256']}`, serving section `{card['serving_sha256']}`.",
        f"- Columns left out: {_plain(', '.join(data['columns_left_out'])) or 'none'}.",
        "",
    ]


def _features(card: dict[str, Any]) -> list[str]:
    directions = {-1: "never raises the risk", 0: "free", 1: "never lowers the risk"}
    serving, missing = card["serving"], card["data"]["missing_share"]
    rows = [
        f"| `{name}` | {directions[direction]} | {missing[name]:.1%} |"
        for name, direction in zip(serving["features"], serving["monotone"], strict=True)
    ]
    return ["## Features", "", "| feature | a larger value | missing |", "|---|---|---|", *rows, ""]


def _figures(evaluation: dict[str, Any]) -> list[str]:
    calibration = [
        f"| {row['lowest']:.4f} | {row['rows']:,} | {row['stated']:.4f} | {row['observed']:.4f} |"
        for row in evaluation["calibration"]
    ]
    folds = [f"| {row['fold']} | {row['rows']:,} | {row['bads']:,} | {row['auc']:.4f} |" for row in evaluation["folds"]]
    return [
        "## Figures",
        "",
        f"{evaluation['how'].capitalize()}: {evaluation['rows']:,} rows, {evaluation['bads']:,} bad.",
        "",
        f"- AUC {_shown(evaluation['auc'])} (DeLong); KS {_shown(evaluation['ks'])}.",
        f"- Brier {_shown(evaluation['brier'])}, of a constant at the same rate {evaluation['brier_of_constant']:.4f};"
        f" ECE {_shown(evaluation['ece'])}.",
        "",
        f"Intervals are 95 %, by bootstrap over rows but for the AUC. Probabilities stand at {evaluation['level']}.",
        "",
        "| probability from | rows | stated | observed |",
        "|---|---|---|---|",
        *calibration,
        "",
        "Stability, five folds of the training rows:",
        "",
        "| fold | rows | bad | AUC |",
        "|---|---|---|---|",
        *folds,
        "",
    ]


def _shown(figure: dict[str, float]) -> str:
    return f"{figure['value']:.4f} [{figure['low']:.4f}, {figure['high']:.4f}]"


def _plain(text: str) -> str:
    """What callers wrote, without line breaks or anything that Markdown would act on."""
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>#|!" else sign for sign in " ".join(text.split()))
