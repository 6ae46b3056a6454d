"""Files: where they may lie, and how each format is read, from wherever an import was stopped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sycee_ingestion.connectors import Table, UnreadableFileError
from sycee_ingestion.connectors.chunks import Broken
from sycee_ingestion.connectors.delimited import DelimitedTable
from sycee_ingestion.connectors.json_rows import LONGEST_VALUE
from sycee_ingestion.connectors.looks import look_at
from sycee_ingestion.connectors.opening import ExportTable, open_any
from sycee_ingestion.files import ImportRoot
from sycee_ingestion.mapping import FileShape
from sycee_service.errors import InvalidArgument, NotFound

TEXT = FileShape(header=False, columns=("buyer", "day", "pieces", "dollars"))


def rows(table: Table, skip: int = 0, size: int = 2) -> list[object]:
    """Every row: a tuple of its values, or the content of a broken one."""
    found: list[object] = []
    for chunk in table.chunks(skip, size):
        assert 0 < chunk.height <= size
        columns = [chunk.column(column) for column in table.columns]
        for number in range(chunk.height):
            broken = chunk.broken.get(number)
            values = tuple(column[number] for column in columns)
            if broken is None:
                assert chunk.row(number) == {
                    **chunk.row(number),
                    **known(dict(zip(table.columns, values, strict=True))),
                }
            found.append(values if broken is None else broken.content)
    return found


def known(row: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if value is not None}


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_text(text, encoding=encoding, newline="")
    return path


def test_text_is_split_at_blanks(tmp_path: Path) -> None:
    table = open_any(
        write(tmp_path / "a.txt", " 00001 19970101  1   11.77\n\n 00002\t19970112  1   12.00\n00003 short\n"), TEXT
    )
    assert table.columns == ("buyer", "day", "pieces", "dollars")
    assert table.count() == 3
    expected = [("00001", "19970101", "1", "11.77"), ("00002", "19970112", "1", "12.00"), ["00003", "short"]]
    assert rows(table) == expected
    assert rows(table, skip=1) == expected[1:]


def test_text_may_have_a_header_and_lines_before_it(tmp_path: Path) -> None:
    table = open_any(write(tmp_path / "a.txt", "written by hand\nday amount\n1 2\n"), FileShape(skip_lines=1))
    assert table.columns == ("day", "amount")
    assert rows(table) == [("1", "2")]


def test_csv_keeps_text_as_it_is(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'no;who;amount\r\n007;"a;b";1.50\r\n\r\n008;;\r\n009;"two\nlines";3\r\n')
    table = open_any(path, FileShape(separator=";"))
    assert table.columns == ("no", "who", "amount")
    assert table.count() == 3
    expected = [("007", "a;b", "1.50"), ("008", "", ""), ("009", "two\nlines", "3")]
    assert rows(table) == expected
    assert rows(table, skip=2) == expected[2:]


def test_csv_without_a_header_is_named_by_the_mapping(tmp_path: Path) -> None:
    table = open_any(write(tmp_path / "a.csv", "1,2\n3,4\n"), FileShape(header=False, columns=("a", "b")))
    assert rows(table) == [("1", "2"), ("3", "4")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_csv_in_the_encodings_that_exports_have(tmp_path: Path, encoding: str) -> None:
    path = write(tmp_path / "a.csv", "订单编号,买家\n1,张三\n2,李四\n", encoding)
    shape = FileShape(encoding="utf-8" if encoding == "utf-8-sig" else encoding)  # type: ignore[arg-type]
    table = open_any(path, shape)
    assert table.columns == ("订单编号", "买家")
    assert rows(table) == [("1", "张三"), ("2", "李四")]
    assert look_at(path).columns == ("订单编号", "买家")


def test_names_that_stand_twice_are_told_apart(tmp_path: Path) -> None:
    table = open_any(write(tmp_path / "a.csv", "a, price,price,price\n1,2,3,4\n"), FileShape())
    assert table.columns == ("a", "price", "price#2", "price#3")


@pytest.mark.parametrize(
    ("line", "content"),
    [
        (b"1,2,3", ["1", "2", "3"]),
        (b"1", ["1"]),
        (b"1,\xff\xfe", ["1", "\\udcff\\udcfe"]),
        (b'1,"' + b"x" * 200_000 + b'"', ""),
    ],
)
def test_a_record_that_is_no_row_is_broken_and_its_neighbours_are_read(
    tmp_path: Path, line: bytes, content: object
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"a,b\n1,2\n" + line + b"\n3,4\n")
    table = open_any(path, FileShape())
    assert rows(table) == [("1", "2"), content, ("3", "4")]
    assert table.count() == 3
    assert rows(table, skip=2) == [("3", "4")]


def test_bytes_that_gbk_does_not_have_are_one_broken_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("a,b\n1,张\n".encode("gbk") + b"2,\xff\xff\n" + "3,李\n".encode("gbk"))
    found = rows(open_any(path, FileShape(encoding="gbk")))
    assert (found[0], found[2]) == (("1", "张"), ("3", "李"))
    assert isinstance(found[1], list)


def test_a_quote_that_never_ends_breaks_no_more_than_it_swallows(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'a,b\n1,2\n3,"4\n5,6\n')
    assert rows(open_any(path, FileShape())) == [("1", "2"), ("3", "4\n5,6\n")]


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    frame = {"day": [date(2020, 1, 1)] * 5, "amount": [1.5, None, -2.0, 0.0, 9.0], "who": [{"id": n} for n in range(5)]}
    pl.DataFrame(frame).write_parquet(path, row_group_size=2)
    table = open_any(path, FileShape())
    assert table.count() == 5
    assert rows(table)[:2] == [(date(2020, 1, 1), 1.5, {"id": 0}), (date(2020, 1, 1), None, {"id": 1})]
    assert [row[1] for row in rows(table, skip=3)] == [0.0, 9.0]  # type: ignore[index]
    (chunk,) = table.chunks(3, 10)
    assert list(chunk.column("who.id")) == [3, 4]
    assert list(chunk.column("who.none")) == [None, None]


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "json", "parquet"])
def test_a_long_file_comes_in_order_from_wherever_it_went_on(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    frame = pl.DataFrame({"n": list(range(20_000))})
    match suffix:
        case "csv":
            frame.write_csv(path)
        case "jsonl":
            frame.write_ndjson(path)
        case "json":
            frame.write_json(path)
        case _:
            frame.write_parquet(path)
    table = open_any(path, FileShape())
    assert table.count() == 20_000
    for skip in (0, 499, 500, 19_999, 20_000):
        found = rows(table, skip=skip, size=500)
        assert [int(row[0]) for row in found] == list(range(skip, 20_000))  # type: ignore[index]


def test_json_lines_are_read_one_by_one(tmp_path: Path) -> None:
    lines = [
        '{"a": {"b": [{"c": "好"}]}}',
        "[1]",
        '{"a": NaN}',
        "{",
        "",
        '{"a": 1, "later": 2}',
        '{"a": ' + "[" * 90_000,
    ]
    table = open_any(write(tmp_path / "a.jsonl", "\n".join(lines)), FileShape(format="jsonl", columns=("rare",)))
    assert table.columns == ("rare", "a", "later")
    found = rows(table)
    assert found[:2] == [(None, {"b": [{"c": "好"}]}, None), [1]]
    assert (found[2], found[4]) == ('{"a": NaN}\n', (None, 1, 2))
    (chunk,) = open_any(tmp_path / "a.jsonl", FileShape()).chunks(0, 10)
    assert list(chunk.column("a.b[0].c")) == ["好", None, None, None, None, None]
    assert set(chunk.broken) == {1, 2, 3, 5}


@pytest.mark.parametrize(
    ("document", "items", "found"),
    [
        ('[{"n": 1}, {"n": 2}]', "", [1, 2]),
        ('{"data": {"more": 1, "orders": [{"n": 1}, {"n": 2}]}, "end": 0}', "data.orders", [1, 2]),
        ('{"head": [1, 2], "deep": {"x": {"n": 9}}, "orders": [ {"n": 1}, 7, {"n": 2} ]}', "orders", [1, 7, 2]),
        ('{"n": 5}', "", [5]),
        ("[]", "", []),
    ],
)
def test_the_objects_of_a_document_are_rows(tmp_path: Path, document: str, items: str, found: list[object]) -> None:
    path = write(tmp_path / "a.json", document)
    table = open_any(path, FileShape(items=items))
    assert [row[0] if isinstance(row, tuple) else row for row in rows(table)] == found
    assert look_at(path).shape.items == items


def test_a_long_document_is_read_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    with path.open("w") as stream:
        stream.write('{"orders": [')
        for n in range(3_000):
            stream.write(("," if n else "") + json.dumps({"n": n, "text": "x" * 1_000}))
        stream.write("]}")
    table = open_any(path, FileShape(items="orders"))
    assert table.count() == 3_000
    assert rows(table, skip=2_999) == [(2_999, "x" * 1_000)]
    path.write_text('[{"a": "' + "x" * (LONGEST_VALUE + 1_000_000) + '"}]')
    with pytest.raises(UnreadableFileError):
        open_any(path, FileShape())


@pytest.mark.parametrize("document", ['[{"n": 1}', '{"orders": 5', "", "[1,", "nothing", '{"a": ' + "[" * 90_000])
def test_a_document_that_breaks_off_is_unreadable(tmp_path: Path, document: str) -> None:
    with pytest.raises(UnreadableFileError):
        rows(open_any(write(tmp_path / "a.json", document), FileShape()))


@given(document=st.text(alphabet='[]{}:,"a1 \\', max_size=40))
def test_any_document_is_read_as_json_or_not_at_all(tmp_path_factory: pytest.TempPathFactory, document: str) -> None:
    path = write(tmp_path_factory.mktemp("any") / "a.json", document)
    try:
        (*chunks,) = open_any(path, FileShape()).chunks(0, 100)
    except UnreadableFileError:
        with suppress(ValueError):
            assert not isinstance(json.loads(document), (list, dict))
        return
    value = json.loads(document)
    expected = value if isinstance(value, list) else [value]
    found = [
        chunk.broken[n].content if n in chunk.broken else chunk.row(n) for chunk in chunks for n in range(chunk.height)
    ]
    assert found == expected


@pytest.mark.parametrize("name", ["a.parquet", "a.txt", "a.csv", "a.json", "a.jsonl"])
def test_what_is_not_its_format_fails_without_showing_it(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"\xff\xfe13800000000,\xff\n\xff\n")
    if name in {"a.txt", "a.jsonl"}:  # line by line: each is a broken row, or the header cannot be read
        with suppress(UnreadableFileError):
            assert not any(isinstance(row, tuple) for row in rows(open_any(path, FileShape())))
        return
    with pytest.raises(UnreadableFileError) as error:
        rows(open_any(path, FileShape()))
    assert "138" not in str(error.value)


@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.parquet", "a.json", "a.jsonl"])
def test_an_empty_file_has_no_rows(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, "")
    with pytest.raises(UnreadableFileError):
        look_at(path)
    if name in {"a.parquet", "a.json"}:
        with pytest.raises(UnreadableFileError):
            open_any(path, FileShape())
        return
    table = open_any(path, FileShape())
    assert (table.columns, rows(table)) == ((), [])


def test_exports_are_undressed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", '﻿订单编号 ,金额\n="0012",\'5\n\t13 ,null\n1,2,3\n')
    table = ExportTable(DelimitedTable(path, FileShape()))
    assert table.columns == ("订单编号", "金额")
    assert rows(table) == [("0012", "5"), ("13", None), ["1", "2", "3"]]


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


def test_a_broken_row_keeps_what_stood_there(tmp_path: Path) -> None:
    (chunk,) = open_any(write(tmp_path / "a.csv", "a,b\n1,2,3\n"), FileShape()).chunks(0, 10)
    assert chunk.broken[0] == Broken("must have as many values as the file has columns", ["1", "2", "3"])
