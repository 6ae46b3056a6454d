"""Merchants as the flat table that books are given in."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from sycee_scoring.batch.columns import COLUMNS
from sycee_scoring.domain.evidence import Evidence

SCHEMA = {column.name: column.kind for column in COLUMNS}


def frame_of(merchants: Sequence[Evidence]) -> pl.DataFrame:
    """The table of merchants; a fee share is told in fen of a billion, which gives it back to nine digits."""
    return pl.DataFrame([row_of(merchant) for merchant in merchants], schema=SCHEMA)


def row_of(merchant: Evidence) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(SCHEMA)
    row |= {
        "merchant_id": merchant.merchant_id,
        "as_of": merchant.as_of,
        "requested_amount_fen": merchant.loan.amount_fen,
        "term_months": merchant.loan.term_months,
        "quality_score": round(100 * merchant.quality),
    }
    if (who := merchant.traits) is not None:
        row |= {"category": who.category, "opened_on": who.opened_on, "employee_count": who.employee_count}
    if (trade := merchant.trade) is not None:
        row |= {
            "months_of_history": trade.months_of_history,
            "monthly_net_12m_fen": trade.monthly_net_12m_fen,
            "monthly_net_3m_adjusted_fen": trade.monthly_net_3m_adjusted_fen,
            "refund_rate_180d": trade.refund_rate,
            "weekly_net_fen": list(trade.weekly_net_fen),
        }
    if merchant.fee_share is not None:
        fee = round(merchant.fee_share * 10**9)
        row |= {"settlement_net_fen": 10**9 - fee, "settlement_fee_fen": fee}
    if (report := merchant.bureau) is not None:
        row |= {
            "bureau_report_date": report.report_date,
            "bureau_outstanding_fen": report.outstanding_fen,
            "bureau_credit_lines_fen": report.credit_lines_fen,
            "bureau_monthly_debt_service_fen": report.monthly_debt_service_fen,
            "bureau_months_overdue_24m": report.months_overdue_24m,
            "bureau_worst_overdue_24m": report.worst_overdue_24m,
            "bureau_enquiries_3m": report.enquiries_3m,
            "bureau_public_records": report.public_records,
        }
    if (repaid := merchant.repayments) is not None:
        row |= {"repayment_count": repaid.repayment_count, "worst_days_past_due": repaid.worst_days_past_due}
    if (invoices := merchant.invoices) is not None:
        row |= {
            "invoice_sale_count": invoices.sale_count,
            "invoice_voided_count": invoices.voided_count,
            "customer_herfindahl": invoices.customer_herfindahl,
            "purchases_to_sales": invoices.purchases_to_sales,
        }
    return row
