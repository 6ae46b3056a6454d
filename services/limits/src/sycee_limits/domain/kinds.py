"""Kinds that limits are spoken of in. The numbers are those of `sycee.common.v1`, so that converting costs nothing."""

from enum import IntEnum


class Grade(IntEnum):
    """Credit grade, best first; a greater number is a weaker grade."""

    UNSPECIFIED = 0
    A = 1
    B = 2
    C = 3
    D = 4
    E = 5


class LenderKind(IntEnum):
    """Kind of a funding institution."""

    UNSPECIFIED = 0
    BANK = 1
    MICROLOAN = 2
    CONSUMER_FINANCE = 3


class LoanPurpose(IntEnum):
    """What the money is for."""

    UNSPECIFIED = 0
    WORKING_CAPITAL = 1
    STOCKING = 2
    START_UP = 3
    GREEN = 4
    CONSUMPTION = 5
    SECURITIES_OR_PROPERTY = 6


class RepaymentMethod(IntEnum):
    """How principal and interest come back."""

    UNSPECIFIED = 0
    EQUAL_INSTALMENT = 1
    EQUAL_PRINCIPAL = 2
    INTEREST_FIRST = 3


class BorrowerKind(IntEnum):
    """Legal form of a borrower."""

    UNSPECIFIED = 0
    INDIVIDUAL = 1
    SOLE_TRADER = 2
    ENTERPRISE = 3


BUSINESS_PURPOSES = frozenset(
    {LoanPurpose.WORKING_CAPITAL, LoanPurpose.STOCKING, LoanPurpose.START_UP, LoanPurpose.GREEN}
)
"""Purposes that a consumer-finance company never funds (CN-CFC-01)."""
