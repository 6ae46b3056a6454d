"""The application and the bureau component on arrays, by the models' own look-up of many rows."""

from __future__ import annotations

import numpy as np
import polars as pl

from sycee_scoring.batch.book import Book, Floats
from sycee_scoring.batch.structural import Opinions
from sycee_scoring.domain import application, bureau
from sycee_scoring.domain.application import ApplicationModel
from sycee_scoring.domain.bureau import DAYS_PAST_DUE, BureauModel
from sycee_scoring.domain.goods import goods_of_category
from sycee_scoring.domain.scale import BASE_LOG_ODDS, POINTS_PER_LOG_ODDS


def assess_application(model: ApplicationModel, book: Book) -> Opinions:
    """`application.assess` of every row."""
    features = np.full((len(book), len(application.FEATURES)), np.nan)
    people = book.floats("employee_count")
    features[:, 0] = np.where(people > 0.0, people, np.nan)
    features[:, 1] = _new_business(book)
    features[:, 2] = _goods_risk(model, book.frame["category"])
    known = ~np.isnan(features[:, : len(application.KNOWN_SHARES)])
    weight = application.WEIGHT * (known @ np.array(application.KNOWN_SHARES))
    told = book.given("category") | book.given("opened_on") | book.given("employee_count")
    weight = np.where(told, weight, 0.0)
    odds = BASE_LOG_ODDS + model.slope * model.table.raw_many(features)
    return Opinions(weight > 0.0, odds, np.full(len(book), application.ERROR), weight)


def _new_business(book: Book) -> Floats:
    age = book.days("day") - book.days("opened_on")
    by_opening = np.where(age <= application.NEW_YEARS * 365.25, 1.0, 0.0)
    by_record = np.where(book.floats("months_of_history") > application.NEW_YEARS * 12, 0.0, np.nan)
    by_record = np.where(np.isnan(book.floats("monthly_net_12m_fen")), np.nan, by_record)
    return np.where(np.isnan(age), by_record, by_opening)


def _goods_risk(model: ApplicationModel, categories: pl.Series) -> Floats:
    known = categories.unique().drop_nulls().to_list()
    risks = [model.goods_risk.get(goods_of_category(category) or "", np.nan) for category in known]
    by_category = categories.replace_strict(known, risks, default=np.nan, return_dtype=pl.Float64)
    return by_category.fill_null(np.nan).to_numpy()


def assess_bureau(model: BureauModel, book: Book) -> Opinions:
    """`bureau.assess` of every row."""
    reported = book.given("bureau_report_date")
    late = np.nan_to_num(book.floats("worst_days_past_due"))
    count = np.nan_to_num(book.floats("repayment_count"))
    repaid = (count > 0.0) | (late > 0.0)
    odds = np.where(reported, BASE_LOG_ODDS + model.table.raw_many(_report_features(book)), BASE_LOG_ODDS)
    points = np.array(DAYS_PAST_DUE.points, dtype=np.float64)
    band = np.searchsorted(np.array(DAYS_PAST_DUE.lower_bounds, dtype=np.float64), late, side="right") - 1
    odds = np.where(repaid, odds - points[band] / POINTS_PER_LOG_ODDS, odds)
    age = book.days("day") - book.days("bureau_report_date")
    stale = np.clip((age - bureau.FRESH_DAYS) / (bureau.STALE_DAYS - bureau.FRESH_DAYS), 0.0, 1.0)
    of_report = np.where(reported, bureau.REPORT_WEIGHT * (1.0 - (1.0 - bureau.STALE_SHARE) * stale), 0.0)
    seen = np.where(late > 0.0, np.maximum(count, 1.0), count)
    of_repayments = np.where(repaid, bureau.REPAYMENTS_WEIGHT * np.minimum(seen / bureau.FULL_REPAYMENTS, 1.0), 0.0)
    weight = np.maximum(of_report, of_repayments)
    return Opinions(reported | repaid, odds, np.full(len(book), bureau.ERROR), weight)


def _report_features(book: Book) -> Floats:
    features = np.full((len(book), len(bureau.FEATURES)), np.nan)
    lines = book.floats("bureau_credit_lines_fen")
    with np.errstate(divide="ignore", invalid="ignore"):
        used = np.where(lines > 0.0, book.floats("bureau_outstanding_fen") / lines, np.nan)
    for column, values in enumerate(
        (
            book.floats("bureau_months_overdue_24m"),
            book.floats("bureau_worst_overdue_24m"),
            used,
            book.floats("bureau_enquiries_3m"),
            book.floats("bureau_public_records"),
        )
    ):
        features[:, column] = values
    return features
