"""What a score is made from: a merchant's portrait, cut down to what the models read, and the loan asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Loan:
    """The loan asked for."""

    amount_fen: int
    term_months: int


@dataclass(frozen=True, slots=True)
class Traits:
    """What the merchant is. None where it is not known."""

    category: str
    opened_on: date | None
    employee_count: int | None


@dataclass(frozen=True, slots=True)
class Trade:
    """Sales net of refunds and, where those were judged, of brushed orders."""

    months_of_history: int
    monthly_net_12m_fen: int
    monthly_net_3m_adjusted_fen: int
    refund_rate: float  # refunded over paid, 0 and up
    weekly_net_fen: tuple[int, ...]  # oldest first, at most 104 weeks; negative where more went back than came in


@dataclass(frozen=True, slots=True)
class Invoices:
    """What invoices of the last 365 days add to sales. None where it is not known."""

    sale_count: int  # of sales, voided ones left out
    voided_count: int  # of sales that were voided
    customer_herfindahl: float | None  # sum of the customers' squared shares of sales: 1 where there is one alone
    purchases_to_sales: float | None  # purchases over sales, both without tax; None without either


@dataclass(frozen=True, slots=True)
class BureauReport:
    """The newest report of a credit bureau."""

    report_date: date
    outstanding_fen: int
    credit_lines_fen: int
    monthly_debt_service_fen: int
    months_overdue_24m: int
    worst_overdue_24m: int
    enquiries_3m: int
    public_records: int


@dataclass(frozen=True, slots=True)
class Repayments:
    """How loans through Sycee were repaid."""

    repayment_count: int
    worst_days_past_due: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """A merchant on a day. A part that is None was never received: missing, never zero and never bad."""

    merchant_id: str
    as_of: datetime
    day: date  # the business day of `as_of`
    loan: Loan
    traits: Traits | None
    trade: Trade | None
    fee_share: float | None  # of platform payouts, before fees, that platforms kept in the last 365 days
    bureau: BureauReport | None
    repayments: Repayments | None
    quality: float = 1.0  # how far ingestion says that the data may be relied on, 0 to 1; 1 where it says nothing
    invoices: Invoices | None = None
