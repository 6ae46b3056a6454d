"""`sycee eval merchants`: firms told apart without training, whatever they are called."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from merchant_invoices import END, Row, book, invoice, shared_file, table, written
from sycee_scoring.evaluations import merchants

STEADY, DYING = range(12), range(12, 24)


def firms() -> tuple[list[Row], pl.DataFrame]:
    """A dozen steady firms; a dozen small ones that sell now and then, half of which stopped long ago. One firm more
    has a label and nothing but a voided invoice."""
    rows: list[Row] = []
    for n in STEADY:
        rows += book(f"F{n}", 4_000.0 + 500 * n, every_days=2 + n % 3, customers=12)
    for n in DYING:
        last = END - timedelta(days=20 + 30 * (n % 6))
        rows += book(f"F{n}", 3_000.0, every_days=25 + n, days=500, customers=2, last=last)
    rows.append(invoice("F24", END, 10.0, 1, valid=False))
    labels = pl.DataFrame({"firm": [f"F{n}" for n in range(25)], "default": [int(n in DYING) for n in range(25)]})
    return rows, labels


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Writes sales and labels, runs, gives exit code, standard output and error."""

    def run(rows: list[Row], labels: pl.DataFrame, *more: str) -> tuple[int, str, str]:
        sales = written(tmp_path / "sales.parquet", table(rows))
        truth = written(tmp_path / "labels.csv", labels)
        code = merchants.main(["--sales", str(sales), "--labels", str(truth), *more])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def test_weak_firms_rank_behind_strong_ones_and_the_refused_are_counted(
    run: Callable[..., tuple[int, str, str]],
) -> None:
    code, out, _ = run(*firms(), "--json")
    assert code == 0
    found = json.loads(out)
    assert list(found) == ["n", "bads", "auc", "scored", "refused"]
    assert (found["n"], found["bads"], found["scored"], found["refused"]) == (25, 12, 24, 1)
    assert 0.95 <= found["auc"]["value"] <= 1.0
    assert found["auc"]["low"] <= found["auc"]["value"] <= found["auc"]["high"]


def test_neither_names_nor_the_order_of_rows_matter(run: Callable[..., tuple[int, str, str]]) -> None:
    rows, labels = firms()
    before = json.loads(run(rows, labels, "--json")[1])
    renamed = {f"F{n}": f"Z{(n * 7) % 25}" for n in range(25)}
    turned = [row | {"firm": renamed[row["firm"]]} for row in reversed(rows)]
    after = json.loads(run(turned, labels.with_columns(pl.col("firm").replace(renamed)), "--json")[1])
    assert after == before


def test_firms_without_a_label_stay_out_and_labels_without_a_firm_are_refused(
    run: Callable[..., tuple[int, str, str]],
) -> None:
    rows, labels = firms()
    some = pl.concat([labels.filter(pl.col("firm") != "F3"), pl.DataFrame({"firm": ["unknown"], "default": [1]})])
    found = json.loads(run(rows, some, "--json")[1])
    assert (found["n"], found["bads"], found["scored"], found["refused"]) == (25, 13, 23, 2)


def test_a_table_for_people(run: Callable[..., tuple[int, str, str]]) -> None:
    code, out, _ = run(*firms())
    assert code == 0
    assert all(word in out for word in ("AUC", "band 1", "refused, without a valid sale: 1, of them bad: 0"))


def test_duplicates_are_told_on_standard_error(run: Callable[..., tuple[int, str, str]]) -> None:
    rows, labels = firms()
    code, out, err = run([*rows, rows[0]], labels, "--json")
    assert code == 0
    assert "1 exact duplicates" in err
    assert out.count("\n") == 1


@pytest.mark.parametrize(
    ("labels", "rule"),
    [
        (pl.DataFrame({"firm": ["F0", "F1"], "default": [0, 0]}), "needs both"),
        (pl.DataFrame({"firm": ["F0", "F1"], "default": ["maybe", "0"]}), "'maybe'"),
        (pl.DataFrame({"firm": ["F0", "F1"]}), "no column 'default'"),
        (pl.DataFrame({"firm": ["nobody", "none"], "default": [0, 1]}), "needs both"),
    ],
)
def test_bad_labels_exit_with_two_and_one_line(
    run: Callable[..., tuple[int, str, str]], labels: pl.DataFrame, rule: str
) -> None:
    code, out, err = run(firms()[0], labels, "--json")
    assert code == 2
    assert out == ""
    assert rule in err
    assert "labels.csv" in err
    assert err.strip().count("\n") == 0


def test_without_labels_a_cut_tells_who_lost_trade(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cut = END - timedelta(days=185)
    rows = [row for n in range(20) for row in book(f"F{n}", 5_000.0, every_days=2 + n % 3)]
    for n in range(20, 26):
        rows += [row for row in book(f"F{n}", 2_000.0, every_days=30, customers=1) if row["date"] < cut]
        rows.append(invoice(f"F{n}", END, 1.0, 99_999))
    sales = written(tmp_path / "sales.csv", table(rows))
    assert merchants.main(["--sales", str(sales), "--cut", cut.isoformat(), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["n"], found["bads"], found["refused"]) == (26, 6, 0)
    assert found["auc"]["value"] > 0.9


def test_a_cut_without_days_to_follow_says_how_many_are_needed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sales = written(tmp_path / "sales.csv", table(book("F0", 5.0)))
    assert merchants.main(["--sales", str(sales), "--cut", (END - timedelta(days=30)).isoformat()]) == 2
    assert "needs invoices until 2020-07-21" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["--cut", "2019-07-01", "--labels", "l.csv"], ["--cut", "July"]])
def test_wrong_options_exit_with_two(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        merchants.main(["--sales", "s.csv", *words])
    assert stopped.value.code == 2
    assert capsys.readouterr().out == ""


@pytest.mark.shared_data
def test_real_firms_that_lost_half_of_their_trade_were_ranked_before(capsys: pytest.CaptureFixture[str]) -> None:
    sales, purchases = shared_file("cumcm302_sales.parquet"), shared_file("cumcm302_purchases.parquet")
    words = ["--sales", str(sales), "--purchases", str(purchases), "--cut", "2019-01-01", "--json"]
    assert merchants.main(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["n"] > 290
    assert found["refused"] == 0
    assert found["auc"]["value"] > 0.75
