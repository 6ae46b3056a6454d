"""`sycee eval sentiment` on files as people have them."""

from __future__ import annotations

import json
from importlib.metadata import entry_points
from pathlib import Path

import polars as pl
import pytest
from sycee_ingestion.evaluations import sentiment

ROWS = (
    ("味道很好，送得也快", 1),
    ("质量不错，“很满意”", 1),
    ("物流神速,包装完好", 1),
    ("太难吃了，再也不点", 0),
    ("质量太差\n客服不理人", 0),
    ("假货，退款都不给", 0),
)


def table(labels: list[object] | None = None, texts: list[str] | None = None) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "id": range(len(ROWS)),
            "评论": texts or [text for text, _ in ROWS],
            "label": labels or [label for _, label in ROWS],
        },
        strict=False,
    )


def run(path: Path, *more: str, text: str = "评论", label: str = "label") -> int:
    return sentiment.main(["--file", str(path), "--text-column", text, "--label-column", label, *more])


def figures(capsys: pytest.CaptureFixture[str]) -> dict[str, float]:
    last: dict[str, float] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return last


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_a_csv_is_read_in_any_usual_encoding(tmp_path: Path, capsys: pytest.CaptureFixture[str], encoding: str) -> None:
    path = tmp_path / "reviews.csv"
    path.write_bytes(table().write_csv().encode(encoding))
    assert run(path, "--json") == 0
    assert figures(capsys) == {"n": 6, "accuracy": 1.0, "f1": 1.0, "auc": 1.0}


def test_a_parquet_file_is_told_by_its_content(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table().write_parquet(tmp_path / "reviews.data")
    assert run(tmp_path / "reviews.data", "--json") == 0
    assert figures(capsys) == {"n": 6, "accuracy": 1.0, "f1": 1.0, "auc": 1.0}


@pytest.mark.parametrize(
    "labels",
    [
        [True, True, True, False, False, False],
        ["pos", "POS", "positive", "neg", "negative", " Neg "],
        ["正", "正面", "好评", "负", "負面", "差评"],
        [1.0, 1.0, 1.0, 0.0, 0.0, 0.0],
        [5, 4, 4, 2, 1, 2],
        ["5", "4.5", "4", "1", "1", "2"],
    ],
)
def test_labels_come_in_many_forms(tmp_path: Path, capsys: pytest.CaptureFixture[str], labels: list[object]) -> None:
    table(labels).write_parquet(tmp_path / "reviews.parquet")
    assert run(tmp_path / "reviews.parquet", "--json") == 0
    assert figures(capsys) == {"n": 6, "accuracy": 1.0, "f1": 1.0, "auc": 1.0}


def test_three_stars_are_left_out_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table([5, 3, 3.5, 2, 1, 1]).write_csv(tmp_path / "reviews.csv")
    assert run(tmp_path / "reviews.csv", "--json") == 0
    said = capsys.readouterr()
    assert json.loads(said.out.splitlines()[-1])["n"] == 4
    assert "2 rows with between two and four stars were left out" in said.err


def test_an_empty_text_counts_as_the_middle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "reviews.csv"
    path.write_text("评论,label\n,1\n,0\n很好吃，推荐,1\n太难吃了,0\n", encoding="utf-8")
    assert run(path, "--json") == 0
    assert figures(capsys) == {"n": 4, "accuracy": 0.75, "f1": 0.8, "auc": 0.875}


def test_one_kind_of_label_has_no_auc(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table([1, 1, 1, 1, 1, 1]).write_csv(tmp_path / "reviews.csv")
    assert run(tmp_path / "reviews.csv", "--json") == 0
    assert figures(capsys)["auc"] is None


def test_without_json_a_table_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table().write_csv(tmp_path / "reviews.csv")
    assert run(tmp_path / "reviews.csv") == 0
    assert "1.0000" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"text": "text"}, "--text-column: {path} has no column 'text', only 'id', '评论', 'label'"),
        ({"label": "stars"}, "--label-column: {path} has no column 'stars'"),
        ({"label": "评论"}, "--label-column: '评论' holds '味道很好，送得也快' in row 1; labels are 0/1, true/false"),
    ],
)
def test_a_missing_column_or_label_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: dict[str, str], message: str
) -> None:
    table().write_csv(tmp_path / "reviews.csv")
    assert run(tmp_path / "reviews.csv", "--json", **options) == 2
    said = capsys.readouterr()
    assert message.format(path=tmp_path / "reviews.csv") in said.err
    assert not said.out


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([1, 0, 1, 0, 1, "中"], "holds '中' in row 6"),
        ([5, 4, 0, 1, 1, 1], "holds '0' in row 3; labels are stars from 1 to 5"),
        ([5, 4, 6, 1, 1, 1], "holds '6' in row 3; labels are stars from 1 to 5"),
        ([1, None, 1, 0, 1, 0], "holds '' in row 2"),
        ([3, 3, 3, 3, 3, 3], "has no labelled row"),
    ],
)
def test_an_unknown_label_is_named_with_the_rule(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], labels: list[object], message: str
) -> None:
    table([None if label is None else str(label) for label in labels]).write_csv(tmp_path / "reviews.csv")
    assert run(tmp_path / "reviews.csv", "--json") == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"PAR1 and no more", b"a,b\n\xff\xff\xff\xff\n", b'a,b\n1,2,3,4\n"'])
def test_what_is_no_table_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes) -> None:
    (tmp_path / "reviews.csv").write_bytes(content)
    assert run(tmp_path / "reviews.csv", "--json") == 2
    assert "--file: " in capsys.readouterr().err


def test_a_missing_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path / "none.csv", "--json") == 2
    assert "none.csv cannot be read" in capsys.readouterr().err


def test_the_command_finds_it() -> None:
    (found,) = entry_points(group="sycee.evaluations", name="sentiment")
    assert found.load() is sentiment.main
