"""Trains the application model on the real SBA retail loans and writes artefact and card: `make train`.

    python -m sycee_scoring.training [--cache .cache/sba-loans] [--output DIR]

Deterministic: the same file, code and LightGBM give the same artefact, byte by byte. Periods are cut by the fiscal
year of approval: trained on 1990–2004, chosen on 2005, tested on 2006–2007, and apart on 2008–2010, whose outcomes
are not all in. What is shipped is what was tested; nothing is refitted afterwards.

The charge-off rate of this file swings from 2 % (1992) to 46 % (2008), with the economy and with what the file kept.
The model therefore never learns a level: each loan starts from the log-odds of its own vintage (LightGBM's init_score),
trees learn only what sets loans of one year apart, and the level is put in where it is used (prior correction).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import lightgbm
import numpy as np

from sycee_scoring import card, evaluation, sba_loans
from sycee_scoring.domain.application import FEATURES, MONOTONE
from sycee_scoring.domain.goods import GOODS
from sycee_scoring.evaluation import Array
from sycee_scoring.model_files import APPLICATION_VERSION, MODELS, canonical_json
from sycee_scoring.sba_loans import Loans

TRAIN_YEARS: Final = (1990, 2004)
CHOICE_YEARS: Final = (2005, 2005)
TEST_YEARS: Final = (2006, 2007)
LATE_YEARS: Final = (2008, 2010)

DEPTHS: Final = (1, 2, 3)
ROUNDS: Final = (20, 40, 60, 80, 100, 150, 200)
TOLERANCE: Final = 0.0005
"""AUC that the simpler model may give away on the choice year."""

SMOOTHING_LOANS: Final = 200.0
"""Loans of ordinary risk that are added to each kind of goods before its risk is read."""

MASKED_SHARE: Final = 0.10
"""Share of each feature that is hidden in training, so that a missing value comes to mean an ordinary one."""

SEED: Final = 20260101

PARAMETERS: Final[dict[str, Any]] = {
    "objective": "binary",
    "learning_rate": 0.05,
    "min_data_in_leaf": 300,
    "lambda_l2": 10.0,
    "max_bin": 63,
    "monotone_constraints_method": "basic",
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "seed": SEED,
    "verbose": -1,
}


@dataclass(frozen=True, slots=True)
class Trained:
    """A model with what chose it. `raw` of a period is its log-odds against the vintage."""

    booster: lightgbm.Booster
    depth: int
    rounds: int
    choice_auc: float
    columns: tuple[str, ...]

    def raw(self, features: Array) -> Array:
        """Log-odds against the vintage, one a row."""
        return np.asarray(self.booster.predict(features, raw_score=True, num_iteration=self.rounds), dtype=np.float64)


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
        expected_rate = float(np.mean(1.0 / (1.0 + np.exp(-base))))
        seen = float(loans.charged_off[chosen].sum()) + SMOOTHING_LOANS * expected_rate
        rate = seen / (float(chosen.sum()) + SMOOTHING_LOANS)
        risks[name] = round(evaluation.intercept_for(rate, base), 4)
    return risks


def feature_matrix(loans: Loans, risks: dict[str, float], columns: Sequence[str]) -> Array:
    """One row a loan, one column a name of `columns`."""
    by_goods = np.array([risks[name] for name in GOODS])
    values = {
        "employees": loans.employees,
        "new_business": loans.new_business,
        "goods_risk": by_goods[loans.goods],
        "amount": loans.amount,
    }
    return np.column_stack([values[name] for name in columns])


def masked(features: Array) -> Array:
    """The features with `MASKED_SHARE` of each column hidden, by a fixed seed."""
    random = np.random.default_rng(SEED)
    hidden = random.random(features.shape) < MASKED_SHARE
    return np.where(hidden, np.nan, features)


def fit(
    train: Loans, choice: Loans, risks: dict[str, float], columns: tuple[str, ...], monotone: tuple[int, ...]
) -> Trained:
    """Boosts every depth and takes the simplest model whose AUC on the choice year is within `TOLERANCE` of the
    best."""
    offset = vintage_log_odds(train)
    features = masked(feature_matrix(train, risks, columns))
    choice_features = feature_matrix(choice, risks, columns)
    candidates = []
    for depth in DEPTHS:
        data = lightgbm.Dataset(
            features,
            train.charged_off,
            init_score=offset,
            feature_name=list(columns),
            params={"verbose": -1, "max_bin": 63},
        )
        settings = PARAMETERS | {"max_depth": depth, "num_leaves": 2**depth, "monotone_constraints": list(monotone)}
        booster = lightgbm.train(settings, data, num_boost_round=max(ROUNDS))
        for rounds in ROUNDS:
            model = Trained(booster, depth, rounds, 0.0, columns)
            value = evaluation.auc(choice.charged_off, model.raw(choice_features))
            candidates.append(Trained(booster, depth, rounds, value, columns))
    best = max(candidate.choice_auc for candidate in candidates)
    near = [candidate for candidate in candidates if candidate.choice_auc >= best - TOLERANCE]
    return min(near, key=lambda candidate: (candidate.depth, candidate.rounds))


def period_figures(loans: Loans, raw: Array, slope: float, prior_rate: float) -> dict[str, Any]:
    """Ranking and truth of one period. `prior_rate` is the charge-off rate known before it began."""
    prior = math.log(prior_rate / (1.0 - prior_rate))
    observed = float(loans.charged_off.mean())
    known = _probability(prior + slope * raw)
    own = _probability(evaluation.intercept_for(observed, slope * raw) + slope * raw)
    constant = np.full(len(loans), prior_rate)
    return {
        "loans": len(loans),
        "charged_off": int(loans.charged_off.sum()),
        "charge_off_rate": round(observed, 4),
        "auc": evaluation.with_interval(evaluation.auc, loans.charged_off, raw).as_json(),
        "ks": evaluation.with_interval(evaluation.ks, loans.charged_off, raw).as_json(),
        "brier_at_prior_of_2004": evaluation.with_interval(evaluation.brier, loans.charged_off, known).as_json(),
        "brier_of_constant_at_prior_of_2004": round(evaluation.brier(loans.charged_off, constant), 4),
        "brier_at_own_prior": evaluation.with_interval(evaluation.brier, loans.charged_off, own).as_json(),
        "brier_of_constant_at_own_prior": round(observed * (1.0 - observed), 4),
    }


def vintage_table(loans: Loans, raw: Array, slope: float, prior_rate: float) -> list[dict[str, Any]]:
    """Calibration by fiscal year: what was seen, what the prior of 2004 would have said, and how far the log-odds of
    that year were spread as the model says (slope 1)."""
    prior = math.log(prior_rate / (1.0 - prior_rate))
    rows = []
    for year in np.unique(loans.fiscal_year):
        chosen = loans.fiscal_year == year
        bad, risk = loans.charged_off[chosen], slope * raw[chosen]
        _, spread = evaluation.logistic_line(bad, risk)
        rows.append(
            {
                "fiscal_year": int(year),
                "loans": int(chosen.sum()),
                "observed": round(float(bad.mean()), 4),
                "predicted_at_prior_of_2004": round(float(_probability(prior + risk).mean()), 4),
                "calibration_slope": round(spread, 2),
                "auc": round(evaluation.auc(bad, risk), 4),
            }
        )
    return rows


def ablation(train: Loans, choice: Loans, periods: dict[str, Loans], risks: dict[str, float]) -> list[dict[str, Any]]:
    """Out-of-time AUC with the amount added, free to help and allowed only to harm."""
    rows = []
    for name, columns, monotone in (
        ("shipped", FEATURES, MONOTONE),
        ("with the amount, a larger one never better", (*FEATURES, "amount"), (*MONOTONE, 1)),
        ("with the amount, unconstrained", (*FEATURES, "amount"), (*MONOTONE, 0)),
    ):
        model = fit(train, choice, risks, columns, monotone)
        gains = dict(zip(columns, model.booster.feature_importance("gain", iteration=model.rounds), strict=True))
        row: dict[str, Any] = {"features": name, "depth": model.depth, "rounds": model.rounds}
        row |= {
            f"auc_{label}": round(
                evaluation.auc(loans.charged_off, model.raw(feature_matrix(loans, risks, columns))), 4
            )
            for label, loans in periods.items()
        }
        row["gain_share"] = {
            column: round(float(gain) / float(sum(gains.values())), 3) for column, gain in gains.items()
        }
        rows.append(row)
    return rows


def train(loans: Loans) -> tuple[str, dict[str, Any]]:
    """The artefact's text and the card."""
    training, choice = loans.between(*TRAIN_YEARS), loans.between(*CHOICE_YEARS)
    test, late = loans.between(*TEST_YEARS), loans.between(*LATE_YEARS)
    risks = goods_risk(training, vintage_log_odds(training))
    model = fit(training, choice, risks, FEATURES, MONOTONE)
    artefact = model.booster.model_to_string(num_iteration=model.rounds)
    raw_choice = model.raw(feature_matrix(choice, risks, FEATURES))
    slope = round(min(max(evaluation.logistic_line(choice.charged_off, raw_choice)[1], 0.0), 1.0), 4)
    prior_rate = float(loans.between(TRAIN_YEARS[1], TRAIN_YEARS[1]).charged_off.mean())
    everything = loans.between(TRAIN_YEARS[0], LATE_YEARS[1])
    raw_everything = model.raw(feature_matrix(everything, risks, FEATURES))
    serving = {
        "features": list(FEATURES),
        "monotone": list(MONOTONE),
        "slope": slope,
        "goods_risk": risks,
        "reference": [float(np.nanmedian(training.employees)), 0.0, 0.0],
    }
    results = {
        label: period_figures(period, model.raw(feature_matrix(period, risks, FEATURES)), slope, prior_rate)
        for label, period in (("2005", choice), ("2006-2007", test), ("2008-2010", late))
    }
    return artefact, {
        "version": APPLICATION_VERSION,
        "artefact": f"{APPLICATION_VERSION}.txt",
        "artefact_sha256": hashlib.sha256(artefact.encode()).hexdigest(),
        "serving": serving,
        "serving_sha256": hashlib.sha256(canonical_json(serving)).hexdigest(),
        "data": _data_section(loans, training),
        "model": {
            "kind": "LightGBM, binary log-loss, init_score = log-odds of the vintage",
            "lightgbm": lightgbm.__version__,
            "depth": model.depth,
            "trees": model.rounds,
            "parameters": {key: value for key, value in PARAMETERS.items() if key != "verbose"},
            "masked_share": MASKED_SHARE,
            "gain_share": _gain_share(model),
        },
        "results": results,
        "vintages": vintage_table(everything, raw_everything, slope, prior_rate),
        "ablation": ablation(training, choice, {"2006_2007": test, "2008_2010": late}, risks),
        "limits": list(card.LIMITS),
    }


def _data_section(loans: Loans, training: Loans) -> dict[str, Any]:
    return {
        "source": f"{sba_loans.REQUIREMENT}: {sba_loans.FILE}",
        "sha256": sba_loans.FILE_SHA256,
        "retail_loans_with_outcome": len(loans),
        "charged_off": int(loans.charged_off.sum()),
        "train_years": list(TRAIN_YEARS),
        "choice_years": list(CHOICE_YEARS),
        "test_years": list(TEST_YEARS),
        "late_years": list(LATE_YEARS),
        "train_loans": len(training),
        "train_charge_off_rate": round(float(training.charged_off.mean()), 4),
        "train_charge_off_rate_2004": round(float(loans.between(2004, 2004).charged_off.mean()), 4),
    }


def _gain_share(model: Trained) -> dict[str, float]:
    gains = model.booster.feature_importance("gain", iteration=model.rounds)
    return {name: round(float(gain / gains.sum()), 3) for name, gain in zip(model.columns, gains, strict=True)}


def _probability(log_odds: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-log_odds)), dtype=np.float64)


def main(arguments: Sequence[str] | None = None) -> None:
    """Fetches, trains, writes artefact and card."""
    parser = argparse.ArgumentParser(prog="python -m sycee_scoring.training", description=__doc__.partition("\n")[0])
    parser.add_argument("--cache", type=Path, default=Path(".cache/sba-loans"), help="where the loans are kept")
    parser.add_argument("--output", type=Path, default=MODELS, help="where artefact and card go")
    options = parser.parse_args(arguments)
    artefact, figures = train(sba_loans.read(sba_loans.fetch(options.cache)))
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / figures["artefact"]).write_text(artefact, encoding="utf-8")
    (options.output / f"{APPLICATION_VERSION}.json").write_text(
        json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    (options.output / f"{APPLICATION_VERSION}.md").write_text(card.render(figures), encoding="utf-8")
    print(json.dumps({"version": APPLICATION_VERSION, "sha256": figures["artefact_sha256"], **_summary(figures)}))  # noqa: T201


def _summary(figures: dict[str, Any]) -> dict[str, float]:
    return {f"auc_{period}": entry["auc"]["value"] for period, entry in figures["results"].items()}


if __name__ == "__main__":
    main()
