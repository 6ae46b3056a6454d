"""Yuan as people write them, and google.type.Money."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from google.type.money_pb2 import Money

from sycee_cli.suite.errors import SuiteError


def money_of(yuan: str) -> Money:
    """CNY out of a text such as "80000" or "1234.50". Raises SuiteError when it is no amount in whole fen."""
    try:
        fen = Decimal(yuan.replace(",", "")) * 100
        whole = fen.is_finite() and fen == int(fen)
    except (InvalidOperation, ValueError):
        whole = False
    if not whole:
        raise SuiteError(f"amount: must be yuan with at most two decimals, such as 80000 or 1234.50; got {yuan!r}")
    units, rest = divmod(int(fen), 100)
    return Money(currency_code="CNY", units=units, nanos=rest * 10_000_000)


def shown(money: Money) -> str:
    """Such as "80,000.00"."""
    return f"{money.units + Decimal(money.nanos) / 1_000_000_000:,.2f}"


def percent(basis_points: int) -> str:
    """Such as "11.95 %"."""
    return f"{basis_points / 100:.2f} %"
