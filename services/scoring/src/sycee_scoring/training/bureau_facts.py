"""What the bureau model's card says: cross-validated figures beside the expert's table, fairness, weights, limits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import lightgbm
import numpy as np
import numpy.typing as npt

from sycee_scoring.domain.additive import AdditiveTable, Array
from sycee_scoring.domain.bureau import EXPERT, FEATURES, GRID, MONOTONE, PORTRAIT, REFERENCE
from sycee_scoring.learning import metrics
from sycee_scoring.learning.scorecard import Scorecard
from sycee_scoring.training import figures, hmeq, uci_cards
from sycee_scoring.training.boosting import MASKED_SHARE, PARAMETERS, SEED, without_form
from sycee_scoring.training.bureau_fit import (
    DEFAULT_STATE,
    DEFAULT_SURCHARGE,
    GRID_COLUMNS,
    PORTRAIT_COLUMNS,
    ROUNDS,
    SHAPE,
    WINDOW_MONTHS,
    fit,
    served,
    window,
)
from sycee_scoring.training.uci_cards import Cards

FOLDS: Final = 5
APPROVED_SHARE: Final = 0.80
"""Share of all accounts that fairness takes as approved, the safest first. Judgement."""

AGES: Final = (("under 25", 0, 25), ("25 to 34", 25, 35), ("35 to 49", 35, 50), ("50 and over", 50, 200))

LIMITS: Final = (
    "Card holders in Taiwan in 2005, a year of a credit-card crisis, stand in for merchants in China; only the order"
    " of records and the sizes of steps carry over, and the level comes from the portfolio's base rate.",
    "The label is a failed payment in the one month that follows, not 90 days past due within twelve.",
    "The accounts know one bank's card; a bureau's report adds up all lenders. Enquiries and public records are not"
    " in the accounts: their weights come from US home-equity loans of the 1990s, whose window of enquiries is not"
    " stated.",
    "A portrait counts overdue months of 24 and not when they were, the accounts of six. The shrinkage allows for it"
    " on average: a fresh mark weighs too little and an old one too much until the portrait says when. The grid's"
    " features wait for that.",
    "Accounts that use nothing of their line default more than those that use a little: they are often dormant, and"
    " their holders in trouble elsewhere. The direction is kept all the same, since using more must not be rewarded;"
    " the lowest band holds both kinds.",
    "Repayments through Sycee are judged by an expert's table until a lender's own outcomes replace it.",
    "Sex and age are in the file and in no model; the figures by group say what the model does to them. Which groups"
    " there are among a lender's own merchants, only that lender can know.",
    "Cross-validated within one file of one year: nothing here says how the ranking holds over time.",
)


@dataclass(frozen=True, slots=True)
class Said:
    """Log-odds of each account by models that had not seen it, at the level of what they learnt from."""

    portrait: Array  # of six months, as trained
    served: Array  # arrears shrunk to 24 months
    grid: Array  # with the month-by-month grid
    expert: Array
    scorecard: Array


def facts(cards: Cards) -> tuple[AdditiveTable, dict[str, Any]]:
    """The model of all accounts and its card without digests."""
    whole = np.ones(len(cards), dtype=bool)
    trained, fading = fit(cards, whole), window(cards)
    table = served(trained, fading.shares)
    said = _cross_validated(cards)
    bad = cards.defaulted
    return table, {
        "component": "bureau",
        "serving": {
            "features": list(FEATURES),
            "monotone": list(MONOTONE),
            "reference": [None if math.isnan(value) else value for value in REFERENCE],
        },
        "data": {
            "source": f"{uci_cards.WHEEL.requirement}: {uci_cards.WHEEL.file}",
            "sha256": uci_cards.WHEEL.sha256,
            "rows": len(cards),
            "bads": int(bad.sum()),
            "bad_rate": round(float(bad.mean()), 4),
        },
        "model": _model(table),
        "results": figures.ranking(bad, said.served) | {"of": "as served, five folds"},
        "comparison": _comparison(bad, said),
        "gain_over_expert": metrics.with_interval(_gain, bad, np.column_stack((said.served, said.expert))).as_json(),
        "truth": {
            name: figures.truth(bad, figures.probability(risk))
            for name, risk in (("portrait", said.portrait), ("served", said.served), ("grid", said.grid))
        },
        "window": asdict(fading),
        "default_state": {"months": DEFAULT_STATE, "surcharge": DEFAULT_SURCHARGE},
        "weights_elsewhere": {
            "source": hmeq.SOURCE,
            "enquiries": asdict(hmeq.ENQUIRIES),
            "public_records": asdict(hmeq.PUBLIC_RECORDS),
        },
        "fairness": _fairness(cards, said),
        "curves": _curves(cards, trained, table, said),
        "limits": list(LIMITS),
    }


def _cross_validated(cards: Cards) -> Said:
    fold = _folds(cards.defaulted)
    portrait, shrunk, grid, expert, card = (np.empty(len(cards)) for _ in range(5))
    bare = without_form(cards.features, GRID_COLUMNS)
    for number in range(FOLDS):
        learnt, held = fold != number, fold == number
        table = fit(cards, learnt)
        portrait[held] = _levelled(table.raw_many(bare), cards, learnt)[held]
        shrunk[held] = _levelled(served(table, _shares(cards, learnt)).raw_many(bare), cards, learnt)[held]
        grid[held] = _levelled(table.raw_many(cards.features), cards, learnt)[held]
        expert[held] = _levelled(EXPERT.table.raw_many(bare), cards, learnt)[held]
        card[held] = _scorecard(cards, learnt).log_odds(_columns(cards, held))
    return Said(portrait, shrunk, grid, expert, card)


def _levelled(raw: Array, cards: Cards, learnt: npt.NDArray[np.bool_]) -> Array:
    """The log-odds at the level of the accounts that were learnt from."""
    return raw + metrics.intercept_for(float(cards.defaulted[learnt].mean()), raw[learnt])


def _shares(cards: Cards, rows: npt.NDArray[np.bool_]) -> tuple[float, ...]:
    part = Cards(
        cards.features[rows], cards.defaulted[rows], cards.first_overdue[rows], cards.female[rows], cards.age[rows]
    )
    return window(part).shares


def _scorecard(cards: Cards, rows: npt.NDArray[np.bool_]) -> Scorecard:
    return Scorecard.fit(_columns(cards, rows), cards.defaulted[rows], dict(zip(FEATURES, MONOTONE, strict=True)))


def _columns(cards: Cards, rows: npt.NDArray[np.bool_]) -> dict[str, Array]:
    """What a portrait has of the accounts."""
    return {name: cards.features[rows, column] for column, name in enumerate(PORTRAIT[:3])}


def _folds(bad: Array) -> npt.NDArray[np.int64]:
    """A fold of each row, as many bad ones in each."""
    random = np.random.default_rng(SEED)
    fold = np.empty(len(bad), dtype=np.int64)
    for value in (0.0, 1.0):
        rows = np.flatnonzero(bad == value)
        fold[random.permutation(rows)] = np.arange(len(rows)) % FOLDS
    return fold


def _comparison(bad: Array, said: Said) -> list[dict[str, Any]]:
    """AUC and KS of each way to read the same accounts, all out of sample."""
    rows = (
        ("additive, as served: arrears shrunk to 24 months", said.served),
        ("additive, what a portrait has, window of six months", said.portrait),
        ("additive, with the month-by-month grid", said.grid),
        ("WOE scorecard, monotone bins, what a portrait has", said.scorecard),
        ("the expert's table it replaces", said.expert),
    )
    return [
        {
            "model": name,
            "auc": metrics.auc_interval(bad, risk).as_json(),
            "ks": metrics.with_interval(metrics.ks, bad, risk).as_json(),
        }
        for name, risk in rows
    ]


def _gain(bad: Array, both: Array) -> float:
    """AUC of the first column over that of the second, on the same accounts."""
    return metrics.auc(bad, both[:, 0]) - metrics.auc(bad, both[:, 1])


def _fairness(cards: Cards, said: Said) -> dict[str, Any]:
    """What the model as served does to groups that it does not see, with the safest `APPROVED_SHARE` approved. Stated
    rates are the portrait's of six months, the window that the outcomes belong to."""
    approved = said.served <= np.quantile(said.served, APPROVED_SHARE, method="higher")
    chance = figures.probability(said.portrait)
    sexes = {"women": cards.female, "men": ~cards.female}
    ages = {name: (cards.age >= low) & (cards.age < high) for name, low, high in AGES}
    rows: list[dict[str, Any]] = []
    for attribute, groups in (("sex", sexes), ("age", ages)):
        best = max(float(approved[members].mean()) for members in groups.values())
        for name, members in groups.items():
            rate = float(approved[members].mean())
            rows.append(
                {
                    "attribute": attribute,
                    "group": name,
                    "accounts": int(members.sum()),
                    "approved": round(rate, 4),
                    "impact_ratio": round(rate / best, 4),
                    "observed": round(float(cards.defaulted[members].mean()), 4),
                    "stated": round(float(chance[members].mean()), 4),
                    "auc": metrics.auc_interval(cards.defaulted[members], said.served[members]).as_json(),
                }
            )
    return {"approved_share": round(float(approved.mean()), 4), "groups": rows}


def _curves(cards: Cards, trained: AdditiveTable, table: AdditiveTable, said: Said) -> dict[str, Any]:
    bad = cards.defaulted
    ways: Mapping[str, Array] = {"as served": said.served, "with the grid": said.grid, "expert's table": said.expert}
    chances = {"what a portrait has": said.portrait, "with the grid": said.grid}
    bare = without_form(cards.features, GRID_COLUMNS)
    return {
        "roc": {name: figures.roc(bad, risk) for name, risk in ways.items()},
        "ks": {name: figures.ks_curve(bad, ways[name]) for name in ("as served", "with the grid")},
        "calibration": {name: figures.calibration(bad, figures.probability(risk)) for name, risk in chances.items()},
        "shapes": figures.shapes(table, bare, PORTRAIT_COLUMNS, SEED)
        | figures.shapes(trained, cards.features, GRID_COLUMNS, SEED),
    }


def _model(table: AdditiveTable) -> dict[str, Any]:
    return {
        "kind": "additive, monotone, boosted in two stages by LightGBM; enquiries and records weighed elsewhere",
        "lightgbm": lightgbm.__version__,
        "portrait_features": list(PORTRAIT),
        "grid_features": list(GRID),
        "trees": [ROUNDS, ROUNDS],
        "tables": len(table.terms),
        "cells": sum(len(entry.cells) for entry in table.terms),
        "shape": asdict(SHAPE),
        "parameters": {key: value for key, value in PARAMETERS.items() if key != "verbose"},
        "masked_share": MASKED_SHARE,
        "seed": SEED,
        "portrait_months": WINDOW_MONTHS,
    }
