"""`sycee eval credit` from file to figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sycee_scoring.evaluations import credit
from sycee_scoring.evaluations.credit_validation import SplitError, by_folds, by_time, copies
from sycee_scoring.learning import boosted

HMEQ = Path(__file__).parents[4] / "shared/data/credit/hmeq.parquet"
ROWS = 300


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few trees: what is tested here is the way there."""
    monkeypatch.setattr(boosted, "MOST_ROUNDS", 20)
    monkeypatch.setattr(boosted, "SMALL_REPEATS", 1)
    monkeypatch.setattr(boosted, "SMALL_SEEDS", 1)


def _loans(path: Path, **more: Any) -> Path:
    random = np.random.default_rng(1)
    x = random.normal(size=ROWS)
    bad = random.random(ROWS) < 1.0 / (1.0 + np.exp(0.5 - 2.0 * x))
    columns = {"x, {odd}": x, "kind": random.choice(["a", "b", ""], ROWS), "row": np.arange(ROWS), **more}
    pl.DataFrame({**columns, "Outcome": np.where(bad, "Charged Off", "Fully Paid")}).write_csv(path)
    return path


def test_the_last_line_is_the_figures_of_all_four(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = _loans(tmp_path / "loans.csv")
    assert credit.main(["--file", str(file), "--label", "Outcome", "--folds", "2", "--json"]) == 0
    out, err = capsys.readouterr()
    (line,) = out.splitlines()
    figures = json.loads(line)
    assert set(figures) == {"n", "bad_rate", "models"}
    assert figures["n"] == ROWS
    assert list(figures["models"]) == ["scorecard", "boosted", "logistic", "lightgbm_default"]
    for model in figures["models"].values():
        assert set(model) == {"auc", "ks", "brier", "ece"}
        assert 0.7 < model["auc"]["low"] < model["auc"]["value"] < model["auc"]["high"] < 1.0
        assert 0.0 < model["brier"] < 0.25
    assert "column 'row' is left out" in err
    assert "AUC by fold" in err


def test_out_of_time_tests_on_the_last_rows_and_a_person_reads_a_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = _loans(tmp_path / "loans.csv", year=[2010 + at % 10 for at in range(ROWS)])
    assert credit.main(["--file", str(file), "--label", "Outcome", "--time", "year"]) == 0
    out, err = capsys.readouterr()
    assert "90 loans" in out
    assert "lightgbm_default" in out
    assert "learnt from 210 rows, tested on the 90 that are later by 'year'" in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--label", "none"], "no column 'none'"),
        (["--label", "kind"], "name the bad value with --bad"),
        (["--label", "Outcome", "--bad", "Lost"], "holds no 'Lost', only 'Charged Off', 'Fully Paid'"),
        (["--label", "Outcome", "--time", "same"], "'same': all rows have one time"),
    ],
)
def test_what_cannot_be_judged_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    file = _loans(tmp_path / "loans.csv", same=[1] * ROWS)
    assert credit.main(["--file", str(file), *arguments, "--json"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert words in err


@pytest.mark.parametrize("folds", ["1", "21", "five", "2.5"])
def test_folds_out_of_bounds_are_refused(folds: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        credit.main(["--file", "x", "--label", "y", "--folds", folds])
    assert "is not a whole number from 2 to 20" in capsys.readouterr().err


def test_a_table_of_nothing_but_row_numbers_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rows.csv"
    pl.DataFrame({"row": np.arange(100), "y": np.arange(100) % 2}).write_csv(path)
    assert credit.main(["--file", str(path), "--label", "y"]) == 2
    assert "no column to learn from" in capsys.readouterr().err


def test_a_column_that_gives_the_answer_away_is_pointed_at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "leak.csv"
    bad = np.arange(100) % 2
    pl.DataFrame({"recovered": bad * 10.0, "x": np.arange(100) % 7, "y": bad}).write_csv(path)
    assert credit.main(["--file", str(path), "--label", "y", "--folds", "2", "--json"]) == 0
    assert "column 'recovered' alone ranks with AUC 1.000" in capsys.readouterr().err


def test_copies_of_a_row_stay_on_one_side_unless_rows_are_alike_by_nature() -> None:
    random = np.random.default_rng(2)
    x = np.repeat(random.normal(size=60), 5)
    bad = np.repeat((random.random(60) < 0.4).astype(np.float64), 5)
    for rows, held in by_folds({"x": x}, bad, 5):
        assert set(x[rows]).isdisjoint(x[held])
    few = random.choice(["a", "b"], 300).tolist()
    assert all(len(held) == 60 for _, held in by_folds({"x": few}, bad, 5))
    assert copies({"x": np.array([1.0, np.nan, np.nan, 2.0]), "k": ["", "b", "b", ""]}).tolist() == [0, 2, 2, 1]


def test_times_are_never_parted_and_thin_sides_are_refused() -> None:
    bad = np.arange(100) % 2.0
    times = np.repeat([3.0, 1.0, 2.0, 4.0], [30, 20, 30, 20])
    ((rows, held),) = by_time(bad, times)
    assert set(times[rows]) == {1.0, 2.0, 3.0}
    assert set(times[held]) == {4.0}
    with pytest.raises(SplitError, match="the later 20 rows hold 0 of the rarer outcome; at least 5"):
        by_time(np.where(times == 4.0, 0.0, bad), times)
    with pytest.raises(SplitError, match="the rarer outcome has 3 rows"):
        by_folds({"x": times}, (np.arange(100) < 3).astype(np.float64), 5)


@pytest.mark.shared_data
def test_real_home_equity_loans(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if not HMEQ.exists():
        pytest.skip(f"{HMEQ} is absent")
    file = tmp_path / "third.parquet"
    pl.read_parquet(HMEQ).gather_every(3).write_parquet(file)
    assert credit.main(["--file", str(file), "--label", "Default", "--folds", "2", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert (figures["n"], figures["bad_rate"]) == (1987, 0.1953)
    assert figures["models"]["scorecard"]["auc"]["value"] > 0.87
    assert figures["models"]["boosted"]["auc"]["value"] > 0.88
