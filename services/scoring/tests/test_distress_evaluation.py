"""`sycee eval distress`: files of any shape, the label by hand, and figures on real shops."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import average_precision_score
from sycee_scoring.distress.daily_file import COUNT, DAY, SHOP, panel_of, read_daily
from sycee_scoring.distress.panel import Panel, assessable, at, monthly, peer_change, weekly, window
from sycee_scoring.distress.simulation import simulate
from sycee_scoring.evaluations.distress import average_precision, main

ROOT = Path(os.environ.get("SYCEE_SHARED_DATA") or Path(__file__).resolve().parents[4] / "shared" / "data")


def rows_of(panel: Panel) -> pl.DataFrame:
    """Rows as files have them: shops, days in text, and counts above zero."""
    shops, places = np.nonzero(panel.counts)
    return pl.DataFrame(
        {
            SHOP: [panel.shops[shop] for shop in shops],
            DAY: [str(panel.first_day + timedelta(days=int(place))) for place in places],
            COUNT: panel.counts[shops, places].astype(np.int64),
        }
    )


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    return rows_of(simulate(90, date(2015, 7, 1), 420, 3))


def run(path: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any], str]:
    code = main(["--daily", str(path), "--json", *words])
    said = capsys.readouterr()
    return code, json.loads(said.out) if said.out else {}, said.err


def parquet(frame: pl.DataFrame, folder: Path) -> Path:
    frame.write_parquet(folder / "daily.parquet")
    return folder / "daily.parquet"


def csv(frame: pl.DataFrame, folder: Path) -> Path:
    frame.write_csv(folder / "daily.csv")
    return folder / "daily.csv"


def test_the_last_line_is_what_the_contract_asks(
    rows: pl.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found, errors = run(parquet(rows, tmp_path), capsys)
    assert (code, errors) == (0, "")
    assert set(found) == {"n", "bads", "auc", "average_precision"}
    assert 0 < found["bads"] < found["n"]
    assert 0.5 < found["auc"]["low"] < found["auc"]["value"] < found["auc"]["high"] <= 1.0
    assert found["bads"] / found["n"] < found["average_precision"] <= 1.0


def test_from_drops_earlier_cutoffs(rows: pl.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = parquet(rows, tmp_path)
    everything = run(path, capsys)[1]
    later, same_month = run(path, capsys, "--from", "2016-04-01")[1], run(path, capsys, "--from", "2016-04")[1]
    assert later == same_month
    assert later["n"] < everything["n"]
    panel = read_daily(path)
    assert later["n"] == sum(len(assessable(panel, place)) for place in monthly(panel, date(2016, 4, 1)))


SPELLINGS: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "shuffled": lambda frame: frame.sample(fraction=1.0, shuffle=True, seed=5),
    "copies": lambda frame: pl.concat((frame, frame.head(500))),
    "dates": lambda frame: frame.with_columns(pl.col(DAY).str.to_date()),
    "moments": lambda frame: frame.with_columns(pl.col(DAY).str.to_datetime("%Y-%m-%d")),
    "slashes": lambda frame: frame.with_columns(pl.col(DAY).str.to_date().dt.strftime("%Y/%-m/%-d")),
    "digits": lambda frame: frame.with_columns(pl.col(DAY).str.replace_all("-", "").cast(pl.Int64)),
    "with a time": lambda frame: frame.with_columns(pl.col(DAY) + " 08:30:00"),
    "fractions": lambda frame: frame.with_columns(pl.col(COUNT).cast(pl.Float64)),
    "no count": lambda frame: pl.concat(
        (frame, pl.DataFrame({SHOP: ["s01"], DAY: ["2015-07-02"], COUNT: [None]}, schema=frame.schema))
    ),
    "another column": lambda frame: frame.with_columns(city=pl.lit("杭州")),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("write", [csv, parquet])
def test_a_file_means_the_same_however_it_is_written(
    rows: pl.DataFrame, tmp_path: Path, spelling: str, write: Callable[[pl.DataFrame, Path], Path]
) -> None:
    plain = panel_of(rows.with_columns(pl.col(DAY).str.to_date(), pl.col(COUNT).cast(pl.Float64)))
    found = read_daily(write(SPELLINGS[spelling](rows), tmp_path))
    assert (found.shops, found.first_day) == (plain.shops, plain.first_day)
    np.testing.assert_array_equal(found.counts, plain.counts)
    np.testing.assert_array_equal(found.starts, plain.starts)


def test_different_rows_of_one_day_add_up_and_missing_days_are_zero(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {SHOP: ["7", "7", "7", "9"], DAY: ["2016-01-03", "2016-01-03", "2016-01-06", "2016-01-01"], COUNT: [2, 5, 4, 0]}
    )
    panel = read_daily(csv(frame, tmp_path))
    assert panel.shops == ("7", "9")
    assert panel.counts.tolist() == [[0, 0, 7, 0, 0, 4], [0, 0, 0, 0, 0, 0]]
    assert panel.starts.tolist() == [2, 6]  # the second never traded


def test_the_label_by_hand() -> None:
    """All hold their level but for one that keeps a third, one six tenths, one too young and one too small."""
    days = [date(2016, 1, 1) + timedelta(days=offset) for offset in range(150)]
    cut = date(2016, 3, 1)
    levels = {f"s{shop:02d}": (20.0, 20.0) for shop in range(10)}
    levels |= {"third": (30.0, 10.0), "tenths": (30.0, 18.0), "young": (50.0, 50.0), "small": (4.9, 9.0)}
    lines = [
        (shop, day, before if day < cut else after)
        for shop, (before, after) in levels.items()
        for day in days
        if shop != "young" or day >= cut - timedelta(days=55)
    ]
    panel = panel_of(pl.DataFrame(lines, schema=[SHOP, DAY, COUNT], orient="row"))
    assert [panel.first_day + timedelta(days=place) for place in monthly(panel)] == [cut, date(2016, 4, 1)]
    judged = at(panel, (cut - panel.first_day).days)
    assert {panel.shops[shop] for shop in judged.shops} == set(levels) - {"young", "small"}
    assert {panel.shops[shop] for shop in judged.shops[judged.bad]} == {"third"}
    assert judged.falling[0] == pytest.approx(0.5)


def test_the_label_is_against_the_median_of_the_file() -> None:
    """Where all lose six tenths, nobody is in distress; where all treble, who stands still is."""
    days = [date(2016, 1, 1) + timedelta(days=offset) for offset in range(150)]
    cut = date(2016, 3, 1)
    for factor, bad in ((0.4, set()), (3.0, {"still"})):
        lines = [(f"s{shop}", day, 50.0 * (factor if day >= cut else 1.0)) for shop in range(5) for day in days]
        lines += [("still", day, 50.0) for day in days]
        panel = panel_of(pl.DataFrame(lines, schema=[SHOP, DAY, COUNT], orient="row"))
        judged = at(panel, (cut - panel.first_day).days)
        assert {panel.shops[shop] for shop in judged.shops[judged.bad]} == bad


def test_figures_never_see_what_comes_after(rows: pl.DataFrame) -> None:
    panel = panel_of(rows.with_columns(pl.col(DAY).str.to_date(), pl.col(COUNT).cast(pl.Float64)))
    place = monthly(panel)[-2]
    changed = panel.counts.copy()
    changed[:, place:] = np.random.default_rng(1).integers(0, 500, changed[:, place:].shape)
    later = Panel(panel.shops, panel.first_day, changed, panel.starts)
    np.testing.assert_array_equal(at(panel, place).figures, at(later, place).figures)


def test_peers_are_the_median_of_the_file_and_too_few_say_nothing(rows: pl.DataFrame) -> None:
    panel = panel_of(rows.with_columns(pl.col(DAY).str.to_date(), pl.col(COUNT).cast(pl.Float64)))
    shops = assessable(panel, 300)
    windows = window(panel.counts[shops], panel.starts[shops], 300)
    ratios = windows[:, -28:].sum(axis=1) / windows[:, -56:-28].sum(axis=1)
    assert peer_change(windows) == pytest.approx(float(np.median(ratios)))
    assert peer_change(windows[:9]) == 1.0
    closed = np.zeros((12, 182))
    assert peer_change(closed) == 1.0


def test_weekly_cutoffs_end_where_asked_and_monthly_ones_leave_room_for_the_outcome(rows: pl.DataFrame) -> None:
    panel = panel_of(rows.with_columns(pl.col(DAY).str.to_date(), pl.col(COUNT).cast(pl.Float64)))
    months = monthly(panel)
    assert months[-1] + 56 <= panel.days < months[-1] + 56 + 31
    weeks = weekly(panel, months[-1])
    assert weeks[-1] == months[-1]
    assert set(np.diff(weeks)) == {7}


def test_average_precision_agrees_with_scikit_learn() -> None:
    random = np.random.default_rng(2)
    bad = (random.random(500) < 0.1).astype(np.float64)
    risk = np.round(bad + random.normal(0.0, 1.5, 500), 1)  # with ties
    assert average_precision(bad, risk) == pytest.approx(float(average_precision_score(bad, risk)))


SPOILT: dict[str, tuple[Callable[[pl.DataFrame], pl.DataFrame], tuple[str, ...], tuple[str, ...]]] = {
    "no column": (lambda frame: frame.rename({COUNT: "orders"}), (), ("daily.csv", "'count'", "'orders'")),
    "no number": (
        lambda frame: frame.with_columns(
            pl.when(pl.int_range(pl.len()) == 4).then(pl.lit("many")).otherwise(COUNT).alias(COUNT)
        ),
        (),
        ("'count'", "'many'", "row 5", "from 0 up"),
    ),
    "negative": (lambda frame: frame.with_columns(-pl.col(COUNT)), (), ("'count'", "row 1", "from 0 up")),
    "infinite": (lambda frame: frame.with_columns(pl.lit("inf").alias(COUNT)), (), ("'count'", "'inf'")),
    "no day": (lambda frame: frame.with_columns(pl.lit("2016-02-30").alias(DAY)), (), ("'time_stamp'", "2016-02-30")),
    "no shop": (lambda frame: frame.with_columns(pl.lit(None).alias(SHOP)), (), ("'shop_id'", "row 1")),
    "empty": (lambda frame: frame.head(0), (), ("no row",)),
    "too long": (
        lambda frame: pl.concat((frame, frame.head(1).with_columns(pl.lit("1999-01-01").alias(DAY)))),
        (),
        ("1999-01-01", "3,660"),
    ),
    "one shop": (lambda frame: frame.filter(pl.col(SHOP) == "s05"), (), ("0 fell below half",)),
    "too late": (lambda frame: frame, ("--from", "2030-01-01"), ("2030-01-01", "56 days")),
    "no date": (lambda frame: frame, ("--from", "soon"), ("--from", "'soon'")),
}


@pytest.mark.parametrize("case", SPOILT)
def test_bad_input_ends_with_two_and_one_clear_line(
    rows: pl.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    spoil, words, told = SPOILT[case]
    code, found, errors = run(csv(spoil(rows), tmp_path), capsys, *words)
    assert (code, found) == (2, {})
    assert errors.count("\n") == 1
    for word in told:
        assert word in errors


@pytest.mark.parametrize("content", [None, b"", b"PAR1 and no more"])
def test_what_is_no_table_ends_with_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    path = tmp_path / "daily.parquet"
    if content is not None:
        path.write_bytes(content)
    code, found, errors = run(path, capsys)
    assert (code, found, errors.count("\n")) == (2, {}, 1)
    assert str(path) in errors


def test_without_json_a_person_reads_a_table(
    rows: pl.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--daily", str(parquet(rows, tmp_path))]) == 0
    said = capsys.readouterr().out
    assert "2016-04-01" in said
    assert "AUC" in said


@pytest.mark.shared_data
def test_real_shops_from_june_2016_are_ranked_better_than_the_mark(capsys: pytest.CaptureFixture[str]) -> None:
    path = ROOT / "koubei_daily.parquet"
    if not path.exists():
        pytest.skip(f"there is no {path}: SYCEE_SHARED_DATA names the folder that holds it")
    code, found, _ = run(path, capsys, "--from", "2016-06-01")
    assert code == 0
    assert (found["n"], found["bads"]) == (4892, 202)
    assert found["auc"]["low"] > 0.75
