"""Files of invoices and labels: read as people write them, refused with the file, column, value and rule."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
from merchant_invoices import invoice, table, written
from polars.testing import assert_frame_equal
from sycee_scoring.evaluations.invoice_files import EvaluationError, read_invoices, read_labels

DAY = date(2019, 7, 1)
ROWS = (
    invoice("E1", DAY, 1234.56, 1),
    invoice("E1", DAY, 1234.56, 1),
    invoice("E1", DAY, -1234.56, 2),
    invoice("E2", date(2019, 12, 31), 5.0, 1, valid=False, counterparty="C2"),
)
EXPECTED = pl.DataFrame(
    {
        "firm": ["E1", "E1", "E2"],
        "date": [DAY, DAY, date(2019, 12, 31)],
        "counterparty": ["C1", "C1", "C2"],
        "net_fen": [123456, -123456, 500],
        "valid": [True, True, False],
    }
)


@pytest.mark.parametrize("name", ["sales.parquet", "sales.csv"])
def test_exact_duplicates_count_once_and_red_letters_stay_below_zero(tmp_path: Path, name: str) -> None:
    read, dropped = read_invoices("--sales", written(tmp_path / name, table(ROWS)))
    assert dropped == 1
    assert_frame_equal(read, EXPECTED)


def test_a_file_as_an_office_in_china_saves_it(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    text = (
        "Firm,DATE,counterparty,net_amount,valid\n"
        'E1,2019/7/1,C1,"1,234.56",有效发票\n'
        "E1, 20190701 ,C1,-1234.56,有效\n"
        "E2,2019-12-31 00:00:00,C2,5,作废发票\n"
    )
    path.write_bytes(text.encode("gb18030"))
    read, dropped = read_invoices("--sales", path)
    assert dropped == 0
    assert_frame_equal(read, EXPECTED)


def test_moments_keep_the_day_as_written(tmp_path: Path) -> None:
    frame = table(ROWS).with_columns(pl.lit(datetime(2019, 7, 1, 23, 59)).alias("date"))  # noqa: DTZ001 - as in files
    read, _ = read_invoices("--sales", written(tmp_path / "sales.parquet", frame))
    assert set(read["date"]) == {DAY}


def test_a_counterparty_that_is_not_named_is_nobody(tmp_path: Path) -> None:
    frame = table([invoice("E1", DAY, 1.0, 1, counterparty=" "), invoice("E1", DAY, 1.0, 2, counterparty=None)])
    read, _ = read_invoices("--sales", written(tmp_path / "sales.parquet", frame))
    assert read["counterparty"].null_count() == 2


@pytest.mark.parametrize(
    ("column", "value", "named"),
    [
        ("date", "2019-02-30", "'2019-02-30'"),
        ("date", "soon", "'soon'"),
        ("date", "0019-02-03", "'0019-02-03'"),
        ("net_amount", "12,5 yuan", "'12,5 yuan'"),
        ("net_amount", "nan", "'nan'"),
        ("net_amount", "inf", "'inf'"),
        ("net_amount", "1e15", "'1e15'"),
        ("valid", "perhaps", "'perhaps'"),
        ("firm", "", "None"),
    ],
)
def test_a_wrong_value_is_named_with_file_column_and_rule(tmp_path: Path, column: str, value: str, named: str) -> None:
    frame = table(ROWS).cast(pl.String)
    frame = frame.with_columns(
        pl.when(pl.int_range(pl.len()) == 2).then(pl.lit(value)).otherwise(pl.col(column)).alias(column)
    )
    path = written(tmp_path / "sales.csv", frame)
    with pytest.raises(EvaluationError) as error:
        read_invoices("--sales", path)
    message = str(error.value)
    assert all(part in message for part in ("--sales", "sales.csv", f"'{column}'", "must")), message
    assert named in message or f"'{value}'" in message
    assert "\n" not in message


@pytest.mark.parametrize("column", ["firm", "date", "counterparty", "net_amount", "valid"])
def test_a_missing_column_is_named(tmp_path: Path, column: str) -> None:
    path = written(tmp_path / "sales.parquet", table(ROWS).drop(column))
    with pytest.raises(EvaluationError, match=f"no column '{column}'"):
        read_invoices("--sales", path)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "CSV"),
        (b"PAR1nonsense", "Parquet"),
        (b"firm,date\n", "no rows"),
        (b"firm,firm \nE1,E2\n", "twice"),
        (bytes(range(128, 256)), "CSV"),
    ],
)
def test_a_file_that_is_no_table_says_so(tmp_path: Path, content: bytes, rule: str) -> None:
    path = tmp_path / "sales.csv"
    path.write_bytes(content)
    with pytest.raises(EvaluationError, match=rule):
        read_invoices("--sales", path)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"nowhere\.csv cannot be read"):
        read_invoices("--sales", tmp_path / "nowhere.csv")


@pytest.mark.parametrize("words", [("1", "0"), ("yes", "no"), ("是", "否"), ("TRUE", "False"), ("1.0", "0.0")])
def test_labels_in_any_common_words(tmp_path: Path, words: tuple[str, str]) -> None:
    frame = pl.DataFrame({"firm": ["E1", " E2 ", "E1"], "default": [words[0], words[1], words[0]]})
    assert read_labels("--labels", written(tmp_path / "labels.csv", frame)) == {"E1": True, "E2": False}


def test_a_firm_with_both_labels_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "labels.csv", pl.DataFrame({"firm": ["E1", "E1"], "default": [1, 0]}))
    with pytest.raises(EvaluationError, match="'E1' has both labels"):
        read_labels("--labels", path)


def test_a_label_that_is_none_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "labels.csv", pl.DataFrame({"firm": ["E1"], "default": [2]}))
    with pytest.raises(EvaluationError, match="column 'default' holds '2'"):
        read_labels("--labels", path)
