"""Repayment schedules to the fen, and what they cost a year (rules.md section 8).

Day count: twelve equal months, a month's interest is the balance × the annual rate ÷ 12, whatever the month's length.
Everything in fen is exact integer arithmetic; only the rates that come out of the IRR are floats.
"""

from dataclasses import dataclass
from datetime import date
from math import inf

import pyxirr

from sycee_limits.domain.kinds import RepaymentMethod
from sycee_limits.domain.money import divide_half_up

MONTH_UNITS = 120_000
"""A rate of b basis points a year is b / 120,000 a month."""


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment; amounts in fen. `balance_fen` is the principal still owed after it."""

    number: int
    due_date: date
    principal_fen: int
    interest_fen: int
    fees_fen: int
    balance_fen: int

    @property
    def total_fen(self) -> int:
        """Principal + interest + fees."""
        return self.principal_fen + self.interest_fen + self.fees_fen


@dataclass(frozen=True, slots=True)
class Cost:
    """What a loan costs. Rates are fractions: 0.24 = 24 %."""

    monthly_irr: float
    nominal_rate: float
    effective_rate: float
    net_received_fen: int
    total_cost_fen: int


def annuity_fen(principal_fen: int, annual_rate_bp: int, term_months: int) -> int:
    """The equal instalment P·r/(1−(1+r)^−n) in fen, halves up, exact. Source: rules.md section 8."""
    if annual_rate_bp == 0:
        return divide_half_up(principal_fen, term_months)
    grown = (MONTH_UNITS + annual_rate_bp) ** term_months
    return divide_half_up(principal_fen * annual_rate_bp * grown, MONTH_UNITS * (grown - MONTH_UNITS**term_months))


def instalments(
    principal_fen: int, annual_rate_bp: int, term_months: int, method: RepaymentMethod
) -> list[tuple[int, int]]:
    """(principal, interest) of each payment, in fen.

    The principals sum to `principal_fen`; the last payment absorbs the rounding. Errors: ValueError for a method that
    has no schedule.
    """
    planned, holds_interest = _plan(principal_fen, annual_rate_bp, term_months, method)
    balance, parts = principal_fen, []
    for _ in range(term_months - 1):
        interest = divide_half_up(balance * annual_rate_bp, MONTH_UNITS)
        principal = min(planned - interest if holds_interest else planned, balance)
        parts.append((principal, interest))
        balance -= principal
    parts.append((balance, divide_half_up(balance * annual_rate_bp, MONTH_UNITS)))
    return parts


def _plan(principal_fen: int, annual_rate_bp: int, term_months: int, method: RepaymentMethod) -> tuple[int, bool]:
    """What each payment but the last is planned to hold, and whether the interest is within it (等额本息)."""
    match method:
        case RepaymentMethod.EQUAL_INSTALMENT:
            return annuity_fen(principal_fen, annual_rate_bp, term_months), True
        case RepaymentMethod.EQUAL_PRINCIPAL:
            return principal_fen // term_months, False
        case RepaymentMethod.INTEREST_FIRST:
            return 0, False
        case _:
            raise ValueError(f"no schedule for {method.name}")


def schedule(
    principal_fen: int,
    annual_rate_bp: int,
    term_months: int,
    method: RepaymentMethod,
    *,
    first_day: date,
    monthly_fees_fen: int = 0,
) -> list[Payment]:
    """The payments of a loan paid out on `first_day`, one each month from a month later."""
    balance, payments = principal_fen, []
    for number, (principal, interest) in enumerate(
        instalments(principal_fen, annual_rate_bp, term_months, method), start=1
    ):
        balance -= principal
        due = add_months(first_day, number)
        payments.append(Payment(number, due, principal, interest, monthly_fees_fen, balance))
    return payments


def cost(principal_fen: int, upfront_fees_fen: int, payments_fen: list[int]) -> Cost:
    """The IRR on net cash received and on all that the borrower pays (rules.md section 8).

    `payments_fen` are the monthly totals, fees included. Errors: ValueError when up-front fees leave nothing received.
    """
    received = principal_fen - upfront_fees_fen
    if received <= 0:
        raise ValueError("up-front fees leave nothing received")
    irr = monthly_irr(received, payments_fen)
    return Cost(
        monthly_irr=irr,
        nominal_rate=irr * 12,
        effective_rate=(1 + irr) ** 12 - 1,
        net_received_fen=received,
        total_cost_fen=sum(payments_fen) - received,
    )


def monthly_irr(received_fen: int, payments_fen: list[int]) -> float:
    """The rate a month at which the payments are worth what was received. `received_fen` > 0, payments ≥ 0."""
    if sum(payments_fen) == received_fen:
        return 0.0
    found = pyxirr.irr([-received_fen, *payments_fen])
    if found is not None and _close(found, received_fen, payments_fen):
        return float(found)
    return _bisected(received_fen, payments_fen)


def _close(rate: float, received_fen: int, payments_fen: list[int]) -> bool:
    return rate > -1 and abs(_worth(rate, payments_fen) - received_fen) <= received_fen * 1e-8


def _worth(rate: float, payments_fen: list[int]) -> float:
    """Present value, by Horner's rule from the last payment backwards."""
    worth = 0.0
    for payment in reversed(payments_fen):
        worth = (worth + payment) / (1 + rate)
    return worth


def _bisected(received_fen: int, payments_fen: list[int]) -> float:
    """The root by halving: slower than Newton and never lost, because the worth falls as the rate grows."""
    low, high = -0.999_999, 1.0
    while _worth(high, payments_fen) > received_fen and high < inf:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        if _worth(middle, payments_fen) > received_fen:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def mean_payment_fen(principal_fen: int, annual_rate_bp: int, term_months: int, method: RepaymentMethod) -> int:
    """All payments over the number of months, up to whole fen: what a loan weighs in a month's debt service."""
    total = sum(p + i for p, i in instalments(principal_fen, annual_rate_bp, term_months, method))
    return -(-total // term_months)


def payment_per_fen(annual_rate_bp: int, term_months: int, method: RepaymentMethod) -> float:
    """The heaviest month's debt service for one fen of principal, before rounding.

    An interest-first loan is counted as if its principal were put aside in equal parts, so that a light monthly
    payment does not let a merchant borrow more than it can give back at the end.
    """
    rate = annual_rate_bp / MONTH_UNITS
    if method is RepaymentMethod.EQUAL_INSTALMENT and annual_rate_bp > 0:
        return rate / (1 - (1 + rate) ** -term_months)
    return 1 / term_months + rate


def add_months(day: date, months: int) -> date:
    """The same day of a later month; its last day when that month is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = _month_length(year, month + 1)
    return date(year, month + 1, min(day.day, last))


def _month_length(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in {4, 6, 9, 11} else 31
