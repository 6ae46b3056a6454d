"""Bureau opinions: monotone, fair to what is missing, and causes are what their cure would bring."""

from __future__ import annotations

import math
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring_merchants import DAY, evidence, repayments, report
from sycee_scoring.domain import bureau
from sycee_scoring.domain.bureau import (
    DAYS_PAST_DUE,
    EXPERT,
    EXPERT_TABLES,
    FEATURES,
    GRID,
    MONOTONE,
    PORTRAIT,
    REPORT_WEIGHT,
    STALE_SHARE,
    BureauModel,
    assess,
    freshness,
)
from sycee_scoring.domain.scale import BASE_LOG_ODDS, POINTS_PER_LOG_ODDS
from sycee_scoring.model_files import load_bureau_model

SHIPPED = load_bureau_model()
MODELS = pytest.mark.parametrize("model", [EXPERT, SHIPPED], ids=["expert", "shipped"])

reports = st.builds(
    lambda months, worst, enquiries, records, used, lines: report(
        months_overdue_24m=months,
        worst_overdue_24m=worst,
        enquiries_3m=enquiries,
        public_records=records,
        outstanding_fen=used,
        credit_lines_fen=lines,
    ),
    st.integers(0, 24),
    st.integers(0, 7),
    st.integers(0, 30),
    st.integers(0, 5),
    st.integers(0, 10**8),
    st.sampled_from([0, 10**7, 5 * 10**7]),
)


@pytest.mark.parametrize("table", [*EXPERT_TABLES, DAYS_PAST_DUE], ids=lambda table: table.code)
def test_every_expert_table_falls_as_the_record_worsens(table: bureau.Table) -> None:
    assert all(before > after for before, after in pairwise(table.points))
    assert table.lower_bounds[0] == 0
    assert len(table.points) == len(table.lower_bounds)
    assert min(table.points) < table.without_cause <= max(table.points)


@pytest.mark.parametrize(
    ("feature", "value", "points"),
    [
        ("worst_overdue", 0, 8),
        ("worst_overdue", 2, -35),
        ("worst_overdue", 7, -70),
        ("utilisation", 0.2999, 10),
        ("utilisation", 0.30, 4),
        ("utilisation", 5.0, -36),
        ("enquiries", 2, 0),
        ("enquiries", 10_000, -35),
    ],
)
def test_bands_of_the_expert_begin_where_they_say(feature: str, value: float, points: float) -> None:
    features = [math.nan] * len(FEATURES)
    features[FEATURES.index(feature)] = value
    assert EXPERT.log_odds(features) == pytest.approx(BASE_LOG_ODDS - points / POINTS_PER_LOG_ODDS, abs=1e-12)


@pytest.mark.parametrize(("days", "points"), [(0, 12), (30, -15), (31, -45), (90, -45), (91, -120)])
def test_bands_of_repayments(days: int, points: float) -> None:
    assert DAYS_PAST_DUE.at(days) == points


@MODELS
def test_no_mark_ever_helps(model: BureauModel) -> None:
    assert model.table.features == FEATURES
    for column, direction in enumerate(MONOTONE):
        if direction > 0:
            assert model.table.least_step(column) >= -1e-6
        else:
            assert model.table.greatest_step(column) <= 1e-6


@MODELS
def test_every_kind_of_mark_costs(model: BureauModel) -> None:
    clean = assess(evidence(), model).log_odds
    assert clean < BASE_LOG_ODDS
    for marked in (
        report(months_overdue_24m=1, worst_overdue_24m=1),
        report(enquiries_3m=8),
        report(public_records=1),
        report(outstanding_fen=9_900_000),
    ):
        assert assess(evidence(bureau=marked), model).log_odds > clean + 0.1


@MODELS
@given(bureau_report=reports)
def test_a_cause_is_what_its_cure_would_bring(model: BureauModel, bureau_report: object) -> None:
    opinion = assess(evidence(bureau=bureau_report), model)
    features = bureau.features_of(bureau_report)
    assert [cause.code for cause in opinion.causes] == [
        code for code, columns in bureau.CAUSES if not math.isnan(features[columns[0]])
    ]
    for cause in opinion.causes:
        columns = dict(bureau.CAUSES)[cause.code]
        cured = [bureau.REFERENCE[place] if place in columns else value for place, value in enumerate(features)]
        assert cause.log_odds == pytest.approx(opinion.log_odds - model.log_odds(cured), abs=1e-12)


@MODELS
def test_arrears_are_one_cause_though_two_figures_tell_of_them(model: BureauModel) -> None:
    opinion = assess(evidence(bureau=report(worst_overdue_24m=2, months_overdue_24m=3)), model)
    (arrears,) = [cause for cause in opinion.causes if cause.code == "ARREARS"]
    assert arrears.log_odds == pytest.approx(opinion.log_odds - assess(evidence(), model).log_odds, abs=1e-12)
    assert arrears.facts == {"months": 3.0, "worst": 2.0}


@MODELS
def test_an_ordinary_record_has_no_cause(model: BureauModel) -> None:
    assert all(cause.log_odds == 0.0 for cause in assess(evidence(), model).causes)


def test_lines_that_are_not_reported_say_nothing() -> None:
    bare = report(credit_lines_fen=0, outstanding_fen=50_000_000)
    for model, most in ((EXPERT, 1e-12), (SHIPPED, 0.25)):
        opinion = assess(evidence(bureau=bare), model)
        assert "CREDIT_LINES_USED_UP" not in {cause.code for cause in opinion.causes}
        used = [assess(evidence(bureau=report(outstanding_fen=fen)), model).log_odds for fen in (0, 20_000_000)]
        assert min(used) - most <= opinion.log_odds <= max(used) + most


def test_a_grid_is_not_needed_and_worth_nothing_where_it_says_nothing() -> None:
    features = bureau.features_of(report(months_overdue_24m=2, worst_overdue_24m=1))
    assert all(math.isnan(value) for value in features[len(PORTRAIT) :])
    assert len(features) == len(FEATURES) == len(PORTRAIT) + len(GRID)
    places = SHIPPED.table.places(features)
    form = [entry for entry in SHIPPED.table.terms if min(entry.columns) >= len(PORTRAIT)]
    mains = [entry for entry in SHIPPED.table.terms if min(entry.columns) < len(PORTRAIT)]
    assert form
    assert all(max(entry.columns) < len(PORTRAIT) for entry in mains)
    missing = [*places[: len(PORTRAIT)], *(len(SHIPPED.table.thresholds[column]) + 1 for column in range(5, 8))]
    assert places == missing


def test_an_old_report_loses_weight_and_never_all_of_it() -> None:
    weights = [
        assess(evidence(bureau=report(report_date=DAY - timedelta(days=age)))).weight for age in range(0, 900, 10)
    ]
    assert weights == sorted(weights, reverse=True)
    assert weights[0] == REPORT_WEIGHT
    assert weights[-1] == pytest.approx(STALE_SHARE * REPORT_WEIGHT)
    assert freshness(DAY + timedelta(days=1), DAY) == 1.0


def test_neither_report_nor_repayment_is_no_opinion() -> None:
    assert assess(evidence(bureau=None)) is None
    assert assess(evidence(bureau=None, repayments=repayments(0, 0))) is None


@MODELS
def test_a_missed_repayment_counts_without_a_report(model: BureauModel) -> None:
    opinion = assess(evidence(bureau=None, repayments=repayments(0, 95)), model)
    assert opinion.weight > 0.0
    assert opinion.version == model.version
    assert [cause.code for cause in opinion.causes] == ["REPAID_LATE_BEFORE"]
    assert opinion.causes[0].log_odds > 0.0
    assert opinion.log_odds == pytest.approx(BASE_LOG_ODDS + 120 / POINTS_PER_LOG_ODDS)
