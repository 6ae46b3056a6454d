"""What trainers make of tables and outcomes, in this process."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from outcome_books import loans
from sycee_scoring.distress.simulation import simulate
from sycee_scoring.domain import application
from sycee_scoring.domain.goods import GOODS
from sycee_scoring.registry import combination_trainer, distress_trainer, table_trainer, training_table
from sycee_scoring.registry.fitting import folds, level
from sycee_scoring.registry.known_loaders import LOADERS
from sycee_scoring.registry.loaders import load, packaged
from sycee_scoring.registry.model import Component
from sycee_scoring.registry.schema import Schema
from sycee_scoring.registry.training_card import render
from sycee_scoring.registry.training_run import read_job, write_job
from sycee_scoring.registry.training_table import Rows, read
from sycee_scoring.registry.wish import Job, Progress, Trained, TrainingTable
from sycee_service.errors import FailedPrecondition, InvalidArgument
from training_tables import application_rows, csv_of, parquet_of

BASE = {"serving": {"goods_risk": dict.fromkeys(GOODS, 0.25)}}


def silent(_progress: Progress) -> None:
    """Tells nobody."""


def application_job(seed: int = 7, time_column: str = "", **changes: Any) -> Job:
    rows = application_rows() | changes
    table = TrainingTable(parquet_of(rows), "bad", time_column, "loans | of *a* test\nwith lines")
    return Job(Component.APPLICATION, seed, table, None, BASE)


@pytest.fixture(scope="module")
def trained() -> Trained:
    return table_trainer.train(application_job(), silent)


def test_what_is_trained_loads_and_keeps_its_directions(trained: Trained) -> None:
    """The loader refuses a table that breaks a direction."""
    package = packaged(LOADERS[Component.APPLICATION], trained.artefact, trained.card, trained.markdown, trained.facts)
    model = load(package, LOADERS).model
    assert model.goods_risk == BASE["serving"]["goods_risk"], "what is not learnt is the champion's"
    assert model.log_odds((2.0, 1.0, 1.5)) > model.log_odds((50.0, 0.0, -1.5))


def test_a_merchant_without_a_form_is_judged_without_it(trained: Trained) -> None:
    table = json.loads(trained.artefact)
    portrait = set(application.PORTRAIT)
    for entry in table["terms"]:
        names = set(entry["features"])
        assert names <= portrait or not names & portrait, "no table joins a form's feature with another"


def test_the_card_says_what_was_done(trained: Trained) -> None:
    card = trained.card
    assert card["evaluation"]["how"] == "cross-validated in five folds"
    assert card["evaluation"]["rows"] == card["data"]["train_rows"] == 600
    assert sum(row["rows"] for row in card["evaluation"]["calibration"]) == 600
    auc = card["evaluation"]["auc"]
    assert 0.5 < auc["low"] < auc["value"] < auc["high"] < 1.0
    assert trained.facts.auc is not None
    assert abs(trained.facts.auc.value - auc["value"]) < 1e-4
    assert card["data"]["columns_left_out"] == ["day"]
    assert card["data"]["period"] is None
    assert trained.markdown == render(card)
    assert "loans \\| of \\*a\\* test with lines" in trained.markdown


def test_out_of_time_is_tested_on_what_came_last() -> None:
    found = table_trainer.train(application_job(seed=8, time_column="day"), silent)
    evaluation, data = found.card["evaluation"], found.card["data"]
    assert evaluation["how"] == "out of time, the last fifth by day"
    assert evaluation["rows"] + data["train_rows"] == 600
    assert 90 <= evaluation["rows"] <= 130
    assert found.facts.row_count == data["train_rows"]
    assert data["period"] == {"first": "2020-01-01", "last": "2022-12-01"}


def test_what_cannot_be_learnt_is_not(trained: Trained) -> None:
    """Labels at random, and no form: no cross-validated figure may rise above chance by more than chance."""
    random = np.random.default_rng(3)
    hidden: dict[str, Any] = {name: [None] * 600 for name in application.FORM}
    found = table_trainer.train(application_job(bad=(random.random(600) < 0.4).astype(int), **hidden), silent)
    assert found.facts.auc is not None
    assert found.facts.auc.value < 0.58
    assert trained.facts.auc is not None
    assert trained.facts.auc.low > 0.58
    assert found.card["model"]["rounds"][1:] == [], "there is no second stage"
    assert found.card["data"]["missing_share"][application.FORM[0]] == 1.0


@given(st.integers(0, 2**32 - 1), st.lists(st.booleans(), min_size=10, max_size=200))
def test_folds_share_the_bad_ones_evenly(seed: int, said: list[bool]) -> None:
    bad = np.array(said, dtype=np.float64)
    part = folds(bad, 5, seed)
    counts = [bad[part == fold].sum() for fold in range(5)]
    assert max(counts) - min(counts) <= 1
    assert (folds(bad, 5, seed) == part).all()


def test_the_level_is_that_of_the_time() -> None:
    bad = np.array([0.0] * 90 + [1.0] * 10 + [0.0] * 50 + [1.0] * 50)
    rows = Rows(np.zeros((200, 1)), bad, np.repeat([1.0, 2.0], 100), ("1", "2"), (), "")
    levels = level(rows, np.arange(200))
    assert np.allclose(1.0 / (1.0 + np.exp(-levels[:100])), 0.1, atol=0.01)
    assert np.allclose(1.0 / (1.0 + np.exp(-levels[100:])), 0.5, atol=0.01)


def test_a_job_comes_out_of_its_folder_as_it_went_in(tmp_path: Any) -> None:
    for job in (application_job(), Job(Component.COMBINATION, 0, None, combination_trainer.loans_to_json(BOOK), {})):
        write_job(tmp_path, job)
        assert read_job(tmp_path) == job


BOOK = loans(300, -1.5, (1.0, 0.2, 0.5), 5)


def test_the_combination_is_refitted_and_loads() -> None:
    job = Job(Component.COMBINATION, 0, None, combination_trainer.loans_to_json(BOOK), {})
    trained = combination_trainer.train(job, silent)
    loader = LOADERS[Component.COMBINATION]
    loaded = load(packaged(loader, trained.artefact, trained.card, trained.markdown, trained.facts), LOADERS)
    assert loaded.model.scales["structural"] > loaded.model.scales["application"]
    assert trained.facts.row_count == 300
    other_order = replace(job, loans=combination_trainer.loans_to_json(BOOK[::-1]))
    assert combination_trainer.train(other_order, silent).artefact == trained.artefact
    assert "shop-" not in json.dumps(job.loans), "nothing that names anybody leaves the server"


STRANGE: dict[str, pl.Series] = {
    "lists": pl.Series([[1]] * 600),
    "structs": pl.Series([{"a": 1}] * 600),
    "bytes": pl.Series([b"a"] * 600),
    "days": pl.Series([date(2020, 1, 1)] * 600),
    "times": pl.Series([time(12)] * 600),
    "spans": pl.Series([timedelta(days=1)] * 600),
    "infinities": pl.Series([float("inf")] * 600),
    "categories": pl.Series(["a"] * 600, dtype=pl.Categorical),
    "decimals": pl.Series(["1.5"] * 600).cast(pl.Decimal(10, 2)),
    "nothing": pl.Series([None] * 600),
    "words": pl.Series(["ab"] * 600),
    "nulls in words": pl.Series(["a\0b"] * 600),
}


@pytest.mark.parametrize("column", ["employees", "bad", "day"])
@pytest.mark.parametrize("kind", STRANGE)
def test_no_column_of_any_kind_is_more_than_refused(column: str, kind: str) -> None:
    file = io.BytesIO()
    pl.DataFrame(application_rows() | {column: STRANGE[kind]}).write_parquet(file)
    plan = table_trainer.plan_of(Component.APPLICATION)
    try:
        read(TrainingTable(file.getvalue(), "bad", "day", ""), Schema(plan.names, plan.directions))
    except InvalidArgument as error:
        assert f"column {column!r}" in str(error)  # noqa: PT017
    else:
        assert (column, kind) in {
            ("employees", "decimals"),
            ("employees", "nothing"),
            ("day", "days"),
            ("day", "decimals"),
        }


@given(st.binary(max_size=300) | st.binary(max_size=300).map(lambda tail: b"PAR1" + tail))
def test_no_bytes_are_more_than_refused(content: bytes) -> None:
    with pytest.raises(InvalidArgument, match=r"table\.content"):
        read(TrainingTable(content, "bad", "", ""), Schema(("employees",), (-1,)))


def test_a_small_file_of_many_rows_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_table, "MOST_ROWS", 500)
    for content in (parquet_of(application_rows()), csv_of(application_rows())):
        with pytest.raises(InvalidArgument, match="at most 500 rows"):
            read(TrainingTable(content, "bad", "", ""), Schema(("employees",), (-1,)))


def test_too_few_outcomes_are_said() -> None:
    job = Job(Component.COMBINATION, 0, None, combination_trainer.loans_to_json(BOOK[:20]), {})
    with pytest.raises(FailedPrecondition) as caught:
        combination_trainer.train(job, silent)
    assert caught.value.reason == "TOO_FEW_OUTCOMES"


def test_early_warning_is_learnt_from_daily_counts_and_loads() -> None:
    shops = simulate(80, date(2020, 1, 1), 420, 5)
    rows = [
        (shop, (shops.first_day + timedelta(days=day)).isoformat(), int(count))
        for shop, counts in zip(shops.shops, shops.counts, strict=True)
        for day, count in enumerate(counts)
        if count > 0
    ]
    columns = dict(zip(("shop_id", "time_stamp", "count"), map(list, zip(*rows, strict=True)), strict=True))
    job = Job(Component.DISTRESS, 0, TrainingTable(parquet_of(columns), "", "", "shops of a test"), None, {})
    trained = distress_trainer.train(job, silent)
    package = packaged(LOADERS[Component.DISTRESS], trained.artefact, trained.card, trained.markdown, trained.facts)
    assert load(package, LOADERS).model.version == package.version
    assert package.version.startswith("distress-own+sha256.")
    assert trained.facts.row_count > trained.facts.bad_count > 0
    assert trained.card["data"]["description"] == "shops of a test"


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        ({"shop_id": ["a"], "time_stamp": ["2020-01-01"]}, "no column 'count'"),
        ({"shop_id": ["a"], "time_stamp": ["soon"], "count": [1]}, "'time_stamp'"),
        ({"shop_id": ["a"], "time_stamp": ["2020-01-01"], "count": [-1]}, "'count'"),
        ({"shop_id": ["a"], "time_stamp": ["2020-01-01"], "count": [1]}, "months"),
    ],
)
def test_daily_counts_that_cannot_be_used_are_refused(columns: dict[str, Any], named: str) -> None:
    job = Job(Component.DISTRESS, 0, TrainingTable(csv_of(columns), "", "", ""), None, {})
    with pytest.raises(InvalidArgument) as caught:
        distress_trainer.train(job, silent)
    assert named in str(caught.value)
    assert "/tmp" not in str(caught.value), "a path of the server is nobody's business"
