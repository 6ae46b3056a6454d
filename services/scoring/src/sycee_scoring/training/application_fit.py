"""Fits the application model: periods, features, both stages.

The charge-off rate of this file swings from 2 % (1992) to 46 % (2008), with the economy and with what the file kept.
The model therefore never learns a level: each loan starts from the log-odds of its own vintage (LightGBM's init_score),
trees learn only what sets loans of one year apart, and the level is put in where it is used (prior correction).

Loans guaranteed whole (debentures of development companies) are not learnt from: of those approved before 2009 none was
ever charged off, which tells how the file books them and nothing of applicants. They count in their lenders' records
and in the tests, where their share guaranteed is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from sycee_scoring.domain.additive import AdditiveTable, Array
from sycee_scoring.domain.application import FEATURES, FORM, MONOTONE, PORTRAIT
from sycee_scoring.domain.goods import GOODS
from sycee_scoring.domain.trees import Tree
from sycee_scoring.learning import metrics
from sycee_scoring.training import lenders
from sycee_scoring.training.boosting import (
    SEED,
    Sample,
    Shape,
    boost,
    form_at_nought,
    scaled,
    table_of,
    without_form,
)
from sycee_scoring.training.figures import probability
from sycee_scoring.training.sba_loans import Loans

TRAIN_YEARS: Final = (1990, 2004)
CHOICE_YEARS: Final = (2005, 2005)
TEST_YEARS: Final = (2006, 2007)
LATE_YEARS: Final = (2008, 2010)

PORTRAIT_ROUNDS: Final = (20, 40, 60, 80, 100, 150, 200)
FORM_ROUNDS: Final = (50, 100, 200, 300, 400, 500, 600)
"""Trees to choose from, each stage on the choice year."""

TOLERANCE: Final = 0.0005
"""AUC that the smaller model may give away on the choice year."""

PORTRAIT_SHAPE: Final = Shape(leaves=4, depth=2, least_leaf=300, bins=63)
FORM_SHAPE: Final = Shape(leaves=8, depth=4, least_leaf=100, bins=31)

SMOOTHING_LOANS: Final = 200.0
"""Loans of ordinary risk that are added to each kind of goods before its risk is read."""

WHOLE_SHARE: Final = 0.999
"""Share guaranteed from which on a loan counts as guaranteed whole."""

FORM_COLUMNS: Final = tuple(FEATURES.index(name) for name in FORM)
PORTRAIT_COLUMNS: Final = tuple(FEATURES.index(name) for name in PORTRAIT)


PERIODS: Final = {"2005": CHOICE_YEARS, "2006-2007": TEST_YEARS, "2008-2010": LATE_YEARS}
FORMS: Final = ("form", "portrait")
"""`form`: everything known; `portrait`: only what an online merchant's portrait has."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """Both stages as one table, with how many trees each has, and what the second was shrunk by."""

    table: AdditiveTable
    portrait_trees: int
    form_trees: int
    form_slope: float


@dataclass(frozen=True, slots=True)
class Prepared:
    """Loans as the model takes them, one row a loan of 1990–2010. `comparable` are those not guaranteed whole."""

    loans: Loans
    features: Array
    goods_risk: dict[str, float]
    comparable: npt.NDArray[np.bool_]

    def rows(self, years: tuple[int, int]) -> npt.NDArray[np.bool_]:
        """The loans approved in these fiscal years, both included."""
        return (self.loans.fiscal_year >= years[0]) & (self.loans.fiscal_year <= years[1])

    @property
    def bad(self) -> Array:
        """1 = charged off."""
        return self.loans.charged_off


def vintage_log_odds(loans: Loans) -> Array:
    """The log-odds of each loan's own fiscal year within `loans`."""
    years, inverse = np.unique(loans.fiscal_year, return_inverse=True)
    bads = np.bincount(inverse, weights=loans.charged_off, minlength=len(years))
    rates = bads / np.bincount(inverse, minlength=len(years))
    return np.asarray(np.log(rates / (1.0 - rates))[inverse], dtype=np.float64)


def goods_risk(loans: Loans, offset: Array) -> dict[str, float]:
    """Log-odds of each kind of goods against its vintages: the shift under which expected charge-offs, with
    `SMOOTHING_LOANS` ordinary loans added, equal those seen; 0 where there are none. Rounded to four decimals."""
    risks = {}
    for index, name in enumerate(GOODS):
        chosen = loans.goods == index
        base = offset[chosen]
        if not len(base):
            risks[name] = 0.0
            continue
        expected_rate = float(np.mean(probability(base)))
        seen = float(loans.charged_off[chosen].sum()) + SMOOTHING_LOANS * expected_rate
        rate = seen / (float(chosen.sum()) + SMOOTHING_LOANS)
        risks[name] = round(metrics.intercept_for(rate, base), 4)
    return risks


def prepare(everything: Loans, seed: int = SEED) -> Prepared:
    """The features of each loan of 1990–2010, what is learnt from outcomes learnt from the training years alone."""
    loans = everything.between(TRAIN_YEARS[0], LATE_YEARS[1])
    comparable = ~(loans.guaranteed_share >= WHOLE_SHARE)
    training = loans.fiscal_year <= TRAIN_YEARS[1]
    learnt = loans.chosen(training & comparable)
    risks = goods_risk(learnt, vintage_log_odds(learnt))
    expected = np.zeros(len(loans))
    expected[training] = probability(vintage_log_odds(loans.chosen(training)))
    values = {
        "employees": loans.employees,
        "new_business": loans.new_business,
        "goods_risk": np.array([risks[name] for name in GOODS])[loans.goods],
        "guaranteed_share": np.where(comparable, loans.guaranteed_share, np.nan),
        "revolving": loans.revolving,
        "lender_elsewhere": loans.lender_elsewhere,
        "lender_risk": lenders.lender_risk(loans.lender, loans.charged_off, expected, training, seed),
        "lender_loans": lenders.lender_loans(loans.lender, training),
    }
    return Prepared(loans, np.column_stack([values[name] for name in FEATURES]), risks, comparable)


def fit(prepared: Prepared, monotone: Sequence[int] = MONOTONE, form: Sequence[int] = FORM_COLUMNS) -> Fitted:
    """Boosts both stages; each takes the fewest trees whose AUC on the choice year is within `TOLERANCE` of the
    best."""
    training, choice = (prepared.rows(years) & prepared.comparable for years in (TRAIN_YEARS, CHOICE_YEARS))
    start = vintage_log_odds(prepared.loans.chosen(training))
    bad, rows = prepared.bad, prepared.features
    sample = Sample(rows[training], bad[training], start)
    trees = boost(sample, FEATURES, monotone, PORTRAIT_COLUMNS, PORTRAIT_SHAPE, max(PORTRAIT_ROUNDS))
    first = _fewest(trees, PORTRAIT_ROUNDS, np.zeros(int(choice.sum())), bad[choice], rows[choice])
    portrait = table_of(FEATURES, [first])
    sample = Sample(rows[training], bad[training], start + portrait.raw_many(rows[training]))
    trees = boost(sample, FEATURES, monotone, form, FORM_SHAPE, max(FORM_ROUNDS))
    second = _fewest(trees, FORM_ROUNDS, portrait.raw_many(rows[choice]), bad[choice], rows[choice])
    whole = form_at_nought(table_of(FEATURES, [first, second]), FORM_COLUMNS)
    level = whole.raw_many(without_form(rows[choice], FORM_COLUMNS))
    slope = _shrinkage(bad[choice], whole.raw_many(rows[choice]) - level, level)
    return Fitted(scaled(whole, FORM_COLUMNS, slope), len(first), len(second), slope)


def _fewest(trees: tuple[Tree, ...], rounds: Sequence[int], start: Array, bad: Array, rows: Array) -> tuple[Tree, ...]:
    values = {count: metrics.auc(bad, start + table_of(FEATURES, [trees[:count]]).raw_many(rows)) for count in rounds}
    best = max(values.values())
    return trees[: min(count for count, value in values.items() if value >= best - TOLERANCE)]


def slope_of(prepared: Prepared, table: AdditiveTable) -> float:
    """How far the portrait's log-odds are shrunk: the calibration slope of the choice year, at most 1."""
    choice = prepared.rows(CHOICE_YEARS) & prepared.comparable
    raw = table.raw_many(without_form(prepared.features[choice], FORM_COLUMNS))
    return _shrinkage(prepared.bad[choice], raw, np.zeros(len(raw)))


def _shrinkage(bad: Array, raw: Array, offset: Array) -> float:
    """The calibration slope, 0 to 1: what overstates is shrunk, and what understates is left."""
    return round(min(max(metrics.logistic_line(bad, raw, offset)[1], 0.0), 1.0), 4)


def risks_of(prepared: Prepared, fitted: Fitted) -> dict[str, Array]:
    """The log-odds of each loan by `FORMS`."""
    bare = without_form(prepared.features, FORM_COLUMNS)
    return {"form": fitted.table.raw_many(prepared.features), "portrait": fitted.table.raw_many(bare)}
