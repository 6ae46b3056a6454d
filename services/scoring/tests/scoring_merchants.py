"""Evidence and requests of made-up merchants, each with one thing changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from google.type.money_pb2 import Money
from sycee.ingestion.v1 import profile_pb2
from sycee.scoring.v1 import score_pb2
from sycee_scoring.domain.evidence import BureauReport, Evidence, Loan, Repayments, Trade, Traits

AS_OF = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
DAY = date(2026, 11, 24)
MONTHLY_FEN = 9_000_000
WEEKLY_FEN = round(MONTHLY_FEN * 12 * 7 / 365.25)


def weeks(count: int, level: int = WEEKLY_FEN) -> tuple[int, ...]:
    """Weeks that swing by a tenth around a level."""
    return tuple(round(level * (1.1 if week % 2 else 0.9)) for week in range(count))


def trade(**changes: Any) -> Trade:
    usual = Trade(
        months_of_history=24,
        monthly_net_12m_fen=MONTHLY_FEN,
        monthly_net_3m_adjusted_fen=MONTHLY_FEN,
        refund_rate=0.05,
        weekly_net_fen=weeks(104),
    )
    return replace(usual, **changes)


def report(**changes: Any) -> BureauReport:
    usual = BureauReport(
        report_date=DAY - timedelta(days=3),
        outstanding_fen=4_000_000,
        credit_lines_fen=10_000_000,
        monthly_debt_service_fen=0,
        months_overdue_24m=0,
        worst_overdue_24m=0,
        enquiries_3m=1,
        public_records=0,
    )
    return replace(usual, **changes)


def evidence(**changes: Any) -> Evidence:
    usual = Evidence(
        merchant_id="shop-1",
        as_of=AS_OF,
        day=DAY,
        loan=Loan(MONTHLY_FEN // 2, 12),
        traits=Traits("apparel", DAY - timedelta(days=900), 3),
        trade=trade(),
        fee_share=0.05,
        bureau=report(),
        repayments=None,
    )
    return replace(usual, **changes)


def repayments(count: int, worst_days: int) -> Repayments:
    return Repayments(count, worst_days)


def request() -> score_pb2.ScoreRequest:
    """The same merchant as a request; tests change it in place."""
    profile = profile_pb2.Profile(
        merchant_id="shop-1",
        as_of=Timestamp(seconds=int(AS_OF.timestamp()), nanos=987_654_321),
        feature_version="features-1",
        coverage=0.8,
    )
    profile.traits.category = "apparel"
    profile.traits.opened_on.CopyFrom(Date(year=2024, month=6, day=8))
    profile.traits.employee_count = 3
    profile.trade.months_of_history = 24
    profile.trade.monthly_net_12m_fen = MONTHLY_FEN
    profile.trade.monthly_net_3m_fen = MONTHLY_FEN
    profile.trade.monthly_net_3m_adjusted_fen = MONTHLY_FEN
    profile.trade.refund_rate_180d = 0.05
    profile.trade.weekly_net_fen.extend(weeks(104))
    profile.trade.first_day.CopyFrom(Date(year=2024, month=11, day=25))
    profile.trade.last_day.CopyFrom(Date(year=2026, month=11, day=23))
    profile.trade.weekly_first_day.CopyFrom(Date(year=2024, month=11, day=26))
    profile.settlements.net_fen = 95
    profile.settlements.fee_fen = 5
    profile.bureau.report_date.CopyFrom(Date(year=2026, month=11, day=21))
    profile.bureau.outstanding_fen = 4_000_000
    profile.bureau.credit_lines_fen = 10_000_000
    profile.bureau.enquiries_3m = 1
    return score_pb2.ScoreRequest(
        profile=profile, requested_amount=Money(currency_code="CNY", units=45_000), term_months=12
    )
