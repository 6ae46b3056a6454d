"""Fits the bureau model: arrears and use of lines from real card accounts, enquiries and records from weights learnt
once.

Arrears in the accounts lie within the last six months, a portrait's within 24, and an old mark says less than a fresh
one. How much less is measured on accounts with one overdue month (`effect_by_lag`); beyond the sixth month, where the
effect has levelled off, it is held. Where a portrait counts m overdue months of 24, nothing says when they were, so the
newest is taken to lie as the newest of m months drawn evenly; what the model adds for arrears is shrunk to what is left
of it (`Window.shares`): much for a single mark, little for many, of which one is likely fresh.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from sycee_scoring.domain.additive import AdditiveTable, Array, sizes, term
from sycee_scoring.domain.bureau import FEATURES, MONOTONE, PORTRAIT
from sycee_scoring.training import hmeq
from sycee_scoring.training.boosting import DECIMALS, Sample, Shape, boost, form_at_nought, table_of
from sycee_scoring.training.hmeq import Bands
from sycee_scoring.training.uci_cards import MONTHS, Cards

ARREARS_COLUMNS: Final = (0, 1)
TOGETHER: Final = (ARREARS_COLUMNS, (2,))
"""What may share a table: both characteristics of arrears, and the use of lines by itself."""

PORTRAIT_COLUMNS: Final = tuple(range(len(PORTRAIT)))
GRID_COLUMNS: Final = tuple(range(len(PORTRAIT), len(FEATURES)))
ROUNDS: Final = 150
SHAPE: Final = Shape(leaves=8, depth=4, least_leaf=100, bins=31)
"""Set beforehand, the same for every fold: nothing is tuned on what it is tested on."""

WINDOW_MONTHS: Final = 24
"""Of a portrait."""

DEFAULT_STATE: Final = 3
"""Months in arrears that are a default by themselves: more than 90 days are substandard (rule LM-06)."""

DEFAULT_SURCHARGE: Final = 3.2
"""Log-odds on top for such a state. Judgement: whoever was more than 90 days past due elsewhere has defaulted by this
score's own definition, and no cash flow may outweigh that alone (at weight 0.7 it takes a merchant of grade A to E).
The accounts cannot say so: they know few such states, and a failed payment next month is less than a default."""


@dataclass(frozen=True, slots=True)
class Window:
    """What an overdue month adds by how long ago it was (log-odds against none, newest month first), over how many
    accounts, and what is left over 24 months of what 1, 2, … 6 overdue months add."""

    effect_by_lag: tuple[float, ...]
    accounts_by_lag: tuple[int, ...]
    shares: tuple[float, ...]


def fit(cards: Cards, rows: npt.NDArray[np.bool_]) -> AdditiveTable:
    """The model of the chosen accounts as they are: a window of six months, no enquiries and no records."""
    bad, features = cards.defaulted[rows], cards.features[rows]
    start = np.full(len(bad), math.log(bad.mean() / (1.0 - bad.mean())))
    first = boost(Sample(features, bad, start), FEATURES, MONOTONE, (0, 1, 2), SHAPE, ROUNDS, together=TOGETHER)
    start = start + table_of(FEATURES, [first]).raw_many(features)
    second = boost(Sample(features, bad, start), FEATURES, MONOTONE, GRID_COLUMNS, SHAPE, ROUNDS)
    return form_at_nought(table_of(FEATURES, [first, second]), GRID_COLUMNS)


def window(cards: Cards) -> Window:
    """How far the effect of overdue months fades."""
    months = cards.features[:, 0]
    clean = _log_odds(cards.defaulted[months == 0.0])
    lags = [(months == 1.0) & (cards.first_overdue == lag) for lag in range(MONTHS)]
    effects = np.minimum.accumulate([_log_odds(cards.defaulted[rows]) - clean for rows in lags])
    over_portrait = np.append(effects, np.full(WINDOW_MONTHS - MONTHS, effects[-1]))
    shares = []
    for count in range(1, MONTHS + 1):
        newest = np.array([math.comb(WINDOW_MONTHS - 1 - lag, count - 1) for lag in range(WINDOW_MONTHS)])
        expected = float(newest @ over_portrait) / math.comb(WINDOW_MONTHS, count)
        found = cards.first_overdue[months == count]
        shares.append(min(expected / float(effects[found].mean()), 1.0) if len(found) else 1.0)
    steady = np.maximum.accumulate(shares)
    return Window(
        tuple(round(float(effect), 3) for effect in effects),
        tuple(int(rows.sum()) for rows in lags),
        tuple(round(float(share), 3) for share in steady),
    )


def served(table: AdditiveTable, shares: tuple[float, ...]) -> AdditiveTable:
    """The model as a portrait meets it: arrears shrunk to a window of 24 months, enquiries and records added."""
    table = _with_faded_arrears(table, shares)
    for name, bands in (("enquiries", hmeq.ENQUIRIES), ("public_records", hmeq.PUBLIC_RECORDS)):
        table = _with_bands(table, FEATURES.index(name), bands)
    return replace(table, terms=tuple(sorted(table.terms, key=lambda entry: (len(entry.columns), entry.columns))))


def _with_faded_arrears(table: AdditiveTable, shares: tuple[float, ...]) -> AdditiveTable:
    """All that is said of arrears as one table of months overdue and worst state, in which the distance to a clean
    record is multiplied by the share of so many months, and a state that is a default costs its surcharge. Cells with a
    missing value stay as they are."""
    counts = sizes(table.thresholds)
    whole = np.zeros([counts[column] for column in ARREARS_COLUMNS])
    for entry in table.terms:
        if set(entry.columns) <= set(ARREARS_COLUMNS):
            shape = [counts[column] if column in entry.columns else 1 for column in ARREARS_COLUMNS]
            whole += np.asarray(entry.cells).reshape(shape)
    known = whole[:-1, :-1]
    clean = float(known[0, 0])
    firsts = [0, *(math.floor(bound) + 1 for bound in table.thresholds[0])]
    factors = np.array([shares[min(max(first, 1), MONTHS) - 1] for first in firsts])
    states = [0, *(math.floor(bound) + 1 for bound in table.thresholds[1])]
    surcharge = np.array([DEFAULT_SURCHARGE if state >= DEFAULT_STATE else 0.0 for state in states])
    whole[:-1, :-1] = clean + factors[:, None] * (known - clean) + surcharge
    others = tuple(entry for entry in table.terms if not set(entry.columns) <= set(ARREARS_COLUMNS))
    return replace(table, terms=(*others, term(ARREARS_COLUMNS, counts, np.round(whole, DECIMALS).ravel().tolist())))


def _with_bands(table: AdditiveTable, column: int, bands: Bands) -> AdditiveTable:
    """The table with a count's bands, whole numbers up to the next band's first; nothing for a missing count."""
    thresholds = list(table.thresholds)
    thresholds[column] = tuple(float(bound - 1) for bound in bands.lower_bounds[1:])
    added = term((column,), sizes(thresholds), [*bands.log_odds, 0.0])
    return replace(table, thresholds=tuple(thresholds), terms=(*table.terms, added))


def _log_odds(bad: Array) -> float:
    rate = float(bad.mean())
    return math.log(rate / (1.0 - rate))
