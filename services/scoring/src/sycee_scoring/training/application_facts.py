"""What the application model's card says: figures by period, vintages, drift, challengers, what was left out and
why."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import lightgbm
import numpy as np
import numpy.typing as npt

from sycee_scoring.domain.additive import Array
from sycee_scoring.domain.application import FEATURES, FORM, PORTRAIT
from sycee_scoring.learning import metrics
from sycee_scoring.training import figures, sba_loans
from sycee_scoring.training.application_fit import (
    CHOICE_YEARS,
    FORM_COLUMNS,
    FORM_SHAPE,
    FORMS,
    LATE_YEARS,
    PERIODS,
    PORTRAIT_COLUMNS,
    PORTRAIT_SHAPE,
    SMOOTHING_LOANS,
    TEST_YEARS,
    TRAIN_YEARS,
    Fitted,
    Prepared,
    risks_of,
)
from sycee_scoring.training.application_rivals import ablation, challengers
from sycee_scoring.training.boosting import MASKED_SHARE, PARAMETERS, SEED, without_form
from sycee_scoring.training.figures import probability
from sycee_scoring.training.lenders import SMOOTHING_LOANS as LENDER_SMOOTHING_LOANS
from sycee_scoring.training.sba_loans import Loans

Rows = npt.NDArray[np.bool_]

LIMITS: Final = (
    "The loans are American, 1990 to 2010, mostly to shops with doors; online merchants in China differ. The model"
    " enters the score with half weight at most, and its level is never used.",
    "Charge-off at any time in the loan's life stands in for 90 days past due within twelve months; only the order of"
    " applicants carries over.",
    "A portrait has three of the eight features, and they say little: who wants the ranking of the full form must"
    " have the form. The lender's record is that of banks in the training years; in another market it has to be"
    " learnt again.",
    "Term and UrbanRural rank far better in this file and are left out: the first records what happened after"
    " approval and the second is a date in disguise, as are the franchise code's two spellings of none. Jobs created"
    " and retained were hardly written down before 1999; the short form (LowDoc) ended in 2005; state and place rank"
    " by boom and bust and made the test years worse. The amount is left out since larger loans look safer.",
    "Loans guaranteed whole (development companies' debentures) had no charge-off at all before 2009, by the way the"
    " file books them. The model has not learnt from them, and their lenders' records still rank them safest: the"
    " figures over comparable loans leave them out and are the ones to believe.",
    "The share guaranteed, lines of credit and the lender's size have no forced direction: what one would expect of a"
    " guarantee, that it makes lenders careless, the data contradict.",
    "Outcomes of 2009 and later are not all in: loans that fail late still count as good or are missing.",
    "Whether a business was new is the lender's word; employees are as stated and not checked.",
    "No feature is personal; goods may stand in for who sells them, and lenders for places. Impact by group is to be"
    " watched where a lender knows the groups.",
)


def facts(loans: Loans, prepared: Prepared, fitted: Fitted, serving: dict[str, Any]) -> dict[str, Any]:
    """The card without digests. `loans` are all that were read."""
    prior_rate = float(prepared.bad[prepared.rows((TRAIN_YEARS[1], TRAIN_YEARS[1]))].mean())
    risk = risks_of(prepared, fitted)

    def results(form: str, among: Rows) -> dict[str, Any]:
        return {
            label: _period(prepared, prepared.rows(years) & among, risk[form], prior_rate)
            for label, years in PERIODS.items()
        }

    everyone = np.ones(len(prepared.loans), dtype=bool)
    return {
        "component": "application",
        "serving": serving,
        "data": _data(loans, prepared),
        "model": _model(fitted),
        "results": results("portrait", everyone),
        "results_form": results("form", everyone),
        "results_comparable": results("form", prepared.comparable),
        "challengers": challengers(prepared, risk),
        "vintages": _vintages(prepared, risk["form"], prior_rate),
        "drift": _drift(prepared, risk),
        "ablation": ablation(prepared, fitted),
        "curves": _curves(prepared, fitted, risk, prior_rate),
        "limits": list(LIMITS),
    }


def _period(prepared: Prepared, rows: Rows, raw: Array, prior_rate: float) -> dict[str, Any]:
    """Ranking and truth of one period. `prior_rate` is the charge-off rate known before it began."""
    bad, risk = prepared.bad[rows], raw[rows]
    known = probability(math.log(prior_rate / (1.0 - prior_rate)) + risk)
    own = probability(metrics.intercept_for(float(bad.mean()), risk) + risk)
    return figures.ranking(bad, risk) | {
        "prior_of_2004": figures.truth(bad, known),
        "own_prior": figures.truth(bad, own),
    }


def _vintages(prepared: Prepared, raw: Array, prior_rate: float) -> list[dict[str, Any]]:
    """Calibration by fiscal year: what was seen, what the prior of 2004 and that of the year before would have said,
    and how far the log-odds of that year were spread as the model says (slope 1)."""
    rows = []
    before = math.nan
    for year in np.unique(prepared.loans.fiscal_year):
        chosen = prepared.loans.fiscal_year == year
        bad, risk = prepared.bad[chosen], raw[chosen]
        said = probability(math.log(prior_rate / (1.0 - prior_rate)) + risk)
        level = None if math.isnan(before) else float(probability(before + risk).mean())
        rows.append(
            {
                "fiscal_year": int(year),
                "loans": int(chosen.sum()),
                "observed": round(float(bad.mean()), 4),
                "predicted_at_prior_of_2004": round(float(said.mean()), 4),
                "predicted_at_prior_of_year_before": None if level is None else round(level, 4),
                "calibration_slope": round(metrics.logistic_line(bad, risk)[1], 2),
                "auc": round(metrics.auc(bad, risk), 4),
            }
        )
        before = metrics.intercept_for(float(bad.mean()), risk)
    return rows


def _drift(prepared: Prepared, risk: Mapping[str, Array]) -> dict[str, Any]:
    """What the drift monitor would have said in each year after the last one of training."""
    year = prepared.loans.fiscal_year
    reference = year == TRAIN_YEARS[1]
    quantities = {"score (form)": risk["form"], "score (portrait)": risk["portrait"]}
    quantities |= {name: prepared.features[:, column] for column, name in enumerate(FEATURES)}
    periods = {int(each): year == each for each in range(TRAIN_YEARS[1] + 1, LATE_YEARS[1] + 1)}
    return {"reference_year": TRAIN_YEARS[1], "rows": figures.drift(periods, quantities, reference)}


def _curves(prepared: Prepared, fitted: Fitted, risk: Mapping[str, Array], prior_rate: float) -> dict[str, Any]:
    """What the plots draw."""
    prior = math.log(prior_rate / (1.0 - prior_rate))
    curves: dict[str, Any] = {"roc": {}, "ks": {}, "calibration": {}}
    for label in ("2006-2007", "2008-2010"):
        rows = prepared.rows(PERIODS[label])
        bad = prepared.bad[rows]
        for form in FORMS:
            curves["roc"][f"{label}, {form}"] = figures.roc(bad, risk[form][rows])
        raw = risk["form"][rows]
        own = metrics.intercept_for(float(bad.mean()), raw)
        curves["calibration"][f"{label}, prior of 2004"] = figures.calibration(bad, probability(prior + raw))
        curves["calibration"][f"{label}, own prior"] = figures.calibration(bad, probability(own + raw))
    test = prepared.rows(TEST_YEARS)
    curves["ks"]["2006-2007, form"] = figures.ks_curve(prepared.bad[test], risk["form"][test])
    curves["ks"]["2006-2007, portrait"] = figures.ks_curve(prepared.bad[test], risk["portrait"][test])
    sample = prepared.features[prepared.rows(TRAIN_YEARS) & prepared.comparable]
    bare = without_form(sample, FORM_COLUMNS)
    curves["shapes"] = figures.shapes(fitted.table, bare, PORTRAIT_COLUMNS, SEED)
    curves["shapes"] |= figures.shapes(fitted.table, sample, FORM_COLUMNS, SEED)
    return curves


def _data(loans: Loans, prepared: Prepared) -> dict[str, Any]:
    training = prepared.rows(TRAIN_YEARS) & prepared.comparable
    whole = ~prepared.comparable
    before = whole & (prepared.loans.fiscal_year < 2009)
    return {
        "source": f"{sba_loans.WHEEL.requirement}: {sba_loans.WHEEL.file}",
        "sha256": sba_loans.WHEEL.sha256,
        "retail_loans_with_outcome": len(loans),
        "charged_off": int(loans.charged_off.sum()),
        "train_years": list(TRAIN_YEARS),
        "choice_years": list(CHOICE_YEARS),
        "test_years": list(TEST_YEARS),
        "late_years": list(LATE_YEARS),
        "train_loans": int(training.sum()),
        "guaranteed_whole": int(whole.sum()),
        "guaranteed_whole_before_2009": int(before.sum()),
        "guaranteed_whole_charged_off_before_2009": int(prepared.bad[before].sum()),
        "train_charge_off_rate": round(float(prepared.bad[training].mean()), 4),
        "train_charge_off_rate_2004": round(float(prepared.bad[prepared.rows((2004, 2004))].mean()), 4),
    }


def _model(fitted: Fitted) -> dict[str, Any]:
    return {
        "kind": "additive over pairs of features, monotone; LightGBM in two stages from each vintage's log-odds",
        "lightgbm": lightgbm.__version__,
        "portrait_features": list(PORTRAIT),
        "form_features": list(FORM),
        "portrait_trees": fitted.portrait_trees,
        "form_trees": fitted.form_trees,
        "form_slope": fitted.form_slope,
        "tables": len(fitted.table.terms),
        "cells": sum(len(term.cells) for term in fitted.table.terms),
        "portrait_shape": _shape(PORTRAIT_SHAPE),
        "form_shape": _shape(FORM_SHAPE),
        "parameters": {key: value for key, value in PARAMETERS.items() if key != "verbose"},
        "masked_share": MASKED_SHARE,
        "seed": SEED,
        "smoothing_loans_of_goods": SMOOTHING_LOANS,
        "smoothing_loans_of_lenders": LENDER_SMOOTHING_LOANS,
    }


def _shape(shape: Any) -> dict[str, int]:
    return {"leaves": shape.leaves, "depth": shape.depth, "least_leaf": shape.least_leaf, "bins": shape.bins}
