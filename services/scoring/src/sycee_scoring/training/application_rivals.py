"""The application model's rivals: other means with the same features, and other choices by the same means."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt
from sklearn.impute import SimpleImputer  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from sklearn.pipeline import make_pipeline  # type: ignore[import-untyped]
from sklearn.preprocessing import StandardScaler  # type: ignore[import-untyped]

from sycee_scoring.domain.additive import Array
from sycee_scoring.domain.application import FEATURES, MONOTONE
from sycee_scoring.learning import metrics
from sycee_scoring.learning.scorecard import Scorecard
from sycee_scoring.training.application_fit import (
    FORM_COLUMNS,
    FORMS,
    PERIODS,
    PORTRAIT_COLUMNS,
    TRAIN_YEARS,
    Fitted,
    Prepared,
    fit,
    risks_of,
)
from sycee_scoring.training.boosting import SEED

Rows = npt.NDArray[np.bool_]


def challengers(prepared: Prepared, risk: Mapping[str, Array]) -> list[dict[str, Any]]:
    """The same features, learnt by other means from the same years, out of time."""
    training = prepared.rows(TRAIN_YEARS) & prepared.comparable
    found = []
    for form, columns in (("form", FORM_COLUMNS), ("portrait", ())):
        used = (*PORTRAIT_COLUMNS, *columns)
        features = prepared.features[:, used]
        names = [FEATURES[column] for column in used]
        others = _otherrisks_of(features, names, prepared.bad, training)
        for name, raw in {"additive, monotone (shipped)": risk[form], **others}.items():
            row: dict[str, Any] = {"features": form, "model": name}
            for label, years in PERIODS.items():
                rows = prepared.rows(years)
                row[f"auc_{label}"] = metrics.auc_interval(prepared.bad[rows], raw[rows]).as_json()
            found.append(row)
    return found


def _otherrisks_of(features: Array, names: list[str], bad: Array, training: Rows) -> dict[str, Array]:
    directions = {name: MONOTONE[FEATURES.index(name)] for name in names}
    card = Scorecard.fit(dict(zip(names, features[training].T, strict=True)), bad[training], directions)
    line = make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), LogisticRegression(max_iter=1000))
    line.fit(features[training], bad[training])
    settings = {"objective": "binary", "verbose": -1, "num_threads": 1, "deterministic": True, "seed": SEED}
    data = lightgbm.Dataset(features[training], bad[training], params={"verbose": -1})
    boosted = lightgbm.train(settings, data, 100)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=UserWarning)
        logistic = np.asarray(line.decision_function(features), dtype=np.float64)
    return {
        "WOE scorecard, monotone bins": card.log_odds(dict(zip(names, features.T, strict=True))),
        "logistic regression": logistic,
        "LightGBM, default": np.asarray(boosted.predict(features, raw_score=True), dtype=np.float64),
    }


def ablation(prepared: Prepared, fitted: Fitted) -> list[dict[str, Any]]:
    """Out-of-time AUC of other choices, each trained and chosen in the same way."""
    shipped = _ablation_row("shipped", prepared, fitted)
    record = {FEATURES.index("lender_risk"), FEATURES.index("lender_loans")}
    without_record = [column for column in FORM_COLUMNS if column not in record]
    rows = [
        shipped,
        _ablation_row("every direction free", prepared, fit(prepared, monotone=(0,) * len(FEATURES))),
        _ablation_row("form without the lender's record", prepared, fit(prepared, form=without_record)),
        _ablation_row("loans guaranteed whole learnt from as well", _with_whole(prepared), fit(_with_whole(prepared))),
    ]
    rows += [
        _ablation_row(name, with_amount, fit(with_amount, monotone=_with_amount_direction(direction)))
        for name, direction in (("with the amount, a larger one never better", 1), ("with the amount, free", 0))
        for with_amount in (_with_amount(prepared),)
    ]
    return rows


def _with_whole(prepared: Prepared) -> Prepared:
    """No loan set apart. The figures without them are then those of all."""
    features = prepared.features.copy()
    features[:, FEATURES.index("guaranteed_share")] = prepared.loans.guaranteed_share
    return replace(prepared, features=features, comparable=np.ones(len(prepared.loans), dtype=bool))


def _with_amount(prepared: Prepared) -> Prepared:
    """The amount in the place of `new_business`, the weakest feature of the portrait, so that the columns stay."""
    features = prepared.features.copy()
    features[:, FEATURES.index("new_business")] = prepared.loans.amount
    return replace(prepared, features=features)


def _with_amount_direction(direction: int) -> tuple[int, ...]:
    position = FEATURES.index("new_business")
    return (*MONOTONE[:position], direction, *MONOTONE[position + 1 :])


def _ablation_row(name: str, prepared: Prepared, fitted: Fitted) -> dict[str, Any]:
    risk = risks_of(prepared, fitted)
    row: dict[str, Any] = {"choice": name, "portrait_trees": fitted.portrait_trees, "form_trees": fitted.form_trees}
    for label, years in PERIODS.items():
        rows = prepared.rows(years)
        among = rows & prepared.comparable
        for form in FORMS:
            row[f"auc_{form}_{label}"] = round(metrics.auc(prepared.bad[rows], risk[form][rows]), 4)
        row[f"auc_comparable_{label}"] = round(metrics.auc(prepared.bad[among], risk["form"][among]), 4)
    return row
