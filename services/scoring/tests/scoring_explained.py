"""A panel with a small application model, and merchants of every kind, for tests of what explains scores."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from scoring_merchants import DAY, evidence, repayments, report, trade
from sycee_scoring.domain import application
from sycee_scoring.domain.additive import AdditiveTable, sizes, term
from sycee_scoring.domain.application import ApplicationModel
from sycee_scoring.domain.evidence import Evidence, Invoices, Loan, Traits
from sycee_scoring.domain.panel import Panel


@lru_cache(maxsize=1)
def panel() -> Panel:
    """An application model with a table a feature and one that two features share."""
    thresholds = ((2.0, 5.0, 20.0), (0.5,), (-0.1, 0.2), *(() for _ in application.FORM))
    counts = sizes(thresholds)
    terms = (
        term((0,), counts, (0.4, 0.1, -0.1, -0.3, 0.05)),
        term((1,), counts, (0.0, 0.35, 0.1)),
        term((2,), counts, (-0.2, 0.0, 0.3, 0.02)),
        term((0, 1), counts, [0.01 * cell for cell in range(counts[0] * counts[1])]),
    )
    table = AdditiveTable(application.FEATURES, thresholds, -0.05, terms)
    goods = {"apparel": 0.25, "beauty": -0.15}
    reference = (4.0, 0.0, 0.0, *(math.nan for _ in application.FORM))
    return Panel(ApplicationModel("application-test", table, 0.8, goods, reference))


def noisy_weeks(seed: int, count: int, level: float, swing: float, silent: int) -> tuple[int, ...]:
    """Weeks around a level, some below zero where the swing is wide, the last ones without trade."""
    weeks = np.random.default_rng(seed).normal(1.0, swing, count) * level
    if silent:
        weeks[-silent:] = 0.0
    return tuple(int(week) for week in weeks)


reports = st.builds(
    lambda used, lines, service, months, worst, enquiries, records, age: report(
        outstanding_fen=used,
        credit_lines_fen=lines,
        monthly_debt_service_fen=service,
        months_overdue_24m=months,
        worst_overdue_24m=worst,
        enquiries_3m=enquiries,
        public_records=records,
        report_date=DAY - timedelta(days=age),
    ),
    st.integers(0, 10**8),
    st.integers(0, 10**8),
    st.integers(0, 3 * 10**6),
    st.integers(0, 24),
    st.integers(0, 7),
    st.integers(0, 20),
    st.integers(0, 3),
    st.integers(0, 500),
)
trades = st.builds(
    lambda months, net, share, refund, count, seed, swing, silent: trade(
        months_of_history=months,
        monthly_net_12m_fen=net,
        monthly_net_3m_adjusted_fen=round(net * share),
        refund_rate=refund,
        weekly_net_fen=noisy_weeks(seed, count, net * 0.23, swing, min(silent, count)),
    ),
    st.integers(0, 60),
    st.one_of(st.integers(10**5, 10**9), st.integers(-(10**6), 10**9)),
    st.floats(0, 2),
    st.floats(0, 1.2),
    st.integers(0, 104),
    st.integers(0, 2**32 - 1),
    st.floats(0, 1.5),
    st.sampled_from((0, 0, 0, 2, 30)),
)
traits = st.builds(
    Traits,
    st.sampled_from(("apparel", "美妆", "unheard of", "")),
    st.one_of(st.none(), st.integers(-40, 9_000).map(lambda age: DAY - timedelta(days=age))),
    st.one_of(st.none(), st.integers(0, 5_000)),
)
merchants = st.builds(
    lambda amount, term_months, who, sold, fee, told, repaid, quality: evidence(
        loan=Loan(amount, term_months),
        traits=who,
        trade=sold,
        fee_share=fee,
        bureau=told,
        repayments=repaid,
        quality=quality,
    ),
    st.integers(0, 10**8),
    st.integers(1, 60),
    st.one_of(st.none(), traits),
    st.one_of(st.none(), trades),
    st.one_of(st.none(), st.floats(0, 1)),
    st.one_of(st.none(), reports),
    st.one_of(st.none(), st.builds(repayments, st.integers(0, 12), st.integers(0, 400))),
    st.floats(0, 1),
)
scorable = merchants.filter(lambda merchant: merchant.trade is not None or merchant.bureau is not None)


def few(examples: int) -> settings:
    """Settings of a property whose every example takes milliseconds."""
    return settings(
        max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
    )


def random_merchants(count: int, seed: int) -> list[Evidence]:
    """The same merchants for the same seed, fast: whole books of all kinds."""
    draw = np.random.default_rng(seed)
    found = []
    for number in range(count):
        net = int(10 ** draw.uniform(4.5, 9)) * (1 if draw.random() > 0.02 else -1)
        length = int(draw.choice((0, 1, 5, 13, 52, 104, int(draw.integers(0, 105)))))
        sold = trade(
            months_of_history=int(draw.integers(0, 60)),
            monthly_net_12m_fen=net,
            monthly_net_3m_adjusted_fen=round(net * draw.uniform(0, 2)),
            refund_rate=float(draw.uniform(0, 1.2) ** 3),
            weekly_net_fen=noisy_weeks(
                number, length, abs(net) * 0.23, draw.uniform(0, 1), int(draw.choice((0, 0, 9)))
            ),
        )
        told = report(
            outstanding_fen=int(draw.integers(0, 10**7)),
            credit_lines_fen=int(draw.choice((0, 10**7))),
            monthly_debt_service_fen=int(draw.choice((0, 10**5, 10**6))),
            months_overdue_24m=int(draw.choice((0, 0, 1, 5))),
            worst_overdue_24m=int(draw.choice((0, 0, 1, 4))),
            enquiries_3m=int(draw.integers(0, 12)),
            public_records=int(draw.choice((0, 0, 0, 1))),
            report_date=DAY - timedelta(days=int(draw.integers(-1, 600))),
        )
        opened = DAY - timedelta(days=int(draw.integers(-10, 4_000))) if draw.random() > 0.2 else None
        people = int(draw.integers(0, 60)) if draw.random() > 0.2 else None
        invoices = Invoices(
            sale_count=int(draw.integers(0, 900)),
            voided_count=int(draw.integers(0, 90)),
            customer_herfindahl=float(draw.uniform(0, 1)) if draw.random() > 0.3 else None,
            purchases_to_sales=float(draw.uniform(0, 2)) if draw.random() > 0.3 else None,
        )
        merchant = evidence(
            merchant_id=f"shop-{number}",
            loan=Loan(int(draw.integers(0, 10**8)), int(draw.integers(1, 61))),
            traits=Traits(str(draw.choice(("apparel", "美妆", "?"))), opened, people) if draw.random() > 0.1 else None,
            trade=sold if draw.random() > 0.1 else None,
            fee_share=int(draw.integers(0, 4 * 10**8)) / 10**9 if draw.random() > 0.3 else None,
            bureau=told if draw.random() > 0.2 else None,
            repayments=repayments(int(draw.integers(0, 9)), int(draw.choice((0, 0, 20, 100)))),
            quality=int(draw.integers(0, 101)) / 100,
            invoices=invoices if draw.random() > 0.6 else None,
        )
        found.append(merchant if draw.random() > 0.5 else replace(merchant, repayments=None))
    return found
