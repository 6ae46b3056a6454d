"""The points table: monotone, fair to what is missing, and its causes are differences of points."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from scoring_merchants import DAY, evidence, repayments, report
from sycee_scoring.domain import bureau
from sycee_scoring.domain.bureau import REPORT_WEIGHT, STALE_SHARE, assess, freshness
from sycee_scoring.domain.scale import BASE_LOG_ODDS, POINTS_PER_LOG_ODDS

TABLES = (
    bureau.WORST_OVERDUE,
    bureau.MONTHS_OVERDUE,
    bureau.UTILISATION,
    bureau.ENQUIRIES,
    bureau.PUBLIC_RECORDS,
    bureau.DAYS_PAST_DUE,
)


@pytest.mark.parametrize("table", TABLES)
def test_every_table_falls_as_the_record_worsens(table: bureau.Table) -> None:
    assert all(before > after for before, after in pairwise(table.points))
    assert table.lower_bounds[0] == 0
    assert len(table.points) == len(table.lower_bounds)
    assert min(table.points) < table.without_cause <= max(table.points)


@pytest.mark.parametrize(
    ("table", "value", "points"),
    [
        (bureau.WORST_OVERDUE, 0, 8),
        (bureau.WORST_OVERDUE, 2, -35),
        (bureau.WORST_OVERDUE, 7, -70),
        (bureau.UTILISATION, 0.2999, 10),
        (bureau.UTILISATION, 0.30, 4),
        (bureau.UTILISATION, 5.0, -36),
        (bureau.ENQUIRIES, 2, 0),
        (bureau.ENQUIRIES, 10_000, -35),
        (bureau.DAYS_PAST_DUE, 30, -15),
        (bureau.DAYS_PAST_DUE, 31, -45),
        (bureau.DAYS_PAST_DUE, 90, -45),
        (bureau.DAYS_PAST_DUE, 91, -120),
    ],
)
def test_bands(table: bureau.Table, value: float, points: float) -> None:
    assert table.at(value) == points


def test_a_clean_report_is_better_than_the_base() -> None:
    opinion = assess(evidence())
    expected = BASE_LOG_ODDS - (8 + 8 + 0 + 4 + 4) / POINTS_PER_LOG_ODDS
    assert opinion.log_odds == pytest.approx(expected, abs=1e-12)
    assert all(cause.log_odds == 0.0 for cause in opinion.causes)


def test_arrears_are_one_cause_though_two_lines_tell_of_them() -> None:
    opinion = assess(evidence(bureau=report(worst_overdue_24m=2, months_overdue_24m=3)))
    arrears = [cause for cause in opinion.causes if cause.code == "ARREARS"]
    assert len(arrears) == 1
    assert arrears[0].log_odds == pytest.approx(opinion.log_odds - assess(evidence()).log_odds, abs=1e-12)


def test_lines_that_are_not_reported_score_nothing() -> None:
    opinion = assess(evidence(bureau=report(credit_lines_fen=0, outstanding_fen=50_000_000)))
    assert "CREDIT_LINES_USED_UP" not in {cause.code for cause in opinion.causes}
    assert opinion.log_odds == pytest.approx(BASE_LOG_ODDS - 20 / POINTS_PER_LOG_ODDS, abs=1e-12)


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


def test_a_missed_repayment_counts_without_a_report() -> None:
    opinion = assess(evidence(bureau=None, repayments=repayments(0, 95)))
    assert opinion.weight > 0.0
    assert [cause.code for cause in opinion.causes] == ["REPAID_LATE_BEFORE"]
    assert opinion.causes[0].log_odds > 0.0
