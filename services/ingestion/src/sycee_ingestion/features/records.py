"""The bureau's report, penalties and repayments."""

from __future__ import annotations

from collections.abc import Iterator

import narwhals as nw

from sycee_ingestion.features.arithmetic import Frame, ratio, where
from sycee_ingestion.features.definitions import YEAR_DAYS, Definition, Family, Unit
from sycee_ingestion.features.inputs import age_of, newest
from sycee_ingestion.features.trade import TRADES, monthly

BUREAU, PENALTY, REPAYMENT = "bureau_report", "store_penalty", "repayment"

PENALTY_DAYS = 730
"""How far back penalties are counted."""

GRID_MONTHS = 24
"""Months of a bureau's repayment grid, the newest first: "N" paid, "1" to "7" months overdue, "-" no account."""

_WORST = 7

KINDS = {
    "unsaid": ("whose ground is not said", "原因不明"),
    "counterfeit": ("for counterfeit or unlawful goods", "假冒或违法商品"),
    "fake_trade": ("for fake trade", "虚假交易"),
    "safety": ("for safety", "安全"),
    "labour": ("for labour law", "劳动用工"),
    "privacy": ("for privacy or data security", "隐私或数据安全"),
    "environment": ("for environment or packaging", "环境或包装"),
    "other": ("for anything else", "其他"),
}
"""Kinds of penalty in the order of the contract's numbers, from 0."""

_DUE_BEFORE_DAYS = 30
"""A delay beyond a month is a bad one. Judgement, with LM-07's presumption of stage 2 after 30 days."""


def bureau_facts(rows: Frame) -> Frame:
    """One row a point: the newest report, its grid counted."""
    grid = nw.col("repayment_grid")
    report = newest(rows).with_columns(
        age_of("ends_on").alias("report_age"),
        *[
            grid.str.slice(0, months).str.replace_all("[^1-7]", "").str.len_chars().alias(f"overdue_{months}m")
            for months in (6, 12, GRID_MONTHS)
        ],
        grid.str.replace_all("-", "").str.len_chars().alias("grid_months"),
        _worst(grid).alias("worst_overdue"),
    )
    return report.select(
        "point",
        "report_age",
        "open_accounts",
        "outstanding_fen",
        "credit_lines_fen",
        "monthly_debt_service_fen",
        "enquiries_3m",
        "public_records",
        "overdue_6m",
        "overdue_12m",
        "overdue_24m",
        "grid_months",
        "worst_overdue",
    )


def _worst(grid: nw.Expr) -> nw.Expr:
    worst = nw.when(grid.str.contains("1")).then(1).otherwise(0)
    for months in range(2, _WORST + 1):
        worst = nw.when(grid.str.contains(str(months))).then(months).otherwise(worst)
    return worst


def penalty_facts(rows: Frame) -> Frame:
    """One row a point: penalties by kind, fines and points."""
    within, year = nw.col("age") <= PENALTY_DAYS, nw.col("age") <= YEAR_DAYS

    def total(condition: nw.Expr, value: nw.Expr | int) -> nw.Expr:
        return nw.when(condition).then(value).otherwise(0).sum()

    return rows.group_by("point").agg(
        total(year, 1).alias("penalties_365d"),
        total(within, 1).alias("penalties_730d"),
        total(year, nw.col("points")).alias("penalty_points_365d"),
        total(within, nw.col("fine_fen")).alias("fines_730d"),
        nw.col("age").min().alias("penalty_age"),
        *[total(within & (nw.col("kind") == code), 1).alias(f"penalties_{kind}") for code, kind in enumerate(KINDS)],
    )


def repayment_facts(rows: Frame) -> Frame:
    """One row a point: repayments, late ones, and the longest delays."""
    delay, year = nw.col("days_past_due"), nw.col("age") <= YEAR_DAYS

    def count(condition: nw.Expr) -> nw.Expr:
        return nw.when(condition).then(1).otherwise(0).sum()

    return rows.group_by("point").agg(
        nw.len().alias("repayments"),
        count(year).alias("repayments_365d"),
        count(delay > 0).alias("late_repayments"),
        count(delay > _DUE_BEFORE_DAYS).alias("bad_repayments"),
        count((nw.col("amount_fen") == 0) & (delay > 0)).alias("missed_repayments"),
        delay.max().alias("worst_delay"),
        nw.when(year).then(delay).max().alias("worst_delay_365d"),
    )


def definitions() -> Iterator[Definition]:
    """The features of this module."""
    yield from _bureau()
    yield from _penalties()
    yield from _repayments()


def _bureau() -> Iterator[Definition]:
    for name, unit, column, en, zh in (
        (
            "bureau_report_age_days",
            Unit.DAYS,
            "report_age",
            "Days since the day of the newest report",
            "距最新征信报告日的天数",
        ),
        ("bureau_open_account_count", Unit.COUNT, "open_accounts", "Open credit accounts", "未结清账户数"),
        ("bureau_outstanding_fen", Unit.FEN, "outstanding_fen", "Debt outstanding elsewhere", "其他机构未偿余额"),
        ("bureau_credit_lines_fen", Unit.FEN, "credit_lines_fen", "Credit lines elsewhere", "其他机构授信额度"),
        (
            "bureau_monthly_debt_service_fen",
            Unit.FEN,
            "monthly_debt_service_fen",
            "Monthly debt service elsewhere",
            "其他机构月还款额",
        ),
        (
            "bureau_overdue_6m_count",
            Unit.COUNT,
            "overdue_6m",
            "Months overdue within the last 6 of the grid",
            "近6个月逾期月数",
        ),
        (
            "bureau_overdue_12m_count",
            Unit.COUNT,
            "overdue_12m",
            "Months overdue within the last 12 of the grid",
            "近12个月逾期月数",
        ),
        (
            "bureau_overdue_24m_count",
            Unit.COUNT,
            "overdue_24m",
            "Months overdue within the last 24 of the grid",
            "近24个月逾期月数",
        ),
        (
            "bureau_worst_overdue_24m_months",
            Unit.MONTHS,
            "worst_overdue",
            "Worst state within the grid's 24 months, in months overdue,",
            "24个月内最严重逾期月数",
        ),
        (
            "bureau_grid_months",
            Unit.MONTHS,
            "grid_months",
            "Months of the grid in which there was an account",
            "还款记录中有账户的月数",
        ),
        (
            "bureau_enquiry_3m_count",
            Unit.COUNT,
            "enquiries_3m",
            "Enquiries by lenders in three months",
            "3个月内查询次数",
        ),
        (
            "bureau_public_record_count",
            Unit.COUNT,
            "public_records",
            "Public records: enforcement cases, judgements,",
            "公共记录数(执行、判决等)",
        ),
    ):
        yield Definition(
            name,
            Family.BUREAU,
            unit,
            0,
            (BUREAU,),
            nw.col(column),
            f"{en} by the newest bureau report. Null without a report.",
            f"{zh},取自最新征信报告。无报告则为空。",
        )
    yield Definition(
        "bureau_utilisation_ratio",
        Family.BUREAU,
        Unit.RATIO,
        0,
        (BUREAU,),
        ratio(nw.col("outstanding_fen"), nw.col("credit_lines_fen")),
        "Debt outstanding over credit lines elsewhere; above 1 where loans are outside of lines. Null without a"
        " report or lines.",
        "其他机构未偿余额与授信额度之比,额度外借款可使其大于1。无报告或无额度则为空。",
    )
    income = where(TRADES, monthly(nw.col(f"clean_{YEAR_DAYS}d"), YEAR_DAYS))
    for name, owed, times, en, zh in (
        (
            "bureau_debt_service_to_sales_ratio",
            "monthly_debt_service_fen",
            "a month",
            "Monthly debt service",
            "月还款额",
        ),
        ("bureau_debt_to_monthly_sales_ratio", "outstanding_fen", "a month", "Debt outstanding", "未偿余额"),
    ):
        yield Definition(
            name,
            Family.BUREAU,
            Unit.RATIO,
            YEAR_DAYS,
            (BUREAU, "order", "refund"),
            ratio(nw.col(owed), income),
            f"{en} elsewhere over clean net sales {times} (see monthly_clean_12m_fen, here not rounded). Null without"
            " a report or where those sales are not above zero.",
            f"其他机构{zh}与剔除疑似刷单后月均净销售额之比(见 monthly_clean_12m_fen,此处未取整)。"
            "无报告或该销售额不大于零则为空。",
        )


def _penalties() -> Iterator[Definition]:
    for name, unit, days, column, en, zh in (
        (
            "penalty_365d_count",
            Unit.COUNT,
            YEAR_DAYS,
            "penalties_365d",
            "Penalties in the last 365 days",
            "最近365天的处罚次数",
        ),
        (
            "penalty_730d_count",
            Unit.COUNT,
            PENALTY_DAYS,
            "penalties_730d",
            "Penalties in the last 730 days",
            "最近730天的处罚次数",
        ),
        ("fines_730d_fen", Unit.FEN, PENALTY_DAYS, "fines_730d", "Fines in the last 730 days", "最近730天的罚款额"),
        (
            "penalty_points_365d_count",
            Unit.COUNT,
            YEAR_DAYS,
            "penalty_points_365d",
            "Points deducted in the last 365 days",
            "最近365天的扣分",
        ),
        ("since_last_penalty_days", Unit.DAYS, 0, "penalty_age", "Days since the last penalty", "距最近一次处罚的天数"),
        *(
            (
                f"penalty_{kind}_730d_count",
                Unit.COUNT,
                PENALTY_DAYS,
                f"penalties_{kind}",
                f"Penalties {en} in the last 730 days",
                f"最近730天因{zh}的处罚次数",
            )
            for kind, (en, zh) in KINDS.items()
        ),
    ):
        yield Definition(
            name,
            Family.PENALTIES,
            unit,
            days,
            (PENALTY,),
            nw.col(column),
            f"{en}. Null where there was never one: having none may be not being told.",
            f"{zh}。从未有处罚记录则为空:没有记录也可能是未报送。",
        )


def _repayments() -> Iterator[Definition]:
    for name, unit, days, column, en, zh in (
        ("repayment_count", Unit.COUNT, 0, "repayments", "Repayments seen", "还款记录数"),
        (
            "repayment_365d_count",
            Unit.COUNT,
            YEAR_DAYS,
            "repayments_365d",
            "Repayments seen in the last 365 days",
            "最近365天的还款记录数",
        ),
        (
            "bad_repayment_count",
            Unit.COUNT,
            0,
            "bad_repayments",
            "Repayments more than 30 days late",
            "逾期超过30天的还款数",
        ),
        (
            "missed_repayment_count",
            Unit.COUNT,
            0,
            "missed_repayments",
            "Repayments that were missed: nothing paid after the due day",
            "到期未付的还款数",
        ),
        ("worst_delay_days", Unit.DAYS, 0, "worst_delay", "The longest delay", "最长逾期天数"),
        (
            "worst_delay_365d_days",
            Unit.DAYS,
            YEAR_DAYS,
            "worst_delay_365d",
            "The longest delay of the last 365 days",
            "最近365天的最长逾期天数",
        ),
    ):
        yield Definition(
            name,
            Family.REPAYMENTS,
            unit,
            days,
            (REPAYMENT,),
            nw.col(column),
            f"{en}, of loans through Sycee. Null without such a repayment.",
            f"经由本平台贷款的{zh}。无此类还款记录则为空。",
        )
    yield Definition(
        "late_repayment_share",
        Family.REPAYMENTS,
        Unit.SHARE,
        0,
        (REPAYMENT,),
        ratio(nw.col("late_repayments"), nw.col("repayments")),
        "Share of the repayments seen that came after the due day, or not, of loans through Sycee. Null without a"
        " repayment.",
        "经由本平台贷款的还款记录中逾期或未付的占比。无还款记录则为空。",
    )
