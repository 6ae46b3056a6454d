"""Tables as people keep them: numbers, dates, missing values and labels in many spellings."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sycee_scoring.learning import table
from sycee_scoring.learning.labels import LabelError, bads_of
from sycee_scoring.learning.screening import useful
from sycee_scoring.learning.table import TableError


def _csv(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "loans.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_numbers_dates_and_categories_are_told_apart(tmp_path: Path) -> None:
    path = _csv(
        tmp_path,
        "amount;rate;opened;since;kind;other;y\n"
        '"1,234.50";12.5%;2011-12-01;Dec-2011;car;none;0\n'
        "$300;?;2012-01-01;Jan-2012;none;guarantor;1\n"
        "(20);3%;;Feb-2012;car;NA;0\n",
    )
    read = table.read(path, "y")
    np.testing.assert_array_equal(read.columns["amount"], [1234.5, 300.0, -20.0])
    np.testing.assert_array_equal(read.columns["rate"], [12.5, np.nan, 3.0])
    start = (dt.date(2011, 12, 1) - dt.date(1970, 1, 1)).days
    np.testing.assert_array_equal(read.columns["opened"], [start, start + 31, np.nan])
    np.testing.assert_array_equal(read.columns["since"], [start, start + 31, start + 62])
    assert read.columns["kind"] == ["car", "none", "car"]
    assert read.columns["other"] == ["none", "guarantor", ""]
    np.testing.assert_array_equal(read.bad, [0.0, 1.0, 0.0])


def test_parquet_types_are_kept_and_nested_columns_left_out_with_a_note(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "flag": [True, None, False],
            "day": [dt.date(1970, 1, 3), None, dt.date(1970, 1, 1)],
            "at": [dt.datetime(1970, 1, 2, 12, tzinfo=dt.UTC)] * 3,
            "count": [1, None, 3],
            "age": ["41", "nan", "30"],
            "far": [float("inf"), 1e300, 1.0],
            "list": [[1], [2], [3]],
            "y": ["good", "bad", "good"],
        }
    )
    frame.write_parquet(tmp_path / "loans.parquet")
    read = table.read(tmp_path / "loans.parquet", "y")
    np.testing.assert_array_equal(read.columns["flag"], [1.0, np.nan, 0.0])
    np.testing.assert_array_equal(read.columns["day"], [2.0, np.nan, 0.0])
    np.testing.assert_array_equal(read.columns["at"], [1.5, 1.5, 1.5])
    np.testing.assert_array_equal(read.columns["count"], [1.0, np.nan, 3.0])
    np.testing.assert_array_equal(read.columns["age"], [41.0, np.nan, 30.0])
    np.testing.assert_array_equal(read.columns["far"], [np.nan, table.LARGEST, 1.0])
    assert "list" not in read.columns
    assert any("'list'" in note for note in read.notes)


def test_rows_without_label_are_left_out_and_times_are_no_column(tmp_path: Path) -> None:
    path = _csv(tmp_path, "x,when,y\n1,2011-01-01,0\n2,2010-01-01,1\n3,2012-01-01,\n4,,1\n5,2013-01-01,1\n")
    read = table.read(path, "y", "when")
    assert list(read.columns) == ["x"]
    np.testing.assert_array_equal(read.columns["x"], [1.0, 2.0, 5.0])
    assert read.times is not None
    assert np.argsort(read.times).tolist() == [1, 0, 2]
    assert read.notes == ("1 rows without 'y' are left out", "1 rows without 'when' are left out")


def test_chinese_tables_in_gbk_are_read(tmp_path: Path) -> None:
    read = table.read(_csv(tmp_path, "金额,是否违约\n100,违约\n200,正常\n", "gb18030"), "是否违约")
    np.testing.assert_array_equal(read.bad, [1.0, 0.0])


@pytest.mark.parametrize(
    ("labels", "bad", "how"),
    [
        (["0", "1.0", "1"], [0, 1, 1], ""),
        (["1", "2"], [0, 1], "the greater value, 2, is taken as bad"),
        (["-1", "1"], [0, 1], "the greater value, 1, is taken as bad"),
        (["GOOD", "Bad"], [0, 1], ""),
        (["Fully Paid", "Charged Off", "CHGOFF", "P I F"], [0, 1, 1, 0], ""),
        (["no", "yes"], [0, 1], ""),
        (["True", "false"], [1, 0], ""),
        (["non-default", "default"], [0, 1], ""),
    ],
)
def test_labels_in_many_spellings(labels: list[str], bad: list[int], how: str) -> None:
    read, said = bads_of(labels)
    assert read.tolist() == bad
    assert said == how


def test_any_two_or_more_values_with_the_bad_one_named() -> None:
    assert bads_of(["A", "B", "C"], "C")[0].tolist() == [0, 0, 1]
    for labels, named, words in (
        (["0", "1", "2"], None, "name the bad value with --bad"),
        (["x", "y"], None, "name the bad value"),
        (["0", "0"], None, "only good rows"),
        (["1", "1"], None, "only bad rows"),
        (["0", "1"], "7", "holds no '7'"),
    ):
        with pytest.raises(LabelError, match=words):
            bads_of(labels, named)


@pytest.mark.parametrize(
    ("text", "label", "time", "words"),
    [
        ("x,y\n1,0\n2,1\n", "z", None, "--label: .*no column 'z', only 'x', 'y'"),
        ("x,y\n1,0\n2,1\n", "y", "t", "--time: .*no column 't'"),
        ("x,y\n1,0\n2,1\n", "y", "y", "--time: 'y' is the label"),
        ("x,y\n", "y", None, "holds no rows"),
        ("x,y\n1,\n2,\n", "y", None, "'y' is empty in every row"),
        ("", "y", None, "neither CSV"),
    ],
)
def test_files_that_cannot_be_used_are_refused_by_name(
    tmp_path: Path, text: str, label: str, time: str | None, words: str
) -> None:
    with pytest.raises(TableError, match=words):
        table.read(_csv(tmp_path, text), label, time)


def test_a_missing_and_a_broken_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"none\.csv cannot be read"):
        table.read(tmp_path / "none.csv", "y")
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 and nothing more")
    with pytest.raises(TableError, match="neither CSV"):
        table.read(broken, "y")


def test_constants_and_identifiers_are_left_out_and_amounts_kept() -> None:
    random = np.random.default_rng(1)
    rows = 200
    kept, notes = useful(
        {
            "row": np.arange(rows) + 7.0,
            "shuffled": random.permutation(rows) + 1.0,
            "customer_id": random.permutation(10**6)[:rows].astype(float),
            "name": [f"n{at}" for at in range(rows)],
            "constant": np.ones(rows),
            "one": ["a"] * rows,
            "empty": np.full(rows, np.nan),
            "paid": random.permutation(10**6)[:rows].astype(float),
            "sparse": np.where(np.arange(rows) % 2, np.nan, 1.0),
            "kind": [f"k{at % 30}" for at in range(rows)],
            "grid": random.normal(size=rows),
        }
    )
    assert list(kept) == ["paid", "sparse", "kind", "grid"]
    assert len(notes) == 7
