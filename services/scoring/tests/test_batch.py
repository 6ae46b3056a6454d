"""Whole books: the same figures as online, whatever the file, and one clear word about what cannot be read."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scoring_batch import frame_of, row_of
from scoring_explained import panel, random_merchants
from scoring_merchants import AS_OF, evidence, report, trade
from sycee_scoring.batch import command, engines
from sycee_scoring.batch.book import Book
from sycee_scoring.batch.columns import COLUMNS, BookError, typed
from sycee_scoring.batch.files import Defaults, parts, rows_of
from sycee_scoring.batch.first_passage import passage_log_odds
from sycee_scoring.batch.scoring import GRADES, score_book, score_frame
from sycee_scoring.batch.summary import summarise
from sycee_scoring.domain import first_passage
from sycee_scoring.domain.combine import COMMITTED, Calibration
from sycee_scoring.domain.panel import Panel

PARITY = 1e-9
"""Relative, of every probability. Only the order in which sums are taken differs; where survival is nearly impossible,
a difference of near equals makes a thousand of those last bits, and 1e-13 becomes 1e-11."""


@pytest.fixture(scope="module")
def merchants() -> list[Any]:
    return random_merchants(700, seed=11)


def test_a_row_is_the_evidence_it_was_made_from(merchants: list[Any]) -> None:
    assert Book(typed(frame_of(merchants))).evidence() == merchants


@pytest.mark.parametrize(
    "using",
    [
        panel(),
        replace(
            panel(),
            combination=replace(
                COMMITTED,
                base_log_odds=-3.0,
                scales={"structural": 1.3, "bureau": 0.5},
                calibration=Calibration((-4.0, -2.0), (-6.0, -4.5, -2.5), (-4.0, -2.0, -0.5)),
            ),
        ),
    ],
    ids=["committed", "refitted"],
)
def test_a_book_has_the_figures_of_the_online_score(merchants: list[Any], using: Panel) -> None:
    scores = score_book(Book(typed(frame_of(merchants))), using)
    for row, merchant in enumerate(merchants):
        assert scores.scorable[row] == (merchant.trade is not None or merchant.bureau is not None)
        if not scores.scorable[row]:
            continue
        online = using.score(merchant)
        for name in ("default_probability", "low", "high", "coverage"):
            assert getattr(scores, name)[row] == pytest.approx(getattr(online, name), rel=PARITY, abs=0.0), name
        assert (scores.score[row], GRADES[int(scores.grade[row])]) == (online.score, online.grade.name)


def test_the_score_without_reasons_is_the_same_to_the_last_bit(merchants: list[Any]) -> None:
    for merchant in merchants:
        if merchant.trade is not None or merchant.bureau is not None:
            assert replace(panel().score(merchant), reasons=()) == panel().score_without_reasons(merchant)


def test_first_passage_on_arrays_is_the_scalar_one() -> None:
    draw = np.random.default_rng(5)
    distance, drift = 10 ** draw.uniform(-3, 1, 4_000), draw.normal(0, 2, 4_000)
    spread = 10 ** draw.uniform(-2, 1, 4_000)
    found = passage_log_odds(distance, drift, spread)
    expected = [first_passage.passage_log_odds(*row) for row in zip(distance, drift, spread, strict=True)]
    assert found == pytest.approx(np.array(expected), rel=1e-9, abs=1e-9)


def test_the_order_of_rows_changes_nothing(merchants: list[Any]) -> None:
    frame = typed(frame_of(merchants))
    mixed = frame.with_row_index().sample(fraction=1.0, shuffle=True, seed=3)
    there = score_frame(mixed.drop("index"), panel()).with_columns(mixed["index"]).sort("index").drop("index")
    here = score_frame(frame, panel())
    assert there.drop("default_probability", "low", "high").equals(here.drop("default_probability", "low", "high"))
    for name in ("default_probability", "low", "high"):
        assert there[name].to_numpy() == pytest.approx(here[name].to_numpy(), rel=PARITY, nan_ok=True)


def write(frame: pl.DataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        frame.write_parquet(path)
    elif path.suffix == ".csv":
        weeks = pl.col("weekly_net_fen").cast(pl.List(pl.String)).list.join(";")
        frame.with_columns(weeks, pl.col("as_of").dt.strftime("%+")).write_csv(path)
    else:
        frame.with_columns(pl.col("as_of").dt.strftime("%Y-%m-%dT%H:%M:%SZ")).write_ndjson(path)
    return path


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
def test_every_kind_of_file_holds_the_same_book(tmp_path: Path, merchants: list[Any], suffix: str) -> None:
    frame = frame_of(merchants[:200])
    path = write(frame, tmp_path / f"book{suffix}")
    assert rows_of(path) == 200
    read = pl.concat(parts(path, Defaults()))
    if suffix == ".csv":  # an empty list and an empty text are both an empty cell there
        assert [m.loan for m in Book(read).evidence()] == [m.loan for m in merchants[:200]]
    here = score_frame(read, panel())
    assert here.drop("low", "high").equals(score_frame(typed(frame), panel()).drop("low", "high"))


def one(**changes: object) -> pl.DataFrame:
    row = {name: [value] for name, value in (row_of(evidence()) | changes).items() if value is not None}
    return pl.DataFrame(row)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"term_months": 0}, "column 'term_months', row 1: 0 is wrong; it must be a whole number from 1 to 60"),
        ({"term_months": "twelve"}, "column 'term_months', row 1: 'twelve' must be a whole number from 1 to 60"),
        ({"term_months": 12.5}, "column 'term_months', row 1: 12.5 must be a whole number"),
        ({"requested_amount_fen": -1}, "column 'requested_amount_fen', row 1: -1 is wrong"),
        ({"requested_amount_fen": None}, "column 'requested_amount_fen' is needed"),
        ({"refund_rate_180d": float("nan")}, "column 'refund_rate_180d', row 1: nan is wrong; it must be a finite"),
        (
            {"refund_rate_180d": None},
            "column 'refund_rate_180d', row 1: is missing where 'monthly_net_12m_fen' is given",
        ),
        ({"weekly_net_fen": [1] * 105}, "column 'weekly_net_fen', row 1: 105 weeks; it must be at most 104 weeks"),
        ({"weekly_net_fen": "1;two;3"}, "column 'weekly_net_fen', row 1: '1;two;3' must be at most 104 weeks"),
        ({"weekly_net_fen": [1, None]}, "column 'weekly_net_fen', row 1"),
        ({"bureau_report_date": date(2027, 1, 1)}, "column 'bureau_report_date', row 1: 2027-01-01 lies after as_of"),
        ({"bureau_report_date": "soon"}, "column 'bureau_report_date', row 1: 'soon' must be a day"),
        ({"as_of": "whenever"}, "column 'as_of', row 1: 'whenever' must lie within"),
        ({"quality_score": 101}, "column 'quality_score', row 1: 101 is wrong"),
        ({"customer_herfindahl": 1.5}, "column 'customer_herfindahl', row 1: 1.5 is wrong"),
    ],
)
def test_what_is_wrong_is_named_with_its_row_and_rule(changes: dict[str, object], said: str) -> None:
    with pytest.raises(BookError) as caught:
        typed(one(**changes))
    assert said in str(caught.value)


def test_rows_are_counted_over_the_parts_before() -> None:
    with pytest.raises(BookError, match="row 50001"):
        typed(one(term_months=99), first_row=50_000)


def test_moments_are_understood_in_many_forms() -> None:
    for given in ("2026-11-24T04:00:00Z", "2026-11-24T12:00:00+08:00", AS_OF, AS_OF.replace(tzinfo=None)):
        assert typed(one(as_of=given))["as_of"][0] == AS_OF
    for given in ("2026-11-24", date(2026, 11, 24)):
        assert str(typed(one(as_of=given))["as_of"][0]) == "2026-11-23 16:00:00+00:00"


def test_the_summary_counts_grades_and_what_may_be_lost() -> None:
    merchants = [evidence(), evidence(bureau=report(public_records=4)), evidence(trade=None, bureau=None)]
    scores = score_frame(typed(frame_of(merchants)), panel())
    lines = {line.name: line for line in summarise(scores, 0.5)}
    online = [panel().score(merchant) for merchant in merchants[:2]]
    assert sum(line.merchants for name, line in lines.items() if name != "all") == lines["all"].merchants == 2
    assert lines[online[0].grade.name].merchants >= 1
    amount = merchants[0].loan.amount_fen
    expected = 0.5 * amount * sum(result.default_probability for result in online)
    assert lines["all"].expected_loss_fen == pytest.approx(expected, abs=1)
    assert lines["all"].requested_fen == 2 * amount


@pytest.fixture
def own_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "committed_panel", panel)
    monkeypatch.setattr(engines, "committed_panel", panel)


@pytest.mark.usefixtures("own_models")
def test_the_command_writes_scores_and_prints_a_summary(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], merchants: list[Any]
) -> None:
    book = write(frame_of(merchants[:60]), tmp_path / "book.parquet")
    out = tmp_path / "scores.csv"
    assert command.main(["--portfolio", str(book), "--output", str(out), "--reasons", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    scores = pl.read_csv(out)
    assert told["n"] == scores.height == 60
    assert told["unscorable"] == scores.filter(~pl.col("scorable")).height
    first = next(row for row, merchant in enumerate(merchants) if merchant.trade is not None)
    online = panel().score(merchants[first])
    assert scores["default_probability"][first] == pytest.approx(online.default_probability, rel=PARITY)
    assert (scores["reasons"][first] or "") == ";".join(reason.code for reason in online.reasons)
    assert command.main(["--portfolio", str(book)]) == 0
    assert "expected loss" in capsys.readouterr().out
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.usefixtures("own_models")
def test_defaults_fill_columns_that_a_file_lacks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lacking = frame_of([evidence()]).drop("as_of", "requested_amount_fen", "term_months")
    book = write_parquet(lacking, tmp_path / "book.parquet")
    words = ["--as-of", "2026-11-24T12:00:00+08:00", "--requested-amount-fen", "4500000", "--term-months", "12"]
    assert command.main(["--portfolio", str(book), "--json", *words]) == 0
    told = json.loads(capsys.readouterr().out)
    online = panel().score(evidence())
    assert told["all"]["mean_default_probability"] == pytest.approx(online.default_probability, rel=PARITY)


def write_parquet(frame: pl.DataFrame, path: Path) -> Path:
    frame.write_parquet(path)
    return path


@pytest.mark.usefixtures("own_models")
@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("book.xlsx", b"", "must be named"),
        ("none.csv", None, "is no file"),
        ("book.parquet", b"PAR1", "cannot be read as parquet"),
        ("book.csv", b"merchant_id,as_of\n", "holds no merchant"),
        ("book.csv", b"merchant_id,as_of\nshop,2026-11-24\n", "column 'requested_amount_fen' is needed"),
        ("book.jsonl", b"{\n", "cannot be read as jsonl"),
    ],
)
def test_bad_files_end_with_one_line_and_code_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes | None, said: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    assert command.main(["--portfolio", str(path), "--output", str(tmp_path / "out.parquet")]) == 2
    error = capsys.readouterr().err.strip()
    assert error.startswith("sycee score: ")
    assert said in error
    assert "\n" not in error
    assert not (tmp_path / "out.parquet").exists()


def test_the_help_names_every_column(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["--help"])
    told = capsys.readouterr().out.replace("\n", " ")
    assert all(column.name in told for column in COLUMNS)


def test_without_pyspark_the_engine_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(engines, "import_module", missing)
    with pytest.raises(BookError, match="PySpark is not installed"):
        engines.with_spark(tmp_path / "b.csv", Defaults(), panel(), engines.Spark("local[1]", tmp_path), reasons=False)


def test_weeks_of_one_length_need_no_gathering() -> None:
    merchants = [evidence(trade=trade(weekly_net_fen=tuple(range(i, i + 13)))) for i in range(4)]
    weeks = Book(typed(frame_of(merchants))).weeks()
    assert weeks.matrix(np.arange(4), 13).tolist() == [list(map(float, range(i, i + 13))) for i in range(4)]
    assert weeks.of(2) == tuple(range(2, 15))
