"""Whole fen and basis points: bounds, rounding, and how an amount reads in a sentence."""

AMOUNT_MAX_FEN = 100_000_000_000
"""The largest amount that can be asked for: 1,000,000,000 yuan. A bound is never reported above it."""

LIMIT_STEP_FEN = 10_000
"""A bound that is reckoned from evidence is rounded down to whole hundreds of yuan."""


def divide_half_up(numerator: int, denominator: int) -> int:
    """`numerator / denominator` to the nearest whole number, halves up, exactly. Both at least 0, the second above."""
    return (2 * numerator + denominator) // (2 * denominator)


def reckoned_fen(fen: float) -> int:
    """An amount reckoned from evidence as a bound: from 0 to `AMOUNT_MAX_FEN`, down to whole hundreds of yuan."""
    if fen <= 0:
        return 0
    return int(min(fen, AMOUNT_MAX_FEN)) // LIMIT_STEP_FEN * LIMIT_STEP_FEN


def stated_fen(fen: int) -> int:
    """An amount that stands in law or in a book as a bound: to the fen, from 0 to `AMOUNT_MAX_FEN`."""
    return max(0, min(fen, AMOUNT_MAX_FEN))


def yuan(fen: int) -> str:
    """An amount as people read it, in yuan: `12,345` or `12,345.60`."""
    whole, rest = divmod(abs(fen), 100)
    sign = "-" if fen < 0 else ""
    return f"{sign}{whole:,}.{rest:02d}" if rest else f"{sign}{whole:,}"


def percent(bp: int) -> str:
    """Basis points as a percentage: `21.71 %`."""
    return f"{bp / 100:.2f} %"
