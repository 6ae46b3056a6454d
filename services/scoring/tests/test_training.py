"""Training on a small made-up file of the real one's form: read as published, deterministic, and silent on names."""

from __future__ import annotations

import csv
import hashlib
import json
import math
from pathlib import Path

import numpy as np
import pytest
from sycee_scoring import evaluation, sba_loans, training
from sycee_scoring.model_files import load_application_model

HEADER = (
    "LoanNr_ChkDgt", "Name", "City", "State", "Zip", "Bank", "BankState", "NAICS", "ApprovalDate", "ApprovalFY",
    "Term", "NoEmp", "NewExist", "CreateJob", "RetainedJob", "FranchiseCode", "UrbanRural", "RevLineCr",
    "LowDoc", "ChgOffDate", "DisbursementDate", "DisbursementGross", "BalanceGross", "MIS_Status",
    "ChgOffPrinGr", "GrAppv", "SBA_Appv",
)  # fmt: skip
TRADES = ("448140", "446120", "443120", "445310", "453910", "451110", "722110")


def write_loans(path: Path, count: int = 9_000) -> None:
    """Loans whose outcome depends on people, age and goods, with the blanks and commas that a reader must survive."""
    random = np.random.default_rng(3)
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(HEADER)
        for number in range(count):
            employees, trade = int(random.geometric(0.2)), int(random.integers(len(TRADES)))
            new = int(random.integers(2))
            odds = -1.2 + 0.5 * new - 0.08 * employees + 0.4 * (trade - 2) / 2
            bad = random.random() < 1 / (1 + math.exp(-odds))
            status = "" if number % 500 == 0 else "CHGOFF" if bad else "P I F"
            year = f"{1990 + number % 21}{'A' if number % 97 == 0 else ''}"
            row = dict.fromkeys(HEADER, "0") | {
                "Name": 'SOMEONE "AND SONS", INC',
                "NAICS": TRADES[trade],
                "ApprovalFY": year,
                "NoEmp": str(employees if number % 50 else 0),
                "NewExist": str(new + 1) if number % 60 else "",
                "MIS_Status": status,
                "GrAppv": f"${random.integers(5, 900)},000.00 ",
            }
            rows.writerow([row[name] for name in HEADER])


@pytest.fixture(scope="module")
def loans(tmp_path_factory: pytest.TempPathFactory) -> sba_loans.Loans:
    path = tmp_path_factory.mktemp("loans") / "train.csv"
    write_loans(path)
    return sba_loans.read(path)


def test_only_retail_loans_with_an_outcome_are_kept(loans: sba_loans.Loans) -> None:
    assert 7_000 < len(loans) < 8_200
    assert set(np.unique(loans.charged_off)) == {0.0, 1.0}
    assert loans.fiscal_year.min() == 1990
    assert loans.fiscal_year.max() == 2010
    assert np.isnan(loans.employees).any()
    assert np.isnan(loans.new_business).any()
    assert np.nanmin(loans.employees) >= 1.0
    assert (loans.amount > 0).all()
    assert len(loans.between(2006, 2007)) == int(((loans.fiscal_year == 2006) | (loans.fiscal_year == 2007)).sum())


def test_training_is_deterministic_and_its_files_load(
    loans: sba_loans.Loans, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "RESAMPLES", 20)
    monkeypatch.setattr(training, "ROUNDS", (10, 20))
    monkeypatch.setattr(training.sba_loans, "fetch", lambda _: tmp_path)
    monkeypatch.setattr(training.sba_loans, "read", lambda _: loans)
    digests = []
    for name in ("first", "second"):
        training.main(["--output", str(tmp_path / name)])
        figures = json.loads((tmp_path / name / "application-2026.1.json").read_text(encoding="utf-8"))
        digests.append(figures["artefact_sha256"])
        model = load_application_model(tmp_path / name)
        assert model.log_odds((1.0, 1.0, model.goods_risk["pets"])) > model.log_odds(
            (9.0, 0.0, model.goods_risk["apparel"])
        )
        assert figures["results"]["2006-2007"]["auc"]["value"] > 0.55
        text = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / name).iterdir())
        assert "SOMEONE" not in text
        assert str(tmp_path) not in text
    assert digests[0] == digests[1]


def test_a_file_that_is_not_the_published_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / sba_loans.FILE
    path.parent.mkdir(parents=True)
    path.write_text("not it")
    with pytest.raises(sba_loans.TrainingDataError, match=hashlib.sha256(b"not it").hexdigest()):
        sba_loans.fetch(tmp_path)


def test_auc_counts_pairs() -> None:
    random = np.random.default_rng(2)
    bad = (random.random(200) < 0.3).astype(float)
    risk = np.round(random.normal(size=200) + bad, 1)
    pairs = [(1.0 if b > g else 0.5 if b == g else 0.0) for b in risk[bad == 1] for g in risk[bad == 0]]
    assert evaluation.auc(bad, risk) == pytest.approx(np.mean(pairs))
    assert evaluation.auc(bad, np.zeros(200)) == 0.5


def test_ks_is_the_widest_gap() -> None:
    assert evaluation.ks(np.array([0.0, 0.0, 1.0, 1.0]), np.array([1.0, 2.0, 3.0, 4.0])) == 1.0
    assert evaluation.ks(np.array([0.0, 1.0, 0.0, 1.0]), np.array([1.0, 1.0, 2.0, 2.0])) == 0.0


def test_a_logistic_line_is_found_again() -> None:
    random = np.random.default_rng(4)
    risk = random.normal(size=50_000)
    bad = (random.random(50_000) < 1 / (1 + np.exp(-(0.4 + 0.7 * risk)))).astype(float)
    intercept, slope = evaluation.logistic_line(bad, risk)
    assert (intercept, slope) == (pytest.approx(0.4, abs=0.05), pytest.approx(0.7, abs=0.05))


def test_an_intercept_gives_its_mean() -> None:
    risk = np.random.default_rng(5).normal(size=500)
    intercept = evaluation.intercept_for(0.2, risk)
    assert np.mean(1 / (1 + np.exp(-(risk + intercept)))) == pytest.approx(0.2, abs=1e-9)


def test_an_interval_holds_its_value_and_repeats() -> None:
    random = np.random.default_rng(6)
    bad = (random.random(400) < 0.4).astype(float)
    risk = random.normal(size=400) + bad
    first = evaluation.with_interval(evaluation.auc, bad, risk)
    assert first.low < first.value < first.high
    assert first == evaluation.with_interval(evaluation.auc, bad, risk)
