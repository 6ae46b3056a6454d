"""Asking for less, or for longer or shorter."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

from sycee_scoring.domain.evidence import Loan
from sycee_scoring.domain.recourse.action import RUNGS, Action

YUAN_FEN: Final = 100
LEAST_OF_REQUEST: Final = 0.3
"""Less than this share of what was asked for is another loan."""

REQUEST_COST: Final = 1.0
"""For the whole amount."""

USUAL_TERMS: Final = (3, 6, 9, 12, 18, 24, 36)
"""In months. None beyond three years: a working-capital loan is no mortgage."""


@dataclass(frozen=True, slots=True)
class Offered:
    """What loans there are: the terms, in months, ascending, and the smallest amount, in fen."""

    terms: tuple[int, ...] = USUAL_TERMS
    least_fen: int = 0


ANY_LOAN: Final = Offered()


MOST_TIMES: Final = 2
"""A loan may become twice as long, or a year long."""

LONGER_COST_A_MONTH: Final = 0.01
"""A dearer loan, an easier month."""

SHORTER_COST_A_MONTH: Final = 0.03


def _at_once(_: int) -> int:
    return 0


def request_less(loan: Loan, offered: Offered = ANY_LOAN) -> Action | None:
    """A smaller loan, in whole yuan."""
    whole = loan.amount_fen // YUAN_FEN
    least = max(math.ceil(LEAST_OF_REQUEST * whole), -(-offered.least_fen // YUAN_FEN))
    rungs = min(RUNGS, whole - least)
    if rungs < 1:
        return None

    def value(rung: int) -> float:
        return float(YUAN_FEN * (whole - (whole - least) * rung // rungs)) if rung else float(loan.amount_fen)

    return Action(
        "REQUEST_LESS",
        "requested_amount",
        rungs,
        value,
        lambda merchant, rung: replace(merchant, loan=replace(merchant.loan, amount_fen=int(value(rung)))),
        lambda rung: REQUEST_COST * (1.0 - value(rung) / loan.amount_fen),
        _at_once,
    )


def longer_term(loan: Loan, offered: Offered = ANY_LOAN) -> Action | None:
    """Easier instalments; up to a year also more time at risk."""
    longest = max(MOST_TIMES * loan.term_months, 12)
    terms = tuple(term for term in offered.terms if loan.term_months < term <= longest)
    return _other_term(loan, "LONGER_TERM", terms, LONGER_COST_A_MONTH, "SHORTER_TERM")


def shorter_term(loan: Loan, offered: Offered = ANY_LOAN) -> Action | None:
    """Less time at risk, harder instalments."""
    terms = tuple(term for term in reversed(offered.terms) if term < loan.term_months)
    return _other_term(loan, "SHORTER_TERM", terms, SHORTER_COST_A_MONTH, "LONGER_TERM")


def _other_term(loan: Loan, code: str, terms: tuple[int, ...], cost: float, excludes: str) -> Action | None:
    if not terms:
        return None
    ladder = (loan.term_months, *terms)
    return Action(
        code,
        "term_months",
        len(terms),
        lambda rung: float(ladder[rung]),
        lambda merchant, rung: replace(merchant, loan=replace(merchant.loan, term_months=ladder[rung])),
        lambda rung: cost * abs(ladder[rung] - loan.term_months),
        _at_once,
        steady=False,
        excludes=excludes,
    )
