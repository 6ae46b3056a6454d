"""Files: where they may lie, and how each format is read."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from sycee_ingestion.files import ImportRoot, TableFile, UnreadableFileError, open_table
from sycee_ingestion.mapping import FileShape
from sycee_service.errors import InvalidArgument, NotFound

TEXT = FileShape(header=False, columns=("buyer", "day", "pieces", "dollars"))


def rows(table: TableFile, skip: int = 0, size: int = 2) -> list[object]:
    chunks = list(table.chunks(skip, size))
    assert all(0 < len(chunk) <= size for chunk in chunks)
    return [None if row is None else tuple(row) for chunk in chunks for row in chunk]


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_text_is_split_at_blanks(tmp_path: Path) -> None:
    table = open_table(
        write(tmp_path / "a.txt", " 00001 19970101  1   11.77\n\n 00002\t19970112  1   12.00\n00003 short\n"), TEXT
    )
    assert table.columns == ("buyer", "day", "pieces", "dollars")
    assert table.count() == 3
    expected = [("00001", "19970101", "1", "11.77"), ("00002", "19970112", "1", "12.00"), None]
    assert rows(table) == expected
    assert rows(table, skip=1) == expected[1:]


def test_text_may_have_a_header_and_lines_before_it(tmp_path: Path) -> None:
    table = open_table(write(tmp_path / "a.txt", "written by hand\nday amount\n1 2\n"), FileShape(skip_lines=1))
    assert table.columns == ("day", "amount")
    assert rows(table) == [("1", "2")]


def test_csv_keeps_text_as_it_is(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'no;who;amount\n007;"a;b";1.50\n008;;\n009;"two\nlines";3\n')
    table = open_table(path, FileShape(separator=";"))
    assert table.columns == ("no", "who", "amount")
    assert table.count() == 3
    expected = [("007", "a;b", "1.50"), ("008", None, None), ("009", "two\nlines", "3")]
    assert rows(table) == expected
    assert rows(table, skip=2) == expected[2:]


def test_csv_without_a_header_is_named_by_the_mapping(tmp_path: Path) -> None:
    table = open_table(write(tmp_path / "a.csv", "1,2\n3,4\n"), FileShape(header=False, columns=("a", "b")))
    assert rows(table) == [("1", "2"), ("3", "4")]


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame(
        {"day": [date(2020, 1, 1)] * 5, "amount": [1.5, None, -2.0, 0.0, 9.0], "ok": [True] * 5}
    ).write_parquet(path, row_group_size=2)
    table = open_table(path, FileShape())
    assert table.count() == 5
    assert rows(table)[:2] == [(date(2020, 1, 1), 1.5, True), (date(2020, 1, 1), None, True)]
    assert [row[1] for row in rows(table, skip=3)] == [0.0, 9.0]


def test_a_long_file_comes_in_order_from_wherever_it_went_on(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "n\n" + "".join(f"{n}\n" for n in range(50_000)))
    table = open_table(path, FileShape())
    assert table.count() == 50_000
    for skip in (0, 499, 500, 49_999, 50_000):
        assert [int(row[0]) for row in rows(table, skip=skip, size=500)] == list(range(skip, 50_000))


@pytest.mark.parametrize("name", ["a.parquet", "a.txt", "a.csv"])
def test_what_is_not_its_format_fails_without_showing_it(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"a,b\n\xff\xfe13800000000,\xff\n")
    with pytest.raises((UnreadableFileError, InvalidArgument)) as error:
        rows(open_table(path, FileShape()))
    assert "138" not in str(error.value)


def test_a_ragged_csv_fails(tmp_path: Path) -> None:
    table = open_table(write(tmp_path / "a.csv", "a,b\n1,2\n1,2,3\n"), FileShape())
    with pytest.raises(UnreadableFileError):
        rows(table)


@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.parquet"])
def test_an_empty_file_fits_no_mapping(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, "")
    if name == "a.txt":
        assert open_table(path, FileShape()).columns == ()
        return
    with pytest.raises(InvalidArgument) as error:
        open_table(path, FileShape())
    assert error.value.violations[0].field == "mapping_yaml.file"


def test_only_what_lies_below_the_root_is_found(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "deep").mkdir(parents=True)
    secret = write(tmp_path / "secret.csv", "a\n")
    inside = write(root / "deep" / "a.csv", "a\n")
    (root / "link.csv").symlink_to(inside)
    (root / "leak.csv").symlink_to(secret)
    (root / "round.csv").symlink_to(root / "round.csv")
    (root / "folder.csv").mkdir()
    places = ImportRoot(root)
    for good in ("deep/a.csv", "link.csv", "deep/../deep/a.csv", str(inside)):
        assert places.find(good) == inside
    for bad in ("../secret.csv", "leak.csv", "round.csv", "folder.csv", "none.csv", str(secret), "x" * 400 + ".csv"):
        with pytest.raises(NotFound):
            places.find(bad)
    for odd in ("a.xlsx", "a", "a.csv\x00.csv", ""):
        with pytest.raises(InvalidArgument):
            places.find(odd)
